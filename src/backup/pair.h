/* backup/pair.h -- a data backup and the key backup of the same moment, checked and loaded; internal to
 * backup/.  Shared by a restore and by the check of a backup.
 */
#ifndef BACKUP_PAIR_H
#define BACKUP_PAIR_H

#include "backup/source.h"
#include "vault/vault.h"

struct pair {
	struct source data, keys;
	struct secret *root; /* until a vault takes it */
	struct secret *key;  /* of the ledger of facts */
};
void pair_end(struct pair *pair); /* for OWNED */

/* Their manifests and lists; nothing is believed yet.
 *   ERR_ABSENT, ERR_CORRUPT, ERR_INVALID  see source.h   ERR_CONFLICT  not of one moment
 *   ERR_GONE  the life of the keys is over, and expired_keys is not said */
must_check enum err pair_open(struct job *job, const char *data, const char *keys, bool expired_keys,
                              struct pair *ret);
/* root_dir: where the root is looked for (crypto/root.h).  Reads all of the key backup.
 *   ERR_ROOT    none, or not the one that these keys are wrapped by
 *   ERR_CRYPTO  one of the two is not signed by this vault */
must_check enum err pair_believe(struct job *job, const char *root_dir, struct pair *pair);

/* Its ledger in that directory, all of it checked, and that it goes on from where the backup ends.
 *   ERR_ABSENT   it is not there          ERR_CRYPTO  it is another vault's
 *   ERR_CORRUPT  a part does not hold     ERR_STALE   it is older than this backup, or than another one
 *                                                     beside it */
must_check enum err pair_ledger(struct job *job, const struct pair *pair, const char *dir,
                                struct facts **ret);

/* Put all rows into a new store in a directory.  facts: the ledger that it goes with; NULL: as it was.
 *   ERR_NEWER    made by a newer Valv
 *   ERR_CORRUPT  a piece is not what it must be, rows are missing, or the ledger is not the one that
 *                the backup knew */
must_check enum err pair_load(struct job *job, const struct pair *pair, const char *dir, struct secret *key,
                              const char *facts_dir, const struct facts_head *head);

uint64_t manifest_rows(const struct manifest *manifest, str table);

#endif
