/* rights/request_act.c -- what may happen to a request, one function for each step.  Facts in, the row
 * as it becomes out; the one thing read is the audit entry that a fulfilment names. */
#include "rights/request_parts.h"

#include "base/limits.h"

static const struct {
	int tier;
} rights[RIGHT_COUNT] = {
#define X(e, no, name, code, tier) [e] = { tier },
	RIGHT_TABLE(X)
#undef X
};
static const int identity_tier[IDENTITY_COUNT] = {
#define X(e, no, name, tier) [e] = tier,
	IDENTITY_TABLE(X)
#undef X
};
static const unsigned reason_rights[CAUSE_COUNT] = {
#define X(e, no, name, code, kind, of) [e] = of,
	REQUEST_REASON_TABLE(X)
#undef X
};

/* --- what is asked of a step ------------------------------------------------------------------ */

static enum err
words_needed(struct job *job, const struct acting *acting)
{
	if (!str_trim(acting->act->words).len)
		return fail_at(job, ERR_EVIDENCE, S("/words"), "is needed, in plain words");
	return OK;
}

static enum err
reason_of_kind(struct job *job, const struct acting *acting, int kind)
{
	enum request_reason reason = (enum request_reason)acting->act->code;
	unsigned only = reason_rights[reason];

	if (request_reason_kind(reason) != kind)
		return fail_at(job, ERR_INVALID, S("/reason"), "is not a reason for that");
	if (only && !(only & 1u << acting->before.right))
		return fail_at(job, ERR_INVALID, S("/reason"), "is not a reason in a request of that right");
	return OK;
}

static bool
stands(const struct acting *acting)
{
	return acting->before.stopped_at != TIME_NEVER;
}

static enum err
clock_runs(struct job *job, const struct acting *acting)
{
	if (stands(acting))
		return fail(job, ERR_CONFLICT, "the clock stands: record first what became of the identity check");
	return OK;
}

/* --- the clock -------------------------------------------------------------------------------- */

static void
due_again(struct acting *acting)
{
	acting->after.due_at = request_due(&acting->after, acting->after.extended_at != TIME_NEVER);
}

static void
clock_go_on(struct job *job, struct acting *acting)
{
	struct request_row *after = &acting->after;

	if (!stands(acting))
		return;
	if (job->now > after->stopped_at)
		after->stood += job->now - after->stopped_at;
	after->stopped_at = TIME_NEVER;
	due_again(acting);
}

static void
close_as(struct job *job, struct acting *acting, enum request_state state)
{
	int days = acting->after.sealed ? REQUEST_WORDS_DAYS : REQUEST_ROW_DAYS;

	clock_go_on(job, acting);
	acting->after.state = state;
	acting->after.closed_at = job->now;
	acting->after.forget_at = job->now + days * TIME_DAY;
	acting->after.proposed_for = CAUSE_NONE;
	acting->after.proposed_by = (struct actor){ 0 };
}

/* --- steps ------------------------------------------------------------------------------------ */

static enum err
acknowledge(struct job *job, struct acting *acting)
{
	if (acting->before.state != REQUEST_INITIATED)
		return fail(job, ERR_CONFLICT, "the request is past that");
	acting->after.state = REQUEST_ACKNOWLEDGED;
	return OK;
}

/*= gdpr 12(6)
 *# Where the controller has reasonable doubts concerning the identity of the natural person making the
 *# request, the controller may request the provision of additional information necessary to confirm the
 *# identity of the data subject. */
static enum err
identity_ask(struct job *job, struct acting *acting)
{
	TRY(clock_runs(job, acting));
	TRY(words_needed(job, acting)); /* the doubt */
	if (acting->before.identity_result == RESULT_CONFIRMED)
		return fail(job, ERR_CONFLICT, "the person was recognised already");
	if (job->now >= acting->before.due_at)
		return fail(job, ERR_CONFLICT, "the time to ask is over: the answer is overdue");
	if (acting->act->code == IDENTITY_NO_DOUBT)
		return fail_at(job, ERR_INVALID, S("/method"), "without doubt there is nothing to ask for");
	if (identity_tier[acting->act->code] > rights[acting->before.right].tier) /* Q4 */
		return fail_at(job, ERR_INVALID, S("/method"), "asks for more than this right warrants");
	acting->after.state = REQUEST_IDENTITY_REQUIRED;
	acting->after.stopped_at = job->now;
	acting->after.due_at = TIME_NEVER;
	acting->after.identity_method = (enum identity)acting->act->code;
	acting->after.identity_result = RESULT_ASKED;
	return OK;
}

