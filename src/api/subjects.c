/* api/subjects.c -- persons: making, finding, reading, correcting. */
#include "api/acts.h"
#include "api/audit.h"
#include "base/limits.h"
#include "os/random.h"

/* --- values ----------------------------------------------------------------------------------- */

/* {name: scalar}; with `drops`, null takes the value away. */
static enum err
values_read(struct job *job, struct call *call, const struct registry *registry, struct json values,
            enum origin origin, bool drops, struct change *change)
{
	struct value_set *set;
	void *iterator = NULL;
	struct json value;
	str name, raw;

	if (json_kind(values) == JSON_ABSENT || json_kind(values) == JSON_NULL)
		return OK;
	if (json_kind(values) != JSON_OBJECT)
		return json_fail(job, ERR_INVALID, values,
		                 "must be an object of values by name of field");
	if (json_count(values) > LIMIT_VALUES)
		return json_fail(job, ERR_LIMIT, values,
		                 "limit_values: more values than a person may have");
	set = arena_array(&job->arena, json_count(values) + 1, sizeof(*set));
	change->value = set;
	change->value_count = 0;
	while (json_each(job, values, &iterator, &name, &value)) {
		const struct field *field = registry_field(registry, name);
		if (!field)
			return json_fail(job, ERR_INVALID, values, "has a name that is no field's");
		TRY(call_may_field(job, call, field));
		*set = (struct value_set){ .field = field, .origin = origin };
		if (!drops || json_kind(value) != JSON_NULL) {
			TRY(json_scalar(job, json_at_name(job, values, value, field->name),
			                LIMIT_VALUE_BYTES, &raw));
			TRY(value_read(job, field, raw, &set->text));
			if (!set->text.len)
				return json_fail(job, ERR_INVALID,
				                 json_at_name(job, values, value, field->name),
				                 "is empty");
		}
		set++;
		change->value_count++;
	}
	return OK;
}

static enum err
kind_and_flags_read(struct job *job, struct json body, struct change *change)
{
	int kind = KIND_NATURAL;

	TRY(body_word(job, body, "kind", WORDS_KIND, &kind, &change->set_kind));
	TRY(body_mask(job, body, "flags", WORDS_FLAG, false, &change->flags, &change->set_flags));
	change->kind = (enum subject_kind)kind;
	return OK;
}

/* --- making ----------------------------------------------------------------------------------- */

static enum err
ground_read(struct job *job, struct call *call, struct json body, struct act_new *act)
{
	const struct purpose *purpose = NULL;
	bool there, said;
	int word = 0;

	TRY(schema_check(job, SCHEMA_GROUND_NEW, body));
	TRY(call_purpose(job, call, body, &purpose, &there));
	if (!there)
		return json_fail(job, ERR_INVALID, json_member(job, body, "purpose"),
		                 "is required");
	if (!purpose->active)
		return json_fail(job, ERR_PURPOSE_INACTIVE, json_member(job, body, "purpose"),
		                 "the purpose has no version in force");
	TRY(body_word(job, body, "act", WORDS_GROUND_FIRST_ACT, &word, &said));
	act->act = said ? (enum act)word : ACT_NONE; /* act_about() knows what is usual */
	return act_about(job, call->registry, purpose, body, act);
}

static enum err
grounds_read(struct job *job, struct call *call, struct change *change)
{
	struct json list;

	TRY(json_array(job, call->body, "grounds", LIMIT_GROUNDS, &list));
	change->act_count = json_count(list);
	change->act = arena_array(&job->arena, change->act_count + 1, sizeof(*change->act));
	for (size_t i = 0; i < change->act_count; i++)
		TRY(ground_read(job, call, json_element(job, list, i), &change->act[i]));
	return OK;
}

/*= gdpr 14(3)(a)
 *# The controller shall provide the information within a reasonable period after obtaining the
 *# personal data, but at the latest within one month. */
static enum err
tell_by_read(struct job *job, struct json body, enum origin origin, struct change *change)
{
	time_us latest = time_add(job->now, (struct duration){ .months = 1 });

	change->tell_by_at = latest;
	TRY(json_time(job, body, "tell_by", &change->tell_by_at, &change->set_tell_by));
	if (change->tell_by_at > latest)
		return json_fail(job, ERR_INVALID, json_member(job, body, "tell_by"),
		                 "is later than a month from now");
	change->set_tell_by |= origin == ORIGIN_OBTAINED;
	return OK;
}

