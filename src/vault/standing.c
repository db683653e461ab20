/* vault/standing.c -- the fold; contract and L1-L8: see standing.h.
 *
 * The fold walks the acts in order and keeps two small tables: permissions by (purpose, channel)
 * and grounds by (purpose, basis, version), beside objections and the restriction.  A consent ground
 * has no row of its own in the walk: at the end it is derived from the permissions of its purpose. */
#include "base/limits.h"
#include "vault/standing_parts.h"

#define PENDING_DAYS 7 /* an unconfirmed consent keeps its values this long (law.md C3.4) */

struct fold {
	struct job *job;
	const struct registry *registry;
	const struct act_row *act;
	size_t act_count;
	struct standing out;
	size_t ground_room, permission_room, objection_room, restriction_room, exclusion_room;
};

/* --- order ------------------------------------------------------------------------------------ */

static int
order_acts(const void *a, const void *b)
{
	const struct act_row *x = *(const struct act_row *const *)a;
	const struct act_row *y = *(const struct act_row *const *)b;
	bool x_lowers = act_raises(x->act) < 0, y_lowers = act_raises(y->act) < 0;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x_lowers != y_lowers)
		return x_lowers ? 1 : -1; /* L1 */
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* --- tables ----------------------------------------------------------------------------------- */

static void *
table_grow(struct job *job, void *table, size_t count, size_t *room, size_t size)
{
	void *grown;

	if (count < *room)
		return table;
	*room = *room ? *room * 2 : 8;
	grown = arena_array(&job->arena, *room, size);
	if (count)
		memcpy(grown, table, count * size);
	return grown;
}

static struct permission *
permission_at(struct fold *fold, uint32_t purpose, enum channel channel)
{
	struct standing *out = &fold->out;

	for (size_t i = 0; i < out->permission_count; i++)
		if (out->permission[i].purpose == purpose && out->permission[i].channel == channel)
			return &out->permission[i];
	out->permission = table_grow(fold->job, out->permission, out->permission_count,
	                             &fold->permission_room, sizeof(*out->permission));
	out->permission[out->permission_count] = (struct permission){
		.purpose = purpose, .channel = channel, .until_at = TIME_NEVER, .since_at = INT64_MIN,
		.pending_until_at = INT64_MIN,
	};
	return &out->permission[out->permission_count++];
}

static struct ground *
ground_add(struct fold *fold)
{
	struct standing *out = &fold->out;

	out->ground = table_grow(fold->job, out->ground, out->ground_count, &fold->ground_room,
	                         sizeof(*out->ground));
	out->ground[out->ground_count] = (struct ground){ .until_at = TIME_NEVER };
	return &out->ground[out->ground_count++];
}

static time_us
year_end(time_us at)
{
	return date_time((struct date){ date_of(at).year + 1, 1, 1 });
}

/* When a ground that began at `at` ends, as far as that is known then. */
static time_us
retention_until(const struct purpose_version *version, time_us at)
{
	switch (version->retention_event) {
	case RETENTION_GIVEN:
		return time_add(at, version->retention);
	case RETENTION_YEAR_END:
		return time_add(year_end(at), version->retention);
	case RETENTION_ENDED:
		break;
	}
	return TIME_NEVER;
}

/* --- consent ---------------------------------------------------------------------------------- */

static void
permission_set(struct permission *permission, const struct act_row *act,
               enum permission_state state, time_us until_at)
{
	permission->version = act->version ? act->version : permission->version;
	permission->state = state;
	permission->since_at = act->at;
	permission->until_at = until_at;
	permission->seq = act->seq;
}

static void
pending_drop(struct permission *permission)
{
	permission->pending_until_at = INT64_MIN;
	permission->pending_version = 0;
	permission->pending_seq = 0;
}

