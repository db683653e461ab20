/* public/signup.c -- the form by which one signs up, and the page behind the link in the mail. */
#include "base/limits.h"
#include "public/visit.h"
#include "signup/shown.h"
#include "vault/subject.h"
#include "vault/token.h"

/* What a browser sent, as the form has it. */
struct sent {
	bool *yes;
	str *text;
	bool honeypot;
};

/* The form's own language, for the page around it, too. */
static str
language_of(struct visit *visit, const struct signup_form *form)
{
	str language = form_language(form, visit->language);

	if (page_language_known(&public_pages, language))
		visit->language = page_language(&public_pages, language);
	return language;
}

static enum err
closed_page(struct job *job, struct visit *visit)
{
	struct page_object page = page_new(&job->arena, 0);

	return visit_page(job, visit, 410, S("closed.html"), &page);
}

/* --- the form ---------------------------------------------------------------------------------- */

/* Why it is shown again. */
enum why { WHY_FIRST, WHY_WRONG, WHY_CHANGED, WHY_AGAIN, WHY_CHILD, WHY_TOO_MANY };

static const int status_of[] = { [WHY_FIRST] = 200, [WHY_WRONG] = 422, [WHY_CHANGED] = 409, [WHY_AGAIN] = 409, [WHY_CHILD] = 422,
	                         [WHY_TOO_MANY] = 429 };

/* Those of the form's inputs that something is wrong with: for the list at the top. */
static void
faults_put(struct job *job, struct page_object *page)
{
	const struct page_value *inputs = NULL;
	const struct page_value **faults;
	size_t count = 0;

	for (size_t i = 0; i < page->count; i++)
		if (str_eq(page->values[i].name, S("inputs")))
			inputs = &page->values[i];
	must(inputs);
	faults = arena_array(&job->arena, inputs->count + 1, sizeof(*faults));
	for (size_t i = 0; i < inputs->count; i++)
		for (const struct page_value *value = inputs->rows[i]; value->name.len; value++)
			if (value->flag && (str_eq(value->name, S("missing")) || str_eq(value->name, S("unreadable"))))
				faults[count++] = inputs->rows[i];
	page_rows(page, S("faults"), faults, count);
}

static enum err
form_page(struct job *job, struct visit *visit, const struct signup_form *form, const struct form_typed *typed, enum why why,
          bool no_yes)
{
	struct page_object page = page_new(&job->arena, 16);
	str language = language_of(visit, form), seal;

	TRY(form_show(job, visit->registry, form, language, typed, &page));
	TRY(page_seal(job, visit->vault, form, &seal));
	faults_put(job, &page);
	page_put(&page, S("seal"), seal);
	page_if(&page, S("wrong"), why == WHY_WRONG);
	page_if(&page, S("no_yes"), no_yes);
	page_if(&page, S("changed"), why == WHY_CHANGED);
	page_if(&page, S("again"), why == WHY_AGAIN);
	page_if(&page, S("child"), why == WHY_CHILD);
	page_if(&page, S("too_many"), why == WHY_TOO_MANY);
	return visit_page(job, visit, status_of[why], S("form.html"), &page);
}

enum err
public_form_get(struct job *job, struct visit *visit)
{
	struct signup_form form;

	TRY(form_get(job, visit->registry, visit->param, &form));
	return form.open ? form_page(job, visit, &form, NULL, WHY_FIRST, false) : closed_page(job, visit);
}

static str
number_text(struct job *job, size_t number)
{
	OWNED(buf_release) struct buf text = { .max = 24 };

	buf_udec(&text, number);
	return arena_str(&job->arena, buf_str(&text));
}

static struct sent
sent_of(struct job *job, const struct visit *visit, const struct signup_form *form)
{
	struct sent sent = { .yes = arena_array(&job->arena, form->control_count + 1, sizeof(*sent.yes)),
		             .text = arena_array(&job->arena, form->input_count + 1, sizeof(*sent.text)),
		             .honeypot = form_text(&visit->form, S("valv-website")).len > 0 };

	for (size_t i = 0; i < form->control_count; i++)
		sent.yes[i] = form_has(&visit->form, S("valv-yes"), number_text(job, i + 1));
	for (size_t i = 0; i < form->input_count; i++)
		sent.text[i] = form_text(&visit->form, form->input[i].field->name);
	return sent;
}

/* Sent from our page, from a site that the form may stand on, or by what says no origin. */
static enum err
origin_check(struct job *job, const struct visit *visit, const struct signup_form *form)
{
	str site, origin;

	if (request_header(visit->request, S("Sec-Fetch-Site"), &site) && (str_eq(site, S("same-origin")) || str_eq(site, S("none"))))
		return OK;
	if (!request_header(visit->request, S("Origin"), &origin) || str_eq(origin, S("null")) ||
	    str_eq(origin, visit_origin(visit->registry)) || form_origin_allowed(form, origin))
		return OK;
	return fail(job, ERR_DENIED, "the form may not stand on that site");
}

/* Known, unknown, or what a program filled in: the same (Q2). */
static enum err
signed_page(struct job *job, struct visit *visit)
{
	struct page_object page = page_new(&job->arena, 0);

	return visit_page(job, visit, 200, S("signed.html"), &page);
}

static enum err
answer_page(struct job *job, struct visit *visit, const struct signup_form *form, const struct sent *sent,
            const struct signup_answer *answer)
{
	const struct form_typed typed = { sent->yes, sent->text, answer->fault };

	switch (answer->state) {
	case SIGNUP_TAKEN:
		return signed_page(job, visit);
	case SIGNUP_WRONG:
		return form_page(job, visit, form, &typed, WHY_WRONG, answer->no_yes);
	case SIGNUP_CHILD:
		return form_page(job, visit, form, &typed, WHY_CHILD, false);
	case SIGNUP_TOO_MANY:
		return form_page(job, visit, form, &typed, WHY_TOO_MANY, false);
	}
	return fail(job, ERR_INTERNAL, "no such answer");
}