static enum err
subject_new_read(struct job *job, struct call *call, struct change *change)
{
	struct json body = call->body;
	int origin = ORIGIN_PROVIDED;

	TRY(call_registry(job, call));
	*change = (struct change){ .registry = call->registry, .entry = ENTRY_SUBJECT_CREATE };
	TRY(kind_and_flags_read(job, body, change));
	TRY(body_word(job, body, "origin", WORDS_ORIGIN, &origin, NULL));
	TRY(tell_by_read(job, body, (enum origin)origin, change));
	TRY(grounds_read(job, call, change));
	TRY(values_read(job, call, call->registry, json_member(job, body, "values"),
	                (enum origin)origin, false, change));
	call->object = change->subject.id = os_uid();
	if (call->idempotency.given) {
		change->extra = idempotency_put;
		change->extra_ctx = &call->idempotency;
	}
	return OK;
}

enum err
on_subject_post(struct job *job, struct call *call)
{
	struct change_result result;
	struct change change;

	TRY(subject_new_read(job, call, &change));
	TRY(change_commit(job, call->vault, &change, &result));
	change_answer(job, call, 201, &result);
	answer_location(job, call, S("/v1/subjects/"), result.id);
	return OK;
}

enum err
again_subject(struct job *job, struct call *call)
{
	struct subject subject;

	TRY(subject_get(job, call->vault, call->object, &subject));
	change_answer(job, call, 201,
	              &(struct change_result){ .id = subject.id, .version = subject.version });
	answer_location(job, call, S("/v1/subjects/"), subject.id);
	return OK;
}

/* --- finding ---------------------------------------------------------------------------------- */

static enum err
search_read(struct job *job, struct call *call, const struct field **ret_field, str *ret_raw)
{
	TRY(call_registry(job, call));
	TRY(body_field(job, call->registry, call->body, "field", ret_field));
	if ((*ret_field)->lookup == LOOKUP_NONE)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "field"),
		                 "cannot be searched");
	TRY(call_may_field(job, call, *ret_field));
	return json_need_str(job, call->body, "value", LIMIT_VALUE_BYTES, ret_raw);
}

