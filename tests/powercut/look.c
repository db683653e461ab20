/* tests/powercut/look.c -- see look.h.
 *
 * A person is spelled as one line, the same by the driver's model and from the store:
 *
 *   3 letters=yes orders=live restricted held email=a@example.org name=Anna        or: erased, absent */
#include "look.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "access/key.h"
#include "base/limits.h"
#include "os/clock.h"
#include "vault/decide.h"
#include "vault/rows.h"
#include "vault/verify.h"

#define OPEN_US_MAX 2000000
#define DECISIONS 2 /* of the newest promises: each is a write */

struct looking {
	struct job *job;
	struct vault *vault;
	const struct registry *registry;
	const struct promises *promises;
	size_t cut;
	struct seen *seen;
};

__attribute__((format(printf, 3, 4))) static void
bad(struct looking *l, const struct promise *lost, const char *text, ...)
{
	va_list rest;

	if (l->seen->bad) /* the first says most */
		return;
	l->seen->bad = true;
	l->seen->lost = lost;
	va_start(rest, text);
	vsnprintf(l->seen->why, sizeof(l->seen->why), text, rest);
	va_end(rest);
}

static void
bad_err(struct looking *l, const char *what, enum err err)
{
	const struct failure *failure = &l->job->failure;

	bad(l, NULL, "%s: error %d, %s (%s:%d)", what, (int)err, failure->why ? failure->why : "",
	    failure->file ? failure->file : "", failure->line);
	job_forgive(l->job);
}

/* --- persons ----------------------------------------------------------------------------------- */

static const char *
letters_word(const struct looking *l, const struct standing *standing)
{
	const struct purpose *letters = registry_purpose(l->registry, S("letters"));
	const struct permission *permission =
		letters ? standing_permission(standing, letters->no, CHANNEL_EMAIL) : NULL;

	if (!permission)
		return "never";
	return permission->state == PERMISSION_GIVEN ? "yes" : "no";
}

static const char *
orders_word(const struct looking *l, const struct standing *standing)
{
	const struct purpose *orders = registry_purpose(l->registry, S("orders"));
	const struct ground *ground = orders ? standing_ground(standing, orders->no, BASIS_CONTRACT) : NULL;

	if (!ground || !ground_live(ground, l->job->now))
		return "none";
	return ground->until_at == TIME_NEVER ? "live" : "ended";
}

static bool
is_held(const struct looking *l, const struct standing *standing)
{
	for (size_t i = 0; i < standing->ground_count; i++)
		if (standing->ground[i].basis == BASIS_STORAGE_ONLY && ground_live(&standing->ground[i], l->job->now))
			return true;
	return false;
}

static int
by_name(const void *one, const void *two)
{
	const str *a = one, *b = two;
	size_t len = a->len < b->len ? a->len : b->len;
	int order = strncmp(a->ptr, b->ptr, len);

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

static void
spell_values(struct looking *l, const struct value *value, size_t count, struct buf *out)
{
	str *spelled = arena_array(&l->job->arena, count + 1, sizeof(*spelled));

	for (size_t i = 0; i < count; i++) {
		OWNED(buf_release) struct buf one = { .max = LIMIT_RECORD_BYTES };
		const struct field *field = registry_field_no(l->registry, value[i].field);
		buf_put(&one, field ? field->name : S("?"));
		buf_char(&one, '=');
		buf_put(&one, value[i].text);
		spelled[i] = arena_str(&l->job->arena, buf_str(&one));
	}
	qsort(spelled, count, sizeof(*spelled), by_name);
	for (size_t i = 0; i < count; i++) {
		buf_char(out, ' ');
		buf_put(out, spelled[i]);
	}
}

/* Keys that the record does not need are alive only while the call that takes them is not answered. */
static enum err
keys_look(struct looking *l, const struct subject *subject, struct keyset *keyset, bool pending)
{
	uint32_t before = keyset->count;

	TRY(record_keys_keep(l->job, subject->record, keyset));
	if (keyset->count != before && !pending)
		bad(l, NULL, "a person has %u keys that the record does not need", before - keyset->count);
	return OK;
}

static enum err
spell(struct looking *l, const struct subject *subject, bool pending, struct buf *out)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	struct value *value;
	size_t count;

	TRY(keys_get(l->job, l->vault->keys, l->job->db, subject->no, &keyset));
	TRY(record_open(l->job, subject->id, keyset, subject->record, &value, &count));
	buf_dec(out, subject->version);
	buf_put(out, S(" letters="));
	buf_put(out, str_from_c(letters_word(l, &subject->standing)));
	buf_put(out, S(" orders="));
	buf_put(out, str_from_c(orders_word(l, &subject->standing)));
	if (subject->standing.restricted)
		buf_put(out, S(" restricted"));
	if (is_held(l, &subject->standing))
		buf_put(out, S(" held"));
	spell_values(l, value, count, out);
	return keys_look(l, subject, keyset, pending);
}

