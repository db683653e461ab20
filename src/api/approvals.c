/* api/approvals.c -- what takes two people, exceptions from the roles, and what somebody has to look at. */
#include "access/alert.h"
#include "access/approval.h"
#include "access/glass.h"
#include "api/staff.h"
#include "api/audit.h"
#include "base/limits.h"

/* --- approvals -------------------------------------------------------------------------------- */

static enum err
approval_write(struct job *job, struct call *call, const struct approval *approval)
{
	struct json_out *out = &call->out;
	bool over = approval->expires_at <= job->now &&
	            (approval->state == APPROVAL_WAITING || approval->state == APPROVAL_APPROVED);

	json_open(out, '{');
	json_pair_uid(out, S("id"), approval->id);
	json_pair_str(out, S("operation"), approval->act);
	json_pair_str(out, S("summary"), approval->summary);
	json_pair_str(out, S("state"), over ? S("over") : words_name(WORDS_APPROVAL_STATE, (int)approval->state));
	TRY(actor_pair_named(job, out, S("asked_by"), approval->asked_by));
	json_pair_time(out, S("asked_at"), approval->asked_at);
	json_pair_time(out, S("expires_at"), approval->expires_at);
	TRY(staff_pair(job, call, S("decided_by"), approval->decided_by));
	json_pair_time(out, S("decided_at"), approval->decided_at);
	json_close(out, '}');
	return OK;
}

static enum err
flag_read(struct job *job, const struct call *call, str name, bool *ret)
{
	bool bad = false;
	str text;

	*ret = false;
	if (!request_query(&job->arena, call->request, name, &text, &bad) && !bad)
		return OK;
	*ret = str_eq(text, S("true"));
	if (bad || (!*ret && !str_eq(text, S("false"))))
		return fail(job, ERR_MALFORMED, "waiting is true or false");
	return OK;
}