static void
search_write(struct call *call, const uid *id, size_t count)
{
	struct json_out *out = answer_json(call, 200);

	json_open(out, '{');
	json_name(out, S("subjects"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		json_put_uid(out, id[i]);
	json_close(out, ']');
	json_close(out, '}');
}

enum err
on_subject_search_post(struct job *job, struct call *call)
{
	const struct field *field;
	uid id[LIMIT_HOLDERS];
	size_t count;
	str raw;

	TRY(search_read(job, call, &field, &raw));
	TRY(subject_search(job, call->vault, field, raw, id, &count));
	search_write(call, id, count);
	return OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* NULL: the built-in purpose `rights`, which keys do not have. */
static enum err
read_purpose(struct job *job, struct call *call, const struct purpose **ret)
{
	bool there;
	str name;

	TRY(call_header(job, call, S("Valv-Purpose"), &name, &there));
	if (!there)
		return fail(job, ERR_HEADER,
		            "Valv-Purpose names the purpose of this reading; it is needed");
	*ret = NULL;
	if (str_eq(name, S("rights"))) {
		if (job->actor.kind != ACTOR_OPERATOR)
			return fail(job, ERR_PURPOSE_DENIED, "the purpose rights is for operators");
		return OK;
	}
	*ret = registry_purpose(call->registry, name);
	if (!*ret)
		return fail(job, ERR_HEADER, "Valv-Purpose names no purpose");
	return call_may(job, call, (*ret)->no);
}

static void
values_write(struct json_out *out, const struct registry *registry, const struct value *value,
             size_t count)
{
	json_name(out, S("values"));
	json_open(out, '{');
	for (size_t i = 0; i < count; i++) {
		const struct field *field = registry_field_no(registry, value[i].field);
		if (!field)
			continue;
		json_name(out, field->name);
		json_open(out, '{');
		json_pair_str(out, S("value"), value[i].text);
		if (value[i].masked)
			json_pair_bool(out, S("masked"), true);
		json_pair_str(out, S("origin"), origin_name(value[i].origin));
		json_pair_time(out, S("stored_at"), value[i].stored_at);
		if (value[i].statement.len)
			json_pair_str(out, S("statement"), value[i].statement);
		json_close(out, '}');
	}
	json_close(out, '}');
}

static void
ground_write(struct json_out *out, const struct registry *registry, const struct ground *ground,
             time_us now)
{
	bool over = ground->state != GROUND_OVER && ground->until_at <= now;

	json_open(out, '{');
	purpose_pair(out, registry, ground->purpose);
	json_pair_i64(out, S("version"), ground->version);
	json_pair_str(out, S("basis"), basis_name(ground->basis));
	json_pair_str(out, S("state"),
	              words_name(WORDS_GROUND_STATE, over ? GROUND_OVER : (int)ground->state));
	json_pair_time(out, S("since"), ground->since_at);
	json_pair_time(out, S("until"), ground->until_at);
	json_pair_i64(out, S("seq"), ground->seq);
	json_close(out, '}');
}

static void
flags_write(struct json_out *out, uint32_t flags)
{
	const struct word_list *list = words_list(WORDS_FLAG);

	json_name(out, S("flags"));
	json_open(out, '[');
	for (size_t i = 0; i < list->count; i++)
		if (flags & (uint32_t)list->word[i].no)
			json_put_str(out, list->word[i].name);
	json_close(out, ']');
}

/* Fields that may not be used now and are left out for that (Article 18), where it is not all of them. */
static void
restricted_fields_write(struct json_out *out, const struct registry *registry,
                        const struct standing *standing)
{
	if (standing->restricted || !standing->restriction_count)
		return;
	json_name(out, S("restricted_fields"));
	json_open(out, '[');
	for (size_t i = 0; i < registry->field_count; i++)
		if (standing_restricts(standing, registry->field[i].no))
			json_put_str(out, registry->field[i].name);
	json_close(out, ']');
}

void
subject_write(struct job *job, struct call *call, const struct purpose *purpose,
              const struct subject *subject, const struct value *value, size_t count)
{
	const struct registry *registry = call->registry;
	struct json_out *out = answer_json(call, 200);

	answer_etag(job, call, subject->version);
	json_open(out, '{');
	json_pair_uid(out, S("id"), subject->id);
	json_pair_str(out, S("kind"), kind_name(subject->kind));
	flags_write(out, subject->flags);
	json_pair_i64(out, S("version"), subject->version);
	json_pair_str(out, S("purpose"), purpose ? purpose->name : S("rights"));
	json_pair_bool(out, S("restricted"), subject->standing.restricted);
	restricted_fields_write(out, registry, &subject->standing);
	values_write(out, registry, value, count);
	json_name(out, S("grounds"));
	json_open(out, '[');
	for (size_t i = 0; i < subject->standing.ground_count; i++)
		if (!purpose || subject->standing.ground[i].purpose == purpose->no)
			ground_write(out, registry, &subject->standing.ground[i], job->now);
	json_close(out, ']');
	json_close(out, '}');
}

enum err
on_subject_get(struct job *job, struct call *call)
{
	const struct purpose *purpose = NULL;
	struct subject subject;
	struct value *value;
	size_t count;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(call_registry(job, call));
	TRY(read_purpose(job, call, &purpose));
	TRY(subject_look(job, call->vault, id, purpose, &(struct viewer){ .who = &call->principal }, &subject, &value,
	                 &count));
	subject_write(job, call, purpose, &subject, value, count);
	return OK;
}

/* --- revealing -------------------------------------------------------------------------------- */

/* Why, as the entry has it: a word for everybody, and the number of a case under the log's key. */
static enum err
reveal_why(struct job *job, struct call *call, bytes *ret)
{
	OWNED(buf_release) struct buf why = { .max = 256 };
	OWNED(buf_release) struct buf sealed = { .max = 128 };
	str reference = S("");
	int reason = 0;

	TRY(body_need_word(job, call->body, "reason", WORDS_REVEAL_REASON, &reason));
	TRY(json_str(job, call->body, "reference", 40, &reference, NULL));
	if (!str_printable(reference))
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "reference"), "must be one line of text");
	seal(call->vault->access.seal_key, str_bytes(S("valv reveal 1")), str_bytes(reference), &sealed);
	buf_u8(&why, (uint8_t)reason);
	buf_le16(&why, (uint16_t)sealed.len);
	buf_data(&why, buf_bytes(&sealed));
	must(buf_ok(&why));
	*ret = arena_bytes(&job->arena, buf_bytes(&why));
	return OK;
}

static enum err
reveal_fields(struct job *job, struct call *call, struct viewer *look)
{
	struct json list;
	uint16_t *field;
	size_t count;
	str name;

	TRY(json_array(job, call->body, "fields", LIMIT_VALUES, &list));
	count = json_count(list);
	if (!count)
		return json_fail(job, ERR_INVALID, list, "names at least one field");
	field = arena_array(&job->arena, count, sizeof(*field));
	for (size_t i = 0; i < count; i++) {
		struct json element = json_element(job, list, i);
		const struct field *named;
		TRY(json_scalar(job, element, LIMIT_NAME_BYTES, &name));
		named = registry_field(call->registry, name);
		if (!named)
			return json_fail(job, ERR_INVALID, element, "names no field");
		field[i] = (uint16_t)named->no;
	}
	look->reveal = field;
	look->reveal_count = count;
	return OK;
}

/* What the role shows masked, in clear, for a reason that stands in the log. */
enum err
on_reveal_post(struct job *job, struct call *call)
{
	const struct purpose *purpose = NULL;
	struct viewer look = { .who = &call->principal };
	struct subject subject;
	struct value *value;
	size_t count;
	bool there;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(call_registry(job, call));
	TRY(call_purpose(job, call, call->body, &purpose, &there));
	if (!there)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "purpose"), "is required");
	TRY(reveal_fields(job, call, &look));
	TRY(reveal_why(job, call, &look.why));
	TRY(require_scope(job, &call->principal, SCOPE_READ)); /* and for this purpose, which is asked of `needed` */
	TRY(call_may(job, call, purpose->no));
	TRY(subject_look(job, call->vault, id, purpose, &look, &subject, &value, &count));
	subject_write(job, call, purpose, &subject, value, count);
	return OK;
}