static bool
is_allowed(const struct allowed *allowed, const char *actual)
{
	if (allowed->due ? strcmp(allowed->due->value, actual) == 0 : strcmp(actual, "absent") == 0)
		return true;
	for (size_t i = 0; i < allowed->pending_count; i++)
		if (strcmp(allowed->pending[i]->value, actual) == 0)
			return true;
	return false;
}

static void
hold(struct looking *l, const char *kind, const char *key, const char *actual)
{
	struct allowed allowed;

	if (!promises_of(l->promises, kind, key, l->cut, &allowed)) {
		bad(l, NULL, "%s %s: nobody asked for it; it is \"%s\"", kind, key, actual);
	} else if (!is_allowed(&allowed, actual)) {
		bad(l, allowed.due, "%s %s is \"%s\"; promised: \"%s\" (%s)", kind, key, actual,
		    allowed.due ? allowed.due->value : "absent", allowed.due ? allowed.due->word : "nothing");
	}
}

static enum err
person_look(struct looking *l, const char *key)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_RECORD_BYTES };
	struct allowed allowed;
	struct subject subject;
	enum err err;
	uid id;

	must(uid_parse(str_from_c(key), &id));
	(void)!promises_of(l->promises, "person", key, l->cut, &allowed);
	err = subject_get(l->job, l->vault, id, &subject);
	if (!err)
		err = spell(l, &subject, allowed.pending_count > 0, &text);
	if (err == ERR_ABSENT || err == ERR_GONE) {
		job_forgive(l->job);
		hold(l, "person", key, err == ERR_GONE ? "erased" : "absent");
		return OK;
	}
	TRY(err);
	hold(l, "person", key, arena_c(&l->job->arena, buf_str(&text)));
	return OK;
}

/* Who is in the store and whom the driver has no answer about: a making that was cut off. */
static enum err
stranger_look(struct looking *l, int64_t no)
{
	OWNED(buf_release) struct buf id = { .max = 64 }, text = { .max = LIMIT_RECORD_BYTES };
	struct allowed allowed;
	struct subject subject;
	const char *key;

	TRY(subject_get_no(l->job, l->vault, no, &subject));
	buf_uid(&id, subject.id);
	key = arena_c(&l->job->arena, buf_str(&id));
	if (promises_of(l->promises, "person", key, l->cut, &allowed))
		return OK;
	TRY(spell(l, &subject, true, &text));
	hold(l, "person", "new", arena_c(&l->job->arena, buf_str(&text)));
	return OK;
}

static enum err
strangers_look(struct looking *l)
{
	int64_t no[1000];
	size_t count = 0;
	{
		OWNED(rows_end) struct rows rows = { 0 };
		bool there;
		TRY(db_query(l->job, l->job->db, SQL_SUBJECT_NOS, ARGS(sql_i64(0), sql_i64(COUNT(no))), &rows));
		for (;;) {
			TRY(rows_next(l->job, &rows, &there));
			if (!there)
				break;
			no[count++] = rows_i64(&rows, 0);
		}
	}
	for (size_t i = 0; i < count; i++)
		TRY(stranger_look(l, no[i]));
	return OK;
}

