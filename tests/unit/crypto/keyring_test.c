/* src/crypto/keyring.c, keyset.c: epochs, key sets, named keys. */
#include "crypto_test.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/keyring.h"

#define SUBJECT 4711

static struct secret *
root_of(uint8_t octet)
{
	uint8_t key[KEY_BYTES];

	memset(key, octet, sizeof(key));
	return secret_take(key);
}

/* A keyring with one epoch in use; its wrapped form is the job's. */
static struct keyring *
keyring_with(struct job *job, uint32_t epoch, bytes *ret_wrapped)
{
	OWNED(buf_release) struct buf wrapped = { .max = 1000 };
	struct secret *root = root_of(1);
	struct keyring *keyring;

	keyring_new(&root, &keyring);
	assert_null(root);
	assert_int_equal(keyring_current(keyring), 0);
	keyring_epoch_new(keyring, epoch, &wrapped);
	assert_int_equal(keyring_current(keyring), 0);
	keyring_use(keyring, epoch);
	assert_int_equal(keyring_current(keyring), epoch);
	if (ret_wrapped)
		*ret_wrapped = arena_bytes(&job->arena, buf_bytes(&wrapped));
	return keyring;
}

/* A second keyring over the same data. */
static enum err
keyring_again(struct job *job, uint8_t root_octet, uint32_t epoch, bytes wrapped,
              struct keyring **ret)
{
	struct secret *root = root_of(root_octet);

	keyring_new(&root, ret);
	return keyring_epoch_load(job, *ret, epoch, wrapped);
}

static bytes
wrapped_of(struct job *job, struct keyring *keyring, int64_t subject, const struct keyset *keyset)
{
	OWNED(buf_release) struct buf wrapped = { .max = 10000 };

	keyring_wrap(keyring, subject, keyset, &wrapped);
	assert_true(buf_ok(&wrapped));
	return arena_bytes(&job->arena, buf_bytes(&wrapped));
}

static bytes
named_of(struct job *job, struct keyring *keyring, str name, struct secret *key)
{
	OWNED(buf_release) struct buf wrapped = { .max = 1000 };

	keyring_named_wrap(keyring, name, key, &wrapped);
	assert_true(buf_ok(&wrapped));
	return arena_bytes(&job->arena, buf_bytes(&wrapped));
}

/* `count` sections: 0, 3, 6 ... */
static struct keyset *
keyset_of(struct keyring *keyring, uint32_t count)
{
	struct keyset *keyset = keyset_begin(keyring);

	for (uint32_t i = 0; i < count; i++)
		assert_non_null(keyset_renew(keyset, i * 3));
	return keyset;
}

static void
assert_refused(struct job *job, struct keyring *keyring, int64_t subject, bytes wrapped)
{
	struct keyset *keyset = NULL;

	assert_failed(job, keyring_unwrap(job, keyring, subject, wrapped, &keyset), ERR_CRYPTO);
	assert_null(keyset);
}

static void
assert_named_refused(struct job *job, struct keyring *keyring, str name, bytes wrapped)
{
	struct secret *key = NULL;

	assert_failed(job, keyring_named_open(job, keyring, name, wrapped, &key), ERR_CRYPTO);
	assert_null(key);
}

/* --- key sets -------------------------------------------------------------------------------- */

