/* vault/restrict.c -- contract, V18 and V21: restrict.h. */
#include "vault/restrict.h"

#include "base/limits.h"

/* --- telling ---------------------------------------------------------------------------------- */

static bytes
seq_bytes(struct job *job, int64_t seq)
{
	OWNED(buf_release) struct buf detail = { .max = 8 };

	buf_le64(&detail, (uint64_t)seq);
	return arena_bytes(&job->arena, buf_bytes(&detail));
}

/* Before the restriction there was nothing to be told of; and what is to come is not told yet.  People
 * say when to the second: the second in which the restriction began will do. */
static enum err
telling_check(struct job *job, const struct restriction *restriction, const struct telling *telling)
{
	if (telling->at == TIME_NEVER)
		return fail_at(job, ERR_EVIDENCE, S("/told_at"),
		               "when the person was told, before the restriction is lifted, is needed (Article 18(3))");
	if (telling->at > job->now || telling->at < restriction->since_at / TIME_SECOND * TIME_SECOND)
		return fail_at(job, ERR_EVIDENCE, S("/told_at"),
		               "does not lie between the beginning of the restriction and now");
	if (!telling->how)
		return fail_at(job, ERR_EVIDENCE, S("/told_how"), "how the person was told is needed");
	return OK;
}

static struct act_new
told_of(struct job *job, const struct restriction *restriction, const struct telling *telling)
{
	time_us after = restriction->since_at + 1;

	return (struct act_new){ .act = ACT_TOLD, .at = telling->at > after ? telling->at : after,
		                 .until_at = TIME_NEVER, .method = telling->how,
		                 .detail = seq_bytes(job, restriction->seq) };
}

enum err
telling_act(struct job *job, const struct standing *standing, int64_t seq,
            const struct telling *telling, struct act_new *ret)
{
	const struct restriction *restriction = standing_restriction(standing, seq);

	if (!restriction)
		return fail(job, ERR_ABSENT, "the person has no such restriction");
	TRY(telling_check(job, restriction, telling));
	*ret = told_of(job, restriction, telling);
	return OK;
}

/* --- lifting ---------------------------------------------------------------------------------- */

static bool
is_meant(const struct restriction *restriction, const struct lifting *lifting)
{
	if (lifting->seq)
		return restriction->seq == lifting->seq;
	return restriction->reason == lifting->reason || restriction->reason == RESTRICTION_NONE;
}

/*= gdpr 18(3)
 *# A data subject who has obtained restriction of processing shall be informed by the controller
 *# before the restriction of processing is lifted. */
enum err
lifting_acts(struct job *job, const struct standing *standing, const struct lifting *lifting,
             struct act_new *ret, size_t *ret_count)
{
	OWNED(buf_release) struct buf lifted = { .max = 8 * LIMIT_LEDGER };
	bool told_now = lifting->telling.at != TIME_NEVER;
	size_t count = 0;

	for (size_t i = 0; i < standing->restriction_count; i++) {
		const struct restriction *restriction = &standing->restriction[i];
		if (!is_meant(restriction, lifting))
			continue;
		buf_le64(&lifted, (uint64_t)restriction->seq);
		if (!told_now && restriction->told_at != TIME_NEVER)
			continue;
		TRY(telling_check(job, restriction, &lifting->telling)); /* V18 */
		ret[count++] = told_of(job, restriction, &lifting->telling);
	}
	if (!lifted.len)
		return fail(job, ERR_ABSENT, "the person has no such restriction");
	ret[count++] = (struct act_new){ .act = ACT_UNRESTRICTED, .at = job->now, .until_at = TIME_NEVER,
		                         .method = METHOD_STAFF,
		                         .detail = arena_bytes(&job->arena, buf_bytes(&lifted)) };
	*ret_count = count;
	return OK;
}

/* --- rulings ---------------------------------------------------------------------------------- */

static const struct purpose_version *
newest_in_force(const struct purpose *purpose)
{
	if (purpose->active)
		return purpose->active;
	for (size_t i = purpose->version_count; i-- > 0;)
		if (purpose->version[i].state != VERSION_DRAFT)
			return &purpose->version[i];
	return NULL;
}

static bool
ever_marketing(const struct purpose *purpose)
{
	for (size_t i = 0; i < purpose->version_count; i++)
		if (purpose->version[i].state != VERSION_DRAFT && purpose->version[i].marketing)
			return true;
	return false;
}

