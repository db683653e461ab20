/* vault/standing_stored.c -- a standing as it lies beside the record.  Each has one form: what decodes
 * encodes to the same octets. */
#include <string.h>

#include "vault/standing_parts.h"

#define FORMAT_BEFORE 1  /* without restrictions by number, and rulings */
#define FORMAT_WITHOUT_CHOICES 2

static void
put_grounds(const struct standing *standing, struct buf *out)
{
	buf_le16(out, (uint16_t)standing->ground_count);
	for (size_t i = 0; i < standing->ground_count; i++) {
		const struct ground *ground = &standing->ground[i];
		buf_le16(out, (uint16_t)ground->purpose);
		buf_le16(out, (uint16_t)ground->version);
		buf_u8(out, (uint8_t)ground->basis);
		buf_u8(out, (uint8_t)ground->state);
		buf_le64(out, (uint64_t)ground->since_at);
		buf_le64(out, (uint64_t)ground->until_at);
		buf_le16(out, (uint16_t)ground->seq);
		buf_block(out, ground->detail);
	}
}

static void
put_permissions(const struct standing *standing, struct buf *out)
{
	buf_le16(out, (uint16_t)standing->permission_count);
	for (size_t i = 0; i < standing->permission_count; i++) {
		const struct permission *permission = &standing->permission[i];
		buf_le16(out, (uint16_t)permission->purpose);
		buf_le16(out, (uint16_t)permission->version);
		buf_u8(out, (uint8_t)permission->channel);
		buf_u8(out, (uint8_t)permission->state);
		buf_le64(out, (uint64_t)permission->since_at);
		buf_le64(out, (uint64_t)permission->until_at);
		buf_le16(out, (uint16_t)permission->seq);
		buf_le64(out, (uint64_t)permission->pending_until_at);
		buf_le16(out, (uint16_t)permission->pending_version);
		buf_le16(out, (uint16_t)permission->pending_seq);
	}
}

static void
put_objections(const struct standing *standing, struct buf *out)
{
	buf_le16(out, (uint16_t)standing->objection_count);
	for (size_t i = 0; i < standing->objection_count; i++) {
		const struct objection *objection = &standing->objection[i];
		buf_le16(out, (uint16_t)objection->purpose);
		buf_le32(out, objection->channels);
		buf_le64(out, (uint64_t)objection->at);
		if (standing->format == FORMAT_BEFORE)
			continue;
		buf_u8(out, (uint8_t)objection->ruling);
		buf_u8(out, objection->automated);
		buf_le16(out, (uint16_t)objection->seq);
	}
}

static void
put_restrictions(const struct standing *standing, struct buf *out)
{
	buf_le16(out, (uint16_t)standing->restriction_count);
	for (size_t i = 0; i < standing->restriction_count; i++) {
		const struct restriction *restriction = &standing->restriction[i];
		buf_u8(out, (uint8_t)restriction->reason);
		buf_le64(out, (uint64_t)restriction->since_at);
		buf_le64(out, (uint64_t)restriction->until_at);
		buf_le64(out, (uint64_t)restriction->told_at);
		buf_le16(out, (uint16_t)restriction->seq);
		buf_block(out, restriction->fields);
	}
}

/* Most have none: one octet then. */
static void
put_choices(const struct choices *choice, struct buf *out)
{
	bool any = choice->paused_until_at || choice->at_most || choice->language[0];

	buf_u8(out, any);
	if (!any)
		return;
	buf_le64(out, (uint64_t)choice->paused_until_at);
	buf_le16(out, choice->at_most);
	buf_le16(out, choice->at_most_days);
	buf_block(out, str_bytes(str_from_c(choice->language)));
}

/* Most have none: nothing then. */
static void
put_exclusions(const struct standing *standing, struct buf *out)
{
	if (standing->exclusion_count)
		buf_le16(out, (uint16_t)standing->exclusion_count);
	for (size_t i = 0; i < standing->exclusion_count; i++) {
		const struct exclusion *exclusion = &standing->exclusion[i];
		buf_le16(out, exclusion->field);
		buf_le64(out, (uint64_t)exclusion->at);
		buf_block(out, exclusion->kept);
	}
}

