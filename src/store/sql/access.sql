-- API keys, and the replays of writes.

-- With the word of the staff member it hangs on.
-- name: api_key_by_digest
SELECT k.no, k.scopes, k.purposes, k.expires_at, k.revoked_at, k.owner, k.epoch, k.program, k.networks, k.used_at,
    s.state, s.epoch
FROM api_key k LEFT JOIN staff s ON s.no = k.owner WHERE k.digest = $1;

-- name: api_key_live
SELECT COUNT(*) FROM api_key WHERE revoked_at IS NULL;

-- name: api_key_last
SELECT COALESCE(MAX(no), 0) FROM api_key;

-- name: api_key_put
INSERT INTO api_key (no, id, digest, name, scopes, purposes, created_at, created_by, expires_at, owner, epoch, program, networks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: api_key_no
SELECT no FROM api_key WHERE id = $1;

-- name: api_key_id
SELECT id FROM api_key WHERE no = $1;

-- The first revocation stands.
-- name: api_key_revoke
UPDATE api_key SET revoked_at = $1 WHERE no = $2 AND revoked_at IS NULL;

-- name: api_key_word
SELECT revoked_at FROM api_key WHERE no = $1;

-- name: api_key_live_of
SELECT id FROM api_key WHERE owner = $1 AND revoked_at IS NULL ORDER BY no;

-- name: api_key_live_programs
SELECT COUNT(*) FROM api_key WHERE owner = $1 AND program = 1 AND revoked_at IS NULL;

-- name: api_key_used
UPDATE api_key SET used_at = $1 WHERE no = $2;

-- name: api_key_get
SELECT no, id, name, scopes, purposes, created_at, expires_at, revoked_at, used_at, owner, program, networks FROM api_key
WHERE id = $1;

-- name: api_key_after
SELECT no, id, name, scopes, purposes, created_at, expires_at, revoked_at, used_at, owner, program, networks FROM api_key
WHERE no > $1 ORDER BY no LIMIT $2;

-- What is older than $4 is forgotten, whether or not it is still there.
-- name: idempotency_get
SELECT fingerprint, status, object FROM idempotency
WHERE actor_kind = $1 AND actor = $2 AND digest = $3 AND at >= $4;

-- name: idempotency_put
INSERT INTO idempotency (actor_kind, actor, digest, fingerprint, status, object, at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (actor_kind, actor, digest) DO NOTHING;

-- name: idempotency_drop_before
DELETE FROM idempotency WHERE at < $1;

-- name: idempotency_forget
DELETE FROM idempotency WHERE (actor_kind, actor, digest) IN
    (SELECT actor_kind, actor, digest FROM idempotency WHERE at < $1 ORDER BY at LIMIT $2);

-- For the list of audit entries, which names persons by their public ids, erased ones too.
-- name: subject_id_of_no
SELECT id FROM subject WHERE no = $1;

-- name: subject_no_of_id
SELECT no FROM subject WHERE id = $1;
