/* tests/powercut/dead.c -- see dead.h.
 *
 * A form is readable as long as its epoch's KEK is: when that died, too, only the KEK is searched for. */
#include "dead.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/keyring.h"
#include "crypto/root.h"
#include "recover.h"

#define FORMS_MAX 4096
#define KEYS_MAX 16384
#define BLOOM_BITS 16

/* A wrapped key set, or a wrapped KEK (subject -1). */
struct form {
	int64_t subject;
	uint32_t epoch;
	uint8_t *octets;
	size_t len;
	size_t key[KEYSET_MAX], key_count; /* what is in it */
	size_t dead_from;                  /* NEVER: it may be anywhere */
	const struct promise *because;
};

/* A key in clear, by its digest. */
struct key {
	uint8_t digest[DIGEST_BYTES];
	size_t seen, died; /* places in the trace; died NEVER: lives */
};

struct dead {
	const struct promises *promises;
	struct job job;
	struct keyring *ring;
	struct form form[FORMS_MAX];
	size_t form_count;
	struct key key[KEYS_MAX];
	size_t key_count;
	uint64_t bloom[(1 << BLOOM_BITS) / 64];
	/* What was searched a moment ago, by hash of the file and how much had to be dead. */
	struct searched {
		uint64_t hash, due;
		const struct promise *found;
	} searched[4096];
};

/* --- the walk ---------------------------------------------------------------------------------- */

static size_t
key_of(struct dead *dead, const uint8_t digest[DIGEST_BYTES])
{
	for (size_t i = 0; i < dead->key_count; i++)
		if (memcmp(dead->key[i].digest, digest, DIGEST_BYTES) == 0)
			return i;
	must(dead->key_count < KEYS_MAX);
	memcpy(dead->key[dead->key_count].digest, digest, DIGEST_BYTES);
	dead->key[dead->key_count].died = NEVER;
	return dead->key_count++;
}

static struct form *
form_of(struct dead *dead, int64_t subject, const uint8_t *octets, size_t len, bool *ret_new)
{
	struct form *form;

	for (size_t i = 0; i < dead->form_count; i++) {
		form = &dead->form[i];
		if (form->subject == subject && form->len == len && memcmp(form->octets, octets, len) == 0) {
			*ret_new = false;
			return form;
		}
	}
	must(dead->form_count < FORMS_MAX && len >= 40);
	form = &dead->form[dead->form_count++];
	*form = (struct form){ .subject = subject, .octets = malloc(len), .len = len, .dead_from = NEVER };
	must(form->octets);
	memcpy(form->octets, octets, len);
	*ret_new = true;
	return form;
}

static void
form_open(struct dead *dead, struct form *form)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	uint8_t digest[DIGEST_BYTES];

	must(wrapped_epoch((bytes){ form->octets, form->len }, &form->epoch));
	must(!keyring_unwrap(&dead->job, dead->ring, form->subject, (bytes){ form->octets, form->len }, &keyset));
	for (size_t i = 0; i < keyset->count; i++) {
		digest_token((bytes){ keyset->item[i].key, KEY_BYTES }, digest);
		form->key[form->key_count++] = key_of(dead, digest);
	}
}

static void
seen(struct dead *dead, const struct form *form, size_t at)
{
	for (size_t i = 0; i < form->key_count; i++)
		dead->key[form->key[i]].seen = at;
}

static void
kek_seen(struct dead *dead, uint32_t epoch, const uint8_t *octets, size_t len, size_t at)
{
	uint8_t digest[DIGEST_BYTES];
	struct form *form;
	bool is_new;

	form = form_of(dead, -1, octets, len, &is_new);
	if (is_new) {
		form->epoch = epoch;
		must(!keyring_epoch_load(&dead->job, dead->ring, epoch, (bytes){ octets, len }));
		digest_token((bytes){ octets, len }, digest); /* stands for the KEK that is in it */
		form->key[form->key_count++] = key_of(dead, digest);
	}
	seen(dead, form, at);
}

static void
table_read(struct dead *dead, sqlite3 *base, const char *text, bool keks, size_t at)
{
	sqlite3_stmt *statement = NULL;

	must(sqlite3_prepare_v2(base, text, -1, &statement, NULL) == SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const uint8_t *octets = sqlite3_column_blob(statement, 1);
		size_t len = (size_t)sqlite3_column_bytes(statement, 1);
		bool is_new;
		if (keks) {
			kek_seen(dead, (uint32_t)sqlite3_column_int64(statement, 0), octets, len, at);
			continue;
		}
		struct form *form = form_of(dead, sqlite3_column_int64(statement, 0), octets, len, &is_new);
		if (is_new)
			form_open(dead, form);
		seen(dead, form, at);
	}
	sqlite3_finalize(statement);
}

/* While a restore makes the file there may be no table yet, or no file. */
static bool
has_keys(sqlite3 *base)
{
	sqlite3_stmt *statement = NULL;
	bool has = base && sqlite3_prepare_v2(base, "SELECT 1 FROM kek, subject_key", -1, &statement, NULL) == SQLITE_OK;

	sqlite3_finalize(statement);
	return has;
}