static enum err
identity_known(struct job *job, struct acting *acting, enum identity_result result)
{
	clock_go_on(job, acting);
	if (acting->before.state == REQUEST_IDENTITY_REQUIRED)
		acting->after.state = REQUEST_IDENTITY_GIVEN;
	acting->after.identity_method = (enum identity)acting->act->code;
	acting->after.identity_result = result;
	return OK;
}

static enum err
identity_confirm(struct job *job, struct acting *acting)
{
	return identity_known(job, acting, RESULT_CONFIRMED);
}

static enum err
identity_fail(struct job *job, struct acting *acting)
{
	TRY(words_needed(job, acting)); /* what did not fit */
	return identity_known(job, acting, RESULT_FAILED);
}

static enum err
accept(struct job *job, struct acting *acting)
{
	TRY(clock_runs(job, acting));
	if (acting->before.state == REQUEST_ACCEPTED)
		return fail(job, ERR_CONFLICT, "the request is past that");
	acting->after.state = REQUEST_ACCEPTED;
	return OK;
}

/*= gdpr 12(3)
 *# The controller shall inform the data subject of any such extension within one month of receipt of
 *# the request, together with the reasons for the delay. */
static enum err
extend(struct job *job, struct acting *acting)
{
	const struct request_act *act = acting->act;

	TRY(clock_runs(job, acting));
	TRY(reason_of_kind(job, acting, CAUSE_DELAY));
	TRY(words_needed(job, acting));
	if (acting->before.extended_at != TIME_NEVER)
		return fail(job, ERR_CONFLICT, "it was extended already; the law knows one extension");
	if (act->at > job->now)
		return fail_at(job, ERR_EVIDENCE, S("/told_at"),
		               "is in the future: the person is told first, then it is extended");
	if (act->at < acting->before.received_at)
		return fail_at(job, ERR_INVALID, S("/told_at"), "is before the request was received");
	if (act->at >= acting->before.due_at)
		return fail(job, ERR_CONFLICT, "the first month is over: it cannot be extended any more");
	acting->after.extended_at = act->at;
	acting->after.extended_for = (enum request_reason)act->code;
	due_again(acting);
	return OK;
}

static bool
same_actor(struct actor a, struct actor b)
{
	return a.kind == b.kind && a.no == b.no;
}

/*= gdpr 12(5)
 *# The controller shall bear the burden of demonstrating the manifestly unfounded or excessive
 *# character of the request. */
static enum err
propose_refusal(struct job *job, struct acting *acting)
{
	OWNED(buf_release) struct buf words = { .max = 2 * LIMIT_MESSAGE_BYTES };

	TRY(reason_of_kind(job, acting, CAUSE_ABUSE));
	TRY(words_needed(job, acting));
	if (!str_trim(acting->act->evidence).len)
		return fail_at(job, ERR_EVIDENCE, S("/evidence"),
		               "what shows it is needed: the burden is the controller's");
	if (acting->before.proposed_for)
		return fail(job, ERR_CONFLICT, "a refusal waits for its approval already");
	acting->after.proposed_for = (enum request_reason)acting->act->code;
	acting->after.proposed_by = job->actor;
	buf_put(&words, acting->act->words);
	buf_put(&words, S("\n\n"));
	buf_put(&words, acting->act->evidence);
	acting->words = arena_str(&job->arena, buf_str(&words));
	return OK;
}

static enum err
refusal_waits(struct job *job, const struct acting *acting)
{
	if (!acting->before.proposed_for)
		return fail(job, ERR_CONFLICT, "no refusal waits for an approval");
	return OK;
}

