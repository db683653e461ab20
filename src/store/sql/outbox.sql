-- Recipients, disclosures, and what leaves.

-- name: recipient_put
INSERT INTO recipient (no, name, title, role, contact, url, state, resume_at, updated_at, owner)
VALUES ((SELECT COALESCE(MAX(no), 0) + 1 FROM recipient), $1, $2, $3, $4, $5, 1, 0, $6, $7)
ON CONFLICT (name) DO UPDATE SET title = excluded.title, role = excluded.role,
       contact = excluded.contact, url = excluded.url, state = 1, resume_at = 0,
       updated_at = excluded.updated_at, owner = excluded.owner
RETURNING no;

-- name: recipient_secret_put
UPDATE recipient SET secret = $1, secret_old = $2, old_until_at = $3, updated_at = $4 WHERE no = $5;

-- name: recipient_secret_get
SELECT secret, secret_old, old_until_at FROM recipient WHERE no = $1;

-- name: recipient_secrets_over
UPDATE recipient SET secret_old = NULL, old_until_at = NULL WHERE old_until_at <= $1;

-- name: recipient_get
SELECT no, name, title, role, contact, url, state, secret IS NOT NULL, old_until_at, resume_at, updated_at
FROM recipient WHERE name = $1;

-- name: recipient_get_no
SELECT no, name, title, role, contact, url, state, secret IS NOT NULL, old_until_at, resume_at, updated_at
FROM recipient WHERE no = $1;

-- name: recipient_get_title
SELECT no, name, title, role, contact, url, state, secret IS NOT NULL, old_until_at, resume_at, updated_at
FROM recipient WHERE title = $1;

-- name: recipient_after
SELECT no, name, title, role, contact, url, state, secret IS NOT NULL, old_until_at, resume_at, updated_at
FROM recipient WHERE no > $1 ORDER BY no LIMIT $2;

-- name: recipient_count
SELECT COUNT(*) FROM recipient;

-- name: recipient_resume
UPDATE recipient SET resume_at = $1 WHERE no = $2;

-- name: recipient_gone
UPDATE recipient SET state = 2, updated_at = $1 WHERE no = $2;

-- name: disclosure_add
INSERT INTO disclosure (subject, seq, recipient, purpose, at, recorded_at, actor_kind, actor, fields, reference)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: disclosure_last
SELECT COALESCE(MAX(seq), 0) FROM disclosure WHERE subject = $1;

-- name: disclosure_list
SELECT seq, recipient, purpose, at, recorded_at, actor_kind, actor, fields, reference
FROM disclosure WHERE subject = $1 AND seq > $2 ORDER BY seq LIMIT $3;

-- name: disclosure_drop
DELETE FROM disclosure WHERE subject = $1;

-- name: outbox_add
INSERT INTO outbox (no, id, kind, subject, recipient, purpose, state, via, made_at, day, due_at, tries,
                    outcome, status, disclosures, content)
VALUES ((SELECT COALESCE(MAX(no), 0) + 1 FROM outbox), $1, $2, $3, $4, $5, 1,
        CASE WHEN EXISTS (SELECT 1 FROM recipient WHERE no = $4 AND url IS NOT NULL AND state = 1)
             THEN 1 ELSE 2 END,
        $6, $7, $6, 0, 0, 0, $8, $9);

-- name: outbox_get
SELECT o.no, o.id, o.kind, o.subject, s.id, s.state, o.recipient, r.name, o.purpose, o.state, o.via, o.made_at,
       o.day, o.due_at, o.tries, o.last_at, o.outcome, o.status, o.disclosures, o.content
FROM outbox AS o LEFT JOIN recipient AS r ON r.no = o.recipient LEFT JOIN subject AS s ON s.no = o.subject
WHERE o.id = $1;

-- name: outbox_after
SELECT o.no, o.id, o.kind, o.subject, s.id, s.state, o.recipient, r.name, o.purpose, o.state, o.via, o.made_at,
       o.day, o.due_at, o.tries, o.last_at, o.outcome, o.status, o.disclosures, o.content
FROM outbox AS o LEFT JOIN recipient AS r ON r.no = o.recipient LEFT JOIN subject AS s ON s.no = o.subject
WHERE o.no > $1 ORDER BY o.no LIMIT $2;

-- name: outbox_of_subject
SELECT o.no, o.id, o.kind, o.subject, s.id, s.state, o.recipient, r.name, o.purpose, o.state, o.via, o.made_at,
       o.day, o.due_at, o.tries, o.last_at, o.outcome, o.status, o.disclosures, o.content
FROM outbox AS o LEFT JOIN recipient AS r ON r.no = o.recipient LEFT JOIN subject AS s ON s.no = o.subject
WHERE o.subject = $1 ORDER BY o.no LIMIT $2;

-- Recipients whose webhook has something to do and may be called.
-- name: outbox_ready
SELECT r.no FROM recipient AS r
WHERE r.url IS NOT NULL AND r.state = 1 AND r.resume_at <= $1
  AND EXISTS (SELECT 1 FROM outbox AS o WHERE o.via = 1 AND o.recipient = r.no AND o.due_at <= $1)
ORDER BY r.resume_at, r.no LIMIT 1;

-- name: outbox_due
SELECT o.no, o.id, o.kind, o.subject, s.id, s.state, o.recipient, r.name, o.purpose, o.state, o.via, o.made_at,
       o.day, o.due_at, o.tries, o.last_at, o.outcome, o.status, o.disclosures, o.content