/* The first step of a double opt-in changes nothing by itself: it waits, beside whatever stands. */
static void
pending_set(struct permission *permission, const struct act_row *act, bool in_force)
{
	permission->pending_until_at = time_add(act->at, (struct duration){ .days = PENDING_DAYS });
	permission->pending_version = act->version;
	permission->pending_seq = act->seq;
	if (!in_force && permission->state != PERMISSION_REFUSED &&
	    permission->state != PERMISSION_WITHDRAWN && permission->state != PERMISSION_OBJECTED)
		permission_set(permission, act, PERMISSION_UNCONFIRMED, permission->pending_until_at);
}

static void
consent_given(struct permission *permission, const struct purpose_version *version,
              const struct act_row *act)
{
	bool in_force = permission->state == PERMISSION_GIVEN && act->at < permission->until_at;

	if (act->act == ACT_CONFIRMED && !in_force && act->at >= permission->pending_until_at)
		return; /* a late press on an old link: what was said since then stands (L2) */
	if (act->act == ACT_GIVEN && version->double_opt_in) {
		pending_set(permission, act, in_force);
		return;
	}
	pending_drop(permission);
	permission_set(permission, act, PERMISSION_GIVEN,
	               earlier(retention_until(version, act->at), act->until_at));
}

static void
consent_refused(struct permission *permission, const struct act_row *act, enum permission_state state)
{
	pending_drop(permission);
	permission_set(permission, act, state, TIME_NEVER);
}

/* L5: only what has ended by then; a renewal that still waits goes on waiting. */
static void
consent_expired(struct permission *permission, const struct act_row *act)
{
	if ((permission->state != PERMISSION_GIVEN && permission->state != PERMISSION_UNCONFIRMED) ||
	    permission->until_at > act->at)
		return;
	permission_set(permission, act, PERMISSION_EXPIRED, TIME_NEVER);
	if (act->at >= permission->pending_until_at)
		return;
	permission->state = PERMISSION_UNCONFIRMED;
	permission->version = permission->pending_version;
	permission->until_at = permission->pending_until_at;
	permission->seq = permission->pending_seq;
}

/* L4, where the retention of a consent counts from an end (an account that is closed). */
static void
consent_ended(const struct fold *fold, struct permission *permission, const struct act_row *act)
{
	const struct purpose_version *version =
		registry_version(fold->registry, permission->purpose, permission->version);

	if (permission->state == PERMISSION_GIVEN && version && version->retention_event == RETENTION_ENDED)
		permission->until_at = earlier(permission->until_at, time_add(act->at, version->retention));
}

static void
fold_consent(struct fold *fold, const struct act_row *act, enum channel channel)
{
	const struct purpose_version *version =
		registry_version(fold->registry, act->purpose, act->version);
	struct permission *permission = permission_at(fold, act->purpose, channel);

	switch (act->act) {
	case ACT_REQUESTED:
		if (!permission->state || permission->state == PERMISSION_EXPIRED)
			permission_set(permission, act, PERMISSION_REQUESTED, TIME_NEVER);
		break;
	case ACT_GIVEN:
	case ACT_CONFIRMED:
		if (version)
			consent_given(permission, version, act);
		break;
	case ACT_REFUSED:
		consent_refused(permission, act, PERMISSION_REFUSED);
		break;
	case ACT_WITHDRAWN:
		consent_refused(permission, act, PERMISSION_WITHDRAWN);
		break;
	case ACT_EXPIRED:
		consent_expired(permission, act);
		break;
	case ACT_ENDED:
		consent_ended(fold, permission, act);
		break;
	case ACT_ESTABLISHED:
	case ACT_STOPPED:
	case ACT_OBJECTED:
	case ACT_RESTRICTED:
	case ACT_UNRESTRICTED:
	case ACT_HELD:
	case ACT_RELEASED:
	case ACT_ERASED:
	case ACT_UPHELD:
	case ACT_OVERRULED:
	case ACT_CORRECTED:
	case ACT_COMPLETED:
	case ACT_TOLD:
	case ACT_EXCEPTED:
	case ACT_CONTESTED:
	case ACT_CHOSEN:
	case ACT_NONE:
	case ACT_COUNT:
		break;
	}
}

/* --- other grounds ---------------------------------------------------------------------------- */

