/* src/store/facts.c: the ledger's file. What it is made of, what it survives, what it refuses. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "crypto/seal.h"
#include "os/file.h"
#include "store/facts.h"

#define assert_ok(call) assert_string_equal(error_name(call), "OK")
#define assert_fails(job, err, call) \
	do { \
		assert_string_equal(error_name(call), #err); \
		assert_non_null((job)->failure.why); \
		job_forgive(job); \
	} while (0)

static const char *
error_name(enum err err)
{
	return err == OK ? "OK" : err_info(err)->name;
}

struct fixture {
	char dir[200], path[300];
	struct job job;
	struct secret *key;
	struct facts *facts;
	int64_t seen[64];
	size_t seen_count;
};

static struct fixture the_fixture;

static int
begin(void **state)
{
	struct fixture *f = *state = &the_fixture;
	struct facts_head head = { .bound = { 100, 1000 } };
	const char *tmp = getenv("TMPDIR");

	*f = (struct fixture){ .job = { .now = 1000 * TIME_DAY } };
	snprintf(f->dir, sizeof(f->dir), "%s/valv-facts-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%.200s/ledger", f->dir);
	assert_ok(crypto_start(&f->job));
	f->key = secret_new();
	for (size_t i = 0; i < KEY_BYTES; i++)
		secret_octets(f->key)[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(head.ledger.octet); i++)
		head.ledger.octet[i] = (uint8_t)(0xa0 + i);
	assert_ok(facts_create(&f->job, f->dir, f->key, &head));
	return 0;
}

static int
end(void **state)
{
	struct fixture *f = *state;

	facts_close(&f->facts);
	secret_free(&f->key);
	unlink(f->path);
	rmdir(f->dir);
	job_release(&f->job);
	return 0;
}

static void
reopen(struct fixture *f)
{
	facts_close(&f->facts);
	assert_ok(facts_open(&f->job, f->dir, f->key, NULL, FACTS_APPEND, &f->facts));
}

static enum err
read_all(struct fixture *f)
{
	facts_close(&f->facts);
	return facts_open(&f->job, f->dir, f->key, NULL, FACTS_READ, &f->facts);
}

static enum err
put(struct fixture *f, const char *const *text, size_t count)
{
	struct buf sealed[8] = { 0 };
	struct fact_sealed fact[8];
	int64_t no = facts_head(f->facts)->no;
	enum err err;

	for (size_t i = 0; i < count; i++) {
		sealed[i].max = FACT_BYTES + SEAL_OVERHEAD;
		facts_seal(f->facts, no + 1 + (int64_t)i, str_bytes(str_from_c(text[i])), &sealed[i]);
		fact[i] = (struct fact_sealed){ no + 1 + (int64_t)i, buf_bytes(&sealed[i]) };
	}
	err = facts_append(&f->job, f->facts, (struct facts_numbers){ 100, 1000 }, fact, count);
	for (size_t i = 0; i < count; i++)
		buf_release(&sealed[i]);
	return err;
}

static void
put_some(struct fixture *f)
{
	reopen(f);
	assert_ok(put(f, (const char *[]){ "first" }, 1));
	assert_ok(put(f, (const char *[]){ "second", "third" }, 2));
	assert_ok(facts_append(&f->job, f->facts, (struct facts_numbers){ 200, 1000 }, NULL, 0));
	assert_ok(put(f, (const char *[]){ "fourth" }, 1));
}

static enum err
visit(struct job *job, int64_t no, time_us at, bytes plain, void *ctx)
{
	static const char *const texts[] = { "first", "second", "third", "fourth", "fifth" };
	struct fixture *f = ctx;

	assert_true(str_eq(bytes_str(plain), str_from_c(texts[no - 1])));
	assert_int_equal(at, 1000 * TIME_DAY);
	f->seen[f->seen_count++] = no;
	return OK;
}

static int64_t
size_of(struct fixture *f)
{
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	return st.st_size;
}

/* --- what it keeps ------------------------------------------------------------------------------ */

static void
facts_come_back_in_order_from_after_a_number(void **state)
{
	struct fixture *f = *state;

	put_some(f);
	assert_ok(read_all(f));
	assert_int_equal(facts_head(f->facts)->no, 4);
	assert_int_equal(facts_head(f->facts)->bound.subjects, 200);
	assert_ok(facts_each(&f->job, f->facts, 0, visit, f));
	assert_int_equal(f->seen_count, 4);
	f->seen_count = 0;
	assert_ok(facts_each(&f->job, f->facts, 2, visit, f));
	assert_int_equal(f->seen_count, 2);
	assert_int_equal(f->seen[0], 3);
}

static void
nothing_of_a_fact_stands_in_the_file_in_clear(void **state)
{
	struct fixture *f = *state;
	bytes all;
	size_t at;

	put_some(f);
	assert_ok(file_read(&f->job, f->path, 1 << 20, &all));
	assert_false(str_find(bytes_str(all), S("second"), &at));
	assert_false(str_find(bytes_str(all), S("fourth"), &at));
}

