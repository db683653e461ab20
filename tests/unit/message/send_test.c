/* src/message/send.c before a server of the test's own: what is decided at the moment of sending, and what is known of a
 * message whatever happens then. */
#include "../vault/fixture.h"
#include "message_tests.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "message/returned.h"
#include "message/rows.h"
#include "message/send.h"
#include "message/setup.h"
#include "vault/bury.h"
#include "vault/token.h"

/* --- a server ---------------------------------------------------------------------------------- */

struct sink {
	int fd;
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t mutex;
	char last[64 * 1024]; /* the last message, as it came */
	int taken;
	void (*meanwhile)(void *ctx, int taken); /* before it says that it has one; NULL */
	void *ctx;
};

static bool
sink_read_line(int fd, char *line, size_t max)
{
	size_t len = 0;

	while (len + 1 < max && recv(fd, line + len, 1, 0) == 1)
		if (line[len++] == '\n') {
			line[len] = '\0';
			return true;
		}
	return false;
}

static void
sink_say(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void
sink_message(struct sink *sink, int fd)
{
	char line[2048];
	size_t len = 0;

	pthread_mutex_lock(&sink->mutex);
	while (sink_read_line(fd, line, sizeof(line)) && strcmp(line, ".\r\n") != 0)
		if (len + strlen(line) < sizeof(sink->last)) {
			memcpy(sink->last + len, line, strlen(line) + 1);
			len += strlen(line);
		}
	sink->taken++;
	pthread_mutex_unlock(&sink->mutex);
	if (sink->meanwhile)
		sink->meanwhile(sink->ctx, sink->taken);
	sink_say(fd, "250 2.0.0 taken\r\n");
}

static void *
sink_main(void *arg)
{
	struct sink *sink = arg;
	char line[2048];

	for (;;) {
		int fd = accept(sink->fd, NULL, NULL);
		if (fd < 0)
			return NULL;
		sink_say(fd, "220 sink\r\n");
		while (sink_read_line(fd, line, sizeof(line))) {
			if (strncmp(line, "DATA", 4) == 0) {
				sink_say(fd, "354 go\r\n");
				sink_message(sink, fd);
			} else {
				sink_say(fd, "250 2.0.0 ok\r\n");
			}
		}
		close(fd);
	}
}

static void
sink_begin(struct sink *sink)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(at);

	*sink = (struct sink){ .fd = socket(AF_INET, SOCK_STREAM, 0), .mutex = PTHREAD_MUTEX_INITIALIZER };
	assert_int_equal(bind(sink->fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(sink->fd, 8), 0);
	assert_int_equal(getsockname(sink->fd, (struct sockaddr *)&at, &size), 0);
	sink->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&sink->thread, NULL, sink_main, sink), 0);
}

static void
sink_end(struct sink *sink)
{
	shutdown(sink->fd, SHUT_RDWR);
	pthread_join(sink->thread, NULL);
	close(sink->fd);
}

/* --- a vault that sends ------------------------------------------------------------------------ */

struct post_office {
	struct fixture f;
	struct sink sink;
	struct post *post;
	struct sender *sender;
	uid person;
};

static const _Atomic bool never = false;

static void
office_begin(struct post_office *o)
{
	struct setup setup;

	*o = (struct post_office){ 0 };
	sink_begin(&o->sink);
	fixture_begin(&o->f);
	fixture_registry(&o->f);
	assert_ok(setup_get(&o->f.job, o->f.vault, &setup));
	setup.host = S("127.0.0.1");
	setup.port = o->sink.port;
	setup.tls = WIRE_TLS_NONE;
	setup.from = S("hej@foretaget.example");
	assert_ok(setup_put(&o->f.job, o->f.vault, &setup, NULL));
	assert_ok(setting_put(&o->f.job, o->f.vault, S("public_origin"), S("https://mina.foretaget.example")));
	assert_ok(setting_put(&o->f.job, o->f.vault, S("company"), S("Företaget")));
	o->post = post_new();
	o->sender = sender_new(o->post, 0, &never);
	o->person = person_make(&o->f, "newsletter", "email=anna@example.com", NULL);
}

