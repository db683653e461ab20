/* src/audit/witness.c: what witnesses say is kept only if it holds, over what this log signed and still has; all else
 * changes nothing. */
#include "tree_fixture.h"

#include "audit/witness.h"
#include "crypto/seal.h"
#include "crypto/sign.h"

#define WITNESSES 3

/* --- a witness ---------------------------------------------------------------------------------- */

static const uint8_t seeds[LIMIT_WITNESSES + 1][KEY_BYTES] = { { 1 }, { 2 }, { 3 }, { 4 },  { 5 },  { 6 },  { 7 },  { 8 },
	                                                       { 9 }, { 10 }, { 11 }, { 12 }, { 13 }, { 14 }, { 15 }, { 16 } };

static void
key_of(const char *name, unsigned who, uint8_t type, uint8_t id[4], uint8_t key[1 + SIGN_PUBLIC_BYTES])
{
	OWNED(buf_release) struct buf text = { .max = 512 };
	uint8_t hash[32];

	key[0] = type;
	sign_public(seeds[who], key + 1);
	buf_put(&text, str_from_c(name));
	buf_char(&text, '\n');
	buf_data(&text, (bytes){ key, 1 + SIGN_PUBLIC_BYTES });
	digest_public(buf_bytes(&text), hash);
	memcpy(id, hash, 4);
}

static str
vkey(struct fixture *f, const char *name, unsigned who, uint8_t type)
{
	OWNED(buf_release) struct buf text = { .max = 512 };
	uint8_t id[4], key[1 + SIGN_PUBLIC_BYTES];

	key_of(name, who, type, id, key);
	buf_put(&text, str_from_c(name));
	buf_char(&text, '+');
	buf_hex(&text, (bytes){ id, sizeof(id) });
	buf_char(&text, '+');
	buf_base64(&text, (bytes){ key, sizeof(key) });
	return arena_str(&f->job.arena, buf_str(&text));
}

static const char *const names[WITNESSES] = { "a.example/w", "b.example/w", "c.example/w" };

/* C2SP tlog-cosignature, by hand: neither is this what the server uses. */
static void
line_put(struct buf *out, const char *name, unsigned who, uint8_t type, str text, uint64_t second)
{
	OWNED(buf_release) struct buf message = { .max = 8192 };
	uint8_t octets[4 + 8 + SIGN_BYTES], key[1 + SIGN_PUBLIC_BYTES];

	buf_put(&message, S("cosignature/v1\ntime "));
	buf_udec(&message, second);
	buf_char(&message, '\n');
	buf_put(&message, text);
	key_of(name, who, type, octets, key);
	for (int i = 0; i < 8; i++)
		octets[4 + i] = (uint8_t)(second >> (56 - 8 * i));
	sign(seeds[who], buf_bytes(&message), octets + 12);
	buf_put(out, S("\u2014 "));
	buf_put(out, str_from_c(name));
	buf_char(out, ' ');
	buf_base64(out, (bytes){ octets, sizeof(octets) });
	buf_char(out, '\n');
}

static uint64_t
now(const struct fixture *f)
{
	return (uint64_t)(f->job.now / TIME_SECOND);
}

static void
grow(struct fixture *f, unsigned count)
{
	bool more;

	f->job.now += TIME_SECOND;
	while (count--)
		assert_ok(entry_write(&f->job, f->store, &(struct entry){ .act = ENTRY_SUBJECT_READ, .subject = 1 }, &f->last));
	assert_ok(tree_step(&f->job, f->store, f->keys, &TREE_BATCH, &more));
}

static str
newest(struct fixture *f)
{
	str note;

	assert_ok(tree_checkpoint(&f->job, &note));
	return note;
}

/* A checkpoint with the line of a witness behind it. */
static str
cosigned(struct fixture *f, str note, unsigned who, uint64_t second)
{
	OWNED(buf_release) struct buf out = { .max = CHECKPOINT_MAX };
	str text, lines;

	assert_true(note_split(note, &text, &lines));
	buf_put(&out, note);
	line_put(&out, names[who], who, NOTE_COSIGNATURE, text, second);
	return arena_str(&f->job.arena, buf_str(&out));
}

static void
register_all(struct fixture *f)
{
	struct witness witness;

	for (unsigned i = 0; i < WITNESSES; i++)
		assert_ok(witness_add(&f->job, f->store, vkey(f, names[i], i, NOTE_COSIGNATURE), &witness));
	grow(f, 40);
}

static void
taken(struct fixture *f, str note, size_t kept, size_t names_now)
{
	struct witness_taken taken;

	assert_ok(witness_take(&f->job, f->store, f->keys, note, &taken));
	assert_int_equal(taken.kept, kept);
	assert_int_equal(taken.name_count, names_now);
}

