/* type/host.c -- contract: see host.h.
 *
 * Names of plain letters never reach libidn2: it would refuse some that are in use (hyphens in the
 * third and fourth place).  What it answers is read once more and must come out the same, so that
 * the canonical form stays canonical whatever version is installed.
 */
#include "type/host.h"

#include <idn2.h>

#include "base/must.h"
#include "type/read.h"
#include "type/text.h"

#define HOST_MAX 253       /* octets, RFC 1035 less the root's */
#define LABEL_MAX 63       /* octets */
#define HOST_RAW_MAX 1020  /* octets before conversion: 255 characters of four */

static void
free_idn(uint8_t **name)
{
	idn2_free(*name);
}

static bool
encode(str host, struct buf *ret)
{
	OWNED(free_idn) uint8_t *encoded = NULL;
	char raw[HOST_RAW_MAX + 1] = { 0 };

	must(host.len <= HOST_RAW_MAX);
	memcpy(raw, host.ptr, host.len);
	if (idn2_lookup_u8((const uint8_t *)raw, &encoded,
	                   IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES) != IDN2_OK)
		return false;
	buf_put(ret, str_from_c((const char *)encoded));
	return true;
}

/* Encoding again changes nothing. */
static bool
stable(str host)
{
	OWNED(buf_release) struct buf again = { 0 };

	buf_init(&again, HOST_MAX);
	return encode(host, &again) && buf_ok(&again) && str_eq(buf_str(&again), host);
}

static bool
label_valid(str label)
{
	if (!label.len || label.len > LABEL_MAX || label.ptr[0] == '-' ||
	    label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!is_digit(label.ptr[i]) && !is_letter(label.ptr[i]) && label.ptr[i] != '-')
			return false;
	return true;
}

static bool
all_digits(str label)
{
	for (size_t i = 0; i < label.len; i++)
		if (!is_digit(label.ptr[i]))
			return false;
	return true;
}

static bool
labels_valid(str host)
{
	str label;

	while (eat_until(&host, '.', &label))
		if (!label_valid(label))
			return false;
	return label_valid(host) && !all_digits(host);
}

static bool
has_alabel(str host)
{
	str label;

	while (eat_until(&host, '.', &label))
		if (str_starts(label, S("xn--")))
			return true;
	return str_starts(host, S("xn--"));
}

static void
put_lower(struct buf *buf, str text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_char(buf, to_lower(text.ptr[i]));
}

#define WHY_HOST "the domain name is not valid"

bool
host_put(str host, struct buf *ret, const char **ret_why)
{
	OWNED(buf_release) struct buf name = { 0 };
	OWNED(buf_release) struct buf encoded = { 0 };

	if (!host.len || host.len > HOST_RAW_MAX || memchr(host.ptr, 0, host.len))
		return refuse(ret_why, WHY_HOST);
	buf_init(&name, HOST_RAW_MAX);
	buf_init(&encoded, HOST_RAW_MAX);
	put_lower(&name, host);
	if (!text_ascii_only(host) && (!encode(buf_str(&name), &encoded) || !buf_ok(&encoded)))
		return refuse(ret_why, WHY_HOST);
	host = encoded.len ? buf_str(&encoded) : buf_str(&name);
	if (str_ends(host, S(".")))
		host.len--;
	if (host.len > HOST_MAX || !labels_valid(host) || (has_alabel(host) && !stable(host)))
		return refuse(ret_why, WHY_HOST);
	buf_put(ret, host);
	return true;
}
