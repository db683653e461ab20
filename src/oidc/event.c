/* oidc/event.c -- contract, V1-V3: event.h. */
#include "oidc/event.h"

#include "oidc/claims.h"

#define MILLISECONDS_FROM 100000000000 /* seconds reach it in the year 5138 */

str
event_fault_word(enum event_fault fault)
{
	switch (fault) {
	case EVENT_FAULT_KEY:
		return S("invalid_key");
	case EVENT_FAULT_ISSUER:
		return S("invalid_issuer");
	case EVENT_FAULT_AUDIENCE:
		return S("invalid_audience");
	case EVENT_FAULT_NONE:
	case EVENT_FAULT_REQUEST:
		break;
	}
	return S("invalid_request");
}

/* --- the subject ------------------------------------------------------------------------------ */

static enum err
subject_read(struct job *job, struct json place, struct event *event)
{
	str format;

	TRY(claim_text(job, place, "format", CLAIM_TEXT_MAX, true, &format));
	if (str_eq(format, S("email"))) {
		event->subject = EVENT_SUBJECT_EMAIL;
		return claim_text(job, place, "email", CLAIM_TEXT_MAX, true, &event->first);
	}
	if (str_eq(format, S("opaque"))) {
		event->subject = EVENT_SUBJECT_OPAQUE;
		return claim_text(job, place, "id", CLAIM_TEXT_MAX, true, &event->first);
	}
	if (!str_eq(format, S("iss_sub")))
		return fail(job, ERR_INVALID, "the event's subject is of a format that is not known");
	event->subject = EVENT_SUBJECT_ISS_SUB;
	TRY(claim_text(job, place, "iss", CLAIM_TEXT_MAX, true, &event->first));
	return claim_subject(job, place, "sub", true, &event->second);
}

/* V3. */
static enum err
subject_find(struct job *job, struct json claims, struct json body, struct event *event)
{
	struct json outer = json_member(job, claims, "sub_id"), inner = json_member(job, body, "subject");
	bool both = json_kind(outer) != JSON_ABSENT && json_kind(inner) != JSON_ABSENT;
	struct json place = json_kind(outer) != JSON_ABSENT ? outer : inner;

	if (json_kind(place) == JSON_ABSENT && event->kind == EVENT_VERIFICATION)
		return OK;
	if (both || json_kind(place) != JSON_OBJECT)
		return fail(job, ERR_INVALID, "the event has no subject, or two");
	return subject_read(job, place, event);
}

/* --- the event -------------------------------------------------------------------------------- */

static const str kinds[EVENT_KIND_COUNT] = {
#define X(e, uri) [e] = { uri, sizeof(uri) - 1 },
	EVENT_TABLE(X)
#undef X
};

/* V2. */
static enum err
kind_find(struct job *job, struct json claims, struct event *event, struct json *ret_body)
{
	struct json events = json_member(job, claims, "events");
	void *iterator = NULL;
	size_t kind = 0;
	str uri;

	if (json_kind(events) != JSON_OBJECT || json_count(events) != 1 ||
	    !json_each(job, events, &iterator, &uri, ret_body) || json_kind(*ret_body) != JSON_OBJECT)
		return fail(job, ERR_INVALID, "the token tells of no event, or of several");
	while (kind < EVENT_KIND_COUNT && !str_eq(kinds[kind], uri))
		kind++;
	if (kind == EVENT_KIND_COUNT)
		return fail(job, ERR_INVALID, "the event is of a type that is not known");
	event->kind = (enum event_kind)kind;
	return OK;
}

/* Seconds; drafts had milliseconds, which no time of an event in seconds can be taken for. */
static enum err
happened_read(struct job *job, struct json body, struct event *event)
{
	struct json place = json_member(job, body, "event_timestamp");
	int64_t number = 0;

	event->happened_at = event->issued_at;
	if (json_kind(place) != JSON_ABSENT) {
		if (json_kind(place) != JSON_NUMBER)
			return fail(job, ERR_INVALID, "the time of the event is not a number");
		TRY(json_i64(job, body, "event_timestamp", 0, 253402300799000, &number, NULL));
		event->happened_at = number < MILLISECONDS_FROM ? number * TIME_SECOND : number * 1000;
	}
	if (event->happened_at > job->now + CLAIM_SKEW)
		return fail(job, ERR_INVALID, "the event is from the future");
	if (event->happened_at > job->now)
		event->happened_at = job->now;
	return OK;
}

static enum err
body_read(struct job *job, struct json claims, struct event *event)
{
	struct json body;
	str change = S("");

	TRY(kind_find(job, claims, event, &body));
	TRY(subject_find(job, claims, body, event));
	TRY(happened_read(job, body, event));
	if (event->kind == EVENT_CREDENTIAL_CHANGE)
		TRY(claim_text(job, body, "change_type", CLAIM_TEXT_MAX, true, &change));
	event->credential_made = str_eq(change, S("create"));
	return OK;
}

/* V1. */
static enum err
no_other_token(struct job *job, struct json claims)
{
	if (claim_there(job, claims, "exp") || claim_there(job, claims, "nonce"))
		return fail(job, ERR_INVALID, "the token is of another kind than an event's");
	return OK;
}

static enum err
fault_of(enum err err, enum event_fault fault, enum event_fault *ret_fault)
{
	if (err)
		*ret_fault = fault;
	return err;
}

enum err
event_read(struct job *job, str issuer, str audience, str payload, struct event *ret,
           enum event_fault *ret_fault)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct event event = { 0 };
	struct json claims;

	*ret_fault = EVENT_FAULT_REQUEST;
	TRY(claims_open(job, payload, &document, &claims));
	TRY(fault_of(claims_issuer(job, claims, issuer), EVENT_FAULT_ISSUER, ret_fault));
	TRY(fault_of(claims_audience(job, claims, audience), EVENT_FAULT_AUDIENCE, ret_fault));
	TRY(no_other_token(job, claims));
	TRY(claims_issued(job, claims, job->now - EVENT_AGE, &event.issued_at));
	TRY(claim_text(job, claims, "jti", CLAIM_TEXT_MAX, true, &event.jti));
	TRY(body_read(job, claims, &event));
	*ret = event;
	*ret_fault = EVENT_FAULT_NONE;
	return OK;
}
