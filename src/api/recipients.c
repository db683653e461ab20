/* api/recipients.c -- the register of recipients, and what was disclosed to them about a person. */
#include "api/call.h"
#include "api/outbox.h"
#include "base/limits.h"
#include "vault/outbox.h"

/* --- the register ----------------------------------------------------------------------------- */

static void
recipient_write(struct json_out *out, const struct recipient *recipient)
{
	json_open(out, '{');
	json_pair_str(out, S("name"), recipient->name);
	json_pair_str(out, S("title"), recipient->title);
	json_pair_str(out, S("role"), recipient->role);
	json_pair_str(out, S("contact"), recipient->contact);
	json_name(out, S("webhook"));
	if (recipient->url.len)
		json_put_str(out, recipient->url);
	else
		json_put_null(out);
	json_pair_str(out, S("state"), words_name(WORDS_RECIPIENT_STATE, recipient->state));
	json_pair_time(out, S("older_secret_until"), recipient->old_until_at);
	json_pair_time(out, S("updated_at"), recipient->updated_at);
}

static enum err
recipient_answer(struct job *job, struct call *call, int status, str secret)
{
	struct recipient recipient;
	struct json_out *out;

	TRY(recipient_get(job, call->param[0], &recipient));
	out = answer_json(call, status);
	recipient_write(out, &recipient);
	if (secret.len)
		json_pair_str(out, S("secret"), secret);
	json_close(out, '}');
	return OK;
}

/* One line of text. */
static enum err
line_read(struct job *job, struct json body, const char *name, size_t max, str *ret)
{
	TRY(json_need_str(job, body, name, max, ret));
	*ret = str_trim(*ret);
	if (!ret->len || !str_printable(*ret) || memchr(ret->ptr, '\n', ret->len))
		return json_fail(job, ERR_INVALID, json_member(job, body, name), "must be one line of text");
	return OK;
}

static enum err
recipient_read(struct job *job, struct call *call, struct recipient *ret)
{
	*ret = (struct recipient){ .name = call->param[0] };
	if (!name_valid(ret->name))
		return fail(job, ERR_INVALID, "a name is a-z, then a-z 0-9 _ -, at most 64 characters");
	TRY(line_read(job, call->body, "title", 200, &ret->title));
	TRY(line_read(job, call->body, "role", 64, &ret->role));
	TRY(line_read(job, call->body, "contact", 2000, &ret->contact));
	return json_str(job, call->body, "webhook", LIMIT_URL_BYTES, &ret->url, NULL);
}

enum err
on_recipient_put(struct job *job, struct call *call)
{
	struct recipient recipient;
	bool created;
	str secret;

	TRY(recipient_read(job, call, &recipient));
	TRY(recipient_put(job, call->vault, &recipient, &created, &secret));
	return recipient_answer(job, call, created ? 201 : 200, secret);
}

enum err
on_recipient_get(struct job *job, struct call *call)
{
	return recipient_answer(job, call, 200, S(""));
}

enum err
on_recipient_secret_post(struct job *job, struct call *call)
{
	str secret;

	TRY(recipient_secret_new(job, call->vault, call->param[0], &secret));
	return recipient_answer(job, call, 200, secret);
}

