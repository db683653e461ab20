-- The audit log.

-- name: entry_put
INSERT INTO entry (seq, at, actor_kind, actor, act, outcome, subject, purpose, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: entry_after
SELECT seq, at, actor_kind, actor, act, outcome, subject, purpose, body FROM entry
WHERE seq > $1 ORDER BY seq LIMIT $2;

-- Of one person, and of one act: packed entries name their persons inside the body.
-- name: entry_of_subject
SELECT seq, at, actor_kind, actor, act, outcome, subject, purpose, body FROM entry
WHERE (subject = $1 OR act = $2) AND seq > $3 ORDER BY seq LIMIT $4;
