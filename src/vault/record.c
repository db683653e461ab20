/* vault/record.c -- contract, format and D1-D3: see record.h. */
#include "vault/record.h"

#include "base/limits.h"

#define FORMAT 1
#define FORMAT_STATED 2 /* some value has a statement */
#define STATED 0x80     /* in the octet of the origin */
#define SECTIONS_MAX (KEYSET_MAX - 1)
/* A record is built of half as many, so that an act that takes a ground away, and with it may move
 * every section to a fresh key beside the old one, never fails for want of room (Article 7(3)). */
#define SECTIONS_BUILT (SECTIONS_MAX / 2)

struct section {
	uint32_t no;
	int64_t version;
	uint16_t *purpose;
	size_t purpose_count;
	bytes sealed;
	bytes whole; /* its bytes in the record, to be kept as they are */
};

/* --- reading ---------------------------------------------------------------------------------- */

static bool
eat_section(struct job *job, bytes *rest, struct section *ret)
{
	const uint8_t *start = rest->ptr;
	uint64_t version;
	uint16_t count;

	if (!eat_le32(rest, &ret->no) || !eat_le64(rest, &version) || !eat_le16(rest, &count))
		return false;
	ret->version = (int64_t)version;
	ret->purpose_count = count;
	ret->purpose = arena_array(&job->arena, count, sizeof(*ret->purpose));
	for (size_t i = 0; i < count; i++)
		if (!eat_le16(rest, &ret->purpose[i]))
			return false;
	if (!eat_block(rest, &ret->sealed))
		return false;
	ret->whole = (bytes){ start, (size_t)(rest->ptr - start) };
	return true;
}

static enum err
sections_read(struct job *job, bytes record, struct section **ret, size_t *ret_count)
{
	struct section *section;
	uint8_t format;
	uint16_t count;

	*ret = NULL;
	*ret_count = 0;
	if (!record.len)
		return OK;
	if (!eat_u8(&record, &format) || (format != FORMAT && format != FORMAT_STATED) || !eat_le16(&record, &count) ||
	    count > SECTIONS_MAX)
		return fail(job, ERR_CORRUPT, "a sealed record has no form that is known");
	section = arena_array(&job->arena, count, sizeof(*section));
	for (size_t i = 0; i < count; i++)
		if (!eat_section(job, &record, &section[i]))
			return fail(job, ERR_CORRUPT, "a sealed record is cut short");
	if (record.len)
		return fail(job, ERR_CORRUPT, "a sealed record is too long");
	*ret = section;
	*ret_count = count;
	return OK;
}

/* D1 */
static void
put_associated(struct buf *out, uid subject, const struct section *section)
{
	buf_put(out, S("valv section 1"));
	buf_data(out, uid_bytes(&subject));
	buf_le32(out, section->no);
	buf_le64(out, (uint64_t)section->version);
	buf_le16(out, (uint16_t)section->purpose_count);
	for (size_t i = 0; i < section->purpose_count; i++)
		buf_le16(out, section->purpose[i]);
}

static bool
eat_value(bytes *rest, uint32_t section, struct value *ret)
{
	uint64_t stored_at, actor;
	uint8_t origin, kind;
	bytes text, statement = { 0 };

	if (!eat_le16(rest, &ret->field) || !eat_u8(rest, &origin) || !eat_le64(rest, &stored_at) ||
	    !eat_u8(rest, &kind) || !eat_le64(rest, &actor) || !eat_block(rest, &text))
		return false;
	if (origin & STATED && !eat_block(rest, &statement))
		return false;
	ret->origin = (enum origin)(origin & ~STATED);
	ret->statement = bytes_str(statement);
	ret->stored_at = (time_us)stored_at;
	ret->stored_by = (struct actor){ (enum actor_kind)kind, (int64_t)actor };
	ret->text = bytes_str(text);
	ret->section = section;
	return true;
}

struct opened {
	struct value *value;
	size_t count, room;
};

