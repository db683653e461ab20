/* vault/subject.c -- reading persons; contract and P1-P3: see subject.h.  Writing is change.c. */
#include "vault/subject.h"

#include "access/look.h"
#include "base/limits.h"
#include "vault/rows.h"

#define READ_TRIES 5
#define READ_INSIDE_MAX (16 * 1024) /* octets of a sealed record that the writer's thread opens */

/* --- rows ------------------------------------------------------------------------------------- */

static void
tag_read(const struct rows *rows, int column, struct subject *subject, enum address address)
{
	bytes tag = rows_bytes(rows, column);

	subject->tagged[address] = tag.len == DIGEST_BYTES;
	if (subject->tagged[address])
		memcpy(subject->tag[address], tag.ptr, DIGEST_BYTES);
}

enum err
subject_row(struct job *job, const struct rows *rows, bool with_record, struct subject *ret)
{
	struct subject subject = {
		.no = rows_i64(rows, 0),
		.kind = (enum subject_kind)rows_i64(rows, 2),
		.flags = (uint32_t)rows_i64(rows, 3),
		.erased = rows_i64(rows, 4) != 1,
		.version = rows_i64(rows, 5),
		.created_at = rows_i64(rows, 6),
		.tell_by_at = rows_time(rows, 7),
		.told_at = rows_time(rows, 8),
		.due_at = rows_time(rows, 9),
	};

	if (!uid_from_bytes(rows_bytes(rows, 1), &subject.id))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	tag_read(rows, 10, &subject, ADDRESS_EMAIL);
	tag_read(rows, 11, &subject, ADDRESS_PHONE);
	tag_read(rows, 12, &subject, ADDRESS_POST);
	TRY(standing_decode(job, arena_bytes(&job->arena, rows_bytes(rows, 13)), &subject.standing));
	if (with_record)
		subject.record = arena_bytes(&job->arena, rows_bytes(rows, 14));
	*ret = subject;
	return OK;
}

static enum err
subject_query(struct job *job, enum sql sql, struct sql_arg key, bool with_record,
              struct subject *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, sql, &key, 1, &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "no such person");
	TRY(subject_row(job, &rows, with_record, ret));
	if (ret->erased)
		return fail(job, ERR_GONE, "this person was erased");
	return OK;
}

enum err
subject_get(struct job *job, struct vault *vault, uid id, struct subject *ret)
{
	return subject_query(job, SQL_SUBJECT_GET, sql_bytes(uid_bytes(&id)), true, ret);
}

enum err
subject_get_no(struct job *job, struct vault *vault, int64_t no, struct subject *ret)
{
	return subject_query(job, SQL_SUBJECT_GET_NO, sql_i64(no), true, ret);
}

enum err
act_row_read(struct job *job, const struct rows *rows, bool with_evidence, struct act_row *ret)
{
	*ret = (struct act_row){
		.seq = rows_i64(rows, 0),
		.at = rows_i64(rows, 1),
		.recorded_at = rows_i64(rows, 2),
		.act = (enum act)rows_i64(rows, 3),
		.basis = (enum basis)rows_i64(rows, 4),
		.purpose = (uint32_t)rows_i64(rows, 5),
		.version = (uint32_t)rows_i64(rows, 6),
		.channels = (uint32_t)rows_i64(rows, 7),
		.until_at = rows_time(rows, 8),
		.notice = arena_bytes(&job->arena, rows_bytes(rows, 9)),
		.method = (enum act_method)rows_i64(rows, 10),
		.actor = { (enum actor_kind)rows_i64(rows, 11), rows_i64(rows, 12) },
		.detail = arena_bytes(&job->arena, rows_bytes(rows, 13)),
	};
	if (with_evidence)
		ret->evidence = arena_bytes(&job->arena, rows_bytes(rows, 14));
	return OK;
}

