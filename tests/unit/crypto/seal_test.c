/* src/crypto/seal.c: sealing and digests. */
#include "crypto_test.h"

#include "crypto/seal.h"

static const uint8_t key[KEY_BYTES] = { 1, 2, 3 };
static const uint8_t other_key[KEY_BYTES] = { 1, 2, 4 };

static bytes
sealed_of(struct job *job, str associated, str plain)
{
	OWNED(buf_release) struct buf out = { .max = 100000 };

	seal(key, str_bytes(associated), str_bytes(plain), &out);
	assert_true(buf_ok(&out));
	assert_int_equal(out.len, plain.len + SEAL_OVERHEAD);
	return arena_bytes(&job->arena, buf_bytes(&out));
}

static void
what_was_sealed_opens(void **state)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 63, 64, 65, 4096, 65537 };
	struct job *job = *state;
	char *text = arena_alloc(&job->arena, 65537);
	bytes plain;

	for (size_t i = 0; i < 65537; i++)
		text[i] = (char)(i * 7);
	for (size_t i = 0; i < COUNT(lens); i++) {
		str want = { text, lens[i] };
		bytes sealed = sealed_of(job, S("who"), want);

		assert_ok(seal_open(job, key, str_bytes(S("who")), sealed, &plain));
		assert_true(str_eq(bytes_str(plain), want));
	}
}

static void
sealing_appends_and_never_repeats_a_nonce(void **state)
{
	OWNED(buf_release) struct buf out = { .max = 1000 };
	struct job *job = *state;
	bytes plain;

	buf_put(&out, S("before"));
	seal(key, (bytes){ 0 }, str_bytes(S("plain")), &out);
	seal(key, (bytes){ 0 }, str_bytes(S("plain")), &out);
	assert_int_equal(out.len, 6 + 2 * (5 + SEAL_OVERHEAD));
	assert_memory_equal(out.ptr, "before", 6);
	assert_memory_not_equal(out.ptr + 6, out.ptr + 6 + 45, 24);
	assert_memory_not_equal(out.ptr + 6 + 24, out.ptr + 6 + 45 + 24, 5);
	assert_ok(seal_open(job, key, (bytes){ 0 }, (bytes){ (uint8_t *)out.ptr + 6, 45 }, &plain));
	assert_true(str_eq(bytes_str(plain), S("plain")));
}

static void
a_full_buf_takes_nothing(void **state)
{
	OWNED(buf_release) struct buf out = { .max = SEAL_OVERHEAD + 4 };

	seal(key, (bytes){ 0 }, str_bytes(S("plain")), &out);
	assert_false(buf_ok(&out));
	assert_int_equal(out.len, 0);
}

