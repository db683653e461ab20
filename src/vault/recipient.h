/* vault/recipient.h -- the register of those who receive data: processors, partners, authorities.
 *
 * A recipient has a name for addresses and commands (as `mailhouse`) and a title, which is the name that
 * purposes state in their `recipients` ("Tryckeriet AB"); a purpose means it by either.
 *
 *   E1  The secret of a webhook is given once, when it is made; it is kept sealed under a named key and
 *       is in clear only while something is signed.
 *   E2  After a rotation the secret before it holds for RECIPIENT_OVERLAP more, so that the recipient
 *       can change over without losing an event; then it is gone.
 *   E3  A webhook that says it is gone (410) is called no more until the recipient is put again; what
 *       waits for it is for programs to take.
 */
#ifndef VAULT_RECIPIENT_H
#define VAULT_RECIPIENT_H

#include "vault/vault.h"

#define RECIPIENT_OVERLAP (24 * 3600 * TIME_SECOND)

enum recipient_state { RECIPIENT_IN_USE = 1, RECIPIENT_GONE = 2 };

struct recipient {
	int64_t no;
	str name;
	str title;
	str role;          /* processor, controller ... */
	str contact;
	str url;           /* of the webhook; empty: none */
	enum recipient_state state;
	bool secret_there;
	time_us old_until_at; /* TIME_NEVER: no older secret holds */
	time_us resume_at;
	time_us updated_at;
};

/* Make or change.  no and the state are not read: a recipient that is put is in use.  With a URL where
 * there was none, a secret is made: *ret_secret is its text, else empty.
 *   ERR_INVALID a member   ERR_CONFLICT another recipient has the title   ERR_LIMIT */
must_check enum err recipient_put(struct job *job, struct vault *vault, struct recipient *recipient,
                                  bool *ret_created, str *ret_secret);
/* A new secret (E2).   ERR_ABSENT   ERR_CONFLICT it has no webhook */
must_check enum err recipient_secret_new(struct job *job, struct vault *vault, str name,
                                         str *ret_secret);

/* ERR_ABSENT */
must_check enum err recipient_get(struct job *job, str name, struct recipient *ret);
must_check enum err recipient_get_no(struct job *job, struct db *db, int64_t no,
                                     struct recipient *ret);
must_check enum err recipient_list(struct job *job, int64_t after_no, size_t max,
                                   struct recipient **ret, size_t *ret_count);
/* By name or title, as purposes do.   ERR_ABSENT */
must_check enum err recipient_find(struct job *job, str name_or_title, struct recipient *ret);

/* Does the version of the purpose name it? */
bool version_names(const struct purpose_version *version, const struct recipient *recipient);

/* The secrets that sign now, newest first, in locked memory; NULL where there is none (E1). */
struct recipient_secrets {
	struct secret *secret[2];
};
must_check enum err recipient_secrets(struct job *job, struct vault *vault, int64_t no,
                                      struct recipient_secrets *ret);
void recipient_secrets_end(struct recipient_secrets *secrets); /* for OWNED */

#endif
