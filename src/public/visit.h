/* public/visit.h -- one request of a person's browser on its way; internal to public/.
 *
 * A handler reads, does one use case, and shows a page:
 *
 *     struct page_object page = page_new(&job->arena, 8);
 *     page_put(&page, S("title"), title);
 *     return visit_page(job, visit, 200, S("confirm.html"), &page);
 */
#ifndef PUBLIC_VISIT_H
#define PUBLIC_VISIT_H

#include "page/page.h"
#include "public/form.h"
#include "public/public.h"

extern const struct page_set public_pages;

struct public {
	struct vault *vault;
	struct public_options options;
};

struct visit;
typedef enum err visit_handler(struct job *job, struct visit *visit);

enum route_flags {
	ROUTE_RESERVED = 1 << 0, /* the reserved lane: must work when all else is full */
	ROUTE_FORM = 1 << 1,     /* takes a form, urlencoded or multipart */
	ROUTE_ELSEWHERE = 1 << 2, /* the form may stand on another site, or be sent by a mail program: no cookie counts */
};

struct route {
	enum method method;
	str method_name;
	str path; /* one {…} at most, its last segment */
	visit_handler *handle;
	uint32_t flags;
};

struct visit {
	struct public *public;
	struct vault *vault;
	const struct request *request;
	struct response *response;
	const struct route *route;   /* NULL: not found */
	const struct route *at_path; /* the path is there with other methods */
	str param;                   /* what stands for {…} */
	const struct registry *registry; /* held until the visit ends */
	str language;                /* of the answer; static */
	bool language_said;          /* in the address: goes before the person's own */
	struct form form;            /* ROUTE_FORM */
};

/* Answers with a page of the set.  To what the page is told is added what each page needs: language, languages,
 * company, contact, logo, look.  Values of the arena or static. */
must_check enum err visit_page(struct job *job, struct visit *visit, int status, str template,
                               const struct page_object *page);
/* The person's own language, unless the address said another. */
void visit_language(struct visit *visit, str code);
/* Answers with a link that does not work (W4): forged, of another kind, too old, of nobody.  Costs no more than that. */
must_check enum err visit_no_link(struct job *job, struct visit *visit);
/* The visitor's address, behind a proxy the one that the proxy names.  16 octets; IPv4 mapped. */
void visit_peer(const struct visit *visit, uint8_t ret[16]);
/* An absolute address on these pages, for mails: the setting public_origin and the path; http://localhost without it. */
str visit_origin(const struct registry *registry);
/* Headers of every answer (W1). */
void visit_headers(struct response *response);
/* The page for an error; anything written before is forgotten. */
void visit_error(struct job *job, struct visit *visit, enum err err);
/* For what never reaches a handler: in all languages, without the company. */
void visit_refused(struct job *job, enum err err, struct response *response);

/* --- addresses ----------------------------------------------------------------------------------- */

/* As api/route.h: HEAD goes as GET.  NULL: none has the method; *ret_path is then one that has the path. */
const struct route *public_route_find(enum method method, str path, str *ret_param, const struct route **ret_path);
str public_route_allow(struct arena *arena, const struct route *of);

#define PAGE(method, path, name, flags) visit_handler public_##name;
#include "public/routes.def"
#undef PAGE

#endif
