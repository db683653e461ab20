/* api/answer.h -- writing answers: JSON, pages, problems, and the headers that all of them carry. */
#ifndef API_ANSWER_H
#define API_ANSWER_H

#include "http/server.h"
#include "json/json.h"
#include "rights/package.h"

struct call;

/* The headers that every answer has. */
void answer_headers(struct response *response);

/* Begins a JSON body; what the handler writes goes through the result. */
struct json_out *answer_json(struct call *call, int status);
void answer_empty(struct call *call); /* 204 */
/* Another body: the handler appends to call->response->body. */
void answer_text(struct call *call, int status, str content_type);
/* A file to keep, in one of the formats of packages; the body is there already. */
void answer_file(struct job *job, struct call *call, enum package_format format, enum language language);
/* Of a page with the style of rights/page.h; `form`: it may post to its own address. */
void answer_page_headers(struct job *job, struct call *call, bool form);
/* Which language the caller's browser asks for. */
bool wants_swedish(const struct request *request);
/* A page of its own: no script, nothing from elsewhere. */
void answer_html(struct job *job, struct call *call, str language, str title, str content);
void answer_etag(struct job *job, struct call *call, int64_t version);
/* Location: prefix and the id. */
void answer_location(struct job *job, struct call *call, str prefix, uid id);
/* `next` of a page: null unless it was full. */
void answer_next(struct json_out *out, bool full, int64_t last);

/* The problem (RFC 9457) for the job's failure; anything written before is forgotten. */
void answer_problem(struct job *job, enum err err, struct response *response);
/* Its status and headers, without a body. */
void answer_problem_begin(struct job *job, enum err err, struct response *response);
/* The same below /scim/v2, in the form that RFC 7644 section 3.12 gives errors. */
void answer_scim_problem(struct job *job, enum err err, struct response *response);
bool is_scim(const struct request *request);
/* Type, title, status, and what of the failure may be told. */
void problem_write(struct json_out *out, const struct failure *failure);

#endif