enum err
on_recipients_get(struct job *job, struct call *call)
{
	struct recipient *list;
	struct json_out *out;
	struct page page;
	size_t count;

	TRY(call_page(job, call, &page));
	TRY(recipient_list(job, page.after, (size_t)page.limit, &list, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("recipients"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		recipient_write(out, &list[i]);
		json_close(out, '}');
	}
	json_close(out, ']');
	answer_next(out, count == (size_t)page.limit, count ? list[count - 1].no : 0);
	json_close(out, '}');
	return OK;
}

/* --- recording what was disclosed -------------------------------------------------------------- */

static enum err
recipient_named(struct job *job, struct json body, struct recipient *ret)
{
	enum err err;
	str name;

	TRY(json_need_str(job, body, "recipient", 2000, &name));
	err = recipient_find(job, name, ret);
	if (err != ERR_ABSENT)
		return err;
	job_forgive(job);
	return json_fail(job, ERR_INVALID, json_member(job, body, "recipient"),
	                 "is not in the register; put it there first");
}

static enum err
fields_read(struct job *job, const struct registry *registry, struct json body,
            struct disclosure_new *ret)
{
	bool wanted[LIMIT_FIELDS + 1] = { 0 };
	struct json list;
	uint16_t *field;

	TRY(json_array(job, body, "fields", LIMIT_FIELDS, &list));
	if (!json_count(list))
		return json_fail(job, ERR_INVALID, json_member(job, body, "fields"), "names at least one field");
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		const struct field *of;
		str name;
		TRY(json_scalar(job, element, LIMIT_NAME_BYTES, &name));
		of = registry_field(registry, name);
		if (!of)
			return json_fail(job, ERR_INVALID, element, "no field has that name");
		wanted[of->no] = true;
	}
	ret->field = field = arena_array(&job->arena, json_count(list), sizeof(*field));
	for (uint16_t no = 1; no <= LIMIT_FIELDS; no++)
		if (wanted[no])
			field[ret->field_count++] = no;
	return OK;
}

static enum err
disclosure_read(struct job *job, struct call *call, struct json body, uid subject,
                struct disclosure_new *ret)
{
	bool there;

	*ret = (struct disclosure_new){ .subject = subject, .at = job->now };
	TRY(recipient_named(job, body, &ret->recipient));
	TRY(call_purpose(job, call, body, &ret->purpose, &there));
	if (!there)
		return json_fail(job, ERR_INVALID, json_member(job, body, "purpose"), "is required");
	TRY(fields_read(job, call->registry, body, ret));
	TRY(json_time(job, body, "at", &ret->at, NULL));
	if (ret->at > job->now)
		return json_fail(job, ERR_INVALID, json_member(job, body, "at"), "is in the future");
	TRY(json_str(job, body, "reference", REFERENCE_BYTES, &ret->reference, NULL));
	if (!str_printable(ret->reference) || memchr(ret->reference.ptr ? ret->reference.ptr : "", '\n', ret->reference.len))
		return json_fail(job, ERR_INVALID, json_member(job, body, "reference"), "must be one line of text");
	return OK;
}

static void
disclosure_made_write(struct call *call, int64_t seq)
{
	struct json_out *out = answer_json(call, 201);

	json_open(out, '{');
	if (seq)
		json_pair_i64(out, S("seq"), seq);
	json_close(out, '}');
}

enum err
on_disclosure_post(struct job *job, struct call *call)
{
	struct disclosure_new item;
	uid subject;

	TRY(call_id(job, call, &subject));
	TRY(call_registry(job, call));
	TRY(disclosure_read(job, call, call->body, subject, &item));
	TRY(disclosures_record(job, call->vault, call->registry, &item, 1));
	if (item.err) {
		job->failure = item.failure;
		return item.err;
	}
	call->object = subject;
	disclosure_made_write(call, item.seq);
	return OK;
}

enum err
again_disclosure(struct job *job, struct call *call)
{
	disclosure_made_write(call, 0);
	return OK;
}

/* The place in the list, before the member. */
static void
failure_place(const struct failure *failure, size_t index, struct failure *ret)
{
	*ret = *failure;
	snprintf(ret->where, sizeof(ret->where), "/disclosures/%zu%.120s", index, failure->where);
}

static enum err
disclosures_read_all(struct job *job, struct call *call, struct json list, struct disclosure_new *item)
{
	for (size_t i = 0; i < json_count(list); i++) {
		struct json element = json_element(job, list, i);
		bool there;
		uid subject;

		TRY(schema_check(job, SCHEMA_DISCLOSURE_OF, element));
		TRY(json_uid(job, element, "subject", &subject, &there));
		if (!there)
			return json_fail(job, ERR_INVALID, json_member(job, element, "subject"), "is required");
		TRY(disclosure_read(job, call, element, subject, &item[i]));
	}
	return OK;
}

enum err
on_disclosures_post(struct job *job, struct call *call)
{
	struct disclosure_new *item;
	struct json_out *out;
	struct json list;
	size_t count;

	TRY(call_registry(job, call));
	TRY(json_array(job, call->body, "disclosures", LIMIT_DISCLOSURES_CALL, &list));
	count = json_count(list);
	item = arena_array(&job->arena, count + 1, sizeof(*item));
	TRY(disclosures_read_all(job, call, list, item));
	TRY(disclosures_record(job, call->vault, call->registry, item, count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("disclosures"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		struct failure failure;
		json_open(out, '{');
		if (item[i].err) {
			failure_place(&item[i].failure, i, &failure);
			json_name(out, S("problem"));
			problem_write(out, &failure);
		} else {
			json_pair_i64(out, S("seq"), item[i].seq);
		}
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

/* --- for the person: who was told what, and what became of the notices ------------------------- */

struct names {
	int64_t no;
	struct recipient recipient;
};

/* The register is short; each recipient is read once. */
static enum err
recipient_of(struct job *job, struct names *known, size_t *count, int64_t no,
             const struct recipient **ret)
{
	for (size_t i = 0; i < *count; i++)
		if (known[i].no == no) {
			*ret = &known[i].recipient;
			return OK;
		}
	TRY(recipient_get_no(job, job->db, no, &known[*count].recipient));
	known[*count].no = no;
	*ret = &known[(*count)++].recipient;
	return OK;
}

static void
field_names(struct json_out *out, const struct registry *registry, bytes fields)
{
	uint16_t no;

	json_name(out, S("fields"));
	json_open(out, '[');
	while (eat_le16(&fields, &no)) {
		const struct field *field = registry_field_no(registry, no);
		if (field)
			json_put_str(out, field->name);
	}
	json_close(out, ']');
}

static enum err
disclosure_write(struct job *job, struct call *call, struct names *known, size_t *known_count,
                 const struct disclosure *disclosure)
{
	const struct purpose *purpose = registry_purpose_no(call->registry, disclosure->purpose);
	struct json_out *out = &call->out;
	const struct recipient *recipient;

	TRY(recipient_of(job, known, known_count, disclosure->recipient, &recipient));
	json_open(out, '{');
	json_pair_i64(out, S("seq"), disclosure->seq);
	json_pair_str(out, S("recipient"), recipient->name);
	json_pair_str(out, S("title"), recipient->title);
	json_pair_str(out, S("role"), recipient->role);
	json_pair_str(out, S("contact"), recipient->contact);
	json_pair_str(out, S("purpose"), purpose ? purpose->name : S(""));
	field_names(out, call->registry, disclosure->fields);
	json_pair_time(out, S("at"), disclosure->at);
	json_pair_time(out, S("recorded_at"), disclosure->recorded_at);
	json_name(out, S("reference"));
	if (disclosure->reference.len)
		json_put_str(out, disclosure->reference);
	else
		json_put_null(out);
	json_close(out, '}');
	return OK;
}

static enum err
notices_write(struct job *job, struct call *call, int64_t subject)
{
	struct outbox_row *row;
	size_t count;

	TRY(outbox_of(job, subject, &row, &count));
	json_name(&call->out, S("notices"));
	json_open(&call->out, '[');
	for (size_t i = 0; i < count; i++)
		outbox_row_write(&call->out, call->registry, &row[i]);
	json_close(&call->out, ']');
	return OK;
}

enum err
on_disclosures_get(struct job *job, struct call *call)
{
	struct names *known = arena_array(&job->arena, LIMIT_RECIPIENTS_KNOWN + 1, sizeof(*known));
	size_t count, known_count = 0;
	struct disclosure *list;
	struct subject subject;
	struct page page;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(call_page(job, call, &page));
	TRY(call_registry(job, call));
	TRY(call_may(job, call, 0)); /* all that was told, whatever for */
	TRY(disclosures_of(job, call->vault, id, page.after, (size_t)page.limit, &subject, &list, &count));
	answer_json(call, 200);
	json_open(&call->out, '{');
	json_name(&call->out, S("disclosures"));
	json_open(&call->out, '[');
	for (size_t i = 0; i < count; i++)
		TRY(disclosure_write(job, call, known, &known_count, &list[i]));
	json_close(&call->out, ']');
	TRY(notices_write(job, call, subject.no));
	answer_next(&call->out, count == (size_t)page.limit, count ? list[count - 1].seq : 0);
	json_close(&call->out, '}');
	return OK;
}
