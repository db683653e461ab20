/* The strict reading of RFC 9110 and 9112 (H1).  The list:
 *
 *   request line  a method that is no token; a version that is not HTTP/1.0 or 1.1; a target that
 *                 is not an absolute path, is too long, holds what RFC 3986 does not allow, an
 *                 escape that is none, %00, in its path %2f, %5c, a dot segment (escaped or not)
 *                 or an empty segment
 *   headers       too many or too long; a name that is no token (so: a space before the colon); an
 *                 octet in a value that is neither printable, tab nor above 0x7f (so: NUL, CR, LF)
 *   framing       Content-Length twice (even if equal), with Transfer-Encoding, or not 1*DIGIT;
 *                 Transfer-Encoding twice, in HTTP/1.0, or other than exactly "chunked"
 *   Host          missing (1.1), twice, or not a host
 *   others        twice: Authorization, Content-Type, If-Match, Idempotency-Key, Valv-Purpose,
 *                 Expect
 *
 * Folded lines, bare LF and chunk framing are bytes that the library eats: see framing.c. */
#include "http/admit.h"

#include "base/limits.h"

/* Character classes. */
enum { TOKEN = 1, PATH = 2, QUERY = 4, HOST = 8, HEX = 16 };

#define ALNUM_CLASS (TOKEN | PATH | QUERY | HOST)
static const uint8_t class_of[256] = {
	['0' ... '9'] = ALNUM_CLASS | HEX, ['A' ... 'F'] = ALNUM_CLASS | HEX,
	['G' ... 'Z'] = ALNUM_CLASS,       ['a' ... 'f'] = ALNUM_CLASS | HEX,
	['g' ... 'z'] = ALNUM_CLASS,
	/* unreserved */
	['-'] = ALNUM_CLASS, ['.'] = ALNUM_CLASS, ['_'] = ALNUM_CLASS, ['~'] = ALNUM_CLASS,
	/* sub-delims */
	['!'] = ALNUM_CLASS, ['$'] = ALNUM_CLASS, ['&'] = ALNUM_CLASS, ['\''] = ALNUM_CLASS,
	['*'] = ALNUM_CLASS, ['+'] = ALNUM_CLASS, ['('] = PATH | QUERY | HOST,
	[')'] = PATH | QUERY | HOST, [','] = PATH | QUERY | HOST, [';'] = PATH | QUERY | HOST,
	['='] = PATH | QUERY | HOST,
	/* the rest of pchar, of query, and of token */
	[':'] = PATH | QUERY, ['@'] = PATH | QUERY, ['/'] = PATH | QUERY, ['?'] = QUERY,
	['%'] = TOKEN | PATH | QUERY, ['#'] = TOKEN, ['^'] = TOKEN, ['`'] = TOKEN, ['|'] = TOKEN,
};

static bool
all_of(str s, uint8_t class)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(class_of[(uint8_t)s.ptr[i]] & class))
			return false;
	return true;
}

/* --- the target ------------------------------------------------------------------------------ */

/* The octet of a %XX at s.ptr[at]; -1 when it is none. */
static int
escaped_at(str s, size_t at)
{
	uint8_t octet;

	if (s.len - at < 3 || !str_hex((str){ s.ptr + at + 1, 2 }, &octet, 1))
		return -1;
	return octet;
}

static const char *
check_escapes(str s, bool in_path)
{
	for (size_t i = 0; i < s.len; i++) {
		int octet;
		if (s.ptr[i] != '%')
			continue;
		octet = escaped_at(s, i);
		if (octet < 0)
			return "the request target has a % that is no escape";
		if (octet == 0)
			return "the request target has an escaped NUL";
		if (in_path && (octet == '/' || octet == '\\'))
			return "the request target has an escaped slash in its path";
	}
	return NULL;
}

/* "." or "..", with %2e for any dot. */
static bool
is_dots(str segment)
{
	size_t dots = 0;

	while (segment.len && dots < 3) {
		if (segment.ptr[0] == '.')
			segment = str_from(segment, 1);
		else if (segment.ptr[0] == '%' && escaped_at(segment, 0) == '.')
			segment = str_from(segment, 3);
		else
			return false;
		dots++;
	}
	return !segment.len && (dots == 1 || dots == 2);
}