/* Every row of the tables of witnesses, as octets: what must not change. */
static str
rows_now(struct fixture *f)
{
	static const size_t each[] = { 0, 1, 2, 3 };
	OWNED(buf_release) struct buf out = { .max = 1 << 20 };

	for (size_t i = 0; i < COUNT(each); i++) {
		str note = S("none");
		if (witness_checkpoint(&f->job, each[i], &note))
			job_forgive(&f->job);
		buf_put(&out, note);
	}
	assert_true(buf_ok(&out));
	return arena_str(&f->job.arena, buf_str(&out));
}

static void
refused(struct fixture *f, str note, enum err expected)
{
	struct witness_taken taken;
	str before = rows_now(f);

	assert_string_equal(error_name(witness_take(&f->job, f->store, f->keys, note, &taken)), error_name(expected));
	job_forgive(&f->job);
	assert_true(str_eq(rows_now(f), before));
}

/* --- what is kept ------------------------------------------------------------------------------- */

static void
what_a_registered_witness_signed_is_given_out(void **state)
{
	struct fixture *f = *state;
	str bare, note, whole;

	register_all(f);
	bare = newest(f);
	assert_ok(witness_checkpoint(&f->job, 0, &note));
	assert_true(str_eq(note, bare));
	whole = cosigned(f, bare, 1, now(f));
	taken(f, whole, 1, 1);
	assert_ok(witness_checkpoint(&f->job, 0, &note));
	assert_true(str_eq(note, whole)); /* behind the log's own line, and nothing else changed */
	assert_ok(witness_checkpoint(&f->job, 1, &note));
	assert_true(str_eq(note, whole));
	assert_string_equal(error_name(witness_checkpoint(&f->job, 2, &note)), "ERR_ABSENT");
	job_forgive(&f->job);
	taken(f, cosigned(f, cosigned(f, bare, 0, now(f)), 2, now(f)), 2, 3);
	assert_ok(witness_checkpoint(&f->job, 3, &note));
	grow(f, 5);
	assert_ok(witness_checkpoint(&f->job, 0, &note));
	assert_true(str_eq(note, newest(f))); /* nobody cosigned the newest */
	assert_ok(witness_checkpoint(&f->job, 3, &note));
	assert_true(str_starts(note, bare));
}

static void
the_later_word_of_a_witness_counts(void **state)
{
	struct fixture *f = *state;
	str bare, note;

	register_all(f);
	bare = newest(f);
	taken(f, cosigned(f, bare, 0, now(f)), 1, 1);
	taken(f, cosigned(f, bare, 0, now(f) - 100), 1, 1); /* an old answer, played again */
	assert_ok(witness_checkpoint(&f->job, 1, &note));
	assert_true(str_eq(note, cosigned(f, bare, 0, now(f))));
	taken(f, cosigned(f, bare, 0, now(f) + 7), 1, 1);
	assert_ok(witness_checkpoint(&f->job, 1, &note));
	assert_true(str_eq(note, cosigned(f, bare, 0, now(f) + 7)));
}

static void
lines_of_others_are_passed_over(void **state)
{
	OWNED(buf_release) struct buf out = { .max = CHECKPOINT_MAX };
	struct fixture *f = *state;
	struct witness_taken result;
	str text, lines, note;

	register_all(f);
	assert_true(note_split(newest(f), &text, &lines));
	buf_put(&out, cosigned(f, newest(f), 0, now(f)));
	line_put(&out, "d.example/w", 3, NOTE_COSIGNATURE, text, now(f));
	line_put(&out, names[1], 3, NOTE_COSIGNATURE, text, now(f)); /* a name that we know, and a key that we do not */
	line_put(&out, names[1], 1, NOTE_ED25519, text, now(f));     /* the key, under another type */
	assert_ok(witness_take(&f->job, f->store, f->keys, buf_str(&out), &result));
	assert_int_equal(result.kept, 1);
	assert_int_equal(result.passed, 3);
	assert_ok(witness_checkpoint(&f->job, 0, &note));
	assert_true(str_eq(note, cosigned(f, newest(f), 0, now(f)))); /* nothing of theirs */
}

/* --- what is refused ---------------------------------------------------------------------------- */