static void
a_key_set_finds_renews_and_drops(void **state)
{
	OWNED(keyring_free) struct keyring *keyring = keyring_with(*state, 1, NULL);
	OWNED(keyset_end) struct keyset *keyset = keyset_begin(keyring);
	uint8_t first[KEY_BYTES], last[KEY_BYTES];

	assert_int_equal(keyset->count, 0);
	assert_null(keyset_find(keyset, 0));
	assert_false(keyset_drop(keyset, 0));
	for (uint32_t section = 0; section < KEYSET_MAX; section++) {
		const uint8_t *key = keyset_renew(keyset, section);
		assert_ptr_equal(key, keyset_find(keyset, section));
		assert_false(all_zero(keyset_find(keyset, section), KEY_BYTES));
	}
	assert_null(keyset_renew(keyset, KEYSET_MAX)); /* full */

	memcpy(first, keyset_find(keyset, 5), KEY_BYTES);
	assert_non_null(keyset_renew(keyset, 5)); /* full, but this one is there */
	assert_int_equal(keyset->count, KEYSET_MAX);
	assert_memory_not_equal(first, keyset_find(keyset, 5), KEY_BYTES);

	memcpy(last, keyset_find(keyset, KEYSET_MAX - 1), KEY_BYTES);
	assert_true(keyset_drop(keyset, 5));
	assert_null(keyset_find(keyset, 5));
	assert_false(keyset_drop(keyset, 5));
	assert_int_equal(keyset->count, KEYSET_MAX - 1);
	assert_memory_equal(keyset_find(keyset, KEYSET_MAX - 1), last, KEY_BYTES);
	/* The place that became free holds nothing. */
	assert_true(all_zero(&keyset->item[KEYSET_MAX - 1], sizeof(keyset->item[0])));
	assert_true(keyset_drop(keyset, KEYSET_MAX - 1)); /* wherever it is now */
	assert_int_equal(keyset->count, KEYSET_MAX - 2);
}

static void
a_key_set_comes_back_as_it_was(void **state)
{
	static const uint32_t counts[] = { 0, 1, 2, 3, 17, KEYSET_MAX };
	struct job *job = *state;
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 9, NULL);

	for (size_t i = 0; i < COUNT(counts); i++) {
		OWNED(keyset_end) struct keyset *want = keyset_of(keyring, counts[i]);
		OWNED(keyset_end) struct keyset *got = NULL;
		bytes wrapped = wrapped_of(job, keyring, -SUBJECT, want);
		uint32_t epoch;

		assert_int_equal(wrapped.len, 4 + SEAL_OVERHEAD + 4 + counts[i] * 36);
		assert_true(wrapped_epoch(wrapped, &epoch));
		assert_int_equal(epoch, 9);
		assert_ok(keyring_unwrap(job, keyring, -SUBJECT, wrapped, &got));
		assert_memory_equal(got, want, sizeof(*want));
	}
	assert_false(wrapped_epoch((bytes){ (const uint8_t *)"abc", 3 }, &(uint32_t){ 0 }));
}

static void
a_slot_is_wiped_at_its_end_and_when_opening_fails(void **state)
{
	struct job *job = *state;
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 1, NULL);
	struct keyset *keyset = keyset_of(keyring, KEYSET_MAX), *slot = keyset;
	bytes wrapped = wrapped_of(job, keyring, SUBJECT, keyset);

	keyset_end(&keyset);
	assert_null(keyset);
	keyset_end(&keyset); /* NULL is fine */
	/* The slots stay mapped as long as the keyring is there, so this may look (K2). */
	assert_true(all_zero(slot, sizeof(*slot)));
	assert_refused(job, keyring, SUBJECT + 1, wrapped);
	assert_true(all_zero(slot, sizeof(*slot)));

	assert_ok(keyring_unwrap(job, keyring, SUBJECT, wrapped, &keyset));
	assert_ptr_equal(keyset, slot); /* it was this one that failed, too */
	keyset_end(&keyset);
	assert_true(all_zero(slot, sizeof(*slot)));
	/* wrap() works on a copy: in the next slot, as ours is taken. */
	keyset = keyset_of(keyring, 5);
	wrapped_of(job, keyring, SUBJECT, keyset);
	slot = keyset_begin(keyring);
	assert_true(all_zero(slot, sizeof(*slot)));
	keyset_end(&slot);
	keyset_end(&keyset);
}

