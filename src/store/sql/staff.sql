-- Staff, roles, sessions, approvals, exceptions (access/).

-- --- accounts -----------------------------------------------------------------------------------

-- name: staff_word
SELECT state, epoch FROM staff WHERE no = $1;

-- name: staff_id
SELECT id FROM staff WHERE no = $1;

-- name: staff_get
SELECT no, id, state, epoch, sealed, created_at, changed_at, ended_at, version, used_at FROM staff WHERE no = $1;

-- name: staff_of_id
SELECT no, id, state, epoch, sealed, created_at, changed_at, ended_at, version, used_at FROM staff WHERE id = $1;

-- name: staff_of_identity
SELECT no, id, state, epoch, sealed, created_at, changed_at, ended_at, version, used_at FROM staff WHERE identity = $1;

-- name: staff_of_name
SELECT no, id, state, epoch, sealed, created_at, changed_at, ended_at, version, used_at FROM staff WHERE user_name = $1;

-- name: staff_after
SELECT no, id, state, epoch, sealed, created_at, changed_at, ended_at, version, used_at FROM staff
WHERE no > $1 ORDER BY no LIMIT $2;

-- name: staff_last
SELECT COALESCE(MAX(no), 0) FROM staff;

-- name: staff_active_count
SELECT COUNT(*) FROM staff WHERE state = 2;

-- name: staff_put
INSERT INTO staff (no, id, state, epoch, identity, user_name, sealed, created_at, changed_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 1);

-- name: staff_change
UPDATE staff SET state = $1, user_name = $2, sealed = $3, changed_at = $4, version = version + 1 WHERE no = $5;

-- The first end stands.
-- name: staff_end
UPDATE staff SET state = 3, epoch = epoch + 1, version = version + 1, changed_at = $1,
    ended_at = COALESCE(ended_at, $1) WHERE no = $2;

-- name: staff_return
UPDATE staff SET state = 2, epoch = epoch + 1, version = version + 1, changed_at = $1, ended_at = NULL
WHERE no = $2 AND state = 3;

-- --- roles --------------------------------------------------------------------------------------

-- name: role_get
SELECT no, name, title, grants, version, updated_at FROM role WHERE no = $1;

-- name: role_of_name
SELECT no, name, title, grants, version, updated_at FROM role WHERE name = $1;

-- name: role_all
SELECT no, name, title, grants, version, updated_at FROM role ORDER BY no LIMIT $1;

-- name: role_last
SELECT COALESCE(MAX(no), 0) FROM role;

-- name: role_count
SELECT COUNT(*) FROM role;

-- name: role_put
INSERT INTO role (no, name, title, grants, version, updated_at) VALUES ($1, $2, $3, $4, 1, $5);

-- name: role_change
UPDATE role SET title = $1, grants = $2, version = version + 1, updated_at = $3 WHERE no = $4;

-- name: role_drop
DELETE FROM role WHERE no = $1;

-- name: staff_role_of
SELECT staff, role, source, purposes, since_at FROM staff_role WHERE staff = $1 ORDER BY role, source LIMIT $2;

-- name: staff_role_holders
SELECT DISTINCT staff FROM staff_role WHERE role = $1 ORDER BY staff;

-- name: staff_role_active
SELECT DISTINCT r.staff FROM staff_role r JOIN staff s ON s.no = r.staff WHERE s.state = 2 ORDER BY r.staff;

-- name: staff_role_put
INSERT INTO staff_role (staff, role, source, purposes, since_at) VALUES ($1, $2, $3, $4, $5);

-- name: staff_role_drop_source
DELETE FROM staff_role WHERE staff = $1 AND source = $2;

-- name: staff_role_drop_role
DELETE FROM staff_role WHERE role = $1;

-- name: staff_role_drop_of
DELETE FROM staff_role WHERE staff = $1;

-- --- sessions -----------------------------------------------------------------------------------

-- name: session_put
INSERT INTO session (digest, id, staff, epoch, method, made_at, proved_at, used_at, expires_at, sid)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: session_get
SELECT digest, id, staff, epoch, method, made_at, proved_at, used_at, expires_at FROM session WHERE digest = $1;

-- name: session_of_staff
SELECT digest, id, staff, epoch, method, made_at, proved_at, used_at, expires_at FROM session
WHERE staff = $1 ORDER BY made_at DESC LIMIT $2;

