/* api/origin.h -- how people's browsers reach this server: what passkeys are bound to, and saying once when browsers come
 * by another host.
 *
 * The origin is the operator's word (--origin) and never read from a request: a Host header is whatever the client sends.
 * A request is only held against it, so that whoever runs the server learns why passkeys and cookies fail. */
#ifndef API_ORIGIN_H
#define API_ORIGIN_H

#include "api/call.h"
#include "webauthn/webauthn.h"

/* As the operator said; else http://localhost and the port, for trying it out on this machine.  In the arena. */
struct webauthn_party origin_party(struct job *job, const struct call *call);

/* Of a page for people: the first one asked for by another host (X-Forwarded-Host, else Host) than the origin's is said in
 * the log, once for each run, without what was sent. */
void origin_notice(const struct call *call);

#endif