static void
any_flipped_bit_is_refused(void **state)
{
	struct fixture *f = *state;
	struct witness_taken result;
	str note, before;
	char *copy;

	register_all(f);
	note = cosigned(f, newest(f), 0, now(f));
	before = rows_now(f);
	for (size_t i = 0, bit = 0; i < note.len; i++, bit = (bit + 5) % 8) {
		copy = arena_alloc(&f->job.arena, note.len);
		memcpy(copy, note.ptr, note.len);
		copy[i] = (char)((uint8_t)copy[i] ^ 1u << bit);
		assert_int_not_equal(witness_take(&f->job, f->store, f->keys, (str){ copy, note.len }, &result), OK);
		job_forgive(&f->job);
	}
	assert_true(str_eq(rows_now(f), before));
	taken(f, note, 1, 1);
}

static void
what_does_not_hold_is_refused_with_all_that_came_along(void **state)
{
	OWNED(buf_release) struct buf out = { .max = CHECKPOINT_MAX };
	struct fixture *f = *state;
	str bare, good, text, lines;

	register_all(f);
	bare = newest(f);
	good = cosigned(f, bare, 0, now(f));
	assert_true(note_split(bare, &text, &lines));
	refused(f, bare, ERR_INVALID);                                          /* nobody's */
	refused(f, cosigned(f, good, 0, now(f)), ERR_INVALID);                  /* twice the same */
	refused(f, cosigned(f, good, 0, now(f) - 1), ERR_INVALID);              /* twice, with two times */
	refused(f, cosigned(f, good, 1, now(f) + 301), ERR_INVALID);            /* a time that has not come */
	refused(f, cosigned(f, good, 1, UINT64_MAX), ERR_INVALID);
	refused(f, cosigned(f, good, 1, 0), ERR_INVALID);                       /* no time */
	taken(f, cosigned(f, bare, 1, now(f) + 300), 1, 1);
	buf_put(&out, good);
	line_put(&out, names[1], 1, NOTE_COSIGNATURE, S("of something else\n"), now(f));
	refused(f, buf_str(&out), ERR_INVALID);
	buf_clear(&out);
	buf_put(&out, good);
	buf_put(&out, S("no line of a note\n"));
	refused(f, buf_str(&out), ERR_INVALID);
	buf_clear(&out);
	buf_put(&out, text); /* without the log's own signature */
	buf_char(&out, '\n');
	line_put(&out, names[0], 0, NOTE_COSIGNATURE, text, now(f));
	refused(f, buf_str(&out), ERR_CONFLICT);
}

static void
seventeen_lines_and_what_is_too_long_are_refused(void **state)
{
	OWNED(buf_release) struct buf out = { .max = 4 * CHECKPOINT_MAX };
	struct fixture *f = *state;
	str text, lines;

	register_all(f);
	assert_true(note_split(newest(f), &text, &lines));
	buf_put(&out, newest(f));
	for (int i = 0; i < 14; i++)
		line_put(&out, "d.example/w", 3, NOTE_COSIGNATURE, text, now(f));
	line_put(&out, names[0], 0, NOTE_COSIGNATURE, text, now(f));
	taken(f, buf_str(&out), 1, 1); /* with the log's own, 16 */
	line_put(&out, names[1], 1, NOTE_COSIGNATURE, text, now(f));
	refused(f, buf_str(&out), ERR_INVALID);
	for (int i = 0; i < 200; i++)
		line_put(&out, "d.example/w", 3, NOTE_COSIGNATURE, text, now(f));
	assert_true(out.len > CHECKPOINT_MAX);
	refused(f, buf_str(&out), ERR_INVALID);
	refused(f, S(""), ERR_INVALID);
	refused(f, S("\n\n\n"), ERR_INVALID);
}

/* Signed by the log's own key, as somebody could who has it, or as a copy of this vault did: other sizes and roots. */
static str
forged(struct fixture *f, str origin, uint64_t size, const struct merkle_hash *root)
{
	OWNED(buf_release) struct buf text = { .max = 1024 }, note = { .max = CHECKPOINT_MAX };
	const uint8_t *log = NULL, *seed = NULL;

	assert_ok(tree_keys(&f->job, f->store, f->keys, &log, &seed));
	checkpoint_put(&(struct checkpoint){ .origin = origin, .size = size, .root = *root }, &text);
	note_sign(seed, origin, buf_str(&text), &note);
	return arena_str(&f->job.arena, buf_str(&note));
}

