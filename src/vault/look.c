/* vault/look.c -- contract, C1: look.h. */
#include "vault/look.h"

#include "audit/entry.h"
#include "base/limits.h"
#include "crypto/seal.h"
#include "vault/vault.h"

#define MARK_OCTETS 8

/* --- what a logo may be ------------------------------------------------------------------------- */

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* All white space is one blank, so that no attribute hides behind a line end. */
static str
folded(struct job *job, str text)
{
	char *copy = arena_alloc(&job->arena, text.len + 1);

	for (size_t i = 0; i < text.len; i++) {
		char c = lower(text.ptr[i]);
		copy[i] = c == '\n' || c == '\r' || c == '\t' || c == '/' ? ' ' : c;
	}
	return (str){ copy, text.len };
}

/* A handler is an attribute whose name begins with on: behind white space, a quote or a slash. */
static bool
has_handler(str text)
{
	for (size_t i = 1; i + 2 < text.len; i++) {
		char before = text.ptr[i - 1];
		if (text.ptr[i] == 'o' && text.ptr[i + 1] == 'n' && (before == ' ' || before == '"' || before == '\'')) {
			size_t end = i + 2;
			while (end < text.len && text.ptr[end] >= 'a' && text.ptr[end] <= 'z')
				end++;
			while (end < text.len && text.ptr[end] == ' ')
				end++;
			if (end > i + 2 && end < text.len && text.ptr[end] == '=')
				return true;
		}
	}
	return false;
}

/* A reference leads to a part of the same file. */
static bool
leads_out(str text)
{
	size_t at;

	for (str from = text; str_find(from, S("href"), &at); from = str_from(from, at + 4)) {
		str rest = str_trim(str_from(from, at + 4));
		if (eat_char(&rest, '=')) {
			rest = str_trim(rest);
			if (!(eat_char(&rest, '"') || eat_char(&rest, '\'')) || !str_starts(str_trim(rest), S("#")))
				return true;
		}
	}
	for (str from = text; str_find(from, S("url("), &at); from = str_from(from, at + 4)) {
		str rest = str_trim(str_from(from, at + 4));
		bool quoted = eat_char(&rest, '"') || eat_char(&rest, '\'');
		if (!str_starts(quoted ? str_trim(rest) : rest, S("#")))
			return true;
	}
	return false;
}

static enum err
svg_check(struct job *job, str text)
{
	static const char *const never[] = {
		"<script", "<foreignobject", "<iframe", "<embed", "<object", "<image", "<a ", "<animate", "<set", "<handler", "<!doctype",
		"<!entity", "<?xml-stylesheet", "@import", "javascript:", "data:", "&#",
	};
	str low = folded(job, text);
	size_t at;

	if (!str_utf8(text) || !str_find(low, S("<svg"), &at))
		return fail_at(job, ERR_INVALID, S("/content"), "is neither a PNG nor an SVG in UTF-8");
	for (size_t i = 0; i < COUNT(never); i++)
		if (str_find(low, str_from_c(never[i]), &at))
			return fail_at(job, ERR_INVALID, S("/content"), "an SVG may hold no script, link, text of others or animation");
	if (has_handler(low) || leads_out(low))
		return fail_at(job, ERR_INVALID, S("/content"), "an SVG may lead nowhere and react to nothing");
	return OK;
}

static bool
is_png(bytes content)
{
	static const uint8_t begins[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R' };

	return content.len > sizeof(begins) && memcmp(content.ptr, begins, sizeof(begins)) == 0;
}

/* --- use cases ------------------------------------------------------------------------------------ */

/* base64url of the octets; svg or png, a blank, and what changes with them. */
#define LOGO_SETTING S("logo")
#define MARK_SETTING S("logo_mark")

enum err
look_logo_get(struct job *job, struct vault *vault, struct buf *out)
{
	bool there;
	str text;

	TRY(setting_get(job, vault, LOGO_SETTING, &text, &there));
	if (!there || !text.len)
		return fail(job, ERR_ABSENT, "there is no logo");
	if (!buf_from_base64url(out, text))
		return fail(job, ERR_CORRUPT, "the stored logo is no base64url");
	return OK;
}

struct logo_plan {
	str mark, content;
};

static enum err
logo_steps(struct job *job, struct db *db, void *arg)
{
	const struct logo_plan *plan = arg;

	TRY(db_run(job, db, SQL_SETTING_PUT, ARGS(sql_text(LOGO_SETTING), sql_text(plan->content)), NULL));
	TRY(db_run(job, db, SQL_SETTING_PUT, ARGS(sql_text(MARK_SETTING), sql_text(plan->mark)), NULL));
	TRY(entry_append(job, db, &(struct entry){ .act = ENTRY_SETTING_PUT, .body = str_bytes(LOGO_SETTING) }, NULL));
	db_touch(db, TOPIC_REGISTRY);
	return OK;
}

enum err
look_logo_put(struct job *job, struct vault *vault, bytes content)
{
	OWNED(buf_release) struct buf mark = { .max = 64 }, text = { .max = 2 * LIMIT_LOGO_BYTES };
	struct logo_plan plan = { S(""), S("") };
	uint8_t hash[32];

	if (content.len > LIMIT_LOGO_BYTES)
		return fail_at(job, ERR_LIMIT, S("/content"), "limit_logo_bytes: the logo is larger than a logo may be");
	if (content.len && !is_png(content))
		TRY(svg_check(job, bytes_str(content)));
	if (content.len) {
		digest_public(content, hash);
		buf_put(&mark, is_png(content) ? S("png ") : S("svg "));
		buf_hex(&mark, (bytes){ hash, MARK_OCTETS });
		buf_base64url(&text, content);
		plan = (struct logo_plan){ buf_str(&mark), buf_str(&text) };
	}
	return store_write(job, vault->store, WRITE_ORDINARY, logo_steps, &plan);
}