static void
every_changed_bit_is_refused(void **state)
{
	struct job *job = *state;
	bytes sealed = sealed_of(job, S("who"), S("a plain text of some length"));
	uint8_t *octet = (uint8_t *)sealed.ptr;
	bytes plain = { NULL, 77 };

	for (size_t bit = 0; bit < sealed.len * 8; bit++) {
		octet[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_failed(job, seal_open(job, key, str_bytes(S("who")), sealed, &plain),
		              ERR_CRYPTO);
		octet[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(plain.len, 77); /* written only on success */
	assert_ok(seal_open(job, key, str_bytes(S("who")), sealed, &plain));
}

static void
every_shorter_and_a_longer_form_is_refused(void **state)
{
	struct job *job = *state;
	bytes sealed = sealed_of(job, S("who"), S("plain")), plain;
	uint8_t longer[64] = { 0 };

	for (size_t len = 0; len < sealed.len; len++)
		assert_failed(job,
		              seal_open(job, key, str_bytes(S("who")), (bytes){ sealed.ptr, len },
		                        &plain),
		              ERR_CRYPTO);
	assert_failed(job, seal_open(job, key, str_bytes(S("who")), (bytes){ 0 }, &plain),
	              ERR_CRYPTO);
	memcpy(longer, sealed.ptr, sealed.len);
	assert_failed(job,
	              seal_open(job, key, str_bytes(S("who")), (bytes){ longer, sealed.len + 1 },
	                        &plain),
	              ERR_CRYPTO);
}

static void
another_key_or_association_is_refused(void **state)
{
	static const str wrong[] = { S("wha"), S("wh"), S("whoo"), S(""), S("\0who") };
	struct job *job = *state;
	bytes sealed = sealed_of(job, S("who"), S("plain")), plain;

	assert_failed(job, seal_open(job, other_key, str_bytes(S("who")), sealed, &plain),
	              ERR_CRYPTO);
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_failed(job, seal_open(job, key, str_bytes(wrong[i]), sealed, &plain),
		              ERR_CRYPTO);
}

static void
nothing_of_the_plaintext_is_left_where_the_tag_is_wrong(void **state)
{
	struct job *job = *state;
	bytes sealed = sealed_of(job, S("who"), S("plain text"));
	uint8_t out[10];

	((uint8_t *)sealed.ptr)[sealed.len - 1] ^= 1;
	memset(out, 0, sizeof(out));
	assert_false(seal_open_into(key, str_bytes(S("who")), sealed, out));
	assert_true(all_zero(out, sizeof(out)));
	((uint8_t *)sealed.ptr)[sealed.len - 1] ^= 1;
	assert_true(seal_open_into(key, str_bytes(S("who")), sealed, out));
	assert_memory_equal(out, "plain text", 10);
}

/* draft-irtf-cfrg-xchacha-03, A.3.1 */
static void
the_vector_of_the_xchacha_draft_opens(void **state)
{
	struct job *job = *state;
	bytes draft_key = from_hex(
		job, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
	bytes associated = from_hex(job, "50515253c0c1c2c3c4c5c6c7");
	bytes sealed = from_hex(
		job, "404142434445464748494a4b4c4d4e4f5051525354555657" /* nonce */
		     "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
		     "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
		     "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
		     "21f9664c97637da9768812f615c68b13b52e"
		     "c0875924c1c7987947deafd8780acf49"); /* tag */
	bytes plain;

	assert_ok(seal_open(job, draft_key.ptr, associated, sealed, &plain));
	assert_true(str_eq(bytes_str(plain),
	                   S("Ladies and Gentlemen of the class of '99: If I could offer you "
	                     "only one tip for the future, sunscreen would be it.")));
}

/* --- digests --------------------------------------------------------------------------------- */

/* Printed by Python: hashlib.blake2b(b"".join(len(p).to_bytes(4, "little") + p for p in parts),
 * key=bytes(range(32)), digest_size=32).hexdigest() */
static void
keyed_digests_are_those_of_another_implementation(void **state)
{
	uint8_t range[200], digest[DIGEST_BYTES];
	bytes split[] = { str_bytes(S("ab")), str_bytes(S("c")) };
	bytes moved[] = { str_bytes(S("a")), str_bytes(S("bc")) };
	bytes empty = { 0 }, all = { range, sizeof(range) };

	for (size_t i = 0; i < sizeof(range); i++)
		range[i] = (uint8_t)i;
	digest_keyed(range, NULL, 0, digest);
	assert_hex((bytes){ digest, DIGEST_BYTES },
	           "4e51e7a913fc80137da52880fecca175bf81e117d5c68126dc2774033517ea0d");
	digest_keyed(range, &empty, 1, digest);
	assert_hex((bytes){ digest, DIGEST_BYTES },
	           "ddfc80556f40178d1fe15f8967eaa2b434e5dc27c87942da881a2764865dfc15");
	digest_keyed(range, split, 2, digest);
	assert_hex((bytes){ digest, DIGEST_BYTES },
	           "a7fb44ab4efc5847febbc7d17cb87d8721c9f5b553c1cf69d35a4cadcfef3544");
	digest_keyed(range, moved, 2, digest);
	assert_hex((bytes){ digest, DIGEST_BYTES },
	           "02b7b65db9745d9979f842964fb33c5b42e171ba19c144e732f4279635371bd7");
	digest_keyed(range, &all, 1, digest);
	assert_hex((bytes){ digest, DIGEST_BYTES },
	           "f4a168a3649728cbca4ca17f7ff75fbac9a9bd1e05768aad0e8773fb94fb2636");
}

static void
keyed_digests_differ_by_key(void **state)
{
	uint8_t one[DIGEST_BYTES], two[DIGEST_BYTES];
	bytes part = str_bytes(S("anna@example.com"));

	digest_keyed(key, &part, 1, one);
	digest_keyed(other_key, &part, 1, two);
	assert_memory_not_equal(one, two, DIGEST_BYTES);
}

/* RFC 6234's "abc" and FIPS 180-4's empty message; BLAKE2b-256 by Python's hashlib. */
static void
public_and_token_digests_are_the_published_ones(void **state)
{
	uint8_t digest[DIGEST_BYTES];

	digest_public(str_bytes(S("abc")), digest);
	assert_hex((bytes){ digest, 32 },
	           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_public((bytes){ 0 }, digest);
	assert_hex((bytes){ digest, 32 },
	           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	digest_token(str_bytes(S("abc")), digest);
	assert_hex((bytes){ digest, 32 },
	           "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
	digest_token((bytes){ 0 }, digest);
	assert_hex((bytes){ digest, 32 },
	           "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

int
seal_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(what_was_sealed_opens),
		EACH(sealing_appends_and_never_repeats_a_nonce),
		EACH(a_full_buf_takes_nothing),
		EACH(every_changed_bit_is_refused),
		EACH(every_shorter_and_a_longer_form_is_refused),
		EACH(another_key_or_association_is_refused),
		EACH(nothing_of_the_plaintext_is_left_where_the_tag_is_wrong),
		EACH(the_vector_of_the_xchacha_draft_opens),
		EACH(keyed_digests_are_those_of_another_implementation),
		EACH(keyed_digests_differ_by_key),
		EACH(public_and_token_digests_are_the_published_ones),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