/* Channels of a marketing ground that were objected to since it was last established. */
static uint32_t
objected_since(const struct fold *fold, const struct ground *ground, bool marketing)
{
	uint32_t objected = 0;

	for (size_t i = 0; marketing && i < fold->out.objection_count; i++) {
		const struct objection *objection = &fold->out.objection[i];
		bool meant = objection->purpose == ground->purpose || !objection->purpose;
		if (meant && !objection->automated && objection->at >= ground->since_at)
			objected |= objection->channels;
	}
	return objected;
}

static bool
same_detail(bytes a, bytes b)
{
	return str_eq(bytes_str(a), bytes_str(b));
}

/* The row that the act carries on; else one that is over and not needed any more; else a new one. */
static struct ground *
ground_for(struct fold *fold, const struct act_row *act, bool marketing)
{
	struct ground *free = NULL;

	for (size_t i = 0; i < fold->out.ground_count; i++) {
		struct ground *ground = &fold->out.ground[i];
		bool over = ground->state == GROUND_OVER || ground->until_at <= act->at;
		if (ground->purpose != act->purpose || ground->basis != act->basis)
			continue;
		if (over)
			free = ground;
		else if (ground->state == GROUND_LIVE && ground->version == act->version &&
		         same_detail(ground->detail, act->detail) && !objected_since(fold, ground, marketing))
			return ground;
	}
	if (!free)
		return ground_add(fold);
	*free = (struct ground){ .until_at = TIME_NEVER };
	return free;
}

/* A later sale or invoice carries the ground on; the end never moves nearer by it. */
static void
fold_established(struct fold *fold, const struct act_row *act)
{
	const struct purpose_version *version =
		registry_version(fold->registry, act->purpose, act->version);
	struct ground *ground;
	time_us until;

	if (!version)
		return;
	ground = ground_for(fold, act, version->marketing);
	until = earlier(retention_until(version, act->at), act->until_at);
	if (ground->state == GROUND_LIVE && ground->until_at > until)
		until = ground->until_at;
	*ground = (struct ground){
		.purpose = act->purpose, .version = act->version, .basis = act->basis,
		.state = GROUND_LIVE, .since_at = act->at, .until_at = until, .seq = act->seq,
		.detail = act->detail,
	};
}

static void
ground_end(const struct fold *fold, struct ground *ground, const struct act_row *act)
{
	const struct purpose_version *version =
		registry_version(fold->registry, ground->purpose, ground->version);

	if (act->act == ACT_ENDED && version && version->retention_event == RETENTION_ENDED)
		ground->until_at = earlier(ground->until_at, time_add(act->at, version->retention)); /* L4 */
	if (act->act == ACT_ENDED)
		return; /* otherwise retention counts from another event */
	ground->state = GROUND_OVER;
	ground->until_at = act->at;
	ground->seq = act->seq;
}

static void
fold_ground_end(struct fold *fold, const struct act_row *act)
{
	for (size_t i = 0; i < fold->out.ground_count; i++) {
		struct ground *ground = &fold->out.ground[i];
		if (ground->purpose == act->purpose && ground->basis == act->basis &&
		    ground->state != GROUND_OVER)
			ground_end(fold, ground, act);
	}
}

static void
fold_held(struct fold *fold, const struct act_row *act)
{
	struct ground *ground = ground_add(fold);

	*ground = (struct ground){
		.basis = BASIS_STORAGE_ONLY, .state = GROUND_LIVE, .since_at = act->at,
		.until_at = act->until_at, .seq = act->seq, .detail = act->detail,
	};
}

static void
fold_released(struct fold *fold, const struct act_row *act)
{
	bytes detail = act->detail;
	uint64_t seq;

	if (!eat_le64(&detail, &seq))
		return;
	for (size_t i = 0; i < fold->out.ground_count; i++) {
		struct ground *ground = &fold->out.ground[i];
		if (ground->basis == BASIS_STORAGE_ONLY && ground->seq == (int64_t)seq)
			ground->state = GROUND_OVER;
	}
}

