/* Aimed at: str_utf8, str_printable, eat_u64, eat_digits, str_u64, str_i64, str_hex, buf_hex,
 * str_find, str_trim, eat_until, eat_block, buf_block, buf_udec.
 *
 * Held to slower ones written another way, and to reading back what was printed. */
#include "../unit/base/utf8_oracle.h"
#include "base/buf.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(str s)
{
	bool control = false;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = (uint8_t)s.ptr[i];
		control |= (c < 32 && !strchr("\t\n\r", c)) || c == 0 || c == 127;
	}
	must(str_utf8(s) == utf8_oracle(s));
	must(str_printable(s) == (utf8_oracle(s) && !control));
}

/* The value of up to 40 digits, in twice the width. */
static bool
slow_number(str s, unsigned __int128 most, unsigned __int128 *ret)
{
	unsigned __int128 value = 0;

	if (s.len == 0 || s.len > 20 || (s.len > 1 && s.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!strchr("0123456789", s.ptr[i]) || !s.ptr[i])
			return false;
		value = value * 10 + (unsigned __int128)(s.ptr[i] - '0');
	}
	*ret = value;
	return value <= most;
}

static void
check_number(str s)
{
	uint64_t value = 0, eaten = 0;
	unsigned __int128 slow = 0;
	str rest = s;
	bool minus = str_starts(s, S("-"));
	int64_t number = 0;

	must(str_u64(s, &value) == slow_number(s, UINT64_MAX, &slow));
	must(!str_u64(s, &value) || value == slow);
	must(str_i64(s, &number) ==
	     slow_number(minus ? str_from(s, 1) : s, (unsigned __int128)INT64_MAX + minus, &slow));
	must(!str_i64(s, &number) || number == (__int128)slow * (minus ? -1 : 1));
	if (eat_u64(&rest, &eaten)) {
		must(slow_number(str_first(s, s.len - rest.len), UINT64_MAX, &slow));
		must(slow == eaten);
		must(!rest.len || rest.ptr[0] < '0' || rest.ptr[0] > '9');
	} else {
		must(rest.ptr == s.ptr && rest.len == s.len);
	}
}

static void
check_digits(str s, size_t count)
{
	unsigned __int128 slow = 0;
	uint64_t value;
	str rest = s, digits;

	if (!eat_digits(&rest, count, &value)) {
		must(rest.len == s.len);
		return;
	}
	must(s.len - rest.len == count);
	for (digits = str_first(s, count); digits.len > 1 && digits.ptr[0] == '0';)
		digits = str_from(digits, 1);
	must(!count || (slow_number(digits, UINT64_MAX, &slow) && slow == value));
}

/* Numbers as they stand around the edges of their types. */
static void
check_edges(bytes rest)
{
	static const uint64_t edge[] = { 0, (uint64_t)INT64_MAX, UINT64_MAX / 10, UINT64_MAX };
	OWNED(buf_release) struct buf text = { .max = 64 };
	uint8_t which, by, more;

	if (!eat_u8(&rest, &which) || !eat_u8(&rest, &by) || !eat_u8(&rest, &more))
		return;
	if (which & 4)
		buf_char(&text, '-');
	buf_udec(&text, edge[which & 3] + by - 128);
	if (which & 8)
		buf_char(&text, (char)('0' + more % 11));
	check_number(buf_str(&text));
}

static void
check_hex(str s)
{
	OWNED(buf_release) struct buf hex = { .max = 2 * s.len };
	uint8_t out[64];

	buf_hex(&hex, str_bytes(s));
	must(buf_ok(&hex) && hex.len == 2 * s.len);
	if (s.len <= sizeof(out)) {
		must(str_hex(buf_str(&hex), out, s.len));
		must(str_eq((str){ (char *)out, s.len }, s));
	}
	if (str_hex(s, out, s.len / 2 < sizeof(out) ? s.len / 2 : 0)) {
		buf_clear(&hex);
		buf_hex(&hex, (bytes){ out, s.len / 2 });
		must(str_eq_fold(buf_str(&hex), s));
	}
}

static bool
slow_find(str s, str needle, size_t *ret_at)
{
	for (size_t at = 0; needle.len && at + needle.len <= s.len; at++)
		if (str_starts(str_from(s, at), needle)) {
			*ret_at = at;
			return true;
		}
	return false;
}

static void
check_parts(str s)
{
	str needle = str_first(s, s.len % 3), rest = str_from(s, needle.len), part, trimmed;
	size_t at = 0, slow_at = 0;

	must(str_find(rest, needle, &at) == slow_find(rest, needle, &slow_at) && at == slow_at);
	trimmed = str_trim(s);
	must(trimmed.len <= s.len && str_eq(str_trim(trimmed), trimmed));
	must(!trimmed.len || !strchr(" \t\n\v\f\r", trimmed.ptr[0]) || !trimmed.ptr[0]);
	rest = s;
	if (eat_until(&rest, ':', &part))
		must(part.len + 1 + rest.len == s.len && !slow_find(part, S(":"), &at));
	else
		must(!slow_find(s, S(":"), &at) && rest.len == s.len);
}

static void
check_block(str s)
{
	OWNED(buf_release) struct buf buf = { .max = s.len + 4 };
	bytes rest = str_bytes(s), block, whole;

	if (eat_block(&rest, &block)) {
		must(block.len + 4 + rest.len == s.len);
		buf_block(&buf, block);
		must(buf_ok(&buf) && str_starts(s, buf_str(&buf)));
	} else {
		must(rest.len == s.len);
	}
	buf_clear(&buf);
	buf_block(&buf, str_bytes(s));
	must(buf_ok(&buf));
	whole = buf_bytes(&buf);
	must(eat_block(&whole, &block) && !whole.len && str_eq(bytes_str(block), s));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str s = { (const char *)data, size };

	check_text(s);
	check_number(s);
	check_edges((bytes){ data, size });
	check_digits(s, size % 20);
	check_hex(s);
	check_parts(s);
	check_block(s);
	return 0;
}
