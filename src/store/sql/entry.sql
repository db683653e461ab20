-- The audit log.

-- name: entry_put
INSERT INTO entry (seq, at, actor_kind, actor, act, outcome, subject, purpose, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: entry_after
SELECT seq, at, actor_kind, actor, act, outcome, subject, purpose, body FROM entry
WHERE seq > $1 ORDER BY seq LIMIT $2;

-- name: entry_get
SELECT seq, at, actor_kind, actor, act, outcome, subject, purpose, body FROM entry WHERE seq = $1;

-- Of one person, and of one act: packed entries name their persons inside the body.
-- name: entry_tail
SELECT seq, act, body FROM entry WHERE seq > $1 AND (subject = $2 OR act IN ($3, $4)) ORDER BY seq;

-- Whom entries are about.
-- name: entry_about
SELECT seq, act, subject, body FROM entry WHERE seq > $1 ORDER BY seq LIMIT $2;

-- name: entry_mark_get
SELECT main_seq, run_seq, run_first, run_last FROM entry_mark WHERE one = 1;

-- name: entry_mark_put
UPDATE entry_mark SET main_seq = $1, run_seq = $2, run_first = $3, run_last = $4 WHERE one = 1;

-- name: entry_of_put
INSERT INTO entry_of (subject, seq) VALUES ($1, $2) ON CONFLICT (subject, seq) DO NOTHING;

-- name: entry_of_get
SELECT seq FROM entry_of WHERE subject = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4;

-- name: entry_run_put
INSERT INTO entry_run (run, subject, seq) VALUES ($1, $2, $3) ON CONFLICT (run, subject, seq) DO NOTHING;

-- name: entry_run_get
SELECT seq FROM entry_run WHERE run = $1 AND subject = $2 AND seq > $3 AND seq <= $4 ORDER BY seq LIMIT $5;

-- name: entry_run_all
SELECT subject, seq FROM entry_run WHERE run = $1 ORDER BY subject, seq;

-- name: entry_run_drop
DELETE FROM entry_run WHERE run = $1;

-- name: entry_time_from
SELECT at FROM entry WHERE seq >= $1 ORDER BY seq LIMIT 1;

-- What a staff member did, themselves and by keys of theirs.
-- name: entry_of_staff_since
SELECT COUNT(*), COUNT(DISTINCT subject) FROM entry
WHERE seq > $1 AND at >= $2 AND outcome = 0
AND ((actor_kind = 4 AND actor = $3) OR (actor_kind = 3 AND actor IN (SELECT no FROM api_key WHERE owner = $3)));