-- name: session_of_id
SELECT digest, id, staff, epoch, method, made_at, proved_at, used_at, expires_at FROM session WHERE staff = $1 AND id = $2;

-- name: session_used
UPDATE session SET used_at = $1 WHERE digest = $2 AND used_at < $1;

-- name: staff_used
UPDATE staff SET used_at = $1 WHERE no = $2;

-- name: session_count
SELECT COUNT(*) FROM session WHERE staff = $1 AND expires_at > $2;

-- Only who has the token that it has now: of two at the same time one is first.
-- name: session_prove
UPDATE session SET digest = $1, proved_at = $2, method = $3 WHERE digest = $4;

-- name: session_drop_id
DELETE FROM session WHERE staff = $1 AND id = $2;

-- name: session_drop_of
DELETE FROM session WHERE staff = $1 AND id <> $2;

-- name: session_drop_sid
DELETE FROM session WHERE sid = $1;

-- name: session_staff_of_sid
SELECT staff FROM session WHERE sid = $1 LIMIT 1;

-- name: session_drop_oldest
DELETE FROM session WHERE digest IN
    (SELECT digest FROM session WHERE staff = $1 ORDER BY used_at DESC LIMIT 1000000 OFFSET $2);

-- name: session_forget
DELETE FROM session WHERE digest IN (SELECT digest FROM session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2);

-- --- what leaving ends (access/ending.def) ----------------------------------------------

-- name: end_session
DELETE FROM session WHERE staff = $1;

-- name: end_package
DELETE FROM package WHERE staff = $1;

-- Notices to the recipient wait until somebody else answers for where they go.
-- name: end_recipient
UPDATE recipient SET url = NULL, secret = NULL, secret_old = NULL, old_until_at = NULL, owner = 0, updated_at = $1
WHERE owner = $2 AND url IS NOT NULL;

-- name: end_approval
UPDATE approval SET state = 5, decided_at = COALESCE(decided_at, $1)
WHERE state IN (1, 2) AND ((asked_kind = 4 AND asked_by = $2) OR decided_by = $2);

-- What runs sees it at its next piece.
-- name: end_bulk
UPDATE bulk SET state = 6, link = NULL, ended_at = $1
WHERE state IN (1, 2, 3) AND ((asked_kind = 4 AND asked_by = $2) OR approver = $2
      OR approval IN (SELECT id FROM approval WHERE decided_by = $2));

-- name: end_break_glass
UPDATE break_glass SET until_at = $1 WHERE staff = $2 AND until_at > $1;

-- --- exceptions ---------------------------------------------------------------------------------

-- name: glass_open
SELECT no FROM break_glass WHERE staff = $1 AND epoch = $2 AND until_at > $3 LIMIT 1;

-- name: glass_earlier
SELECT COALESCE(SUM(CASE WHEN until_at > $1 THEN 1 ELSE 0 END), 0),
    COALESCE(SUM(CASE WHEN verdict = 0 THEN 1 ELSE 0 END), 0)
FROM break_glass WHERE staff = $2;

-- name: glass_put
INSERT INTO break_glass (no, id, staff, epoch, from_at, until_at, sealed, verdict, reviewed_by)
VALUES ((SELECT COALESCE(MAX(no), 0) + 1 FROM break_glass), $1, $2, $3, $4, $5, $6, 0, 0);

-- name: glass_get
SELECT no, id, staff, epoch, from_at, until_at, sealed, verdict, reviewed_by, reviewed_at FROM break_glass WHERE id = $1;

-- name: glass_before
SELECT no, id, staff, epoch, from_at, until_at, sealed, verdict, reviewed_by, reviewed_at FROM break_glass
WHERE no < $1 ORDER BY no DESC LIMIT $2;

-- name: glass_end
UPDATE break_glass SET until_at = $1 WHERE id = $2 AND until_at > $1;

-- name: glass_review
UPDATE break_glass SET verdict = $1, reviewed_by = $2, reviewed_at = $3 WHERE id = $4;

-- --- alerts -------------------------------------------------------------------------------------

-- name: alert_put
INSERT INTO alert (no, at, kind, staff, entry, seen_by)
VALUES ((SELECT COALESCE(MAX(no), 0) + 1 FROM alert), $1, $2, $3, $4, 0);

-- name: alert_before
SELECT no, at, kind, staff, entry, seen_by, seen_at FROM alert WHERE no < $1 ORDER BY no DESC LIMIT $2;

