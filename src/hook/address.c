/* hook/address.c -- contract: address.h. */
#include "hook/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/must.h"

#define HTTPS_PORT 443

/* --- networks --------------------------------------------------------------------------------- */

static bool
in_prefix(const uint8_t *address, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(address, prefix, whole) != 0)
		return false;
	return !rest || ((address[whole] ^ prefix[whole]) & (0xff << (8 - rest)) & 0xff) == 0;
}

/* No bit beyond the prefix. */
static bool
is_prefix(const struct network *network)
{
	static const uint8_t zero[16];
	size_t len = network->v6 ? 16 : 4, whole = network->bits / 8;

	if (network->bits % 8 && network->address[whole] & (0xff >> (network->bits % 8)))
		return false;
	whole += network->bits % 8 != 0;
	return memcmp(network->address + whole, zero, len - whole) == 0;
}

bool
network_read(str text, struct network *ret)
{
	struct network network = { 0 };
	char address[INET6_ADDRSTRLEN];
	uint64_t bits;
	str before;

	if (!eat_until(&text, '/', &before) || before.len >= sizeof(address) || !str_u64(text, &bits))
		return false;
	memcpy(address, before.ptr, before.len);
	address[before.len] = '\0';
	if (strlen(address) != before.len)
		return false;
	network.v6 = memchr(address, ':', before.len);
	if (inet_pton(network.v6 ? AF_INET6 : AF_INET, address, network.address) != 1)
		return false;
	if (bits > (network.v6 ? 128 : 32))
		return false;
	network.bits = (unsigned)bits;
	if (!is_prefix(&network))
		return false;
	*ret = network;
	return true;
}

bool
networks_read(str text, struct networks *ret)
{
	struct networks networks = { 0 };
	str one;

	while (text.len) {
		if (!eat_until(&text, ' ', &one)) {
			one = text;
			text.len = 0;
		}
		if (!one.len)
			continue;
		if (networks.count == NETWORKS_MAX || !network_read(one, &networks.network[networks.count++]))
			return false;
	}
	*ret = networks;
	return true;
}

bool
address_in(const struct networks *networks, const uint8_t *address, size_t len)
{
	for (size_t i = 0; networks && i < networks->count; i++) {
		const struct network *network = &networks->network[i];
		if ((len == 16) == network->v6 && in_prefix(address, network->address, network->bits))
			return true;
	}
	return false;
}

/* --- the public internet ---------------------------------------------------------------------- */

struct special {
	uint8_t prefix[16];
	unsigned bits;
};

/* Not globally reachable, or not one host: IANA's special-purpose registry, and multicast. */
static const struct special special_v4[] = {
	{ { 0 }, 8 },               /* this network */
	{ { 10 }, 8 },              /* private */
	{ { 100, 64 }, 10 },        /* between a provider and its customers */
	{ { 127 }, 8 },             /* loopback */
	{ { 169, 254 }, 16 },       /* link-local, and the metadata services of clouds */
	{ { 172, 16 }, 12 },        /* private */
	{ { 192, 0, 0 }, 24 },      /* protocol assignments */
	{ { 192, 0, 2 }, 24 },      /* documentation */
	{ { 192, 31, 196 }, 24 },   /* AS112 */
	{ { 192, 52, 193 }, 24 },   /* AMT */
	{ { 192, 88, 99 }, 24 },    /* 6to4 relays */
	{ { 192, 168 }, 16 },       /* private */
	{ { 192, 175, 48 }, 24 },   /* AS112 */
	{ { 198, 18 }, 15 },        /* benchmarks */
	{ { 198, 51, 100 }, 24 },   /* documentation */
	{ { 203, 0, 113 }, 24 },    /* documentation */
	{ { 224 }, 3 },             /* multicast, reserved, broadcast */
};

/* Global unicast is 2000::/3: all else (::, ::1, mapped, fc00::/7, fe80::/10, ff00::/8, 64:ff9b::/96)
 * lies outside it; these lie inside. */
static const struct special special_v6[] = {
	{ { 0x20, 0x01 }, 23 },                   /* protocol assignments: Teredo, ORCHID, benchmarks */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },       /* documentation */
	{ { 0x20, 0x02 }, 16 },                   /* 6to4: holds an IPv4 address */
	{ { 0x26, 0x20, 0, 0x4f, 0x80 }, 48 },    /* AS112 */
	{ { 0x3f, 0xff }, 20 },                   /* documentation */
};
static const uint8_t global_unicast[16] = { 0x20 };

bool
address_public(const uint8_t *address, size_t len)
{
	const struct special *special = len == 4 ? special_v4 : special_v6;
	size_t count = len == 4 ? COUNT(special_v4) : COUNT(special_v6);

	must(len == 4 || len == 16);
	if (len == 16 && !in_prefix(address, global_unicast, 3))
		return false;
	for (size_t i = 0; i < count; i++)
		if (in_prefix(address, special[i].prefix, special[i].bits))
			return false;
	return true;
}

/* --- one call --------------------------------------------------------------------------------- */

bool
guard_allows(const struct guard *guard, const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	uint8_t octet[16];
	size_t len;
	uint16_t port;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		memcpy(octet, &v4.sin_addr, len = 4);
		port = ntohs(v4.sin_port);
	} else if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		memcpy(octet, &v6.sin6_addr, len = 16);
		port = ntohs(v6.sin6_port);
	} else {
		return false;
	}
	if (address_in(guard->networks, octet, len))
		return true;
	return guard->secure && port == HTTPS_PORT && address_public(octet, len);
}
