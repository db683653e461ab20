/* cli/request.h -- bodies of calls, written from options. */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include "cli/args.h"
#include "json/json.h"

/* The body in the making; begins as an open object. */
struct request_body {
	struct buf text;
	struct json_out out;
};

void request_begin(struct request_body *body);
void request_end(struct request_body *body); /* for OWNED */
str request_text(struct request_body *body); /* closes the object; borrowed */

/* The option's text under `name`; nothing when it is not given. */
void request_option(struct request_body *body, const struct args *args, const char *option,
                    const char *name);
/* true when the flag is given. */
void request_flag(struct request_body *body, const struct args *args, const char *option,
                  const char *name);
/* The parts between commas as an array; nothing when it is not given. */
void request_list(struct request_body *body, const struct args *args, const char *option,
                  const char *name);

#endif
