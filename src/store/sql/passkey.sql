-- Passkeys of staff, and challenges that were used (access/passkey.h).

-- name: passkey_put
INSERT INTO passkey (id, digest, staff, sealed, counter, backed_up, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: passkey_of_digest
SELECT staff, id, sealed, counter, backed_up, made_at, used_at FROM passkey WHERE digest = $1;

-- name: passkey_list
SELECT staff, id, sealed, counter, backed_up, made_at, used_at FROM passkey WHERE staff = $1 ORDER BY made_at, id;

-- name: passkey_count
SELECT COUNT(*) FROM passkey WHERE staff = $1;

-- Only while its counter is what the signature was held against.
-- name: passkey_used
UPDATE passkey SET counter = $1, backed_up = $2, used_at = $3 WHERE id = $4 AND staff = $5 AND counter = $6;

-- name: passkey_drop
DELETE FROM passkey WHERE id = $1 AND staff = $2;

-- name: end_passkey
DELETE FROM passkey WHERE staff = $1;

-- name: challenge_use
INSERT INTO challenge (digest, until_at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING;

-- name: challenge_forget
DELETE FROM challenge WHERE digest IN (SELECT digest FROM challenge WHERE until_at < $1 ORDER BY until_at LIMIT $2);
