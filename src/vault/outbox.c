/* vault/outbox.c -- writing, looking and taking; contract and B1-B6: see outbox.h.
 *
 * What a row holds of a person, sealed, is one JSON object:
 *
 *   a notice  {"references":[…],"purposes":[…],"fields":[…],"channels":[…]}
 *   a reply   {"channel":…,"address":…,"language":…,"title":…,"text":…,"request":…}
 */
#include "base/limits.h"
#include "os/random.h"
#include "vault/outbox_rows.h"

#define CONTENT_MAX (64 * 1024)
#define REFERENCES_ROW 64 /* in one notice: under LIMIT_EVENT_BYTES together */
#define ENVELOPE_BYTES 1000 /* what a webhook's body has besides the content */

/* --- words ------------------------------------------------------------------------------------- */

#define CASE_NAME(e, no, name, ...) \
	case e: \
		return S(name);
#define CASE_EVENT(e, no, name, event) \
	case e: \
		return S(event);

str
outbox_kind_name(enum outbox_kind kind)
{
	switch (kind) {
		OUTBOX_KIND_TABLE(CASE_NAME)
	case OUTBOX_KIND_NONE:
		break;
	}
	return S("");
}

str
outbox_event_name(enum outbox_kind kind)
{
	switch (kind) {
		OUTBOX_KIND_TABLE(CASE_EVENT)
	case OUTBOX_KIND_NONE:
		break;
	}
	return S("");
}

str
outbox_state_name(enum outbox_state state)
{
	switch (state) {
		OUTBOX_STATE_TABLE(CASE_NAME)
	}
	return S("");
}

str
outbox_outcome_name(enum outbox_outcome outcome)
{
	switch (outcome) {
		OUTBOX_OUTCOME_TABLE(CASE_NAME)
	}
	return S("");
}

/* --- keys of a day ----------------------------------------------------------------------------- */

static int64_t
day_of(time_us at)
{
	return at / TIME_DAY;
}

static str
day_key(struct job *job, int64_t day)
{
	OWNED(buf_release) struct buf name = { .max = 64 };

	buf_put(&name, OUTBOX_KEYS);
	buf_date(&name, date_of(day * TIME_DAY));
	return arena_str(&job->arena, buf_str(&name));
}

enum err
outbox_key(struct job *job, struct vault *vault, int64_t day, struct secret **ret)
{
	return keys_named_copy(job, vault->keys, vault->store, day_key(job, day), ret);
}

enum err
outbox_key_find(struct job *job, struct vault *vault, int64_t day, struct secret **ret)
{
	enum err err = keys_named_find(job, vault->keys, day_key(job, day), ret);

	if (err != ERR_ABSENT)
		return err;
	job_forgive(job);
	return fail(job, ERR_GONE, "the key of its day is destroyed");
}

/* A row's content cannot be moved to another row. */
static void
content_associated(struct buf *out, uid id, int64_t day)
{
	buf_put(out, S("outbox"));
	buf_data(out, uid_bytes(&id));
	buf_le64(out, (uint64_t)day);
}

/* --- planning ---------------------------------------------------------------------------------- */

struct outbox_row_new {
	uid id;
	enum outbox_kind kind;
	int64_t recipient;
	uint32_t purpose;
	int64_t day;
	bytes disclosures;
	bytes content;
};

static struct outbox_row_new *
row_add(struct job *job, struct outbox_plan *plan)
{
	if (plan->count == plan->room) {
		size_t room = plan->room ? plan->room * 2 : 4;
		struct outbox_row_new *grown = arena_array(&job->arena, room, sizeof(*grown));
		if (plan->count)
			memcpy(grown, plan->row, plan->count * sizeof(*grown));
		plan->row = grown;
		plan->room = room;
	}
	return &plan->row[plan->count++];
}

/* key: of the job's day. */
static void
row_seal(struct job *job, const uint8_t *key, bytes content, struct outbox_row_new *row)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };
	OWNED(buf_release) struct buf sealed = { .max = CONTENT_MAX + SEAL_OVERHEAD };

	row->id = os_uid();
	row->day = day_of(job->now);
	content_associated(&associated, row->id, row->day);
	seal(key, buf_bytes(&associated), content, &sealed);
	must(buf_ok(&sealed));
	row->content = arena_bytes(&job->arena, buf_bytes(&sealed));
}

