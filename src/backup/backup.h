/* backup/backup.h -- backups of an open vault, while it serves.
 *
 * A data backup and a key backup of the same moment, in two places: the data without keys and without
 * lookups, useless to whoever has it alone; the wrapped keys, with an end to their life, after which
 * no backup can bring back whom the living store has forgotten.
 *
 *   A1  Data and keys are as of one moment between two writes.
 *   A2  A backup is whole or not there: it is made beside its place, synced and renamed.
 *   A3  Each backup stands for itself.  What it shares with the one before it (the same octets) is a
 *       second name for the same file; either can be deleted.
 *   A4  Nothing in it is in clear that is not in clear in the store.
 *
 *   DATA/data-20261127T091605Z-4f1c9a02/   manifest, list, pieces      (manifest.h)
 *   KEYS/keys-20261127T091605Z-4f1c9a02/   the same, for keys.db
 */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include "backup/manifest.h"
#include "vault/vault.h"

#define BACKUP_KEYS_DAYS 7       /* the life of a key backup, unless said */
#define BACKUP_KEYS_DAYS_MAX 366

struct backup_ask {
	const char *data, *keys; /* directories, absolute; made if their parents are there */
	int64_t keys_days;
	bool full;               /* share nothing with the one before */
};

struct backup_made {
	const char *data, *keys; /* where they are */
	uint64_t persons, pieces, shared, octets; /* of the data: how many pieces are shared; octets that are new */
	int64_t fact;
	time_us until_at;        /* of the keys */
};

/* Leaves its entry.   ERR_INVALID the two places are one, or lie in the vault   ERR_BUSY another is
 * being made   ERR_FULL, ERR_IO, ERR_STORE nothing half is left */
must_check enum err backup_make(struct job *job, struct vault *vault, const struct backup_ask *ask,
                                struct backup_made *ret);

/* Destroy the key backups whose life is over, in the places where this vault has put any. */
must_check enum err backup_prune(struct job *job, struct vault *vault, uint64_t *ret_dropped);

#endif