enum err
ledger_read(struct job *job, int64_t subject, struct act_row **ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct act_row *act = NULL;
	size_t count = 0, room = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_LEDGER_FOLD, ARGS(sql_i64(subject)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		if (count == room) {
			struct act_row *grown = arena_array(&job->arena, room ? room * 2 : 16, sizeof(*grown));
			if (count)
				memcpy(grown, act, count * sizeof(*grown));
			room = room ? room * 2 : 16;
			act = grown;
		}
		TRY(act_row_read(job, &rows, false, &act[count++]));
	}
	*ret = act;
	*ret_count = count;
	return OK;
}

/* --- values ----------------------------------------------------------------------------------- */

enum err
value_read(struct job *job, const struct field *field, str raw, str *ret)
{
	OWNED(buf_release) struct buf out = { .max = LIMIT_VALUE_BYTES };
	OWNED(buf_release) struct buf where = { .max = 128 };
	struct type_context context = { .region = field->region, .options = field->options,
		                        .option_count = field->option_count, .now = job->now };
	const char *why = NULL;

	if (type_parse(field->type, &context, raw, &out, &why) && buf_ok(&out)) {
		*ret = arena_str(&job->arena, buf_str(&out));
		return OK;
	}
	buf_put(&where, S("/values/"));
	buf_put(&where, field->name);
	/* why is one of type/'s literals, never a part of the value. */
	return job_fail_at(job, ERR_INVALID, buf_str(&where),
	                   why ? why : "limit_value_bytes: the value is too long", __FILE__, __LINE__);
}

/* --- lookups ---------------------------------------------------------------------------------- */

static void
digest_add(const struct field *field, str variant, str text, struct digests *out)
{
	bytes parts[] = { str_bytes(variant), str_bytes(text) };

	digest_keyed(field->lookup_key, parts, COUNT(parts), out->digest[out->count++]);
}

void
lookup_digests(const struct field *field, str canonical, struct digests *ret)
{
	OWNED(buf_release) struct buf text = { .max = 4 * LIMIT_VALUE_BYTES };
	OWNED(buf_release) struct buf family = { .max = 4 * LIMIT_VALUE_BYTES };

	ret->count = 0;
	if (field->lookup == LOOKUP_EXACT) {
		type_match(field->type, canonical, &text);
		digest_add(field, S("exact"), buf_str(&text), ret);
	} else if (field->lookup == LOOKUP_FOLDED) {
		text_fold(canonical, &text);
		digest_add(field, S("full"), buf_str(&text), ret);
		if (field->type != TYPE_NAME)
			return;
		text_fold(name_family(canonical), &family);
		if (family.len && !str_eq(buf_str(&family), buf_str(&text)))
			digest_add(field, S("family"), buf_str(&family), ret);
	}
}

static enum err
holders_add(struct job *job, const struct field *field, const uint8_t digest[DIGEST_BYTES],
            int64_t *no, size_t *count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_LOOKUP_FIND,
	             ARGS(sql_i64(field->no), sql_bytes((bytes){ digest, LOOKUP_BYTES }),
	                  sql_i64(LIMIT_HOLDERS + 1)),
	             &rows));
	for (;;) {
		size_t at = 0;
		int64_t holder;
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		holder = rows_i64(&rows, 0);
		while (at < *count && no[at] != holder)
			at++;
		if (at < *count)
			continue;
		if (*count == LIMIT_HOLDERS)
			return fail(job, ERR_LIMIT, "limit_holders: too many persons have this value");
		no[(*count)++] = holder;
	}
}

enum err
subject_find(struct job *job, struct vault *vault, const struct field *field, str canonical,
             int64_t *ret_no, size_t *ret_count)
{
	OWNED(buf_release) struct buf folded = { .max = 4 * LIMIT_VALUE_BYTES };
	struct digests digests = { 0 };
	size_t count = 0;

	if (field->lookup == LOOKUP_NONE)
		return fail_at(job, ERR_INVALID, S("/field"), "this field cannot be searched");
	if (field->lookup == LOOKUP_EXACT) {
		lookup_digests(field, canonical, &digests);
	} else { /* the words may be a full name or a family name */
		text_fold(canonical, &folded);
		digest_add(field, S("full"), buf_str(&folded), &digests);
		digest_add(field, S("family"), buf_str(&folded), &digests);
	}
	for (size_t i = 0; i < digests.count; i++)
		TRY(holders_add(job, field, digests.digest[i], ret_no, &count));
	*ret_count = count;
	return OK;
}

