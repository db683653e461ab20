/* crypto/totp.h -- codes from an authenticator app: RFC 6238 with HMAC-SHA-1, six digits, 30 seconds, through
 * liboath.  What every app can do; nothing else is offered.
 *
 * The secret is shown to the person once, as an otpauth: address.  A code is good for the step before, the
 * present one and the one after, and never for a step that is not later than the last one used: the caller
 * stores that (no replay).
 */
#ifndef CRYPTO_TOTP_H
#define CRYPTO_TOTP_H

#include "base/buf.h"
#include "base/must.h"
#include "base/time.h"

#define TOTP_SECRET_BYTES 20 /* the length of the hash, RFC 4226 section 4 R6 */
#define TOTP_DIGITS 6
#define TOTP_STEP_SECONDS 30
#define TOTP_NEVER INT64_MIN /* no step used yet */

/* Takes the same time whichever of the steps it is, or none; *ret_step is TOTP_NEVER then.  Spaces in the code are left
 * out; what is not six figures is false at once, and *ret_step as it was. */
must_check bool totp_valid(const uint8_t secret[TOTP_SECRET_BYTES], str code, time_us now, int64_t last_step,
                           int64_t *ret_step);

/* otpauth://totp/ISSUER:ACCOUNT?secret=…&issuer=…, as authenticator apps read it. */
void totp_uri(const uint8_t secret[TOTP_SECRET_BYTES], str issuer, str account, struct buf *out);

/* The code of a step; for tests of what uses it. */
void totp_code(const uint8_t secret[TOTP_SECRET_BYTES], int64_t step, char ret[TOTP_DIGITS + 1]);

#endif
