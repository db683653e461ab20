/* signup/form.c -- reading, checking and keeping definitions; contract and O1-O5: form.h. */
#include "signup/form.h"

#include "audit/entry.h"

/* --- reading ---------------------------------------------------------------------------------- */

/* Everything that a definition is read into, and where. */
struct reading {
	struct job *job;
	const struct registry *registry;
	struct signup_form *form;
};

static enum err
languages_read(struct reading *reading, struct json definition)
{
	struct job *job = reading->job;
	struct json list;
	str *language;

	TRY(json_array(job, definition, "languages", LIMIT_LANGUAGES, &list));
	language = arena_array(&job->arena, json_count(list) + 1, sizeof(*language));
	for (size_t i = 0; i < json_count(list); i++) {
		TRY(json_scalar(job, json_element(job, list, i), 8, &language[i]));
		if (language[i].len < 2 || language[i].len > 3 || !name_valid(language[i]))
			return json_fail(job, ERR_INVALID, json_element(job, list, i),
			                 "a language is its two or three letter code, as sv or en");
		for (size_t before = 0; before < i; before++)
			if (str_eq(language[before], language[i]))
				return json_fail(job, ERR_INVALID, json_element(job, list, i), "is named twice");
	}
	if (!json_count(list))
		return fail_at(job, ERR_INVALID, S("/languages"), "name at least one");
	reading->form->language = language;
	reading->form->language_count = json_count(list);
	return OK;
}

/* O3: a text in each language of the form. */
static enum err
texts_read(struct reading *reading, struct json object, const char *name, const struct form_text **ret)
{
	struct job *job = reading->job;
	const struct signup_form *form = reading->form;
	struct json texts = json_member(job, object, name);
	struct form_text *text;

	*ret = NULL;
	if (json_kind(texts) == JSON_ABSENT || json_kind(texts) == JSON_NULL)
		return OK;
	if (json_kind(texts) != JSON_OBJECT || json_count(texts) != form->language_count)
		return json_fail(job, ERR_INVALID, texts, "has a text in each language of the form, and no other");
	text = arena_array(&job->arena, form->language_count, sizeof(*text));
	for (size_t i = 0; i < form->language_count; i++) {
		struct json one = json_member(job, texts, arena_c(&job->arena, form->language[i]));
		text[i].language = form->language[i];
		if (json_kind(one) != JSON_STRING)
			return json_fail(job, ERR_INVALID, texts, "has a text in each language of the form, and no other");
		TRY(json_scalar(job, one, LIMIT_SIGNUP_TEXT_BYTES, &text[i].text));
		if (!str_trim(text[i].text).len || !str_printable(text[i].text))
			return json_fail(job, ERR_INVALID, texts, "a text is empty or has control characters");
	}
	*ret = text;
	return OK;
}

static enum err
control_channels(struct job *job, struct json object, const struct purpose_version *version, uint32_t *ret)
{
	enum channel channel;
	struct json list;
	str name;

	TRY(json_array(job, object, "channels", CHANNEL_COUNT, &list));
	*ret = json_count(list) ? 0 : version->channels;
	for (size_t i = 0; i < json_count(list); i++) {
		TRY(json_scalar(job, json_element(job, list, i), LIMIT_NAME_BYTES, &name));
		if (!channel_find(name, &channel) || !(version->channels & CHANNEL_BIT(channel)))
			return json_fail(job, ERR_INVALID, json_element(job, list, i), "the purpose does not use that channel");
		*ret |= CHANNEL_BIT(channel);
	}
	return OK;
}

/*= gdpr 7(4)
 *# Whether consent is freely given takes account of whether a contract is made conditional on it. */
static enum err
control_check(struct reading *reading, struct json object, const struct form_control *control)
{
	const struct purpose_version *version = control->purpose->active;
	struct job *job = reading->job;
	const uint32_t unproven = ~(CHANNEL_BIT(CHANNEL_EMAIL) | CHANNEL_BIT(CHANNEL_NONE));

	if (version->basis != BASIS_CONSENT)
		return json_fail(job, ERR_INVALID, json_member(job, object, "purpose"),
		                 "rests on another ground than consent: a form does not couple consent to it (Article 7(4))");
	if (version->explicit_basis)
		return json_fail(job, ERR_INVALID, json_member(job, object, "purpose"),
		                 "is for special categories (Article 9): explicit consent is not taken by a form on a site");
	if (version->double_opt_in && control->channels & unproven)
		return json_fail(job, ERR_INVALID, json_member(job, object, "channels"),
		                 "a mail confirms no telephone number and no postal address; the purpose wants it confirmed");
	for (size_t i = 0; i < reading->form->language_count; i++) {
		bool there = false;
		for (size_t n = 0; n < version->notice_count; n++)
			there |= str_eq(version->notice[n].language, reading->form->language[i]);
		if (!there)
			return json_fail(job, ERR_INVALID, json_member(job, object, "purpose"),
			                 "has no notice in a language of the form");
	}
	return OK;
}