/* --- budget ----------------------------------------------------------------------------------- */

enum err
budget_steps(struct job *job, struct db *db, int64_t per_hour, int64_t n)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	if (job->actor.kind == ACTOR_OPERATOR || job->actor.kind == ACTOR_SYSTEM)
		return OK;
	TRY(db_query(job, db, SQL_BUDGET_TAKE,
	             ARGS(sql_i64(job->actor.kind), sql_i64(job->actor.no),
	                  sql_i64(job->now / (3600 * TIME_SECOND)), sql_i64(n)),
	             &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there || rows_i64(&rows, 0) > per_hour)
		return fail(job, ERR_BUDGET, "the hourly budget of lookups by value is used up");
	return OK;
}

struct budget_plan {
	int64_t per_hour, n;
};

static enum err
budget_alone_steps(struct job *job, struct db *db, void *arg)
{
	struct budget_plan *plan = arg;

	return budget_steps(job, db, plan->per_hour, plan->n);
}

enum err
budget_take(struct job *job, struct vault *vault, int64_t n)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct budget_plan plan = { .n = n };

	TRY(registry_hold(job, vault, &registry));
	plan.per_hour = registry->budget_per_hour;
	return store_write(job, vault->store, WRITE_ORDINARY, budget_alone_steps, &plan);
}

struct forget_plan {
	size_t max;
	int64_t count;
};

static enum err
forget_steps(struct job *job, struct db *db, void *arg)
{
	struct forget_plan *plan = arg;

	return db_run(job, db, SQL_BUDGET_FORGET,
	              ARGS(sql_i64(job->now / (3600 * TIME_SECOND)), sql_i64((int64_t)plan->max)),
	              &plan->count);
}

enum err
budget_forget(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	struct forget_plan plan = { .max = max };

	TRY(store_write(job, vault->store, WRITE_ONE, forget_steps, &plan));
	*ret_count = (uint64_t)plan.count;
	return OK;
}

/* --- search ----------------------------------------------------------------------------------- */

struct search_plan {
	int64_t per_hour;
	struct entry entry;
};

static enum err
search_steps(struct job *job, struct db *db, void *arg)
{
	struct search_plan *plan = arg;

	TRY(budget_steps(job, db, plan->per_hour, 1));
	return entry_append(job, db, &plan->entry, NULL);
}

enum err
subject_search(struct job *job, struct vault *vault, const struct field *field, str raw, uid *ret,
               size_t *ret_count)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(buf_release) struct buf body = { .max = 64 };
	struct search_plan plan = { 0 };
	int64_t no[LIMIT_HOLDERS];
	struct subject subject;
	size_t count = 0, found = 0;
	str text = raw;

	TRY(registry_hold(job, vault, &registry));
	if (field->lookup == LOOKUP_EXACT)
		TRY(value_read(job, field, raw, &text));
	TRY(subject_find(job, vault, field, text, no, &count));
	buf_le16(&body, field->no);
	buf_le16(&body, (uint16_t)count);
	plan = (struct search_plan){ .per_hour = registry->budget_per_hour,
		                     .entry = { .act = ENTRY_SUBJECT_SEARCH, .body = buf_bytes(&body) } };
	TRY(store_write(job, vault->store, WRITE_ORDINARY, search_steps, &plan));
	for (size_t i = 0; i < count; i++) {
		enum err err = subject_get_no(job, vault, no[i], &subject);
		if (err == ERR_ABSENT || err == ERR_GONE) {
			job_forgive(job); /* went between the two reads */
			continue;
		}
		TRY(err);
		ret[found++] = subject.id;
	}
	*ret_count = found;
	return OK;
}

/* --- reading for a purpose -------------------------------------------------------------------- */

/* The fields that live, usable grounds for the purpose give; 0: whether there is such a ground. */
static bool
readable(const struct registry *registry, const struct subject *subject, uint32_t purpose,
         time_us now, uint16_t field)
{
	for (size_t i = 0; i < subject->standing.ground_count; i++) {
		const struct ground *ground = &subject->standing.ground[i];
		const struct purpose_version *version;
		if (ground->purpose != purpose || !ground_usable(ground, now))
			continue;
		version = registry_version(registry, ground->purpose, ground->version);
		if (version && (!field || version_has_field(version, field)))
			return true;
	}
	return false;
}

