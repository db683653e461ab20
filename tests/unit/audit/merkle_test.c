/* src/audit/merkle.c and texts.c: the vectors of RFC 6962's authors, and every proof of random trees against an
 * oracle that knows nothing of tiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "audit/texts.h"
#include "base/must.h"
#include "crypto/sign.h"

#define assert_ok(call) assert_int_equal(call, OK)
#define LEAVES 1200

/* --- the oracle: RFC 6962, 2.1, word for word -------------------------------------------------- */

static void
oracle_root(const struct merkle_hash *leaf, uint64_t n, struct merkle_hash *ret)
{
	struct merkle_hash left, right;
	uint64_t k = 1;

	if (n == 1) {
		*ret = leaf[0];
		return;
	}
	while (k * 2 < n)
		k *= 2;
	oracle_root(leaf, k, &left);
	oracle_root(leaf + k, n - k, &right);
	merkle_node(&left, &right, ret);
}

/* --- a tree in memory -------------------------------------------------------------------------- */

struct tiles {
	struct merkle_hash hash[3][LEAVES / MERKLE_WIDTH + 2][MERKLE_WIDTH];
	size_t width[3][LEAVES / MERKLE_WIDTH + 2];
	struct merkle_edge edge;
	struct merkle_hash leaf[LEAVES];
	uint64_t size;
	uint64_t random;
};

static void
keep(unsigned level, uint64_t tile, const struct merkle_hash hash[MERKLE_WIDTH], void *ctx)
{
	struct tiles *tiles = ctx;

	assert_true(level < 3);
	memcpy(tiles->hash[level][tile], hash, MERKLE_WIDTH * sizeof(*hash));
	tiles->width[level][tile] = MERKLE_WIDTH;
}

static unsigned
draw(struct tiles *tiles, unsigned below)
{
	tiles->random ^= tiles->random << 13;
	tiles->random ^= tiles->random >> 7;
	tiles->random ^= tiles->random << 17;
	return (unsigned)(tiles->random % below);
}

static void
grow(struct tiles *tiles, uint64_t size)
{
	for (; tiles->size < size; tiles->size++) {
		uint64_t number = tiles->random + tiles->size;
		merkle_leaf((bytes){ (const uint8_t *)&number, sizeof(number) }, &tiles->leaf[tiles->size]);
		merkle_append(&tiles->edge, &tiles->leaf[tiles->size], keep, tiles);
	}
	for (unsigned l = 0; l < 3; l++) {
		const struct level *level = &tiles->edge.level[l];
		memcpy(tiles->hash[l][level->tile], level->hash, level->count * sizeof(*level->hash));
		tiles->width[l][level->tile] = level->count;
	}
}

static enum err
tile_read(struct job *job, void *ctx, unsigned level, uint64_t tile, size_t width, const struct merkle_hash **ret)
{
	struct tiles *tiles = ctx;

	if (level >= 3 || tile >= COUNT(tiles->width[0]) || tiles->width[level][tile] < width)
		return fail(job, ERR_CORRUPT, "no such tile");
	*ret = tiles->hash[level][tile];
	return OK;
}

static int
begin(void **state)
{
	struct tiles *tiles = *state = calloc(1, sizeof(*tiles));

	assert_non_null(tiles);
	tiles->random = 0x2545f4914f6cdd1du;
	return 0;
}

static int
end(void **state)
{
	free(*state);
	return 0;
}

/* --- tests ------------------------------------------------------------------------------------- */

static void
assert_hash(const struct merkle_hash *hash, const char *hex)
{
	uint8_t octet[MERKLE_BYTES];

	assert_true(str_hex(str_from_c(hex), octet, sizeof(octet)));
	assert_memory_equal(hash->octet, octet, sizeof(octet));
}

