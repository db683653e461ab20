/* page/page.c -- contract, T1-T4: page.h. */
#include "page/page.h"

#include <string.h>

#define NESTED_MAX 16 /* parts within parts, words within words */

/* --- objects ------------------------------------------------------------------------------------ */

struct page_object
page_new(struct arena *arena, size_t max)
{
	/* One more, which stays empty and ends it. */
	return (struct page_object){ .values = arena_array(arena, max + 1, sizeof(struct page_value)), .max = max };
}

static struct page_value *
object_next(struct page_object *object, str name)
{
	struct page_value *value = &object->values[object->count];

	must(object->count < object->max);
	object->count++;
	value->name = name;
	return value;
}

void
page_put(struct page_object *object, str name, str text)
{
	object_next(object, name)->text = text;
}

void
page_say(struct page_object *object, str name, str english)
{
	struct page_value *value = object_next(object, name);

	value->kind = PAGE_WORD;
	value->text = english;
}

void
page_if(struct page_object *object, str name, bool flag)
{
	struct page_value *value = object_next(object, name);

	value->kind = PAGE_FLAG;
	value->flag = flag;
}

void
page_rows(struct page_object *object, str name, const struct page_value *const *rows, size_t count)
{
	struct page_value *value = object_next(object, name);

	value->kind = PAGE_LIST;
	value->rows = rows;
	value->count = count;
}

/* --- escaping ------------------------------------------------------------------------------------- */

static void
put_html(struct buf *out, str text)
{
	size_t from = 0;

	for (size_t i = 0; i < text.len; i++) {
		str instead;
		switch (text.ptr[i]) {
		case '&':
			instead = S("&amp;");
			break;
		case '<':
			instead = S("&lt;");
			break;
		case '>':
			instead = S("&gt;");
			break;
		case '"':
			instead = S("&#34;");
			break;
		case '\'':
			instead = S("&#39;");
			break;
		default:
			continue;
		}
		buf_put(out, (str){ text.ptr + from, i - from });
		buf_put(out, instead);
		from = i + 1;
	}
	buf_put(out, str_from(text, from));
}

/* Mail writes its own line ends; what else controls a terminal or a header is left out. */
static void
put_plain(struct buf *out, str text, bool one_line)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		if (c >= ' ' && c != 0x7f)
			buf_char(out, (char)c);
		else if (one_line && (c == '\n' || c == '\t'))
			buf_char(out, ' ');
		else if (c == '\n' || c == '\t')
			buf_char(out, (char)c);
	}
}

static bool
address_fits(str address)
{
	static const char *const good[] = { "/", "#", "?", "https://", "http://", "mailto:", "tel:" };

	for (size_t i = 0; i < COUNT(good); i++)
		if (str_starts(address, str_from_c(good[i])))
			return true;
	return false;
}

static enum err
put_escaped(struct job *job, enum page_escape escape, str text, struct buf *out)
{
	switch (escape) {
	case PAGE_URL:
		if (!address_fits(text))
			return fail(job, ERR_INTERNAL, "a page would lead to where no page may lead");
		put_html(out, text);
		return OK;
	case PAGE_PLAIN:
	case PAGE_LINE:
		put_plain(out, text, escape == PAGE_LINE);
		return OK;
	case PAGE_HTML:
	case PAGE_WHERE_IT_STANDS:
		put_html(out, text);
		return OK;
	}
	return OK;
}

/* --- running a template ----------------------------------------------------------------------------- */

struct scope {
	const struct page_value *values;
	const struct scope *outer;
};

struct run {
	struct job *job;
	const struct page_set *set;
	size_t language;
	const struct page_op *ops;
	enum page_escape escape; /* of words: where they stand; else PAGE_WHERE_IT_STANDS */
	unsigned depth;
	struct buf *out;
};

static const struct page_value *
value_find(const struct scope *scope, str name)
{
	for (; scope; scope = scope->outer)
		for (const struct page_value *value = scope->values; value && value->name.len; value++)
			if (str_eq(value->name, name))
				return value;
	return NULL;
}

static bool
value_holds(const struct page_value *value)
{
	if (!value)
		return false;
	if (value->kind == PAGE_FLAG)
		return value->flag;
	return value->kind == PAGE_LIST ? value->count > 0 : value->text.len > 0;
}

static const struct page_template *
template_find(const struct page_template *templates, size_t count, str name, size_t language)
{
	for (size_t i = 0; i < count; i++)
		if (templates[i].language == language && str_eq(templates[i].name, name))
			return &templates[i];
	return NULL;
}

static enum err run_ops(const struct run *run, const struct scope *scope, size_t from, size_t to);

static enum err
put_word(const struct run *run, const struct scope *scope, enum page_escape escape, str english)
{
	const struct page_template *word =
		template_find(run->set->words, run->set->word_count, english, run->language);
	struct run inner = *run;

	if (!word)
		return fail(run->job, ERR_INTERNAL, "a page says a word that its set does not have");
	inner.ops = word->ops;
	inner.escape = escape;
	inner.depth++;
	return run_ops(&inner, scope, 0, word->count);
}

static enum err
put_value(const struct run *run, const struct scope *scope, const struct page_op *op)
{
	const struct page_value *value = value_find(scope, op->text);
	enum page_escape escape = op->escape == PAGE_WHERE_IT_STANDS ? run->escape : op->escape;

	if (!value)
		return fail(run->job, ERR_INTERNAL, "a page puts a value that nobody gave");
	if (value->kind == PAGE_TEXT)
		return put_escaped(run->job, escape, value->text, run->out);
	if (value->kind == PAGE_WORD)
		return put_word(run, scope, escape, value->text);
	return fail(run->job, ERR_INTERNAL, "a page puts a list or a condition as if it were a text");
}