static void
opened_grow(struct job *job, struct opened *opened, size_t more)
{
	size_t room = opened->count + more;
	struct value *grown;

	if (room <= opened->room)
		return;
	grown = arena_array(&job->arena, room, sizeof(*grown));
	if (opened->count)
		memcpy(grown, opened->value, opened->count * sizeof(*grown));
	opened->value = grown;
	opened->room = room;
}

static enum err
section_open(struct job *job, uid subject, const struct keyset *keyset, const struct section *section,
             struct opened *opened)
{
	OWNED(buf_release) struct buf associated = { .max = 64 * 1024 };
	const uint8_t *key = keyset_find(keyset, section->no);
	uint16_t inside;
	bytes plain;

	if (!key)
		return fail(job, ERR_CRYPTO, "the key of a section is gone");
	put_associated(&associated, subject, section);
	TRY(seal_open(job, key, buf_bytes(&associated), section->sealed, &plain));
	if (!eat_le16(&plain, &inside) || inside > LIMIT_VALUES || opened->count + inside > LIMIT_VALUES)
		return fail(job, ERR_CORRUPT, "a section holds more than it may");
	opened_grow(job, opened, inside);
	for (size_t i = 0; i < inside; i++)
		if (!eat_value(&plain, section->no, &opened->value[opened->count++]))
			return fail(job, ERR_CORRUPT, "a section cannot be read");
	return OK;
}

static bool
section_covers(const struct section *section, uint32_t purpose)
{
	for (size_t i = 0; i < section->purpose_count; i++)
		if (section->purpose[i] == purpose)
			return true;
	return false;
}

enum err
record_open_for(struct job *job, uid subject, const struct keyset *keyset, bytes record,
                uint32_t purpose, struct value **ret, size_t *ret_count)
{
	struct opened opened = { 0 };
	struct section *section;
	size_t section_count;

	TRY(sections_read(job, record, &section, &section_count));
	for (size_t i = 0; i < section_count; i++)
		if (!purpose || section_covers(&section[i], purpose))
			TRY(section_open(job, subject, keyset, &section[i], &opened));
	*ret = opened.value;
	*ret_count = opened.count;
	return OK;
}

enum err
record_open(struct job *job, uid subject, const struct keyset *keyset, bytes record,
            struct value **ret, size_t *ret_count)
{
	return record_open_for(job, subject, keyset, record, 0, ret, ret_count);
}

enum err
record_sections(struct job *job, bytes record, uint32_t *ret, size_t *ret_count)
{
	struct section *section;
	size_t count;

	TRY(sections_read(job, record, &section, &count));
	for (size_t i = 0; i < count; i++)
		ret[i] = section[i].no;
	*ret_count = count;
	return OK;
}

static bool
section_used(const uint32_t *section, size_t count, uint32_t no)
{
	for (size_t i = 0; i < count; i++)
		if (section[i] == no)
			return true;
	return no == 0; /* the evidence key lives as long as the person's row */
}

enum err
record_keys_keep(struct job *job, bytes record, struct keyset *keyset)
{
	uint32_t section[KEYSET_MAX];
	size_t count, kept = 0;

	TRY(record_sections(job, record, section, &count));
	for (size_t i = 0; i < keyset->count; i++)
		if (section_used(section, count, keyset->item[i].section))
			keyset->item[kept++] = keyset->item[i];
	wipe(&keyset->item[kept], (keyset->count - kept) * sizeof(keyset->item[0]));
	keyset->count = (uint32_t)kept;
	return OK;
}

/* --- building --------------------------------------------------------------------------------- */

/* One section of the new record: a set of purposes and the values that it covers. */
struct group {
	uint16_t *purpose;
	size_t purpose_count;
	const struct value **value;
	size_t value_count;
};

struct build {
	struct job *job;
	uid subject;
	int64_t version;
	struct group *group;
	size_t group_count;
	struct section *old;
	size_t old_count;
	const struct value *old_value;
	size_t old_value_count;
	struct keyset *keyset, *trimmed;
	struct buf *out;
	struct record_built *result;
};

static bool
same_purposes(const uint16_t *a, size_t a_count, const uint16_t *b, size_t b_count)
{
	return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof(*a)) == 0);
}

