-- Fields, purposes, notices.

-- name: field_all
SELECT no, name, definition FROM field ORDER BY no;

-- name: field_put
INSERT INTO field (no, name, definition, updated_at)
VALUES ((SELECT COALESCE(MAX(no), 0) + 1 FROM field), $1, $2, $3)
ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, updated_at = excluded.updated_at;

-- name: field_no
SELECT no FROM field WHERE name = $1;

-- name: purpose_all
SELECT no, name, active FROM purpose ORDER BY no;

-- name: purpose_find
SELECT no, active FROM purpose WHERE name = $1;

-- name: purpose_add
INSERT INTO purpose (no, name, active)
VALUES ((SELECT COALESCE(MAX(no), 0) + 1 FROM purpose), $1, 0)
ON CONFLICT (name) DO NOTHING;

-- name: purpose_set_active
UPDATE purpose SET active = $1 WHERE no = $2;

-- name: version_all
SELECT purpose, version, state, definition, activated_at FROM purpose_version
ORDER BY purpose, version;

-- The newest version of a purpose and whether it is still a draft.
-- name: version_newest
SELECT version, state FROM purpose_version WHERE purpose = $1 ORDER BY version DESC LIMIT 1;

-- name: version_put
INSERT INTO purpose_version (purpose, version, state, definition, created_at)
VALUES ($1, $2, 1, $3, $4)
ON CONFLICT (purpose, version) DO UPDATE
SET definition = excluded.definition, created_at = excluded.created_at;

-- Only the very draft that was checked.
-- name: version_activate
UPDATE purpose_version SET state = 2, activated_at = $1
WHERE purpose = $2 AND version = $3 AND state = 1 AND definition = $4;

-- name: version_retire
UPDATE purpose_version SET state = $1 WHERE purpose = $2 AND state = 2;

-- name: notice_put
INSERT INTO notice (purpose, version, language, hash, text) VALUES ($1, $2, $3, $4, $5);

-- name: notice_find
SELECT purpose, version, language, text FROM notice WHERE hash = $1 ORDER BY purpose, version, language LIMIT 1;
