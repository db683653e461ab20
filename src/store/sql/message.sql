-- Messages to persons: the queue, what became of them, and what came back.

-- name: message_add
INSERT INTO message (no, id, kind, class, subject, purpose, rank, state, why, status, made_at, day, until_at, due_at,
                     tries, digest, domain, content)
VALUES ((SELECT COALESCE(MAX(no), 0) + 1 FROM message), $1, $2, $3, $4, $5, $6, 1, 0, 0, $7, $8, $9, $10, 0, $11,
        $12, $13);

-- name: message_get
SELECT m.no, m.id, m.kind, m.class, m.subject, s.id, s.state, m.purpose, m.state, m.why, m.status, m.made_at, m.day,
       m.until_at, m.due_at, m.tries, m.last_at, m.digest, m.domain, m.content
FROM message AS m LEFT JOIN subject AS s ON s.no = m.subject
WHERE m.id = $1;

-- state 0: of any.
-- name: message_after
SELECT m.no, m.id, m.kind, m.class, m.subject, s.id, s.state, m.purpose, m.state, m.why, m.status, m.made_at, m.day,
       m.until_at, m.due_at, m.tries, m.last_at, m.digest, m.domain, m.content
FROM message AS m LEFT JOIN subject AS s ON s.no = m.subject
WHERE m.no > $1 AND ($2 = 0 OR m.state = $2) ORDER BY m.no LIMIT $3;

-- name: message_due
SELECT m.no, m.id, m.kind, m.class, m.subject, s.id, s.state, m.purpose, m.state, m.why, m.status, m.made_at, m.day,
       m.until_at, m.due_at, m.tries, m.last_at, m.digest, m.domain, m.content
FROM message AS m LEFT JOIN subject AS s ON s.no = m.subject
WHERE m.rank = $1 AND m.due_at <= $2 ORDER BY m.due_at, m.no LIMIT $3;

-- name: message_anything
SELECT 1 FROM message WHERE rank IN (0, 1, 2) AND due_at <= $1 LIMIT 1;

-- name: message_take
UPDATE message SET state = 2, due_at = NULL, lease = $1, tries = tries + 1, last_at = $2 WHERE no = $3 AND state = 1;

-- Later, without a try of its own.
-- name: message_put_off
UPDATE message SET due_at = $1 WHERE no = $2 AND state = 1;

-- Not to be sent at all.
-- name: message_drop
UPDATE message SET state = $1, why = $2, due_at = NULL, lease = NULL, content = NULL, last_at = $3
WHERE no = $4 AND state IN (1, 4, 7);

-- Only while the lease is this one.  What is unknown (4), or could not be composed (why 12), can be sent by hand.
-- name: message_done
UPDATE message SET state = $1, why = $2, status = $3, due_at = $4, last_at = $5, lease = NULL,
                   tries = tries - $6, content = CASE WHEN $4 IS NULL AND $1 <> 4 AND $2 <> 12 THEN NULL ELSE content END
WHERE id = $7 AND lease = $8 AND state = 2;

-- Of somebody who was erased while it was sent nothing stays, but for an answer that is to be tried again.
-- name: message_of_nobody
DELETE FROM message
WHERE id = $1 AND (due_at IS NULL OR kind <> 6) AND subject <> 0
  AND NOT EXISTS (SELECT 1 FROM subject WHERE no = message.subject AND state = 1);

-- name: message_sending
SELECT m.no, m.id, m.kind, m.class, m.subject, s.id, s.state, m.purpose, m.state, m.why, m.status, m.made_at, m.day,
       m.until_at, m.due_at, m.tries, m.last_at, m.digest, m.domain, NULL
FROM message AS m LEFT JOIN subject AS s ON s.no = m.subject
WHERE m.state = 2 ORDER BY m.no LIMIT $1;

-- Whether the server has it nobody knows.
-- name: message_lost
UPDATE message SET state = 4, why = $1, lease = NULL WHERE no = $2 AND state = 2;

-- By hand.
-- name: message_again
UPDATE message SET state = 1, why = 0, due_at = $1, tries = 0 WHERE id = $2 AND content IS NOT NULL AND state IN (1, 4, 5);

