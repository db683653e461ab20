/* audit/merkle.c -- contract and forms: merkle.h. */
#include "audit/merkle.h"

#include <string.h>

#include "base/must.h"
#include "crypto/seal.h"

#define TILE_BITS 8

void
merkle_leaf(bytes entry, struct merkle_hash *ret)
{
	uint8_t octet[512];
	OWNED(buf_release) struct buf longer = { .max = 1 + entry.len };

	if (entry.len < sizeof(octet)) {
		octet[0] = 0x00;
		if (entry.len)
			memcpy(octet + 1, entry.ptr, entry.len);
		digest_public((bytes){ octet, entry.len + 1 }, ret->octet);
		return;
	}
	buf_u8(&longer, 0x00);
	buf_data(&longer, entry);
	must(buf_ok(&longer));
	digest_public(buf_bytes(&longer), ret->octet);
}

void
merkle_node(const struct merkle_hash *left, const struct merkle_hash *right, struct merkle_hash *ret)
{
	uint8_t octet[1 + 2 * MERKLE_BYTES] = { 0x01 };

	memcpy(octet + 1, left->octet, MERKLE_BYTES);
	memcpy(octet + 1 + MERKLE_BYTES, right->octet, MERKLE_BYTES);
	digest_public((bytes){ octet, sizeof(octet) }, ret->octet);
}

