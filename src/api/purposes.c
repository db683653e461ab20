/* api/purposes.c -- why data is processed, and the words that were shown. */
#include "api/call.h"

static void
put_hash(struct json_out *out, const uint8_t hash[32])
{
	OWNED(buf_release) struct buf text = { .max = 80 };

	buf_put(&text, S("sha256:"));
	buf_hex(&text, (bytes){ hash, 32 });
	json_put_str(out, buf_str(&text));
}

static void
active_write(struct json_out *out, const struct purpose *purpose)
{
	json_name(out, S("active"));
	if (purpose->active)
		json_put_i64(out, purpose->active->version);
	else
		json_put_null(out);
}

static void
version_write(struct json_out *out, const struct purpose_version *version)
{
	json_open(out, '{');
	json_pair_i64(out, S("version"), version->version);
	json_pair_str(out, S("state"), words_name(WORDS_VERSION_STATE, (int)version->state));
	json_pair_time(out, S("activated_at"), version->activated_at);
	json_name(out, S("notices"));
	json_open(out, '[');
	for (size_t i = 0; i < version->notice_count; i++) {
		json_open(out, '{');
		json_pair_str(out, S("language"), version->notice[i].language);
		json_name(out, S("hash"));
		put_hash(out, version->notice[i].hash);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_name(out, S("definition"));
	json_put_raw(out, version->definition);
	json_close(out, '}');
}

static enum err
purpose_answer(struct job *job, struct call *call, int status)
{
	const struct purpose *purpose;
	struct json_out *out;

	TRY(call_registry(job, call));
	purpose = registry_purpose(call->registry, call->param[0]);
	if (!purpose)
		return fail(job, ERR_ABSENT, "no purpose has that name");
	out = answer_json(call, status);
	json_open(out, '{');
	json_pair_str(out, S("name"), purpose->name);
	active_write(out, purpose);
	json_name(out, S("versions"));
	json_open(out, '[');
	for (size_t i = 0; i < purpose->version_count; i++)
		version_write(out, &purpose->version[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

static void
head_write(struct json_out *out, const struct purpose *purpose)
{
	const struct purpose_version *newest =
		purpose->version_count ? &purpose->version[purpose->version_count - 1] : NULL;

	json_open(out, '{');
	json_pair_str(out, S("name"), purpose->name);
	active_write(out, purpose);
	json_name(out, S("basis"));
	if (newest)
		json_put_str(out, basis_name(newest->basis));
	else
		json_put_null(out);
	json_pair_bool(out, S("marketing"), newest && newest->marketing);
	json_close(out, '}');
}

enum err
on_purposes_get(struct job *job, struct call *call)
{
	struct json_out *out;

	TRY(call_registry(job, call));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("purposes"));
	json_open(out, '[');
	for (size_t i = 0; i < call->registry->purpose_count; i++)
		head_write(out, &call->registry->purpose[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

enum err
on_purpose_get(struct job *job, struct call *call)
{
	return purpose_answer(job, call, 200);
}

enum err
on_purpose_put(struct job *job, struct call *call)
{
	bool created = false;
	uint32_t version;

	TRY(purpose_put(job, call->vault, call->param[0], call->body, &version, &created));
	return purpose_answer(job, call, created ? 201 : 200);
}

enum err
on_purpose_activate_post(struct job *job, struct call *call)
{
	uint32_t version;

	TRY(purpose_activate(job, call->vault, call->param[0], &version));
	return purpose_answer(job, call, 200);
}

enum err
on_purpose_end_post(struct job *job, struct call *call)
{
	TRY(purpose_end(job, call->vault, call->param[0]));
	return purpose_answer(job, call, 200);
}

/* Where words stand that were shown: drafts were shown to nobody. */
static const struct notice *
notice_find(const struct registry *registry, const uint8_t hash[32],
            const struct purpose **ret_purpose, const struct purpose_version **ret_version)
{
	for (size_t i = 0; i < registry->purpose_count; i++) {
		const struct purpose *purpose = &registry->purpose[i];
		for (size_t n = 0; n < purpose->version_count; n++) {
			const struct purpose_version *version = &purpose->version[n];
			const struct notice *notice = version_notice(version, hash);
			if (!notice || version->state == VERSION_DRAFT)
				continue;
			*ret_purpose = purpose;
			*ret_version = version;
			return notice;
		}
	}
	return NULL;
}

enum err
on_notice_get(struct job *job, struct call *call)
{
	const struct purpose_version *version;
	const struct purpose *purpose;
	const struct notice *notice;
	struct json_out *out;
	str digits = call->param[0];
	uint8_t hash[32];

	TRY(call_registry(job, call));
	(void)eat_str(&digits, S("sha256:")); /* as answers give it */
	if (!str_hex(digits, hash, sizeof(hash)))
		return fail(job, ERR_ABSENT, "a notice is found by 64 hexadecimal digits");
	notice = notice_find(call->registry, hash, &purpose, &version);
	if (!notice)
		return fail(job, ERR_ABSENT, "no notice has that hash");
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("hash"));
	put_hash(out, notice->hash);
	json_pair_str(out, S("purpose"), purpose->name);
	json_pair_i64(out, S("version"), version->version);
	json_pair_str(out, S("language"), notice->language);
	json_pair_str(out, S("text"), notice->text);
	json_close(out, '}');
	return OK;
}
