/* type/url.c -- http and https URLs by RFC 3986; what is accepted: see type.h. */
#include "base/must.h"
#include "type/host.h"
#include "type/ip.h"
#include "type/read.h"
#include "type/text.h"

static bool
put_address(str literal, struct buf *ret, const char **ret_why)
{
	uint8_t address[16];

	if (!str_ends(literal, S("]")) || !ip_v6(str_first(literal, literal.len - 1), address))
		return refuse(ret_why, "the address in brackets is not IPv6");
	buf_char(ret, '[');
	ip_put_v6(ret, address);
	buf_char(ret, ']');
	return true;
}

static bool
put_host(str host, struct buf *ret, const char **ret_why)
{
	uint8_t address[4];

	if (eat_char(&host, '['))
		return put_address(host, ret, ret_why);
	if (!ip_v4(host, address))
		return host_put(host, ret, ret_why);
	ip_put_v4(ret, address);
	return true;
}

static bool
put_port(str digits, bool secure, struct buf *ret, const char **ret_why)
{
	uint64_t port;

	if (!digits.len)
		return true;
	if (!str_u64(digits, &port) || port == 0 || port > 65535)
		return refuse(ret_why, "the port is not a number from 1 to 65535");
	if (port == (secure ? 443 : 80))
		return true;
	buf_char(ret, ':');
	buf_udec(ret, port);
	return true;
}

static bool
put_authority(str authority, bool secure, struct buf *ret, const char **ret_why)
{
	str host = authority, port = { 0 };

	if (authority.len && memchr(authority.ptr, '@', authority.len))
		return refuse(ret_why, "a URL with a user name is not stored");
	for (size_t i = authority.len; i-- > 0 && authority.ptr[i] != ']';) {
		if (authority.ptr[i] != ':')
			continue;
		host = str_first(authority, i);
		port = str_from(authority, i + 1);
		break;
	}
	return put_host(host, ret, ret_why) && put_port(port, secure, ret, ret_why);
}

static void
put_percent(struct buf *buf, unsigned char octet)
{
	buf_char(buf, '%');
	buf_char(buf, "0123456789ABCDEF"[octet >> 4]);
	buf_char(buf, "0123456789ABCDEF"[octet & 15]);
}

/* Path, query and fragment: their characters as they are, other octets in percent form. */
static bool
put_rest(str rest, struct buf *ret, const char **ret_why)
{
	uint8_t octet;
	str c;

	for (; rest.len; rest = str_from(rest, 1)) {
		unsigned char first = (unsigned char)rest.ptr[0];

		c = str_first(str_from(rest, 1), 2);
		if (first >= 0x80) {
			put_percent(ret, first);
		} else if (is_letter((char)first) || is_digit((char)first) ||
		           (first && strchr("-._~!$&'()*+,;=:@/?#", first))) {
			buf_char(ret, (char)first);
		} else if (first == '%' && str_hex(c, &octet, 1)) {
			put_percent(ret, octet);
			rest = str_from(rest, 2);
		} else {
			return refuse(ret_why, "the URL has a character that may not stand in one");
		}
	}
	return true;
}

bool
url_read(const struct type_context *context UNUSED, str text, struct buf *ret, const char **ret_why)
{
	bool secure = str_eq_fold(str_first(text, 8), S("https://"));
	size_t end = 0;
	str rest;

	if (!secure && !str_eq_fold(str_first(text, 7), S("http://")))
		return refuse(ret_why, "a URL begins with http:// or https://");
	rest = str_from(text, secure ? 8 : 7);
	buf_put(ret, secure ? S("https://") : S("http://"));
	while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?' && rest.ptr[end] != '#')
		end++;
	if (!put_authority(str_first(rest, end), secure, ret, ret_why))
		return false;
	rest = str_from(rest, end);
	if (!str_starts(rest, S("/")))
		buf_char(ret, '/');
	return put_rest(rest, ret, ret_why);
}