static enum err
control_read(struct reading *reading, struct json object, struct form_control *ret)
{
	static const char *const members[] = { "purpose", "channels", "label", NULL };
	struct job *job = reading->job;
	str name;

	TRY(json_object(job, object, members));
	TRY(json_need_str(job, object, "purpose", LIMIT_NAME_BYTES, &name));
	ret->purpose = registry_purpose(reading->registry, name);
	if (!ret->purpose || !ret->purpose->version_count)
		return json_fail(job, ERR_INVALID, json_member(job, object, "purpose"), "no purpose has that name");
	if (!ret->purpose->active) {
		/* It was in force when the form was put: the form is closed until it is again. */
		if (reading->form->no) {
			ret->channels = 0;
			reading->form->open = false;
			return OK;
		}
		return json_fail(job, ERR_INVALID, json_member(job, object, "purpose"), "is not in force");
	}
	TRY(control_channels(job, object, ret->purpose->active, &ret->channels));
	TRY(texts_read(reading, object, "label", &ret->label));
	return control_check(reading, object, ret);
}

static enum err
controls_read(struct reading *reading, struct json definition)
{
	struct job *job = reading->job;
	struct form_control *control;
	struct json list;
	size_t count;

	TRY(json_array(job, definition, "controls", LIMIT_SIGNUP_CONTROLS, &list));
	count = json_count(list);
	control = arena_array(&job->arena, count + 1, sizeof(*control));
	for (size_t i = 0; i < count; i++) {
		TRY(control_read(reading, json_element(job, list, i), &control[i]));
		for (size_t before = 0; before < i; before++)
			if (control[before].purpose == control[i].purpose &&
			    (control[before].channels & control[i].channels || !control[i].channels))
				return json_fail(job, ERR_INVALID, json_element(job, list, i),
				                 "the same purpose and channel has a box already");
	}
	if (!count)
		return fail_at(job, ERR_INVALID, S("/controls"), "name at least one purpose");
	reading->form->control = control;
	reading->form->control_count = count;
	return OK;
}

/* How many controls have the field. */
static size_t
covering(const struct signup_form *form, uint16_t field)
{
	size_t count = 0;

	for (size_t i = 0; i < form->control_count; i++) {
		const struct purpose *purpose = form->control[i].purpose;
		count += version_has_field(purpose->active ? purpose->active : &purpose->version[purpose->version_count - 1],
		                           field);
	}
	return count;
}

/*= gdpr 5(1)(c)
 *# Personal data shall be adequate, relevant and limited to what is necessary for the purposes. */
static enum err
input_read(struct reading *reading, struct json object, struct form_input *ret)
{
	static const char *const members[] = { "field", "required", NULL };
	struct job *job = reading->job;
	size_t covered;
	str name;

	TRY(json_object(job, object, members));
	TRY(json_need_str(job, object, "field", LIMIT_NAME_BYTES, &name));
	TRY(json_bool(job, object, "required", &ret->required, NULL));
	ret->field = registry_field(reading->registry, name);
	if (!ret->field)
		return json_fail(job, ERR_INVALID, json_member(job, object, "field"), "no field of that name");
	if (ret->field->sensitivity == SENSITIVITY_SPECIAL || ret->field->type == TYPE_PERSONNUMMER)
		return json_fail(job, ERR_INVALID, json_member(job, object, "field"),
		                 "special categories and personnummer are not asked for on a form for everybody");
	covered = covering(reading->form, ret->field->no);
	if (!covered)
		return json_fail(job, ERR_INVALID, json_member(job, object, "field"), "no purpose of the form covers it");
	if (covered < reading->form->control_count && (ret->required || ret->field->address == ADDRESS_EMAIL))
		return json_fail(job, ERR_INVALID, json_member(job, object, "field"),
		                 "what the form insists on is covered by each of its purposes");
	return OK;
}

