-- Statements that the store itself needs.

-- name: entry_last
SELECT COALESCE(MAX(seq), 0) FROM entry;

-- name: subject_last
SELECT COALESCE(MAX(no), 0) FROM subject;

-- name: key_trim_put
INSERT INTO key_trim (subject, version) VALUES ($1, $2)
ON CONFLICT (subject, version) DO NOTHING;

-- name: key_trim_drop
DELETE FROM key_trim WHERE subject = $1 AND version = $2;

-- name: key_trim_list
SELECT subject, version FROM key_trim ORDER BY subject, version;

-- name: setting_get
SELECT value FROM setting WHERE name = $1;

-- name: setting_put
INSERT INTO setting (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;