/* --- erased fields ---------------------------------------------------------------------------- */

static struct exclusion *
exclusion_of(struct fold *fold, uint16_t field)
{
	struct standing *out = &fold->out;

	for (size_t i = 0; i < out->exclusion_count; i++)
		if (out->exclusion[i].field == field)
			return &out->exclusion[i];
	out->exclusion = table_grow(fold->job, out->exclusion, out->exclusion_count,
	                            &fold->exclusion_room, sizeof(*out->exclusion));
	return &out->exclusion[out->exclusion_count++];
}

static void
fold_erased(struct fold *fold, const struct act_row *act)
{
	bytes rest = act->detail, fields;
	uint16_t count, field;

	if (!eat_le16(&rest, &count) || !eat_bytes(&rest, (size_t)count * 2, &fields))
		return;
	while (eat_le16(&fields, &field))
		*exclusion_of(fold, field) = (struct exclusion){ field, act->at, rest };
}

/* --- objections ------------------------------------------------------------------------------- */

/* What was ruled on this objection: by the ruling that was recorded last (L7). */
static const struct act_row *
ruling_on(const struct fold *fold, const struct act_row *objected)
{
	const struct act_row *last = NULL;

	for (size_t i = 0; i < fold->act_count; i++) {
		const struct act_row *act = &fold->act[i];
		bytes detail = act->detail;
		uint64_t upto;
		uint8_t automated;

		if ((act->act != ACT_UPHELD && act->act != ACT_OVERRULED) || act->purpose != objected->purpose ||
		    !eat_le64(&detail, &upto) || !eat_u8(&detail, &automated))
			continue;
		if (objected->seq <= (int64_t)upto && automated == (objected->act == ACT_CONTESTED) &&
		    (!last || act->seq > last->seq))
			last = act;
	}
	return last;
}

static enum ruling
ruling_of(const struct fold *fold, const struct act_row *objected)
{
	const struct act_row *act = objected->purpose ? ruling_on(fold, objected) : NULL;

	if (!act)
		return RULING_NONE;
	return act->act == ACT_UPHELD ? RULING_UPHELD : RULING_OVERRULED;
}

static void
objection_keep(struct fold *fold, const struct act_row *act)
{
	struct standing *out = &fold->out;
	struct objection new = { .purpose = act->purpose, .channels = act->channels, .at = act->at,
		                 .seq = act->seq, .ruling = ruling_of(fold, act),
		                 .automated = act->act == ACT_CONTESTED };

	for (size_t i = 0; i < out->objection_count; i++) {
		struct objection *old = &out->objection[i];
		if (old->purpose == new.purpose && old->channels == new.channels &&
		    old->ruling == new.ruling && old->automated == new.automated) {
			new.seq = old->seq > new.seq ? old->seq : new.seq; /* a ruling decides all up to it */
			*old = new;
			return;
		}
	}
	out->objection = table_grow(fold->job, out->objection, out->objection_count,
	                            &fold->objection_room, sizeof(*out->objection));
	out->objection[out->objection_count++] = new;
}

/* By the version that the yes was said to: what another version is does not reach back. */
static bool
objection_means(const struct fold *fold, const struct act_row *act, uint32_t purpose, uint32_t no)
{
	const struct purpose_version *version = registry_version(fold->registry, purpose, no);

	return act->purpose == purpose || (!act->purpose && version && version->marketing);
}

static void
objection_on_permission(const struct fold *fold, const struct act_row *act, struct permission *permission)
{
	bool open = permission->state == PERMISSION_GIVEN || permission->state == PERMISSION_UNCONFIRMED;

	if (!(act->channels & CHANNEL_BIT(permission->channel)))
		return;
	if (objection_means(fold, act, permission->purpose, permission->pending_version))
		pending_drop(permission);
	if (open && objection_means(fold, act, permission->purpose, permission->version))
		permission_set(permission, act, PERMISSION_OBJECTED, TIME_NEVER); /* L3 */
}

