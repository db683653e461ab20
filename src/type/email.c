/* type/email.c -- e-mail addresses by RFC 5321 and 6531; what is accepted: see type.h. */
#include "type/email.h"

#include "base/must.h"
#include "type/host.h"
#include "type/read.h"
#include "type/text.h"

#define LOCAL_MAX 64    /* octets, RFC 5321 4.5.3.1.1 */
#define ADDRESS_MAX 254 /* octets, RFC 5321 4.5.3.1.3 less the angle brackets */
#define RAW_MAX 1400    /* octets before conversion; longer never becomes an address */

bool
email_split(str address, str *ret_local, str *ret_domain)
{
	for (size_t i = address.len; i-- > 0;) {
		if (address.ptr[i] != '@')
			continue;
		*ret_local = str_first(address, i);
		*ret_domain = str_from(address, i + 1);
		return true;
	}
	return false;
}

static bool
has(str text, char c)
{
	return text.len && memchr(text.ptr, c, text.len);
}

static bool
is_atext(uint32_t c)
{
	if (c >= 0x80)
		return text_word(c);
	return c && (is_digit((char)c) || is_letter((char)c) || strchr("!#$%&'*+-/=?^_`{|}~", (int)c));
}

/* dot-atom: runs of atext with single dots between them. */
static bool
local_valid(str local)
{
	bool dot = true; /* so that one at the front is refused */
	uint32_t c;

	while (text_next(&local, &c)) {
		if (c == '.' ? dot : !is_atext(c))
			return false;
		dot = c == '.';
	}
	return !dot;
}

static bool
put_local(str local, struct buf *ret, const char **ret_why)
{
	if (!local.len)
		return refuse(ret_why, "nothing stands before the @");
	if (local.ptr[0] == '"')
		return refuse(ret_why, "addresses with quotation marks are not read");
	if (!text_nfc(local, ret) || !local_valid(buf_str(ret)))
		return refuse(ret_why, "the part before the @ has a character or dot that may not stand there");
	if (ret->len > LOCAL_MAX)
		return refuse(ret_why, "the part before the @ is longer than 64 octets");
	return true;
}

static bool
put_domain(str domain, struct buf *ret, const char **ret_why)
{
	if (!domain.len)
		return refuse(ret_why, "nothing stands after the @");
	if (domain.ptr[0] == '[')
		return refuse(ret_why, "addresses at an IP number are not read");
	if (!host_put(domain, ret, ret_why))
		return false;
	if (!has(buf_str(ret), '.'))
		return refuse(ret_why, "the domain has no dot");
	return true;
}

/* Off with the brackets of <addr>; other forms of mail headers and links are refused by name. */
static bool
unwrap(str *text, const char **ret_why)
{
	str inner = *text;

	if (eat_char(&inner, '<') && str_ends(inner, S(">")))
		*text = str_first(inner, inner.len - 1);
	if (has(*text, '<') || has(*text, '>'))
		return refuse(ret_why, "write the address alone, without a name beside it");
	if (str_eq_fold(str_first(*text, 7), S("mailto:")))
		return refuse(ret_why, "write the address alone, without mailto:");
	return true;
}

bool
email_read(const struct type_context *context UNUSED, str text, struct buf *ret,
           const char **ret_why)
{
	OWNED(buf_release) struct buf host = { 0 };
	str local, domain;

	buf_init(&host, ADDRESS_MAX);
	if (text.len > RAW_MAX)
		return refuse(ret_why, "the address is longer than 254 octets");
	if (!unwrap(&text, ret_why))
		return false;
	if (!email_split(text, &local, &domain))
		return refuse(ret_why, "an e-mail address has an @");
	if (has(local, '@') && local.ptr[0] != '"')
		return refuse(ret_why, "more than one @");
	if (!put_local(local, ret, ret_why) || !put_domain(domain, &host, ret_why))
		return false;
	buf_char(ret, '@');
	buf_put(ret, buf_str(&host));
	if (ret->len > ADDRESS_MAX || !buf_ok(&host))
		return refuse(ret_why, "the address is longer than 254 octets");
	return true;
}

void
email_match(str canonical, struct buf *ret)
{
	str local, domain;

	if (!email_split(canonical, &local, &domain) || !str_utf8(local)) {
		buf_put(ret, canonical);
		return;
	}
	text_lower(local, ret);
	buf_char(ret, '@');
	buf_put(ret, domain);
}
