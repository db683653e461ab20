/* message/send.c -- contract and S1-S3: see send.h. */
#include "message/send.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/limits.h"
#include "message/letter.h"
#include "message/pace.h"
#include "message/returned.h"
#include "message/rows.h"
#include "message/setup.h"
#include "os/clock.h"
#include "os/random.h"

#define RANKS 3
#define LOOK_FACTOR 4      /* rows looked at for each that may be sent: of others the domain is at its limit */
#define PAUSE_FIRST 60     /* seconds, of a message's second try */
#define TROUBLE_FIRST 1    /* seconds, of the server's */
#define TROUBLE_MAX (5 * 60)
#define LOST_MAX 500

struct post {
	struct pace *pace;
	pthread_mutex_t mutex;
	time_us resume_at; /* the server is left alone until then */
	unsigned troubles; /* in a row */
};

struct sender {
	struct post *post;
	unsigned index;
	const _Atomic bool *stop;
	struct job own; /* what follows lives until the setup changes (U3) */
	bool loaded;
	uint64_t generation;
	struct setup setup;
	struct letterhead head;
	struct dkim_key *key[DKIM_KEYS_MAX];
	size_t key_count;
	struct smtp *smtp;
	size_t batch; /* how many at a time (S1) */
	struct buf message, ready;
};

/* --- life cycle -------------------------------------------------------------------------------- */

struct post *
post_new(void)
{
	struct post *post = calloc(1, sizeof(*post));

	must(post);
	post->pace = pace_new();
	pthread_mutex_init(&post->mutex, NULL);
	return post;
}

void
post_free(struct post **post)
{
	if (!*post)
		return;
	pace_free(&(*post)->pace);
	pthread_mutex_destroy(&(*post)->mutex);
	free(*post);
	*post = NULL;
}

struct sender *
sender_new(struct post *post, unsigned index, const _Atomic bool *stop)
{
	struct sender *sender = calloc(1, sizeof(*sender));

	must(sender);
	*sender = (struct sender){ .post = post, .index = index, .stop = stop, .batch = 1 };
	buf_init(&sender->message, MAIL_MESSAGE_BYTES_MAX);
	buf_init(&sender->ready, MAIL_MESSAGE_BYTES_MAX + DKIM_KEYS_MAX * DKIM_FIELD_BYTES_MAX);
	return sender;
}

static void
unload(struct sender *sender)
{
	smtp_close(&sender->smtp);
	for (size_t i = 0; i < sender->key_count; i++)
		dkim_key_close(&sender->key[i]);
	sender->key_count = 0;
	sender->loaded = false;
	job_forgive(&sender->own);
	arena_reset(&sender->own.arena);
}

void
sender_free(struct sender **sender)
{
	if (!*sender)
		return;
	unload(*sender);
	job_release(&(*sender)->own);
	buf_release(&(*sender)->message);
	buf_release(&(*sender)->ready);
	free(*sender);
	*sender = NULL;
}

static enum err
load(struct job *job, struct vault *vault, struct sender *sender)
{
	struct job *own = &sender->own;

	unload(sender);
	own->now = job->now;
	own->actor = job->actor;
	own->db = job->db;
	TRY(setup_get(own, vault, &sender->setup));
	TRY(letterhead_get(own, vault, &sender->head));
	TRY(setup_keys(own, vault, &sender->setup, sender->key, &sender->key_count));
	if (setup_ready(&sender->setup))
		TRY(setup_smtp(own, vault, &sender->setup, sender->stop, &sender->smtp));
	sender->loaded = true;
	return OK;
}

/* U3 */
static enum err
refresh(struct job *job, struct vault *vault, struct sender *sender)
{
	uint64_t generation;
	enum err err;

	TRY(store_generation(job, vault->store, TOPIC_REGISTRY, &generation));
	if (sender->loaded && generation == sender->generation)
		return OK;
	err = load(job, vault, sender);
	if (err) {
		job->failure = sender->own.failure;
		unload(sender);
		return err;
	}
	sender->generation = generation;
	return OK;
}

/* --- taking ------------------------------------------------------------------------------------ */

/* What a decision hangs on (M3). */
struct word {
	int64_t version; /* of the person's row; 0: nobody who is held */
	int64_t stops;   /* suppressions of the address */
};