/* --- correcting ------------------------------------------------------------------------------- */

struct patch {
	struct call *call;
	struct if_match if_match;
	struct answering answering;
};

/* The version that the caller named, if it is the one that is there; -1 fits none. */
static int64_t
version_meant(const struct if_match *if_match, int64_t version)
{
	for (size_t i = 0; i < if_match->count; i++)
		if (if_match->version[i] == version)
			return version;
	return -1;
}

static enum err
not_taken_away(struct job *job, struct json body, const char *name)
{
	struct json place = json_member(job, body, name);

	if (json_kind(place) == JSON_NULL)
		return json_fail(job, ERR_INVALID, place, "cannot be taken away");
	return OK;
}

/* {name: text}; null takes the statement back. */
static enum err
statements_read(struct job *job, struct call *call, struct json statements, struct change *change)
{
	void *iterator = NULL;
	struct json value;
	str name;

	if (json_kind(statements) == JSON_ABSENT || json_kind(statements) == JSON_NULL)
		return OK;
	if (json_kind(statements) != JSON_OBJECT || json_count(statements) > LIMIT_VALUES)
		return json_fail(job, ERR_INVALID, statements,
		                 "must be an object of texts by name of field");
	change->statement = arena_array(&job->arena, json_count(statements) + 1, sizeof(*change->statement));
	while (json_each(job, statements, &iterator, &name, &value)) {
		struct statement_set *set = &change->statement[change->statement_count++];
		set->field = registry_field(change->registry, name);
		if (!set->field)
			return json_fail(job, ERR_INVALID, statements, "has a name that is no field's");
		TRY(call_may_field(job, call, set->field));
		if (json_kind(value) != JSON_NULL)
			TRY(json_scalar(job, json_at_name(job, statements, value, set->field->name),
			                LIMIT_STATEMENT_BYTES, &set->text));
	}
	return OK;
}

/* --- on whose request ------------------------------------------------------------------------- */

struct asked_by {
	str requested_by, reference, note;
	int method;
};

static enum err
correction_read(struct job *job, struct json correction, struct asked_by *ret)
{
	int word = 0;

	*ret = (struct asked_by){ .method = METHOD_STAFF };
	TRY(schema_check(job, SCHEMA_CORRECTION, correction));
	TRY(body_need_word(job, correction, "requested_by", WORDS_REQUESTER, &word));
	ret->requested_by = words_name(WORDS_REQUESTER, word);
	TRY(body_word(job, correction, "method", WORDS_METHOD, &ret->method, NULL));
	TRY(json_str(job, correction, "reference", 200, &ret->reference, NULL));
	return json_str(job, correction, "note", 2000, &ret->note, NULL);
}

/* Names in the order that makes it canonical. */
static str
correction_evidence(struct job *job, const struct asked_by *by)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_BODY_BYTES };
	struct json_out out;

	json_out_begin(&out, &text);
	json_open(&out, '{');
	if (by->note.len)
		json_pair_str(&out, S("note"), by->note);
	if (by->reference.len)
		json_pair_str(&out, S("reference"), by->reference);
	json_pair_str(&out, S("requested_by"), by->requested_by);
	json_close(&out, '}');
	must(buf_ok(&text));
	return arena_str(&job->arena, buf_str(&text));
}