static void
office_end(struct post_office *o)
{
	sender_free(&o->sender);
	post_free(&o->post);
	sink_end(&o->sink);
	fixture_end(&o->f);
}

static enum err
write_plan(struct job *job, struct db *db, void *arg)
{
	return message_steps(job, db, arg);
}

static uid
put(struct post_office *o, enum message_kind kind, bool marketing)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	static const struct message_value values[] = {
		{ .name = S("title"), .text = S("Vårens nyheter") }, { .name = S("text"), .text = S("Hej!\n\nVi har nytt.") },
		{ .name = S("code"), .text = S("482915") }, { .name = S("minutes"), .text = S("15") },
	};
	struct message_new message = { .kind = kind, .address = S("anna@example.com"), .language = S("sv"), .value = values,
		                       .value_count = COUNT(values), .subject = person_no(&o->f, o->person) };
	struct message_plan plan = { 0 };

	assert_ok(registry_hold(&o->f.job, o->f.vault, &registry));
	if (marketing) {
		message.message_class = CLASS_MARKETING;
		message.purpose = registry_purpose(registry, S("newsletter"))->no;
	}
	assert_ok(message_plan(&o->f.job, o->f.vault, &message, &plan));
	assert_ok(store_write(&o->f.job, o->f.vault->store, WRITE_ORDINARY, write_plan, &plan));
	return message_plan_id(&plan);
}

/* Until there is nothing more to do.  A batch leaves the job with the world's clock: the fixture's is set again, or what
 * has a life would be too late by the day on which the test is run. */
static void
send_all(struct post_office *o)
{
	bool worked = true;

	while (worked) {
		assert_ok(sender_next(&o->f.job, o->f.vault, o->sender, &worked));
		o->f.job.now = FIXTURE_NOW;
	}
}

static struct message_row
row_of(struct post_office *o, uid id)
{
	struct message_row row;

	assert_ok(message_get(&o->f.job, id, &row));
	return row;
}

static bool
came(struct post_office *o, const char *text)
{
	bool found;

	pthread_mutex_lock(&o->sink.mutex);
	found = strstr(o->sink.last, text) != NULL;
	pthread_mutex_unlock(&o->sink.mutex);
	return found;
}

/* --- decisions --------------------------------------------------------------------------------- */