/* Key sets of nobody: what a cut-off making leaves, one for each at most. */
static enum err
orphans_look(struct looking *l)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t orphans = 0;
	bool there;

	TRY(db_query(l->job, l->job->db, SQL_KEYS_SUBJECT_AFTER, ARGS(sql_i64(0), sql_i64(1000)), &rows));
	for (;;) {
		struct subject subject;
		enum err err;
		TRY(rows_next(l->job, &rows, &there));
		if (!there)
			break;
		err = subject_get_no(l->job, l->vault, rows_i64(&rows, 0), &subject);
		if (err == ERR_GONE)
			bad(l, NULL, "an erased person still has keys");
		else if (err == ERR_ABSENT)
			orphans++;
		if (err)
			job_forgive(l->job);
	}
	if (orphans > promises_pending(l->promises, l->cut))
		bad(l, NULL, "%zu key sets belong to nobody", orphans);
	return OK;
}

/* --- everything else --------------------------------------------------------------------------- */

static enum err
api_key_look(struct looking *l, const char *key)
{
	OWNED(buf_release) struct buf header = { .max = 200 };
	OWNED(key_cache_free) struct key_cache *cache = NULL;
	struct job asking = { .db = l->job->db, .now = l->job->now };
	struct principal principal;
	struct allowed allowed;
	enum err err;

	key_cache_new(&cache);
	buf_put(&header, S("Bearer "));
	buf_put(&header, str_from_c(key));
	err = principal_of_token(&asking, &l->vault->access, cache, &(struct shown){ .authorization = buf_str(&header) },
	                         &principal);
	job_release(&asking);
	if (err && err != ERR_UNAUTHENTICATED)
		return err;
	(void)!promises_of(l->promises, "key", key, l->cut, &allowed);
	hold(l, "key", key, !err ? "live" : allowed.due ? "revoked" : "absent");
	return OK;
}

static enum err
stopped_look(struct looking *l, const char *address)
{
	struct suppression suppression[8];
	struct allowed allowed;
	size_t count;

	TRY(suppressions_of(l->job, l->vault, ADDRESS_EMAIL, str_from_c(address), suppression, COUNT(suppression), &count));
	(void)!promises_of(l->promises, "stopped", address, l->cut, &allowed);
	if (allowed.due && !count)
		bad(l, allowed.due, "an address that was stopped is free");
	return OK;
}

static void
entry_look(struct looking *l, int64_t last)
{
	for (size_t i = 0; i < l->promises->count; i++) {
		const struct promise *promise = &l->promises->promise[i];
		uint64_t seq;
		if (strcmp(promise->kind, "entry") != 0 || promise->kept > l->cut)
			continue;
		must(str_u64(str_from_c(promise->value), &seq));
		if ((int64_t)seq > last)
			bad(l, promise, "entry %" PRIu64 " was answered, the newest is %" PRId64, seq, last);
	}
}

/* No is no: the question itself is asked, not only the row read. */
static enum err
decisions_look(struct looking *l)
{
	const struct purpose *letters = registry_purpose(l->registry, S("letters"));
	struct question question = { .purpose = letters, .channel = CHANNEL_EMAIL, .message_class = CLASS_MARKETING };
	int left = DECISIONS;

	for (size_t i = l->promises->count; i-- > 0 && left && letters;) {
		const struct promise *promise = &l->promises->promise[i];
		struct allowed allowed;
		struct verdict verdict;
		uid id;
		if (strcmp(promise->kind, "person") != 0 || promise->kept > l->cut)
			continue;
		(void)!promises_of(l->promises, "person", promise->key, l->cut, &allowed);
		if (allowed.due != promise || allowed.pending_count || strstr(promise->value, "letters=yes"))
			continue;
		must(uid_parse(str_from_c(promise->key), &id));
		TRY(decide_subject(l->job, l->vault, l->registry, id, &question, &verdict));
		if (verdict.allowed)
			bad(l, promise, "a decision allows what was taken back");
		left--;
	}
	return OK;
}

