-- The tree over the audit log (audit/tree.h).

-- name: tree_last
SELECT no, id, size, seq, pruned, pruned_seq FROM tree ORDER BY no DESC LIMIT 1;

-- name: tree_get
SELECT no, id, size, seq, pruned, pruned_seq FROM tree WHERE no = $1;

-- name: tree_add
INSERT INTO tree (no, id, begun_at, size, seq, pruned, pruned_seq) VALUES ($1, $2, $3, 0, $4, 0, 0);

-- Only where it stands: whoever grew it meanwhile was another.
-- name: tree_grow
UPDATE tree SET size = $1, seq = $2 WHERE no = $3 AND size = $4;

-- name: tree_tile_get
SELECT hashes FROM tree_tile WHERE tree = $1 AND level = $2 AND no = $3;

-- name: tree_tile_put
INSERT INTO tree_tile (tree, level, no, hashes) VALUES ($1, $2, $3, $4)
ON CONFLICT (tree, level, no) DO UPDATE SET hashes = excluded.hashes;

-- name: tree_bundle_get
SELECT leaves FROM tree_bundle WHERE tree = $1 AND no = $2;

-- name: tree_bundle_put
INSERT INTO tree_bundle (tree, no, first_seq, leaves) VALUES ($1, $2, $3, $4)
ON CONFLICT (tree, no) DO UPDATE SET leaves = excluded.leaves;

-- The bundle that an entry is in, if it is in one.
-- name: tree_bundle_of
SELECT tree, no, leaves FROM tree_bundle WHERE first_seq <= $1 ORDER BY first_seq DESC LIMIT 1;

-- name: tree_pack_put
INSERT INTO tree_pack (seq, commitments) VALUES ($1, $2) ON CONFLICT (seq) DO UPDATE SET commitments = excluded.commitments;

-- name: tree_pack_get
SELECT commitments FROM tree_pack WHERE seq = $1;

-- name: tree_checkpoint_put
INSERT INTO tree_checkpoint (tree, day, size, note) VALUES ($1, $2, $3, $4)
ON CONFLICT (tree, day) DO UPDATE SET size = excluded.size, note = excluded.note;

-- name: tree_checkpoint_last
SELECT size, note FROM tree_checkpoint WHERE tree = $1 ORDER BY day DESC LIMIT 1;

-- name: tree_checkpoint_all
SELECT day, size, note FROM tree_checkpoint WHERE tree = $1 ORDER BY day;

-- --- retention -----------------------------------------------------------------------------------

-- name: entry_gone_until
SELECT COALESCE(MAX(pruned_seq), 0) FROM tree;

-- name: tree_pruned_put
UPDATE tree SET pruned = $1, pruned_seq = $2 WHERE no = $3;

-- name: tree_bundle_drop
DELETE FROM tree_bundle WHERE tree = $1 AND no = $2;

-- name: tree_pack_drop
DELETE FROM tree_pack WHERE seq = $1;

-- name: entry_drop
DELETE FROM entry WHERE seq = $1;

-- name: entry_of_drop
DELETE FROM entry_of WHERE subject = $1 AND seq = $2;

-- --- unlinking -----------------------------------------------------------------------------------

-- name: entry_unlink_put
INSERT INTO entry_unlink (subject, below, done) VALUES ($1, $2, 0) ON CONFLICT (subject) DO NOTHING;

-- name: entry_unlink_get
SELECT below FROM entry_unlink WHERE subject = $1;

-- name: entry_subject_lives
SELECT 1 FROM subject WHERE no = $1 AND state = 1;

-- name: entry_unlink_next
SELECT subject, below FROM entry_unlink WHERE done = 0 ORDER BY subject LIMIT 1;

-- name: entry_unlink_done
UPDATE entry_unlink SET done = 1 WHERE subject = $1;

-- name: entry_nobody
UPDATE entry SET subject = -1 WHERE seq = $1;

-- name: entry_body_put
UPDATE entry SET body = $1 WHERE seq = $2;

-- name: entry_of_forget
DELETE FROM entry_of WHERE subject = $1 AND seq < $2;

-- name: entry_run_forget
DELETE FROM entry_run WHERE run = $1 AND subject = $2 AND seq < $3;
