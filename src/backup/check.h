/* backup/check.h -- is a backup what a restore needs?  It is restored into a scratch place, read whole, and
 * thrown away.
 *
 * Everything in the scratch place is sealed as it is in the store, wrapped keys beside it, the root not:
 * what is opened is opened in memory.  It is taken away whatever comes of it; what a kill leaves there is taken
 * away by the next check in that place.
 */
#ifndef BACKUP_CHECK_H
#define BACKUP_CHECK_H

#include "vault/replay.h"
#include "vault/verify.h"

struct check_ask {
	const char *data, *keys; /* each a backup, or a place where there are some: then the newest */
	const char *root_dir;    /* where the root is looked for (crypto/root.h) */
	const char *facts;       /* directory of the ledger: what it tells is said, too.  NULL: it is not */
	const char *scratch;     /* a directory to make one in */
	bool expired_keys;
};

struct checked {
	const char *data, *keys; /* the backups that were checked */
	str moment;
	time_us made_at, until_at;
	uint64_t tables, rows, pieces; /* of both, as counted; the manifests say the same */
	bool with_facts;
	struct replayed replayed;
	struct verify_result verified; /* every person opened, every ledger folded (vault/verify.h) */
};

/* OK also when something was found: see checked.verified.  Errors as those of a restore (backup/restore.h). */
must_check enum err backup_check(struct job *job, const struct check_ask *ask, struct checked *ret);

#endif