/* One event for one recipient: the disclosures that it concerns. */
struct telling {
	struct job *job;
	const struct registry *registry;
	const struct outbox_event *event;
	uid id;
	int64_t recipient;
	const struct disclosure *all;
	size_t all_count;
	const struct disclosure **hit; /* those that are concerned, oldest first */
	size_t hit_count;
};

static bool
has_field(const uint16_t *field, size_t count, uint16_t wanted)
{
	for (size_t i = 0; i < count; i++)
		if (field[i] == wanted)
			return true;
	return false;
}

static bool
event_has_field(const struct outbox_event *event, uint16_t field)
{
	return !event->field || has_field(event->field, event->field_count, field);
}

static bool
is_marketing(const struct registry *registry, uint32_t no)
{
	const struct purpose *purpose = registry_purpose_no(registry, no);

	return purpose && purpose->version_count && purpose->version[purpose->version_count - 1].marketing;
}

/* B1 */
static bool
concerns(const struct telling *telling, const struct disclosure *disclosure)
{
	const struct outbox_event *event = telling->event;
	bytes fields = disclosure->fields;
	uint16_t field;

	if (event->purpose && event->purpose != disclosure->purpose)
		return false;
	if (event->marketing && !is_marketing(telling->registry, disclosure->purpose))
		return false;
	if (!event->field)
		return true;
	while (eat_le16(&fields, &field))
		if (event_has_field(event, field))
			return true;
	return false;
}

static void
telling_find(struct telling *telling)
{
	telling->hit = arena_array(&telling->job->arena, telling->all_count + 1, sizeof(*telling->hit));
	for (size_t i = 0; i < telling->all_count; i++)
		if (telling->all[i].recipient == telling->recipient && concerns(telling, &telling->all[i]))
			telling->hit[telling->hit_count++] = &telling->all[i];
}

static bool
reference_seen(const struct telling *telling, size_t from, size_t at)
{
	for (size_t i = from; i < at; i++)
		if (str_eq(telling->hit[i]->reference, telling->hit[at]->reference))
			return true;
	return false;
}

/* By its own reference where it gave one, else by the person's id: never both for one disclosure,
 * which would tell the recipient that the two are one person. */
static void
references_write(struct json_out *out, const struct telling *telling, size_t from, size_t to)
{
	json_name(out, S("references"));
	json_open(out, '[');
	for (size_t i = from; i < to; i++) {
		if (reference_seen(telling, from, i))
			continue;
		if (telling->hit[i]->reference.len)
			json_put_str(out, telling->hit[i]->reference);
		else
			json_put_uid(out, telling->id);
	}
	json_close(out, ']');
}

static void
purposes_write(struct json_out *out, const struct telling *telling, size_t from, size_t to)
{
	json_name(out, S("purposes"));
	json_open(out, '[');
	for (size_t i = from; i < to; i++) {
		const struct purpose *purpose = registry_purpose_no(telling->registry, telling->hit[i]->purpose);
		size_t before = from;
		while (before < i && telling->hit[before]->purpose != telling->hit[i]->purpose)
			before++;
		if (purpose && before == i)
			json_put_str(out, purpose->name);
	}
	json_close(out, ']');
}

static void
fields_write(struct json_out *out, const struct telling *telling, size_t from, size_t to)
{
	bool told[LIMIT_FIELDS + 1] = { 0 };
	uint16_t field;

	for (size_t i = from; i < to; i++) {
		bytes fields = telling->hit[i]->fields;
		while (eat_le16(&fields, &field))
			if (field <= LIMIT_FIELDS && event_has_field(telling->event, field))
				told[field] = true;
	}
	json_name(out, S("fields"));
	json_open(out, '[');
	for (uint16_t no = 1; no <= LIMIT_FIELDS; no++) {
		const struct field *of = told[no] ? registry_field_no(telling->registry, no) : NULL;
		if (of)
			json_put_str(out, of->name);
	}
	json_close(out, ']');
}

