/* The writer half of json.h. */
#include "json/json.h"

#include <string.h>

#define DEPTH_MAX 63

/* buf_char() and buf_put() for when there is room, which is nearly always, without a call. */
static inline void
put_char(struct buf *buf, char c)
{
	if (!buf->full && buf->len < buf->cap)
		buf->ptr[buf->len++] = c;
	else
		buf_char(buf, c);
}

static inline void
put(struct buf *buf, str s)
{
	if (!buf->full && s.len <= buf->cap - buf->len && s.len) {
		memcpy(buf->ptr + buf->len, s.ptr, s.len);
		buf->len += s.len;
	} else {
		buf_put(buf, s);
	}
}

static bool
bit(uint64_t set, unsigned depth)
{
	return set >> depth & 1;
}

void
json_out_begin(struct json_out *out, struct buf *buf)
{
	*out = (struct json_out){ .buf = buf };
}

/* The comma in front of a value or name that is not the first one. */
static void
separate(struct json_out *out)
{
	if (bit(out->has_items, out->depth)) {
		must(out->depth > 0); /* one value at the top */
		put_char(out->buf, ',');
	}
	out->has_items |= (uint64_t)1 << out->depth;
}

static void
before_value(struct json_out *out)
{
	must(out->after_name == bit(out->is_object, out->depth));
	if (!out->after_name)
		separate(out);
	out->after_name = false;
}

void
json_open(struct json_out *out, char bracket)
{
	must(bracket == '{' || bracket == '[');
	before_value(out);
	must(out->depth < DEPTH_MAX);
	out->depth++;
	out->has_items &= ~((uint64_t)1 << out->depth);
	out->is_object &= ~((uint64_t)1 << out->depth);
	out->is_object |= (uint64_t)(bracket == '{') << out->depth;
	put_char(out->buf, bracket);
}

void
json_close(struct json_out *out, char bracket)
{
	must(out->depth > 0 && !out->after_name);
	must(bracket == (bit(out->is_object, out->depth) ? '}' : ']'));
	out->depth--;
	put_char(out->buf, bracket);
}

#define ONES ((uint64_t)0x0101010101010101)
#define TOPS ((uint64_t)0x8080808080808080)

/* Top bits set, somewhere, when some octet of the word needs an escape.  The classic test for
 * "below n" and "equal to" octet by octet; octets from 0x80 up never count. */
static uint64_t
needs_escape(uint64_t word)
{
	uint64_t quote = word ^ (ONES * '"'), slash = word ^ (ONES * '\\');
	uint64_t hit = (word - ONES * 0x20) | (quote - ONES) | (slash - ONES);

	return hit & ~word & TOPS;
}

/* Octets at the front that go out as they are. *high gathers whether any is not ASCII. */
static size_t
safe_run(str s, uint64_t *high)
{
	size_t at = 0;
	uint64_t word;

	for (; s.len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, s.ptr + at, sizeof(word));
		if (needs_escape(word))
			break;
		*high |= word;
	}
	for (; at < s.len; at++) {
		unsigned char c = (unsigned char)s.ptr[at];
		if (c < 0x20 || c == '"' || c == '\\')
			break;
		*high |= c;
	}
	return at;
}

static void
put_escape(struct buf *buf, char c)
{
	static const char short_form[] = "\"\"\\\\\bb\tt\nn\ff\rr";
	uint8_t octet = (uint8_t)c;

	for (size_t i = 0; i + 1 < sizeof(short_form); i += 2) {
		if (c == short_form[i]) {
			put_char(buf, '\\');
			put_char(buf, short_form[i + 1]);
			return;
		}
	}
	put(buf, S("\\u00"));
	buf_hex(buf, (bytes){ &octet, 1 });
}

/* Quote, runs and escapes, quote: most strings are one run, with one look at the room for it. */
static void
put_quoted(struct buf *buf, str s)
{
	uint64_t high = 0;
	size_t run = safe_run(s, &high);
	str rest = s;

	put_char(buf, '"');
	for (;;) {
		put(buf, str_first(rest, run));
		rest = str_from(rest, run);
		if (!rest.len)
			break;
		put_escape(buf, rest.ptr[0]);
		rest = str_from(rest, 1);
		run = safe_run(rest, &high);
	}
	put_char(buf, '"');
	must(!(high & TOPS) || str_utf8(s));
}

void
json_name(struct json_out *out, str name)
{
	must(bit(out->is_object, out->depth) && !out->after_name);
	separate(out);
	put_quoted(out->buf, name);
	put_char(out->buf, ':');
	out->after_name = true;
}

void
json_put_str(struct json_out *out, str s)
{
	before_value(out);
	put_quoted(out->buf, s);
}

void
json_put_i64(struct json_out *out, int64_t value)
{
	before_value(out);
	buf_dec(out->buf, value);
}

void
json_put_bool(struct json_out *out, bool value)
{
	json_put_raw(out, value ? S("true") : S("false"));
}

void
json_put_null(struct json_out *out)
{
	json_put_raw(out, S("null"));
}

void
json_put_time(struct json_out *out, time_us at)
{
	if (at == TIME_NEVER) {
		json_put_null(out);
		return;
	}
	before_value(out);
	put_char(out->buf, '"');
	buf_time(out->buf, at);
	put_char(out->buf, '"');
}

void
json_put_uid(struct json_out *out, uid id)
{
	before_value(out);
	put_char(out->buf, '"');
	buf_uid(out->buf, id);
	put_char(out->buf, '"');
}

void
json_put_raw(struct json_out *out, str json)
{
	must(json.len);
	before_value(out);
	put(out->buf, json);
}

void
json_pair_str(struct json_out *out, str name, str value)
{
	json_name(out, name);
	json_put_str(out, value);
}

void
json_pair_i64(struct json_out *out, str name, int64_t value)
{
	json_name(out, name);
	json_put_i64(out, value);
}

void
json_pair_bool(struct json_out *out, str name, bool value)
{
	json_name(out, name);
	json_put_bool(out, value);
}

void
json_pair_time(struct json_out *out, str name, time_us at)
{
	json_name(out, name);
	json_put_time(out, at);
}

void
json_pair_uid(struct json_out *out, str name, uid id)
{
	json_name(out, name);
	json_put_uid(out, id);
}
