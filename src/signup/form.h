/* signup/form.h -- forms by which people sign up: defined once, hosted or put on another site.
 *
 * A definition is JSON and kept as it was put; each change is a version of its own, as acts of consent name it.
 *
 *   {"title":{…}, "intro":{…}, "thanks":{…}, "languages":["sv","en"],
 *    "controls":[{"purpose":"newsletter","channels":["email"],"label":{…}}],
 *    "fields":[{"field":"email","required":true},{"field":"name"}],
 *    "origins":["https://shop.example"]}
 *
 *   O1  Each control is one purpose, in force, that rests on consent, with its own unticked box: what would tie consent
 *       to a contract or to terms cannot be put (Article 7(4)), and no member says that a box is ticked (C-673/17).
 *   O2  A form asks for nothing that no purpose of it covers, for an e-mail address always, and insists on no more than
 *       what every purpose of it covers (Article 5(1)(c)).
 *   O3  Each language of it has every text of it, and a notice of every purpose.
 *   O4  What a box said is kept by its hash (form_words_steps), beside the notice, in every language it was shown in.
 *   O5  It confirms by mail always: what a press in a mail does not prove, a telephone number say, no purpose with
 *       double opt-in may rest on.
 */
#ifndef SIGNUP_FORM_H
#define SIGNUP_FORM_H

#include "base/limits.h"
#include "vault/registry.h"
#include "vault/vault.h"

enum form_state { FORM_IN_USE = 1, FORM_ENDED = 2 };

struct form_text {
	str language, text;
};

struct form_control {
	const struct purpose *purpose;
	uint32_t channels;
	const struct form_text *label; /* instead of ours; NULL */
};

struct form_input {
	const struct field *field;
	bool required;
};

struct signup_form {
	int64_t no, version;
	str name;
	enum form_state state;
	time_us made_at;    /* of this version */
	str definition;     /* canonical JSON */
	const str *language;
	size_t language_count;
	const struct form_text *title, *intro, *thanks; /* one for each language; intro and thanks may be NULL */
	const struct form_control *control;
	size_t control_count;
	const struct form_input *input;
	size_t input_count;
	const str *origin;
	size_t origin_count;
	bool open;          /* in use, and every purpose of it in force */
};

/* A new version, unless it says what the last one did.  One that was ended is in use again.
 *   ERR_INVALID, naming the member (O1, O2, O3, O5)   ERR_LIMIT limit_forms */
must_check enum err form_put(struct job *job, struct vault *vault, str name, struct json definition, bool *ret_created);
/* No sign-ups from now on; what waits can still be confirmed.   ERR_ABSENT */
must_check enum err form_end(struct job *job, struct vault *vault, str name);

/* The registry is borrowed for as long as what is returned is used.  ERR_ABSENT */
must_check enum err form_get(struct job *job, const struct registry *registry, str name, struct signup_form *ret);
must_check enum err form_get_no(struct job *job, const struct registry *registry, int64_t no, struct signup_form *ret);
must_check enum err form_list(struct job *job, const struct registry *registry, int64_t after_no, size_t max,
                              struct signup_form **ret, size_t *ret_count);

/* The text in the language, else in the form's first; "" for NULL. */
str form_text_in(const struct signup_form *form, const struct form_text *text, str language);
/* The language if the form has it, else its first. */
str form_language(const struct signup_form *form, str language);
/* "https://shop.example" and the like, as browsers send Origin. */
bool form_origin_allowed(const struct signup_form *form, str origin);

/* --- what a box says ------------------------------------------------------------------------------ */

/* All in the language, ready to be shown. */
struct form_words {
	str label;    /* a sentence; what the box stands beside */
	str why, how_long, who, what;
	str notice;   /* the purpose's own, word by word */
	uint8_t notice_hash[32];
	str whole;    /* the lines above, apart by line feeds, as they are kept */
	uint8_t hash[32];
};

must_check enum err form_words(struct job *job, const struct registry *registry, const struct signup_form *form,
                               const struct form_control *control, str language, struct form_words *ret);
/* Inside steps (O4). */
must_check enum err form_words_steps(struct job *job, struct db *db, const struct signup_form *form, str language,
                                     const struct form_words *words);
/* By hash.   ERR_ABSENT */
must_check enum err form_words_find(struct job *job, const uint8_t hash[32], str *ret_language, str *ret_text);
/* The field's title in the language. */
must_check enum err form_field_title(struct job *job, const struct field *field, str language, str *ret);

#endif