static enum err
values_open(struct job *job, struct vault *vault, const struct subject *subject, uint32_t purpose,
            struct value **ret, size_t *ret_count)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;

	TRY(keys_get(job, vault->keys, job->db, subject->no, &keyset));
	return record_open_for(job, subject->id, keyset, subject->record, purpose, ret, ret_count);
}

/* The row and its keys lie in two databases: when a key is gone, the row has changed too, and is
 * read again; only if it has not is something wrong. */
static enum err
subject_open(struct job *job, struct vault *vault, uid id, uint32_t purpose,
             struct subject *ret_subject, struct value **ret, size_t *ret_count)
{
	int64_t version = -1;
	enum err err = OK;

	for (int try = 0; try < READ_TRIES; try++) {
		TRY(subject_get(job, vault, id, ret_subject));
		err = values_open(job, vault, ret_subject, purpose, ret, ret_count);
		if (!err || (err != ERR_CRYPTO && err != ERR_ABSENT) || ret_subject->version == version)
			break;
		version = ret_subject->version;
		if (try + 1 < READ_TRIES)
			job_forgive(job);
	}
	return err == ERR_ABSENT ? ERR_CRYPTO : err;
}

#define READ_BODY_MAX (4 * LIMIT_VALUES + 512)

/* One read: who, for what, and what came of it. */
struct read {
	struct vault *vault;
	const struct registry *registry;
	uid id;
	const struct purpose *purpose; /* NULL: every value */
	struct subject subject;
	struct value *value;
	size_t count;
	const struct viewer *look; /* NULL: everything in clear */
	bool excepted; /* Article 18(2): read although it is restricted */
	bool refused; /* no ground: the entry says so, and then the caller is told */
	bool large;   /* too much to be opened on the writer's thread */
};

static bool
may_see(const struct job *job, const struct read *read, uint16_t field)
{
	const struct standing *standing = &read->subject.standing;

	return readable(read->registry, &read->subject, read->purpose->no, job->now, field) &&
	       (read->excepted || !standing_restricts(standing, field));
}

/* What of the opened values the purpose gives. */
static void
read_choose(struct job *job, struct read *read)
{
	size_t kept = 0;

	if (!read->purpose)
		return;
	read->refused = (read->subject.standing.restricted && !read->excepted) ||
	                !readable(read->registry, &read->subject, read->purpose->no, job->now, 0);
	for (size_t i = 0; i < read->count && !read->refused; i++)
		if (may_see(job, read, read->value[i].field))
			read->value[kept++] = read->value[i];
	read->count = kept;
}

static bool
is_revealed(const struct viewer *look, uint16_t field)
{
	for (size_t i = 0; i < look->reveal_count; i++)
		if (look->reveal[i] == field)
			return true;
	return false;
}

static enum view
view_of(const struct read *read, const struct field *field)
{
	uint32_t purpose = read->purpose ? read->purpose->no : 0;
	enum view view = principal_view(read->look->who, purpose, field->no,
	                                field->sensitivity != SENSITIVITY_ORDINARY);

	return view == VIEW_MASKED && is_revealed(read->look, (uint16_t)field->no) ? VIEW_CLEAR : view;
}

static void
value_mask(struct job *job, const struct field *field, struct value *value)
{
	OWNED(buf_release) struct buf masked = { .max = 4 * LIMIT_VALUE_BYTES };

	type_mask(field->type, value->text, &masked);
	must(buf_ok(&masked));
	value->text = arena_str(&job->arena, buf_str(&masked));
	value->statement = S("");
	value->masked = true;
}