/* The table as it is after operation `at`; what is not in it any more is dead. */
static void
snapshot(struct dead *dead, struct model *model, size_t at)
{
	uint64_t random = 0;
	sqlite3 *base = recover_begin(model_image(model, CHOICE_ALL, &random), "0/keys.db");

	if (!has_keys(base)) {
		recover_end(&base);
		return;
	}
	table_read(dead, base, "SELECT epoch, wrapped FROM kek", true, at);
	table_read(dead, base, "SELECT subject, wrapped FROM subject_key", false, at);
	recover_end(&base);
	for (size_t i = 0; i < dead->key_count; i++) {
		struct key *key = &dead->key[i];
		if (key->seen == at)
			key->died = NEVER;
		else if (key->died == NEVER)
			key->died = at;
	}
}

/* --- when a form must be gone ------------------------------------------------------------------ */

/* Whichever of the calls under way destroyed the key: all of them are answered. */
static void
form_judge(struct dead *dead, struct form *form)
{
	size_t died = NEVER;

	for (size_t i = 0; i < form->key_count; i++)
		if (dead->key[form->key[i]].died < died)
			died = dead->key[form->key[i]].died;
	if (died == NEVER)
		return;
	for (size_t i = 0; i < dead->promises->count; i++) {
		const struct promise *promise = &dead->promises->promise[i];
		if (promise->begun > died || promise->kept < died)
			continue;
		if (!form->because || promise->kept > form->because->kept)
			form->because = promise;
	}
	form->dead_from = form->because ? form->because->kept : NEVER;
}

static uint64_t
first_octets(const uint8_t *octets)
{
	uint64_t word;

	memcpy(&word, octets, sizeof(word));
	return word;
}

static size_t
bloom_bit(uint64_t word)
{
	return (size_t)(word * UINT64_C(0x9e3779b97f4a7c15) >> (64 - BLOOM_BITS));
}

/* Forms begin with their epoch, which is alike in all: what is looked for begins behind it. */
#define SKIP 4

struct dead *
dead_new(const struct trace *trace, const struct promises *promises, const char *const *root, size_t root_count)
{
	OWNED(secret_free) struct secret *secret = NULL;
	struct dead *dead = calloc(1, sizeof(*dead));
	struct model *model = model_new(root, root_count);
	enum root_source source;

	must(dead);
	dead->promises = promises;
	must(!root_read(&dead->job, root[0], &secret, &source));
	keyring_new(&secret, &dead->ring);
	snapshot(dead, model, 0);
	for (size_t at = 0; at < trace->count; at++) {
		const struct op *op = &trace->op[at];
		model_step(model, op);
		if (op->kind == TRACE_SYNC && memmem(op->octets, op->octets_len, "keys.db", 7))
			snapshot(dead, model, at);
	}
	for (size_t i = 0; i < dead->form_count; i++) {
		size_t bit = bloom_bit(first_octets(dead->form[i].octets + SKIP));
		form_judge(dead, &dead->form[i]);
		dead->bloom[bit / 64] |= UINT64_C(1) << bit % 64;
	}
	return dead;
}

size_t
dead_count(const struct dead *dead)
{
	size_t count = 0;

	for (size_t i = 0; i < dead->form_count; i++)
		count += dead->form[i].dead_from != NEVER;
	return count;
}

/* --- search ------------------------------------------------------------------------------------ */

static const struct form *
kek_of(const struct dead *dead, uint32_t epoch)
{
	for (size_t i = 0; i < dead->form_count; i++)
		if (dead->form[i].subject == -1 && dead->form[i].epoch == epoch)
			return &dead->form[i];
	return NULL;
}

static bool
is_due(const struct dead *dead, const struct form *form, size_t cut)
{
	const struct form *kek = form->subject == -1 ? NULL : kek_of(dead, form->epoch);

	return form->dead_from <= cut && !(kek && kek->dead_from <= cut);
}

static const struct promise *
look_at(const struct dead *dead, const uint8_t *at, size_t left, size_t cut)
{
	for (size_t i = 0; i < dead->form_count; i++) {
		const struct form *form = &dead->form[i];
		if (left >= form->len - SKIP && memcmp(at, form->octets + SKIP, form->len - SKIP) == 0 &&
		    is_due(dead, form, cut))
			return form->because;
	}
	return NULL;
}

static const struct promise *
search(const struct dead *dead, const struct content *content, size_t cut)
{
	for (size_t at = 0; at + 8 <= content->len; at++) {
		size_t bit = bloom_bit(first_octets(content->ptr + at));
		const struct promise *found;
		if (!(dead->bloom[bit / 64] >> bit % 64 & 1))
			continue;
		found = look_at(dead, content->ptr + at, content->len - at, cut);
		if (found)
			return found;
	}
	return NULL;
}

const struct promise *
dead_find(const struct dead *dead, const struct image *image, size_t cut)
{
	uint64_t due = 0;

	for (size_t i = 0; i < dead->form_count; i++)
		due += dead->form[i].dead_from <= cut;
	for (size_t i = 0; due && i < image->count; i++) {
		const struct image_file *file = &image->file[i];
		struct searched *searched = (struct searched *)&dead->searched[file->hash % COUNT(dead->searched)];
		if (strncmp(file->path, "0/keys.db", 9) != 0)
			continue;
		if (searched->hash != file->hash || searched->due != due)
			*searched = (struct searched){ file->hash, due, search(dead, file->content, cut) };
		if (searched->found)
			return searched->found;
	}
	return NULL;
}
