/* rights/request.c -- rows, the clock, and reading; contract and Q1-Q6: see request.h. */
#include "rights/request_parts.h"

#include "base/limits.h"

/* --- words ------------------------------------------------------------------------------------ */

#define TEXT(literal) { literal, sizeof(literal) - 1 }

static const struct {
	str name, code;
} right_words[RIGHT_COUNT] = {
#define X(e, no, name, code, tier) [e] = { TEXT(name), TEXT(code) },
	RIGHT_TABLE(X)
#undef X
};
static const str state_code[REQUEST_STATE_COUNT] = {
#define X(e, no, name, code) [e] = TEXT(code),
	REQUEST_STATE_TABLE(X)
#undef X
};
static const struct {
	str code;
	int kind;
} reason_words[CAUSE_COUNT] = {
#define X(e, no, name, code, kind, rights) [e] = { TEXT(code), kind },
	REQUEST_REASON_TABLE(X)
#undef X
};

str
right_name(enum right right)
{
	return right_words[right].name;
}

str
right_code(enum right right)
{
	return right_words[right].code;
}

str
request_state_code(enum request_state state)
{
	return state_code[state];
}

str
request_reason_code(enum request_reason reason)
{
	return reason_words[reason].code;
}

int
request_reason_kind(enum request_reason reason)
{
	return reason_words[reason].kind;
}

/* --- the clock -------------------------------------------------------------------------------- */

struct calendar
request_calendar(const struct request_row *request)
{
	return calendar_of(request->country, request->zone_minutes);
}

/*= gdpr 12(3)
 *# The controller shall provide information on action taken on a request under Articles 15 to 22 to
 *# the data subject without undue delay and in any event within one month of receipt of the request.
 *# That period may be extended by two further months where necessary. */
struct date
request_last_day(const struct request_row *request, bool extended)
{
	struct calendar calendar = request_calendar(request);
	struct duration period = { .months = extended ? 3 : 1,
		                   .days = (uint32_t)(request->stood / TIME_DAY) }; /* Q2 */

	return calendar_last(&calendar, calendar_day(&calendar, request->received_at), period);
}

time_us
request_due(const struct request_row *request, bool extended)
{
	struct calendar calendar = request_calendar(request);

	return calendar_begins(&calendar, date_next(request_last_day(request, extended), 1));
}

bool
request_overdue(const struct request_row *request, time_us now)
{
	return request->due_at != TIME_NEVER &&
	       (request_closed(request) ? request->closed_at : now) >= request->due_at;
}

/* --- rows ------------------------------------------------------------------------------------- */

enum err
request_row_read(struct job *job, const struct rows *rows, struct request_row *ret)
{
	*ret = (struct request_row){
		.subject = rows_i64(rows, 0),
		.no = rows_i64(rows, 1),
		.right = (enum right)rows_i64(rows, 3),
		.state = (enum request_state)rows_i64(rows, 4),
		.channel = (enum request_channel)rows_i64(rows, 5),
		.language = arena_str(&job->arena, rows_text(rows, 6)),
		.country = arena_str(&job->arena, rows_text(rows, 7)),
		.zone_minutes = rows_i64(rows, 8),
		.received_at = rows_i64(rows, 9),
		.opened_at = rows_i64(rows, 10),
		.due_at = rows_time(rows, 11),
		.stopped_at = rows_time(rows, 12),
		.stood = rows_i64(rows, 13),
		.extended_at = rows_time(rows, 14),
		.extended_for = (enum request_reason)rows_i64(rows, 15),
		.identity_method = (enum identity)rows_i64(rows, 16),
		.identity_result = (enum identity_result)rows_i64(rows, 17),
		.hold = rows_i64(rows, 18),
		.proposed_for = (enum request_reason)rows_i64(rows, 19),
		.proposed_by = { (enum actor_kind)rows_i64(rows, 20), rows_i64(rows, 21) },
		.reason = (enum request_reason)rows_i64(rows, 22),
		.entry = rows_i64(rows, 23),
		.closed_at = rows_time(rows, 24),
		.forget_at = rows_time(rows, 25),
		.sealed = rows_i64(rows, 26),
		.version = rows_i64(rows, 27),
		.reply_to = arena_bytes(&job->arena, rows_bytes(rows, 28)),
	};
	if (!uid_from_bytes(rows_bytes(rows, 2), &ret->id) || ret->right <= RIGHT_NONE ||
	    ret->right >= RIGHT_COUNT || ret->state <= REQUEST_NONE || ret->state >= REQUEST_STATE_COUNT)
		return fail(job, ERR_CORRUPT, "a stored request cannot be read");
	return OK;
}

enum err
request_get(struct job *job, uid id, struct request_row *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_REQUEST_GET, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "there is no such request");
	return request_row_read(job, &rows, ret);
}

static void
step_row_read(struct job *job, const struct rows *rows, struct request_step *ret)
{
	*ret = (struct request_step){
		.seq = rows_i64(rows, 0),
		.at = rows_i64(rows, 1),
		.recorded_at = rows_i64(rows, 2),
		.actor = { (enum actor_kind)rows_i64(rows, 3), rows_i64(rows, 4) },
		.event = (enum request_event)rows_i64(rows, 5),
		.code = (int)rows_i64(rows, 6),
		.entry = rows_i64(rows, 7),
		.words = arena_bytes(&job->arena, rows_bytes(rows, 8)),
	};
}

