/* crypto/keyring.h -- root, KEK epochs and what they wrap; the seam for a later keeper process.
 *
 * root -> KEK of epoch e -> { key set of one subject, named keys (lookup keys, tag keys ...) }.
 * Nothing here touches a database: rows are handed in and wrapped forms handed out; store/keys.h
 * keeps them in keys.db.
 *
 *   K1  A wrapped form says which epoch wrapped it and binds what it is (subject number or name)
 *       as associated data: it can be moved neither to another subject nor to another name.
 *   K2  A key set is in clear only in locked slots that belong to the keyring, between
 *       keyset_begin()/keyring_unwrap() and keyset_end(), which wipes.
 *   K3  A KEK whose epoch was dropped is wiped; what it wrapped stays unreadable.
 *
 * Thread-safe: any worker may wrap and unwrap at any time, also while a rotation adds or drops
 * epochs.
 */
#ifndef CRYPTO_KEYRING_H
#define CRYPTO_KEYRING_H

#include "crypto/seal.h"

#define KEYSET_MAX 65          /* section 0 is the evidence key, 1..64 are record sections */
#define KEYRING_EPOCHS_MAX 64  /* at once */
#define KEYRING_NAME_MAX 128   /* octets in the name of a named key; more must() fail */
#define KEYRING_SLOTS 1024     /* key sets in clear at once; more must() fail: workers are fewer */

struct keyring;

/* The keys of one subject, in clear, in a locked slot. */
struct keyset {
	uint32_t count;
	struct keyset_item {
		uint32_t section;
		uint8_t key[KEY_BYTES];
	} item[KEYSET_MAX];
};

/* --- life cycle ------------------------------------------------------------------------------ */

/* Takes the root over and leaves NULL. */
void keyring_new(struct secret **root, struct keyring **ret);
/* Wipes; accepts NULL; for OWNED.  Every key set must have been ended. */
void keyring_free(struct keyring **keyring);

/* --- epochs ---------------------------------------------------------------------------------- */

/* A random KEK for a new epoch (1 or more, not there yet); appends its form wrapped by the root to
 * ret_wrapped.  It does not become current before keyring_use(). */
void keyring_epoch_new(struct keyring *keyring, uint32_t epoch, struct buf *ret_wrapped);
/* Loading an epoch twice is fine.
 *   ERR_ROOT     this root did not wrap it, or not for this epoch: the key file is another vault's,
 *                or the passphrase is wrong (which root_read() cannot see)
 *   ERR_CORRUPT  the keyring has another key for that epoch
 *   ERR_LIMIT    KEYRING_EPOCHS_MAX are loaded */
must_check enum err keyring_epoch_load(struct job *job, struct keyring *keyring, uint32_t epoch,
                                       bytes wrapped);
void keyring_use(struct keyring *keyring, uint32_t epoch); /* wrap with this one from now on */
uint32_t keyring_current(const struct keyring *keyring); /* 0 before keyring_use() */
bool keyring_has(const struct keyring *keyring, uint32_t epoch);
/* K3.  Waits for those who wrap and unwrap.  Never of the current epoch; fine if gone. */
void keyring_epoch_drop(struct keyring *keyring, uint32_t epoch);

/* --- key sets -------------------------------------------------------------------------------- */

struct keyset *keyset_begin(struct keyring *keyring); /* empty */
void keyset_end(struct keyset **keyset);              /* wipes (K2); accepts NULL; for OWNED */
/* NULL when the section has no key. Borrowed. */
const uint8_t *keyset_find(const struct keyset *keyset, uint32_t section);
/* A fresh random key for the section, replacing one that is there.  Borrowed.  NULL when full. */
const uint8_t *keyset_renew(struct keyset *keyset, uint32_t section);
bool keyset_drop(struct keyset *keyset, uint32_t section); /* was it there? */

/* Wrapped form: le32 epoch | sealed( count, {le32 section, key}* ), associated with the subject. */
void keyring_wrap(struct keyring *keyring, int64_t subject, const struct keyset *keyset,
                  struct buf *ret_wrapped);
/* ERR_CRYPTO  tampered with, of another subject, or its epoch is gone */
must_check enum err keyring_unwrap(struct job *job, struct keyring *keyring, int64_t subject,
                                   bytes wrapped, struct keyset **ret);
bool wrapped_epoch(bytes wrapped, uint32_t *ret); /* which epoch wrapped it */

/* --- escrowed keys ---------------------------------------------------------------------------- */

/* Wrapped by the root itself: no turning of epochs touches them. */
void keyring_escrow_wrap(struct keyring *keyring, str name, struct secret *key,
                         struct buf *ret_wrapped);
/* ERR_ROOT  this root did not wrap it, or it is not that key */
must_check enum err keyring_escrow_open(struct job *job, struct keyring *keyring, str name,
                                        bytes wrapped, struct secret **ret);

/* --- named keys: lookup keys, tag keys, pending keys ----------------------------------------- */

struct secret *keyring_named_new(struct keyring *keyring, str name, struct buf *ret_wrapped);
void keyring_named_wrap(struct keyring *keyring, str name, struct secret *key,
                        struct buf *ret_wrapped);
must_check enum err keyring_named_open(struct job *job, struct keyring *keyring, str name,
                                       bytes wrapped, struct secret **ret);

#endif