/* Marketing on another ground than consent ends where every channel is objected to. */
static void
objection_on_marketing(const struct fold *fold, struct ground *ground)
{
	const struct purpose_version *version =
		registry_version(fold->registry, ground->purpose, ground->version);
	uint32_t objected;

	if (!version || !version->marketing || ground->state != GROUND_LIVE)
		return;
	objected = objected_since(fold, ground, true);
	if (objected && (version->channels & ~objected) == 0)
		ground->state = GROUND_OVER;
}

/*= gdpr 21(1)
 *# The controller shall no longer process the personal data unless the controller demonstrates
 *# compelling legitimate grounds for the processing which override the interests, rights and
 *# freedoms of the data subject or for the establishment, exercise or defence of legal claims. */
static void
objection_on_interest(const struct fold *fold, struct ground *ground)
{
	const struct purpose_version *version =
		registry_version(fold->registry, ground->purpose, ground->version);
	bool weighed = ground->basis == BASIS_LEGITIMATE_INTEREST || ground->basis == BASIS_PUBLIC_TASK;

	if (!version || version->marketing || !weighed || ground->state != GROUND_LIVE)
		return;
	for (size_t i = 0; i < fold->out.objection_count; i++) {
		const struct objection *objection = &fold->out.objection[i];
		if (objection->purpose != ground->purpose || objection->automated)
			continue;
		if (objection->ruling == RULING_NONE && ground->state == GROUND_LIVE)
			ground->state = GROUND_RESTRICTED;
		else if (objection->ruling == RULING_UPHELD)
			ground->state = GROUND_OVER; /* L7 */
	}
}

/*= gdpr 21(3)
 *# Where the data subject objects to processing for direct marketing purposes, the personal data
 *# shall no longer be processed for such purposes. */
static void
fold_objected(struct fold *fold, const struct act_row *act)
{
	objection_keep(fold, act);
	for (size_t i = 0; i < fold->out.permission_count; i++)
		objection_on_permission(fold, act, &fold->out.permission[i]);
	for (size_t i = 0; i < fold->out.ground_count; i++)
		objection_on_marketing(fold, &fold->out.ground[i]);
}

/* --- restriction ------------------------------------------------------------------------------ */

static void
fold_restricted(struct fold *fold, const struct act_row *act)
{
	struct standing *out = &fold->out;
	bytes fields = act->detail;
	uint8_t reason = RESTRICTION_NONE;

	(void)eat_u8(&fields, &reason);
	out->restriction = table_grow(fold->job, out->restriction, out->restriction_count,
	                              &fold->restriction_room, sizeof(*out->restriction));
	out->restriction[out->restriction_count++] = (struct restriction){
		.reason = (enum restriction_reason)reason, .since_at = act->at, .until_at = act->until_at,
		.told_at = TIME_NEVER, .seq = act->seq, .fields = fields,
	};
}

static bool
lifts(const struct act_row *act, int64_t restriction)
{
	bytes lifted = act->detail;
	uint64_t seq;

	if (!lifted.len)
		return true;
	while (eat_le64(&lifted, &seq))
		if ((int64_t)seq == restriction)
			return true;
	return false;
}

static void
fold_unrestricted(struct fold *fold, const struct act_row *act)
{
	struct standing *out = &fold->out;
	size_t kept = 0;

	for (size_t i = 0; i < out->restriction_count; i++)
		if (!lifts(act, out->restriction[i].seq))
			out->restriction[kept++] = out->restriction[i];
	out->restriction_count = kept;
}

static void
fold_told(struct fold *fold, const struct act_row *act)
{
	bytes detail = act->detail;
	uint64_t seq;

	if (!eat_le64(&detail, &seq))
		return;
	for (size_t i = 0; i < fold->out.restriction_count; i++)
		if (fold->out.restriction[i].seq == (int64_t)seq)
			fold->out.restriction[i].told_at = act->at;
}

/*= gdpr 18(1)
 *# (b) the data subject opposes the erasure of the personal data and requests the restriction of
 *# their use instead; (c) they are required by the data subject for legal claims. */