static void
there_are_as_many_slots_as_promised(void **state)
{
	OWNED(keyring_free) struct keyring *keyring = keyring_with(*state, 1, NULL);
	static struct keyset *keyset[KEYRING_SLOTS];

	for (size_t i = 0; i < KEYRING_SLOTS; i++) {
		keyset[i] = keyset_begin(keyring);
		assert_true(all_zero(keyset[i], sizeof(*keyset[i])));
		memset(keyset[i], (int)i, sizeof(*keyset[i])); /* none overlaps another */
	}
	for (size_t i = 0; i < KEYRING_SLOTS; i++) {
		assert_int_equal(keyset[i]->item[KEYSET_MAX - 1].key[KEY_BYTES - 1], i & 255);
		assert_int_equal(keyset[i]->count & 255, i & 255);
		keyset_end(&keyset[i]);
	}
}

/* --- K1 -------------------------------------------------------------------------------------- */

static void
a_key_set_of_another_subject_is_refused(void **state)
{
	static const int64_t wrong[] = { SUBJECT + 1, -SUBJECT, 0, SUBJECT | INT64_MIN,
		                         SUBJECT + (INT64_C(1) << 32) };
	struct job *job = *state;
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 1, NULL);
	OWNED(keyset_end) struct keyset *keyset = keyset_of(keyring, 2);
	bytes wrapped = wrapped_of(job, keyring, SUBJECT, keyset);

	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_refused(job, keyring, wrong[i], wrapped);
}

static void
every_changed_bit_and_every_other_length_is_refused(void **state)
{
	struct job *job = *state;
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 1, NULL);
	OWNED(keyset_end) struct keyset *keyset = keyset_of(keyring, 2);
	OWNED(keyset_end) struct keyset *opened = NULL;
	bytes wrapped = wrapped_of(job, keyring, SUBJECT, keyset);
	uint8_t *octet = (uint8_t *)wrapped.ptr;
	uint8_t longer[8192] = { 0 };

	keyring_epoch_new(keyring, 3, &(struct buf){ 0 }); /* bit 1 of the epoch leads here */
	for (size_t bit = 0; bit < wrapped.len * 8; bit++) {
		octet[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_refused(job, keyring, SUBJECT, wrapped);
		octet[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < wrapped.len; len++)
		assert_refused(job, keyring, SUBJECT, (bytes){ wrapped.ptr, len });
	assert_refused(job, keyring, SUBJECT, (bytes){ 0 });
	memcpy(longer, wrapped.ptr, wrapped.len);
	for (size_t len = wrapped.len + 1; len <= sizeof(longer); len += 7)
		assert_refused(job, keyring, SUBJECT, (bytes){ longer, len });
	assert_ok(keyring_unwrap(job, keyring, SUBJECT, wrapped, &opened));
}

/* The epoch is bound too: even under the very same KEK, a form is of its own epoch only. */
static void
a_form_relabelled_to_another_epoch_is_refused(void **state)
{
	struct job *job = *state;
	bytes root = from_hex(job,
	                      "0101010101010101010101010101010101010101010101010101010101010101");
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 1, NULL);
	OWNED(keyset_end) struct keyset *keyset = NULL;
	OWNED(buf_release) struct buf two = { .max = 1000 }, three = { .max = 1000 };
	uint8_t kek[KEY_BYTES] = { 42 };
	bytes wrapped;

	seal(root.ptr, str_bytes(S("valv kek 1\0\2\0\0\0")), (bytes){ kek, KEY_BYTES }, &two);
	seal(root.ptr, str_bytes(S("valv kek 1\0\3\0\0\0")), (bytes){ kek, KEY_BYTES }, &three);
	assert_ok(keyring_epoch_load(job, keyring, 2, buf_bytes(&two)));
	assert_ok(keyring_epoch_load(job, keyring, 3, buf_bytes(&three)));
	keyring_use(keyring, 2);
	keyset = keyset_of(keyring, 1);
	wrapped = wrapped_of(job, keyring, SUBJECT, keyset);
	((uint8_t *)wrapped.ptr)[0] = 3;
	assert_refused(job, keyring, SUBJECT, wrapped);
}