struct item {
	struct message_row row;
	int64_t decision;
	struct word word;  /* when it was decided */
	bool finished;     /* `row.state` and what follows say how */
	time_us due_at;    /* of one that waits again */
	bool uncounted;    /* that was no try */
	int status[3];     /* of a recipient that the server refused */
	bool refused;
};

struct batch {
	struct vault *vault;
	struct sender *sender;
	const struct registry *registry;
	uid lease;
	struct item item[SENDER_BATCH];
	size_t count;
	bool moved; /* something was put off or dropped */
};

static bool
batch_has(const struct batch *batch, int64_t domain)
{
	for (size_t i = 0; i < batch->count; i++)
		if (batch->item[i].row.domain == domain)
			return true;
	return false;
}

static void
batch_leave(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		bool first = true;
		for (size_t n = 0; n < i; n++)
			first &= batch->item[n].row.domain != batch->item[i].row.domain;
		if (first)
			pace_end(batch->sender->post->pace, batch->item[i].row.domain);
	}
	batch->count = 0;
}

static enum err
put_off(struct job *job, struct db *db, struct batch *batch, const struct message_row *row, time_us at)
{
	batch->moved = true;
	return db_run(job, db, SQL_MESSAGE_PUT_OFF, ARGS(sql_i64(at), sql_i64(row->no)), NULL);
}

static enum err
stopped_for_everything(struct job *job, struct db *db, const struct message_row *row, bool *ret)
{
	struct suppression stop[64];
	size_t count;

	TRY(suppressions_get(job, db, row->digest, stop, COUNT(stop), &count));
	*ret = count == COUNT(stop); /* what was not read may be the one */
	for (size_t i = 0; i < count; i++)
		*ret |= stop[i].scope == SCOPE_ALL;
	return OK;
}

static enum err
address_is_theirs(struct job *job, struct db *db, const struct message_row *row, bool *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;
	bytes tag;

	TRY(db_query(job, db, SQL_MESSAGE_HOLDER, ARGS(sql_i64(row->subject)), &rows));
	TRY(rows_next(job, &rows, &there));
	tag = there ? rows_bytes(&rows, 0) : (bytes){ 0 };
	*ret = tag.len == DIGEST_BYTES && memcmp(tag.ptr, row->digest, DIGEST_BYTES) == 0;
	return OK;
}

/* M3 for marketing.  *ret_at: when it may be asked again. */
static enum err
decide_marketing(struct job *job, struct db *db, struct batch *batch, struct item *item, enum message_why *ret_why,
                 time_us *ret_at)
{
	struct question question = { .channel = CHANNEL_EMAIL, .message_class = CLASS_MARKETING, .opt_out = true };
	struct verdict verdict;
	bool theirs;

	*ret_at = TIME_NEVER;
	*ret_why = MESSAGE_WHY_ADDRESS;
	TRY(address_is_theirs(job, db, &item->row, &theirs));
	question.purpose = registry_purpose_no(batch->registry, item->row.purpose);
	if (!theirs || !question.purpose)
		return OK;
	TRY(decide_steps(job, db, batch->registry, item->row.subject_id, &question, &verdict));
	item->decision = verdict.entry;
	*ret_why = verdict.allowed ? MESSAGE_WHY_NONE : MESSAGE_WHY_DENIED;
	*ret_at = verdict.allowed ? TIME_NEVER : verdict.retry_at;
	return OK;
}

/* M3.  NONE: it may leave. */
static enum err
decide(struct job *job, struct db *db, struct batch *batch, struct item *item, enum message_why *ret_why, time_us *ret_at)
{
	bool stopped;

	*ret_at = TIME_NEVER;
	TRY(stopped_for_everything(job, db, &item->row, &stopped));
	*ret_why = stopped ? MESSAGE_WHY_SUPPRESSED : MESSAGE_WHY_NONE;
	if (stopped || item->row.message_class != CLASS_MARKETING)
		return OK;
	return decide_marketing(job, db, batch, item, ret_why, ret_at);
}

static enum err
word_read(struct job *job, struct db *db, const struct message_row *row, struct word *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_MESSAGE_WORD,
	             ARGS(sql_i64(row->subject), sql_bytes((bytes){ row->digest, DIGEST_BYTES })), &rows));
	TRY(rows_next(job, &rows, &there));
	must(there);
	*ret = (struct word){ rows_i64(&rows, 0), rows_i64(&rows, 1) };
	return OK;
}

