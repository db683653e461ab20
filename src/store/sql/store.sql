-- Statements that the store itself needs.

-- name: entry_last
SELECT COALESCE(MAX(seq), 0) FROM entry;

-- Numbers are given once, to a person or to a request (whose keys stand under the same, negative).
-- name: subject_last
SELECT COALESCE(MAX(last), 0) FROM (SELECT MAX(no) AS last FROM subject UNION ALL
                                    SELECT MAX(no) AS last FROM request) AS both_of_them;

-- name: key_trim_put
INSERT INTO key_trim (subject, version) VALUES ($1, $2)
ON CONFLICT (subject, version) DO NOTHING;

-- name: key_trim_drop
DELETE FROM key_trim WHERE subject = $1 AND version = $2;

-- name: key_trim_list
SELECT subject, version FROM key_trim ORDER BY subject, version;

-- name: clock_mark_get
SELECT wall_at, boot_us, boot FROM clock_mark WHERE no = 1;

-- name: clock_mark_put
INSERT INTO clock_mark (no, wall_at, boot_us, boot) VALUES (1, $1, $2, $3)
ON CONFLICT (no) DO UPDATE
SET wall_at = excluded.wall_at, boot_us = excluded.boot_us, boot = excluded.boot;

-- name: setting_get
SELECT value FROM setting WHERE name = $1;

-- name: setting_put
INSERT INTO setting (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;