static void
it_is_opened_from_a_place_that_is_known(void **state)
{
	struct fixture *f = *state;
	struct facts_head known;

	put_some(f);
	known = *facts_head(f->facts);
	assert_ok(put(f, (const char *[]){ "fifth" }, 1));
	facts_close(&f->facts);
	assert_ok(facts_open(&f->job, f->dir, f->key, &known, FACTS_APPEND, &f->facts));
	assert_int_equal(facts_parts(f->facts), 1);
	assert_int_equal(facts_head(f->facts)->no, 5);
	known.hash[3] ^= 1;
	facts_close(&f->facts);
	assert_fails(&f->job, ERR_CORRUPT,
	             facts_open(&f->job, f->dir, f->key, &known, FACTS_APPEND, &f->facts));
}

static void
an_older_copy_is_seen_by_who_knows_more(void **state)
{
	struct fixture *f = *state;
	struct facts_head known;
	int64_t before;

	put_some(f);
	before = size_of(f);
	assert_ok(put(f, (const char *[]){ "fifth" }, 1));
	known = *facts_head(f->facts);
	facts_close(&f->facts);
	assert_int_equal(truncate(f->path, before), 0);
	assert_fails(&f->job, ERR_STALE,
	             facts_open(&f->job, f->dir, f->key, &known, FACTS_APPEND, &f->facts));
}

static void
the_hash_at_a_number_is_that_of_the_last_part_that_ends_there(void **state)
{
	struct fixture *f = *state;
	uint8_t hash[FACTS_HASH_BYTES], middle[FACTS_HASH_BYTES];
	bool there;

	put_some(f);
	assert_ok(facts_hash_at(&f->job, f->facts, 4, &there, hash));
	assert_true(there);
	assert_memory_equal(hash, facts_head(f->facts)->hash, sizeof(hash));
	assert_ok(facts_hash_at(&f->job, f->facts, 2, &there, middle));
	assert_false(there); /* inside a part */
	assert_ok(facts_hash_at(&f->job, f->facts, 3, &there, middle));
	assert_true(there);
	assert_memory_not_equal(hash, middle, sizeof(hash));
}

/* --- who may ------------------------------------------------------------------------------------ */

static void
two_do_not_append_at_once(void **state)
{
	struct fixture *f = *state;
	struct facts *other = NULL;

	reopen(f);
	assert_fails(&f->job, ERR_LOCKED, facts_open(&f->job, f->dir, f->key, NULL, FACTS_APPEND, &other));
	assert_ok(facts_open(&f->job, f->dir, f->key, NULL, FACTS_READ, &other));
	facts_close(&other);
}

static void
another_key_opens_nothing(void **state)
{
	struct fixture *f = *state;

	put_some(f);
	secret_octets(f->key)[0] ^= 1;
	assert_fails(&f->job, ERR_CRYPTO, read_all(f));
}

static void
a_second_one_is_not_made(void **state)
{
	struct fixture *f = *state;

	assert_fails(&f->job, ERR_CONFLICT, facts_create(&f->job, f->dir, f->key, &(struct facts_head){ 0 }));
}

/* --- what a crash leaves -------------------------------------------------------------------------- */

/* Cut anywhere in the last part: what stands before it stands, and the next is written over the rest. */
static void
an_unfinished_end_is_cut_off(void **state)
{
	struct fixture *f = *state;
	int64_t before, after;
	bytes whole;

	put_some(f);
	before = size_of(f);
	assert_ok(put(f, (const char *[]){ "fifth" }, 1));
	after = size_of(f);
	facts_close(&f->facts);
	assert_ok(file_read(&f->job, f->path, 1 << 20, &whole));
	for (int64_t cut = before + 1; cut < after; cut++) {
		assert_ok(file_replace(&f->job, f->path, 0600, (bytes){ whole.ptr, (size_t)cut }));
		assert_ok(read_all(f));
		assert_true(facts_torn(f->facts));
		assert_int_equal(facts_head(f->facts)->no, 4);
	}
	reopen(f);
	assert_ok(put(f, (const char *[]){ "fifth" }, 1));
	assert_ok(read_all(f));
	assert_false(facts_torn(f->facts));
	assert_ok(facts_each(&f->job, f->facts, 0, visit, f));
	assert_int_equal(f->seen_count, 5);
}

/* A block that never reached the disk reads as zeros. */
static void
zeros_at_the_end_are_cut_off_by_who_appends(void **state)
{
	struct fixture *f = *state;

	put_some(f);
	facts_close(&f->facts);
	assert_int_equal(truncate(f->path, size_of(f) + 700), 0);
	assert_fails(&f->job, ERR_CORRUPT, read_all(f));
	reopen(f);
	assert_int_equal(facts_head(f->facts)->no, 4);
	assert_ok(put(f, (const char *[]){ "fifth" }, 1));
	assert_ok(read_all(f));
	assert_int_equal(facts_head(f->facts)->no, 5);
}

/* --- what somebody changed ------------------------------------------------------------------------ */

