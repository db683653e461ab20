/* message/letter.c -- contract and L1-L2: see letter.h. */
#include "message/letter.h"

#include "base/limits.h"
#include "page/colour.h"
#include "page/page.h"
#include "vault/token.h"

#include "mails.inc"

#define SUBJECT_MAX (4 * MAIL_SUBJECT_BYTES_MAX)
#define VALUES_MAX (LIMIT_MESSAGE_VALUES + 16)
#define COLOUR S("#0f5c4c") /* where the company has said none: spruce, and white on it */

/* --- what all have ----------------------------------------------------------------------------- */

/* L2: one of the two has 4.58:1 or more on any colour. */
static str
ink_on(str text)
{
	static const struct rgb white = { { 0xff, 0xff, 0xff } }, black = { { 0 } };
	struct rgb colour;

	if (!colour_read(text, &colour))
		return S("#ffffff");
	return colour_contrast(colour, white) >= colour_contrast(colour, black) ? S("#ffffff") : S("#000000");
}

/* Where the pages for persons have it (public/routes.def).  Most readers of mail show no SVG. */
static str
logo_url(struct job *job, const struct company_look *look)
{
	OWNED(buf_release) struct buf url = { .max = MAIL_URL_BYTES_MAX };

	if (!look->logo_mark.len || look->logo_svg || !str_starts(look->origin, S("https://")))
		return S("");
	buf_put(&url, look->origin);
	buf_put(&url, S("/look/logo-"));
	buf_put(&url, look->logo_mark);
	buf_put(&url, S(".png"));
	return arena_str(&job->arena, buf_str(&url));
}

enum err
letterhead_get(struct job *job, struct vault *vault, struct letterhead *ret)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct arena *arena = &job->arena;
	const struct company_look *look;
	str languages, first;
	bool there;

	TRY(registry_hold(job, vault, &registry));
	look = &registry->look;
	ret->company = arena_str(arena, look->company);
	ret->contact = arena_str(arena, look->contact);
	ret->origin = arena_str(arena, look->origin);
	ret->colour = look->colour.len ? arena_str(arena, look->colour) : COLOUR;
	ret->ink = ink_on(ret->colour);
	ret->logo = logo_url(job, look);
	TRY(setting_get(job, vault, S("languages"), &languages, &there));
	if (!there)
		languages = S("");
	ret->language = eat_until(&languages, ' ', &first) ? first : languages;
	return OK;
}

enum err
letter_stop_url(struct job *job, const struct vault *vault, const struct letterhead *head, const struct message_row *row,
                str *ret)
{
	OWNED(buf_release) struct buf url = { .max = MAIL_URL_BYTES_MAX };
	struct token_body body = { .subject = row->subject_id, .purpose = row->purpose, .channel = CHANNEL_EMAIL };

	if (!str_starts(head->origin, S("https://")))
		return fail(job, ERR_CONFLICT, "marketing needs a way out: the setting public_origin is not https://...");
	memcpy(body.digest, row->digest, DIGEST_BYTES);
	buf_put(&url, head->origin);
	buf_put(&url, S("/u/"));
	buf_put(&url, token_make(job, vault, TOKEN_STOP, &body));
	must(buf_ok(&url));
	*ret = arena_str(&job->arena, buf_str(&url));
	return OK;
}

/* --- values ------------------------------------------------------------------------------------ */

/* The lines of a list, or of a paragraph: what is not the first comes after a break. */
static const struct page_value *
line_value(struct arena *arena, str text, bool further)
{
	struct page_object row = page_new(arena, 2);

	page_put(&row, S("text"), text);
	page_if(&row, S("further"), further);
	return row.values;
}

static void
items_put(struct arena *arena, const struct message_value *value, struct page_object *object)
{
	const struct page_value **rows = arena_array(arena, value->item_count + 1, sizeof(const struct page_value *));

	for (size_t i = 0; i < value->item_count; i++)
		rows[i] = line_value(arena, value->item[i], i > 0);
	page_rows(object, value->name, rows, value->item_count);
}

static bool
next_line(str *text, str *ret)
{
	if (!text->len)
		return false;
	if (!eat_until(text, '\n', ret)) {
		*ret = *text;
		*text = S("");
	}
	return true;
}

static size_t
lines_of(str text)
{
	size_t count = 0;
	str line;

	while (next_line(&text, &line))
		count++;
	return count;
}