static enum err
inputs_read(struct reading *reading, struct json definition)
{
	struct job *job = reading->job;
	struct form_input *input;
	struct json list;
	bool mail = false;

	TRY(json_array(job, definition, "fields", LIMIT_SIGNUP_INPUTS, &list));
	input = arena_array(&job->arena, json_count(list) + 1, sizeof(*input));
	for (size_t i = 0; i < json_count(list); i++) {
		TRY(input_read(reading, json_element(job, list, i), &input[i]));
		for (size_t before = 0; before < i; before++)
			if (input[before].field == input[i].field)
				return json_fail(job, ERR_INVALID, json_element(job, list, i), "is named twice");
		if (input[i].field == registry_address(reading->registry, ADDRESS_EMAIL, 0))
			mail = input[i].required = true;
		if (mail && input[i].field->address == ADDRESS_EMAIL && input[i].field->lookup == LOOKUP_NONE)
			return json_fail(job, ERR_INVALID, json_element(job, list, i),
			                 "the address has to be searchable: by it somebody is known again");
	}
	if (!mail)
		return fail_at(job, ERR_INVALID, S("/fields"), "the e-mail address is needed: by it the sign-up is confirmed");
	reading->form->input = input;
	reading->form->input_count = json_count(list);
	return OK;
}

/* scheme://host[:port], as browsers write it: https, or http on this machine for trying things out. */
static bool
origin_valid(str origin)
{
	str host = origin, here;

	if (!eat_str(&host, S("https://"))) {
		here = host;
		if (!eat_str(&here, S("http://")))
			return false;
		host = here;
		if ((!eat_str(&here, S("localhost")) && !eat_str(&here, S("127.0.0.1"))) || (here.len && here.ptr[0] != ':'))
			return false;
	}
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':'))
			return false;
	}
	return host.len > 0;
}

static enum err
origins_read(struct reading *reading, struct json definition)
{
	struct job *job = reading->job;
	struct json list;
	str *origin;

	TRY(json_array(job, definition, "origins", LIMIT_SIGNUP_ORIGINS, &list));
	origin = arena_array(&job->arena, json_count(list) + 1, sizeof(*origin));
	for (size_t i = 0; i < json_count(list); i++) {
		TRY(json_scalar(job, json_element(job, list, i), 255, &origin[i]));
		if (!origin_valid(origin[i]))
			return json_fail(job, ERR_INVALID, json_element(job, list, i),
			                 "is not an origin such as https://shop.example, without a path");
	}
	reading->form->origin = origin;
	reading->form->origin_count = json_count(list);
	return OK;
}

static enum err
form_read(struct job *job, const struct registry *registry, struct json definition, struct signup_form *form)
{
	static const char *const members[] = { "title", "intro", "thanks", "languages", "controls", "fields", "origins", NULL };
	struct reading reading = { job, registry, form };

	TRY(json_object(job, definition, members));
	TRY(languages_read(&reading, definition));
	TRY(texts_read(&reading, definition, "title", &form->title));
	if (!form->title)
		return fail_at(job, ERR_INVALID, S("/title"), "is required: an object of texts by language");
	TRY(texts_read(&reading, definition, "intro", &form->intro));
	TRY(texts_read(&reading, definition, "thanks", &form->thanks));
	TRY(controls_read(&reading, definition));
	TRY(inputs_read(&reading, definition));
	return origins_read(&reading, definition);
}

/* What is stored was put once.  What became impossible since, by a change of a purpose, closes the form. */
static enum err
form_row(struct job *job, const struct registry *registry, const struct rows *rows, struct signup_form *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	enum err err;

	*ret = (struct signup_form){
		.no = rows_i64(rows, 0),
		.name = arena_str(&job->arena, rows_text(rows, 1)),
		.version = rows_i64(rows, 2),
		.state = (enum form_state)rows_i64(rows, 3),
		.definition = arena_str(&job->arena, rows_text(rows, 4)),
		.made_at = rows_time(rows, 5),
	};
	ret->open = ret->state == FORM_IN_USE;
	TRY(json_parse(job, ret->definition, &document, &root));
	err = form_read(job, registry, root, ret);
	if (err != ERR_INVALID)
		return err;
	job_forgive(job);
	ret->open = false;
	return OK;
}

static enum err
form_query(struct job *job, const struct registry *registry, enum sql sql, struct sql_arg key, struct signup_form *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, sql, &key, 1, &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "there is no such form");
	return form_row(job, registry, &rows, ret);
}

enum err
form_get(struct job *job, const struct registry *registry, str name, struct signup_form *ret)
{
	return form_query(job, registry, SQL_FORM_GET, sql_text(name), ret);
}

enum err
form_get_no(struct job *job, const struct registry *registry, int64_t no, struct signup_form *ret)
{
	return form_query(job, registry, SQL_FORM_GET_NO, sql_i64(no), ret);
}

enum err
form_list(struct job *job, const struct registry *registry, int64_t after_no, size_t max, struct signup_form **ret,
          size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct signup_form *list = arena_array(&job->arena, max + 1, sizeof(*list));
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_FORM_AFTER, ARGS(sql_i64(after_no), sql_i64((int64_t)max)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		TRY(form_row(job, registry, &rows, &list[count++]));
	}
	*ret = list;
	*ret_count = count;
	return OK;
}

