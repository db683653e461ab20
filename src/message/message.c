/* message/message.c -- writing, looking, and what is done by hand; contract and M1-M5: see message.h.
 *
 * What is sealed in a row is one JSON object:
 *
 *   {"address":…,"name":…,"language":…,"values":[{"name":…,"text":…},{"name":…,"items":[…]}]}
 */
#include "base/limits.h"
#include "json/json.h"
#include "mail/mailbox.h"
#include "message/rows.h"
#include "os/random.h"

#define LATE_MAX 500 /* at a time, in one transaction */
#define BOUNCE_DAYS 90
#define NAME_MAX 64 /* of a value */

/* --- words ------------------------------------------------------------------------------------- */

#define CASE_NAME(e, no, name, ...) \
	case e: \
		return S(name);

str
message_kind_name(enum message_kind kind)
{
	switch (kind) {
		MESSAGE_KIND_TABLE(CASE_NAME)
	case MESSAGE_KIND_NONE:
		break;
	}
	return S("");
}

str
message_state_name(enum message_state state)
{
	switch (state) {
		MESSAGE_STATE_TABLE(CASE_NAME)
	}
	return S("");
}

str
message_why_name(enum message_why why)
{
	switch (why) {
		MESSAGE_WHY_TABLE(CASE_NAME)
	}
	return S("");
}

#define FIND_NAME(e, no, text, ...) \
	if (str_eq(name, S(text))) { \
		*ret = e; \
		return true; \
	}

bool
message_kind_find(str name, enum message_kind *ret)
{
	MESSAGE_KIND_TABLE(FIND_NAME)
	return false;
}

bool
message_state_find(str name, enum message_state *ret)
{
	MESSAGE_STATE_TABLE(FIND_NAME)
	return false;
}

struct kind_info {
	int64_t life_minutes;
	int64_t rank;
};

static struct kind_info
kind_info(enum message_kind kind)
{
	switch (kind) {
#define CASE_INFO(e, no, name, life, rank) \
	case e: \
		return (struct kind_info){ life, rank };
		MESSAGE_KIND_TABLE(CASE_INFO)
#undef CASE_INFO
	case MESSAGE_KIND_NONE:
		break;
	}
	return (struct kind_info){ 0 };
}

/* --- planning ---------------------------------------------------------------------------------- */

struct message_row_new {
	uid id;
	enum message_kind kind;
	enum message_class message_class;
	int64_t subject;
	uint32_t purpose;
	int64_t rank;
	int64_t day;
	time_us until_at;
	uint8_t digest[DIGEST_BYTES];
	int64_t domain;
	bytes content;
};

/* Content cannot be moved to another row. */
static void
content_associated(struct buf *out, uid id, int64_t day)
{
	buf_put(out, S("message"));
	buf_data(out, uid_bytes(&id));
	buf_le64(out, (uint64_t)day);
}

static void
value_write(struct json_out *out, const struct message_value *value)
{
	json_open(out, '{');
	json_pair_str(out, S("name"), value->name);
	if (value->item) {
		json_name(out, S("items"));
		json_open(out, '[');
		for (size_t i = 0; i < value->item_count; i++)
			json_put_str(out, value->item[i]);
		json_close(out, ']');
	} else {
		json_pair_str(out, S("text"), value->text);
	}
	json_close(out, '}');
}

static void
content_write(const struct message_new *message, struct buf *content)
{
	struct json_out out;

	json_out_begin(&out, content);
	json_open(&out, '{');
	json_pair_str(&out, S("address"), message->address);
	json_pair_str(&out, S("name"), message->name);
	json_pair_str(&out, S("language"), message->language);
	json_name(&out, S("values"));
	json_open(&out, '[');
	for (size_t i = 0; i < message->value_count; i++)
		value_write(&out, &message->value[i]);
	json_close(&out, ']');
	json_close(&out, '}');
}

/* What the templates of a kind put (page/page.h, T3): a message that could not be composed is refused with the act, not
 * found broken behind it. */
static const char *
needed(enum message_kind kind)
{
	switch (kind) {
	case MESSAGE_CONFIRM:
		return "url purposes ";
	case MESSAGE_KNOWN:
		return "url ";
	case MESSAGE_MINE:
		return "url minutes ";
	case MESSAGE_CODE:
		return "code minutes ";
	case MESSAGE_CHANGED:
		return "changes ";
	case MESSAGE_REPLY:
	case MESSAGE_CAMPAIGN:
		return "title text ";
	case MESSAGE_TEST:
	case MESSAGE_KIND_NONE:
		break;
	}
	return "";
}

