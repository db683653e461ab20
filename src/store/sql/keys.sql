-- Statements on keys.db: every name begins with keys_.

-- name: keys_subject_put
INSERT INTO subject_key (subject, epoch, wrapped) VALUES ($1, $2, $3)
ON CONFLICT (subject) DO UPDATE SET epoch = excluded.epoch, wrapped = excluded.wrapped;

-- name: keys_subject_get
SELECT wrapped FROM subject_key WHERE subject = $1;

-- name: keys_subject_drop
DELETE FROM subject_key WHERE subject = $1;

-- name: keys_subject_after
SELECT subject, epoch, wrapped FROM subject_key WHERE subject > $1 ORDER BY subject LIMIT $2;

-- Only if nobody changed it since it was read.
-- name: keys_subject_rewrap
UPDATE subject_key SET epoch = $1, wrapped = $2 WHERE subject = $3 AND wrapped = $4;

-- name: keys_named_all
SELECT name, wrapped FROM named_key ORDER BY name;

-- name: keys_named_get
SELECT wrapped FROM named_key WHERE name = $1;

-- name: keys_named_put
INSERT INTO named_key (name, epoch, wrapped) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch, wrapped = excluded.wrapped;

-- name: keys_named_drop
DELETE FROM named_key WHERE name = $1;

-- name: keys_kek_all
SELECT epoch, wrapped, made_at FROM kek ORDER BY epoch;

-- name: keys_kek_put
INSERT INTO kek (epoch, wrapped, made_at) VALUES ($1, $2, $3);

-- name: keys_kek_drop_below
DELETE FROM kek WHERE epoch < $1;

-- name: keys_left_below
SELECT (SELECT COUNT(*) FROM subject_key WHERE epoch < $1)
     + (SELECT COUNT(*) FROM named_key WHERE epoch < $1);

-- name: keys_escrow_get
SELECT wrapped FROM escrow_key WHERE name = $1;

-- name: keys_escrow_put
INSERT INTO escrow_key (name, wrapped) VALUES ($1, $2);
