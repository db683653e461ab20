/* api/ends.c -- "the contract ended", for many persons at once, by the company's own reference.
 *
 * Each line is a person of its own: one that is refused keeps nobody else from it, and says why.  A
 * call may be repeated: where the ground ends then or earlier already, nothing is written.  What is
 * wrong with the call itself (its purpose, its field, its shape) is refused before anything is written.
 *
 * An end never shortens what was promised by accident: not from the future, not before the ground
 * began, and only where the retention counts from the end. */
#include "api/acts.h"

#include "base/limits.h"
#include "vault/evidence.h"

struct ends {
	struct call *call;
	const struct purpose *purpose; /* by name in call->registry */
	const struct field *field;     /* NULL: persons are named by id */
	int basis;                     /* BASIS_NONE: whichever is there */
};

struct end {
	const struct ends *ends;
	struct json line;
	bool unchanged;
	time_us until_at; /* of the ground, from now on */
};

/* --- whose ------------------------------------------------------------------------------------ */

/* Who asks for somebody who is not there pays for it as for a search, and leaves its entry. */
static enum err
nobody(struct job *job, const struct ends *ends, struct json line, str raw, size_t count)
{
	uid found[LIMIT_HOLDERS];

	TRY(subject_search(job, ends->call->vault, ends->field, raw, found, &(size_t){ 0 }));
	if (count)
		return json_fail(job, ERR_CONFLICT, json_member(job, line, "value"), "is held about more than one person");
	return json_fail(job, ERR_ABSENT, json_member(job, line, "value"), "is held about nobody");
}

static enum err
person_by_value(struct job *job, const struct ends *ends, struct json line, uid *ret)
{
	struct vault *vault = ends->call->vault;
	int64_t no[LIMIT_HOLDERS];
	struct subject subject;
	size_t count;
	str raw, text;
	enum err err;

	TRY(json_need_str(job, line, "value", LIMIT_VALUE_BYTES, &raw));
	err = value_read(job, ends->field, raw, &text);
	if (err == ERR_INVALID) {
		job_forgive(job);
		return json_fail(job, ERR_INVALID, json_member(job, line, "value"), "is no value of that field");
	}
	TRY(err);
	TRY(subject_find(job, vault, ends->field, text, no, &count));
	if (count != 1)
		return nobody(job, ends, line, raw, count);
	TRY(subject_get_no(job, vault, no[0], &subject));
	*ret = subject.id;
	return OK;
}

static enum err
person_of(struct job *job, const struct ends *ends, struct json line, uid *ret)
{
	bool by_id = json_kind(json_member(job, line, "subject")) != JSON_ABSENT;
	bool there;

	if (by_id == (json_kind(json_member(job, line, "value")) != JSON_ABSENT))
		return json_fail(job, ERR_INVALID, json_member(job, line, "subject"), "is required, or else value");
	if (by_id)
		return json_uid(job, line, "subject", ret, &there);
	if (!ends->field)
		return json_fail(job, ERR_INVALID, json_member(job, line, "value"), "needs the field of the call");
	return person_by_value(job, ends, line, ret);
}

/* --- one -------------------------------------------------------------------------------------- */

static const struct ground *
ground_of(const struct change *change, const struct ends *ends)
{
	const struct standing *standing = &change->subject.standing;

	for (size_t i = 0; i < standing->ground_count; i++) {
		const struct ground *ground = &standing->ground[i];
		if (ground->purpose == ends->purpose->no && ground->basis != BASIS_CONSENT &&
		    ground->state != GROUND_OVER && (!ends->basis || ground->basis == (enum basis)ends->basis))
			return ground;
	}
	return NULL;
}

static enum err
moment_check(struct job *job, const struct end *end, const struct ground *ground,
             const struct purpose_version *version, const struct act_new *act)
{
	if (version->retention_event != RETENTION_ENDED)
		return fail_at(job, ERR_CONFLICT, S("/purpose"), "its retention does not count from an end");
	if (act->at > job->now)
		return json_fail(job, ERR_INVALID, json_member(job, end->line, "at"), "is in the future");
	if (act->at < ground->since_at)
		return json_fail(job, ERR_INVALID, json_member(job, end->line, "at"), "is before the ground began");
	return OK;
}