/* Only who holds the root or a KEK can make such forms; they must not overrun a slot even so. */
static void
an_authentic_form_of_a_wrong_size_is_refused(void **state)
{
	static const struct {
		uint32_t count;
		size_t len;
	} bad[] = { { 0, 0 }, { 0, 3 }, { 0, 5 }, { 1, 4 }, { 0, 40 }, { 2, 40 },
		    { 66, 4 + 66 * 36 }, { 65, 4 + 66 * 36 }, { UINT32_MAX, 4 },
		    { 0x1c71c71d, 4 + 4 } };
	struct job *job = *state;
	bytes root = from_hex(job,
	                      "0101010101010101010101010101010101010101010101010101010101010101");
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 1, NULL);
	OWNED(buf_release) struct buf form = { .max = 10000 };
	uint8_t plain[4096] = { 42 }; /* its first octets are the KEK */

	seal(root.ptr, str_bytes(S("valv kek 1\0\2\0\0\0")), (bytes){ plain, 64 }, &form);
	assert_failed(job, keyring_epoch_load(job, keyring, 2, buf_bytes(&form)), ERR_ROOT);
	buf_clear(&form);
	seal(root.ptr, str_bytes(S("valv kek 1\0\2\0\0\0")), (bytes){ plain, 32 }, &form);
	assert_ok(keyring_epoch_load(job, keyring, 2, buf_bytes(&form)));

	for (size_t i = 0; i < COUNT(bad); i++) {
		OWNED(buf_release) struct buf bare = { .max = 5000 };
		uint8_t kek[KEY_BYTES] = { 42 };

		buf_le32(&bare, bad[i].count);
		buf_data(&bare, (bytes){ plain, bad[i].len > 4 ? bad[i].len - 4 : 0 });
		buf_clear(&form);
		buf_le32(&form, 2);
		seal(kek, str_bytes(S("valv subject 1\0\2\0\0\0\7\0\0\0\0\0\0\0")),
		     (bytes){ (uint8_t *)bare.ptr, bad[i].len }, &form);
		assert_refused(job, keyring, 7, buf_bytes(&form));
	}
}

static void
named_keys_open_under_their_own_name_only(void **state)
{
	static const str wrong[] = { S("lookup/emai"), S("lookup/emaill"), S("tag/email"), S(""),
		                     S("lookup/Email") };
	struct job *job = *state;
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 1, NULL);
	OWNED(buf_release) struct buf out = { .max = 1000 };
	OWNED(secret_free) struct secret *key =
		keyring_named_new(keyring, S("lookup/email"), &out);
	OWNED(secret_free) struct secret *again = NULL;
	bytes wrapped = arena_bytes(&job->arena, buf_bytes(&out));
	uint8_t *octet = (uint8_t *)wrapped.ptr;

	assert_false(all_zero(secret_octets(key), KEY_BYTES));
	assert_int_equal(wrapped.len, 4 + SEAL_OVERHEAD + KEY_BYTES);
	assert_ok(keyring_named_open(job, keyring, S("lookup/email"), wrapped, &again));
	assert_true(secret_equal(key, again));
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_named_refused(job, keyring, wrong[i], wrapped);
	for (size_t bit = 0; bit < wrapped.len * 8; bit++) {
		octet[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_named_refused(job, keyring, S("lookup/email"), wrapped);
		octet[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < wrapped.len; len++)
		assert_named_refused(job, keyring, S("lookup/email"), (bytes){ wrapped.ptr, len });
	assert_named_refused(job, keyring, S("lookup/email"), (bytes){ 0 });
}

/* Three kinds of forms that could be taken for one another: same key, same length, same epoch. */
static void
no_kind_of_form_opens_as_another(void **state)
{
	struct job *job = *state;
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 1, NULL);
	OWNED(keyset_end) struct keyset *keyset = keyset_of(keyring, 1);
	OWNED(secret_free) struct secret *key = secret_random();
	int64_t subject = 0x6c69616d652f7075; /* le64: the eight letters of the name below */
	str name = S("up/email");
	bytes as_subject = wrapped_of(job, keyring, subject, keyset);
	bytes as_name = named_of(job, keyring, name, key);
	bytes sealed = as_name, epoch;

	assert_named_refused(job, keyring, name, as_subject);
	assert_refused(job, keyring, subject, as_name);
	/* Nor a named key as an epoch's. */
	assert_true(eat_bytes(&sealed, 4, &epoch));
	assert_failed(job, keyring_epoch_load(job, keyring, 2, sealed), ERR_ROOT);
}