static enum err
newest_entry(struct looking *l, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(l->job, l->job->db, SQL_ENTRY_LAST, NO_ARGS, &rows));
	TRY(rows_next(l->job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

/* Numbers go on above the ledger's bounds after a restore: then there is a hole, and it is no fault. */
static const struct promise *
restore_of(const struct looking *l)
{
	for (size_t i = 0; i < l->promises->count; i++)
		if (strcmp(l->promises->promise[i].kind, "restored") == 0)
			return &l->promises->promise[i];
	return NULL;
}

static enum err
verify_look(struct looking *l)
{
	struct verify_result *result = arena_alloc(&l->job->arena, sizeof(*result));
	int64_t last;

	TRY(newest_entry(l, &last));
	entry_look(l, last);
	TRY(vault_verify(l->job, l->vault, result));
	if ((int64_t)result->entries != last && !restore_of(l))
		bad(l, NULL, "the audit log has a hole: %" PRIu64 " entries, the newest is %" PRId64, result->entries, last);
	for (size_t i = 0; i < result->first_count; i++) {
		str text = finding_text(result->first[i].finding);
		bad(l, NULL, "valv verify: %.*s", SPRINT(text));
	}
	return OK;
}

static enum err
keyed_look(struct looking *l, const struct promise *promise)
{
	if (strcmp(promise->key, "new") == 0)
		return OK;
	if (strcmp(promise->kind, "person") == 0)
		return person_look(l, promise->key);
	if (strcmp(promise->kind, "key") == 0)
		return api_key_look(l, promise->key);
	if (strcmp(promise->kind, "stopped") == 0)
		return stopped_look(l, promise->key);
	return OK;
}

static bool
was_looked_at(const struct looking *l, size_t nth)
{
	for (size_t i = 0; i < nth; i++)
		if (strcmp(l->promises->promise[i].kind, l->promises->promise[nth].kind) == 0 &&
		    strcmp(l->promises->promise[i].key, l->promises->promise[nth].key) == 0)
			return true;
	return false;
}

static enum err
look_around(struct looking *l)
{
	for (size_t i = 0; i < l->promises->count; i++)
		if (l->promises->promise[i].begun <= l->cut && !was_looked_at(l, i))
			TRY(keyed_look(l, &l->promises->promise[i]));
	TRY(strangers_look(l));
	TRY(orphans_look(l));
	TRY(decisions_look(l));
	return verify_look(l);
}

static enum err
look_inside(struct looking *l, const char *dir)
{
	OWNED(vault_close) struct vault *vault = NULL;
	OWNED(reader_end) struct db *db = NULL;
	OWNED(registry_drop) const struct registry *registry = NULL;
	int64_t started = os_monotonic_us();
	enum err err;

	TRY(vault_open(l->job, dir, &vault));
	l->seen->open_us = os_monotonic_us() - started;
	if (l->seen->open_us > OPEN_US_MAX)
		bad(l, NULL, "opening took %" PRId64 " ms", l->seen->open_us / 1000);
	TRY(store_reader(l->job, vault->store, &db));
	l->job->db = db;
	TRY(registry_hold(l->job, vault, &registry));
	l->vault = vault;
	l->registry = registry;
	err = look_around(l);
	l->job->db = NULL;
	return err;
}

static void
integrity_look(struct looking *l, const char *dir, const char *name)
{
	char path[4096];
	sqlite3 *base = NULL;
	sqlite3_stmt *statement = NULL;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (sqlite3_open_v2(path, &base, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(base, "PRAGMA integrity_check", -1, &statement, NULL) != SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW)
		bad(l, NULL, "%s: %s", name, base ? sqlite3_errmsg(base) : "no memory");
	else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
		bad(l, NULL, "%s: %s", name, (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(base);
}

static bool
is_there(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

/* A restore that has not ended may leave what nobody opens and the next restore throws away; anything else
 * must be whole. */
static bool
is_sealed(const struct looking *l, const char *dir)
{
	const struct promise *restore = restore_of(l);

	return restore && restore->kept > l->cut && (is_there(dir, "sealed") || !is_there(dir, "valv.db"));
}

void
look(const char *dir, const struct promises *promises, size_t cut, struct seen *ret)
{
	struct job job = { .now = os_now(), .actor = { .kind = ACTOR_OPERATOR } };
	struct looking l = { .job = &job, .promises = promises, .cut = cut, .seen = ret };
	enum err err;

	*ret = (struct seen){ 0 };
	if (is_sealed(&l, dir))
		return;
	err = look_inside(&l, dir);
	if (err)
		bad_err(&l, "the store cannot be used", err);
	integrity_look(&l, dir, "valv.db");
	integrity_look(&l, dir, "keys.db");
	job_release(&job);
}
