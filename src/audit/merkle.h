/* audit/merkle.h -- the tree of RFC 6962 and RFC 9162 over SHA-256, in tiles of 256 hashes as C2SP tlog-tiles has them.
 *
 *   leaf   SHA-256(0x00 | entry)            node   SHA-256(0x01 | left | right)
 *   tile n of level l holds hash i = the root of the leaves (n*256+i)*256^l up to (n*256+i+1)*256^l
 *
 * Nothing here knows of a store or of what an entry is: hashes are asked for tile by tile.
 */
#ifndef AUDIT_MERKLE_H
#define AUDIT_MERKLE_H

#include "base/job.h"

#define MERKLE_BYTES 32
#define MERKLE_WIDTH 256    /* hashes in a whole tile */
#define MERKLE_LEVELS 8     /* of tiles; more leaves than 256^7 are never made */
#define MERKLE_PROOF_MAX 64 /* hashes in a proof */

struct merkle_hash {
	uint8_t octet[MERKLE_BYTES];
};

struct merkle_proof {
	struct merkle_hash hash[MERKLE_PROOF_MAX];
	size_t count;
};

void merkle_leaf(bytes entry, struct merkle_hash *ret);
void merkle_node(const struct merkle_hash *left, const struct merkle_hash *right, struct merkle_hash *ret);
/* The root over so many hashes that stand side by side; of none, the root of the empty tree. */
void merkle_fold(const struct merkle_hash *hash, size_t count, struct merkle_hash *ret);

/* --- growing ------------------------------------------------------------------------------------ */

/* The right edge: of each level the hashes that no whole tile holds yet. */
struct merkle_edge {
	struct level {
		uint64_t tile;   /* number of the tile that is being filled */
		size_t count;    /* below MERKLE_WIDTH */
		struct merkle_hash hash[MERKLE_WIDTH];
	} level[MERKLE_LEVELS];
};

typedef void merkle_full(unsigned level, uint64_t tile, const struct merkle_hash hash[MERKLE_WIDTH], void *ctx);

/* One more leaf; each tile that it makes whole is handed out. */
void merkle_append(struct merkle_edge *edge, const struct merkle_hash *leaf, merkle_full *full, void *ctx);
void merkle_edge_root(const struct merkle_edge *edge, struct merkle_hash *ret);

/* --- asking ------------------------------------------------------------------------------------- */

/* Gives the first `width` hashes of a tile (1 to 256); borrowed as long as the job's arena.  Errors are
 * handed on; ERR_CORRUPT where there are fewer. */
typedef enum err merkle_read(struct job *job, void *ctx, unsigned level, uint64_t tile, size_t width,
                             const struct merkle_hash **ret);
struct merkle {
	merkle_read *read;
	void *ctx;
};

must_check enum err merkle_root(struct job *job, const struct merkle *tree, uint64_t size, struct merkle_hash *ret);
/* index < size */
must_check enum err merkle_inclusion(struct job *job, const struct merkle *tree, uint64_t index, uint64_t size,
                                     struct merkle_proof *ret);
/* 0 < old <= size; of the same size the proof is empty. */
must_check enum err merkle_consistency(struct job *job, const struct merkle *tree, uint64_t old, uint64_t size,
                                       struct merkle_proof *ret);

/* --- checking (RFC 9162, 2.1.3.2 and 2.1.4.2) ------------------------------------------------------ */

must_check bool merkle_includes(const struct merkle_hash *leaf, uint64_t index, uint64_t size,
                                const struct merkle_proof *proof, const struct merkle_hash *root);
must_check bool merkle_consistent(uint64_t old, const struct merkle_hash *old_root, uint64_t size,
                                  const struct merkle_hash *root, const struct merkle_proof *proof);

#endif