FROM outbox AS o LEFT JOIN recipient AS r ON r.no = o.recipient LEFT JOIN subject AS s ON s.no = o.subject
WHERE o.via = 1 AND o.recipient = $1 AND o.due_at <= $2 ORDER BY o.due_at, o.no LIMIT 1;

-- For programs: what nobody holds a lease of.
-- name: outbox_claimable
SELECT o.no, o.id, o.kind, o.subject, s.id, s.state, o.recipient, r.name, o.purpose, o.state, o.via, o.made_at,
       o.day, o.due_at, o.tries, o.last_at, o.outcome, o.status, o.disclosures, o.content
FROM outbox AS o LEFT JOIN recipient AS r ON r.no = o.recipient LEFT JOIN subject AS s ON s.no = o.subject
WHERE o.via = 2 AND o.due_at <= $1 ORDER BY o.due_at, o.no LIMIT $2;

-- Replies that nobody has taken.
-- name: outbox_replies
SELECT o.no, o.id, o.kind, o.subject, s.id, s.state, o.recipient, r.name, o.purpose, o.state, o.via, o.made_at,
       o.day, o.due_at, o.tries, o.last_at, o.outcome, o.status, o.disclosures, o.content
FROM outbox AS o LEFT JOIN recipient AS r ON r.no = o.recipient LEFT JOIN subject AS s ON s.no = o.subject
WHERE o.via = 2 AND o.recipient = 0 AND o.due_at <= $1 AND o.kind = 10 AND o.state = 1 AND o.no > $2
ORDER BY o.no LIMIT $3;

-- Into the queue of messages.
-- name: outbox_carried
UPDATE outbox SET state = 3, due_at = NULL, content = NULL, outcome = 1, last_at = $1
WHERE no = $2 AND state = 1 AND due_at IS NOT NULL;

-- name: outbox_take
UPDATE outbox SET state = 2, due_at = $1, lease = $2, tries = tries + 1, last_at = $3 WHERE no = $4;

-- Only while the lease is this one.
-- name: outbox_done
UPDATE outbox SET state = $1, via = $2, due_at = $3, outcome = $4, status = $5, last_at = $6, lease = NULL,
                  content = CASE WHEN $3 IS NULL THEN NULL ELSE content END
WHERE id = $7 AND lease = $8 AND state = 2;

-- name: outbox_again
UPDATE outbox SET state = 1, due_at = $1, lease = NULL, tries = 0,
       via = CASE WHEN EXISTS (SELECT 1 FROM recipient WHERE no = outbox.recipient AND url IS NOT NULL AND state = 1)
                  THEN 1 ELSE 2 END
WHERE id = $2 AND content IS NOT NULL AND state <> 2;

-- What a process that died had under way: its leases are over, and so is what held the recipients.
-- name: recipient_free_all
UPDATE recipient SET resume_at = 0
WHERE EXISTS (SELECT 1 FROM outbox AS o WHERE o.via = 1 AND o.recipient = recipient.no AND o.due_at IS NOT NULL AND o.state = 2);

-- name: outbox_free_all
UPDATE outbox SET state = 1, due_at = $1, lease = NULL WHERE via = 1 AND due_at IS NOT NULL AND state = 2;

-- The webhook is gone, or was taken away: what waits for it is for programs.
-- name: outbox_to_programs
UPDATE outbox SET via = 2, state = 1, due_at = $1 WHERE recipient = $2 AND via = 1 AND state = 1;

-- name: outbox_forget
DELETE FROM outbox WHERE subject = $1 AND due_at IS NULL AND state <> 5;

-- name: outbox_hold_all
UPDATE outbox SET state = 5, due_at = NULL, lease = NULL WHERE state IN (1, 2);

-- name: outbox_release
UPDATE outbox SET state = 1, due_at = $1 WHERE state = 5 AND content IS NOT NULL;

-- Rows whose day is over and that still hold something.
-- name: outbox_late
SELECT id, subject, purpose, recipient, kind, tries FROM outbox
WHERE day <= $1 AND content IS NOT NULL ORDER BY no LIMIT $2;

-- name: outbox_too_late
UPDATE outbox SET state = 4, due_at = NULL, lease = NULL, content = NULL, outcome = 11
WHERE id = $1 AND content IS NOT NULL;

-- Finished rows of those who are erased, or of nobody, go too: sent ones with their day, others later.
-- name: outbox_sweep
DELETE FROM outbox
WHERE content IS NULL AND day <= CASE WHEN state = 4 THEN $1 ELSE $2 END
  AND NOT EXISTS (SELECT 1 FROM subject WHERE no = outbox.subject AND state = 1);

-- Is there anything that time has ended?
-- name: outbox_ended
SELECT 1 FROM outbox WHERE day <= $1 AND content IS NOT NULL
UNION ALL SELECT 1 FROM recipient WHERE old_until_at <= $2
LIMIT 1;

-- name: outbox_count
SELECT (SELECT COUNT(*) FROM outbox WHERE due_at IS NOT NULL),
       (SELECT COUNT(*) FROM outbox WHERE state > 3 AND state = 5),
       (SELECT COUNT(*) FROM outbox WHERE state > 3 AND state = 4),
       (SELECT MIN(made_at) FROM outbox WHERE due_at IS NOT NULL);