static void
what_is_not_of_the_log_as_it_stands_is_refused(void **state)
{
	struct fixture *f = *state;
	struct checkpoint checkpoint;
	struct merkle_hash other = { { 7 } };

	register_all(f);
	assert_true(checkpoint_read(newest(f), &checkpoint));
	refused(f, cosigned(f, forged(f, S("valv/other"), checkpoint.size, &checkpoint.root), 0, now(f)), ERR_CONFLICT);
	refused(f, cosigned(f, forged(f, checkpoint.origin, checkpoint.size + 1, &checkpoint.root), 0, now(f)), ERR_CONFLICT);
	refused(f, cosigned(f, forged(f, checkpoint.origin, checkpoint.size - 1, &checkpoint.root), 0, now(f)), ERR_CONFLICT);
	refused(f, cosigned(f, forged(f, checkpoint.origin, checkpoint.size, &other), 0, now(f)), ERR_CONFLICT);
	taken(f, cosigned(f, forged(f, checkpoint.origin, checkpoint.size, &checkpoint.root), 0, now(f)), 1, 1);
}

/* --- who is registered -------------------------------------------------------------------------- */

static void
not_added(struct fixture *f, str key, const char *expected)
{
	struct witness witness;

	assert_string_equal(error_name(witness_add(&f->job, f->store, key, &witness)), expected);
	job_forgive(&f->job);
}

static void
a_key_counts_once(void **state)
{
	struct witness all[LIMIT_WITNESSES], witness;
	struct fixture *f = *state;
	char name[32];
	size_t count;

	register_all(f);
	not_added(f, vkey(f, names[0], 0, NOTE_COSIGNATURE), "ERR_CONFLICT");
	not_added(f, vkey(f, "other.example/w", 0, NOTE_COSIGNATURE), "ERR_CONFLICT"); /* R8 */
	not_added(f, vkey(f, "d.example/w", 3, NOTE_ED25519), "ERR_INVALID");
	not_added(f, S(""), "ERR_INVALID");
	not_added(f, S("a+00000000+BAAA"), "ERR_INVALID");
	for (unsigned i = WITNESSES; i < LIMIT_WITNESSES; i++) {
		snprintf(name, sizeof(name), "w%u.example", i);
		assert_ok(witness_add(&f->job, f->store, vkey(f, name, i, NOTE_COSIGNATURE), &witness));
	}
	not_added(f, vkey(f, "one.more", LIMIT_WITNESSES, NOTE_COSIGNATURE), "ERR_LIMIT");
	assert_ok(witness_list(&f->job, all, &count));
	assert_int_equal(count, LIMIT_WITNESSES);
}

static void
who_goes_takes_the_cosignatures_along(void **state)
{
	struct witness all[LIMIT_WITNESSES];
	struct fixture *f = *state;
	str bare, note;
	size_t count;

	register_all(f);
	bare = newest(f);
	taken(f, cosigned(f, cosigned(f, bare, 0, now(f)), 1, now(f)), 2, 2);
	assert_ok(witness_list(&f->job, all, &count));
	assert_int_equal(all[0].size, f->last);
	assert_int_equal(all[0].cosigned_at, f->job.now / TIME_SECOND * TIME_SECOND);
	assert_int_equal(all[2].size, 0);
	assert_ok(witness_drop(&f->job, f->store, all[0].id));
	assert_string_equal(error_name(witness_drop(&f->job, f->store, all[0].id)), "ERR_ABSENT");
	job_forgive(&f->job);
	assert_string_equal(error_name(witness_checkpoint(&f->job, 2, &note)), "ERR_ABSENT");
	job_forgive(&f->job);
	assert_ok(witness_checkpoint(&f->job, 1, &note));
	assert_true(str_eq(note, cosigned(f, bare, 1, now(f))));
	refused(f, cosigned(f, bare, 0, now(f)), ERR_INVALID); /* not registered any more */
	assert_ok(witness_drop(&f->job, f->store, all[1].id));
	assert_string_equal(error_name(witness_checkpoint(&f->job, 1, &note)), "ERR_ABSENT");
	job_forgive(&f->job);
}

static enum err
restore_steps(struct job *job, struct db *db, void *arg)
{
	TRY(tree_begin_steps(job, db, *(const uid *)arg));
	return witness_forget_steps(job, db);
}

static void
after_a_restore_there_is_no_witness_and_what_they_signed_is_of_another_log(void **state)
{
	struct witness all[LIMIT_WITNESSES];
	struct fixture *f = *state;
	uid id = { { 9 } };
	str before, note;
	size_t count;

	register_all(f);
	before = cosigned(f, newest(f), 0, now(f));
	taken(f, before, 1, 1);
	assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, restore_steps, &id));
	grow(f, 3);
	assert_ok(witness_list(&f->job, all, &count));
	assert_int_equal(count, 0);
	assert_string_equal(error_name(witness_checkpoint(&f->job, 1, &note)), "ERR_ABSENT");
	job_forgive(&f->job);
	refused(f, before, ERR_CONFLICT);
}

/* --- what a witness asks for -------------------------------------------------------------------- */