static enum err
steps_read(struct job *job, enum sql sql, const struct request_row *request, int64_t after, size_t max,
           struct request_step **ret, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct request_step *step = arena_array(&job->arena, max, sizeof(*step));
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, sql,
	             ARGS(sql_i64(request->subject), sql_i64(request->no), sql_i64(after),
	                  sql_i64((int64_t)max)),
	             &rows));
	for (;; count++) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == max)
			break;
		step_row_read(job, &rows, &step[count]);
	}
	*ret = step;
	*ret_count = count;
	return OK;
}

void
request_entry_body(struct buf *out, uid id, enum request_event event, int code)
{
	buf_data(out, uid_bytes(&id));
	buf_u8(out, (uint8_t)event);
	buf_u8(out, (uint8_t)code);
}

static enum err
looked_at(struct job *job, struct vault *vault, const struct request_row *request)
{
	OWNED(buf_release) struct buf body = { .max = 32 };

	request_entry_body(&body, request->id, EVENT_NONE, 0);
	return entry_write(job, vault->store,
	                   &(struct entry){ .act = ENTRY_REQUEST_READ, .subject = request->subject,
	                                    .purpose = PURPOSE_RIGHTS, .body = buf_bytes(&body) },
	                   NULL);
}

enum err
request_read(struct job *job, struct vault *vault, uid id, struct request_row *ret,
             struct request_step **ret_step, size_t *ret_count)
{
	TRY(request_get(job, id, ret));
	TRY(steps_read(job, SQL_REQUEST_EVENTS, ret, 0, LIMIT_REQUEST_EVENTS, ret_step, ret_count));
	return looked_at(job, vault, ret);
}

/* --- what was written ------------------------------------------------------------------------- */

void
request_associated(struct buf *out, uid id, int64_t seq)
{
	buf_put(out, S("request"));
	buf_data(out, uid_bytes(&id));
	buf_le64(out, (uint64_t)seq);
}

static enum err
words_open(struct job *job, const struct keyset *keyset, uid id, int64_t seq, bytes *at)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };

	if (!at->len)
		return OK;
	request_associated(&associated, id, seq);
	return seal_open(job, keyset_find(keyset, 0), buf_bytes(&associated), *at, at);
}

static enum err
all_open(struct job *job, struct vault *vault, const struct request_row *request, bytes *reply_to,
         struct request_step *step, size_t count)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;

	TRY(keys_get(job, vault->keys, job->db, request_key(request), &keyset));
	if (!keyset_find(keyset, 0))
		return fail(job, ERR_CRYPTO, "a sealed record could not be opened");
	TRY(words_open(job, keyset, request->id, 0, reply_to));
	for (size_t i = 0; i < count; i++)
		TRY(words_open(job, keyset, request->id, step[i].seq, &step[i].words));
	return OK;
}

enum err
request_messages(struct job *job, struct vault *vault, uid id, int64_t after, size_t max,
                 struct request_row *ret, str *ret_reply_to, struct request_step **ret_step,
                 size_t *ret_count)
{
	bytes reply_to;
	enum err err;

	TRY(request_get(job, id, ret));
	TRY(steps_read(job, SQL_REQUEST_WORDS, ret, after, max, ret_step, ret_count));
	reply_to = ret->reply_to;
	if (reply_to.len || *ret_count) {
		err = all_open(job, vault, ret, &reply_to, *ret_step, *ret_count);
		if (err == ERR_ABSENT) /* forgotten between our two looks */
			return fail(job, ERR_BUSY, "the request is just being forgotten");
		TRY(err);
	}
	*ret_reply_to = bytes_str(reply_to);
	return looked_at(job, vault, ret);
}

enum err
request_open_all(struct job *job, struct vault *vault, const struct request_row *request,
                 str *ret_reply_to, struct request_step **ret_step, size_t *ret_count)
{
	bytes reply_to = request->reply_to;

	TRY(steps_read(job, SQL_REQUEST_EVENTS, request, 0, LIMIT_REQUEST_EVENTS, ret_step, ret_count));
	if (request->sealed)
		TRY(all_open(job, vault, request, &reply_to, *ret_step, *ret_count));
	*ret_reply_to = bytes_str(reply_to);
	return OK;
}

/* --- lists ------------------------------------------------------------------------------------ */

enum err
requests_list(struct job *job, const struct request_query *query, struct request_row **ret,
             size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct request_row *row = arena_array(&job->arena, query->max, sizeof(*row));
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_REQUEST_LIST,
	             ARGS(sql_i64(query->after), sql_i64(query->state), sql_i64(query->open_only),
	                  sql_i64(query->due_by), sql_i64(query->subject), sql_i64((int64_t)query->max)),
	             &rows));
	for (;; count++) {
		TRY(rows_next(job, &rows, &there));
		if (!there || count == query->max)
			break;
		TRY(request_row_read(job, &rows, &row[count]));
	}
	*ret = row;
	*ret_count = count;
	return OK;
}

enum err
requests_count(struct job *job, struct request_counts *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret = (struct request_counts){ .next_due_at = TIME_NEVER };
	TRY(db_query(job, job->db, SQL_REQUEST_COUNTS, ARGS(sql_i64(job->now)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there)
		*ret = (struct request_counts){ .open = (uint64_t)rows_i64(&rows, 0),
			                        .overdue = (uint64_t)rows_i64(&rows, 1),
			                        .next_due_at = rows_time(&rows, 2),
			                        .standing = (uint64_t)rows_i64(&rows, 3) };
	return OK;
}
