/* access/policy.c -- contract: policy.h. */
#include "access/policy.h"

/* --- tokens ----------------------------------------------------------------------------------- */

/* A clock that went back makes no session longer: what began or was used later than now is not good,
 * but for the moment by which two requests may overtake each other. */
static bool
in_time(const struct token_facts *facts)
{
	time_us latest = facts->now + POLICY_CLOCK_SLACK;

	if (latest < facts->made_at || latest < facts->used_at)
		return false;
	if (facts->expires_at <= facts->now)
		return false;
	return facts->idle == TIME_NEVER || facts->now - facts->used_at <= facts->idle;
}

/* O1 */
static bool
word_holds(const struct token_facts *facts)
{
	return facts->active && facts->same_epoch;
}

bool
policy_token(const struct token_facts *facts)
{
	if (!facts->known || facts->revoked)
		return false;
	if (facts->owned && !word_holds(facts))
		return false;
	return facts->network_fits && in_time(facts);
}

/* --- factors ---------------------------------------------------------------------------------- */

bool
policy_factors(const struct factor_facts *facts)
{
	if (!facts->required)
		return true;
	if (facts->passkey || facts->provider)
		return true;
	return facts->password && facts->code;
}

/* O4 */
static bool
half_may(const struct call_facts *facts)
{
	if (facts->half_may)
		return true;
	return facts->enrols && !facts->other_there;
}

/* --- calls ------------------------------------------------------------------------------------ */

enum access_verdict
policy_call(const struct call_facts *facts)
{
	if (facts->operator_only && !facts->operator)
		return VERDICT_REFUSED;
	if (facts->person_only && !facts->person)
		return VERDICT_REFUSED;
	if (facts->half && !half_may(facts))
		return VERDICT_SECOND_FACTOR;
	if (facts->scope_needed && !facts->scope_held)
		return VERDICT_REFUSED;
	if (facts->fresh_needed && facts->person && !facts->fresh)
		return VERDICT_STEP_UP;
	if (facts->second_needed && !facts->second_given)
		return VERDICT_SECOND_PERSON;
	return VERDICT_ALLOWED;
}

/* --- purposes and views ----------------------------------------------------------------------- */

static bool
is_for_any_of(const struct grant *grant, uint32_t needed)
{
	return !needed || (grant->scopes & needed);
}

static bool
is_for_purpose(const struct grant *grant, uint32_t purpose)
{
	bytes rest = grant->purposes;
	uint16_t no;

	if (grant->all_purposes)
		return true;
	while (eat_le16(&rest, &no))
		if (no == purpose)
			return true;
	return false;
}

bool
policy_purpose(struct grants grants, uint32_t needed, uint32_t purpose)
{
	for (size_t i = 0; i < grants.count; i++)
		if (is_for_any_of(&grants.grant[i], needed) && is_for_purpose(&grants.grant[i], purpose))
			return true;
	return false;
}

bool
policy_any_purpose(struct grants grants, uint32_t needed)
{
	for (size_t i = 0; i < grants.count; i++)
		if (is_for_any_of(&grants.grant[i], needed) && grants.grant[i].all_purposes)
			return true;
	return false;
}

static enum view
view_of(const struct grant *grant, uint32_t field, bool sensitive)
{
	bytes rest = grant->views;
	uint16_t no;
	uint8_t view;

	while (eat_le16(&rest, &no) && eat_u8(&rest, &view))
		if (no == field)
			return view == VIEW_CLEAR ? VIEW_CLEAR : view == VIEW_MASKED ? VIEW_MASKED : VIEW_HIDDEN;
	return sensitive ? grant->view_sensitive : grant->view;
}

enum view
policy_view(struct grants grants, uint32_t needed, uint32_t purpose, uint32_t field, bool sensitive)
{
	enum view best = VIEW_HIDDEN; /* O3 */

	for (size_t i = 0; i < grants.count; i++) {
		const struct grant *grant = &grants.grant[i];
		if (is_for_any_of(grant, needed) && is_for_purpose(grant, purpose) &&
		    view_of(grant, field, sensitive) > best)
			best = view_of(grant, field, sensitive);
	}
	return best;
}

uint32_t
policy_scopes(struct grants grants)
{
	uint32_t scopes = 0;

	for (size_t i = 0; i < grants.count; i++)
		scopes |= grants.grant[i].scopes;
	return scopes;
}

/* --- two people ------------------------------------------------------------------------------- */

bool
policy_approve(const struct approval_facts *facts)
{
	return facts->waiting && facts->in_time && !facts->same_person && facts->asker_holds && facts->may_approve;
}

bool
policy_approved(const struct approved_facts *facts)
{
	return facts->approved && facts->in_time && facts->same_operation && facts->same_asker &&
	       facts->asker_holds && facts->approver_holds;
}

/* --- exceptions and budgets ------------------------------------------------------------------- */

bool
policy_break_glass(const struct glass_facts *facts)
{
	return facts->may && facts->reason_given && !facts->one_open && !facts->one_unreviewed;
}

bool
policy_review(const struct review_facts *facts)
{
	return facts->may && !facts->own && facts->over && !facts->reviewed;
}

enum access_verdict
policy_look(const struct look_facts *facts)
{
	if (facts->block_at && facts->distinct > facts->block_at)
		return VERDICT_SPENT;
	if (facts->step_up_at && facts->distinct > facts->step_up_at && !facts->fresh)
		return VERDICT_STEP_UP;
	return VERDICT_ALLOWED;
}
