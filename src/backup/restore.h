/* backup/restore.h -- a vault from its backups, without what was taken away since.
 *
 *   V1  Nothing opens the restored store before all that was taken away after the backup is taken away
 *       again, durably, from rows and keys.  What an interruption leaves is sealed; the next restore
 *       there begins anew.
 *   V2  Without the ledger of facts nothing is restored, unless an operator says so twice, the second
 *       time naming the moment to which consents go back; that stands in the audit log.
 *   V3  No number is given again that may have been used: it goes on above the ledger's bounds (G3).
 *   V4  Nothing that was queued is sent: delivery is off, and what waits is held until it is released.
 *   V5  The audit log goes on under a new origin, in an entry that commits to every entry of the backup and to its
 *       last checkpoint.
 *
 * ENTRY_RESTORE of the whole (no subject; R4 has those of persons):
 *
 *   moment (16) | origin of the log from here on (16) | u8 1 with the ledger, 2 without | le64 last entry of
 *   the backup | hash over its entries (32) | le64 last fact of the backup | le64 facts said again |
 *   le64 persons changed | le64 persons erased | and, where the backup had an audit tree: its id (16) | le64 size |
 *   root (32), of the last checkpoint in it
 *
 *   hash   h(0) = 32 zeros; h(n) = SHA-256(h(n-1) | le64 seq, at, actor kind, actor, act, outcome, subject,
 *          purpose (0: none) | le32 length, body), over the entries in order
 */
#ifndef BACKUP_RESTORE_H
#define BACKUP_RESTORE_H

#include "vault/replay.h"

struct restore_ask {
	const char *data, *keys; /* each a backup, or a place where there are some: then the newest */
	const char *dir;         /* empty, or not there */
	const char *facts;       /* directory of the ledger */
	bool expired_keys;
	bool without_facts;
	str accepted;            /* V2: the moment, as restore_moment() says it */
};

struct restored {
	const char *data, *keys; /* the backups that were used */
	str moment;
	time_us made_at;
	uint64_t persons;        /* in the backup */
	struct replayed replayed;
	uint64_t unreadable;     /* persons whose record cannot be opened */
	uint64_t swept;          /* persons who lost a ground by time since */
	bool clock_trusted;      /* else nothing was swept: the server does it when it may */
	bool with_facts;
	int64_t entry;           /* ENTRY_RESTORE of the whole */
};

/* Leaves an open vault, or nothing (but `sealed`, after a crash).  job->actor: who restores.
 *   ERR_SEALED    there is no ledger and V2 is not said
 *   ERR_CONFLICT  the two are not of one moment; the directory is not empty; or V2 is said though the
 *                 ledger is there
 *   ERR_ABSENT, ERR_CORRUPT, ERR_CRYPTO, ERR_STALE, ERR_GONE, ERR_ROOT, ERR_NEWER, ERR_LOCKED  see pair.h,
 *   target.h and replay.h   ERR_FULL, ERR_IO, ERR_STORE */
must_check enum err restore(struct job *job, const struct restore_ask *ask, struct restored *ret);

/* The moment of the backup that would be used. */
must_check enum err restore_moment(struct job *job, const struct restore_ask *ask, str *ret);

/* What the entry of the whole says.  False: it is not one. */
struct restore_entry {
	uid moment, origin;
	bool with_facts;
	int64_t last_entry; /* of the backup */
	bytes log;          /* borrowed: the hash over its entries (32) */
	uint64_t facts, changed, erased;
	bool tree_there;
	uid tree;           /* of the backup */
	uint64_t tree_size;
	bytes tree_root;    /* borrowed */
};
must_check bool restore_entry_read(bytes body, struct restore_entry *ret);

#endif
