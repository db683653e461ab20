/* api/route.h -- the addresses of the interface as a table (routes.def), and finding one. */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "access/key.h"
#include "api/schema.h"
#include "http/server.h"

struct call;

/* Reads the request into types, does the use case, writes the answer. */
typedef enum err route_handler(struct job *job, struct call *call);

enum route_flags {
	ROUTE_OPEN = 1 << 0,          /* needs no key */
	ROUTE_RESERVED = 1 << 1,      /* the reserved lane: must work when all else is full */
	ROUTE_BULK = 1 << 2,          /* LIMIT_BULK_BODY_BYTES */
	ROUTE_NDJSON = 1 << 3,        /* a value on each line, in and out */
	ROUTE_MERGE_PATCH = 1 << 4,   /* takes application/merge-patch+json too */
	ROUTE_BODY_OPTIONAL = 1 << 5, /* the body may be left out */
	ROUTE_IF_MATCH = 1 << 6,      /* needs If-Match */
	ROUTE_PURPOSE = 1 << 7,       /* needs Valv-Purpose */
	ROUTE_PAGED = 1 << 8,         /* after, limit */
	ROUTE_OF_SUBJECT = 1 << 9,    /* takes the parameter `subject` */
	ROUTE_OPERATOR = 1 << 10,     /* only on the server's own socket */
	ROUTE_SUBJECT = 1 << 11,      /* {id} is a person */
	ROUTE_BUDGET = 1 << 12,       /* may take from the key's budget */
	ROUTE_MAKES = 1 << 13,        /* 201 when it was not there */
	ROUTE_ETAG = 1 << 14,         /* answers with an ETag */
	ROUTE_LOCATION = 1 << 15,     /* answers with a Location */
	ROUTE_HTML = 1 << 16,         /* answers with a page */
	ROUTE_TEXT = 1 << 17,         /* answers with plain text */
	ROUTE_CSV = 1 << 18,          /* takes a piece of a CSV file, and offset and last */
	ROUTE_CONFLICT = 1 << 19,     /* may contradict what is there */
	ROUTE_PACKAGE = 1 << 20,      /* answers as JSON, CSV or a page */
	ROUTE_EXPORT = 1 << 21,       /* answers as JSON, CSV or vCard */
	ROUTE_LINK = 1 << 22,         /* of a link to a package: 410 is a page for people */
	ROUTE_DUE = 1 << 23,          /* state, overdue, due_before */
	ROUTE_PERSON = 1 << 24,       /* only for who signed in, and the operator */
	ROUTE_FRESH = 1 << 25,        /* of who signed in: at most SESSION_FRESH ago */
	ROUTE_TWO = 1 << 26,          /* takes a second person: first 202 and an approval, then Valv-Approval */
	ROUTE_WAITING = 1 << 27,      /* takes the parameter `waiting` */
	ROUTE_STREAM = 1u << 31,      /* answers with lines of JSON or CSV, made while they leave */
	ROUTE_TWO_MAYBE = 1 << 28,    /* as ROUTE_TWO, where the handler says so */
	ROUTE_SCIM = 1LL << 42,       /* SCIM: its own media type, parameters, errors */
	ROUTE_FOREIGN = 1LL << 40,    /* speaks a protocol of others: query, body and errors are the handler's, and it is
	                               * not in the API description */
	ROUTE_MAY_LACK = 1LL << 41,   /* of something that may not be there: 404 */
	ROUTE_SIGN_IN = 1 << 30,      /* looks at what shows who somebody is: 401 sign-in */
	ROUTE_WEB = 1 << 29,          /* a page for staff, which takes `language`; or a file of the pages */
	ROUTE_OCTETS = 1LL << 44,     /* answers with octets */
	ROUTE_HALF = 1LL << 45,       /* also for who has shown one factor of two (access/policy.h O4) */
	ROUTE_ENROLS = 1LL << 46,     /* sets up a factor: for them, where the account has no second one */
	ROUTE_COSIGNED = 1LL << 47,   /* takes the parameter `witnesses` */
	ROUTE_REST = 1LL << 43,       /* the last {…} takes the rest of the path, slashes too */
};

#define ROUTE_PARAMS_MAX 2

struct route {
	enum method method;
	str method_name;
	str path;
	str name; /* operationId */
	route_handler *handle, *again;
	uint32_t scopes; /* any one of these; 0: none needed */
	uint64_t flags;
	enum schema_id body;
	int status;
	enum schema_id answer;
	str summary;
};

const struct route *route_at(size_t index); /* NULL past the last */

/* The route for a method (HEAD goes as GET) and a path; param receives what stands for {…}.
 * NULL: there is none for the method; *ret_path is then one for the path with another method, or NULL. */
const struct route *route_find(enum method method, str path, str param[ROUTE_PARAMS_MAX],
                               const struct route **ret_path);

/* Methods of the path, as Allow has them. */
str route_allow(struct arena *arena, const struct route *of);

static inline bool
route_has(const struct route *route, enum route_flags flag)
{
	return route->flags & flag;
}

/* Whether the problem is one that the route may answer with, and so documented for it. */
bool route_may_fail(const struct route *route, enum err err);

#define ROUTE(method, path, name, ...) route_handler on_##name;
#include "api/routes.def"
#undef ROUTE
route_handler again_subject, again_act, again_key, again_empty, again_erasure, again_import, again_disclosure,
	again_request, again_staff;

#endif
