/* rights/package_requests.c -- what the person asked for, and what was written about it. */
#include "base/limits.h"
#include "rights/package_parts.h"
#include "rights/request.h"

#define REQUESTS_MAX 1000

#define SECOND(e, no, name, ...) [e] = { name, sizeof(name) - 1 },
static const str states[REQUEST_STATE_COUNT] = { REQUEST_STATE_TABLE(SECOND) };
static const str events[EVENT_COUNT] = { REQUEST_EVENT_TABLE(SECOND) };
static const str channels[BY_COUNT] = { REQUEST_CHANNEL_TABLE(SECOND) };
static const str methods[IDENTITY_COUNT] = { IDENTITY_TABLE(SECOND) };
static const str results[RESULT_COUNT] = { IDENTITY_RESULT_TABLE(SECOND) };
static const str reasons[CAUSE_COUNT] = { REQUEST_REASON_TABLE(SECOND) };

static void
put_request(struct package *package, const struct request_row *request, str reply_to)
{
	struct row row;

	row_begin(&row, package, SECTION_REQUESTS);
	row_id(&row, request->id);
	row_text(&row, right_name(request->right));
	row_time(&row, request->received_at);
	row_time(&row, request->opened_at);
	row_text(&row, channels[request->channel]);
	row_text(&row, states[request->state]);
	row_time(&row, request->due_at);
	row_time(&row, request->stopped_at);
	row_number(&row, request->stood / TIME_DAY);
	row_time(&row, request->extended_at);
	row_text(&row, reasons[request->extended_for]);
	row_text(&row, methods[request->identity_method]);
	row_text(&row, results[request->identity_result]);
	row_text(&row, reasons[request->proposed_for]);
	row_text(&row, reasons[request->reason]);
	row_time(&row, request->closed_at);
	row_number_or_null(&row, request->entry);
	row_text(&row, request->language);
	row_text(&row, request->country);
	row_text(&row, reply_to);
	row_end(&row);
}

static void
put_step(struct package *package, uid request, const struct request_step *step)
{
	struct row row;

	row_begin(&row, package, SECTION_REQUEST_STEPS);
	row_id(&row, request);
	row_number(&row, step->seq);
	row_time(&row, step->at);
	row_time(&row, step->recorded_at);
	row_text(&row, events[step->event]);
	row_number_or_null(&row, step->code);
	row_number_or_null(&row, step->entry);
	row_text(&row, actor_word(step->actor.kind));
	row_text(&row, bytes_str(step->words));
	row_end(&row);
}

enum err
package_requests(struct package *package, struct vault *vault)
{
	struct request_query query = { .due_by = TIME_NEVER, .subject = package->subject.no, .max = REQUESTS_MAX };
	struct request_row *request;
	struct request_step *step;
	size_t count, steps;
	str reply_to;

	TRY(requests_list(package->job, &query, &request, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(request_open_all(package->job, vault, &request[i], &reply_to, &step, &steps));
		put_request(package, &request[i], reply_to);
		for (size_t n = 0; n < steps; n++)
			put_step(package, request[i].id, &step[n]);
	}
	return OK;
}
