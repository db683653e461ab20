/* A number must survive being held: an integer in 64 bits (the parser checks that), any other
 * number in a double.  A double keeps 15 digits of any text, and 17 digits of any double; more
 * would be lost without a word, and so would what is too small or too large for it. */
#include "json/prescan.h"

#include <string.h>

#include "base/limits.h"
#include "base/must.h"

#define DIGITS_MAX 17
#define EXPONENT_MIN (-307) /* of the first digit that is not zero: no subnormal numbers */
#define EXPONENT_MAX 308

struct prescan {
	str rest;
	size_t depth;
	size_t nodes; /* at least as many as there are */
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Octets in UTF-8 of the \uXXXX that s begins with behind its "\u"; half a pair counts 2. */
static size_t
escape_len(str s)
{
	uint8_t half[2];
	unsigned code;

	if (!str_hex(str_first(s, 4), half, 2))
		return 1; /* the parser refuses it */
	code = (unsigned)half[0] << 8 | half[1];
	if (code < 0x80)
		return 1;
	return code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3;
}

/* From behind the opening quote to behind the closing one. */
static const char *
scan_string(struct prescan *scan)
{
	str rest = scan->rest;
	size_t len = 0, at = 0;

	while (at < rest.len && rest.ptr[at] != '"') {
		if (rest.ptr[at] != '\\') {
			len++;
			at++;
		} else if (at + 1 < rest.len && rest.ptr[at + 1] == 'u') {
			len += escape_len(str_from(rest, at + 2));
			at += 6;
		} else {
			len++;
			at += 2;
		}
		if (len > LIMIT_STRING_BYTES)
			return "a JSON string is longer than the limit";
	}
	scan->rest = str_from(rest, at + 1);
	return NULL;
}

/* What is known of a number after its digits were read. */
struct digits {
	long first;   /* power of ten of the first digit that is not zero */
	size_t count; /* digits from the first to the last that is not zero */
	size_t seen;  /* digits from the first that is not zero */
};

static void
eat_number_digits(str *rest, bool fraction, struct digits *digits)
{
	size_t len = 0;

	while (len < rest->len && is_digit(rest->ptr[len]))
		len++;
	for (size_t i = 0; i < len; i++) {
		bool zero = rest->ptr[i] == '0';
		if (zero && !digits->seen)
			continue;
		if (!digits->seen)
			digits->first = fraction ? -(long)i - 1 : (long)(len - i) - 1;
		digits->seen++;
		if (!zero)
			digits->count = digits->seen;
	}
	*rest = str_from(*rest, len);
}

/* The exponent behind its "e"; anything beyond the range that matters is cut to be just outside. */
static long
eat_exponent(str *rest)
{
	bool minus = eat_char(rest, '-');
	long value = 0;

	if (!minus)
		eat_char(rest, '+');
	while (rest->len && is_digit(rest->ptr[0])) {
		if (value < 100000000)
			value = value * 10 + (rest->ptr[0] - '0');
		*rest = str_from(*rest, 1);
	}
	return minus ? -value : value;
}

static const char *
scan_number(struct prescan *scan)
{
	struct digits digits = { 0 };
	long exponent = 0;
	bool real = false;

	eat_char(&scan->rest, '-');
	eat_number_digits(&scan->rest, false, &digits);
	if (eat_char(&scan->rest, '.')) {
		real = true;
		eat_number_digits(&scan->rest, true, &digits);
	}
	if (eat_char(&scan->rest, 'e') || eat_char(&scan->rest, 'E')) {
		real = true;
		exponent = eat_exponent(&scan->rest);
	}
	if (!real || !digits.seen)
		return NULL;
	if (digits.count > DIGITS_MAX)
		return "a JSON number has more digits than can be kept; send it as a string";
	if (digits.first + exponent < EXPONENT_MIN || digits.first + exponent > EXPONENT_MAX)
		return "a JSON number is out of range";
	return NULL;
}

static const char *
scan_open(struct prescan *scan)
{
	scan->nodes++;
	if (++scan->depth > LIMIT_JSON_DEPTH)
		return "the JSON text is nested deeper than the limit";
	return NULL;
}

static const char *
scan_token(struct prescan *scan)
{
	char c = scan->rest.ptr[0];

	if (c == '-' || is_digit(c))
		return scan_number(scan);
	scan->rest = str_from(scan->rest, 1);
	if (c == '"')
		return scan_string(scan);
	if (c == '{' || c == '[')
		return scan_open(scan);
	if (c == '}' || c == ']')
		scan->depth -= scan->depth > 0;
	if (c == ',')
		scan->nodes++;
	return NULL;
}

const char *
prescan(str text)
{
	struct prescan scan = { .rest = text, .nodes = 1 };

	/* jansson 2.14 loses a NUL that stands right behind a number: [1\0] would be [1]. */
	if (text.len && memchr(text.ptr, '\0', text.len))
		return "the JSON text contains an octet 0";
	while (scan.rest.len) {
		const char *why = scan_token(&scan);
		if (why)
			return why;
		if (scan.nodes > LIMIT_JSON_NODES)
			return "the JSON text has more parts than the limit";
	}
	return NULL;
}