static bool
has_needed(const struct message_new *message)
{
	str rest = str_from_c(needed(message->kind)), name;

	while (eat_until(&rest, ' ', &name)) {
		bool there = false;
		for (size_t i = 0; i < message->value_count; i++)
			there |= str_eq(message->value[i].name, name);
		if (!there)
			return false;
	}
	return true;
}

static enum err
new_check(struct job *job, const struct message_new *message)
{
	bool marketing = message->message_class == CLASS_MARKETING;

	must(kind_info(message->kind).life_minutes);
	if (!mailbox_fits(message->address))
		return fail_at(job, ERR_INVALID, S("/address"), "mail cannot be sent to this address");
	if (marketing && (!message->subject || !message->purpose))
		return fail(job, ERR_INVALID, "marketing is for somebody and some purpose");
	if (!has_needed(message))
		return fail(job, ERR_INVALID, "a value that a message of its kind needs is missing");
	if (message->value_count > LIMIT_MESSAGE_VALUES)
		return fail(job, ERR_LIMIT, "limit_message_values");
	for (size_t i = 0; i < message->value_count; i++)
		if (message->value[i].item_count > LIMIT_MESSAGE_ITEMS)
			return fail(job, ERR_LIMIT, "limit_message_items");
	return OK;
}

/* Whom it is for, as nothing but keyed hashes. */
static void
address_hash(const struct vault *vault, str address, struct message_row_new *row)
{
	OWNED(buf_release) struct buf match = { .max = 4 * MAILBOX_BYTES_MAX };
	uint8_t digest[DIGEST_BYTES];
	str domain, local;
	bytes number = { digest, 8 };
	uint64_t octets;

	type_match(TYPE_EMAIL, address, &match);
	suppression_digest(vault, ADDRESS_EMAIL, buf_str(&match), row->digest);
	domain = address;
	must(eat_until(&domain, '@', &local));
	digest_keyed(vault->suppression_key, (bytes[]){ str_bytes(S("domain")), str_bytes(domain) }, 2, digest);
	must(eat_le64(&number, &octets));
	row->domain = (int64_t)(octets >> 1);
}

static time_us
until_of(const struct job *job, const struct message_new *message)
{
	time_us life = job->now + kind_info(message->kind).life_minutes * 60 * TIME_SECOND;

	return message->until_at && message->until_at < life ? message->until_at : life;
}

enum err
message_plan(struct job *job, struct vault *vault, const struct message_new *message, struct message_plan *ret)
{
	OWNED(secret_free) struct secret *key = NULL;
	OWNED(buf_release) struct buf content = { .max = LIMIT_MESSAGE_CONTENT_BYTES }, associated = { .max = 64 };
	OWNED(buf_release) struct buf sealed = { .max = LIMIT_MESSAGE_CONTENT_BYTES + SEAL_OVERHEAD };
	struct message_row_new *row = arena_alloc(&job->arena, sizeof(*row));

	TRY(new_check(job, message));
	*row = (struct message_row_new){
		.id = os_uid(), .kind = message->kind, .subject = message->subject, .purpose = message->purpose,
		.message_class = message->message_class ? message->message_class : CLASS_TRANSACTIONAL,
		.day = job->now / TIME_DAY, .until_at = until_of(job, message),
	};
	row->rank = row->message_class == CLASS_MARKETING ? 2 : kind_info(message->kind).rank;
	address_hash(vault, message->address, row);
	content_write(message, &content);
	if (!buf_ok(&content))
		return fail(job, ERR_LIMIT, "limit_message_content_bytes");
	TRY(outbox_key(job, vault, row->day, &key));
	content_associated(&associated, row->id, row->day);
	seal(secret_octets(key), buf_bytes(&associated), buf_bytes(&content), &sealed);
	must(buf_ok(&sealed));
	row->content = arena_bytes(&job->arena, buf_bytes(&sealed));
	ret->row = row;
	return OK;
}

uid
message_plan_id(const struct message_plan *plan)
{
	return plan->row ? plan->row->id : (uid){ 0 };
}

enum err
message_steps(struct job *job, struct db *db, const struct message_plan *plan)
{
	const struct message_row_new *row = plan->row;

	if (!row)
		return OK;
	return db_run(job, db, SQL_MESSAGE_ADD,
	              ARGS(sql_bytes(uid_bytes(&row->id)), sql_i64(row->kind), sql_i64(row->message_class),
	                   sql_i64(row->subject), sql_i64(row->purpose), sql_i64(row->rank), sql_i64(job->now),
	                   sql_i64(row->day), sql_i64(row->until_at), sql_i64(job->now),
	                   sql_bytes((bytes){ row->digest, DIGEST_BYTES }), sql_i64(row->domain),
	                   sql_bytes(row->content)),
	              NULL);
}