/* --- rotation -------------------------------------------------------------------------------- */

static void
a_rotation_rewraps_and_the_old_epoch_dies(void **state)
{
	struct job *job = *state;
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 1, NULL);
	OWNED(buf_release) struct buf epoch_form = { .max = 1000 };
	OWNED(keyset_end) struct keyset *keyset = keyset_of(keyring, 3);
	OWNED(keyset_end) struct keyset *old_one = NULL;
	OWNED(keyset_end) struct keyset *new_one = NULL;
	OWNED(secret_free) struct secret *key = secret_random();
	bytes old_form = wrapped_of(job, keyring, SUBJECT, keyset), new_form;
	bytes old_name = named_of(job, keyring, S("tag"), key);
	uint32_t epoch;

	keyring_epoch_new(keyring, 2, &epoch_form);
	assert_true(keyring_has(keyring, 1) && keyring_has(keyring, 2));
	assert_false(keyring_has(keyring, 0) || keyring_has(keyring, 3));
	keyring_use(keyring, 2);

	assert_ok(keyring_unwrap(job, keyring, SUBJECT, old_form, &old_one)); /* both are alive */
	new_form = wrapped_of(job, keyring, SUBJECT, old_one);
	assert_true(wrapped_epoch(new_form, &epoch) && epoch == 2);

	keyring_epoch_drop(keyring, 1);
	keyring_epoch_drop(keyring, 1); /* fine if gone */
	assert_false(keyring_has(keyring, 1));
	assert_refused(job, keyring, SUBJECT, old_form);
	assert_named_refused(job, keyring, S("tag"), old_name);
	assert_ok(keyring_unwrap(job, keyring, SUBJECT, new_form, &new_one));
	assert_memory_equal(new_one, keyset, sizeof(*keyset));
}

static void
a_dropped_epoch_is_wiped_and_its_number_may_not_come_back_by_itself(void **state)
{
	struct job *job = *state;
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 1, NULL);
	OWNED(buf_release) struct buf form = { .max = 1000 };
	OWNED(keyset_end) struct keyset *keyset = keyset_of(keyring, 1);
	OWNED(keyset_end) struct keyset *opened = NULL;
	bytes wrapped = wrapped_of(job, keyring, SUBJECT, keyset);

	keyring_epoch_new(keyring, 2, &form);
	keyring_use(keyring, 2);
	keyring_epoch_drop(keyring, 1);
	keyring_epoch_new(keyring, 1, &form); /* the same number, another key */
	assert_refused(job, keyring, SUBJECT, wrapped);
	keyring_use(keyring, 1);
	wrapped = wrapped_of(job, keyring, SUBJECT, keyset);
	assert_ok(keyring_unwrap(job, keyring, SUBJECT, wrapped, &opened));
}

/* From ptr to the end of its mapping, which is where the guard page begins. */
static bytes
mapped_from(const void *ptr)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	bytes found = { 0 };
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		uintptr_t from, to;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2 &&
		    (uintptr_t)ptr >= from && (uintptr_t)ptr < to)
			found = (bytes){ ptr, to - (uintptr_t)ptr };
	}
	fclose(maps);
	return found;
}

static bool
holds(const struct keyring *keyring, bytes key)
{
	bytes all = mapped_from(keyring);
	size_t at;

	return str_find(bytes_str(all), bytes_str(key), &at);
}

