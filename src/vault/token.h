/* vault/token.h -- links in mails: sealed words that do one thing each.
 *
 * Nothing is kept of a token: what it means is sealed in it.  What it may do is said by its kind, and each kind is sealed
 * under a key of its own, derived from the vault's key `link`, which turning epochs over rewraps and does not change.
 *
 *   E1  A token of one kind opens as no other.  Forged, of another kind, of another vault, changed, too late: one and the
 *       same answer, with the same work behind it.
 *   E2  TOKEN_STOP works for years and after erasure: it needs no row, as it carries the address's digest under the
 *       suppression key, never the address.
 *   E3  In what a token carries nobody is named; whether the person is still there, and still has that address,
 *       is for the caller to ask.
 *   E4  A restore leaves links as they are: what they stop or show is asked of the store as it is then.  What may
 *       be used once needs a row of its caller's.
 */
#ifndef VAULT_TOKEN_H
#define VAULT_TOKEN_H

#include "vault/vault.h"

#define TOKEN_EXTRA_MAX 64
#define TOKEN_CHARS_MAX 256

/* Where it leads, and how long it works unless its maker says less; 0: without end. */
/*      enum                  no  days */
#define TOKEN_KIND_TABLE(X) \
	X(TOKEN_CONFIRM,       1,    2) /* double opt-in */ \
	X(TOKEN_STOP,          2,    0) /* one click: RFC 8058 */ \
	X(TOKEN_PREFERENCES,   3,  180) \
	X(TOKEN_MINE,          4,    1) /* one's own data */

#define TOKEN_ENUM(e, no, days) e = no,
enum token_kind { TOKEN_NONE = 0, TOKEN_KIND_TABLE(TOKEN_ENUM) TOKEN_KIND_COUNT };
#undef TOKEN_ENUM

struct token_body {
	uint8_t digest[DIGEST_BYTES]; /* of the address: suppression_digest(); zero: none */
	uid subject;                  /* zero: nobody who is held */
	uint32_t purpose;             /* 0: all marketing */
	enum channel channel;         /* of the address */
	time_us made_at;              /* set by token_make(): job->now, in whole seconds */
	time_us until_at;             /* 0: as long as its kind says; TIME_NEVER */
	bytes extra;                  /* the kind's own, at most TOKEN_EXTRA_MAX */
};

/* base64url in the arena, at most TOKEN_CHARS_MAX. */
str token_make(struct job *job, const struct vault *vault, enum token_kind kind, const struct token_body *body);
/* E1.  What it carries lies in the arena. */
must_check bool token_open(struct job *job, const struct vault *vault, enum token_kind kind, str token,
                           struct token_body *ret);

/* The kinds' keys, from the vault's: at opening and closing. */
void token_keys_make(struct vault *vault, const uint8_t *link_key);
void token_keys_free(struct vault *vault);

#endif
