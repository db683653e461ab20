-- Access packages that wait behind a link.

-- name: package_put
INSERT INTO package (subject, digest, made_at, expires_at, format, language, sealed, staff)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: package_count
SELECT COUNT(*) FROM package WHERE subject = $1 AND expires_at > $2;

-- name: package_look
SELECT subject, expires_at, format, language FROM package WHERE digest = $1 AND expires_at > $2;

-- name: package_get
SELECT subject, expires_at, format, language, sealed FROM package WHERE digest = $1 AND expires_at > $2;

-- name: package_take
DELETE FROM package WHERE subject = $1 AND digest = $2 AND expires_at > $3;

-- name: package_expired
SELECT subject, digest FROM package WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2;

-- name: package_drop
DELETE FROM package WHERE subject = $1 AND digest = $2;