static void
the_key_of_a_dropped_epoch_is_nowhere_in_the_keyring(void **state)
{
	struct job *job = *state;
	bytes root = from_hex(job,
	                      "0101010101010101010101010101010101010101010101010101010101010101");
	bytes kek = from_hex(job,
	                     "8f1d5c00a7b3e2911f0203c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f701");
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 1, NULL);
	OWNED(buf_release) struct buf form = { .max = 1000 };

	assert_false(holds(keyring, kek));
	seal(root.ptr, str_bytes(S("valv kek 1\0\2\0\0\0")), kek, &form);
	assert_ok(keyring_epoch_load(job, keyring, 2, buf_bytes(&form)));
	assert_true(holds(keyring, kek));
	keyring_epoch_drop(keyring, 2);
	assert_false(holds(keyring, kek)); /* K3 */
}

static void
a_second_keyring_over_the_same_rows_reads_the_same(void **state)
{
	struct job *job = *state;
	bytes epoch_form;
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 5, &epoch_form);
	OWNED(keyring_free) struct keyring *again = NULL;
	OWNED(keyset_end) struct keyset *keyset = keyset_of(keyring, 4);
	OWNED(keyset_end) struct keyset *opened = NULL;

	assert_ok(keyring_again(job, 1, 5, epoch_form, &again));
	assert_ok(keyring_epoch_load(job, again, 5, epoch_form)); /* twice is fine */
	assert_int_equal(keyring_current(again), 0);
	assert_ok(keyring_unwrap(job, again, SUBJECT, wrapped_of(job, keyring, SUBJECT, keyset),
	                         &opened));
	assert_memory_equal(opened, keyset, sizeof(*keyset));
}

static void
a_wrong_root_or_epoch_is_told(void **state)
{
	struct job *job = *state;
	bytes form;
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 5, &form);
	OWNED(keyring_free) struct keyring *wrong = NULL;
	OWNED(keyring_free) struct keyring *again = NULL;
	OWNED(buf_release) struct buf other = { .max = 1000 };

	assert_failed(job, keyring_again(job, 2, 5, form, &wrong), ERR_ROOT);
	assert_false(keyring_has(wrong, 5));
	assert_failed(job, keyring_again(job, 1, 6, form, &again), ERR_ROOT);
	assert_failed(job, keyring_epoch_load(job, again, 0, form), ERR_ROOT);
	for (size_t len = 0; len < form.len; len++)
		assert_failed(job, keyring_epoch_load(job, again, 5, (bytes){ form.ptr, len }),
		              ERR_ROOT);
	assert_false(keyring_has(again, 5) || keyring_has(again, 6));

	keyring_epoch_new(again, 5, &other);
	assert_failed(job, keyring_epoch_load(job, again, 5, form), ERR_CORRUPT);
}

static void
there_is_room_for_as_many_epochs_as_promised(void **state)
{
	struct job *job = *state;
	bytes form;
	OWNED(keyring_free) struct keyring *keyring = keyring_with(job, 1000, &form);
	OWNED(keyring_free) struct keyring *full = NULL;
	OWNED(buf_release) struct buf wrapped = { .max = 100000 };
	struct secret *root = root_of(1);

	keyring_new(&root, &full);
	for (uint32_t epoch = 1; epoch <= KEYRING_EPOCHS_MAX; epoch++)
		keyring_epoch_new(full, epoch, &wrapped);
	assert_failed(job, keyring_epoch_load(job, full, 1000, form), ERR_LIMIT);
	keyring_epoch_drop(full, 30);
	assert_ok(keyring_epoch_load(job, full, 1000, form));
	assert_true(keyring_has(full, 1000) && keyring_has(full, 31) && !keyring_has(full, 30));
}

/* --- golden ---------------------------------------------------------------------------------- */

/* Made by another implementation (HChaCha20 written out in Python from the draft, the rest by
 * python3-cryptography): what lies in people's keys.db must be readable for ever. */
