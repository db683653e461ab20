/* store/keys.h -- the keyring and keys.db together: who has which key, and turning epochs over.
 *
 *   N1  A key set put by a write is wrapped by an epoch that lives: db_keys_put() through
 *       keys_put() refuses (ERR_STALE, the caller prepares again) what a rotation has overtaken.
 *   N2  An epoch is dropped only when nothing is wrapped by it any more.
 */
#ifndef STORE_KEYS_H
#define STORE_KEYS_H

#include "crypto/keyring.h"
#include "store/store.h"

struct keys;

/* First epoch and the vault's named keys, for a store that was just made.  The root is borrowed. */
must_check enum err keys_create(struct job *job, const char *dir, struct secret *root);

/* Takes the root.  ERR_ROOT it is not this store's root. */
must_check enum err keys_open(struct job *job, struct store *store, struct secret **root,
                              struct keys **ret);
void keys_close(struct keys **keys);
struct keyring *keys_ring(struct keys *keys);

/* The subject's key set.  ERR_ABSENT: it has none (erased).  db: any connection. */
must_check enum err keys_get(struct job *job, struct keys *keys, struct db *db, int64_t subject,
                             struct keyset **ret);

/* Named keys: borrowed for as long as `keys` lives; made when first asked for (durable first). */
must_check enum err keys_named(struct job *job, struct keys *keys, struct store *store, str name,
                               const uint8_t **ret);

/* Named keys that are destroyed some day (of a day, of a year): only ever handed out as copies, so
 * that nobody holds one that is gone.  By keys_named() only while it cannot be destroyed yet.  None of these inside steps. */
must_check enum err keys_named_copy(struct job *job, struct keys *keys, struct store *store, str name,
                                    struct secret **ret); /* made when first asked for */
/* ERR_ABSENT: never made, or destroyed. */
must_check enum err keys_named_find(struct job *job, struct keys *keys, str name, struct secret **ret);
/* Destroy it, in memory and on disk, before this returns.  Fine if it is gone. */
must_check enum err keys_named_drop(struct job *job, struct keys *keys, struct store *store, str name);
/* Names that begin with the prefix, in the arena. */
void keys_named_list(struct job *job, struct keys *keys, str prefix, str **ret, size_t *ret_count);

/* The escrowed key of that name: wrapped by the root itself, outside of the epochs.  Made when first
 * asked for (durable first).  The caller's own. */
must_check enum err keys_escrowed(struct job *job, struct keys *keys, struct store *store, str name,
                                  struct secret **ret);

/* Turn the epoch over while serving: new KEK, rewrap everything in batches, destroy the old ones.
 * A crash at any step leaves a store that opens and a rotation that can be run again, and so does a
 * failure.  ERR_BUSY: another one is under way.  Calls
 * progress(done, ctx) after each batch; may be NULL. */
must_check enum err keys_rotate(struct job *job, struct keys *keys, struct store *store,
                                void (*progress)(uint64_t done, void *ctx), void *ctx,
                                uint32_t *ret_epoch, uint64_t *ret_rewrapped);

#endif
