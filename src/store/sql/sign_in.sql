-- How staff sign in: what they know and have, tries that are counted, invitations (access/).

-- --- passwords, codes, devices ------------------------------------------------------------------

-- name: password_get
SELECT sealed, short, made_at FROM password WHERE staff = $1;

-- name: password_put
INSERT INTO password (staff, sealed, short, made_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (staff) DO UPDATE SET sealed = excluded.sealed, short = excluded.short, made_at = excluded.made_at;

-- The same password under today's parameters: only if nobody changed it since it was read.
-- name: password_renew
UPDATE password SET sealed = $1 WHERE staff = $2 AND sealed = $3;

-- name: company_definitions
SELECT definition FROM purpose_version WHERE state = 2 ORDER BY purpose LIMIT $1;

-- name: totp_get
SELECT sealed, confirmed_at, last_step FROM totp WHERE staff = $1;

-- name: totp_put
INSERT INTO totp (staff, sealed, last_step) VALUES ($1, $2, NULL)
ON CONFLICT (staff) DO UPDATE SET sealed = excluded.sealed, confirmed_at = NULL, last_step = NULL;

-- name: totp_confirm
UPDATE totp SET confirmed_at = $1, last_step = $2 WHERE staff = $3 AND confirmed_at IS NULL AND sealed = $4;

-- A step counts once, whoever comes first.
-- name: totp_use
UPDATE totp SET last_step = $1 WHERE staff = $2 AND sealed = $3 AND confirmed_at IS NOT NULL
    AND (last_step IS NULL OR last_step < $1);

-- name: totp_drop
DELETE FROM totp WHERE staff = $1;

-- name: recovery_put
INSERT INTO recovery_code (staff, digest) VALUES ($1, $2);

-- name: recovery_there
SELECT 1 FROM recovery_code WHERE staff = $1 AND digest = $2;

-- name: recovery_use
DELETE FROM recovery_code WHERE staff = $1 AND digest = $2;

-- name: recovery_left
SELECT COUNT(*) FROM recovery_code WHERE staff = $1;

-- name: recovery_drop
DELETE FROM recovery_code WHERE staff = $1;

-- name: device_put
INSERT INTO device (digest, staff, used_at) VALUES ($1, $2, $3);

-- name: device_there
SELECT 1 FROM device WHERE digest = $1 AND staff = $2 AND used_at > $3;

-- name: device_used
UPDATE device SET used_at = $1 WHERE digest = $2;

-- name: device_drop
DELETE FROM device WHERE digest = $1;

-- name: device_drop_of
DELETE FROM device WHERE staff = $1;

-- The newest stay.
-- name: device_trim
DELETE FROM device WHERE staff = $1 AND digest NOT IN
    (SELECT digest FROM device WHERE staff = $1 ORDER BY used_at DESC LIMIT $2);

-- name: sign_in_put
INSERT INTO sign_in (staff, at, method, outcome) VALUES ($1, $2, $3, $4)
ON CONFLICT (staff, at) DO NOTHING;

-- name: sign_in_last
SELECT at, method, outcome FROM sign_in WHERE staff = $1 ORDER BY at DESC LIMIT $2;

-- name: sign_in_trim
DELETE FROM sign_in WHERE staff = $1 AND at NOT IN
    (SELECT at FROM sign_in WHERE staff = $1 ORDER BY at DESC LIMIT $2);

-- --- tries --------------------------------------------------------------------------------------

-- name: attempt_get
SELECT count, counted_at FROM attempt WHERE lane = $1 AND digest = $2;

-- name: attempt_put
INSERT INTO attempt (lane, digest, count, counted_at, tried_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (lane, digest) DO UPDATE SET count = excluded.count, counted_at = excluded.counted_at,
    tried_at = excluded.tried_at;

-- name: attempt_drop
DELETE FROM attempt WHERE lane = $1 AND digest = $2;

-- name: attempt_forget
DELETE FROM attempt WHERE (lane, digest) IN
    (SELECT lane, digest FROM attempt WHERE tried_at < $1 AND (count < $2 OR tried_at < $3)
     ORDER BY tried_at LIMIT $4);

-- --- invitations --------------------------------------------------------------------------------

-- name: invitation_put
INSERT INTO invitation (staff, digest, epoch, made_at, expires_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (staff) DO UPDATE SET digest = excluded.digest, epoch = excluded.epoch, made_at = excluded.made_at,
    expires_at = excluded.expires_at;

-- name: invitation_get
SELECT staff, epoch, expires_at FROM invitation WHERE digest = $1;

-- name: invitation_of
SELECT expires_at FROM invitation WHERE staff = $1;

-- name: invitation_use
DELETE FROM invitation WHERE staff = $1 AND digest = $2 AND expires_at > $3;

-- name: invitation_forget
DELETE FROM invitation WHERE staff IN
    (SELECT staff FROM invitation WHERE expires_at < $1 ORDER BY expires_at LIMIT $2);

-- --- with the account (access/ending.def) -------------------------------------------------------

-- name: end_password
DELETE FROM password WHERE staff = $1;

-- name: end_totp
DELETE FROM totp WHERE staff = $1;

-- name: end_recovery
DELETE FROM recovery_code WHERE staff = $1;

-- name: end_device
DELETE FROM device WHERE staff = $1;

-- name: end_invitation
DELETE FROM invitation WHERE staff = $1;

-- name: end_sign_in
DELETE FROM sign_in WHERE staff = $1;