static void
marketing_goes_with_its_decision_and_a_way_out(void **state)
{
	struct post_office o;
	struct token_body body;
	char *at, *end;
	uid id;

	office_begin(&o);
	id = put(&o, MESSAGE_CAMPAIGN, true);
	send_all(&o);
	assert_int_equal(row_of(&o, id).state, MESSAGE_SENT);
	assert_true(came(&o, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
	assert_true(came(&o, "List-Id: <newsletter.foretaget.example>\r\n"));
	at = strstr(o.sink.last, "List-Unsubscribe:");
	assert_non_null(at);
	at = strstr(at, "https://mina.foretaget.example/u/");
	assert_non_null(at);
	at += strlen("https://mina.foretaget.example/u/");
	end = strchr(at, '>');
	assert_non_null(end);
	assert_true(token_open(&o.f.job, o.f.vault, TOKEN_STOP, (str){ at, (size_t)(end - at) }, &body));
	assert_true(uid_eq(body.subject, o.person));
	/* A decision, that it may leave, that it has left: each in the log. */
	assert_int_equal(sql(&o.f, "valv.db", "SELECT COUNT(*) FROM entry WHERE act = ?1 AND subject = ?2", ENTRY_DECISION,
	                     person_no(&o.f, o.person)), 1);
	assert_int_equal(sql(&o.f, "valv.db", "SELECT COUNT(*) FROM entry WHERE act = ?1 AND subject = ?2", ENTRY_MESSAGE_SEND,
	                     person_no(&o.f, o.person)), 1);
	assert_int_equal(sql(&o.f, "valv.db", "SELECT COUNT(*) FROM entry WHERE act = ?1 AND outcome = 0", ENTRY_MESSAGE_END, 0), 1);
	office_end(&o);
}

static void
a_no_between_queue_and_sending_holds(void **state)
{
	struct suppression stop = { .scope = SCOPE_MARKETING, .at = FIXTURE_NOW, .source = SOURCE_COMPLAINT };
	struct post_office o;
	uid campaign, code;

	office_begin(&o);
	campaign = put(&o, MESSAGE_CAMPAIGN, true);
	code = put(&o, MESSAGE_CODE, false);
	assert_ok(suppress(&o.f.job, o.f.vault, ADDRESS_EMAIL, S("anna@example.com"), &stop));
	send_all(&o);
	assert_int_equal(row_of(&o, campaign).state, MESSAGE_CANCELLED);
	assert_int_equal(row_of(&o, campaign).why, MESSAGE_WHY_DENIED);
	assert_int_equal(row_of(&o, code).state, MESSAGE_SENT); /* what they asked for themselves */
	stop.scope = SCOPE_ALL;
	assert_ok(suppress(&o.f.job, o.f.vault, ADDRESS_EMAIL, S("anna@example.com"), &stop));
	code = put(&o, MESSAGE_CODE, false);
	send_all(&o);
	assert_int_equal(row_of(&o, code).why, MESSAGE_WHY_SUPPRESSED);
	assert_int_equal(o.sink.taken, 1);
	office_end(&o);
}

/* While the first of a batch is with the server: the sender's own thread waits for it. */
static void
stop_meanwhile(void *ctx, int taken)
{
	struct suppression stop = { .scope = SCOPE_MARKETING, .at = FIXTURE_NOW, .source = SOURCE_COMPLAINT };
	OWNED(job_release) struct job job = { .now = FIXTURE_NOW, .actor = { .kind = ACTOR_OPERATOR } };
	struct post_office *o = ctx;

	if (taken == 2)
		assert_ok(suppress(&job, o->f.vault, ADDRESS_EMAIL, S("anna@example.com"), &stop));
}

/* I5: one batch, decided in one transaction; the no comes between its first and its second. */
static void
a_no_within_a_batch_holds(void **state)
{
	struct post_office o;
	uid first, second;

	office_begin(&o);
	put(&o, MESSAGE_CODE, false);
	send_all(&o); /* the next batch is of two */
	o.sink.meanwhile = stop_meanwhile;
	o.sink.ctx = &o;
	first = put(&o, MESSAGE_CAMPAIGN, true);
	second = put(&o, MESSAGE_CAMPAIGN, true);
	send_all(&o);
	assert_int_equal(row_of(&o, first).state, MESSAGE_SENT);
	assert_int_equal(row_of(&o, second).state, MESSAGE_CANCELLED);
	assert_int_equal(row_of(&o, second).why, MESSAGE_WHY_DENIED);
	assert_int_equal(o.sink.taken, 2);
	office_end(&o);
}

static void
marketing_follows_nobody_to_an_address_they_left(void **state)
{
	struct post_office o;
	uid id;

	office_begin(&o);
	id = put(&o, MESSAGE_CAMPAIGN, true);
	assert_ok(person_value(&o.f, o.person, "email", "anna.ny@example.com"));
	send_all(&o);
	assert_int_equal(row_of(&o, id).why, MESSAGE_WHY_ADDRESS);
	assert_int_equal(o.sink.taken, 0);
	office_end(&o);
}

/* --- what is known afterwards ------------------------------------------------------------------ */

static void
what_was_under_way_at_a_crash_is_unknown_and_stays_so(void **state)
{
	struct post_office o;
	struct message_row row;
	uid id;

	office_begin(&o);
	id = put(&o, MESSAGE_CODE, false);
	sql(&o.f, "valv.db", "UPDATE message SET state = 2, due_at = NULL, lease = x'00'", 0, 0);
	assert_ok(message_begin(&o.f.job, o.f.vault));
	row = row_of(&o, id);
	assert_int_equal(row.state, MESSAGE_UNKNOWN);
	assert_int_equal(row.why, MESSAGE_WHY_CRASH);
	assert_true(row.content.len > 0);
	send_all(&o);
	assert_int_equal(row_of(&o, id).state, MESSAGE_UNKNOWN);
	assert_int_equal(o.sink.taken, 0);
	assert_ok(message_again(&o.f.job, o.f.vault, id));
	send_all(&o);
	assert_int_equal(row_of(&o, id).state, MESSAGE_SENT);
	assert_int_equal(row_of(&o, id).content.len, 0);
	office_end(&o);
}

static void
a_server_that_is_away_costs_no_try(void **state)
{
	struct post_office o;
	struct setup setup;
	struct message_row row;
	bool worked;
	uid id;

	office_begin(&o);
	assert_ok(setup_get(&o.f.job, o.f.vault, &setup));
	setup.port = 1; /* nobody is there */
	assert_ok(setup_put(&o.f.job, o.f.vault, &setup, NULL));
	id = put(&o, MESSAGE_CODE, false);
	assert_int_equal(sender_next(&o.f.job, o.f.vault, o.sender, &worked), ERR_IO);
	job_forgive(&o.f.job);
	row = row_of(&o, id);
	assert_int_equal(row.state, MESSAGE_WAITING);
	assert_int_equal(row.why, MESSAGE_WHY_UNREACHABLE);
	assert_int_equal(row.tries, 0);
	assert_ok(sender_next(&o.f.job, o.f.vault, o.sender, &worked)); /* it is left alone for a while */
	assert_false(worked);
	office_end(&o);
}

static void
nothing_goes_while_delivery_is_off_or_the_time_is_over(void **state)
{
	struct post_office o;
	bool worked;
	uid id;

	office_begin(&o);
	id = put(&o, MESSAGE_CODE, false);
	assert_ok(delivery_set(&o.f.job, o.f.vault, false));
	assert_ok(sender_next(&o.f.job, o.f.vault, o.sender, &worked));
	assert_false(worked);
	assert_int_equal(row_of(&o, id).state, MESSAGE_WAITING);
	assert_ok(delivery_set(&o.f.job, o.f.vault, true));
	o.f.job.now += 16 * 60 * TIME_SECOND;
	send_all(&o);
	assert_int_equal(row_of(&o, id).why, MESSAGE_WHY_TOO_LATE);
	assert_int_equal(o.sink.taken, 0);
	office_end(&o);
}

static void
a_key_that_signs_can_be_lost_and_content_that_is_damaged_is_told_of(void **state)
{
	struct post_office o;
	enum err err;
	bool worked;
	uid id;

	office_begin(&o);
	assert_ok(setup_key_make(&o.f.job, o.f.vault, DKIM_ED25519, S("v")));
	id = put(&o, MESSAGE_CODE, false);
	send_all(&o);
	assert_true(came(&o, "DKIM-Signature: "));
	assert_int_equal(row_of(&o, id).state, MESSAGE_SENT);
	id = put(&o, MESSAGE_CODE, false);
	sql(&o.f, "valv.db", "UPDATE message SET content = randomblob(80) WHERE state = 1", 0, 0);
	err = sender_next(&o.f.job, o.f.vault, o.sender, &worked);
	assert_int_equal(err, ERR_CRYPTO);
	job_forgive(&o.f.job);
	assert_int_equal(row_of(&o, id).state, MESSAGE_FAILED);
	assert_int_equal(row_of(&o, id).why, MESSAGE_WHY_BROKEN);
	assert_int_equal(o.sink.taken, 1);
	office_end(&o);
}

/* --- the person is erased ---------------------------------------------------------------------- */

static enum err
bury_steps(struct job *job, struct db *db, void *arg)
{
	struct burial *burial = arg;

	return burial_steps(job, db, burial);
}

static void
bury(struct fixture *f, uid id)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(burial_end) struct burial burial = { 0 };
	struct subject subject;

	assert_ok(registry_hold(&f->job, f->vault, &registry));
	assert_ok(subject_get(&f->job, f->vault, id, &subject));
	assert_ok(burial_prepare(&f->job, f->vault, registry, &subject, &burial));
	assert_ok(store_write(&f->job, f->vault->store, WRITE_RESERVED, bury_steps, &burial));
}

/* M4: what waits goes, but for the answer to a request, which leaves and then goes, too; what is under way ends first. */
static void
an_erasure_takes_all_but_the_answer_to_a_request(void **state)
{
	struct post_office o;
	struct message_row row;
	uid code, campaign, sending, reply;

	office_begin(&o);
	sending = put(&o, MESSAGE_CODE, false);
	sql(&o.f, "valv.db", "UPDATE message SET state = 2, due_at = NULL, lease = x'00'", 0, 0);
	code = put(&o, MESSAGE_CODE, false);
	campaign = put(&o, MESSAGE_CAMPAIGN, true);
	reply = put(&o, MESSAGE_REPLY, false);
	bury(&o.f, o.person);
	assert_int_equal(message_get(&o.f.job, code, &row), ERR_ABSENT);
	job_forgive(&o.f.job);
	assert_int_equal(message_get(&o.f.job, campaign, &row), ERR_ABSENT);
	job_forgive(&o.f.job);
	assert_int_equal(row_of(&o, sending).state, MESSAGE_SENDING);
	send_all(&o);
	assert_int_equal(o.sink.taken, 1);
	assert_true(came(&o, "anna@example.com"));
	assert_int_equal(message_get(&o.f.job, reply, &row), ERR_ABSENT);
	job_forgive(&o.f.job);
	assert_ok(message_begin(&o.f.job, o.f.vault));
	assert_int_equal(message_get(&o.f.job, sending, &row), ERR_ABSENT);
	job_forgive(&o.f.job);
	office_end(&o);
}

static void
bury_meanwhile(void *ctx, int taken)
{
	struct post_office *o = ctx;

	if (taken == 2)
		sql(&o->f, "valv.db", "UPDATE subject SET state = 2, version = version + 1 WHERE no = ?1", person_no(&o->f, o->person), 0);
}

/* M4: what comes back to the queue of somebody who was erased meanwhile does not stay there. */
static void
what_did_not_leave_goes_with_the_person(void **state)
{
	struct post_office o;
	struct message_row row;
	uid second;

	office_begin(&o);
	put(&o, MESSAGE_CODE, false);
	send_all(&o);
	o.sink.meanwhile = bury_meanwhile;
	o.sink.ctx = &o;
	put(&o, MESSAGE_CODE, false);
	second = put(&o, MESSAGE_CODE, false);
	send_all(&o);
	assert_int_equal(o.sink.taken, 2);
	assert_int_equal(message_get(&o.f.job, second, &row), ERR_ABSENT);
	job_forgive(&o.f.job);
	office_end(&o);
}

int
send_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marketing_goes_with_its_decision_and_a_way_out),
		cmocka_unit_test(a_no_between_queue_and_sending_holds),
		cmocka_unit_test(a_no_within_a_batch_holds),
		cmocka_unit_test(marketing_follows_nobody_to_an_address_they_left),
		cmocka_unit_test(what_was_under_way_at_a_crash_is_unknown_and_stays_so),
		cmocka_unit_test(a_server_that_is_away_costs_no_try),
		cmocka_unit_test(nothing_goes_while_delivery_is_off_or_the_time_is_over),
		cmocka_unit_test(an_erasure_takes_all_but_the_answer_to_a_request),
		cmocka_unit_test(what_did_not_leave_goes_with_the_person),
		cmocka_unit_test(a_key_that_signs_can_be_lost_and_content_that_is_damaged_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
