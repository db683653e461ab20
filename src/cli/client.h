/* cli/client.h -- calls to a server: over its Unix socket, or over HTTP(S) with a key.
 *
 * Whatever does not come back as a success has been told to the person when client_call() returns.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "cli/args.h"
#include "json/json.h"

struct client;

#define ASK_HEADERS 3

struct ask {
	const char *method;
	const char *path;                /* client_path() */
	str body;                        /* ptr NULL: none */
	const char *type;                /* NULL: application/json */
	const char *header[ASK_HEADERS]; /* "Name: value" */
	bool (*sink)(void *ctx, bytes piece); /* as of struct fetch; NULL */
	void *sink_ctx;
};

/* Borrowed until the next call on this client. */
struct answer {
	int status;
	str body;
	str etag; /* empty when there is none */
	str next; /* Valv-Next: where the next part of a package begins; empty when there is none */
};

/* By --data, --url and --key-file.  Connects only with the first call.   ERR_USAGE, ERR_IO */
must_check enum err client_open(struct job *job, struct cli *cli, const struct args *args,
                                struct client **ret);
void client_close(struct client **client); /* accepts NULL inside; for OWNED */

/* ERR_IO: no server, or it refused; complained. */
must_check enum err client_call(struct job *job, struct client *client, const struct ask *ask,
                                struct answer *ret);
/* The same, for calls whose refusal is not the end (bench, import): only a server that cannot be
 * reached is an error. */
must_check enum err client_try(struct job *job, struct client *client, const struct ask *ask,
                               struct answer *ret);
/* Prints what a refusal means and sets the exit status. */
must_check enum err client_refused(struct job *job, struct client *client,
                                   const struct answer *answer);

/* A call whose answer is JSON.  With --json it is printed as it came and *ret_root is absent. */
must_check enum err client_json(struct job *job, struct client *client, const struct ask *ask,
                                struct json_document **ret_document, struct json *ret_root);

/* The options with which another command reaches the same server, as " --data DIR". */
const char *client_option(struct job *job, const struct client *client);

/* prefix, the segment percent-encoded, suffix. */
const char *client_path(struct job *job, const char *prefix, const char *segment,
                        const char *suffix);

#endif