static const char *
check_segments(str path)
{
	str rest = str_from(path, 1), segment;

	if (!rest.len)
		return NULL; /* "/" */
	for (;;) {
		bool last = !eat_until(&rest, '/', &segment);
		if (last)
			segment = rest;
		if (!segment.len)
			return "the request target has an empty segment";
		if (is_dots(segment))
			return "the request target has a dot segment";
		if (last)
			return NULL;
	}
}

const char *
admit_target(str target, str *ret_path, str *ret_query)
{
	str query = target, path;
	const char *why;

	if (target.len > LIMIT_TARGET_BYTES)
		return "the request target is too long";
	if (!eat_until(&query, '?', &path)) {
		path = target;
		query = (str){ "", 0 };
	}
	if (!str_starts(path, S("/")))
		return "the request target is not an absolute path";
	if (!all_of(path, PATH) || !all_of(query, QUERY))
		return "the request target has a character that needs an escape";
	if ((why = check_escapes(path, true)) || (why = check_escapes(query, false)))
		return why;
	if ((why = check_segments(path)))
		return why;
	*ret_path = path;
	*ret_query = query;
	return NULL;
}

static bool
method_of(str name, enum method *ret)
{
	static const struct {
		str name;
		enum method method;
	} known[] = {
		{ { "GET", 3 }, METHOD_GET },         { { "POST", 4 }, METHOD_POST },
		{ { "PUT", 3 }, METHOD_PUT },         { { "PATCH", 5 }, METHOD_PATCH },
		{ { "DELETE", 6 }, METHOD_DELETE },   { { "HEAD", 4 }, METHOD_HEAD },
		{ { "OPTIONS", 7 }, METHOD_OPTIONS },
	};

	*ret = METHOD_OTHER;
	for (size_t i = 0; i < COUNT(known); i++)
		if (str_eq(name, known[i].name))
			*ret = known[i].method;
	return name.len && all_of(name, TOKEN);
}

/* --- headers --------------------------------------------------------------------------------- */

