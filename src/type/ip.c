/* type/ip.c -- contract: see ip.h. */
#include "type/ip.h"

#include "base/must.h"
#include "type/read.h"

bool
ip_v4(str text, uint8_t ret[4])
{
	uint64_t part;

	for (int i = 0; i < 4; i++) {
		if (i && !eat_char(&text, '.'))
			return false;
		if (!eat_u64(&text, &part) || part > 255)
			return false;
		ret[i] = (uint8_t)part;
	}
	return text.len == 0;
}

static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = to_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One to four hex digits. */
static bool
eat_group(str *rest, uint16_t *ret)
{
	unsigned value = 0;
	size_t used = 0;

	while (used < 4 && used < rest->len && hex_value(rest->ptr[used]) >= 0)
		value = value << 4 | (unsigned)hex_value(rest->ptr[used++]);
	if (!used)
		return false;
	*rest = str_from(*rest, used);
	*ret = (uint16_t)value;
	return true;
}

struct groups {
	uint16_t at[8];
	int count;
	int gap; /* index that :: stands before, -1 when it does not occur */
};

/* An IPv4 address in the place of the last two groups. */
static bool
take_tail_v4(str *rest, struct groups *groups)
{
	uint8_t v4[4];

	if (groups->count > 6 || !ip_v4(*rest, v4))
		return false;
	groups->at[groups->count++] = (uint16_t)(v4[0] << 8 | v4[1]);
	groups->at[groups->count++] = (uint16_t)(v4[2] << 8 | v4[3]);
	*rest = str_from(*rest, rest->len);
	return true;
}

static bool
take_groups(str text, struct groups *ret)
{
	if (eat_str(&text, S("::")))
		ret->gap = 0;
	while (text.len && ret->count < 8) {
		if (take_tail_v4(&text, ret))
			break;
		if (!eat_group(&text, &ret->at[ret->count]))
			return false;
		ret->count++;
		if (!text.len)
			break;
		if (ret->gap < 0 && eat_str(&text, S("::")))
			ret->gap = ret->count;
		else if (!eat_char(&text, ':') || !text.len)
			return false;
	}
	return !text.len && (ret->gap < 0 ? ret->count == 8 : ret->count < 8);
}

bool
ip_v6(str text, uint8_t ret[16])
{
	struct groups groups = { .gap = -1 };
	int skipped;

	if (!take_groups(text, &groups))
		return false;
	skipped = 8 - groups.count;
	memset(ret, 0, 16);
	for (int i = 0; i < groups.count; i++) {
		int at = groups.gap >= 0 && i >= groups.gap ? i + skipped : i;

		ret[2 * at] = (uint8_t)(groups.at[i] >> 8);
		ret[2 * at + 1] = (uint8_t)groups.at[i];
	}
	return true;
}

void
ip_put_v4(struct buf *buf, const uint8_t address[4])
{
	for (int i = 0; i < 4; i++) {
		if (i)
			buf_char(buf, '.');
		buf_udec(buf, address[i]);
	}
}

static unsigned
group_of(const uint8_t address[16], int i)
{
	return (unsigned)(address[2 * i] << 8 | address[2 * i + 1]);
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 4.2); or length 0. */
static int
longest_zeros(const uint8_t address[16], int *ret_len)
{
	int best = 0, best_len = 0, len = 0;

	for (int i = 0; i < 8; i++) {
		len = group_of(address, i) ? 0 : len + 1;
		if (len > best_len) {
			best = i - len + 1;
			best_len = len;
		}
	}
	*ret_len = best_len > 1 ? best_len : 0;
	return best;
}

static void
put_group(struct buf *buf, unsigned group)
{
	bool begun = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned digit = group >> shift & 15;

		begun = begun || digit || shift == 0;
		if (begun)
			buf_char(buf, "0123456789abcdef"[digit]);
	}
}

void
ip_put_v6(struct buf *buf, const uint8_t address[16])
{
	int gap_len, gap = longest_zeros(address, &gap_len);

	for (int i = 0; i < 8; i++) {
		if (gap_len && i == gap) {
			buf_put(buf, S("::"));
			i += gap_len - 1;
			continue;
		}
		if (i && !(gap_len && i == gap + gap_len))
			buf_char(buf, ':');
		put_group(buf, group_of(address, i));
	}
}

static bool
is_mapped(const uint8_t address[16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return str_eq(bytes_str((bytes){ address, 12 }), bytes_str((bytes){ prefix, 12 }));
}

bool
ip_read(const struct type_context *context UNUSED, str text, struct buf *ret, const char **ret_why)
{
	uint8_t address[16];

	if (ip_v4(text, address))
		ip_put_v4(ret, address);
	else if (!ip_v6(text, address))
		return refuse(ret_why, "not an IP address");
	else if (is_mapped(address))
		ip_put_v4(ret, address + 12);
	else
		ip_put_v6(ret, address);
	return true;
}

bool
ip_any(str text, uint8_t ret[16])
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	memcpy(ret, mapped, sizeof(mapped));
	return ip_v4(text, ret + 12) || ip_v6(text, ret);
}