/* For HTML: paragraphs are apart by empty lines. */
static void
paragraphs_put(struct arena *arena, str text, struct page_object *object)
{
	size_t max = lines_of(text), count = 0, in = 0;
	const struct page_value **paragraph = arena_array(arena, max + 1, sizeof(const struct page_value *));
	const struct page_value **lines = arena_array(arena, max + 1, sizeof(const struct page_value *));
	str line;
	bool more;

	do {
		more = next_line(&text, &line);
		if (more && str_trim(line).len) {
			lines[in] = line_value(arena, line, in > 0);
			in++;
		} else if (in) {
			struct page_object one = page_new(arena, 1);
			page_rows(&one, S("lines"), lines, in);
			paragraph[count++] = one.values;
			lines += in;
			in = 0;
		}
	} while (more);
	page_rows(object, S("paragraphs"), paragraph, count);
}

static const struct page_value *
values_make(struct job *job, const struct letterhead *head, const struct message_content *content, str stop_url,
            str language)
{
	struct arena *arena = &job->arena;
	struct page_object object = page_new(arena, VALUES_MAX);

	page_put(&object, S("language"), language);
	page_put(&object, S("company"), head->company.len ? head->company : S("Valv"));
	page_put(&object, S("contact"), head->contact);
	page_put(&object, S("colour"), head->colour);
	page_put(&object, S("ink"), head->ink);
	page_put(&object, S("logo"), head->logo);
	page_put(&object, S("stop"), stop_url);
	for (size_t i = 0; i < content->value_count; i++) {
		const struct message_value *value = &content->value[i];
		if (value->item)
			items_put(arena, value, &object);
		else
			page_put(&object, value->name, value->text);
		if (str_eq(value->name, S("text")))
			paragraphs_put(arena, value->text, &object);
	}
	return object.values;
}

/* --- rendering --------------------------------------------------------------------------------- */

static enum err
part(struct job *job, enum message_kind kind, const char *ending, str language, const struct page_value *values,
     size_t max, str *ret)
{
	OWNED(buf_release) struct buf name = { .max = 64 }, out = { .max = max };

	buf_put(&name, message_kind_name(kind));
	buf_put(&name, str_from_c(ending));
	must(buf_ok(&name));
	TRY(page_render(job, &mails, buf_str(&name), language, values, &out));
	*ret = arena_str(&job->arena, buf_str(&out));
	return OK;
}

enum err
letter_make(struct job *job, const struct letterhead *head, enum message_kind kind,
            const struct message_content *content, str stop_url, struct letter *ret)
{
	str language = page_language_known(&mails, content->language) ? content->language : head->language;
	const struct page_value *values;

	ret->language = page_language(&mails, language); /* L1 */
	values = values_make(job, head, content, stop_url, ret->language);
	TRY(part(job, kind, ".txt:subject", ret->language, values, SUBJECT_MAX, &ret->subject));
	TRY(part(job, kind, ".txt", ret->language, values, MAIL_BODY_BYTES_MAX, &ret->text));
	return part(job, kind, ".html", ret->language, values, MAIL_BODY_BYTES_MAX, &ret->html);
}

/* --- samples ----------------------------------------------------------------------------------- */

enum err
letter_sample(struct job *job, struct vault *vault, enum message_kind kind, str language, struct letter *ret)
{
	static const str lines[] = { S("Newsletter, by e-mail"), S("Offers, by e-mail") };
	static const struct message_value values[] = {
		{ .name = S("url"), .text = S("https://valv.example.com/a/example") },
		{ .name = S("purposes"), .item = lines, .item_count = COUNT(lines) },
		{ .name = S("changes"), .item = lines, .item_count = COUNT(lines) },
		{ .name = S("minutes"), .text = S("15") },
		{ .name = S("code"), .text = S("482 915") },
		{ .name = S("title"), .text = S("Your request") },
		{ .name = S("text"), .text = S("First paragraph,\nwith a second line.\n\nSecond paragraph.") },
	};
	struct message_content content = { .address = S("anna@example.com"), .name = S("Anna Exempel"), .language = language };
	struct message_value mine[COUNT(values)];
	struct letterhead head;

	memcpy(mine, values, sizeof(mine));
	content.value = mine;
	content.value_count = COUNT(mine);
	TRY(letterhead_get(job, vault, &head));
	return letter_make(job, &head, kind, &content, kind == MESSAGE_CAMPAIGN ? values[0].text : S(""), ret);
}