static void
restriction_grounds(struct fold *fold)
{
	struct standing *out = &fold->out;

	for (size_t i = 0; i < out->restriction_count; i++) {
		const struct restriction *restriction = &out->restriction[i];
		out->restricted |= !restriction->fields.len;
		if (!restriction_keeps(restriction->reason))
			continue;
		*ground_add(fold) = (struct ground){
			.basis = BASIS_STORAGE_ONLY, .state = GROUND_LIVE, .since_at = restriction->since_at,
			.until_at = restriction->until_at, .seq = restriction->seq, .detail = restriction->fields,
		};
	}
}

/* --- consent grounds -------------------------------------------------------------------------- */

/* Channels under one version share a ground, which lives as long as the last of them. */
static void
consent_ground_put(struct fold *fold, const struct ground *wanted)
{
	struct ground *ground;

	for (size_t i = 0; i < fold->out.ground_count; i++) {
		ground = &fold->out.ground[i];
		if (ground->purpose != wanted->purpose || ground->basis != BASIS_CONSENT ||
		    ground->version != wanted->version || ground->state != wanted->state)
			continue;
		ground->since_at = earlier(ground->since_at, wanted->since_at);
		ground->until_at = wanted->until_at > ground->until_at ? wanted->until_at : ground->until_at;
		ground->seq = wanted->seq > ground->seq ? wanted->seq : ground->seq;
		return;
	}
	ground = ground_add(fold);
	*ground = *wanted;
}

static void
consent_ground(struct fold *fold, const struct permission *permission)
{
	struct ground ground = { .purpose = permission->purpose, .basis = BASIS_CONSENT,
		                 .version = permission->version, .since_at = permission->since_at,
		                 .until_at = permission->until_at, .seq = permission->seq };

	if (permission->state == PERMISSION_GIVEN) {
		ground.state = GROUND_LIVE;
		consent_ground_put(fold, &ground);
	}
	if (permission->pending_until_at == INT64_MIN)
		return;
	ground.state = GROUND_PENDING;
	ground.version = permission->pending_version;
	ground.until_at = permission->pending_until_at;
	ground.seq = permission->pending_seq;
	consent_ground_put(fold, &ground);
}

/* That there was one, where nothing of it is left. */
static void
consent_ground_over(struct fold *fold, const struct permission *permission)
{
	for (size_t i = 0; i < fold->out.ground_count; i++)
		if (fold->out.ground[i].purpose == permission->purpose &&
		    fold->out.ground[i].basis == BASIS_CONSENT)
			return;
	*ground_add(fold) = (struct ground){ .purpose = permission->purpose, .basis = BASIS_CONSENT,
		                             .state = GROUND_OVER, .version = permission->version,
		                             .since_at = permission->since_at,
		                             .until_at = permission->since_at, .seq = permission->seq };
}

/* --- choices (L9) ----------------------------------------------------------------------------- */

static void
fold_chosen(struct fold *fold, const struct act_row *act)
{
	struct choices *choice = &fold->out.choice;
	bytes rest = act->detail;
	uint16_t count, days;
	uint64_t until;
	uint8_t what;

	if (!eat_u8(&rest, &what))
		return;
	if (what == CHOICE_PAUSE && eat_le64(&rest, &until)) {
		choice->paused_until_at = (time_us)until;
	} else if (what == CHOICE_OFTEN && eat_le16(&rest, &count) && eat_le16(&rest, &days)) {
		choice->at_most = days ? count : 0;
		choice->at_most_days = choice->at_most ? days : 0;
	} else if (what == CHOICE_LANGUAGE && rest.len <= CHOICE_LANGUAGE_MAX) {
		memset(choice->language, 0, sizeof(choice->language));
		if (rest.len)
			memcpy(choice->language, rest.ptr, rest.len);
	}
}

/* --- the fold --------------------------------------------------------------------------------- */

