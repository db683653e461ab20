/* backup/backup.h -- backups of an open vault, while it serves.
 *
 * A data backup and a key backup of the same moment, in two places: the data without keys and without
 * lookups, useless to whoever has it alone; the wrapped keys, with an end to their life, after which
 * no backup can bring back whom the living store has forgotten.
 *
 *   A1  Data and keys are as of one moment between two writes.
 *   A2  A backup is whole or not there: it is made beside its place, synced and renamed.  What an
 *       interruption leaves is finished or taken away by the next one, and what it left of keys is
 *       destroyed when their life would have been over, at the latest.
 *   A3  Each backup stands for itself.  What it shares with the one before it (the same octets) is a
 *       second name for the same file; either can be deleted.
 *   A4  Nothing in it is in clear that is not in clear in the store.
 *   A5  The vault knows every place where it has put keys, and when the first of them is to go.  A place
 *       that is not there is told, not forgotten.
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

/* --- making ------------------------------------------------------------------------------------- */

struct backup_ask {
	const char *data, *keys; /* directories, absolute; made if their parents are there */
	int64_t keys_days;
	bool full;               /* share nothing with the one before */
};

struct backup_made {
	const char *data, *keys; /* where they are */
	uint64_t persons;
	uint64_t pieces, shared, octets; /* of the data: how many pieces are shared; octets that are new */
	int64_t fact;
	time_us made_at, until_at; /* until_at: of the keys */
};

/* Leaves its entry; also destroys the key backups in that place whose life is over.
 *   ERR_INVALID a place cannot be used, or the two are one, or one lies in the vault
 *   ERR_BUSY another is being made, or the server stops
 *   ERR_FULL, ERR_IO, ERR_STORE nothing half is left */
must_check enum err backup_make(struct job *job, struct vault *vault, const struct backup_ask *ask,
                                struct backup_made *ret);

/* --- what there is ------------------------------------------------------------------------------- */

struct backup_place {
	enum dump_side kind;
	const char *path;
	time_us at;   /* data: when the last was made there; keys: when the first is to be destroyed.  0: none */
	bool there;   /* now: mounted, not moved away */
	bool overdue; /* keys that should be gone may still be there */
};

struct backup_seen {
	enum dump_side kind;
	const char *path;
	bool readable; /* its manifest is whole and of this vault; only then the rest */
	time_us made_at, until_at;
	uint64_t persons, pieces;
	uid moment;    /* the same of data and keys */
	int64_t fact;
};

struct backup_shelf {
	struct backup_place *place;
	size_t places;
	struct backup_seen *seen; /* by place, oldest first */
	size_t count;
};

must_check enum err backup_list(struct job *job, struct vault *vault, struct backup_shelf *ret);
/* The places alone, from memory: `there` is not filled in. */
must_check enum err backup_places(struct job *job, struct vault *vault, struct backup_shelf *ret);

/* --- the end of key backups ---------------------------------------------------------------------- */

struct backup_pruned {
	uint64_t destroyed;
	uint64_t overdue; /* places that are not there, or in use, and may hold keys that should be gone */
};

/* Destroy the key backups whose life is over at job->now, and what interruptions left of others.  Costs
 * nothing while none is due.  One that cannot be destroyed keeps no other from it. */
must_check enum err backup_prune(struct job *job, struct vault *vault, struct backup_pruned *ret);
/* A place is gone for good, and with it whatever lay there.   ERR_INVALID not one of the places */
must_check enum err backup_place_forget(struct job *job, struct vault *vault, const char *path);

#endif
