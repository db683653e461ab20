/* main/listen_on.c -- contract: listen_on.h. */
#include "main/listen_on.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static bool
is_loopback(const char *address, bool *ret)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, address, &v4) == 1) {
		*ret = ntohl(v4.s_addr) >> 24 == 127;
		return true;
	}
	if (inet_pton(AF_INET6, address, &v6) != 1)
		return false;
	*ret = IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
	return true;
}

bool
listen_on_read(str text, struct listen_on *ret)
{
	struct listen_on on = { 0 };
	str address, rest = text;
	uint64_t port;

	if (str_eq(text, S("none"))) {
		*ret = (struct listen_on){ .loopback = true };
		return true;
	}
	if (eat_char(&rest, '[') ? !eat_until(&rest, ']', &address) || !eat_char(&rest, ':')
	                         : !eat_until(&rest, ':', &address))
		return false;
	if (!str_u64(rest, &port) || port > 65535 || address.len >= sizeof(on.address))
		return false;
	if (str_eq(address, S("localhost")))
		address = S("127.0.0.1");
	snprintf(on.address, sizeof(on.address), "%.*s", SPRINT(address));
	on.port = (uint16_t)port;
	if (!is_loopback(on.address, &on.loopback))
		return false;
	*ret = on;
	return true;
}
