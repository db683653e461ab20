/* main/listen_on.h -- where to listen, as a person writes it. */
#ifndef MAIN_LISTEN_ON_H
#define MAIN_LISTEN_ON_H

#include "base/str.h"

struct listen_on {
	char address[64]; /* without brackets; "" for none */
	uint16_t port;
	bool loopback; /* only this machine reaches it */
};

/* ADDRESS:PORT, [ADDRESS]:PORT for IPv6, localhost:PORT, or none. */
bool listen_on_read(str text, struct listen_on *ret);

#endif
