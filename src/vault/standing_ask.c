/* vault/standing_ask.c -- what is asked of a standing.  Contract and L1-L8: see standing.h. */
#include "vault/standing_parts.h"

/* L6 */
static bool
excluded(const struct standing *standing, const struct ground *ground, uint16_t field)
{
	uint16_t purpose;

	if (ground->basis == BASIS_STORAGE_ONLY)
		return false;
	for (size_t i = 0; i < standing->exclusion_count; i++) {
		const struct exclusion *exclusion = &standing->exclusion[i];
		bytes kept = exclusion->kept;
		if (exclusion->field != field)
			continue;
		while (eat_le16(&kept, &purpose))
			if (purpose == ground->purpose)
				return false;
		return ground->since_at <= exclusion->at;
	}
	return false;
}

bool
ground_live(const struct ground *ground, time_us now)
{
	return ground->state != GROUND_OVER && now < ground->until_at;
}

bool
ground_usable(const struct ground *ground, time_us now)
{
	return ground->state == GROUND_LIVE && now < ground->until_at &&
	       ground->basis != BASIS_STORAGE_ONLY;
}

static bool
better(const struct ground *a, const struct ground *b)
{
	if (a->state != b->state)
		return a->state < b->state; /* live, pending, restricted, over */
	return a->until_at > b->until_at;
}

const struct ground *
standing_ground(const struct standing *standing, uint32_t purpose, enum basis basis)
{
	const struct ground *best = NULL;

	for (size_t i = 0; i < standing->ground_count; i++) {
		const struct ground *ground = &standing->ground[i];
		if (ground->purpose == purpose && ground->basis == basis && (!best || better(ground, best)))
			best = ground;
	}
	return best;
}

const struct permission *
standing_permission(const struct standing *standing, uint32_t purpose, enum channel channel)
{
	for (size_t i = 0; i < standing->permission_count; i++)
		if (standing->permission[i].purpose == purpose && standing->permission[i].channel == channel)
			return &standing->permission[i];
	return NULL;
}

bool
standing_objected(const struct standing *standing, uint32_t purpose, bool marketing,
                  enum channel channel, time_us *ret_at)
{
	bool objected = false;

	for (size_t i = 0; i < standing->objection_count; i++) {
		const struct objection *objection = &standing->objection[i];
		bool waived = objection->automated || (objection->ruling == RULING_OVERRULED && !marketing);
		if (waived || !(objection->channels & CHANNEL_BIT(channel)))
			continue;
		if (objection->purpose != purpose && !(marketing && !objection->purpose))
			continue;
		if (!objected || objection->at > *ret_at)
			*ret_at = objection->at;
		objected = true;
	}
	return objected;
}

static bool
names_field(bytes fields, uint16_t field)
{
	uint16_t no;

	while (eat_le16(&fields, &no))
		if (no == field)
			return true;
	return false;
}

/*= gdpr 18(2)
 *# Where processing has been restricted, such personal data shall, with the exception of storage,
 *# only be processed with the data subject's consent or for legal claims or for the protection of
 *# the rights of another person or for reasons of important public interest. */
bool
standing_restricts(const struct standing *standing, uint16_t field)
{
	if (standing->restricted)
		return true;
	for (size_t i = 0; i < standing->restriction_count; i++)
		if (names_field(standing->restriction[i].fields, field))
			return true;
	return false;
}

const struct restriction *
standing_restriction(const struct standing *standing, int64_t seq)
{
	for (size_t i = 0; i < standing->restriction_count; i++)
		if (standing->restriction[i].seq == seq)
			return &standing->restriction[i];
	return NULL;
}

const struct objection *
standing_objection(const struct standing *standing, int64_t seq)
{
	for (size_t i = 0; i < standing->objection_count; i++)
		if (standing->objection[i].seq == seq)
			return &standing->objection[i];
	return NULL;
}

bool
standing_undecided(const struct standing *standing, uint32_t purpose, time_us now)
{
	for (size_t i = 0; i < standing->ground_count; i++)
		if (standing->ground[i].purpose == purpose &&
		    standing->ground[i].state == GROUND_RESTRICTED && ground_live(&standing->ground[i], now))
			return true;
	return false;
}

bool
standing_contested(const struct standing *standing, uint32_t purpose)
{
	for (size_t i = 0; i < standing->objection_count; i++) {
		const struct objection *objection = &standing->objection[i];
		if (objection->automated && objection->purpose == purpose &&
		    objection->ruling != RULING_OVERRULED)
			return true;
	}
	return false;
}

time_us
standing_due(const struct standing *standing, time_us now)
{
	time_us due = TIME_NEVER;

	for (size_t i = 0; i < standing->ground_count; i++)
		if (ground_live(&standing->ground[i], now))
			due = earlier(due, standing->ground[i].until_at);
	for (size_t i = 0; i < standing->permission_count; i++)
		if (standing->permission[i].state == PERMISSION_GIVEN ||
		    standing->permission[i].state == PERMISSION_UNCONFIRMED)
			due = earlier(due, standing->permission[i].until_at);
	return due;
}

static bool
ground_covers(const struct registry *registry, const struct ground *ground, uint16_t field)
{
	const struct purpose_version *version;

	if (ground->basis == BASIS_STORAGE_ONLY)
		return !ground->detail.len || names_field(ground->detail, field);
	version = registry_version(registry, ground->purpose, ground->version);
	return version && version_has_field(version, field);
}

bool
standing_ground_covers(const struct registry *registry, const struct standing *standing,
                       const struct ground *ground, uint16_t field)
{
	return ground_covers(registry, ground, field) && !excluded(standing, ground, field);
}

size_t
standing_covering(const struct registry *registry, const struct standing *standing, time_us now,
                  uint16_t field, uint16_t *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < standing->ground_count; i++) {
		const struct ground *ground = &standing->ground[i];
		uint16_t purpose = (uint16_t)ground->purpose;
		size_t at = 0;

		if (!ground_live(ground, now) || !standing_ground_covers(registry, standing, ground, field))
			continue;
		while (at < count && ret[at] < purpose)
			at++;
		if (at < count && ret[at] == purpose)
			continue; /* two bases of one purpose */
		memmove(&ret[at + 1], &ret[at], (count - at) * sizeof(*ret));
		ret[at] = purpose;
		count++;
	}
	return count;
}

const struct ground *
standing_last(const struct registry *registry, const struct standing *standing, uint16_t field)
{
	const struct ground *last = NULL;

	for (size_t i = 0; i < standing->ground_count; i++) {
		const struct ground *ground = &standing->ground[i];
		if (ground->state != GROUND_OVER && ground_covers(registry, ground, field) &&
		    (!last || ground->until_at > last->until_at))
			last = ground;
	}
	return last;
}