static enum err
decline_refusal(struct job *job, struct acting *acting)
{
	TRY(refusal_waits(job, acting));
	acting->code = (int)acting->before.proposed_for;
	acting->after.proposed_for = CAUSE_NONE;
	acting->after.proposed_by = (struct actor){ 0 };
	return OK;
}

/* Of a proposal: by another (Q3).  Of a plain reason: at once. */
static enum err
refuse(struct job *job, struct acting *acting)
{
	bool approval = !acting->act->code;

	if (approval) {
		TRY(refusal_waits(job, acting));
		if (same_actor(acting->before.proposed_by, job->actor))
			return fail(job, ERR_DENIED, "who proposed the refusal does not approve it");
		acting->code = (int)acting->before.proposed_for;
	} else {
		TRY(reason_of_kind(job, acting, CAUSE_REFUSAL));
		TRY(words_needed(job, acting));
		if (acting->act->code == CAUSE_IDENTITY_FAILURE &&
		    acting->before.identity_result != RESULT_FAILED && !stands(acting))
			return fail_at(job, ERR_EVIDENCE, S("/reason"),
			               "the person was not asked, or was recognised");
	}
	close_as(job, acting, REQUEST_REFUSED);
	acting->after.reason = (enum request_reason)acting->code;
	return OK;
}

/* --- fulfilment ------------------------------------------------------------------------------- */

/* Acts of the audit log that can answer a request of the right; 0 ends the list. */
static const enum entry_act answers[RIGHT_COUNT][4] = {
	[RIGHT_ACCESS] = { ENTRY_ACCESS, ENTRY_SUBJECT_READ },
	[RIGHT_RECTIFICATION] = { ENTRY_SUBJECT_CHANGE },
	[RIGHT_ERASURE] = { ENTRY_ERASE, ENTRY_ACT, ENTRY_SUBJECT_CHANGE },
	[RIGHT_RESTRICTION] = { ENTRY_ACT },
	[RIGHT_PORTABILITY] = { ENTRY_EXPORT },
	[RIGHT_OBJECTION] = { ENTRY_ACT, ENTRY_SUPPRESS },
	[RIGHT_WITHDRAWAL] = { ENTRY_ACT, ENTRY_SUPPRESS },
};

static bool
answers_right(enum right right, enum entry_act act)
{
	for (size_t i = 0; i < COUNT(answers[right]); i++)
		if (answers[right][i] && answers[right][i] == act)
			return true;
	return right == RIGHT_HUMAN || right == RIGHT_INFORMATION; /* done by people, outside of here */
}