/* What of it the role shows, and how. */
static void
read_view(struct job *job, struct read *read)
{
	size_t kept = 0;

	if (!read->look)
		return;
	for (size_t i = 0; i < read->count; i++) {
		const struct field *field = registry_field_no(read->registry, read->value[i].field);
		enum view view = field ? view_of(read, field) : VIEW_HIDDEN;
		if (view == VIEW_HIDDEN)
			continue;
		read->value[kept] = read->value[i];
		if (view == VIEW_MASKED)
			value_mask(job, field, &read->value[kept]);
		kept++;
	}
	read->count = kept;
}

static void
read_entry(const struct read *read, struct buf *body, struct entry *ret)
{
	bool reveal = read->look && read->look->why.len;

	if (reveal)
		buf_data(body, read->look->why);
	for (size_t i = 0; i < read->count; i++)
		buf_le16(body, (uint16_t)(read->value[i].field | (read->value[i].masked ? ENTRY_MASKED : 0)));
	*ret = (struct entry){ .act = reveal ? ENTRY_REVEAL : ENTRY_SUBJECT_READ, .subject = read->subject.no,
		               .purpose = read->purpose ? read->purpose->no : PURPOSE_RIGHTS,
		               .outcome = read->refused ? ERR_NO_GROUND : OK,
		               .body = buf_bytes(body) };
}

static enum err
read_here(struct job *job, struct read *read)
{
	TRY(subject_get(job, read->vault, read->id, &read->subject));
	read->large = read->subject.record.len > READ_INSIDE_MAX;
	if (read->large)
		return OK;
	TRY(values_open(job, read->vault, &read->subject, read->purpose ? read->purpose->no : 0,
	                &read->value, &read->count));
	read_choose(job, read);
	read_view(job, read);
	return OK;
}

/* A read is a write of one entry, and so it is read where it is written: on the writer's own
 * connections, whose pages are warm where a reader's are thrown away by every commit, and in one
 * transaction with its entry (I4). */
static enum err
read_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf body = { .max = READ_BODY_MAX };
	struct db *reader = job->db;
	struct read *read = arg;
	struct entry entry;
	enum err err;

	job->db = db;
	err = read_here(job, read);
	job->db = reader;
	TRY(err);
	if (read->large)
		return OK;
	TRY(look_steps(job, db, read->subject.no));
	read_entry(read, &body, &entry);
	return entry_append(job, db, &entry, NULL);
}

/* Somebody saw something of a person: counted, and recorded. */
static enum err
seen_steps(struct job *job, struct db *db, void *arg)
{
	const struct entry *entry = arg;

	TRY(look_steps(job, db, entry->subject));
	return entry_append(job, db, entry, NULL);
}

/* A large record is opened on the caller's thread, so that nobody waits for it. */
static enum err
read_large(struct job *job, struct read *read)
{
	OWNED(buf_release) struct buf body = { .max = READ_BODY_MAX };
	struct entry entry;

	TRY(subject_open(job, read->vault, read->id, read->purpose ? read->purpose->no : 0, &read->subject,
	                 &read->value, &read->count));
	read_choose(job, read);
	read_view(job, read);
	read_entry(read, &body, &entry);
	return store_write(job, read->vault->store, WRITE_ORDINARY, seen_steps, &entry);
}

static enum err
read_one(struct job *job, struct read *read, struct subject *ret_subject, struct value **ret,
         size_t *ret_count)
{
	OWNED(registry_drop) const struct registry *registry = NULL;

	TRY(registry_hold(job, read->vault, &registry));
	read->registry = registry;
	/* Who is counted may be refused after a row was written: that takes a savepoint. */
	TRY(store_write(job, read->vault->store, job->actor.staff ? WRITE_ORDINARY : WRITE_ONE, read_steps, read));
	if (read->large)
		TRY(read_large(job, read));
	if (read->refused && read->subject.standing.restricted && !read->excepted)
		return fail(job, ERR_NO_GROUND, "the processing of this person's data is restricted (Article 18)");
	if (read->refused)
		return fail(job, ERR_NO_GROUND, "this person has no live ground for that purpose");
	*ret_subject = read->subject;
	*ret = read->value;
	*ret_count = read->count;
	return OK;
}

enum err
subject_read(struct job *job, struct vault *vault, uid id, const struct purpose *purpose,
             struct subject *ret_subject, struct value **ret, size_t *ret_count)
{
	struct read read = { .vault = vault, .id = id, .purpose = purpose };