/* Others of the batch may have taken minutes: who said no meanwhile gets nothing (I5), whatever changed is decided anew. */
static enum err
holds_still(struct job *job, const struct item *item, bool *ret)
{
	struct word now;

	TRY(delivery_on(job, job->db, ret)); /* M5 */
	TRY(word_read(job, job->db, &item->row, &now));
	*ret &= now.version == item->word.version && now.stops == item->word.stops;
	return OK;
}

static enum err
take(struct job *job, struct db *db, struct batch *batch, struct item *item)
{
	struct message_row *row = &item->row;

	TRY(word_read(job, db, row, &item->word));
	TRY(db_run(job, db, SQL_MESSAGE_TAKE,
	           ARGS(sql_bytes(uid_bytes(&batch->lease)), sql_i64(job->now), sql_i64(row->no)), NULL));
	row->state = MESSAGE_SENDING;
	row->why = MESSAGE_WHY_NONE;
	row->tries++;
	TRY(message_entry(job, db, ENTRY_MESSAGE_SEND, row, item->decision)); /* I4 */
	batch->item[batch->count++] = *item;
	return OK;
}

static enum err
look_at(struct job *job, struct db *db, struct batch *batch, const struct message_row *row)
{
	const struct setup *setup = &batch->sender->setup;
	struct item item = { .row = *row };
	bool joined = batch_has(batch, row->domain);
	enum message_why why;
	time_us at;

	if (row->until_at <= job->now) { /* M2 */
		batch->moved = true;
		return message_drop_steps(job, db, &item.row, MESSAGE_FAILED, MESSAGE_WHY_TOO_LATE);
	}
	if (!pace_begin(batch->sender->post->pace, row->domain, joined, setup->domain_connections, setup->domain_rate,
	                job->now, &at))
		return put_off(job, db, batch, row, at);
	TRY(decide(job, db, batch, &item, &why, &at));
	if (!why)
		return take(job, db, batch, &item);
	if (!joined)
		pace_end(batch->sender->post->pace, row->domain);
	if (at != TIME_NEVER)
		return put_off(job, db, batch, row, at);
	batch->moved = true;
	return message_drop_steps(job, db, &item.row, MESSAGE_CANCELLED, why);
}

/* Those of one rank; whom the domain's turn puts off is no longer due, so what is looked at next is others. */
static enum err
take_rank(struct job *job, struct db *db, struct batch *batch, int64_t rank, size_t wanted, size_t *left)
{
	struct message_row *row;
	size_t count = 1;

	while (count && batch->count < wanted && *left) {
		size_t max = wanted - batch->count < *left ? wanted - batch->count : *left;
		TRY(message_rows(job, db, SQL_MESSAGE_DUE, ARGS(sql_i64(rank), sql_i64(job->now), sql_i64((int64_t)max)), &row,
		                 &count));
		for (size_t i = 0; i < count; i++)
			TRY(look_at(job, db, batch, &row[i]));
		*left -= count;
	}
	return OK;
}

static enum err
take_steps(struct job *job, struct db *db, void *arg)
{
	struct batch *batch = arg;
	size_t wanted = batch->sender->batch, left = wanted * LOOK_FACTOR;
	bool on;

	batch_leave(batch); /* run again from the start */
	batch->moved = false;
	TRY(delivery_on(job, db, &on)); /* M5 */
	for (int64_t rank = 0; on && rank < RANKS; rank++)
		TRY(take_rank(job, db, batch, rank, wanted, &left));
	return OK;
}

/* --- one message ------------------------------------------------------------------------------- */

static enum err
list_name(struct job *job, const struct batch *batch, const struct message_row *row, struct mail *mail)
{
	OWNED(buf_release) struct buf list = { .max = MAIL_LIST_BYTES_MAX };
	const struct purpose *purpose = registry_purpose_no(batch->registry, row->purpose);

	if (!purpose)
		return fail(job, ERR_CORRUPT, "a message for a purpose that is not there");
	for (size_t i = 0; i < purpose->name.len; i++)
		buf_char(&list, purpose->name.ptr[i] == '_' ? '-' : purpose->name.ptr[i]);
	buf_char(&list, '.');
	buf_put(&list, setup_domain(&batch->sender->setup));
	mail->list = arena_str(&job->arena, buf_str(&list));
	mail->bulk = true;
	return OK;
}