static enum err
entry_check(struct job *job, const struct acting *acting)
{
	OWNED(rows_end) struct rows rows = { 0 };
	const struct request_row *before = &acting->before;
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_GET, ARGS(sql_i64(acting->act->entry)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail_at(job, ERR_INVALID, S("/entry"), "is no entry of the audit log");
	if (rows_i64(&rows, 5) != OK || !answers_right(before->right, (enum entry_act)rows_i64(&rows, 4)))
		return fail_at(job, ERR_INVALID, S("/entry"), "did not do what was asked for");
	if (rows_i64(&rows, 1) < before->received_at)
		return fail_at(job, ERR_INVALID, S("/entry"), "was before the request");
	/* Forgotten requests, and suppressions, do not say whose they are. */
	if (before->subject && rows_i64(&rows, 6) && rows_i64(&rows, 6) != before->subject)
		return fail_at(job, ERR_INVALID, S("/entry"), "is about somebody else");
	return OK;
}

/* Something was to be done here, and the person is known: then there is an entry of it. */
static bool
entry_needed(const struct request_row *request)
{
	return request->subject && request->right != RIGHT_HUMAN && request->right != RIGHT_INFORMATION;
}

/* What goes out, or is done for good, goes to the right person. */
static enum err
recognised(struct job *job, const struct request_row *request)
{
	if (rights[request->right].tier < 2 || !request->subject ||
	    request->identity_result == RESULT_CONFIRMED)
		return OK;
	return fail(job, ERR_EVIDENCE,
	            "how the person was recognised is not recorded; without doubt that is no_doubt");
}

static enum err
fulfil(struct job *job, struct acting *acting)
{
	bool partly = acting->act->event == EVENT_PARTLY_FULFILLED;
	int64_t entry = acting->act->entry ? acting->act->entry : acting->before.entry;

	TRY(clock_runs(job, acting));
	TRY(recognised(job, &acting->before));
	if (partly) {
		TRY(reason_of_kind(job, acting, CAUSE_REFUSAL));
		TRY(words_needed(job, acting));
	}
	if (acting->act->entry)
		TRY(entry_check(job, acting));
	else if (!entry && entry_needed(&acting->before))
		return fail_at(job, ERR_EVIDENCE, S("/entry"), "the audit entry of what was done is needed");
	close_as(job, acting, partly ? REQUEST_PARTLY_FULFILLED : REQUEST_FULFILLED);
	acting->after.entry = entry;
	acting->after.reason = (enum request_reason)acting->act->code;
	return OK;
}

static enum err
withdraw(struct job *job, struct acting *acting)
{
	close_as(job, acting, REQUEST_WITHDRAWN);
	return OK;
}

/* --- the person, and what is written ---------------------------------------------------------- */

static enum err
find_person(struct job *job, struct acting *acting)
{
	if (acting->before.subject || !acting->before.sealed)
		return fail(job, ERR_CONFLICT, "the request has a person");
	acting->after.subject = acting->act->subject;
	acting->person_found = true;
	return OK;
}

static enum err
message(struct job *job, struct acting *acting)
{
	TRY(words_needed(job, acting));
	if (acting->act->at > job->now)
		return fail_at(job, ERR_INVALID, S("/at"), "is in the future");
	return OK;
}

typedef enum err transition(struct job *job, struct acting *acting);

static transition *const transitions[EVENT_COUNT] = {
	[EVENT_ACKNOWLEDGED] = acknowledge,
	[EVENT_IDENTITY_ASKED] = identity_ask,
	[EVENT_IDENTITY_CONFIRMED] = identity_confirm,
	[EVENT_IDENTITY_FAILED] = identity_fail,
	[EVENT_ACCEPTED] = accept,
	[EVENT_EXTENDED] = extend,
	[EVENT_REFUSAL_PROPOSED] = propose_refusal,
	[EVENT_REFUSAL_DECLINED] = decline_refusal,
	[EVENT_REFUSED] = refuse,
	[EVENT_FULFILLED] = fulfil,
	[EVENT_PARTLY_FULFILLED] = fulfil,
	[EVENT_WITHDRAWN] = withdraw,
	[EVENT_PERSON_FOUND] = find_person,
	[EVENT_MESSAGE_IN] = message,
	[EVENT_MESSAGE_OUT] = message,
};

static bool
is_letter(enum request_event event)
{
	return event == EVENT_MESSAGE_IN || event == EVENT_MESSAGE_OUT;
}

/* Letters leave room for the steps that close it. */
static int64_t
steps_most(enum request_event event)
{
	return LIMIT_REQUEST_EVENTS - (is_letter(event) ? LIMIT_REQUEST_RESERVED : 0);
}

enum err
request_transition(struct job *job, struct acting *acting)
{
	const struct request_act *act = acting->act;
	const struct request_row *before = &acting->before;

	must(transitions[act->event]);
	acting->after = *before;
	acting->event = act->event;
	acting->code = act->code;
	acting->words = str_trim(act->words);
	/* After the answer only letters come and go: a reply that went out late, a complaint that came in. */
	if (request_closed(before) && !is_letter(act->event))
		return fail(job, ERR_CONFLICT, "the request is closed");
	if (acting->words.len && !before->sealed)
		return fail(job, ERR_CONFLICT, "what was written is forgotten, and nothing is added to it");
	if (before->version >= steps_most(act->event))
		return fail(job, ERR_LIMIT, "limit_request_events: the request has as many steps as it may");
	acting->after.version++;
	return transitions[act->event](job, acting);
}
