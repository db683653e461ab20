/* audit/tree.h -- the Merkle tree over the audit log, and what is given out of it (C2SP tlog-tiles).
 *
 * Entries are put into the tree behind the log, in batches: a commit never waits for it.  What is in the tree is
 * signed; whoever keeps a checkpoint can tell later that the log still begins with what it was then.
 *
 *     log    1 ........................ seq ........... newest
 *     tree   leaf 0 ... leaf size - 1   |  not in it yet: a second of work, more under load
 *
 *   R1  Leaves are the entries in the order of their numbers, each once: size and seq of the tree, its tiles, its
 *       bundles and the checkpoint over them are written in one transaction.
 *   R2  A checkpoint leaves only after that is durable, so that no two of one origin contradict each other, also
 *       after a crash.
 *   R3  A restore begins a new tree with an id, and so an origin, of its own (docs/decisions/0148): its first leaves are
 *       the entries that the tree of the backup had not taken in yet.
 *   R4  Nothing of it is personal (leaf.h), so it may be given to anybody, and read without an entry.
 *
 * The origin is what the setting audit_origin says ("valv" without it), a slash and the tree's id.  The key that
 * signs is a named key, and so is the log's key of leaf.h.
 */
#ifndef AUDIT_TREE_H
#define AUDIT_TREE_H

#include "audit/leaf.h"
#include "audit/texts.h"

#define SETTING_AUDIT_ORIGIN S("audit_origin")

struct tree {
	int64_t no;
	uid id;
	uint64_t size;
	int64_t seq;         /* of the last entry in it */
	uint64_t pruned;     /* leaves below are without entry: the retention of the log */
	int64_t pruned_seq;
};

/* The newest.  *ret_there false: none has been begun. */
must_check enum err tree_last(struct job *job, struct db *db, struct tree *ret, bool *ret_there);
must_check enum err tree_number(struct job *job, int64_t no, struct tree *ret, bool *ret_there);
/* Under which its next checkpoint is signed. */
must_check enum err tree_origin(struct job *job, const struct tree *tree, str *ret);
/* Inside steps (R3): from here on entries go into a tree of that id. */
must_check enum err tree_begin_steps(struct job *job, struct db *db, uid id);

/* --- growing ------------------------------------------------------------------------------------ */

/* How much is done at once; the numbers that a server uses are TREE_BATCH. */
struct tree_batch {
	size_t entries;
	size_t items; /* of packed entries */
};
#define TREE_BATCH ((const struct tree_batch){ .entries = 16384, .items = 32768 })

/* One batch, and a checkpoint over it.  One caller at a time.  *ret_more: there is more to do now. */
must_check enum err tree_step(struct job *job, struct store *store, struct keys *keys, const struct tree_batch *batch,
                              bool *ret_more);

/* --- giving out --------------------------------------------------------------------------------- */

/* The newest signed checkpoint, without cosignatures (witness.h).  ERR_BUSY: none yet, in a second there is */
must_check enum err tree_checkpoint(struct job *job, str *ret);
/* A tile or bundle of the newest tree.  ERR_ABSENT: there are not so many, or its time was over */
must_check enum err tree_tile(struct job *job, const struct tile_path *path, bytes *ret);
/* A bundle of any tree; empty where there is none. */
must_check enum err tree_bundle(struct job *job, const struct tree *tree, uint64_t no, bytes *ret);
/* With which the checkpoints of the newest tree are verified.  ERR_BUSY: none yet */
must_check enum err tree_vkey(struct job *job, struct store *store, struct keys *keys, str *ret);

/* Where an entry stands. */
struct tree_place {
	struct tree tree;
	uint64_t index;
	bytes leaf;
};
/* ERR_ABSENT: no such entry, or not in the tree yet, or its time was over */
must_check enum err tree_place(struct job *job, int64_t seq, struct tree_place *ret);
/* That it is in the tree: a tlog-proof against the tree's newest checkpoint, with the leaf as extra data. */
must_check enum err tree_prove(struct job *job, int64_t seq, str *ret);

/* The log's key of leaf.h, and the seed that checkpoints are signed with; borrowed. */
must_check enum err tree_keys(struct job *job, struct store *store, struct keys *keys, const uint8_t **ret_log,
                              const uint8_t **ret_seed);

/* --- checking ----------------------------------------------------------------------------------- */

enum tree_fault {
	TREE_WHOLE = 0,
	TREE_TILE,       /* a hash is not that of what is under it, or is missing */
	TREE_LEAF,       /* a leaf is missing, or cannot be read */
	TREE_ORDER,      /* leaves are not the entries in their order */
	TREE_ENTRY,      /* an entry is not what its leaf says, or is missing */
	TREE_CHECKPOINT, /* what was signed is not what is there */
	TREE_FAULTS
};
str tree_fault_text(enum tree_fault fault);

struct tree_checked {
	enum tree_fault fault;  /* the first that was found */
	uint64_t trees, leaves, entries;
	uint64_t closed;        /* entries whose person is erased: only their clear part could be compared */
	int64_t seq;            /* near which entry the fault is; 0: none */
};

/* All trees from their leaves up, against the entries and against every checkpoint that is kept. */
must_check enum err tree_check(struct job *job, struct store *store, struct keys *keys, struct tree_checked *ret);

#endif