-- What a person took back: marketing for that purpose, 0: for all.  why 5: message/message.h.
-- name: message_withdrawn
UPDATE message SET state = 6, why = 5, due_at = NULL, content = NULL
WHERE subject = $1 AND class = 1 AND ($2 = 0 OR purpose = $2) AND state IN (1, 7);

-- What is under way stays until its try has ended, and what answers a request until it has left.
-- name: message_forget
DELETE FROM message WHERE subject = $1 AND state <> 2 AND NOT (kind = 6 AND state IN (1, 7));

-- name: message_hold_all
UPDATE message SET state = 7, due_at = NULL WHERE state = 1;

-- name: message_release
UPDATE message SET state = 1, due_at = $1 WHERE state = 7 AND content IS NOT NULL;

-- What is too late to be sent.
-- name: message_late
SELECT m.no, m.id, m.kind, m.class, m.subject, s.id, s.state, m.purpose, m.state, m.why, m.status, m.made_at, m.day,
       m.until_at, m.due_at, m.tries, m.last_at, m.digest, m.domain, NULL
FROM message AS m LEFT JOIN subject AS s ON s.no = m.subject
WHERE m.until_at <= $1 AND m.content IS NOT NULL AND m.state <> 2 ORDER BY m.until_at LIMIT $2;

-- The content goes; what is known of it stays.
-- name: message_empty
UPDATE message SET content = NULL WHERE no = $1;

-- name: message_sweep
DELETE FROM message
WHERE no IN (SELECT no FROM message WHERE day <= $1 AND state NOT IN (1, 2, 7) AND content IS NULL LIMIT $2);

-- name: message_count
SELECT (SELECT COUNT(*) FROM message WHERE due_at IS NOT NULL AND rank IN (0, 1, 2)),
       (SELECT COUNT(*) FROM message WHERE state > 1 AND state <> 3 AND state = 2),
       (SELECT COUNT(*) FROM message WHERE state > 1 AND state <> 3 AND state = 4),
       (SELECT COUNT(*) FROM message WHERE state > 1 AND state <> 3 AND state = 5),
       (SELECT COUNT(*) FROM message WHERE state > 1 AND state <> 3 AND state = 7),
       (SELECT MIN(made_at) FROM message WHERE due_at IS NOT NULL AND rank IN (0, 1, 2));

-- It came back: once.
-- name: message_bounced
UPDATE message SET state = 5, why = $1, status = $2, content = NULL WHERE id = $3 AND state IN (3, 4);

-- The address that the person has now, as its digest.
-- name: message_holder
SELECT email_tag FROM subject WHERE no = $1 AND state = 1;

-- What a decision hangs on: moves with every act of the person, and every stop of the address.
-- name: message_word
SELECT COALESCE((SELECT version FROM subject WHERE no = $1 AND state = 1), 0),
       (SELECT COUNT(*) FROM suppression WHERE digest = $2);

-- A bounce that says nothing for good; the count begins anew when the one before is old.
-- name: bounce_add
INSERT INTO bounce (digest, count, first_at, last_at) VALUES ($1, 1, $2, $2)
ON CONFLICT (digest) DO UPDATE SET
       count = CASE WHEN bounce.last_at < $3 THEN 1 ELSE bounce.count + 1 END,
       first_at = CASE WHEN bounce.last_at < $3 THEN excluded.first_at ELSE bounce.first_at END,
       last_at = excluded.last_at
RETURNING count;

-- name: bounce_drop
DELETE FROM bounce WHERE digest = $1;

-- name: bounce_sweep
DELETE FROM bounce WHERE last_at < $1;

-- Is there anything that time has ended?
-- name: message_ended
SELECT 1 FROM message WHERE until_at <= $1 AND content IS NOT NULL AND state <> 2
UNION ALL SELECT 1 FROM message WHERE day <= $2 AND state NOT IN (1, 2, 7) AND content IS NULL
UNION ALL SELECT 1 FROM bounce WHERE last_at < $3
LIMIT 1;