static struct group *
group_of(struct build *build, const uint16_t *purpose, size_t count, size_t value_count)
{
	struct job *job = build->job;
	struct group *group;

	for (size_t i = 0; i < build->group_count; i++)
		if (same_purposes(build->group[i].purpose, build->group[i].purpose_count, purpose, count))
			return &build->group[i];
	if (build->group_count == SECTIONS_BUILT)
		return NULL;
	group = &build->group[build->group_count++];
	group->purpose = arena_array(&job->arena, count, sizeof(*purpose));
	memcpy(group->purpose, purpose, count * sizeof(*purpose));
	group->purpose_count = count;
	group->value = arena_array(&job->arena, value_count, sizeof(*group->value));
	return group;
}

static enum err
groups_make(struct build *build, const struct registry *registry, const struct standing *standing,
            time_us as_of, const struct value *value, size_t value_count, size_t *ret_dropped)
{
	struct job *job = build->job;
	uint16_t *covering = arena_array(&job->arena, standing->ground_count + 1, sizeof(*covering));
	size_t dropped = 0;

	build->group = arena_array(&job->arena, SECTIONS_BUILT, sizeof(*build->group));
	for (size_t i = 0; i < value_count; i++) {
		size_t count = standing_covering(registry, standing, as_of, value[i].field, covering);
		struct group *group;

		if (!count) { /* D3 */
			dropped++;
			continue;
		}
		group = group_of(build, covering, count, value_count);
		if (!group)
			return fail(job, ERR_LIMIT, "the grounds of this person divide the values into too many sections");
		group->value[group->value_count++] = &value[i];
	}
	*ret_dropped = dropped;
	return OK;
}

static const struct section *
old_section(const struct build *build, const struct group *group)
{
	for (size_t i = 0; i < build->old_count; i++)
		if (same_purposes(build->old[i].purpose, build->old[i].purpose_count, group->purpose,
		                  group->purpose_count))
			return &build->old[i];
	return NULL;
}

static bool
same_value(const struct value *a, const struct value *b)
{
	return a->field == b->field && a->origin == b->origin && a->stored_at == b->stored_at &&
	       a->stored_by.kind == b->stored_by.kind && a->stored_by.no == b->stored_by.no &&
	       str_eq(a->text, b->text) && str_eq(a->statement, b->statement);
}

/*= gdpr 16
 *# The right to obtain the rectification of inaccurate personal data: what was wrong is gone, not
 *# only out of sight.  Words that complete it may be added to without that. */
static bool
loses_text(const struct value *was, const struct value *is)
{
	return !str_eq(was->text, is->text) || (was->statement.len && !str_eq(was->statement, is->statement));
}

/* What became of a section: its values in the new group, and whether any were added or changed. */
static void
section_compare(const struct build *build, const struct section *old, const struct group *group,
                bool *ret_lost, bool *ret_same)
{
	size_t kept = 0, same = 0, before = 0;

	for (size_t i = 0; i < build->old_value_count; i++) {
		const struct value *was = &build->old_value[i];
		if (was->section != old->no)
			continue;
		before++;
		for (size_t n = 0; n < group->value_count; n++)
			if (group->value[n]->field == was->field) {
				kept += !loses_text(was, group->value[n]);
				same += same_value(group->value[n], was);
			}
	}
	*ret_lost = kept < before;
	*ret_same = same == before && before == group->value_count;
}

static uint32_t
free_section(const struct build *build)
{
	for (uint32_t no = 1; no < KEYSET_MAX; no++)
		if (!keyset_find(build->keyset, no))
			return no;
	return 0;
}

static void
key_keep(struct build *build, uint32_t section)
{
	struct keyset *to = build->trimmed;

	must(to->count < KEYSET_MAX);
	to->item[to->count].section = section;
	memcpy(to->item[to->count].key, keyset_find(build->keyset, section), KEY_BYTES);
	to->count++;
}