/* The largest power of two below n, for n > 1. */
static uint64_t
split(uint64_t n)
{
	return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

void
merkle_fold(const struct merkle_hash *hash, size_t count, struct merkle_hash *ret)
{
	struct merkle_hash left, right;

	if (!count) {
		digest_public((bytes){ 0 }, ret->octet);
		return;
	}
	if (count == 1) {
		*ret = hash[0];
		return;
	}
	merkle_fold(hash, split(count), &left);
	merkle_fold(hash + split(count), count - split(count), &right);
	merkle_node(&left, &right, ret);
}

/* --- growing ---------------------------------------------------------------------------------- */

void
merkle_append(struct merkle_edge *edge, const struct merkle_hash *leaf, merkle_full *full, void *ctx)
{
	struct merkle_hash hash = *leaf;

	for (unsigned l = 0;; l++) {
		must(l < MERKLE_LEVELS);
		struct level *level = &edge->level[l];
		level->hash[level->count++] = hash;
		if (level->count < MERKLE_WIDTH)
			return;
		full(l, level->tile, level->hash, ctx);
		merkle_fold(level->hash, MERKLE_WIDTH, &hash);
		level->tile++;
		level->count = 0;
	}
}

/* What stands above and to the left is the larger part: from the bottom up, each level goes in front of what
 * is there. */
void
merkle_edge_root(const struct merkle_edge *edge, struct merkle_hash *ret)
{
	bool any = false;

	merkle_fold(NULL, 0, ret);
	for (unsigned l = 0; l < MERKLE_LEVELS; l++) {
		const struct level *level = &edge->level[l];
		size_t end = level->count;
		while (end) { /* whole subtrees of this level, the smallest last */
			size_t whole = end & -end;
			struct merkle_hash hash;
			merkle_fold(level->hash + end - whole, whole, &hash);
			if (any)
				merkle_node(&hash, ret, ret);
			else
				*ret = hash;
			any = true;
			end -= whole;
		}
	}
}

/* --- asking ----------------------------------------------------------------------------------- */

/* A whole subtree: its tile's level is as high as fits, so that few hashes are read. */
static enum err
whole_read(struct job *job, const struct merkle *tree, uint64_t from, unsigned bits, struct merkle_hash *ret)
{
	unsigned level = bits / TILE_BITS, rest = bits % TILE_BITS;
	uint64_t first = from >> (level * TILE_BITS);
	size_t at = first % MERKLE_WIDTH, count = (size_t)1 << rest;
	const struct merkle_hash *hash;

	TRY(tree->read(job, tree->ctx, level, first / MERKLE_WIDTH, at + count, &hash));
	merkle_fold(hash + at, count, ret);
	return OK;
}

/* MTH(D[from:from+count]), where `from` is a multiple of the largest power of two in it. */
static enum err
range_read(struct job *job, const struct merkle *tree, uint64_t from, uint64_t count, struct merkle_hash *ret)
{
	struct merkle_hash left, right;

	if ((count & (count - 1)) == 0)
		return whole_read(job, tree, from, (unsigned)__builtin_ctzll(count), ret);
	TRY(range_read(job, tree, from, split(count), &left));
	TRY(range_read(job, tree, from + split(count), count - split(count), &right));
	merkle_node(&left, &right, ret);
	return OK;
}

enum err
merkle_root(struct job *job, const struct merkle *tree, uint64_t size, struct merkle_hash *ret)
{
	if (size)
		return range_read(job, tree, 0, size, ret);
	merkle_fold(NULL, 0, ret);
	return OK;
}

static enum err
proof_add(struct job *job, const struct merkle *tree, uint64_t from, uint64_t count, struct merkle_proof *proof)
{
	must(proof->count < MERKLE_PROOF_MAX);
	return range_read(job, tree, from, count, &proof->hash[proof->count++]);
}

/* PATH(m, D[from:from+count]) of RFC 6962, from the leaf up. */
static enum err
path(struct job *job, const struct merkle *tree, uint64_t index, uint64_t from, uint64_t count,
     struct merkle_proof *ret)
{
	uint64_t k;

	if (count == 1)
		return OK;
	k = split(count);
	if (index < from + k) {
		TRY(path(job, tree, index, from, k, ret));
		return proof_add(job, tree, from + k, count - k, ret);
	}
	TRY(path(job, tree, index, from + k, count - k, ret));
	return proof_add(job, tree, from, k, ret);
}

enum err
merkle_inclusion(struct job *job, const struct merkle *tree, uint64_t index, uint64_t size, struct merkle_proof *ret)
{
	must(index < size);
	ret->count = 0;
	return path(job, tree, index, 0, size, ret);
}

/* SUBPROOF(m, D[from:from+count], whole) */
static enum err
subproof(struct job *job, const struct merkle *tree, uint64_t old, uint64_t from, uint64_t count, bool whole,
         struct merkle_proof *ret)
{
	uint64_t k;

	if (old == count)
		return whole ? OK : proof_add(job, tree, from, count, ret);
	k = split(count);
	if (old <= k) {
		TRY(subproof(job, tree, old, from, k, whole, ret));
		return proof_add(job, tree, from + k, count - k, ret);
	}
	TRY(subproof(job, tree, old - k, from + k, count - k, false, ret));
	return proof_add(job, tree, from, k, ret);
}

enum err
merkle_consistency(struct job *job, const struct merkle *tree, uint64_t old, uint64_t size, struct merkle_proof *ret)
{
	must(old > 0 && old <= size);
	ret->count = 0;
	return subproof(job, tree, old, 0, size, true, ret);
}

/* --- checking --------------------------------------------------------------------------------- */

static bool
same(const struct merkle_hash *a, const struct merkle_hash *b)
{
	return memcmp(a->octet, b->octet, MERKLE_BYTES) == 0;
}

bool
merkle_includes(const struct merkle_hash *leaf, uint64_t index, uint64_t size, const struct merkle_proof *proof,
                const struct merkle_hash *root)
{
	struct merkle_hash hash = *leaf;
	uint64_t fn = index, sn = size - 1;

	if (index >= size)
		return false;
	for (size_t i = 0; i < proof->count; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) || fn == sn) {
			merkle_node(&proof->hash[i], &hash, &hash);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(&hash, &proof->hash[i], &hash);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && same(&hash, root);
}

bool
merkle_consistent(uint64_t old, const struct merkle_hash *old_root, uint64_t size, const struct merkle_hash *root,
                  const struct merkle_proof *proof)
{
	struct merkle_hash before, after;
	uint64_t fn = old - 1, sn = size - 1;
	size_t at = 0;

	if (!old || old > size)
		return false;
	if (old == size)
		return !proof->count && same(old_root, root);
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	if (old & (old - 1)) {
		if (!proof->count)
			return false;
		before = proof->hash[at++];
	} else {
		before = *old_root;
	}
	after = before;
	for (; at < proof->count; at++) {
		const struct merkle_hash *hash = &proof->hash[at];
		if (sn == 0)
			return false;
		if ((fn & 1) || fn == sn) {
			merkle_node(hash, &before, &before);
			merkle_node(hash, &after, &after);
			while (!(fn & 1) && fn) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			merkle_node(&after, hash, &after);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && same(&before, old_root) && same(&after, root);
}