void
standing_encode(const struct standing *standing, struct buf *out)
{
	/* One that was made from nothing, of a buried person, has no form of its own: today's. */
	buf_u8(out, standing->format ? standing->format : STANDING_FORMAT);
	buf_u8(out, standing->restricted);
	put_grounds(standing, out);
	put_permissions(standing, out);
	put_objections(standing, out);
	if (standing->format != FORMAT_BEFORE)
		put_restrictions(standing, out);
	if (!standing->format || standing->format > FORMAT_WITHOUT_CHOICES)
		put_choices(&standing->choice, out);
	put_exclusions(standing, out);
}

/* Numbers of the stored form, widened. */
static bool
eat_u16(bytes *rest, uint32_t *ret)
{
	uint16_t value;

	if (!eat_le16(rest, &value))
		return false;
	*ret = value;
	return true;
}

static bool
eat_time(bytes *rest, time_us *ret)
{
	uint64_t value;

	if (!eat_le64(rest, &value))
		return false;
	*ret = (time_us)value;
	return true;
}

static bool
eat_ground(bytes *rest, struct ground *ground)
{
	uint8_t basis, state;
	uint32_t seq;

	if (!eat_u16(rest, &ground->purpose) || !eat_u16(rest, &ground->version) ||
	    !eat_u8(rest, &basis) || !eat_u8(rest, &state) || !eat_time(rest, &ground->since_at) ||
	    !eat_time(rest, &ground->until_at) || !eat_u16(rest, &seq) || !eat_block(rest, &ground->detail))
		return false;
	ground->basis = (enum basis)basis;
	ground->state = (enum ground_state)state;
	ground->seq = seq;
	return true;
}

static bool
eat_permission(bytes *rest, struct permission *permission)
{
	uint8_t channel, state;
	uint32_t seq, pending_seq;

	if (!eat_u16(rest, &permission->purpose) || !eat_u16(rest, &permission->version) ||
	    !eat_u8(rest, &channel) || !eat_u8(rest, &state) || !eat_time(rest, &permission->since_at) ||
	    !eat_time(rest, &permission->until_at) || !eat_u16(rest, &seq) ||
	    !eat_time(rest, &permission->pending_until_at) ||
	    !eat_u16(rest, &permission->pending_version) || !eat_u16(rest, &pending_seq))
		return false;
	permission->channel = (enum channel)channel;
	permission->state = (enum permission_state)state;
	permission->seq = seq;
	permission->pending_seq = pending_seq;
	return true;
}

static bool
eat_objection(bytes *rest, uint8_t format, struct objection *objection)
{
	uint8_t ruling = RULING_NONE, automated = 0;
	uint32_t seq = 0;

	if (!eat_u16(rest, &objection->purpose) || !eat_le32(rest, &objection->channels) ||
	    !eat_time(rest, &objection->at))
		return false;
	if (format != FORMAT_BEFORE &&
	    (!eat_u8(rest, &ruling) || !eat_u8(rest, &automated) || !eat_u16(rest, &seq)))
		return false;
	objection->ruling = (enum ruling)ruling;
	objection->automated = automated;
	objection->seq = seq;
	return ruling <= RULING_OVERRULED && automated <= 1;
}

static bool
eat_restriction(bytes *rest, struct restriction *restriction)
{
	uint8_t reason;
	uint32_t seq;

	if (!eat_u8(rest, &reason) || !eat_time(rest, &restriction->since_at) ||
	    !eat_time(rest, &restriction->until_at) || !eat_time(rest, &restriction->told_at) ||
	    !eat_u16(rest, &seq) || !eat_block(rest, &restriction->fields))
		return false;
	restriction->reason = (enum restriction_reason)reason;
	restriction->seq = seq;
	return true;
}

/* Every row takes more than one octet: no count asks for more memory than there are octets left. */
static bool
eat_count(bytes *rest, size_t *ret)
{
	uint16_t count;

	if (!eat_le16(rest, &count) || count > rest->len)
		return false;
	*ret = count;
	return true;
}

