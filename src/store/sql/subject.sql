-- Persons, lookups, the ledger, suppressions, budgets.

-- name: subject_get
SELECT no, id, kind, flags, state, version, created_at, tell_by_at, told_at, due_at,
       email_tag, phone_tag, post_tag, standing, record
FROM subject WHERE id = $1;

-- name: subject_get_no
SELECT no, id, kind, flags, state, version, created_at, tell_by_at, told_at, due_at,
       email_tag, phone_tag, post_tag, standing, record
FROM subject WHERE no = $1;

-- Without the record: what a decision needs.
-- name: subject_decide
SELECT no, id, kind, flags, state, version, created_at, tell_by_at, told_at, due_at,
       email_tag, phone_tag, post_tag, standing
FROM subject WHERE id = $1;

-- name: subject_decide_no
SELECT no, id, kind, flags, state, version, created_at, tell_by_at, told_at, due_at,
       email_tag, phone_tag, post_tag, standing
FROM subject WHERE no = $1;

-- name: subject_state
SELECT state FROM subject WHERE no = $1;

-- name: subject_add
INSERT INTO subject (no, id, kind, flags, state, version, created_at, tell_by_at, told_at, due_at,
                     email_tag, phone_tag, post_tag, standing, record)
VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: subject_put
UPDATE subject SET kind = $1, flags = $2, version = $3, tell_by_at = $4, told_at = $5, due_at = $6,
                   email_tag = $7, phone_tag = $8, post_tag = $9, standing = $10, record = $11
WHERE no = $12 AND version = $13 AND state = 1;

-- After the one that became due at $2 and has the number $3.
-- name: subject_due
SELECT no, due_at FROM subject
WHERE due_at IS NOT NULL AND due_at <= $1 AND due_at >= $2 AND (due_at > $2 OR no > $3)
ORDER BY due_at, no LIMIT $4;

-- name: subject_due_count
SELECT COUNT(*), MIN(due_at) FROM subject WHERE due_at IS NOT NULL AND due_at <= $1;

-- name: subject_after
SELECT no, id, kind, flags, state, version, created_at, tell_by_at, told_at, due_at,
       email_tag, phone_tag, post_tag, standing, record
FROM subject WHERE no > $1 ORDER BY no LIMIT $2;

-- name: subject_count
SELECT COUNT(*) FROM subject WHERE state = 1;

-- name: lookup_add
INSERT INTO lookup (field, digest, subject) VALUES ($1, $2, $3)
ON CONFLICT (field, digest, subject) DO NOTHING;

-- name: lookup_drop
DELETE FROM lookup WHERE field = $1 AND digest = $2 AND subject = $3;

-- name: lookup_find
SELECT subject FROM lookup WHERE field = $1 AND digest = $2 ORDER BY subject LIMIT $3;

-- name: ledger_add
INSERT INTO ledger (subject, seq, at, recorded_at, act, basis, purpose, version, channels, until_at,
                    notice, method, actor_kind, actor, detail, evidence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: ledger_get
SELECT seq, at, recorded_at, act, basis, purpose, version, channels, until_at, notice, method,
       actor_kind, actor, detail, evidence
FROM ledger WHERE subject = $1 AND seq > $2 ORDER BY seq LIMIT $3;

-- Without evidence: what the fold needs.
-- name: ledger_fold
SELECT seq, at, recorded_at, act, basis, purpose, version, channels, until_at, notice, method,
       actor_kind, actor, detail
FROM ledger WHERE subject = $1 ORDER BY seq;

-- name: suppression_put
INSERT INTO suppression (digest, scope, purpose, channel, at, source)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (digest, scope, purpose, channel) DO UPDATE
SET at = CASE WHEN excluded.at > suppression.at THEN excluded.at ELSE suppression.at END;

-- name: suppression_get
SELECT scope, purpose, channel, at, source FROM suppression WHERE digest = $1
ORDER BY scope, purpose, channel LIMIT $2;

-- Source 0: whatever put it there.
-- name: suppression_drop
DELETE FROM suppression WHERE digest = $1 AND scope = $2 AND purpose = $3 AND channel = $4 AND at <= $5
                          AND ($6 = 0 OR source = $6);

-- name: budget_take
INSERT INTO budget (actor_kind, actor, hour, used) VALUES ($1, $2, $3, $4)
ON CONFLICT (actor_kind, actor, hour) DO UPDATE SET used = budget.used + excluded.used
RETURNING used;

-- name: budget_forget
DELETE FROM budget WHERE (actor_kind, actor, hour) IN
    (SELECT actor_kind, actor, hour FROM budget WHERE hour < $1 ORDER BY hour LIMIT $2);

-- name: import_subject_put
INSERT INTO import_subject (subject, import, made, ask, version) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (subject, import) DO UPDATE SET version = excluded.version;

-- Frequency caps: contacts allowed, kept only for purposes that have one and only for its period.
-- name: contact_count
SELECT COUNT(*) FROM contact WHERE subject = $1 AND purpose = $2 AND channel = $3 AND at > $4;

-- `entry` only tells those of one instant apart.
-- name: contact_add
INSERT INTO contact (subject, purpose, channel, at, entry)
VALUES ($1, $2, $3, $4,
        (SELECT COALESCE(MAX(entry), 0) + 1 FROM contact
         WHERE subject = $1 AND purpose = $2 AND channel = $3 AND at = $4));

-- name: contact_forget
DELETE FROM contact WHERE subject = $1 AND purpose = $2 AND channel = $3 AND at <= $4;

-- name: contact_forget_old
DELETE FROM contact WHERE (subject, purpose, channel, at, entry) IN
    (SELECT subject, purpose, channel, at, entry FROM contact
     WHERE purpose = $1 AND at <= $2 ORDER BY at LIMIT $3);

-- name: subject_nos
SELECT no FROM subject WHERE no > $1 AND state = 1 ORDER BY no LIMIT $2;

-- name: lookup_has
SELECT subject FROM lookup WHERE field = $1 AND digest = $2 AND subject = $3;

-- For the person's own package.
-- name: contact_list
SELECT purpose, channel, at FROM contact WHERE subject = $1 ORDER BY at, purpose, channel;