str
form_language(const struct signup_form *form, str language)
{
	for (size_t i = 0; i < form->language_count; i++)
		if (str_eq(form->language[i], language))
			return form->language[i];
	return form->language_count ? form->language[0] : S("en");
}

str
form_text_in(const struct signup_form *form, const struct form_text *text, str language)
{
	for (size_t i = 0; text && i < form->language_count; i++)
		if (str_eq(text[i].language, language))
			return text[i].text;
	return text ? text[0].text : S("");
}

bool
form_origin_allowed(const struct signup_form *form, str origin)
{
	for (size_t i = 0; i < form->origin_count; i++)
		if (str_eq(form->origin[i], origin))
			return true;
	return false;
}

/* --- writing ---------------------------------------------------------------------------------- */

struct put_plan {
	str name, definition;
	bool created;
};

static enum err
form_entry(struct job *job, struct db *db, enum entry_act act, int64_t no, int64_t version)
{
	OWNED(buf_release) struct buf body = { .max = 32 };

	buf_le64(&body, (uint64_t)no);
	buf_le64(&body, (uint64_t)version);
	return entry_append(job, db, &(struct entry){ .act = act, .body = buf_bytes(&body) }, NULL);
}

static enum err
form_now(struct job *job, struct db *db, str name, bool *ret_there, int64_t *ret_no, int64_t *ret_version, bool *ret_in_use,
         str *ret_definition)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, db, SQL_FORM_GET, ARGS(sql_text(name)), &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (!*ret_there)
		return OK;
	*ret_no = rows_i64(&rows, 0);
	*ret_version = rows_i64(&rows, 2);
	*ret_in_use = rows_i64(&rows, 3) == FORM_IN_USE;
	*ret_definition = arena_str(&job->arena, rows_text(&rows, 4));
	return OK;
}

static enum err
room_for_one(struct job *job, struct db *db)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_FORM_COUNT, NO_ARGS, &rows));
	TRY(rows_next(job, &rows, &there));
	if (there && rows_i64(&rows, 0) >= LIMIT_FORMS)
		return fail(job, ERR_LIMIT, "limit_forms: there are as many forms as there may be");
	return OK;
}

/* Its number. */
static enum err
head_put(struct job *job, struct db *db, str name, int64_t version, int64_t *ret_no)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_FORM_PUT, ARGS(sql_text(name), sql_i64(version)), &rows));
	TRY(rows_next(job, &rows, &there));
	must(there);
	*ret_no = rows_i64(&rows, 0);
	return OK;
}

static enum err
put_steps(struct job *job, struct db *db, void *arg)
{
	struct put_plan *plan = arg;
	int64_t no = 0, version = 0;
	bool there, in_use = false;
	str before = S("");

	TRY(form_now(job, db, plan->name, &there, &no, &version, &in_use, &before));
	plan->created = !there;
	if (there && in_use && str_eq(before, plan->definition))
		return OK;
	if (!there)
		TRY(room_for_one(job, db));
	version += !there || !str_eq(before, plan->definition);
	TRY(head_put(job, db, plan->name, version, &no));
	TRY(db_run(job, db, SQL_FORM_VERSION_ADD,
	           ARGS(sql_i64(no), sql_i64(version), sql_text(plan->definition), sql_i64(job->now)), NULL));
	return form_entry(job, db, ENTRY_FORM_PUT, no, version);
}

enum err
form_put(struct job *job, struct vault *vault, str name, struct json definition, bool *ret_created)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct put_plan plan = { .name = name };
	struct signup_form form = { 0 };

	if (!name_valid(name))
		return fail_at(job, ERR_INVALID, S("/name"), "a name is a-z, then a-z 0-9 _ -, at most 64 characters");
	TRY(registry_hold(job, vault, &registry));
	TRY(form_read(job, registry, definition, &form));
	TRY(json_canonical(job, definition, LIMIT_BODY_BYTES, &plan.definition));
	TRY(store_write(job, vault->store, WRITE_ORDINARY, put_steps, &plan));
	*ret_created = plan.created;
	return OK;
}

static enum err
end_steps(struct job *job, struct db *db, void *arg)
{
	str *name = arg, definition;
	int64_t no = 0, version = 0;
	bool there, in_use = false;

	TRY(form_now(job, db, *name, &there, &no, &version, &in_use, &definition));
	if (!there)
		return fail(job, ERR_ABSENT, "there is no such form");
	if (!in_use)
		return OK;
	TRY(db_run(job, db, SQL_FORM_END, ARGS(sql_i64(no)), NULL));
	return form_entry(job, db, ENTRY_FORM_END, no, version);
}

enum err
form_end(struct job *job, struct vault *vault, str name)
{
	return store_write(job, vault->store, WRITE_ORDINARY, end_steps, &name);
}