/* Newest first: after is the number of the last one seen. */
enum err
on_approvals_get(struct job *job, struct call *call)
{
	struct approval *approval;
	struct json_out *out;
	struct page page;
	size_t count;
	bool waiting;

	TRY(call_page(job, call, &page));
	TRY(flag_read(job, call, S("waiting"), &waiting));
	TRY(approval_list(job, page.after, (size_t)page.limit, waiting, &approval, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("approvals"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		TRY(approval_write(job, call, &approval[i]));
	json_close(out, ']');
	answer_next(out, count == (size_t)page.limit, count ? approval[count - 1].no : 0);
	json_close(out, '}');
	return OK;
}

enum err
on_approval_get(struct job *job, struct call *call)
{
	struct approval approval;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(approval_get(job, job->db, id, &approval));
	answer_json(call, 200);
	return approval_write(job, call, &approval);
}

static enum err
decide(struct job *job, struct call *call, bool approve)
{
	struct approval approval;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(approval_decide(job, &call->vault->access, principal_holds(&call->principal, SCOPE_APPROVE), id, approve,
	                    &approval));
	answer_json(call, 200);
	return approval_write(job, call, &approval);
}

enum err
on_approval_approve_post(struct job *job, struct call *call)
{
	return decide(job, call, true);
}

enum err
on_approval_refuse_post(struct job *job, struct call *call)
{
	return decide(job, call, false);
}

enum err
on_approval_delete(struct job *job, struct call *call)
{
	uid id;

	TRY(call_id(job, call, &id));
	TRY(approval_cancel(job, &call->vault->access, id));
	answer_empty(call);
	return OK;
}

/* --- break-glass ------------------------------------------------------------------------------ */

/* The reason is for who has the glass and who reviews. */
static enum err
glass_write(struct job *job, struct call *call, const struct glass *glass)
{
	struct json_out *out = &call->out;

	json_open(out, '{');
	json_pair_uid(out, S("id"), glass->id);
	TRY(staff_pair(job, call, S("staff"), glass->staff));
	json_pair_time(out, S("from"), glass->from_at);
	json_pair_time(out, S("until"), glass->until_at);
	json_pair_str(out, S("reason"), glass->reason);
	json_pair_str(out, S("verdict"), words_name(WORDS_GLASS_VERDICT, (int)glass->verdict));
	TRY(staff_pair(job, call, S("reviewed_by"), glass->reviewed_by));
	json_pair_time(out, S("reviewed_at"), glass->reviewed_at);
	json_close(out, '}');
	return OK;
}

enum err
on_glass_post(struct job *job, struct call *call)
{
	int64_t minutes = LIMIT_GLASS_MINUTES;
	struct glass glass;
	str reason;

	TRY(json_need_str(job, call->body, "reason", GLASS_REASON_BYTES_MAX, &reason));
	reason = str_trim(reason);
	if (reason.len < GLASS_REASON_BYTES_MIN || !str_printable(reason))
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "reason"),
		                 "says in at least 20 characters why it is needed");
	TRY(json_i64(job, call->body, "minutes", 1, LIMIT_GLASS_MINUTES, &minutes, NULL));
	TRY(glass_break(job, &call->vault->access, principal_holds(&call->principal, SCOPE_GLASS), reason, minutes,
	                &glass));
	answer_json(call, 201);
	return glass_write(job, call, &glass);
}

enum err
on_glasses_get(struct job *job, struct call *call)
{
	struct json_out *out;
	struct glass *glass;
	struct page page;
	size_t count;
	bool all = principal_holds(&call->principal, SCOPE_REVIEW);

	TRY(call_page(job, call, &page));
	TRY(glass_list(job, &call->vault->access, page.after, (size_t)page.limit, &glass, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("exceptions"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		if (all || glass[i].staff == call->principal.staff)
			TRY(glass_write(job, call, &glass[i]));
	json_close(out, ']');
	answer_next(out, count == (size_t)page.limit, count ? glass[count - 1].no : 0);
	json_close(out, '}');
	return OK;
}

enum err
on_glass_delete(struct job *job, struct call *call)
{
	uid id;

	TRY(call_id(job, call, &id));
	TRY(glass_end(job, &call->vault->access, id));
	answer_empty(call);
	return OK;
}

enum err
on_glass_review_post(struct job *job, struct call *call)
{
	struct glass glass;
	int verdict = 0;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(body_need_word(job, call->body, "verdict", WORDS_GLASS_VERDICT_GIVEN, &verdict));
	TRY(glass_review(job, &call->vault->access, principal_holds(&call->principal, SCOPE_REVIEW), id,
	                 (enum glass_verdict)verdict, &glass));
	answer_json(call, 200);
	return glass_write(job, call, &glass);
}

/* --- alerts ----------------------------------------------------------------------------------- */

static enum err
alert_write(struct job *job, struct call *call, const struct alert *alert)
{
	struct json_out *out = &call->out;

	json_open(out, '{');
	json_pair_i64(out, S("no"), alert->no);
	json_pair_time(out, S("at"), alert->at);
	json_pair_str(out, S("kind"), words_name(WORDS_ALERT, (int)alert->kind));
	TRY(staff_pair(job, call, S("staff"), alert->staff));
	json_pair_i64(out, S("entry"), alert->entry);
	TRY(staff_pair(job, call, S("seen_by"), alert->seen_by));
	json_pair_time(out, S("seen_at"), alert->seen_at);
	json_close(out, '}');
	return OK;
}

enum err
on_alerts_get(struct job *job, struct call *call)
{
	struct json_out *out;
	struct alert *alert;
	struct page page;
	size_t count;
	bool waiting;

	TRY(call_page(job, call, &page));
	TRY(flag_read(job, call, S("waiting"), &waiting));
	TRY(alert_list(job, page.after, (size_t)page.limit, waiting, &alert, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("alerts"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		TRY(alert_write(job, call, &alert[i]));
	json_close(out, ']');
	answer_next(out, count == (size_t)page.limit, count ? alert[count - 1].no : 0);
	json_close(out, '}');
	return OK;
}

enum err
on_alert_seen_post(struct job *job, struct call *call)
{
	int64_t no;

	if (!str_i64(call->param[0], &no) || no < 1)
		return fail(job, ERR_ABSENT, "no alert has that number");
	TRY(alert_seen(job, call->vault->store, no));
	answer_empty(call);
	return OK;
}
