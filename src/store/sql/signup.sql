-- Forms by which people sign up, and sign-ups that wait for their confirmation.

-- name: form_get
SELECT f.no, f.name, f.version, f.state, v.definition, v.made_at
FROM form AS f JOIN form_version AS v ON v.form = f.no AND v.version = f.version WHERE f.name = $1;

-- name: form_get_no
SELECT f.no, f.name, f.version, f.state, v.definition, v.made_at
FROM form AS f JOIN form_version AS v ON v.form = f.no AND v.version = f.version WHERE f.no = $1;

-- name: form_after
SELECT f.no, f.name, f.version, f.state, v.definition, v.made_at
FROM form AS f JOIN form_version AS v ON v.form = f.no AND v.version = f.version WHERE f.no > $1 ORDER BY f.no LIMIT $2;

-- name: form_count
SELECT COUNT(*) FROM form;

-- name: form_put
INSERT INTO form (no, name, version, state) VALUES ((SELECT COALESCE(MAX(no), 0) + 1 FROM form), $1, $2, 1)
ON CONFLICT (name) DO UPDATE SET version = excluded.version, state = 1
RETURNING no;

-- name: form_version_add
INSERT INTO form_version (form, version, definition, made_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (form, version) DO NOTHING;

-- name: form_end
UPDATE form SET state = 2 WHERE no = $1;

-- name: form_words_put
INSERT INTO form_words (hash, form, version, language, text) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (hash) DO NOTHING;

-- name: form_words_find
SELECT language, text FROM form_words WHERE hash = $1;

-- name: pending_add
INSERT INTO pending (id, day, state, until_at, content) VALUES ($1, $2, 1, $3, $4);

-- name: pending_get
SELECT day, state, until_at, content FROM pending WHERE id = $1;

-- What it held is gone with this; what stands there from now on is whom it became, sealed.
-- name: pending_done
UPDATE pending SET state = 2, content = $1 WHERE id = $2 AND state = 1;

-- name: pending_drop
DELETE FROM pending WHERE id = $1 AND state = 1;

-- name: pending_sweep
DELETE FROM pending WHERE day <= $1 AND until_at <= $2;

-- Is there anything that time has ended?
-- name: pending_ended
SELECT 1 FROM pending WHERE day <= $1 AND until_at <= $2 UNION ALL SELECT 1 FROM pending_count WHERE until_at <= $2 LIMIT 1;

-- name: pending_drop_all
DELETE FROM pending;

-- name: pending_count_take
INSERT INTO pending_count (digest, until_at, count) VALUES ($1, $2, $3)
ON CONFLICT (digest) DO UPDATE SET count = pending_count.count + excluded.count
RETURNING count;

-- name: pending_count_sweep
DELETE FROM pending_count WHERE until_at <= $1;