static enum err
end_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct act_new *act = arena_alloc(&job->arena, sizeof(*act));
	struct end *end = ctx;
	const struct ground *ground = ground_of(change, end->ends);
	const struct purpose_version *version;

	end->unchanged = false;
	if (!ground)
		return fail_at(job, ERR_CONFLICT, S("/purpose"),
		               "the person has no such ground for that purpose; consent is withdrawn, not ended");
	version = registry_version(change->registry, ground->purpose, ground->version);
	must(version);
	*act = (struct act_new){ .act = ACT_ENDED, .basis = ground->basis };
	TRY(act_times(job, end->line, act));
	TRY(moment_check(job, end, ground, version, act));
	end->until_at = time_add(act->at, version->retention);
	end->unchanged = ground->until_at <= end->until_at;
	if (end->unchanged) {
		end->until_at = ground->until_at;
		return fail(job, ERR_CONFLICT, "the ground ends then or earlier already");
	}
	TRY(act_evidence(job, change->registry, version, end->line, act));
	change->act = act;
	change->act_count = 1;
	change->entry = ENTRY_ACT;
	return OK;
}

static enum err
end_do(struct job *job, struct end *end, struct change_result *ret)
{
	enum err err;
	uid id;

	*ret = (struct change_result){ 0 };
	TRY(schema_check(job, SCHEMA_GROUND_END_OF, end->line));
	TRY(person_of(job, end->ends, end->line, &id));
	err = subject_change(job, end->ends->call->vault, id, end_fill, end, ret);
	if (!err || !end->unchanged || err != ERR_CONFLICT)
		return err;
	job_forgive(job);
	return OK;
}

/* --- many ------------------------------------------------------------------------------------- */

/* What is about this person alone; anything else ends the call, which can be repeated. */
static bool
of_the_line(enum err err)
{
	return err == ERR_INVALID || err == ERR_ABSENT || err == ERR_GONE || err == ERR_CONFLICT || err == ERR_EVIDENCE ||
	       err == ERR_LIMIT || err == ERR_BUDGET;
}

static void
end_write(struct json_out *out, const struct end *end, const struct change_result *result)
{
	json_pair_bool(out, S("changed"), !end->unchanged);
	if (result->first_seq)
		json_pair_i64(out, S("seq"), result->first_seq);
	json_pair_time(out, S("until"), end->until_at);
	if (result->values_gone)
		json_pair_i64(out, S("values_gone"), (int64_t)result->values_gone);
}

static void
problem_of_line(struct json_out *out, const struct failure *failure, size_t index)
{
	struct failure placed = *failure;

	snprintf(placed.where, sizeof(placed.where), "/ends/%zu", index);
	json_name(out, S("problem"));
	problem_write(out, &placed);
}

static enum err
line_run(struct job *job, struct json_out *out, const struct ends *ends, struct json line, size_t index)
{
	struct end end = { .ends = ends, .line = line };
	struct change_result result;
	enum err err = end_do(job, &end, &result);

	if (err && !of_the_line(err))
		return err;
	json_open(out, '{');
	if (err)
		problem_of_line(out, &job->failure, index);
	else
		end_write(out, &end, &result);
	json_close(out, '}');
	if (err)
		job_forgive(job);
	return OK;
}

/* By a value only who may search for it. */
static enum err
field_of(struct job *job, struct call *call, const struct field **ret)
{
	if (json_kind(json_member(job, call->body, "field")) == JSON_ABSENT)
		return OK;
	TRY(body_field(job, call->registry, call->body, "field", ret));
	if ((*ret)->lookup != LOOKUP_EXACT)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "field"), "cannot be searched exactly");
	TRY(require_scope(job, &call->principal, SCOPE_SEARCH));
	TRY(call_may_field(job, call, *ret));
	call->principal.needed = call->route->scopes;
	return OK;
}

static enum err
ends_read(struct job *job, struct call *call, struct ends *ret, struct json *ret_list)
{
	bool there;

	*ret = (struct ends){ .call = call };
	TRY(call_registry(job, call));
	TRY(call_purpose(job, call, call->body, &ret->purpose, &there));
	if (!there)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "purpose"), "is required");
	TRY(body_word(job, call->body, "basis", WORDS_BASIS, &ret->basis, NULL));
	TRY(field_of(job, call, &ret->field));
	return json_array(job, call->body, "ends", LIMIT_ENDS_CALL, ret_list);
}

enum err
on_ground_ends_post(struct job *job, struct call *call)
{
	struct json_out *out;
	struct ends ends;
	struct json list;

	TRY(ends_read(job, call, &ends, &list));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("ends"));
	json_open(out, '[');
	for (size_t i = 0; i < json_count(list); i++)
		TRY(line_run(job, out, &ends, json_element(job, list, i), i));
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}
