/* vault/bulk_run.c -- an export, piece by piece; contract and E1-E5: bulk.h. */
#include "base/limits.h"
#include "csv/csv.h"
#include "json/json.h"
#include "os/clock.h"
#include "vault/bulk.h"
#include "vault/decide.h"
#include "vault/rows.h"

#define PIECE_BYTES (LIMIT_PIECE_BYTES * 3 / 4) /* no person more is begun beyond */
#define PIECE_PERSONS 256
#define READ_TRIES 5

struct piece {
	struct job job; /* its memory is wiped and used again, its clock read anew */
	struct vault *vault;
	const struct bulk *bulk;
	const struct registry *registry;
	const struct purpose *purpose;
	struct principal who;
	struct buf out;
	struct buf items; /* of its entry */
	size_t count;
	int64_t after;
	bool last;
};

static void
piece_end(struct piece *piece)
{
	registry_drop(&piece->registry);
	buf_release(&piece->out);
	buf_release(&piece->items);
	job_release(&piece->job);
}

/* --- one person ------------------------------------------------------------------------------- */

static const struct value *
value_of(const struct value *value, size_t count, uint16_t field)
{
	for (size_t i = 0; i < count; i++)
		if (value[i].field == field)
			return &value[i];
	return NULL;
}

static void
put_csv(struct piece *piece, uid id, const struct value *value, size_t count)
{
	struct csv_writer writer = { .out = &piece->out, .separator = ',', .neutral = true };
	OWNED(buf_release) struct buf text = { .max = 64 };
	bytes fields = piece->bulk->fields;
	uint16_t no;

	buf_uid(&text, id);
	csv_put_cell(&writer, buf_str(&text));
	while (eat_le16(&fields, &no)) {
		const struct value *found = value_of(value, count, no);
		csv_put_cell(&writer, found ? found->text : S(""));
	}
	csv_put_end(&writer);
}

static void
put_names_of_masked(struct json_out *json, const struct piece *piece, const struct value *value, size_t count)
{
	json_name(json, S("masked"));
	json_open(json, '[');
	for (size_t i = 0; i < count; i++) {
		const struct field *field = registry_field_no(piece->registry, value[i].field);
		if (field && value[i].masked)
			json_put_str(json, field->name);
	}
	json_close(json, ']');
}

static void
put_json(struct piece *piece, uid id, const struct value *value, size_t count)
{
	bytes fields = piece->bulk->fields;
	struct json_out json;
	uint16_t no;

	json_out_begin(&json, &piece->out);
	json_open(&json, '{');
	json_pair_uid(&json, S("id"), id);
	json_name(&json, S("values"));
	json_open(&json, '{');
	while (eat_le16(&fields, &no)) {
		const struct field *field = registry_field_no(piece->registry, no);
		const struct value *found = value_of(value, count, no);
		if (field && found)
			json_pair_str(&json, field->name, found->text);
	}
	json_close(&json, '}');
	put_names_of_masked(&json, piece, value, count);
	json_close(&json, '}');
	buf_char(&piece->out, '\n');
}

/* One person of the entry, as long as a decision (N2): who, for what, and which of the export's first 88 columns. */
static void
put_item(struct piece *piece, int64_t subject, const struct value *value, size_t count)
{
	uint8_t given[ENTRY_DECISIONS_ITEM - 10] = { 0 };
	bytes fields = piece->bulk->fields;
	uint16_t no;

	for (size_t at = 0; eat_le16(&fields, &no) && at < 8 * sizeof(given); at++)
		if (value_of(value, count, no))
			given[at / 8] |= (uint8_t)(1 << at % 8);
	buf_le64(&piece->items, (uint64_t)subject);
	buf_le16(&piece->items, (uint16_t)piece->bulk->purpose);
	buf_data(&piece->items, (bytes){ given, sizeof(given) });
}

static size_t
asked_for(const struct piece *piece, struct value *value, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		bytes fields = piece->bulk->fields;
		uint16_t no;
		while (eat_le16(&fields, &no)) {
			if (no != value[i].field)
				continue;
			value[kept++] = value[i];
			break;
		}
	}
	return kept;
}

/* E1: as they are now. */
static enum err
person_may(struct piece *piece, const struct subject *subject, bool *ret)
{
	struct question question = { .purpose = piece->purpose, .channel = piece->bulk->channel,
		                     .message_class = CLASS_MARKETING };
	struct verdict verdict;

	*ret = true;
	if (!piece->bulk->by_channel)
		return OK; /* the ground is looked at where the values are */
	TRY(decide_now(&piece->job, piece->registry, subject, &question, &verdict));
	*ret = verdict.allowed;
	return OK;
}

/* When a key is gone, the row has changed too, and is read again. */
static enum err
person_read(struct piece *piece, int64_t no, struct subject *ret_subject, struct value **ret, size_t *ret_count)
{
	struct viewer viewer = { .who = &piece->who };
	int64_t version = -1;
	enum err err = OK;
	bool may;

	*ret_count = 0;
	for (int try = 0; try < READ_TRIES; try++) {
		TRY(subject_get_no(&piece->job, piece->vault, no, ret_subject));
		TRY(person_may(piece, ret_subject, &may));
		if (!may)
			return OK;
		err = subject_show(&piece->job, piece->vault, piece->registry, ret_subject, piece->purpose, &viewer, ret,
		                   ret_count);
		if (!err || (err != ERR_CRYPTO && err != ERR_ABSENT) || ret_subject->version == version)
			break;
		version = ret_subject->version;
		job_forgive(&piece->job);
	}
	return err == ERR_ABSENT ? ERR_CRYPTO : err;
}