static enum err
message_make(struct job *job, struct batch *batch, const struct message_row *row, const struct message_content *content)
{
	struct sender *sender = batch->sender;
	const struct setup *setup = &sender->setup;
	struct letter letter;
	struct mail mail = {
		.from = { setup->from_name.len ? setup->from_name : sender->head.company, setup->from },
		.to = { content->name, content->address },
		.reply_to = { S(""), setup->reply_to },
		.date = row->made_at,
		.id = uid_bytes(&row->id),
		.id_domain = setup_domain(setup),
		.automatic = true,
	};

	if (row->message_class == CLASS_MARKETING) {
		TRY(list_name(job, batch, row, &mail));
		TRY(letter_stop_url(job, batch->vault, &sender->head, row, &mail.unsubscribe_url));
	}
	TRY(letter_make(job, &sender->head, row->kind, content, mail.unsubscribe_url, &letter));
	mail.subject = letter.subject;
	mail.text = letter.text;
	mail.html = letter.html;
	mail.language = letter.language;
	buf_clear(&sender->message);
	TRY(compose(job, &mail, &sender->message));
	buf_clear(&sender->ready);
	if (!sender->key_count) {
		buf_put(&sender->ready, buf_str(&sender->message));
		return OK;
	}
	return dkim_sign(job, (const struct dkim_key *const *)sender->key, sender->key_count, job->now,
	                 buf_str(&sender->message), &sender->ready);
}

static time_us
pause_of(int64_t tries, int64_t first, int64_t max)
{
	int64_t seconds = first;
	uint32_t random;

	for (int64_t i = 1; i < tries && seconds < max; i++)
		seconds *= 2;
	seconds = seconds < max ? seconds : max;
	os_random(&random, sizeof(random));
	return seconds * TIME_SECOND + (time_us)(random % (uint32_t)(seconds * 250)) * 1000; /* up to a quarter more */
}

static void
finish(struct item *item, enum message_state state, enum message_why why)
{
	item->finished = true;
	item->row.state = state;
	item->row.why = why;
	item->due_at = TIME_NEVER;
}

/* S2 */
static void
again(struct job *job, struct item *item, enum message_why why)
{
	if (item->row.tries >= LIMIT_MESSAGE_TRIES) {
		finish(item, MESSAGE_FAILED, MESSAGE_WHY_TRIES);
		return;
	}
	finish(item, MESSAGE_WAITING, why);
	item->due_at = job->now + pause_of(item->row.tries, PAUSE_FIRST, LIMIT_MESSAGE_PAUSE_SECONDS);
}

/* It did not leave, and that was no try. */
static void
back(struct job *job, struct item *item, enum message_why why)
{
	finish(item, MESSAGE_WAITING, why);
	item->uncounted = true;
	item->due_at = job->now;
}

/* Is it about the server, or about us, and not about this message? */
static bool
is_trouble(const struct smtp_result *result)
{
	if (result->end == SMTP_ACCEPTED || result->end == SMTP_UNKNOWN)
		return false;
	return result->stage == SMTP_CONNECT || result->stage == SMTP_HELLO || result->stage == SMTP_MAIL ||
	       result->code == 421;
}

static void
result_note(struct job *job, const struct smtp_result *result, struct item *item)
{
	item->row.status = result->code;
	switch (result->end) {
	case SMTP_ACCEPTED:
		finish(item, MESSAGE_SENT, MESSAGE_WHY_NONE);
		break;
	case SMTP_REFUSED:
		finish(item, MESSAGE_FAILED, MESSAGE_WHY_REFUSED);
		item->refused = result->stage == SMTP_RCPT;
		memcpy(item->status, result->status, sizeof(item->status));
		break;
	case SMTP_LATER:
		again(job, item, MESSAGE_WHY_LATER);
		break;
	case SMTP_UNREACHED:
		again(job, item, MESSAGE_WHY_UNREACHABLE);
		break;
	case SMTP_UNKNOWN:
		finish(item, MESSAGE_UNKNOWN, MESSAGE_WHY_LOST); /* M1 */
		break;
	}
}

static enum err
item_prepare(struct job *job, struct batch *batch, struct message_key *key, struct item *item,
             struct message_content *content, str *ret_sender)
{
	OWNED(buf_release) struct buf sender = { .max = 4 * MAILBOX_BYTES_MAX };
	const struct setup *setup = &batch->sender->setup;
	uint8_t token[RETURN_TOKEN_BYTES];