static void
roots_are_those_of_the_reference(void **state)
{
	static const struct {
		const char *leaf, *root;
	} vector[] = {
		{ "", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
		{ "\x00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
		{ "\x10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
		{ "\x20\x21", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
		{ "\x30\x31", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
		{ "\x40\x41\x42\x43", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
		{ "\x50\x51\x52\x53\x54\x55\x56\x57", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
		{ "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
		  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
	};
	struct tiles *tiles = *state;
	struct merkle_hash leaf, root;

	merkle_fold(NULL, 0, &root);
	assert_hash(&root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < COUNT(vector); i++) {
		merkle_leaf((bytes){ (const uint8_t *)vector[i].leaf, i == 1 ? 1 : strlen(vector[i].leaf) }, &leaf);
		merkle_append(&tiles->edge, &leaf, keep, tiles);
		merkle_edge_root(&tiles->edge, &root);
		assert_hash(&root, vector[i].root);
	}
}

static void
flip_one(struct tiles *tiles, struct merkle_hash *hash)
{
	hash->octet[draw(tiles, MERKLE_BYTES)] ^= (uint8_t)(1 << draw(tiles, 8));
}

static void
check_inclusion(struct tiles *tiles, struct job *job, uint64_t index, uint64_t size, const struct merkle_hash *root)
{
	struct merkle merkle = { tile_read, tiles };
	struct merkle_proof proof, bad;
	struct merkle_hash other = tiles->leaf[index];

	assert_ok(merkle_inclusion(job, &merkle, index, size, &proof));
	assert_true(merkle_includes(&tiles->leaf[index], index, size, &proof, root));
	flip_one(tiles, &other);
	assert_false(merkle_includes(&other, index, size, &proof, root));
	assert_false(merkle_includes(&tiles->leaf[index], index, size, &proof, &other));
	assert_false(merkle_includes(&tiles->leaf[index], size, size, &proof, root));
	if (size > 1)
		assert_false(merkle_includes(&tiles->leaf[index], index ? index - 1 : index + 1, size, &proof, root));
	if (!proof.count)
		return;
	bad = proof;
	flip_one(tiles, &bad.hash[draw(tiles, (unsigned)bad.count)]);
	assert_false(merkle_includes(&tiles->leaf[index], index, size, &bad, root));
	bad = proof;
	bad.count--;
	assert_false(merkle_includes(&tiles->leaf[index], index, size, &bad, root));
	bad = proof;
	if (bad.count < MERKLE_PROOF_MAX)
		bad.hash[bad.count++] = *root;
	assert_false(merkle_includes(&tiles->leaf[index], index, size, &bad, root));
}

static void
check_consistency(struct tiles *tiles, struct job *job, uint64_t old, uint64_t size, const struct merkle_hash *root)
{
	struct merkle merkle = { tile_read, tiles };
	struct merkle_proof proof, bad;
	struct merkle_hash before, other;

	oracle_root(tiles->leaf, old, &before);
	assert_ok(merkle_consistency(job, &merkle, old, size, &proof));
	assert_true(merkle_consistent(old, &before, size, root, &proof));
	other = before;
	flip_one(tiles, &other);
	assert_false(merkle_consistent(old, &other, size, root, &proof));
	other = *root;
	flip_one(tiles, &other);
	assert_false(merkle_consistent(old, &before, size, &other, &proof));
	if (old > 1 && old < size && old - 1 != size)
		assert_false(merkle_consistent(old - 1, &before, size, root, &proof));
	if (!proof.count)
		return;
	bad = proof;
	flip_one(tiles, &bad.hash[draw(tiles, (unsigned)bad.count)]);
	assert_false(merkle_consistent(old, &before, size, root, &bad));
	bad = proof;
	bad.count--;
	assert_false(merkle_consistent(old, &before, size, root, &bad));
}

static void
random_trees_are_those_of_the_oracle(void **state)
{
	struct job job = { 0 };
	struct tiles *tiles = *state;
	struct merkle merkle = { tile_read, tiles };
	struct merkle_hash root, expected, of_edge;

	for (uint64_t size = 1; size <= LEAVES; size += size < 40 ? 1 : 1 + draw(tiles, 37)) {
		grow(tiles, size);
		oracle_root(tiles->leaf, size, &expected);
		merkle_edge_root(&tiles->edge, &of_edge);
		assert_memory_equal(of_edge.octet, expected.octet, MERKLE_BYTES);
		assert_ok(merkle_root(&job, &merkle, size, &root));
		assert_memory_equal(root.octet, expected.octet, MERKLE_BYTES);
		for (unsigned i = 0; i < (size < 40 ? size : 12); i++)
			check_inclusion(tiles, &job, size < 40 ? i : draw(tiles, (unsigned)size), size, &root);
		for (unsigned i = 1; i <= (size < 40 ? size : 12); i++)
			check_consistency(tiles, &job, size < 40 ? i : 1 + draw(tiles, (unsigned)size), size, &root);
		/* What an earlier checkpoint was over can be asked for later. */
		uint64_t earlier = 1 + draw(tiles, (unsigned)size);
		oracle_root(tiles->leaf, earlier, &expected);
		assert_ok(merkle_root(&job, &merkle, earlier, &root));
		assert_memory_equal(root.octet, expected.octet, MERKLE_BYTES);
	}
	job_release(&job);
}

static void
addresses_of_tiles_are_read_as_they_are_written(void **state)
{
	static const struct {
		struct tile_path path;
		const char *text;
	} good[] = {
		{ { 0, 0, 256 }, "0/000" },
		{ { 0, 273, 112 }, "0/273.p/112" },
		{ { 1, 1234067, 256 }, "1/x001/x234/067" },
		{ { TILE_ENTRIES, 1000, 1 }, "entries/x001/000.p/1" },
		{ { 7, 999999999999, 255 }, "7/x999/x999/x999/999.p/255" },
	};
	static const char *const bad[] = {
		"", "0", "0/", "0/0", "0/00", "0/0000", "8/000", "-1/000", "00/000", "0/x000/001", "0/001/002", "0/x01/002",
		"0/x001", "0/x001/", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "0/000.p", "0/000.p/1/", "/0/000",
		"entries", "entries/", "Entries/000", "0/000 ", "data/000", "0/x999/x999/x999/x999/999",
	};
	struct tile_path path;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		OWNED(buf_release) struct buf text = { .max = TILE_PATH_MAX };
		tile_path_put(&good[i].path, &text);
		assert_true(str_eq(buf_str(&text), str_from_c(good[i].text)));
		assert_true(tile_path_read(buf_str(&text), &path));
		assert_int_equal(path.level, good[i].path.level);
		assert_true(path.no == good[i].path.no);
		assert_int_equal(path.width, good[i].path.width);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(tile_path_read(str_from_c(bad[i]), &path));
}

static void
proofs_and_checkpoints_are_read_as_they_are_written(void **state)
{
	OWNED(buf_release) struct buf note = { .max = CHECKPOINT_MAX }, text = { .max = PROOF_TEXT_MAX };
	struct checkpoint checkpoint = { .origin = S("example.com/log"), .size = 70000, .root = { { 1, 2, 3 } } };
	struct proof_text proof = { .extra = { (const uint8_t *)"leaf", 4 }, .index = 3, .proof = { .count = 2 } }, read;
	struct job job = { 0 };

	(void)state;
	checkpoint_put(&checkpoint, &note);
	assert_true(checkpoint_read(buf_str(&note), &checkpoint));
	assert_true(str_eq(checkpoint.origin, S("example.com/log")) && checkpoint.size == 70000);
	proof.checkpoint = buf_str(&note);
	proof_put(&proof, &text);
	assert_true(proof_read(&job, buf_str(&text), &read));
	assert_int_equal(read.extra.len, 4);
	assert_int_equal(read.index, 3);
	assert_int_equal(read.proof.count, 2);
	assert_true(str_eq(read.checkpoint, buf_str(&note)));
	for (size_t len = 0; len + note.len < text.len; len++)
		assert_false(proof_read(&job, str_first(buf_str(&text), len), &read));
	assert_false(checkpoint_read(S("\n1\nAAAA\n"), &checkpoint));
	assert_false(checkpoint_read(S("o\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"), &checkpoint));
	assert_true(checkpoint_read(S("o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"), &checkpoint));
	assert_false(checkpoint_read(S("o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n"), &checkpoint));
	job_release(&job);
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(roots_are_those_of_the_reference),
		EACH(random_trees_are_those_of_the_oracle),
		cmocka_unit_test(addresses_of_tiles_are_read_as_they_are_written),
		cmocka_unit_test(proofs_and_checkpoints_are_read_as_they_are_written),
	};

	return cmocka_run_group_tests_name("audit-merkle", tests, NULL, NULL);
}