-- name: alert_unseen
SELECT no, at, kind, staff, entry, seen_by, seen_at FROM alert WHERE no < $1 AND seen_at IS NULL ORDER BY no DESC LIMIT $2;

-- name: alert_since
SELECT no FROM alert WHERE kind = $1 AND staff = $2 AND at >= $3 LIMIT 1;

-- name: alert_staff
SELECT staff FROM alert WHERE no = $1;

-- name: alert_seen
UPDATE alert SET seen_at = $1, seen_by = $2 WHERE no = $3 AND seen_at IS NULL;

-- --- approvals ----------------------------------------------------------------------------------

-- name: approval_put
INSERT INTO approval (no, id, act, operation, summary, state, asked_kind, asked_by, asked_epoch, asked_at, expires_at,
    decided_by, decided_epoch)
VALUES ((SELECT COALESCE(MAX(no), 0) + 1 FROM approval), $1, $2, $3, $4, 1, $5, $6, $7, $8, $9, 0, 0);

-- name: approval_get
SELECT no, id, act, operation, summary, state, asked_kind, asked_by, asked_epoch, asked_at, expires_at, decided_by,
    decided_epoch, decided_at
FROM approval WHERE id = $1;

-- name: approval_same
SELECT no, id, act, operation, summary, state, asked_kind, asked_by, asked_epoch, asked_at, expires_at, decided_by,
    decided_epoch, decided_at
FROM approval WHERE state IN (1, 2) AND asked_kind = $1 AND asked_by = $2 AND operation = $3 AND expires_at > $4;

-- $2: what is over by then does not wait.
-- name: approval_waiting
SELECT no, id, act, operation, summary, state, asked_kind, asked_by, asked_epoch, asked_at, expires_at, decided_by,
    decided_epoch, decided_at
FROM approval WHERE no < $1 AND state = 1 AND expires_at > $2 ORDER BY no DESC LIMIT $3;

-- name: approval_before
SELECT no, id, act, operation, summary, state, asked_kind, asked_by, asked_epoch, asked_at, expires_at, decided_by,
    decided_epoch, decided_at
FROM approval WHERE no < $1 AND asked_at <= $2 ORDER BY no DESC LIMIT $3;

-- name: approval_waiting_count
SELECT COUNT(*) FROM approval WHERE state = 1 AND expires_at > $1;

-- name: approval_decide
UPDATE approval SET state = $1, decided_by = $2, decided_epoch = $3, decided_at = $4 WHERE no = $5;

-- name: approval_cancel
UPDATE approval SET state = 5, decided_at = COALESCE(decided_at, $1) WHERE no = $2 AND state IN (1, 2);

-- name: approval_use
UPDATE approval SET state = 4 WHERE no = $1;

-- --- who looked at how many ---------------------------------------------------------------------

-- name: look_put
INSERT INTO looked (staff, hour, subject) VALUES ($1, $2, $3) ON CONFLICT (staff, hour, subject) DO NOTHING;

-- name: look_count
SELECT COUNT(*) FROM looked WHERE staff = $1 AND hour = $2;

-- name: look_forget
DELETE FROM looked WHERE (staff, hour, subject) IN
    (SELECT staff, hour, subject FROM looked WHERE hour < $1 ORDER BY hour LIMIT $2);

-- --- the identity provider -----------------------------------------------------------------------

-- name: provider_get
SELECT definition, secret, version, changed_at FROM provider WHERE one = 1;

-- name: provider_put
INSERT INTO provider (one, definition, secret, version, changed_at) VALUES (1, $1, $2, $3, $4)
ON CONFLICT (one) DO UPDATE SET definition = excluded.definition, secret = excluded.secret,
	version = excluded.version, changed_at = excluded.changed_at;

-- name: provider_drop
DELETE FROM provider;

-- name: provider_seen_get
SELECT at FROM provider_seen WHERE digest = $1 AND until_at > $2;

-- name: provider_seen_put
INSERT INTO provider_seen (digest, at, until_at) VALUES ($1, $2, $3)
ON CONFLICT (digest) DO UPDATE SET at = excluded.at, until_at = excluded.until_at;

-- A few at a time, by whoever puts one.
-- name: provider_seen_forget
DELETE FROM provider_seen WHERE digest IN (SELECT digest FROM provider_seen WHERE until_at <= $1 LIMIT 16);
