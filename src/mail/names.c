/* mail/names.c -- contract and N1-N2: see names.h. */
#include "mail/names.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stdlib.h>

#define ANSWER_BYTES_MAX 65535
#define HOST_BYTES_MAX 253

struct names {
	struct __res_state state;
	uint8_t answer[ANSWER_BYTES_MAX];
};

static bool
server_read(str text, struct sockaddr_in *ret)
{
	char host[16] = { 0 };
	uint64_t port;
	str number;

	*ret = (struct sockaddr_in){ .sin_family = AF_INET };
	if (!eat_until(&text, ':', &number) || number.len >= sizeof(host) || !str_u64(text, &port) || !port ||
	    port > UINT16_MAX)
		return false;
	memcpy(host, number.ptr, number.len);
	ret->sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &ret->sin_addr) == 1;
}

enum err
names_open(struct job *job, str server, struct names **ret)
{
	struct sockaddr_in to;
	struct names *names;

	if (server.len && !server_read(server, &to))
		return fail_at(job, ERR_INVALID, S("/dns"), "is a number and a port, as 127.0.0.1:53");
	names = calloc(1, sizeof(*names));
	must(names);
	if (res_ninit(&names->state) != 0) {
		free(names);
		return fail(job, ERR_IO, "the resolver cannot be set up");
	}
	names->state.retrans = NAMES_SECONDS;
	names->state.retry = 2;
	if (server.len) {
		names->state.nscount = 1;
		names->state.nsaddr_list[0] = to;
	}
	*ret = names;
	return OK;
}

void
names_close(struct names **names)
{
	if (!*names)
		return;
	res_nclose(&(*names)->state);
	free(*names);
	*names = NULL;
}

/* --- one question ------------------------------------------------------------------------------ */

static bool
printable(str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
			return false;
	return text.len > 0;
}

/* N2 */
static void
found_add(struct job *job, struct names_found *found, str text)
{
	if (found->count < NAMES_MAX && text.len <= NAMES_TEXT_BYTES_MAX && printable(text))
		found->text[found->count++] = arena_str(&job->arena, text);
}

static void
text_record(const ns_rr *record, struct buf *out)
{
	const uint8_t *at = ns_rr_rdata(*record);
	size_t left = ns_rr_rdlen(*record);

	while (left && (size_t)*at < left) {
		buf_put(out, (str){ (const char *)at + 1, *at });
		left -= (size_t)*at + 1;
		at += *at + 1;
	}
}

static void
record_read(struct job *job, const ns_msg *message, const ns_rr *record, struct names_found *found)
{
	OWNED(buf_release) struct buf out = { .max = NAMES_TEXT_BYTES_MAX };
	char text[NS_MAXDNAME];

	if (ns_rr_type(*record) == ns_t_txt) {
		text_record(record, &out);
	} else if (ns_rr_type(*record) == ns_t_a && ns_rr_rdlen(*record) == 4) {
		buf_put(&out, str_from_c(inet_ntop(AF_INET, ns_rr_rdata(*record), text, sizeof(text))));
	} else if (ns_rr_type(*record) == ns_t_aaaa && ns_rr_rdlen(*record) == 16) {
		buf_put(&out, str_from_c(inet_ntop(AF_INET6, ns_rr_rdata(*record), text, sizeof(text))));
	} else if (ns_rr_type(*record) == ns_t_ptr) {
		if (ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(*record), text, sizeof(text)) >= 0)
			buf_put(&out, str_from_c(text));
	}
	if (buf_ok(&out))
		found_add(job, found, buf_str(&out));
}

static void
question(struct job *job, struct names *names, str host, ns_type type, struct names_found *found)
{
	const char *name = arena_c(&job->arena, host);
	ns_msg message;
	ns_rr record;
	int len;

	if (!host.len || host.len > HOST_BYTES_MAX) {
		found->end = found->count ? NAMES_FOUND : NAMES_NONE;
		return;
	}
	len = res_nquery(&names->state, name, ns_c_in, (int)type, names->answer, sizeof(names->answer));
	if (len < 0) {
		bool none = names->state.res_h_errno == HOST_NOT_FOUND || names->state.res_h_errno == NO_DATA;
		found->end = found->count ? NAMES_FOUND : none ? NAMES_NONE : NAMES_FAILED;
		return;
	}
	if (ns_initparse(names->answer, len, &message) == 0)
		for (int i = 0; i < ns_msg_count(message, ns_s_an); i++)
			if (ns_parserr(&message, ns_s_an, i, &record) == 0 && ns_rr_type(record) == type)
				record_read(job, &message, &record, found);
	found->end = found->count ? NAMES_FOUND : NAMES_NONE;
}

void
names_texts(struct job *job, struct names *names, str host, struct names_found *ret)
{
	*ret = (struct names_found){ 0 };
	question(job, names, host, ns_t_txt, ret);
}

void
names_addresses(struct job *job, struct names *names, str host, struct names_found *ret)
{
	*ret = (struct names_found){ 0 };
	question(job, names, host, ns_t_a, ret);
	question(job, names, host, ns_t_aaaa, ret);
}

/* in-addr.arpa and ip6.arpa (RFC 1035 3.5, RFC 3596 2.5). */
static bool
reverse_name(str address, struct buf *out)
{
	char text[64] = { 0 };
	uint8_t octet[16];

	if (address.len >= sizeof(text))
		return false;
	memcpy(text, address.ptr, address.len);
	if (inet_pton(AF_INET, text, octet) == 1) {
		for (int i = 3; i >= 0; i--) {
			buf_udec(out, octet[i]);
			buf_char(out, '.');
		}
		buf_put(out, S("in-addr.arpa"));
		return true;
	}
	if (inet_pton(AF_INET6, text, octet) != 1)
		return false;
	for (int i = 31; i >= 0; i--) {
		buf_char(out, "0123456789abcdef"[octet[i / 2] >> (i % 2 ? 0 : 4) & 15]);
		buf_char(out, '.');
	}
	buf_put(out, S("ip6.arpa"));
	return true;
}

void
names_of_address(struct job *job, struct names *names, str address, struct names_found *ret)
{
	OWNED(buf_release) struct buf name = { .max = HOST_BYTES_MAX };

	*ret = (struct names_found){ .end = NAMES_NONE };
	if (reverse_name(address, &name) && buf_ok(&name))
		question(job, names, buf_str(&name), ns_t_ptr, ret);
}
