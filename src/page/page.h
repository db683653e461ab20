/* page/page.h -- texts for people: pages and mails from templates that were compiled in.
 *
 * tools/gen-page makes a *set* of a folder's templates, files and catalogues; its head describes the language of
 * templates.  What a template names is found among the values, in a row of a list before what surrounds it.
 *
 *   T1  A value is escaped for where it stands: in HTML, in an address, in plain text, in one line.  There is no way
 *       around it: no template can ask for a value as it is.
 *   T2  All or nothing: on error nothing was put.
 *   T3  A value that a template puts and nobody gave is an error, not an empty place; a condition on it is false.
 *   T4  An address (href, src, action) leads to a path, https:, http:, mailto: or tel:, never to a script.
 */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include "base/buf.h"
#include "base/job.h"

/* --- values ----------------------------------------------------------------------------------- */

enum page_kind {
	PAGE_TEXT,
	PAGE_WORD, /* a text of the set's `words`, in the language; its own @names@ are found where it stands */
	PAGE_FLAG,
	PAGE_LIST, /* each row is an object of its own */
};

/* An object is an array that ends with a row without a name.  All is borrowed. */
struct page_value {
	str name;
	enum page_kind kind;
	str text;   /* PAGE_TEXT; PAGE_WORD: in English */
	bool flag;
	const struct page_value *const *rows;
	size_t count;
};

#define PAGE_PUT(name_, text_) { .name = S(name_), .kind = PAGE_TEXT, .text = (text_) }
#define PAGE_SAY(name_, text_) { .name = S(name_), .kind = PAGE_WORD, .text = (text_) }
#define PAGE_IF(name_, flag_) { .name = S(name_), .kind = PAGE_FLAG, .flag = (flag_) }
#define PAGE_ROWS(name_, rows_, count_) { .name = S(name_), .kind = PAGE_LIST, .rows = (rows_), .count = (count_) }
#define PAGE_END { .name = { 0 } }

/* An object that grows, in the arena: page_new(), then page_put() and its kin; at most `max` values. */
struct page_object {
	struct page_value *values;
	size_t count, max;
};
struct page_object page_new(struct arena *arena, size_t max);
void page_put(struct page_object *object, str name, str text);
void page_say(struct page_object *object, str name, str english);
void page_if(struct page_object *object, str name, bool flag);
void page_rows(struct page_object *object, str name, const struct page_value *const *rows, size_t count);

/* --- sets: made by tools/gen-page, static -------------------------------------------------------- */

enum page_op_kind { PAGE_OP_TEXT, PAGE_OP_VALUE, PAGE_OP_IF, PAGE_OP_UNLESS, PAGE_OP_EACH, PAGE_OP_JUMP };
enum page_escape { PAGE_HTML, PAGE_URL, PAGE_PLAIN, PAGE_LINE, PAGE_WHERE_IT_STANDS };

struct page_op {
	enum page_op_kind kind;
	enum page_escape escape; /* PAGE_OP_VALUE */
	size_t next;             /* where it goes on: when the condition is false, after the last row */
	str text;                /* what to put, or the name */
};

struct page_template {
	str name; /* "preferences.html", "confirm.txt", "confirm.txt:subject"; a word: its English */
	size_t language;
	const struct page_op *ops;
	size_t count;
};

struct page_language {
	str code, name; /* "sv", "Svenska" */
};

struct page_asset {
	str name; /* changes with its content: it may be kept for good */
	str type, content;
};

struct page_set {
	const struct page_language *languages;
	const struct page_template *templates, *words;
	const struct page_asset *assets;
	size_t language_count, template_count, word_count, asset_count;
};

/* --- rendering -------------------------------------------------------------------------------------- */

bool page_language_known(const struct page_set *set, str code);
/* The code as the set has it, static; English when it is not there. */
str page_language(const struct page_set *set, str code);
/* Which of them the browser would rather have (Accept-Language, RFC 9110 section 12.5.4); empty: none. */
str page_language_asked(const struct page_set *set, str accept_language);

/* T1-T3.   ERR_INTERNAL  the set lacks the template, or a value   ERR_LIMIT  more than `out` takes */
must_check enum err page_render(struct job *job, const struct page_set *set, str name, str language,
                                const struct page_value *values, struct buf *out);
/* One of the set's words as it is, for a value; `values` may be NULL.  In the arena. */
must_check enum err page_word(struct job *job, const struct page_set *set, str english, str language,
                              const struct page_value *values, str *ret);
const struct page_asset *page_asset(const struct page_set *set, str name); /* NULL: there is none */

/* --- what every text needs, from this folder's own words ---------------------------------------------- */

/* 23 november 2026; 23 November 2026.  zone: minutes ahead of UTC. */
must_check enum err page_date(struct job *job, str language, time_us at, int64_t zone_minutes, str *ret);
/* 23 november 2026 kl. 10.15; 23 November 2026, 10:15 */
must_check enum err page_time(struct job *job, str language, time_us at, int64_t zone_minutes, str *ret);
/* två år; 18 months; 90 days; one year and 6 months.  Small numbers in words. */
must_check enum err page_duration(struct job *job, str language, struct duration duration, str *ret);

#endif