static enum err
ruling_check(struct job *job, const struct objection *objection, const struct ruling_ask *ask)
{
	if (!str_trim(ask->decided_by).len)
		return fail_at(job, ERR_EVIDENCE, S("/decided_by"), "who decided is needed");
	if (ask->ruling != RULING_OVERRULED)
		return OK;
	if (!str_trim(ask->grounds).len)
		return fail_at(job, ERR_EVIDENCE, S("/grounds"),
		               "compelling grounds that override the person's interests are needed (Article 21(1))");
	if (ask->telling.at == TIME_NEVER || ask->telling.at > job->now || ask->telling.at < objection->at / TIME_SECOND * TIME_SECOND)
		return fail_at(job, ERR_EVIDENCE, S("/told_at"),
		               "when the person was told, after the objection and before it is overruled, is needed");
	if (!ask->telling.how)
		return fail_at(job, ERR_EVIDENCE, S("/told_how"), "how the person was told is needed");
	return OK;
}

/* Names in the order that makes it canonical. */
static str
ruling_evidence(struct job *job, const struct ruling_ask *ask)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_BODY_BYTES };
	struct json_out out;

	json_out_begin(&out, &text);
	json_open(&out, '{');
	json_pair_str(&out, S("decided_by"), ask->decided_by);
	if (ask->grounds.len)
		json_pair_str(&out, S("grounds"), ask->grounds);
	if (ask->telling.at != TIME_NEVER) {
		json_pair_time(&out, S("told_at"), ask->telling.at);
		json_pair_str(&out, S("told_how"), method_name(ask->telling.how));
	}
	json_close(&out, '}');
	must(buf_ok(&text));
	return arena_str(&job->arena, buf_str(&text));
}

static bytes
ruling_detail(struct job *job, const struct objection *objection)
{
	OWNED(buf_release) struct buf detail = { .max = 9 };

	buf_le64(&detail, (uint64_t)objection->seq);
	buf_u8(&detail, objection->automated);
	return arena_bytes(&job->arena, buf_bytes(&detail));
}

/*= gdpr 21(3)
 *# Where the data subject objects to processing for direct marketing purposes, the personal data
 *# shall no longer be processed for such purposes: there is nothing to weigh. */
enum err
ruling_act(struct job *job, const struct registry *registry, const struct standing *standing,
           const struct ruling_ask *ask, struct act_new *ret)
{
	const struct objection *objection = ask->seq > 0 ? standing_objection(standing, ask->seq) : NULL;
	const struct purpose *purpose = NULL;

	if (!objection)
		return fail(job, ERR_ABSENT, "the person has no such objection");
	if (objection->purpose)
		purpose = registry_purpose_no(registry, objection->purpose);
	if (!purpose || !newest_in_force(purpose) || (ever_marketing(purpose) && !objection->automated)) /* V21 */
		return fail(job, ERR_CONFLICT, "an objection to marketing is absolute: it is not weighed");
	if (newest_in_force(purpose)->basis == BASIS_CONSENT && !objection->automated)
		return fail(job, ERR_CONFLICT, "who objects to what rests on consent has taken it back: it is not weighed");
	TRY(ruling_check(job, objection, ask));
	*ret = (struct act_new){
		.act = ask->ruling == RULING_UPHELD ? ACT_UPHELD : ACT_OVERRULED,
		.version = newest_in_force(purpose), .channels = CHANNELS_ALL, .at = job->now,
		.until_at = TIME_NEVER, .method = METHOD_STAFF, .detail = ruling_detail(job, objection),
		.evidence = ruling_evidence(job, ask),
	};
	return OK;
}

enum err
ground_may_begin(struct job *job, const struct standing *standing, const struct act_new *act)
{
	if (act->basis != BASIS_LEGITIMATE_INTEREST && act->basis != BASIS_PUBLIC_TASK)
		return OK;
	for (size_t i = 0; i < standing->objection_count; i++) {
		const struct objection *objection = &standing->objection[i];
		if (objection->purpose == act->version->purpose && objection->ruling == RULING_UPHELD &&
		    !objection->automated)
			return fail_at(job, ERR_CONFLICT, S("/purpose"),
			               "the person's objection to this purpose was upheld");
	}
	return OK;
}