	return read_one(job, &read, ret_subject, ret, ret_count);
}

enum err
subject_look(struct job *job, struct vault *vault, uid id, const struct purpose *purpose, const struct viewer *look,
             struct subject *ret_subject, struct value **ret, size_t *ret_count)
{
	struct read read = { .vault = vault, .id = id, .purpose = purpose, .look = look };

	return read_one(job, &read, ret_subject, ret, ret_count);
}

enum err
subject_show(struct job *job, struct vault *vault, const struct registry *registry, const struct subject *subject,
             const struct purpose *purpose, const struct viewer *look, struct value **ret, size_t *ret_count)
{
	struct read read = { .vault = vault, .registry = registry, .purpose = purpose, .subject = *subject, .look = look };

	TRY(values_open(job, vault, subject, purpose->no, &read.value, &read.count));
	read_choose(job, &read);
	read_view(job, &read);
	*ret = read.value;
	*ret_count = read.refused ? 0 : read.count;
	return OK;
}

enum err
subject_read_excepted(struct job *job, struct vault *vault, uid id, const struct purpose *purpose,
                      const struct viewer *look, struct subject *ret_subject, struct value **ret, size_t *ret_count)
{
	struct read read = { .vault = vault, .id = id, .purpose = purpose, .look = look, .excepted = true };

	return read_one(job, &read, ret_subject, ret, ret_count);
}

/* --- the ledger ------------------------------------------------------------------------------- */

void
evidence_associated(struct buf *out, uid subject, int64_t seq)
{
	buf_put(out, S("valv evidence 1"));
	buf_data(out, uid_bytes(&subject));
	buf_le64(out, (uint64_t)seq);
}

enum err
evidence_open(struct job *job, uid subject, const uint8_t *key, struct act_row *act)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };

	if (!act->evidence.len)
		return OK;
	evidence_associated(&associated, subject, act->seq);
	return seal_open(job, key, buf_bytes(&associated), act->evidence, &act->evidence);
}

static enum err
acts_open(struct job *job, struct vault *vault, const struct subject *subject, int64_t after_seq,
          size_t max, struct act_row *act, size_t *ret_count)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	OWNED(rows_end) struct rows rows = { 0 };
	const uint8_t *key;
	size_t count = 0;
	bool there;

	TRY(keys_get(job, vault->keys, job->db, subject->no, &keyset));
	key = keyset_find(keyset, 0);
	if (!key)
		return fail(job, ERR_CRYPTO, "the evidence key of this person is gone");
	TRY(db_query(job, job->db, SQL_LEDGER_GET,
	             ARGS(sql_i64(subject->no), sql_i64(after_seq), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		TRY(act_row_read(job, &rows, true, &act[count]));
		TRY(evidence_open(job, subject->id, key, &act[count]));
		count++;
	}
	*ret_count = count;
	return OK;
}

enum err
subject_values(struct job *job, struct vault *vault, uid id, struct subject *ret_subject,
               struct value **ret, size_t *ret_count)
{
	return subject_open(job, vault, id, 0, ret_subject, ret, ret_count);
}

enum err
subject_acts(struct job *job, struct vault *vault, const struct subject *subject, int64_t after_seq,
             size_t max, struct act_row **ret, size_t *ret_count)
{
	if (!max)
		return ledger_read(job, subject->no, ret, ret_count);
	*ret = arena_array(&job->arena, max, sizeof(**ret));
	return acts_open(job, vault, subject, after_seq, max, *ret, ret_count);
}

enum err
subject_ledger(struct job *job, struct vault *vault, uid id, int64_t after_seq, size_t max,
               struct act_row **ret, size_t *ret_count)
{
	struct subject subject;

	TRY(subject_get(job, vault, id, &subject));
	TRY(subject_acts(job, vault, &subject, after_seq, max, ret, ret_count));
	return store_write(job, vault->store, WRITE_ORDINARY, seen_steps,
	                   &(struct entry){ .act = ENTRY_LEDGER_READ, .subject = subject.no });
}
