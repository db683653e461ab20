/* api/fields.c -- what can be held. */
#include "api/call.h"

static void
field_write(struct json_out *out, const struct field *field)
{
	json_open(out, '{');
	json_pair_str(out, S("name"), field->name);
	json_name(out, S("definition"));
	json_put_raw(out, field->definition);
	json_close(out, '}');
}

static enum err
field_answer(struct job *job, struct call *call, int status)
{
	const struct field *field;

	TRY(call_registry(job, call));
	field = registry_field(call->registry, call->param[0]);
	if (!field)
		return fail(job, ERR_ABSENT, "no field has that name");
	field_write(answer_json(call, status), field);
	return OK;
}

enum err
on_fields_get(struct job *job, struct call *call)
{
	struct json_out *out;

	TRY(call_registry(job, call));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("fields"));
	json_open(out, '[');
	for (size_t i = 0; i < call->registry->field_count; i++)
		field_write(out, &call->registry->field[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

enum err
on_field_get(struct job *job, struct call *call)
{
	return field_answer(job, call, 200);
}

enum err
on_field_put(struct job *job, struct call *call)
{
	bool created = false;

	TRY(field_put(job, call->vault, call->param[0], call->body, &created));
	return field_answer(job, call, created ? 201 : 200);
}