enum err
message_restored_steps(struct job *job, struct db *db)
{
	struct message_row *row;
	size_t count;

	TRY(db_run(job, db, SQL_MESSAGE_HOLD_ALL, NO_ARGS, NULL));
	do {
		TRY(message_rows(job, db, SQL_MESSAGE_SENDING, ARGS(sql_i64(LATE_MAX)), &row, &count));
		for (size_t i = 0; i < count; i++)
			TRY(db_run(job, db, SQL_MESSAGE_LOST, ARGS(sql_i64(MESSAGE_WHY_CRASH), sql_i64(row[i].no)),
			           NULL));
	} while (count == LATE_MAX);
	return OK;
}

/* --- looking ----------------------------------------------------------------------------------- */

static enum err
message_row_read(struct job *job, const struct rows *rows, struct message_row *ret)
{
	bytes digest = rows_bytes(rows, 17);

	*ret = (struct message_row){
		.no = rows_i64(rows, 0),
		.kind = (enum message_kind)rows_i64(rows, 2),
		.message_class = (enum message_class)rows_i64(rows, 3),
		.subject = rows_i64(rows, 4),
		.purpose = (uint32_t)rows_i64(rows, 7),
		.state = (enum message_state)rows_i64(rows, 8),
		.why = (enum message_why)rows_i64(rows, 9),
		.status = rows_i64(rows, 10),
		.made_at = rows_time(rows, 11),
		.day = rows_i64(rows, 12),
		.until_at = rows_time(rows, 13),
		.due_at = rows_time(rows, 14),
		.tries = rows_i64(rows, 15),
		.last_at = rows_time(rows, 16),
		.domain = rows_i64(rows, 18),
		.content = arena_bytes(&job->arena, rows_bytes(rows, 19)),
	};
	if (digest.len != DIGEST_BYTES)
		return fail(job, ERR_CORRUPT, "a stored digest has the wrong length");
	memcpy(ret->digest, digest.ptr, DIGEST_BYTES);
	if (!uid_from_bytes(rows_bytes(rows, 1), &ret->id))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	if (rows_i64(rows, 6) == 1 && !uid_from_bytes(rows_bytes(rows, 5), &ret->subject_id))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	return OK;
}

