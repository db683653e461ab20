/* cli/request.c -- contract: request.h. */
#include "cli/request.h"

#include "base/limits.h"

void
request_begin(struct request_body *body)
{
	*body = (struct request_body){ 0 };
	buf_init(&body->text, LIMIT_BODY_BYTES);
	json_out_begin(&body->out, &body->text);
	json_open(&body->out, '{');
}

void
request_end(struct request_body *body)
{
	buf_release(&body->text);
}

str
request_text(struct request_body *body)
{
	json_close(&body->out, '}');
	return buf_str(&body->text);
}

void
request_option(struct request_body *body, const struct args *args, const char *option,
               const char *name)
{
	if (arg_given(args, option))
		json_pair_str(&body->out, str_from_c(name), arg_str(args, option));
}

void
request_flag(struct request_body *body, const struct args *args, const char *option,
             const char *name)
{
	if (arg_given(args, option))
		json_pair_bool(&body->out, str_from_c(name), true);
}

void
request_list(struct request_body *body, const struct args *args, const char *option,
             const char *name)
{
	str rest = arg_str(args, option), each;
	bool more = arg_given(args, option);

	if (!more)
		return;
	json_name(&body->out, str_from_c(name));
	json_open(&body->out, '[');
	while (more) {
		more = eat_until(&rest, ',', &each);
		json_put_str(&body->out, more ? each : rest);
	}
	json_close(&body->out, ']');
}