static void
the_forms_on_disk_are_what_they_were(void **state)
{
	struct job *job = *state;
	struct secret *root = secret_new();
	OWNED(keyring_free) struct keyring *keyring = NULL;
	OWNED(keyset_end) struct keyset *keyset = NULL;
	OWNED(secret_free) struct secret *named = NULL;

	for (size_t i = 0; i < KEY_BYTES; i++)
		secret_octets(root)[i] = (uint8_t)i;
	keyring_new(&root, &keyring);
	assert_ok(keyring_epoch_load(
		job, keyring, 7,
		from_hex(job, "6465666768696a6b6c6d6e6f707172737475767778797a7b"
	                      "5c52db93db0bafa5af19b7148a4293e66b8a6042d019fc87b46c5e9c1763462f"
	                      "2b5aee9e9b0270c01a2a6868f709dd3e")));
	assert_ok(keyring_unwrap(
		job, keyring, 0x1122334455,
		from_hex(job, "070000006465666768696a6b6c6d6e6f707172737475767778797a7b"
	                      "f9a66914b6f4363afa72492d730122f7d7ba9203d21cee8738857fa2f6705985"
	                      "76fc21238cf90019908dd05e0627b8a5ea15963ae2482e1bcd489e55db2053b6"
	                      "eeed55cde91111a9c7af79f96f69a5cc8f92358868edd057d0d2ac9a"),
		&keyset));
	assert_int_equal(keyset->count, 2);
	assert_int_equal(keyset_find(keyset, 0)[0], 0xe0);
	assert_int_equal(keyset_find(keyset, 3)[31], 0xe3);
	assert_ok(keyring_named_open(
		job, keyring, S("lookup/email"),
		from_hex(job, "070000006465666768696a6b6c6d6e6f707172737475767778797a7b"
	                      "510cc3be1c5e9c90b0380367394b68bd9df0d8499856a4cd72cf35e8bc3a13cf"
	                      "856c744dd39049af0ed6bccffd060dc4"),
		&named));
	assert_int_equal(secret_octets(named)[0], 0xaa);
}

/* --- broken assumptions ----------------------------------------------------------------------- */

static void
use_an_epoch_that_is_not_there(struct keyring *keyring)
{
	keyring_use(keyring, 2);
}

static void
drop_the_current_epoch(struct keyring *keyring)
{
	keyring_epoch_drop(keyring, 1);
}

static void
make_an_epoch_twice(struct keyring *keyring)
{
	keyring_epoch_new(keyring, 1, &(struct buf){ .max = 100 });
}

static void
make_epoch_zero(struct keyring *keyring)
{
	keyring_epoch_new(keyring, 0, &(struct buf){ .max = 100 });
}

static void
end_a_slot_twice(struct keyring *keyring)
{
	struct keyset *keyset = keyset_begin(keyring), *again = keyset;

	keyset_end(&keyset);
	keyset_end(&again);
}

static void
free_while_a_slot_is_out(struct keyring *keyring)
{
	keyset_begin(keyring);
	keyring_free(&keyring);
}

static void
take_too_many_slots(struct keyring *keyring)
{
	for (size_t i = 0; i <= KEYRING_SLOTS; i++)
		keyset_begin(keyring);
}

static void
wrap_before_any_epoch_is_used(struct keyring *keyring)
{
	struct secret *root = secret_new();
	struct keyring *unused;

	keyring_new(&root, &unused);
	keyring_wrap(unused, 1, keyset_begin(unused), &(struct buf){ .max = 100 });
}

