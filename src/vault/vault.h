/* vault/vault.h -- one open vault: store, keys, registry.  Made in main/, handed down. */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include <pthread.h>

#include "access/access.h"
#include "crypto/root.h"
#include "crypto/sign.h"
#include "store/keys.h"
#include "store/store.h"
#include "vault/clock.h"
#include "vault/registry.h"

/* Purposes that are always there: never in the registry table, numbers above all others. */
#define PURPOSE_RIGHTS 60001
#define PURPOSE_ACCOUNTABILITY 60002
#define PURPOSE_BREAK_GLASS 60003

#define VAULT_TOKEN_KEYS 8 /* kinds of links in mails */

struct vault {
	struct store *store;
	struct keys *keys;
	struct access access;
	const char *facts; /* directory of the ledger */
	struct job own;    /* what lives as long as the vault */
	const uint8_t *suppression_key; /* borrowed from keys */
	struct secret *token_key[VAULT_TOKEN_KEYS]; /* vault/token.h */
	const uint8_t *signing_key;     /* a seed (crypto/sign.h), borrowed from keys */
	uint8_t signing_public[SIGN_PUBLIC_BYTES];
	pthread_mutex_t registry_mutex;
	struct registry *registry; /* newest snapshot read */
	struct clock clock;
	pthread_mutex_t sweep_mutex; /* a batch at a time: two rounds share the work */
	struct swept {             /* since the vault was opened */
		_Atomic uint64_t persons, values;
		_Atomic uint64_t failed; /* in the last whole round */
		_Atomic time_us at;      /* when that ended; 0: none yet */
	} swept;
	_Atomic bool backing_up; /* one backup at a time */
	_Atomic bool stopping;   /* long work is to give up */
};

/* Make a store and its first keys in `dir` (which must exist). */
must_check enum err vault_create(struct job *job, const char *dir, enum root_source source);
/* Open; finishes what a crash left (keys, facts). */
must_check enum err vault_open(struct job *job, const char *dir, struct vault **ret);

/* facts: the directory of the ledger of facts; NULL: the one that the vault was told of, else
 * DIR.facts beside the data. */
struct vault_place {
	const char *dir, *facts;
	bool remember; /* `facts` from now on, where it is not the default */
	bool sealed;   /* as backup/restore.h needs it: without ledger, though it is sealed */
	struct secret **root; /* taken, instead of being looked for; NULL: it is looked for */
};
must_check enum err vault_open_at(struct job *job, const struct vault_place *place, struct vault **ret);
void vault_close(struct vault **vault);

/* Where the ledger lies unless somebody said otherwise: DIR.facts. */
const char *facts_dir_default(struct job *job, const char *dir);
/* Where it lies while a vault is made: beside its place, so that an interruption leaves nothing there
 * that would be taken for another vault's; in its place where that is a directory already. */
const char *facts_dir_making(struct job *job, const char *facts);
/* Of a vault that was opened sealed: its ledger, from now on. */
must_check enum err vault_facts_open(struct job *job, struct vault *vault, const struct vault_place *place);
/* For a vault whose ledger is lost: a new one at its place.  From then on no backup made before can be
 * restored with what people took back since; that stands in the audit log.
 *   ERR_CONFLICT a ledger lies there   ERR_SEALED it is being restored   and as vault_open_at() */
must_check enum err vault_facts_renew(struct job *job, const struct vault_place *place, const char **ret_facts);
/* The key of the ledger of facts. */
must_check enum err facts_key(struct job *job, struct vault *vault, struct secret **ret);

/* Settings: short texts that are not personal.  Putting one makes every snapshot of the registry be
 * read again. */
must_check enum err setting_get(struct job *job, struct vault *vault, str name, str *ret,
                                bool *ret_there);
must_check enum err setting_put(struct job *job, struct vault *vault, str name, str value);

/* Suppression digest of an address in match form, and lookup digests (type_match / text_fold). */
void suppression_digest(const struct vault *vault, enum address address, str match,
                        uint8_t ret[DIGEST_BYTES]);

#endif