static bool
eat_grounds(struct job *job, bytes *rest, struct standing *out)
{
	if (!eat_count(rest, &out->ground_count))
		return false;
	out->ground = arena_array(&job->arena, out->ground_count, sizeof(*out->ground));
	for (size_t i = 0; i < out->ground_count; i++)
		if (!eat_ground(rest, &out->ground[i]))
			return false;
	return true;
}

static bool
eat_permissions(struct job *job, bytes *rest, struct standing *out)
{
	if (!eat_count(rest, &out->permission_count))
		return false;
	out->permission = arena_array(&job->arena, out->permission_count, sizeof(*out->permission));
	for (size_t i = 0; i < out->permission_count; i++)
		if (!eat_permission(rest, &out->permission[i]))
			return false;
	return true;
}

static bool
eat_objections(struct job *job, bytes *rest, struct standing *out)
{
	if (!eat_count(rest, &out->objection_count))
		return false;
	out->objection = arena_array(&job->arena, out->objection_count, sizeof(*out->objection));
	for (size_t i = 0; i < out->objection_count; i++)
		if (!eat_objection(rest, out->format, &out->objection[i]))
			return false;
	return true;
}

static bool
eat_restrictions(struct job *job, bytes *rest, struct standing *out)
{
	if (out->format == FORMAT_BEFORE)
		return true;
	if (!eat_count(rest, &out->restriction_count))
		return false;
	out->restriction = arena_array(&job->arena, out->restriction_count, sizeof(*out->restriction));
	for (size_t i = 0; i < out->restriction_count; i++)
		if (!eat_restriction(rest, &out->restriction[i]))
			return false;
	return true;
}

static bool
eat_choices(bytes *rest, struct standing *out)
{
	struct choices *choice = &out->choice;
	bytes language;
	uint8_t any;

	if (out->format <= FORMAT_WITHOUT_CHOICES)
		return true;
	if (!eat_u8(rest, &any) || any > 1)
		return false;
	if (!any)
		return true;
	if (!eat_time(rest, &choice->paused_until_at) || !eat_le16(rest, &choice->at_most) ||
	    !eat_le16(rest, &choice->at_most_days) || !eat_block(rest, &language) || language.len > CHOICE_LANGUAGE_MAX ||
	    (language.len && memchr(language.ptr, 0, language.len)))
		return false;
	if (language.len)
		memcpy(choice->language, language.ptr, language.len);
	/* One form: nothing chosen is one octet, and no number of messages has no days. */
	return (choice->paused_until_at || choice->at_most || language.len) && !choice->at_most == !choice->at_most_days;
}

static bool
eat_exclusions(struct job *job, bytes *rest, struct standing *out)
{
	if (!rest->len)
		return true;
	/* None is written as nothing: each standing has one form. */
	if (!eat_count(rest, &out->exclusion_count) || !out->exclusion_count)
		return false;
	out->exclusion = arena_array(&job->arena, out->exclusion_count, sizeof(*out->exclusion));
	for (size_t i = 0; i < out->exclusion_count; i++) {
		struct exclusion *exclusion = &out->exclusion[i];
		if (!eat_le16(rest, &exclusion->field) || !eat_time(rest, &exclusion->at) ||
		    !eat_block(rest, &exclusion->kept))
			return false;
	}
	return true;
}

static bool
eat_standing(struct job *job, bytes *rest, struct standing *out)
{
	uint8_t restricted;

	if (!eat_u8(rest, &out->format) || !eat_u8(rest, &restricted))
		return false;
	if (out->format < FORMAT_BEFORE || out->format > STANDING_FORMAT)
		return false;
	out->restricted = restricted;
	return eat_grounds(job, rest, out) && eat_permissions(job, rest, out) &&
	       eat_objections(job, rest, out) && eat_restrictions(job, rest, out) &&
	       eat_choices(rest, out) && eat_exclusions(job, rest, out) && rest->len == 0;
}

enum err
standing_decode(struct job *job, bytes encoded, struct standing *ret)
{
	struct standing out = { 0 };

	if (!eat_standing(job, &encoded, &out))
		return fail(job, ERR_CORRUPT, "a stored standing cannot be read");
	*ret = out;
	return OK;
}
