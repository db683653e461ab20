/* public/public.h -- the pages for persons: on a listener of their own, apart from the interface and the console.
 *
 * The addresses stand in routes.def; what a page says in files/, in each language of po/ (page/page.h).
 *
 *   W1  A page runs and shows nothing but our own files: no script or style within it, nothing from elsewhere; it
 *       stands in no frame, is kept nowhere, and says to nobody where it was.
 *   W2  GET, HEAD and OPTIONS change nothing but the audit log (I7): mail scanners follow links.
 *   W3  What works shows itself by a token in the address or a cookie that its page says; there are no other cookies.
 *   W4  An error says nothing of what was sent, and an unknown token, an old one and one of another kind are
 *       answered alike.
 *   W5  Every page works without script.
 *
 * Calling sequence: public_open, public_server_config, server_start; server_stop, public_close.
 */
#ifndef PUBLIC_PUBLIC_H
#define PUBLIC_PUBLIC_H

#include "http/server.h"
#include "vault/vault.h"

struct public;

struct public_options {
	bool behind_proxy; /* the last address in X-Forwarded-For is the visitor's */
};

/* The vault is borrowed. */
must_check enum err public_open(struct job *job, struct vault *vault, const struct public_options *options,
                                struct public **ret);
void public_close(struct public **public); /* accepts NULL inside */

/* Sets body_max, body_limit, reserved, worker_begin, worker_end, handle, refuse, ctx. */
void public_server_config(struct public *public, struct server_config *config);

#endif