enum err
message_rows(struct job *job, struct db *db, enum sql sql, const struct sql_arg *arg, size_t arg_count,
             struct message_row **ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct message_row *list = NULL;
	size_t count = 0, room = 0;
	bool there;

	TRY(db_query(job, db, sql, arg, arg_count, &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		if (count == room) {
			struct message_row *grown = arena_array(&job->arena, room = room ? room * 2 : 8, sizeof(*grown));
			if (count)
				memcpy(grown, list, count * sizeof(*grown));
			list = grown;
		}
		TRY(message_row_read(job, &rows, &list[count++]));
	}
	*ret = list;
	*ret_count = count;
	return OK;
}

static enum err
message_row_get(struct job *job, struct db *db, uid id, struct message_row *ret)
{
	struct message_row *row;
	size_t count;

	TRY(message_rows(job, db, SQL_MESSAGE_GET, ARGS(sql_bytes(uid_bytes(&id))), &row, &count));
	if (!count)
		return fail(job, ERR_ABSENT, "there is no such message");
	*ret = row[0];
	return OK;
}

enum err
message_get(struct job *job, uid id, struct message_row *ret)
{
	return message_row_get(job, job->db, id, ret);
}

enum err
message_list(struct job *job, int64_t after_no, enum message_state state, size_t max, struct message_row **ret,
             size_t *ret_count)
{
	return message_rows(job, job->db, SQL_MESSAGE_AFTER,
	                    ARGS(sql_i64(after_no), sql_i64(state), sql_i64((int64_t)max)), ret, ret_count);
}

static enum err
content_value_read(struct job *job, struct json place, struct message_value *ret)
{
	static const char *const members[] = { "name", "text", "items", NULL };
	struct json items;
	str *item;

	TRY(json_object(job, place, members));
	TRY(json_need_str(job, place, "name", NAME_MAX, &ret->name));
	TRY(json_str(job, place, "text", LIMIT_MESSAGE_CONTENT_BYTES, &ret->text, NULL));
	if (json_kind(json_member(job, place, "items")) == JSON_ABSENT)
		return OK;
	TRY(json_array(job, place, "items", LIMIT_MESSAGE_ITEMS, &items));
	ret->item_count = json_count(items);
	ret->item = item = arena_array(&job->arena, ret->item_count + 1, sizeof(*item));
	for (size_t i = 0; i < ret->item_count; i++)
		TRY(json_scalar(job, json_element(job, items, i), LIMIT_MESSAGE_CONTENT_BYTES, &item[i]));
	return OK;
}

static enum err
content_read(struct job *job, struct json root, struct message_content *ret)
{
	static const char *const members[] = { "address", "name", "language", "values", NULL };
	struct json values;

	TRY(json_object(job, root, members));
	TRY(json_need_str(job, root, "address", MAILBOX_BYTES_MAX, &ret->address));
	TRY(json_need_str(job, root, "name", LIMIT_MESSAGE_CONTENT_BYTES, &ret->name));
	TRY(json_need_str(job, root, "language", LIMIT_MESSAGE_CONTENT_BYTES, &ret->language));
	TRY(json_array(job, root, "values", LIMIT_MESSAGE_VALUES, &values));
	ret->value_count = json_count(values);
	ret->value = arena_array(&job->arena, ret->value_count + 1, sizeof(*ret->value));
	for (size_t i = 0; i < ret->value_count; i++)
		TRY(content_value_read(job, json_element(job, values, i), &ret->value[i]));
	return OK;
}

void
message_key_end(struct message_key *key)
{
	secret_free(&key->secret);
}

static enum err
key_of_day(struct job *job, struct vault *vault, int64_t day, struct message_key *key)
{
	if (key->secret && key->day == day)
		return OK;
	secret_free(&key->secret);
	key->day = day;
	return outbox_key_find(job, vault, day, &key->secret);
}

enum err
message_open(struct job *job, struct vault *vault, struct message_key *key, const struct message_row *row,
             struct message_content *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(buf_release) struct buf associated = { .max = 64 };
	struct json root;
	bytes plain;

	*ret = (struct message_content){ 0 };
	if (!row->content.len)
		return fail(job, ERR_GONE, "its content is gone");
	TRY(key_of_day(job, vault, row->day, key));
	content_associated(&associated, row->id, row->day);
	TRY(seal_open(job, secret_octets(key->secret), buf_bytes(&associated), row->content, &plain));
	TRY(json_parse(job, bytes_str(plain), &document, &root));
	return content_read(job, root, ret);
}

enum err
message_count(struct job *job, struct message_counts *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret = (struct message_counts){ .oldest_at = TIME_NEVER };
	TRY(db_query(job, job->db, SQL_MESSAGE_COUNT, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	if (there)
		*ret = (struct message_counts){ rows_i64(&rows, 0), rows_i64(&rows, 1), rows_i64(&rows, 2),
			                        rows_i64(&rows, 3), rows_i64(&rows, 4), rows_time(&rows, 5) };
	return OK;
}

/* --- entries ----------------------------------------------------------------------------------- */

enum err
message_entry(struct job *job, struct db *db, enum entry_act act, const struct message_row *row, int64_t decision)
{
	OWNED(buf_release) struct buf body = { .max = 64 };
	bool good = row->state == MESSAGE_WAITING || row->state == MESSAGE_SENDING || row->state == MESSAGE_SENT;

	buf_le64(&body, (uint64_t)decision);
	buf_u8(&body, (uint8_t)row->kind);
	buf_u8(&body, (uint8_t)row->state);
	buf_u8(&body, (uint8_t)row->why);
	buf_le16(&body, (uint16_t)row->status);
	buf_le32(&body, (uint32_t)row->tries);
	buf_data(&body, uid_bytes(&row->id));
	return entry_append(job, db,
	                    &(struct entry){ .act = act, .subject = row->subject, .purpose = row->purpose,
	                                     .body = buf_bytes(&body), .outcome = good ? OK : ERR_DENIED },
	                    NULL);
}

enum err
message_drop_steps(struct job *job, struct db *db, struct message_row *row, enum message_state state,
                   enum message_why why)
{
	int64_t changed;

	TRY(db_run(job, db, SQL_MESSAGE_DROP,
	           ARGS(sql_i64(state), sql_i64(why), sql_i64(job->now), sql_i64(row->no)), &changed));
	if (changed != 1)
		return fail(job, ERR_CONFLICT, "it is under way, or done");
	row->state = state;
	row->why = why;
	TRY(message_entry(job, db, ENTRY_MESSAGE_END, row, 0));
	return db_run(job, db, SQL_MESSAGE_OF_NOBODY, ARGS(sql_bytes(uid_bytes(&row->id))), NULL);
}

/* --- by hand ----------------------------------------------------------------------------------- */

static enum err
again_steps(struct job *job, struct db *db, void *arg)
{
	const uid *id = arg;
	struct message_row row;
	int64_t changed;

	TRY(message_row_get(job, db, *id, &row));
	TRY(db_run(job, db, SQL_MESSAGE_AGAIN, ARGS(sql_i64(job->now), sql_bytes(uid_bytes(id))), &changed));
	if (changed != 1)
		return fail(job, ERR_CONFLICT, "there is nothing left to send, or it is under way");
	row.state = MESSAGE_WAITING;
	row.why = MESSAGE_WHY_BY_HAND;
	return message_entry(job, db, ENTRY_MESSAGE_END, &row, 0);
}

enum err
message_again(struct job *job, struct vault *vault, uid id)
{
	return store_write(job, vault->store, WRITE_ORDINARY, again_steps, &id);
}

static enum err
cancel_steps(struct job *job, struct db *db, void *arg)
{
	const uid *id = arg;
	struct message_row row;

	TRY(message_row_get(job, db, *id, &row));
	return message_drop_steps(job, db, &row, MESSAGE_CANCELLED, MESSAGE_WHY_BY_HAND);
}

enum err
message_cancel(struct job *job, struct vault *vault, uid id)
{
	return store_write(job, vault->store, WRITE_RESERVED, cancel_steps, &id);
}

static enum err
release_steps(struct job *job, struct db *db, void *arg)
{
	int64_t *count = arg;

	TRY(db_run(job, db, SQL_MESSAGE_RELEASE, ARGS(sql_i64(job->now)), count));
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_SETTING_PUT, .body = str_bytes(S("mail.release")) }, NULL);
}

enum err
message_release(struct job *job, struct vault *vault, int64_t *ret_count)
{
	return store_write(job, vault->store, WRITE_ORDINARY, release_steps, ret_count);
}

/* --- upkeep ------------------------------------------------------------------------------------ */

struct expire_plan {
	size_t max;
	uint64_t count;
};

/* M2.  Of what failed or is unknown the content goes in silence: what became of it was written down. */
static enum err
expire_steps(struct job *job, struct db *db, void *arg)
{
	struct expire_plan *plan = arg;
	struct message_row *row;
	int64_t swept;
	size_t count;

	TRY(message_rows(job, db, SQL_MESSAGE_LATE, ARGS(sql_i64(job->now), sql_i64((int64_t)plan->max)), &row, &count));
	for (size_t i = 0; i < count; i++) {
		if (row[i].state == MESSAGE_WAITING || row[i].state == MESSAGE_HELD)
			TRY(message_drop_steps(job, db, &row[i], MESSAGE_FAILED, MESSAGE_WHY_TOO_LATE));
		else
			TRY(db_run(job, db, SQL_MESSAGE_EMPTY, ARGS(sql_i64(row[i].no)), NULL));
	}
	TRY(db_run(job, db, SQL_MESSAGE_SWEEP,
	           ARGS(sql_i64(job->now / TIME_DAY - MESSAGE_DAYS), sql_i64((int64_t)plan->max)), &swept));
	TRY(db_run(job, db, SQL_BOUNCE_SWEEP, ARGS(sql_i64(job->now - BOUNCE_DAYS * TIME_DAY)), NULL));
	plan->count = count > (size_t)swept ? count : (uint64_t)swept;
	return OK;
}

static enum err
something_late(struct job *job, bool *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, job->db, SQL_MESSAGE_ENDED,
	             ARGS(sql_i64(job->now), sql_i64(job->now / TIME_DAY - MESSAGE_DAYS),
	                  sql_i64(job->now - BOUNCE_DAYS * TIME_DAY)),
	             &rows));
	return rows_next(job, &rows, ret);
}

enum err
message_expire(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	struct expire_plan plan = { .max = max < LATE_MAX ? max : LATE_MAX };
	bool late;

	*ret_count = 0;
	TRY(something_late(job, &late));
	if (!late)
		return OK;
	TRY(store_write(job, vault->store, WRITE_RESERVED, expire_steps, &plan));
	*ret_count = plan.count;
	return OK;
}
