/* signup/shown.h -- a form as a page shows it: all of its texts in one language, as values for a template.
 *
 *   title, intro, words
 *   controls[]  number, label, why, how_long, who, what, notice, ticked
 *   inputs[]    name, title, type, autocomplete, required, text, options[] (text, chosen), missing, unreadable
 */
#ifndef SIGNUP_SHOWN_H
#define SIGNUP_SHOWN_H

#include "page/page.h"
#include "signup/signup.h"

/* What was typed and what is wrong with it; all NULL: an empty form. */
struct form_typed {
	const bool *yes;
	const str *text;
	const enum signup_fault *fault;
};

/* ERR_CONFLICT  the form is closed */
must_check enum err form_show(struct job *job, const struct registry *registry, const struct signup_form *form, str language,
                              const struct form_typed *typed, struct page_object *ret);
/* Whether those are the words that the form says now: 64 digits, as `words` above. */
must_check enum err form_says(struct job *job, const struct registry *registry, const struct signup_form *form, str language,
                              str words, bool *ret);
/* HTML for another site: works without script, asks nothing of anybody else.  origin: of the public pages. */
must_check enum err form_snippet(struct job *job, const struct registry *registry, const struct signup_form *form, str language,
                                 str origin, str *ret);

#endif
