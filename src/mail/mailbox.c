/* mail/mailbox.c -- contract, A1-A3: mailbox.h. */
#include "mail/mailbox.h"

#include "base/must.h"
#include "type/email.h"

static bool
letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
local_fits(str local)
{
	bool dot = true; /* so that one at the front is refused */

	if (!local.len || local.len > MAILBOX_LOCAL_BYTES_MAX)
		return false;
	for (size_t i = 0; i < local.len; i++) {
		char c = local.ptr[i];
		if (c == '.' ? dot : !letter_or_digit(c) && (!c || !strchr("!#$%&'*+-/=?^_`{|}~", c)))
			return false;
		dot = c == '.';
	}
	return !dot;
}

bool
mailbox_label_fits(str label)
{
	if (!label.len || label.len > 63 || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!letter_or_digit(label.ptr[i]) && label.ptr[i] != '-')
			return false;
	return true;
}

bool
mailbox_host_fits(str host)
{
	str rest = host, label;
	size_t labels = 1;

	if (host.len > MAILBOX_BYTES_MAX - 2)
		return false;
	for (; eat_until(&rest, '.', &label); labels++)
		if (!mailbox_label_fits(label))
			return false;
	return labels > 1 && mailbox_label_fits(rest);
}

bool
mailbox_fits(str address)
{
	str local, domain;
	size_t at;

	return address.len <= MAILBOX_BYTES_MAX && email_split(address, &local, &domain) &&
	       local_fits(local) && mailbox_host_fits(domain) && !str_find(local, S("=?"), &at);
}

void
verp_write(str prefix, bytes token, str domain, struct buf *out)
{
	must(mailbox_label_fits(prefix) && prefix.len <= VERP_PREFIX_BYTES_MAX);
	must(token.len && token.len <= VERP_TOKEN_BYTES_MAX && mailbox_host_fits(domain));
	buf_put(out, prefix);
	buf_char(out, '+');
	buf_hex(out, token);
	buf_char(out, '@');
	buf_put(out, domain);
}

bool
verp_read(str address, str prefix, str domain, struct buf *ret_token)
{
	uint8_t token[VERP_TOKEN_BYTES_MAX];
	str local, at_domain;
	size_t len;

	if (!email_split(address, &local, &at_domain) || !str_eq_fold(at_domain, domain) ||
	    !str_eq_fold(str_first(local, prefix.len), prefix))
		return false;
	local = str_from(local, prefix.len);
	len = local.len / 2;
	if (!eat_char(&local, '+') || !len || len > sizeof(token) || !str_hex(local, token, len))
		return false;
	buf_data(ret_token, (bytes){ token, len });
	return true;
}