static void
misuse_ends_the_process(void **state)
{
	void (*const misuse[])(struct keyring *) = {
		use_an_epoch_that_is_not_there, drop_the_current_epoch,   make_an_epoch_twice,
		make_epoch_zero,                end_a_slot_twice,         free_while_a_slot_is_out,
		take_too_many_slots,            wrap_before_any_epoch_is_used,
	};
	OWNED(keyring_free) struct keyring *keyring = keyring_with(*state, 1, NULL);

	for (size_t i = 0; i < COUNT(misuse); i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			struct rlimit no_core = { 0 };

			setrlimit(RLIMIT_CORE, &no_core);
			signal(SIGABRT, SIG_DFL); /* cmocka's handler would answer it */
			if (!freopen("/dev/null", "w", stderr))
				_exit(1);
			misuse[i](keyring);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

/* --- threads --------------------------------------------------------------------------------- */

#define WORKERS 4
#define ROTATIONS 150

struct race {
	struct keyring *keyring;
	atomic_bool stop;
	atomic_ullong opened;
	atomic_ullong refused; /* since its epoch was dropped in between */
	atomic_ullong wrong;
};

static void
work_once(struct race *race, struct job *job, int64_t subject)
{
	OWNED(buf_release) struct buf wrapped = { .max = 10000 };
	OWNED(keyset_end) struct keyset *want = keyset_begin(race->keyring);
	OWNED(keyset_end) struct keyset *got = NULL;
	uint32_t epoch = 0;

	for (uint32_t section = 0; section <= subject % 5; section++)
		keyset_renew(want, section);
	keyring_wrap(race->keyring, subject, want, &wrapped);
	if (!wrapped_epoch(buf_bytes(&wrapped), &epoch))
		race->wrong++;
	if (subject % 7 == 0)
		usleep(300); /* let a rotation come in between */
	if (keyring_unwrap(job, race->keyring, subject, buf_bytes(&wrapped), &got) == OK) {
		race->opened++;
		race->wrong += memcmp(got, want, sizeof(*want)) != 0;
	} else {
		race->refused++;
		race->wrong += keyring_has(race->keyring, epoch);
		job_forgive(job);
	}
	if (keyring_unwrap(job, race->keyring, subject + 1, buf_bytes(&wrapped), &got) == OK)
		race->wrong++;
	job_forgive(job);
}

static void *
worker(void *arg)
{
	struct race *race = arg;
	OWNED(job_release) struct job job = { 0 };

	for (int64_t subject = 1; !race->stop; subject++)
		work_once(race, &job, subject);
	return NULL;
}

static void
rotate(struct race *race, uint32_t epoch)
{
	OWNED(buf_release) struct buf form = { .max = 100 };

	keyring_epoch_new(race->keyring, epoch, &form);
	keyring_use(race->keyring, epoch);
	keyring_epoch_drop(race->keyring, epoch - 1);
	usleep(200);
}

static void
workers_go_on_while_epochs_come_and_go(void **state)
{
	OWNED(keyring_free) struct keyring *keyring = keyring_with(*state, 1, NULL);
	struct race race = { .keyring = keyring };
	pthread_t thread[WORKERS];

	for (size_t i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, worker, &race), 0);
	/* A rotation waits for workers, but they do not keep it waiting for ever. */
	for (uint32_t epoch = 2; epoch < 2 + ROTATIONS || !race.refused; epoch++)
		rotate(&race, epoch);
	race.stop = true;
	for (size_t i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	assert_true(race.opened > 0 && race.refused > 0);
	assert_int_equal(race.wrong, 0);
}

int
keyring_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_key_set_finds_renews_and_drops),
		EACH(a_key_set_comes_back_as_it_was),
		EACH(a_slot_is_wiped_at_its_end_and_when_opening_fails),
		EACH(there_are_as_many_slots_as_promised),
		EACH(a_key_set_of_another_subject_is_refused),
		EACH(every_changed_bit_and_every_other_length_is_refused),
		EACH(a_form_relabelled_to_another_epoch_is_refused),
		EACH(an_authentic_form_of_a_wrong_size_is_refused),
		EACH(named_keys_open_under_their_own_name_only),
		EACH(no_kind_of_form_opens_as_another),
		EACH(a_rotation_rewraps_and_the_old_epoch_dies),
		EACH(a_dropped_epoch_is_wiped_and_its_number_may_not_come_back_by_itself),
		EACH(the_key_of_a_dropped_epoch_is_nowhere_in_the_keyring),
		EACH(a_second_keyring_over_the_same_rows_reads_the_same),
		EACH(a_wrong_root_or_epoch_is_told),
		EACH(there_is_room_for_as_many_epochs_as_promised),
		EACH(the_forms_on_disk_are_what_they_were),
		EACH(misuse_ends_the_process),
		EACH(workers_go_on_while_epochs_come_and_go),
	};

	return cmocka_run_group_tests_name("keyring", tests, NULL, NULL);
}
