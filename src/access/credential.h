/* access/credential.h -- what staff know and have: password, authenticator app, recovery codes, known browsers.
 *
 *   V1  All of it is sealed under the named key `credential`, bound to the account, or stored as a digest.
 *   V2  A code of an app counts once, a recovery code is used up: both are settled in the transaction of the sign-in.
 *   V3  It ends with the account (access/ending.def), and with a reset.
 */
#ifndef ACCESS_CREDENTIAL_H
#define ACCESS_CREDENTIAL_H

#include "access/access.h"
#include "crypto/recovery.h"
#include "crypto/totp.h"

#define DEVICE_TOKEN_CHARS 43 /* 256 bits in base64url */
#define DEVICE_KEPT (90 * TIME_DAY)

/* Of one account; that of nobody looks the same and fits nothing. */
struct credentials {
	int64_t staff;
	str hash;           /* of the password; empty: none */
	bytes hash_sealed;  /* as stored */
	bool password_short;
	time_us password_at; /* TIME_NEVER: none */
	bool totp_begun, totp; /* a secret is there; it was confirmed */
	uint8_t totp_secret[TOTP_SECRET_BYTES];
	bytes totp_sealed;
	int64_t totp_last_step;
	time_us totp_at;
	int64_t recovery_left;
};

/* db: job->db, or inside steps the writer's.  Of staff 0: nothing. */
must_check enum err credentials_get(struct job *job, const uint8_t *key, struct db *db, int64_t staff,
                                    struct credentials *ret);
void credentials_end(struct credentials *credentials); /* wipes the secret; for OWNED */

/* Inside steps. */
must_check enum err password_put_steps(struct job *job, const uint8_t *key, struct db *db, int64_t staff, str hash,
                                       bool is_short);
must_check enum err password_renew_steps(struct job *job, const uint8_t *key, struct db *db,
                                         const struct credentials *of, str hash);

must_check enum err totp_begin_steps(struct job *job, const uint8_t *key, struct db *db, int64_t staff,
                                     const uint8_t secret[TOTP_SECRET_BYTES]);
/* ERR_CONFLICT  another secret was begun meanwhile */
must_check enum err totp_confirm_steps(struct job *job, struct db *db, const struct credentials *of, int64_t step);
/* *ret_used false: that step was used by another (V2). */
must_check enum err totp_use_steps(struct job *job, struct db *db, const struct credentials *of, int64_t step,
                                   bool *ret_used);
must_check enum err totp_drop_steps(struct job *job, struct db *db, int64_t staff); /* and the recovery codes */

/* RECOVERY_CODES new ones in place of all before. */
struct recovery_codes {
	str text[RECOVERY_CODES]; /* in the arena; given out once */
	uint8_t digest[RECOVERY_CODES][DIGEST_BYTES];
};
void recovery_codes_new(struct job *job, struct recovery_codes *ret);
must_check enum err recovery_put_steps(struct job *job, struct db *db, int64_t staff,
                                       const struct recovery_codes *codes);
must_check enum err recovery_there(struct job *job, struct db *db, int64_t staff, const uint8_t digest[DIGEST_BYTES],
                                   bool *ret_there);
must_check enum err recovery_use_steps(struct job *job, struct db *db, int64_t staff,
                                       const uint8_t digest[DIGEST_BYTES], bool *ret_used);

/* A browser that somebody signed in with; of `token`, which may be anything, the digest. */
must_check enum err device_there(struct job *job, struct db *db, int64_t staff, str token,
                                 uint8_t ret_digest[DIGEST_BYTES], bool *ret_there);
/* Inside steps: known from now on.  The token is given once, in the arena. */
must_check enum err device_put_steps(struct job *job, struct db *db, int64_t staff, str *ret_token);
must_check enum err device_used_steps(struct job *job, struct db *db, const uint8_t digest[DIGEST_BYTES]);
must_check enum err device_drop_steps(struct job *job, struct db *db, int64_t staff);

/* The last sign-ins and failures of an account, newest first. */
struct sign_in_row {
	time_us at;
	uint32_t method;
	enum err outcome;
};
must_check enum err sign_in_put_steps(struct job *job, struct db *db, int64_t staff, uint32_t method,
                                      enum err outcome);
must_check enum err sign_in_list(struct job *job, int64_t staff, struct sign_in_row **ret, size_t *ret_count);

#endif
