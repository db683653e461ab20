/* hook/address.h -- which addresses a webhook may be sent to, against server-side request forgery.
 *
 * A recipient's URL is somebody else's text.  Without a guard it could make Valv call the services of
 * the network that it stands in, or of the machine itself.  So only addresses of the public internet
 * are called, and of those only port 443 over TLS; networks that an operator names (a company's own)
 * are allowed on purpose, at any port and without TLS too.
 */
#ifndef HOOK_ADDRESS_H
#define HOOK_ADDRESS_H

#include <sys/socket.h>

#include "base/buf.h"

#define NETWORKS_MAX 16

struct network {
	bool v6;
	uint8_t address[16];
	unsigned bits;
};

struct networks {
	struct network network[NETWORKS_MAX];
	size_t count;
};

/* "127.0.0.0/8 10.1.2.0/24 fd12::/16": apart by spaces.  False: not that, or too many; bits beyond
 * the prefix must be zero, so that what is allowed is what is written. */
bool networks_read(str text, struct networks *ret);
bool network_read(str text, struct network *ret);

/* 4 or 16 octets: globally reachable, by the registries of RFC 6890 and its followers.  What embeds
 * an IPv4 address (mapped, 6to4, NAT64) is refused as a whole. */
bool address_public(const uint8_t *address, size_t len);
bool address_in(const struct networks *networks, const uint8_t *address, size_t len);

/* For one call: may it go there? */
struct guard {
	const struct networks *networks;
	bool secure; /* over TLS */
};
bool guard_allows(const struct guard *guard, const struct sockaddr *address);

#endif