/* The other side, as C2SP tlog-witness says it: old, proof, an empty line, checkpoint. */
static void
request_holds(struct fixture *f, uint64_t old, const struct merkle_hash *old_root)
{
	struct merkle_proof proof = { 0 };
	struct checkpoint checkpoint;
	uint64_t said;
	str text, line;

	assert_ok(witness_request(&f->job, old, &text));
	assert_true(eat_str(&text, S("old ")) && eat_until(&text, '\n', &line) && str_u64(line, &said) && said == old);
	while (eat_until(&text, '\n', &line) && line.len) {
		assert_true(proof.count < 63);
		assert_true(base64_read(line, proof.hash[proof.count++].octet, MERKLE_BYTES));
	}
	assert_true(str_eq(text, newest(f)));
	assert_true(checkpoint_read(text, &checkpoint));
	if (old)
		assert_true(merkle_consistent(old, old_root, checkpoint.size, &checkpoint.root, &proof));
	else
		assert_int_equal(proof.count, 0);
}

static void
a_witness_can_follow_the_log_from_any_size(void **state)
{
	struct fixture *f = *state;
	struct checkpoint checkpoint[12] = { 0 };
	str text;

	for (size_t i = 0; i < COUNT(checkpoint); i++) {
		grow(f, 1 + 97 * (unsigned)i);
		assert_true(checkpoint_read(newest(f), &checkpoint[i]));
		request_holds(f, 0, NULL);
		for (size_t k = 0; k <= i; k++)
			request_holds(f, checkpoint[k].size, &checkpoint[k].root);
	}
	assert_string_equal(error_name(witness_request(&f->job, (uint64_t)f->last + 1, &text)), "ERR_CONFLICT");
	job_forgive(&f->job);
}

/* --- how much is kept --------------------------------------------------------------------------- */

static size_t
cosigned_count(struct fixture *f)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	assert_ok(db_query(&f->job, f->job.db, SQL_COSIGNED_ALL, NO_ARGS, &rows));
	for (;; count++) {
		assert_ok(rows_next(&f->job, &rows, &there));
		if (!there)
			return count;
	}
}

/* R9, against a model that forgets nothing: for each number of cosignatures, and each witness, the newest. */
static void
of_a_day_so_much_is_kept_as_somebody_can_ask_for(void **state)
{
	uint64_t by_count[WITNESSES + 1] = { 0 }, by_witness[WITNESSES] = { 0 };
	struct witness all[LIMIT_WITNESSES];
	struct fixture *f = *state;
	struct checkpoint checkpoint;
	unsigned signers;
	size_t count;
	str note;

	register_all(f);
	for (int turn = 0; turn < 120; turn++) {
		unsigned who = 1 + draw(f, (1 << WITNESSES) - 1);
		grow(f, 1);
		note = newest(f);
		signers = 0;
		for (unsigned i = 0; i < WITNESSES; i++)
			if (who & 1u << i) {
				note = cosigned(f, note, i, now(f));
				by_witness[i] = (uint64_t)f->last;
				signers++;
			}
		taken(f, note, signers, signers);
		for (unsigned n = 1; n <= signers; n++)
			by_count[n] = (uint64_t)f->last;
		for (unsigned n = 1; n <= WITNESSES; n++) {
			if (!by_count[n])
				continue;
			assert_ok(witness_checkpoint(&f->job, n, &note));
			assert_true(checkpoint_read(note, &checkpoint));
			assert_int_equal(checkpoint.size, by_count[n]);
		}
		assert_ok(witness_list(&f->job, all, &count));
		for (unsigned i = 0; i < WITNESSES; i++)
			assert_int_equal(all[i].size, by_witness[i]);
		assert_in_range(cosigned_count(f), 1, 2 * WITNESSES);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(what_a_registered_witness_signed_is_given_out),
		EACH(the_later_word_of_a_witness_counts),
		EACH(lines_of_others_are_passed_over),
		EACH(any_flipped_bit_is_refused),
		EACH(what_does_not_hold_is_refused_with_all_that_came_along),
		EACH(seventeen_lines_and_what_is_too_long_are_refused),
		EACH(what_is_not_of_the_log_as_it_stands_is_refused),
		EACH(a_key_counts_once),
		EACH(who_goes_takes_the_cosignatures_along),
		EACH(after_a_restore_there_is_no_witness_and_what_they_signed_is_of_another_log),
		EACH(a_witness_can_follow_the_log_from_any_size),
		EACH(of_a_day_so_much_is_kept_as_somebody_can_ask_for),
	};

	return cmocka_run_group_tests_name("witness", tests, NULL, NULL);
}