static void
correction_act(struct job *job, struct change *change, enum act act, const struct buf *fields,
               const struct asked_by *by)
{
	if (!fields->len)
		return;
	change->act[change->act_count++] = (struct act_new){
		.act = act, .at = job->now, .until_at = TIME_NEVER, .method = (enum act_method)by->method,
		.detail = arena_bytes(&job->arena, buf_bytes(fields)), .evidence = correction_evidence(job, by),
	};
}

/* The fact is kept, in the ledger where somebody asked for it, in any case in the audit log: which
 * fields, when, by whom.  Nothing of the value, not even a hash: whoever holds its key could try guesses
 * on it (I6). */
static enum err
correction_acts(struct job *job, struct json body, bool asked, struct change *change)
{
	OWNED(buf_release) struct buf values = { .max = 2 * LIMIT_VALUES };
	OWNED(buf_release) struct buf statements = { .max = 2 * LIMIT_VALUES };
	struct json correction = json_member(job, body, "correction");
	struct asked_by by = { .requested_by = S("person"), .method = METHOD_API_CALL };

	if (json_kind(correction) == JSON_OBJECT)
		TRY(correction_read(job, correction, &by));
	else if (json_kind(correction) != JSON_ABSENT)
		return json_fail(job, ERR_INVALID, correction, "must be an object");
	for (size_t i = 0; i < change->value_count && (asked || json_kind(correction) == JSON_OBJECT); i++)
		buf_le16(&values, change->value[i].field->no);
	for (size_t i = 0; i < change->statement_count; i++)
		buf_le16(&statements, change->statement[i].field->no);
	change->act = arena_array(&job->arena, 2, sizeof(*change->act));
	correction_act(job, change, ACT_CORRECTED, &values, &by);
	correction_act(job, change, ACT_COMPLETED, &statements, &by);
	return OK;
}

/* A key changes a value that this person has for one of its purposes, now. */
static enum err
may_change(struct job *job, struct call *call, const struct change *change,
           const struct field *field)
{
	const struct standing *standing = &change->subject.standing;

	if (principal_has_all(&call->principal))
		return OK;
	for (size_t i = 0; i < standing->ground_count; i++) {
		const struct ground *ground = &standing->ground[i];
		const struct purpose_version *version =
			registry_version(change->registry, ground->purpose, ground->version);
		if (version && ground_live(ground, job->now) &&
		    version_has_field(version, field->no) &&
		    principal_has(&call->principal, ground->purpose))
			return OK;
	}
	return fail(job, ERR_PURPOSE_DENIED,
	            "the person has no ground for a purpose of this key that has the field");
}

static enum err
may_patch(struct job *job, struct call *call, const struct change *change)
{
	if (change->set_kind || change->set_flags)
		TRY(call_may(job, call, 0)); /* reaches beyond the purposes of a key */
	for (size_t i = 0; i < change->value_count; i++)
		TRY(may_change(job, call, change, change->value[i].field));
	for (size_t i = 0; i < change->statement_count; i++)
		TRY(may_change(job, call, change, change->statement[i].field));
	return OK;
}

static enum err
patch_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct patch *patch = ctx;
	struct json body = patch->call->body, values = json_member(job, body, "values");
	int origin = ORIGIN_PROVIDED;

	change->entry = ENTRY_SUBJECT_CHANGE;
	change->if_match = !patch->if_match.any;
	change->if_version = version_meant(&patch->if_match, change->subject.version);
	TRY(not_taken_away(job, body, "kind"));
	TRY(not_taken_away(job, body, "origin"));
	TRY(kind_and_flags_read(job, body, change));
	if (json_kind(json_member(job, body, "flags")) == JSON_NULL)
		change->set_flags = true; /* and flags is 0 */
	TRY(body_word(job, body, "origin", WORDS_ORIGIN, &origin, NULL));
	TRY(values_read(job, patch->call, change->registry, values, (enum origin)origin, true,
	                change));
	TRY(statements_read(job, patch->call, json_member(job, body, "statements"), change));
	TRY(answering_read(job, patch->call, RIGHT_RECTIFICATION, change, &patch->answering));
	if (patch->answering.meant && !change->value_count && !change->statement_count)
		return json_fail(job, ERR_INVALID, json_member(job, body, "request"), "goes with values or statements");
	TRY(correction_acts(job, body, patch->answering.meant, change));
	answering_set(change, &patch->answering);
	return may_patch(job, patch->call, change);
}

enum err
on_subject_patch(struct job *job, struct call *call)
{
	struct patch patch = { .call = call };
	struct change_result result;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(call_if_match(job, call, &patch.if_match));
	TRY(call_registry(job, call));
	TRY(subject_change(job, call->vault, id, patch_fill, &patch, &result));
	change_answer(job, call, 200, &result);
	return OK;
}