enum err
public_form_post(struct job *job, struct visit *visit)
{
	struct signup_form form;
	struct signup_answer answer;
	struct signup signup = { .form = &form };
	struct form_typed typed = { 0 };
	enum page_seal_state seal;
	struct sent sent;
	bool same_words;

	TRY(form_get(job, visit->registry, visit->param, &form));
	if (!form.open)
		return closed_page(job, visit);
	TRY(origin_check(job, visit, &form));
	sent = sent_of(job, visit, &form);
	typed = (struct form_typed){ .text = sent.text };
	signup.language = language_of(visit, &form);
	if (sent.honeypot)
		return signed_page(job, visit);
	/* What was ticked under other words is not ticked now. */
	TRY(form_says(job, visit->registry, &form, signup.language, form_text(&visit->form, S("valv-words")), &same_words));
	if (!same_words)
		return form_page(job, visit, &form, &typed, WHY_CHANGED, false);
	typed.yes = sent.yes;
	TRY(page_seal_look(job, visit->vault, &form, form_text(&visit->form, S("valv-seal")), form_text(&visit->form, S("valv-work")), &seal,
	                   &signup.cost));
	if (seal == PAGE_SEAL_QUICK || seal == PAGE_SEAL_OLD)
		return form_page(job, visit, &form, &typed, WHY_AGAIN, false);
	signup.yes = sent.yes;
	signup.text = sent.text;
	visit_peer(visit, signup.peer);
	TRY(signup_begin(job, visit->vault, visit->registry, &signup, &answer));
	return answer_page(job, visit, &form, &sent, &answer);
}

/* --- the link in the mail ------------------------------------------------------------------------ */

static const struct page_value **
labels_of(struct job *job, const struct confirm_answer *answer)
{
	const struct page_value **rows = arena_array(&job->arena, answer->label_count + 1, sizeof(*rows));

	for (size_t i = 0; i < answer->label_count; i++) {
		struct page_object row = page_new(&job->arena, 1);
		page_put(&row, S("text"), answer->label[i]);
		rows[i] = row.values;
	}
	return rows;
}

/* To their choices; "" where they are no longer there. */
static enum err
preferences_of(struct job *job, struct visit *visit, const struct confirm_answer *answer, str *ret)
{
	OWNED(buf_release) struct buf text = { .max = 512 };
	struct token_body body = { .subject = answer->person, .channel = CHANNEL_EMAIL };
	struct subject subject;
	enum err err = subject_get(job, visit->vault, answer->person, &subject);

	*ret = S("");
	if (err == ERR_GONE || err == ERR_ABSENT) {
		job_forgive(job);
		return OK;
	}
	TRY(err);
	memcpy(body.digest, answer->digest, DIGEST_BYTES); /* who has that mailbox, and not who has a newer one of theirs */
	buf_put(&text, S("/p/"));
	buf_put(&text, token_make(job, visit->vault, TOKEN_PREFERENCES, &body));
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}

static enum err
confirmed_page(struct job *job, struct visit *visit, const struct confirm_answer *answer)
{
	struct page_object page = page_new(&job->arena, 8);
	bool done = answer->state == CONFIRM_DONE;
	str preferences = S("");

	if (done)
		TRY(preferences_of(job, visit, answer, &preferences));
	page_say(&page, S("title"), done                                  ? S("Thank you")
	                            : answer->state == CONFIRM_DECLINED ? S("It is deleted")
	                                                                  : S("It could not be done"));
	page_if(&page, S("done"), done);
	page_rows(&page, S("labels"), labels_of(job, answer), answer->label_count);
	page_put(&page, S("thanks"), form_text_in(&answer->form, answer->form.thanks, visit->language));
	page_put(&page, S("preferences"), preferences);
	page_if(&page, S("declined"), answer->state == CONFIRM_DECLINED);
	page_if(&page, S("child"), answer->state == CONFIRM_CHILD);
	page_if(&page, S("closed"), answer->state == CONFIRM_CLOSED);
	return visit_page(job, visit, done || answer->state == CONFIRM_DECLINED ? 200 : 409, S("confirmed.html"), &page);
}

enum err
public_confirm_get(struct job *job, struct visit *visit)
{
	struct page_object page = page_new(&job->arena, 2);
	struct confirm_answer answer;

	TRY(signup_look(job, visit->vault, visit->registry, visit->param, &answer));
	if (answer.state == CONFIRM_NO_LINK)
		return visit_no_link(job, visit);
	visit_language(visit, answer.language);
	if (answer.state == CONFIRM_DONE)
		return confirmed_page(job, visit, &answer);
	page_put(&page, S("form"), form_text_in(&answer.form, answer.form.title, visit->language));
	page_rows(&page, S("labels"), labels_of(job, &answer), answer.label_count);
	return visit_page(job, visit, 200, S("confirm.html"), &page);
}

enum err
public_confirm_post(struct job *job, struct visit *visit)
{
	struct confirm_answer answer;

	if (form_has(&visit->form, S("answer"), S("no")))
		TRY(signup_decline(job, visit->vault, visit->param, &answer));
	else if (form_has(&visit->form, S("answer"), S("yes")))
		TRY(signup_confirm(job, visit->vault, visit->registry, visit->param, &answer));
	else
		return fail(job, ERR_MALFORMED, "neither yes nor no");
	if (answer.state == CONFIRM_NO_LINK)
		return visit_no_link(job, visit);
	visit_language(visit, answer.language);
	return confirmed_page(job, visit, &answer);
}