static enum err
person_put(struct piece *piece, int64_t no)
{
	struct subject subject;
	struct value *value;
	size_t count;
	enum err err = person_read(piece, no, &subject, &value, &count);

	if (err == ERR_ABSENT || err == ERR_GONE) { /* went between the list and the reading */
		job_forgive(&piece->job);
		return OK;
	}
	TRY(err);
	count = asked_for(piece, value, count); /* E2 */
	if (!count)
		return OK;
	if (piece->bulk->format == BULK_CSV)
		put_csv(piece, subject.id, value, count);
	else
		put_json(piece, subject.id, value, count);
	put_item(piece, no, value, count);
	piece->count++;
	return OK;
}

/* --- one piece -------------------------------------------------------------------------------- */

static enum err
persons_put(struct piece *piece)
{
	int64_t no[PIECE_PERSONS];
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(&piece->job, piece->job.db, SQL_SUBJECT_NOS, ARGS(sql_i64(piece->after), sql_i64(PIECE_PERSONS)),
	             &rows));
	for (;;) {
		TRY(rows_next(&piece->job, &rows, &there));
		if (!there || count == PIECE_PERSONS)
			break;
		no[count++] = rows_i64(&rows, 0);
	}
	rows_end(&rows);
	piece->last = count < PIECE_PERSONS;
	for (size_t i = 0; i < count; i++) {
		if (piece->out.len > PIECE_BYTES) {
			piece->last = false;
			break;
		}
		TRY(person_put(piece, no[i]));
		piece->after = no[i];
	}
	return buf_ok(&piece->out) && buf_ok(&piece->items) ? OK : fail(&piece->job, ERR_INTERNAL, "a piece is too large");
}

/* E3: the word of both, and whether it was taken back. */
static enum err
piece_may(struct piece *piece)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct job *job = &piece->job;
	bool there;

	TRY(db_query(job, job->db, SQL_BULK_STATE, ARGS(sql_i64(piece->bulk->no)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there || rows_i64(&rows, 0) != BULK_RUNNING)
		return fail(job, ERR_DENIED, "it was taken back");
	return bulk_words(job, job->db, piece->bulk, &piece->who);
}

static enum err
piece_make(struct piece *piece)
{
	struct job *job = &piece->job;

	arena_reset(&job->arena);
	job->now = os_now();
	buf_clear(&piece->out);
	buf_clear(&piece->items);
	piece->count = 0;
	TRY(piece_may(piece));
	registry_drop(&piece->registry);
	TRY(registry_hold(job, piece->vault, &piece->registry));
	piece->purpose = registry_purpose_no(piece->registry, piece->bulk->purpose);
	if (!piece->purpose)
		return fail(job, ERR_ABSENT, "there is no such purpose any more");
	return persons_put(piece);
}

/* E4.  The items, then the export's id, which is shorter than an item. */
static enum err
piece_record(struct piece *piece)
{
	_Static_assert(sizeof(uid) < ENTRY_DECISIONS_ITEM, "what is left behind the items is no item");

	if (!piece->count)
		return OK;
	buf_data(&piece->items, uid_bytes(&piece->bulk->id));
	must(buf_ok(&piece->items));
	return entry_write(&piece->job, piece->vault->store,
	                   &(struct entry){ .act = ENTRY_BULK_PIECE, .purpose = piece->bulk->purpose,
	                                    .body = buf_bytes(&piece->items) },
	                   NULL);
}

static void
head_put(struct piece *piece, struct buf *out)
{
	struct csv_writer writer = { .out = out, .separator = ',', .neutral = true };
	bytes fields = piece->bulk->fields;
	uint16_t no;

	if (piece->bulk->format != BULK_CSV)
		return;
	buf_put(out, S("\xef\xbb\xbf"));
	csv_put_cell(&writer, S("id"));
	while (eat_le16(&fields, &no)) {
		const struct field *field = registry_field_no(piece->registry, no);
		csv_put_cell(&writer, field ? field->name : S(""));
	}
	csv_put_end(&writer);
}

static enum err
head_send(struct piece *piece, bulk_put *put, void *ctx)
{
	OWNED(buf_release) struct buf head = { .max = (LIMIT_NAME_BYTES + 4) * (LIMIT_FIELDS + 1) };

	TRY(registry_hold(&piece->job, piece->vault, &piece->registry));
	head_put(piece, &head);
	return head.len ? put(&piece->job, ctx, buf_bytes(&head)) : OK;
}

static enum err
pieces(struct piece *piece, bulk_put *put, void *ctx, int64_t *persons)
{
	TRY(head_send(piece, put, ctx));
	while (!piece->last) {
		TRY(piece_make(piece));
		TRY(piece_record(piece));
		*persons += (int64_t)piece->count;
		if (piece->out.len)
			TRY(put(&piece->job, ctx, buf_bytes(&piece->out)));
	}
	return OK;
}

enum err
bulk_run(struct job *job, struct vault *vault, const struct bulk *bulk, bulk_put *put, void *ctx, int64_t *ret_persons)
{
	OWNED(piece_end) struct piece piece = {
		.job = { .db = job->db, .actor = job->actor, .now = job->now },
		.vault = vault,
		.bulk = bulk,
	};
	enum err err;

	buf_init(&piece.out, 2 * LIMIT_RECORD_BYTES); /* one person beyond PIECE_BYTES */
	buf_init(&piece.items, (PIECE_PERSONS + 1) * ENTRY_DECISIONS_ITEM);
	*ret_persons = 0;
	err = pieces(&piece, put, ctx, ret_persons);
	if (err)
		job->failure = piece.job.failure;
	return err;
}
