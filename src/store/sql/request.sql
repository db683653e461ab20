-- Requests of persons, and what was done about them.

-- name: request_add
INSERT INTO request (subject, no, id, asked, state, channel, language, country, zone, received_at,
                     opened_at, due_at, stopped_at, stood, extended_at, extended_for, identity_method,
                     identity_result, hold, proposed_for, proposed_kind, proposed_by, reason, entry,
                     closed_at, forget_at, sealed, version, reply_to)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, 0, NULL, 0, 0, 0, $13, 0, 0, 0, 0, 0,
        NULL, NULL, 1, 1, $14);

-- name: request_get
SELECT subject, no, id, asked, state, channel, language, country, zone, received_at, opened_at, due_at,
       stopped_at, stood, extended_at, extended_for, identity_method, identity_result, hold, proposed_for,
       proposed_kind, proposed_by, reason, entry, closed_at, forget_at, sealed, version, reply_to
FROM request WHERE id = $1;

-- Every condition may be left out: state 0, open 0, due before the end of time, subject -1.
-- name: request_list
SELECT subject, no, id, asked, state, channel, language, country, zone, received_at, opened_at, due_at,
       stopped_at, stood, extended_at, extended_for, identity_method, identity_result, hold, proposed_for,
       proposed_kind, proposed_by, reason, entry, closed_at, forget_at, sealed, version, reply_to
FROM request
WHERE no > $1 AND ($2 = 0 OR state = $2) AND ($3 = 0 OR closed_at IS NULL)
  AND COALESCE(due_at, 9223372036854775807) <= $4 AND ($5 < 0 OR subject = $5)
ORDER BY no LIMIT $6;

-- Only as it was read.
-- name: request_put
UPDATE request SET state = $1, due_at = $2, stopped_at = $3, stood = $4, extended_at = $5,
       extended_for = $6, identity_method = $7, identity_result = $8, hold = $9, proposed_for = $10,
       proposed_kind = $11, proposed_by = $12, reason = $13, entry = $14, closed_at = $15,
       forget_at = $16, sealed = $17, version = $18, reply_to = $19
WHERE no = $20 AND version = $21;

-- name: request_move
UPDATE request SET subject = $1 WHERE no = $2;

-- name: request_event_move
UPDATE request_event SET subject = $1 WHERE subject = $2 AND request = $3;

-- name: request_event_add
INSERT INTO request_event (subject, request, seq, at, recorded_at, actor_kind, actor, event, code, entry,
                           words)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: request_events
SELECT seq, at, recorded_at, actor_kind, actor, event, code, entry, words FROM request_event
WHERE subject = $1 AND request = $2 AND seq > $3 ORDER BY seq LIMIT $4;

-- Those that have words.
-- name: request_words
SELECT seq, at, recorded_at, actor_kind, actor, event, code, entry, words FROM request_event
WHERE subject = $1 AND request = $2 AND seq > $3 AND words IS NOT NULL ORDER BY seq LIMIT $4;

-- name: request_event_silence
UPDATE request_event SET words = NULL WHERE subject = $1 AND request = $2;

-- name: request_event_drop
DELETE FROM request_event WHERE subject = $1 AND request = $2;

-- name: request_drop
DELETE FROM request WHERE no = $1;

-- name: request_of_subject
SELECT no, id, version FROM request WHERE subject = $1 AND no > $2 ORDER BY no LIMIT $3;

-- Acts in the person's ledger that keep data until a request is answered.
-- name: request_holds
SELECT hold FROM request WHERE subject = $1 AND hold > 0 ORDER BY hold LIMIT $2;

-- name: request_forgettable
SELECT no, id FROM request WHERE forget_at IS NOT NULL AND forget_at <= $1 ORDER BY forget_at, no LIMIT $2;

-- name: request_counts
SELECT COUNT(*), COALESCE(SUM(CASE WHEN due_at <= $1 THEN 1 ELSE 0 END), 0), MIN(due_at),
       COALESCE(SUM(CASE WHEN due_at IS NULL THEN 1 ELSE 0 END), 0)
FROM request WHERE closed_at IS NULL;

-- Another use case did it: whose the request is, and the number of the event.
-- name: request_step
UPDATE request SET version = version + 1, entry = $1 WHERE no = $2 AND closed_at IS NULL
RETURNING subject, version;

-- Nothing personal is left: not even whose it was.
-- name: request_forget
UPDATE request SET subject = 0, sealed = 0, reply_to = NULL, hold = 0, version = version + 1,
       forget_at = CASE WHEN closed_at IS NULL THEN NULL ELSE closed_at + $1 END
WHERE no = $2 RETURNING version;

-- name: ledger_last
SELECT COALESCE(MAX(seq), 0) FROM ledger WHERE subject = $1;