static void
fold_channels(struct fold *fold, const struct act_row *act)
{
	for (int channel = 0; channel < CHANNEL_COUNT; channel++)
		if (act->channels & CHANNEL_BIT(channel))
			fold_consent(fold, act, (enum channel)channel);
}

static void
fold_act(struct fold *fold, const struct act_row *act)
{
	switch (act->act) {
	case ACT_REQUESTED:
	case ACT_GIVEN:
	case ACT_CONFIRMED:
	case ACT_REFUSED:
	case ACT_WITHDRAWN:
	case ACT_EXPIRED:
		fold_channels(fold, act);
		break;
	case ACT_ESTABLISHED:
		fold_established(fold, act);
		break;
	case ACT_ENDED:
		if (act->basis == BASIS_CONSENT)
			fold_channels(fold, act);
		else
			fold_ground_end(fold, act);
		break;
	case ACT_STOPPED:
		fold_ground_end(fold, act);
		break;
	case ACT_OBJECTED:
		fold_objected(fold, act);
		break;
	case ACT_CONTESTED:
		objection_keep(fold, act);
		break;
	case ACT_RESTRICTED:
		fold_restricted(fold, act);
		break;
	case ACT_UNRESTRICTED:
		fold_unrestricted(fold, act);
		break;
	case ACT_TOLD:
		fold_told(fold, act);
		break;
	case ACT_HELD:
		fold_held(fold, act);
		break;
	case ACT_RELEASED:
		fold_released(fold, act);
		break;
	case ACT_ERASED:
		fold_erased(fold, act);
		break;
	case ACT_CHOSEN:
		fold_chosen(fold, act);
		break;
	case ACT_UPHELD: /* read where the objection is: ruling_of() */
	case ACT_OVERRULED:
	case ACT_CORRECTED:
	case ACT_COMPLETED:
	case ACT_EXCEPTED:
	case ACT_NONE:
	case ACT_COUNT:
		break;
	}
}

/* An act that changed nothing, such as a confirmation of what was never given, leaves no row. */
static void
permissions_forget_empty(struct fold *fold)
{
	struct standing *out = &fold->out;
	size_t kept = 0;

	for (size_t i = 0; i < out->permission_count; i++)
		if (out->permission[i].state)
			out->permission[kept++] = out->permission[i];
	out->permission_count = kept;
}

/* A hold that was released covers nothing any more and must not fill the list. */
static void
holds_forget_released(struct fold *fold)
{
	struct standing *out = &fold->out;
	size_t kept = 0;

	for (size_t i = 0; i < out->ground_count; i++)
		if (out->ground[i].basis != BASIS_STORAGE_ONLY || out->ground[i].state != GROUND_OVER)
			out->ground[kept++] = out->ground[i];
	out->ground_count = kept;
}

enum err
standing_fold(struct job *job, const struct registry *registry, const struct act_row *act,
              size_t act_count, struct standing *ret)
{
	struct fold fold = { .job = job, .registry = registry, .act = act, .act_count = act_count,
		             .out = { .format = STANDING_FORMAT } };
	const struct act_row **order = arena_array(&job->arena, act_count + 1, sizeof(*order));

	for (size_t i = 0; i < act_count; i++)
		order[i] = &act[i];
	qsort(order, act_count, sizeof(*order), order_acts);
	for (size_t i = 0; i < act_count; i++)
		fold_act(&fold, order[i]);
	permissions_forget_empty(&fold);
	holds_forget_released(&fold);
	for (size_t i = 0; i < fold.out.ground_count; i++)
		objection_on_interest(&fold, &fold.out.ground[i]);
	restriction_grounds(&fold);
	for (size_t i = 0; i < fold.out.permission_count; i++)
		consent_ground(&fold, &fold.out.permission[i]);
	for (size_t i = 0; i < fold.out.permission_count; i++)
		consent_ground_over(&fold, &fold.out.permission[i]);
	if (fold.out.ground_count > LIMIT_GROUNDS)
		return fail(job, ERR_LIMIT, "limit_grounds: this person has as many grounds as there may be");
	*ret = fold.out;
	return OK;
}
