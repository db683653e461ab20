/* backup/target.h -- the directory that a vault is restored into; internal to backup/.
 *
 * The file `sealed` is made first, durably, and goes last: as long as it is there nothing but a restore
 * opens the store (store/store.h), and the next restore begins anew.
 */
#ifndef BACKUP_TARGET_H
#define BACKUP_TARGET_H

#include "base/job.h"

struct target {
	const char *dir;
	int lock;      /* on `sealed`; -1: none */
	bool made_dir, made_salt, opened;
};

/* An empty directory, or none yet, or what an interrupted restore left; a root key or the salt of a
 * passphrase may lie in it.
 *   ERR_CONFLICT  something else is there   ERR_LOCKED  another restore is under way there   ERR_IO */
must_check enum err target_begin(struct job *job, const char *dir, struct target *ret);
/* The salt of a passphrase, from the key backup; nothing where there is a root already. */
must_check enum err target_salt(struct job *job, struct target *target, const char *keys_backup);
/* From here on it is a vault as any other. */
must_check enum err target_open(struct job *job, struct target *target);
/* What was not opened goes, with all that target_begin() made; for OWNED. */
void target_end(struct target *target);

#endif
