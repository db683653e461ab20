-- The queue of the ledger of negative facts, and what is known of the ledger itself.

-- name: fact_put
INSERT INTO fact (no, sealed) VALUES ($1, $2);

-- name: fact_after
SELECT no, sealed FROM fact WHERE no > $1 ORDER BY no LIMIT $2;

-- name: fact_drop
DELETE FROM fact WHERE no <= $1;

-- name: fact_last
SELECT COALESCE(MAX(no), 0) FROM fact;

-- name: fact_head_get
SELECT ledger, no, hash, at_byte, subject_floor, entry_floor FROM fact_head WHERE id = 1;

-- name: fact_head_put
INSERT INTO fact_head (id, ledger, no, hash, at_byte, subject_floor, entry_floor)
VALUES (1, $1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET ledger = excluded.ledger, no = excluded.no, hash = excluded.hash,
       at_byte = excluded.at_byte, subject_floor = excluded.subject_floor,
       entry_floor = excluded.entry_floor;

-- name: fact_head_move
UPDATE fact_head SET no = $1, hash = $2, at_byte = $3 WHERE id = 1;
