/* api/api.h -- the JSON interface: from an HTTP request to one use case and back.
 *
 * The addresses stand in routes.def, the shapes of bodies and answers in schema.def; the router, the
 * readers and the OpenAPI description are all printed from them.
 *
 *   X1  No key, no answer: what is not ROUTE_OPEN needs a key with the scope of its row, looked up
 *       for this very request (A1, A2); an operator comes over the server's own socket.
 *   X2  A refusal (401, 403) leaves an audit entry before it is answered (I4).
 *   X3  An answer holds nothing of what was sent: problems are made of literals and of names that
 *       the registry or schema.def has (I6).
 *   X4  A body has no members but those of its schema.
 *
 * Calling sequence: api_open, api_server_config, server_start, api_serving; server_stop, api_close.
 */
#ifndef API_API_H
#define API_API_H

#include "http/server.h"
#include "vault/vault.h"

struct api;
struct breached;

struct api_options {
	bool demo; /* the page at / says that the people are made up */
	str origin, relying_party; /* of passkeys; empty: http://localhost and the port */
	const struct breached *breached; /* borrowed (access/breached.h); NULL: no list */
	bool behind_proxy; /* the last address in X-Forwarded-For is the caller's */
};

/* The vault is borrowed. */
must_check enum err api_open(struct job *job, struct vault *vault, const struct api_options *options,
                             struct api **ret);
void api_close(struct api **api); /* accepts NULL inside */

/* Sets what the API knows: body_max, body_limit, reserved, worker_begin, worker_end, handle, refuse,
 * ctx.  Addresses and numbers of threads are left to the caller. */
void api_server_config(struct api *api, struct server_config *config);
void api_serving(struct api *api, struct server *server); /* for metrics and guard.h */

/* The OpenAPI 3.1 description, as GET /v1/openapi.json gives it. */
void openapi_print(struct buf *out);

#endif