static enum err
section_seal(struct build *build, const struct group *group, uint32_t no)
{
	OWNED(buf_release) struct buf plain = { .max = LIMIT_RECORD_BYTES };
	OWNED(buf_release) struct buf associated = { .max = 64 * 1024 };
	struct section section = { .no = no, .version = build->version, .purpose = group->purpose,
		                   .purpose_count = group->purpose_count };
	const uint8_t *key = keyset_find(build->keyset, no);

	buf_le16(&plain, (uint16_t)group->value_count);
	for (size_t i = 0; i < group->value_count; i++) {
		const struct value *value = group->value[i];
		buf_le16(&plain, value->field);
		buf_u8(&plain, (uint8_t)value->origin | (value->statement.len ? STATED : 0));
		buf_le64(&plain, (uint64_t)value->stored_at);
		buf_u8(&plain, (uint8_t)value->stored_by.kind);
		buf_le64(&plain, (uint64_t)value->stored_by.no);
		buf_block(&plain, str_bytes(value->text));
		if (value->statement.len)
			buf_block(&plain, str_bytes(value->statement));
	}
	if (!buf_ok(&plain))
		return fail(build->job, ERR_LIMIT, "limit_record_bytes: the values of this person are too many");
	put_associated(&associated, build->subject, &section);
	buf_le32(build->out, no);
	buf_le64(build->out, (uint64_t)section.version);
	buf_le16(build->out, (uint16_t)group->purpose_count);
	for (size_t i = 0; i < group->purpose_count; i++)
		buf_le16(build->out, group->purpose[i]);
	buf_le32(build->out, (uint32_t)(plain.len + SEAL_OVERHEAD));
	seal(key, buf_bytes(&associated), buf_bytes(&plain), build->out);
	return OK;
}

/* D2: unchanged, its bytes; lost or replaced a value, a fresh key under a fresh number; else the same. */
static enum err
group_place(struct build *build, const struct group *group)
{
	const struct section *old = old_section(build, group);
	bool lost = false, same = false;
	uint32_t no;

	if (old)
		section_compare(build, old, group, &lost, &same);
	if (old && same && !lost) {
		buf_data(build->out, old->whole);
		key_keep(build, old->no);
		return OK;
	}
	no = old && !lost ? old->no : free_section(build);
	if (!no)
		return fail(build->job, ERR_LIMIT, "too many sections in one record");
	if (!keyset_find(build->keyset, no)) {
		must(keyset_renew(build->keyset, no));
		build->result->keys_added = true;
	}
	TRY(section_seal(build, group, no));
	key_keep(build, no);
	return OK;
}

static uint8_t
format_for(const struct value *value, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (value[i].statement.len)
			return FORMAT_STATED;
	return FORMAT;
}

enum err
record_build(struct job *job, const struct registry *registry, uid subject, int64_t version,
             const struct standing *standing, time_us as_of, const struct value *old, size_t old_count,
             bytes old_record, const struct value *value, size_t value_count,
             struct keyset *keyset, struct keyset *trimmed, struct record_built *ret,
             size_t *ret_dropped)
{
	OWNED(buf_release) struct buf out = { .max = LIMIT_RECORD_BYTES };
	struct record_built built = { 0 };
	struct build build = {
		.job = job, .subject = subject, .version = version, .old_value = old,
		.old_value_count = old_count, .keyset = keyset, .trimmed = trimmed, .out = &out,
		.result = &built,
	};

	TRY(sections_read(job, old_record, &build.old, &build.old_count));
	TRY(groups_make(&build, registry, standing, as_of, value, value_count, ret_dropped));
	if (!keyset_find(keyset, 0)) { /* the evidence key comes with the person */
		must(keyset_renew(keyset, 0));
		built.keys_added = true;
	}
	key_keep(&build, 0);
	buf_u8(&out, format_for(value, value_count));
	buf_le16(&out, (uint16_t)build.group_count);
	for (size_t i = 0; i < build.group_count; i++)
		TRY(group_place(&build, &build.group[i]));
	if (!buf_ok(&out))
		return fail(job, ERR_LIMIT, "limit_record_bytes: the values of this person are too many");
	built.record = arena_bytes(&job->arena, buf_bytes(&out));
	built.keys_dropped = trimmed->count < keyset->count;
	*ret = built;
	return OK;
}
