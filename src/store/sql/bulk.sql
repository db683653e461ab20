-- Exports of many persons (vault/bulk.h). state: 1 waiting, 2 linked, 3 running, 4 done, 5 cut, 6 cancelled.

-- name: bulk_put
INSERT INTO bulk (no, id, state, asked_kind, asked_by, asked_epoch, approval, approver, approver_epoch, purpose, channel,
                  format, fields, reason, asked_at, expires_at, persons)
VALUES ((SELECT COALESCE(MAX(no), 0) + 1 FROM bulk), $1, 1, $2, $3, $4, $5, 0, 0, $6, $7, $8, $9, $10, $11, $12, 0);

-- name: bulk_get
SELECT no, id, state, asked_kind, asked_by, asked_epoch, approval, approver, approver_epoch, purpose, channel, format,
       fields, reason, asked_at, expires_at, link_until, started_at, ended_at, persons
FROM bulk WHERE id = $1;

-- name: bulk_of_link
SELECT no, id, state, asked_kind, asked_by, asked_epoch, approval, approver, approver_epoch, purpose, channel, format,
       fields, reason, asked_at, expires_at, link_until, started_at, ended_at, persons
FROM bulk WHERE link = $1;

-- name: bulk_before
SELECT no, id, state, asked_kind, asked_by, asked_epoch, approval, approver, approver_epoch, purpose, channel, format,
       fields, reason, asked_at, expires_at, link_until, started_at, ended_at, persons
FROM bulk WHERE no < $1 ORDER BY no DESC LIMIT $2;

-- name: bulk_link
UPDATE bulk SET state = 2, approver = $1, approver_epoch = $2, link = $3, link_until = $4 WHERE no = $5;

-- name: bulk_start
UPDATE bulk SET state = 3, link = NULL, started_at = $1 WHERE no = $2;

-- What was cancelled while it ran stays so.
-- name: bulk_end
UPDATE bulk SET state = CASE WHEN state = 6 THEN 6 ELSE $1 END, ended_at = $2, persons = $3 WHERE no = $4;

-- name: bulk_cancel
UPDATE bulk SET state = 6, link = NULL, ended_at = $1 WHERE no = $2 AND state IN (1, 2, 3);

-- name: bulk_state
SELECT state FROM bulk WHERE no = $1;

-- name: bulk_unlink
UPDATE bulk SET link = NULL WHERE link IS NOT NULL AND link_until <= $1;

-- name: bulk_broken
UPDATE bulk SET state = 5, ended_at = $1 WHERE state = 3 AND started_at <= $2;
