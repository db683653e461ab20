/* api/call.h -- one call on its way: what was asked, by whom, and the answer; internal to api/.
 *
 * call_run() finds the route, knows the caller, reads headers and body, and hands over to the
 * handler, which has three statements: read, do, write. */
#ifndef API_CALL_H
#define API_CALL_H

#include <stdatomic.h>

#include "access/desk.h"
#include "access/idempotency.h"
#include "api/answer.h"
#include "api/api.h"
#include "api/body.h"
#include "api/guard.h"
#include "api/route.h"

struct api {
	struct vault *vault;
	struct api_options options;
	struct server *server;             /* NULL before api_serving() */
	_Atomic uint64_t reviewed;         /* generation of TOPIC_PRINCIPALS that guard.c has looked at */
	_Atomic bool origin_said;          /* origin.h */
	uint32_t operator_uid;             /* who may use the socket without a key, besides root */
	const uint8_t *idempotency_key;    /* borrowed from the vault's keys */
	struct key_cache *key_cache;
	struct oidc_cache *oidc;           /* documents of the identity provider */
	struct desk desk;                  /* for signing in */
	struct idempotency_set running;
	struct buf openapi;
	time_us started_at;
};

#define IF_MATCH_MAX 8

struct if_match {
	bool any; /* * */
	size_t count;
	int64_t version[IF_MATCH_MAX];
};

struct page {
	int64_t after;
	int64_t limit;
};

struct call {
	struct api *api;
	struct vault *vault;
	const struct request *request;
	struct response *response;
	const struct route *route;   /* NULL: not found yet */
	const struct route *at_path; /* the path is there with other methods */
	str param[ROUTE_PARAMS_MAX];
	struct principal principal;
	str token; /* a new one of the session: leaves as a cookie with whatever is answered, a problem too; empty: none */
	struct json_document *document;
	struct json body;            /* of a JSON body; absent when there is none */
	const struct registry *registry;
	struct idempotency idempotency;
	uid object;                  /* what the answer is about; kept for a repeated call */
	uint32_t refused_purpose;
	bool second; /* somebody else approved of this call; it is used up */
	struct json_out out;
};

/* Everything: the answer is in call->response unless an error comes back. */
must_check enum err call_run(struct job *job, struct call *call);
void call_end(struct call *call);

/* Who calls, and whether this route is for them (X1). Also between the pieces of a batch (I5). */
must_check enum err call_authorise(struct job *job, struct call *call);
/* What takes two people: *ret_answered when it is asked for first, and 202 with the approval is the answer; else somebody
 * else approved of exactly this.  summary: for people, without personal data. */
must_check enum err call_second(struct job *job, struct call *call, str summary, bool *ret_answered);
/* The same for what holds no personal data: the summary is followed by the operation itself, secrets apart, so that whoever
 * approves sees what.  ERR_LIMIT where that is more than somebody could read. */
must_check enum err call_second_said(struct job *job, struct call *call, str summary, bool *ret_answered);
/* The address that the call comes from, behind a proxy the one that the proxy names; false on the socket. */
bool call_peer(const struct call *call, uint8_t ret[PEER_BYTES]);
/* The value of a cookie; empty when there is none, or two. */
str call_cookie(const struct call *call, str name);
/* The registry as of now, held until the call ends. */
must_check enum err call_registry(struct job *job, struct call *call);
/* As require_purpose(); remembers the purpose for the audit entry of a refusal. */
must_check enum err call_may(struct job *job, struct call *call, uint32_t purpose);
/* The key is for a purpose that has this field. */
must_check enum err call_may_field(struct job *job, struct call *call, const struct field *field);

/* The purpose that a member of the body names, which the key is for. */
must_check enum err call_purpose(struct job *job, struct call *call, struct json body,
                                 const struct purpose **ret, bool *ret_there);
/* The {id} of the path. ERR_ABSENT when it is no UUID. */
must_check enum err call_id(struct job *job, const struct call *call, uid *ret);
/* A header that may be there once: of two, two readers could take different ones. ERR_HEADER */
must_check enum err call_header(struct job *job, const struct call *call, str name, str *ret,
                                bool *ret_there);
must_check enum err call_if_match(struct job *job, const struct call *call, struct if_match *ret);
/* A number among the query's parameters; stays as it is when it is not there.  why: a literal.  ERR_MALFORMED */
must_check enum err call_number(struct job *job, const struct call *call, str name, int64_t min, int64_t max,
                                const char *why, int64_t *ret);
must_check enum err call_page(struct job *job, const struct call *call, struct page *ret);

#endif