static void
channels_write(struct json_out *out, uint32_t channels)
{
	json_name(out, S("channels"));
	json_open(out, '[');
	for (enum channel channel = CHANNEL_EMAIL; channel < CHANNEL_COUNT; channel++)
		if (channels & CHANNEL_BIT(channel))
			json_put_str(out, channel_name(channel));
	json_close(out, ']');
}

static void
notice_write(const struct telling *telling, size_t from, size_t to, bool whole, struct buf *content)
{
	struct json_out out;

	buf_clear(content);
	json_out_begin(&out, content);
	json_open(&out, '{');
	references_write(&out, telling, from, to);
	if (whole) {
		purposes_write(&out, telling, from, to);
		fields_write(&out, telling, from, to);
	}
	if (telling->event->channels)
		channels_write(&out, telling->event->channels);
	json_close(&out, '}');
}

static bytes
numbers_of(const struct telling *telling, size_t from, size_t to)
{
	OWNED(buf_release) struct buf numbers = { .max = 4 * REFERENCES_ROW };

	for (size_t i = from; i < to; i++)
		buf_le32(&numbers, (uint32_t)telling->hit[i]->seq);
	return arena_bytes(&telling->job->arena, buf_bytes(&numbers));
}

/* Names of very many fields would not fit into an event: left out, they mean all that was disclosed.
 * An erasure never fails because of what it has to say. */
static void
telling_plan(const struct telling *telling, const uint8_t *key, struct outbox_plan *plan)
{
	OWNED(buf_release) struct buf content = { .max = CONTENT_MAX };

	for (size_t from = 0, to; from < telling->hit_count; from = to) {
		struct outbox_row_new *row = row_add(telling->job, plan);
		to = from + REFERENCES_ROW < telling->hit_count ? from + REFERENCES_ROW : telling->hit_count;
		*row = (struct outbox_row_new){ .kind = telling->event->kind, .recipient = telling->recipient,
			                        .purpose = telling->event->purpose };
		row->disclosures = numbers_of(telling, from, to);
		notice_write(telling, from, to, true, &content);
		if (!buf_ok(&content) || content.len > LIMIT_EVENT_BYTES - ENVELOPE_BYTES)
			notice_write(telling, from, to, false, &content);
		must(buf_ok(&content));
		row_seal(telling->job, key, buf_bytes(&content), row);
	}
}

/* Each recipient once, in the order in which they were first told. */
static bool
told_before(const struct disclosure *disclosure, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (disclosure[i].recipient == disclosure[at].recipient)
			return true;
	return false;
}

static enum err
event_plan(struct telling *telling, struct vault *vault, struct secret **key, struct outbox_plan *plan)
{
	struct job *job = telling->job;

	for (size_t i = 0; i < telling->all_count; i++) {
		if (told_before(telling->all, i))
			continue;
		telling->recipient = telling->all[i].recipient;
		telling->hit_count = 0;
		telling_find(telling);
		if (!telling->hit_count)
			continue;
		if (!*key)
			TRY(outbox_key(job, vault, day_of(job->now), key));
		telling_plan(telling, secret_octets(*key), plan);
	}
	return OK;
}

enum err
outbox_plan_notices(struct job *job, struct vault *vault, const struct registry *registry,
                    int64_t subject, uid id, const struct keyset *keyset,
                    const struct outbox_event *event, size_t count, struct outbox_plan *plan)
{
	OWNED(secret_free) struct secret *key = NULL;
	struct disclosure *all;
	size_t all_count;

	if (!count)
		return OK;
	TRY(disclosures_read(job, subject, id, keyset, &all, &all_count));
	plan->notices = true;
	plan->subject = subject;
	plan->last_seq = all_count ? all[all_count - 1].seq : 0;
	for (size_t i = 0; i < count; i++) {
		struct telling telling = { .job = job, .registry = registry, .event = &event[i], .id = id,
			                   .all = all, .all_count = all_count };
		TRY(event_plan(&telling, vault, &key, plan));
	}
	return OK;
}