	TRY(message_open(job, batch->vault, key, &item->row, content));
	TRY(message_make(job, batch, &item->row, content));
	TRY(return_token(job, batch->vault, item->row.id, token));
	verp_write(setup->return_prefix, (bytes){ token, sizeof(token) }, setup_return_domain(setup), &sender);
	must(buf_ok(&sender));
	*ret_sender = arena_str(&job->arena, buf_str(&sender));
	return OK;
}

/* For the log. */
static const char *
trouble_text(const struct smtp_result *result)
{
	if (result->stage == SMTP_MAIL)
		return "the mail server does not take mail from this sender: see valv mail list";
	switch (result->why) {
	case WIRE_TLS:
		return "the mail server has no TLS, or a certificate that does not hold: see valv doctor mail";
	case WIRE_LOGIN:
		return "the mail server does not take name and password: see valv doctor mail";
	case WIRE_TIMEOUT:
		return "the mail server does not answer in time";
	case WIRE_UNREACHABLE:
		return "the mail server cannot be reached: see valv doctor mail";
	case WIRE_OK:
	case WIRE_PROTOCOL:
	case WIRE_STOPPED:
		break;
	}
	return "the mail server does not want mail now";
}

/* *ret_trouble: the rest of the batch need not be tried now; why.  NULL: none. */
static enum err
item_send(struct job *job, struct batch *batch, struct message_key *key, struct item *item, const char **ret_trouble)
{
	struct sender *sender = batch->sender;
	struct smtp_result result = { .end = SMTP_UNREACHED };
	struct message_content content;
	bool still;
	str from;

	*ret_trouble = NULL;
	TRY(holds_still(job, item, &still));
	if (!still) {
		back(job, item, MESSAGE_WHY_NONE);
		return OK;
	}
	TRY(item_prepare(job, batch, key, item, &content, &from));
	TRY(smtp_send(job, sender->smtp, from, content.address, buf_str(&sender->ready), &result));
	if (is_trouble(&result) || (result.end == SMTP_UNREACHED && result.why == WIRE_STOPPED)) {
		*ret_trouble = trouble_text(&result);
		item->row.status = result.code;
		back(job, item, MESSAGE_WHY_UNREACHABLE);
	} else {
		result_note(job, &result, item);
	}
	return OK;
}

/* --- trouble with the server ------------------------------------------------------------------- */

static bool
may_call(struct post *post, time_us now)
{
	bool may;

	pthread_mutex_lock(&post->mutex);
	may = post->resume_at <= now || post->resume_at > now + 2 * TROUBLE_MAX * TIME_SECOND; /* the clock went back */
	pthread_mutex_unlock(&post->mutex);
	return may;
}

/* Is it a trouble that no other thread has seen? */
static bool
note_server(struct post *post, bool trouble, time_us now)
{
	bool fresh = false;

	pthread_mutex_lock(&post->mutex);
	if (!trouble) {
		post->troubles = 0;
	} else if (post->resume_at <= now) { /* several threads see one and the same */
		post->troubles++;
		post->resume_at = now + pause_of(post->troubles, TROUBLE_FIRST, TROUBLE_MAX);
		fresh = true;
	}
	pthread_mutex_unlock(&post->mutex);
	return fresh;
}

/* --- what became of them ----------------------------------------------------------------------- */

static enum err
item_end(struct job *job, struct db *db, const struct batch *batch, struct item *item)
{
	const struct message_row *row = &item->row;
	enum returned what;
	int64_t changed;

	TRY(db_run(job, db, SQL_MESSAGE_DONE,
	           ARGS(sql_i64(row->state), sql_i64(row->why), sql_i64(row->status), sql_time(item->due_at),
	                sql_i64(job->now), sql_i64(item->uncounted), sql_bytes(uid_bytes(&row->id)),
	                sql_bytes(uid_bytes(&batch->lease))),
	           &changed));
	if (changed != 1)
		return fail(job, ERR_CONFLICT, "a message is not sent under this lease");
	TRY(message_entry(job, db, ENTRY_MESSAGE_END, row, item->decision));
	if (item->refused && item->status[0])
		TRY(returned_steps(job, db, row, item->status, &what));
	return row->subject ? db_run(job, db, SQL_MESSAGE_OF_NOBODY, ARGS(sql_bytes(uid_bytes(&row->id))), NULL) : OK;
}

