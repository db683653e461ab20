/* audit/texts.h -- the texts of the tree that leave and come back: C2SP checkpoints, tile addresses, proofs.
 *
 *   checkpoint   ORIGIN\n SIZE\n base64(ROOT)\n, signed as a note (crypto/sign.h)
 *   tile         LEVEL/N, LEVEL/N.p/W, entries/N, entries/N.p/W; N in groups of three digits: x001/x234/067
 *   bundle       of a tile's entries: be16 length | entry, each
 *   proof        c2sp.org/tlog-proof@v1\n [extra BASE64\n] index N\n base64(HASH)\n... \n checkpoint
 *
 * What is read comes from strangers.
 */
#ifndef AUDIT_TEXTS_H
#define AUDIT_TEXTS_H

#include "audit/merkle.h"

#define ORIGIN_MAX 90          /* octets of what the setting says; the tree's own name comes behind it */
#define CHECKPOINT_MAX 16384   /* octets of a signed one, with cosignatures */
#define PROOF_EXTRA_MAX 65536
#define PROOF_TEXT_MAX (CHECKPOINT_MAX + 2 * PROOF_EXTRA_MAX + 64 * 48)
#define TILE_PATH_MAX 64

struct checkpoint {
	str origin; /* borrowed */
	uint64_t size;
	struct merkle_hash root;
};

void checkpoint_put(const struct checkpoint *checkpoint, struct buf *out);
/* The text of a note, or a whole note: what comes behind the three lines is passed over. */
must_check bool checkpoint_read(str text, struct checkpoint *ret);

#define TILE_ENTRIES MERKLE_LEVELS /* the level of bundles */
struct tile_path {
	unsigned level;
	uint64_t no;
	size_t width; /* MERKLE_WIDTH: a whole one */
};

/* Without a slash in front. */
void tile_path_put(const struct tile_path *path, struct buf *out);
must_check bool tile_path_read(str text, struct tile_path *ret);

void bundle_put(bytes entry, struct buf *out);
must_check bool eat_bundle(bytes *rest, bytes *ret); /* one entry off the front; borrowed */

struct proof_text {
	bytes extra; /* empty: none */
	uint64_t index;
	struct merkle_proof proof;
	str checkpoint; /* signed; borrowed */
};

void proof_put(const struct proof_text *proof, struct buf *out);
/* extra is copied into the job's arena. */
must_check bool proof_read(struct job *job, str text, struct proof_text *ret);

#endif