static bool
is_value(str value)
{
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = (uint8_t)value.ptr[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

const char *
admit_header(const struct header *header)
{
	if (!header->name.len || !all_of(header->name, TOKEN))
		return "a header's name has a character that may not be there";
	if (!is_value(header->value))
		return "a header's value has a control character";
	return NULL;
}

static bool
is_port(str port)
{
	for (size_t i = 0; i < port.len; i++)
		if (port.ptr[i] < '0' || port.ptr[i] > '9')
			return false;
	return port.len <= 5;
}

/* IPv6 in brackets, without a zone; which of them are addresses is not looked at. */
static bool
eat_bracketed(str *rest)
{
	str inside;

	if (!eat_char(rest, '[') || !eat_until(rest, ']', &inside) || inside.len < 2)
		return false;
	for (size_t i = 0; i < inside.len; i++) {
		char c = inside.ptr[i];
		if (!(class_of[(uint8_t)c] & HEX) && c != ':' && c != '.')
			return false;
	}
	return true;
}

const char *
admit_host(str value)
{
	static const char why[] = "the Host is not a host";
	str rest = value, name;

	if (str_starts(rest, S("["))) {
		if (!eat_bracketed(&rest))
			return why;
		return !rest.len || (eat_char(&rest, ':') && is_port(rest)) ? NULL : why;
	}
	if (!eat_until(&rest, ':', &name)) {
		name = rest;
		rest = (str){ "", 0 };
	}
	return name.len && all_of(name, HOST) && is_port(rest) ? NULL : why;
}

/* Headers of which there may be one. */
enum single { LENGTH, CODING, HOST_NAME, EXPECT, AUTHORIZATION, TYPE, MATCH, IDEMPOTENCY, PURPOSE };

static const str single_name[] = {
	[LENGTH] = { "Content-Length", 14 },     [CODING] = { "Transfer-Encoding", 17 },
	[HOST_NAME] = { "Host", 4 },             [EXPECT] = { "Expect", 6 },
	[AUTHORIZATION] = { "Authorization", 13 }, [TYPE] = { "Content-Type", 12 },
	[MATCH] = { "If-Match", 8 },             [IDEMPOTENCY] = { "Idempotency-Key", 15 },
	[PURPOSE] = { "Valv-Purpose", 12 },
};

/* What there is of them; a NULL pointer for what there is not. */
struct singles {
	str value[COUNT(single_name)];
};

/* A value without octets still has a pointer. */
static const char *
gather(const struct header *header, struct singles *singles)
{
	for (size_t i = 0; i < COUNT(single_name); i++) {
		if (!str_eq_fold(header->name, single_name[i]))
			continue;
		if (singles->value[i].ptr)
			return "a header that may be there once is there twice";
		singles->value[i] = header->value.len ? header->value : S("");
	}
	return NULL;
}

static enum err
read_headers(const struct head *head, struct singles *singles, const char **ret_why)
{
	size_t total = 0;

	if (head->header_count > LIMIT_HEADER_FIELDS) {
		*ret_why = "there are too many headers";
		return ERR_HEADER;
	}
	for (size_t i = 0; i < head->header_count; i++) {
		const struct header *header = &head->header[i];
		if ((*ret_why = admit_header(header)) || (*ret_why = gather(header, singles)))
			return ERR_HEADER;
		total += header->name.len + header->value.len + 4;
	}
	if (total > LIMIT_HEADER_BYTES) {
		*ret_why = "the headers are too long";
		return ERR_HEADER;
	}
	return OK;
}

/* --- framing --------------------------------------------------------------------------------- */

/* 1*DIGIT, and no more than an int64_t holds. */
static bool
read_length(str value, uint64_t *ret)
{
	uint64_t length = 0;

	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return false;
		if (__builtin_mul_overflow(length, 10u, &length) ||
		    __builtin_add_overflow(length, (uint64_t)(value.ptr[i] - '0'), &length))
			return false;
	}
	*ret = length;
	return value.len && length <= INT64_MAX;
}

static const char *
read_framing(const struct singles *singles, struct admission *ret)
{
	str length = singles->value[LENGTH], coding = singles->value[CODING];

	if (length.ptr && coding.ptr)
		return "there are Content-Length and Transfer-Encoding";
	if (length.ptr && !read_length(length, &ret->body_len))
		return "the Content-Length is not a number of octets";
	/* Not trimmed: Debian 12's library would take "chunked " for another coding. */
	if (coding.ptr && (ret->close || !str_eq_fold(coding, S("chunked"))))
		return "the Transfer-Encoding is not what can be read";
	ret->chunked = coding.ptr != NULL;
	return NULL;
}

static const char *
read_line(const struct head *head, struct admission *ret)
{
	ret->close = str_eq(head->version, S("HTTP/1.0"));
	if (!ret->close && !str_eq(head->version, S("HTTP/1.1")))
		return "the HTTP version is not 1.0 or 1.1";
	if (!method_of(head->method, &ret->method))
		return "the method is not a token";
	return admit_target(head->target, &ret->path, &ret->query);
}

enum err
admit(const struct head *head, struct admission *ret, const char **ret_why)
{
	struct singles singles = { 0 };
	struct admission admission = { 0 };
	str host, expect;

	if ((*ret_why = read_line(head, &admission)))
		return ERR_MALFORMED;
	TRY(read_headers(head, &singles, ret_why));
	if ((*ret_why = read_framing(&singles, &admission)))
		return ERR_MALFORMED;
	host = singles.value[HOST_NAME];
	if (!host.ptr && !admission.close)
		*ret_why = "there is no Host";
	else if (host.ptr)
		*ret_why = admit_host(str_trim(host));
	if (*ret_why)
		return ERR_HEADER;
	expect = singles.value[EXPECT];
	admission.expects_other = expect.ptr && !str_eq_fold(str_trim(expect), S("100-continue"));
	*ret = admission;
	return OK;
}