static enum err
end_steps(struct job *job, struct db *db, void *arg)
{
	struct batch *batch = arg;

	for (size_t i = 0; i < batch->count; i++)
		TRY(item_end(job, db, batch, &batch->item[i]));
	return OK;
}

static enum err
batch_send(struct job *job, struct batch *batch)
{
	OWNED(message_key_end) struct message_key key = { 0 };
	struct sender *sender = batch->sender;
	struct failure failure = { 0 };
	const char *trouble = NULL;
	bool all = true, fresh = false;
	enum err first = OK;

	for (size_t i = 0; i < batch->count; i++) {
		struct item *item = &batch->item[i];
		enum err err = OK;
		if (trouble || atomic_load(sender->stop))
			back(job, item, MESSAGE_WHY_UNREACHABLE);
		else
			err = item_send(job, batch, &key, item, &trouble);
		if (err) { /* of this one alone; the log says why */
			failure = first ? failure : job->failure;
			first = first ? first : err;
			job_forgive(job);
			finish(item, MESSAGE_FAILED, MESSAGE_WHY_BROKEN);
		}
		all &= item->row.state == MESSAGE_SENT;
	}
	buf_clear(&sender->message); /* nothing of a person stays behind */
	buf_clear(&sender->ready);
	sender->batch = !all ? 1 : sender->batch < SENDER_BATCH ? sender->batch + 1 : SENDER_BATCH; /* S1 */
	job->now = os_now();
	if (!atomic_load(sender->stop))
		fresh = note_server(sender->post, trouble, job->now);
	TRY(store_write(job, batch->vault->store, WRITE_RESERVED, end_steps, batch)); /* S3 */
	job->failure = failure;
	return first || !fresh ? first : job_fail(job, ERR_IO, trouble, __FILE__, __LINE__);
}

/* Is there anything at all?  Asked often, so without a write. */
static enum err
anything(struct job *job, bool *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, job->db, SQL_MESSAGE_ANYTHING, ARGS(sql_i64(job->now)), &rows));
	TRY(rows_next(job, &rows, ret));
	rows_end(&rows);
	return *ret ? delivery_on(job, job->db, ret) : OK;
}

enum err
sender_next(struct job *job, struct vault *vault, struct sender *sender, bool *ret_worked)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct batch *batch;
	bool there;
	enum err err;

	*ret_worked = false;
	TRY(anything(job, &there));
	if (!there)
		return OK;
	TRY(refresh(job, vault, sender));
	if (!sender->smtp || sender->index >= sender->setup.connections || !may_call(sender->post, job->now))
		return OK;
	TRY(registry_hold(job, vault, &registry));
	batch = arena_alloc(&job->arena, sizeof(*batch));
	*batch = (struct batch){ .vault = vault, .sender = sender, .registry = registry, .lease = os_uid() };
	err = store_write(job, vault->store, WRITE_ORDINARY, take_steps, batch);
	if (!err && batch->count)
		err = batch_send(job, batch);
	*ret_worked = batch->count || batch->moved;
	batch_leave(batch);
	return err;
}

/* --- at start ---------------------------------------------------------------------------------- */

static enum err
begin_steps(struct job *job, struct db *db, void *arg)
{
	struct message_row *row;
	bool *more = arg;
	size_t count;

	TRY(message_rows(job, db, SQL_MESSAGE_SENDING, ARGS(sql_i64(LOST_MAX)), &row, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(db_run(job, db, SQL_MESSAGE_LOST, ARGS(sql_i64(MESSAGE_WHY_CRASH), sql_i64(row[i].no)), NULL));
		row[i].state = MESSAGE_UNKNOWN;
		row[i].why = MESSAGE_WHY_CRASH;
		TRY(message_entry(job, db, ENTRY_MESSAGE_END, &row[i], 0));
		TRY(db_run(job, db, SQL_MESSAGE_OF_NOBODY, ARGS(sql_bytes(uid_bytes(&row[i].id))), NULL));
	}
	*more = count == LOST_MAX;
	return OK;
}

enum err
message_begin(struct job *job, struct vault *vault)
{
	bool more = true;

	while (more)
		TRY(store_write(job, vault->store, WRITE_RESERVED, begin_steps, &more));
	return OK;
}