static enum err
reply_check(struct job *job, const struct outbox_reply *reply)
{
	if (!str_eq(reply->channel, S("email")) && !str_eq(reply->channel, S("post")))
		return fail_at(job, ERR_INVALID, S("/channel"), "a reply goes by email or post");
	if (!reply->address.len || reply->address.len > LIMIT_REPLY_ADDRESS_BYTES)
		return fail_at(job, ERR_LIMIT, S("/address"), "limit_reply_address_bytes");
	if (reply->title.len > LIMIT_REPLY_TITLE_BYTES)
		return fail_at(job, ERR_LIMIT, S("/title"), "limit_reply_title_bytes");
	if (!reply->text.len || reply->text.len > LIMIT_REPLY_BYTES)
		return fail_at(job, ERR_LIMIT, S("/text"), "limit_reply_bytes");
	return OK;
}

static void
reply_write(const struct outbox_reply *reply, struct buf *content)
{
	struct json_out out;

	json_out_begin(&out, content);
	json_open(&out, '{');
	json_pair_str(&out, S("channel"), reply->channel);
	json_pair_str(&out, S("address"), reply->address);
	json_pair_str(&out, S("language"), reply->language);
	json_pair_str(&out, S("title"), reply->title);
	json_pair_str(&out, S("text"), reply->text);
	if (!uid_eq(reply->request, (uid){ 0 }))
		json_pair_uid(&out, S("request"), reply->request);
	json_close(&out, '}');
}

enum err
outbox_plan_reply(struct job *job, struct vault *vault, int64_t subject,
                  const struct outbox_reply *reply, struct outbox_plan *plan)
{
	OWNED(secret_free) struct secret *key = NULL;
	OWNED(buf_release) struct buf content = { .max = CONTENT_MAX };
	struct outbox_row_new *row;

	TRY(reply_check(job, reply));
	reply_write(reply, &content);
	if (!buf_ok(&content)) /* escapes made it too long */
		return fail_at(job, ERR_LIMIT, S("/text"), "limit_reply_bytes");
	TRY(outbox_key(job, vault, day_of(job->now), &key));
	plan->subject = subject;
	row = row_add(job, plan);
	*row = (struct outbox_row_new){ .kind = OUTBOX_REPLY };
	row_seal(job, secret_octets(key), buf_bytes(&content), row);
	return OK;
}

/* --- steps ------------------------------------------------------------------------------------- */

enum err
outbox_steps(struct job *job, struct db *db, const struct outbox_plan *plan)
{
	int64_t last;

	if (plan->notices) {
		TRY(disclosure_last(job, db, plan->subject, &last));
		if (last != plan->last_seq)
			return fail(job, ERR_STALE, "somebody was told meanwhile");
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct outbox_row_new *row = &plan->row[i];
		TRY(db_run(job, db, SQL_OUTBOX_ADD,
		           ARGS(sql_bytes(uid_bytes(&row->id)), sql_i64(row->kind), sql_i64(plan->subject),
		                sql_i64(row->recipient), sql_i64(row->purpose), sql_i64(job->now),
		                sql_i64(row->day), sql_bytes_or_null(row->disclosures),
		                sql_bytes(row->content)),
		           NULL));
	}
	return OK;
}

enum err
outbox_forget_steps(struct job *job, struct db *db, int64_t subject)
{
	TRY(disclosures_drop_steps(job, db, subject));
	return db_run(job, db, SQL_OUTBOX_FORGET, ARGS(sql_i64(subject)), NULL);
}

/* --- looking ----------------------------------------------------------------------------------- */