/* Every octet of the file, one after the other. */
static void
a_change_of_any_octet_is_found(void **state)
{
	struct fixture *f = *state;
	bytes whole;

	put_some(f);
	facts_close(&f->facts);
	assert_ok(file_read(&f->job, f->path, 1 << 20, &whole));
	for (size_t at = 0; at < whole.len; at++) {
		uint8_t *changed = (uint8_t *)(uintptr_t)whole.ptr + at;
		enum err err;
		*changed ^= 0x40;
		assert_ok(file_replace(&f->job, f->path, 0600, whole));
		err = read_all(f);
		assert_true(err == ERR_CORRUPT || err == ERR_CRYPTO);
		job_forgive(&f->job);
		*changed ^= 0x40;
	}
	assert_ok(file_replace(&f->job, f->path, 0600, whole));
	assert_ok(read_all(f));
}

/* Whole parts, taken out, doubled or exchanged: the chain does not hold. */
static void
parts_cannot_be_moved(void **state)
{
	struct fixture *f = *state;
	OWNED(buf_release) struct buf other = { .max = 1 << 20 };
	struct facts_part first, second;
	bool is_short;
	bytes whole, rest;

	put_some(f);
	facts_close(&f->facts);
	assert_ok(file_read(&f->job, f->path, 1 << 20, &whole));
	rest = (bytes){ whole.ptr + FACTS_HEAD_BYTES, whole.len - FACTS_HEAD_BYTES };
	assert_true(facts_part_read(rest, &first, &is_short));
	assert_true(facts_part_read((bytes){ rest.ptr + first.size, rest.len - first.size }, &second, &is_short));
	buf_data(&other, (bytes){ whole.ptr, FACTS_HEAD_BYTES }); /* without the first */
	buf_data(&other, (bytes){ rest.ptr + first.size, rest.len - first.size });
	assert_ok(file_replace(&f->job, f->path, 0600, buf_bytes(&other)));
	assert_fails(&f->job, ERR_CORRUPT, read_all(f));
	buf_clear(&other); /* the first twice */
	buf_data(&other, (bytes){ whole.ptr, FACTS_HEAD_BYTES + first.size });
	buf_data(&other, rest);
	assert_ok(file_replace(&f->job, f->path, 0600, buf_bytes(&other)));
	assert_fails(&f->job, ERR_CORRUPT, read_all(f));
}

/* --- the form of the file ------------------------------------------------------------------------- */

/* Written once by this code and kept: the form never changes.  Key 00 01 02 …, one fact "first". */
static const char golden[] =
#include "facts_golden.inc"
;

static void
a_ledger_of_the_first_day_is_read(void **state)
{
	struct fixture *f = *state;
	uint8_t octets[(sizeof(golden) - 1) / 2];
	bytes head;

	assert_ok(file_read(&f->job, f->path, 1 << 20, &head));
	assert_true(str_hex(str_from_c(golden), octets, sizeof(octets)));
	assert_memory_equal(octets, head.ptr, FACTS_HEAD_BYTES); /* it has nothing random in it */
	assert_ok(file_replace(&f->job, f->path, 0600, (bytes){ octets, sizeof(octets) }));
	assert_ok(read_all(f));
	assert_ok(facts_each(&f->job, f->facts, 0, visit, f));
	assert_int_equal(f->seen_count, 1);
}

/* VALV_GOLDEN=write prints a ledger for facts_golden.inc; only for a new form, beside the old. */
static void
golden_print(void **state)
{
	OWNED(buf_release) struct buf hex = { .max = 1 << 20 };
	struct fixture *f = *state;
	bytes whole;

	reopen(f);
	assert_ok(put(f, (const char *[]){ "first" }, 1));
	assert_ok(file_read(&f->job, f->path, 1 << 20, &whole));
	buf_hex(&hex, whole);
	for (str rest = buf_str(&hex); rest.len; rest = str_from(rest, 96))
		printf("\"%.*s\"\n", (int)(rest.len < 96 ? rest.len : 96), rest.ptr);
}

int
main(void)
{
	const struct CMUnitTest print[] = { cmocka_unit_test_setup_teardown(golden_print, begin, end) };
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
		T(facts_come_back_in_order_from_after_a_number),
		T(nothing_of_a_fact_stands_in_the_file_in_clear),
		T(it_is_opened_from_a_place_that_is_known),
		T(an_older_copy_is_seen_by_who_knows_more),
		T(the_hash_at_a_number_is_that_of_the_last_part_that_ends_there),
		T(two_do_not_append_at_once),
		T(another_key_opens_nothing),
		T(a_second_one_is_not_made),
		T(an_unfinished_end_is_cut_off),
		T(zeros_at_the_end_are_cut_off_by_who_appends),
		T(a_change_of_any_octet_is_found),
		T(parts_cannot_be_moved),
		T(a_ledger_of_the_first_day_is_read),
#undef T
	};

	if (getenv("VALV_GOLDEN"))
		return cmocka_run_group_tests(print, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