static enum err
run_each(const struct run *run, const struct scope *scope, size_t at)
{
	const struct page_op *op = &run->ops[at];
	const struct page_value *list = value_find(scope, op->text);
	struct run inner = *run;

	inner.depth++;
	if (list && list->kind != PAGE_LIST)
		return fail(run->job, ERR_INTERNAL, "a page goes through what is no list");
	for (size_t i = 0; list && i < list->count; i++) {
		struct scope row = { list->rows[i], scope };
		TRY(run_ops(&inner, &row, at + 1, op->next));
	}
	return OK;
}

static enum err
run_ops(const struct run *run, const struct scope *scope, size_t from, size_t to)
{
	if (run->depth > NESTED_MAX)
		return fail(run->job, ERR_INTERNAL, "a page's parts are nested without end");
	for (size_t at = from; at < to;) {
		const struct page_op *op = &run->ops[at];
		size_t next = at + 1;
		switch (op->kind) {
		case PAGE_OP_TEXT:
			if (run->escape == PAGE_WHERE_IT_STANDS)
				buf_put(run->out, op->text);
			else
				TRY(put_escaped(run->job, run->escape, op->text, run->out));
			break;
		case PAGE_OP_VALUE:
			TRY(put_value(run, scope, op));
			break;
		case PAGE_OP_IF:
			if (!value_holds(value_find(scope, op->text)))
				next = op->next;
			break;
		case PAGE_OP_UNLESS:
			if (value_holds(value_find(scope, op->text)))
				next = op->next;
			break;
		case PAGE_OP_EACH:
			TRY(run_each(run, scope, at));
			next = op->next;
			break;
		case PAGE_OP_JUMP:
			next = op->next;
			break;
		}
		at = next;
	}
	return OK;
}

/* T2 */
static enum err
run_whole(struct run *run, const struct page_template *template, const struct page_value *values)
{
	struct scope scope = { values, NULL };
	size_t before = run->out->len;
	enum err err;

	run->ops = template->ops;
	err = run_ops(run, &scope, 0, template->count);
	if (!err && !buf_ok(run->out))
		err = fail(run->job, ERR_LIMIT, "limit_page_bytes: a page is larger than a page may be");
	if (err && run->out->ptr) {
		explicit_bzero(run->out->ptr + before, run->out->len - before);
		run->out->len = before;
	}
	return err;
}

/* --- languages ------------------------------------------------------------------------------------------ */

static size_t
language_index(const struct page_set *set, str code)
{
	for (size_t i = 0; i < set->language_count; i++)
		if (str_eq(set->languages[i].code, code))
			return i;
	return 0; /* English, which the templates are written in */
}

bool
page_language_known(const struct page_set *set, str code)
{
	return str_eq(set->languages[language_index(set, code)].code, code);
}

str
page_language(const struct page_set *set, str code)
{
	return set->languages[language_index(set, code)].code;
}

/* The weight of one range in thousandths; 0: not that one. */
static unsigned
range_weight(str parameters)
{
	unsigned value = 0, unit = 100;
	str rest = str_trim(parameters);

	if (!eat_str(&rest, S("q=")) || eat_char(&rest, '1'))
		return 1000;
	if (!eat_str(&rest, S("0.")))
		return 0;
	for (; rest.len && unit && rest.ptr[0] >= '0' && rest.ptr[0] <= '9'; unit /= 10) {
		value += (unsigned)(rest.ptr[0] - '0') * unit;
		rest = str_from(rest, 1);
	}
	return value;
}

static bool
range_means(str tag, str code)
{
	return tag.len >= code.len && str_eq_fold(str_first(tag, code.len), code) &&
	       (tag.len == code.len || tag.ptr[code.len] == '-');
}

str
page_language_asked(const struct page_set *set, str rest)
{
	unsigned best = 0;
	str found = S("");

	while (rest.len) {
		str range, tag;
		unsigned weight;
		if (!eat_until(&rest, ',', &range)) {
			range = rest;
			rest = S("");
		}
		tag = range;
		if (!eat_until(&range, ';', &tag))
			range = S("");
		weight = range_weight(range);
		for (size_t i = 0; i < set->language_count; i++) {
			if (weight <= best || !range_means(str_trim(tag), set->languages[i].code))
				continue;
			best = weight;
			found = set->languages[i].code;
		}
	}
	return found;
}

/* --- for others -------------------------------------------------------------------------------------------- */

enum err
page_render(struct job *job, const struct page_set *set, str name, str language,
            const struct page_value *values, struct buf *out)
{
	struct run run = { .job = job, .set = set, .language = language_index(set, language),
		           .escape = PAGE_WHERE_IT_STANDS, .out = out };
	const struct page_template *template = template_find(set->templates, set->template_count, name, run.language);

	if (!template)
		return fail(job, ERR_INTERNAL, "there is no such page");
	return run_whole(&run, template, values);
}

enum err
page_word(struct job *job, const struct page_set *set, str english, str language,
          const struct page_value *values, str *ret)
{
	OWNED(buf_release) struct buf out = { .max = 16 * 1024 };
	struct run run = { .job = job, .set = set, .language = language_index(set, language), .escape = PAGE_PLAIN, .out = &out };
	const struct page_template *word = template_find(set->words, set->word_count, english, run.language);

	if (!word)
		return fail(job, ERR_INTERNAL, "a text wants a word that its set does not have");
	TRY(run_whole(&run, word, values));
	*ret = arena_str(&job->arena, buf_str(&out));
	return OK;
}

const struct page_asset *
page_asset(const struct page_set *set, str name)
{
	for (size_t i = 0; i < set->asset_count; i++)
		if (str_eq(set->assets[i].name, name))
			return &set->assets[i];
	return NULL;
}