static enum err
outbox_row_read(struct job *job, const struct rows *rows, struct outbox_row *ret)
{
	*ret = (struct outbox_row){
		.no = rows_i64(rows, 0),
		.kind = (enum outbox_kind)rows_i64(rows, 2),
		.subject = rows_i64(rows, 3),
		.recipient = rows_i64(rows, 6),
		.recipient_name = arena_str(&job->arena, rows_text(rows, 7)),
		.purpose = (uint32_t)rows_i64(rows, 8),
		.state = (enum outbox_state)rows_i64(rows, 9),
		.via = (enum outbox_via)rows_i64(rows, 10),
		.made_at = rows_time(rows, 11),
		.day = rows_i64(rows, 12),
		.due_at = rows_time(rows, 13),
		.tries = rows_i64(rows, 14),
		.last_at = rows_time(rows, 15),
		.outcome = (enum outbox_outcome)rows_i64(rows, 16),
		.status = rows_i64(rows, 17),
		.disclosures = arena_bytes(&job->arena, rows_bytes(rows, 18)),
		.content_there = !rows_null(rows, 19),
		.content = arena_bytes(&job->arena, rows_bytes(rows, 19)),
	};
	ret->ends_at = (ret->day + OUTBOX_DAYS) * TIME_DAY;
	if (!uid_from_bytes(rows_bytes(rows, 1), &ret->id))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	if (rows_i64(rows, 5) == 1 && !uid_from_bytes(rows_bytes(rows, 4), &ret->subject_id))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	return OK;
}

enum err
outbox_rows(struct job *job, struct db *db, enum sql sql, const struct sql_arg *arg, size_t arg_count,
            struct outbox_row **ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct outbox_row *list = NULL;
	size_t count = 0, room = 0;
	bool there;

	TRY(db_query(job, db, sql, arg, arg_count, &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		if (count == room) {
			struct outbox_row *grown = arena_array(&job->arena, room = room ? room * 2 : 8, sizeof(*grown));
			if (count)
				memcpy(grown, list, count * sizeof(*grown));
			list = grown;
		}
		TRY(outbox_row_read(job, &rows, &list[count++]));
	}
	*ret = list;
	*ret_count = count;
	return OK;
}

enum err
outbox_row_get(struct job *job, struct db *db, uid id, struct outbox_row *ret)
{
	struct outbox_row *row;
	size_t count;

	TRY(outbox_rows(job, db, SQL_OUTBOX_GET, ARGS(sql_bytes(uid_bytes(&id))), &row, &count));
	if (!count)
		return fail(job, ERR_ABSENT, "there is no such row");
	*ret = row[0];
	return OK;
}

enum err
outbox_get(struct job *job, uid id, struct outbox_row *ret)
{
	return outbox_row_get(job, job->db, id, ret);
}

enum err
outbox_list(struct job *job, int64_t after_no, size_t max, struct outbox_row **ret, size_t *ret_count)
{
	return outbox_rows(job, job->db, SQL_OUTBOX_AFTER, ARGS(sql_i64(after_no), sql_i64((int64_t)max)),
	                   ret, ret_count);
}

enum err
outbox_of(struct job *job, int64_t subject, struct outbox_row **ret, size_t *ret_count)
{
	return outbox_rows(job, job->db, SQL_OUTBOX_OF_SUBJECT,
	                   ARGS(sql_i64(subject), sql_i64(LIMIT_DISCLOSURES)), ret, ret_count);
}

enum err
outbox_open(struct job *job, struct vault *vault, const struct outbox_row *row, str *ret)
{
	OWNED(secret_free) struct secret *key = NULL;
	OWNED(buf_release) struct buf associated = { .max = 64 };
	bytes plain;

	if (!row->content_there)
		return fail(job, ERR_GONE, "its content is gone");
	TRY(outbox_key_find(job, vault, row->day, &key));
	content_associated(&associated, row->id, row->day);
	TRY(seal_open(job, secret_octets(key), buf_bytes(&associated), row->content, &plain));
	*ret = bytes_str(plain);
	return OK;
}

enum err
outbox_count(struct job *job, struct outbox_counts *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret = (struct outbox_counts){ .oldest_at = TIME_NEVER };
	TRY(db_query(job, job->db, SQL_OUTBOX_COUNT, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	if (there)
		*ret = (struct outbox_counts){ rows_i64(&rows, 0), rows_i64(&rows, 1), rows_i64(&rows, 2),
			                       rows_time(&rows, 3) };
	return OK;
}
