/* rights/package_person.c -- what stands in the person's own row: who, values, grounds, yes and no. */
#include "rights/package_parts.h"

static void
put_person(struct package *package)
{
	static const struct { uint32_t flag; str word; } flags[] = {
		{ FLAG_PROTECTED, { "protected_identity", 18 } },
		{ FLAG_DECEASED, { "deceased", 8 } },
		{ FLAG_CHILD, { "child", 5 } },
	};
	const struct subject *subject = &package->subject;
	str *word = arena_array(&package->job->arena, COUNT(flags), sizeof(*word));
	size_t count = 0;
	struct row row;

	for (size_t i = 0; i < COUNT(flags); i++)
		if (subject->flags & flags[i].flag)
			word[count++] = flags[i].word;
	row_begin(&row, package, SECTION_PERSON);
	row_id(&row, subject->id);
	row_text(&row, kind_name(subject->kind));
	row_texts(&row, word, count);
	row_yes(&row, subject->standing.restricted);
	row_time(&row, subject->created_at);
	row_time(&row, subject->told_at);
	row_time(&row, subject->tell_by_at);
	row_number(&row, subject->version);
	row_end(&row);
}

/* --- values ----------------------------------------------------------------------------------- */

static str
sensitivity_word(enum sensitivity sensitivity)
{
	return sensitivity == SENSITIVITY_SPECIAL     ? S("special")
	       : sensitivity == SENSITIVITY_SENSITIVE ? S("sensitive")
	                                              : S("ordinary");
}

static str
category_of(struct package *package, const struct field *field)
{
	OWNED(json_free) struct json_document *document = NULL;
	str category = S("");
	struct json root;

	if (json_parse(package->job, field->definition, &document, &root) ||
	    json_str(package->job, root, "category", 64, &category, NULL))
		job_forgive(package->job);
	return category;
}

/* Names and titles of the purposes that cover the field: two cells. */
static void
put_covering(struct row *row, uint16_t field)
{
	struct package *package = row->package;
	size_t room = package->subject.standing.ground_count;
	uint16_t *no = arena_array(&package->job->arena, room, sizeof(*no));
	str *name = arena_array(&package->job->arena, room, sizeof(*name));
	str *title = arena_array(&package->job->arena, room, sizeof(*title));
	size_t count = standing_covering(package->registry, &package->subject.standing, package->made_at,
	                                 field, no);

	for (size_t i = 0; i < count; i++) {
		name[i] = no[i] ? purpose_name(package->registry, no[i]) : S("(hold)");
		title[i] = no[i] ? purpose_title(package, no[i])
		                 : speak(SPEAK_PURPOSE, S("(hold)"), package->language);
	}
	row_texts(row, name, count);
	row_texts(row, title, count);
}

static enum err
put_value(struct package *package, const struct value *value)
{
	const struct field *field = registry_field_no(package->registry, value->field);
	struct row row;

	if (!field)
		return fail(package->job, ERR_CORRUPT, "a value is of a field that is not defined");
	row_begin(&row, package, SECTION_VALUES);
	row_text(&row, field->name);
	row_text(&row, field_title(package, field->no));
	row_text(&row, value->text);
	row_text(&row, value->statement);
	row_text(&row, category_of(package, field));
	row_text(&row, sensitivity_word(field->sensitivity));
	row_text(&row, origin_name(value->origin));
	row_time(&row, value->stored_at);
	row_text(&row, actor_word(value->stored_by.kind));
	row_yes(&row, field->lookup != LOOKUP_NONE);
	put_covering(&row, field->no);
	row_end(&row);
	return OK;
}

/* In the order in which the fields were defined, whichever section they are sealed in. */
static enum err
put_values(struct package *package)
{
	for (size_t f = 0; f < package->registry->field_count; f++)
		for (size_t i = 0; i < package->value_count; i++)
			if (package->value[i].field == package->registry->field[f].no)
				TRY(put_value(package, &package->value[i]));
	return package->section[SECTION_VALUES].row_count == package->value_count
	               ? OK
	               : fail(package->job, ERR_CORRUPT, "a value is of a field that is not defined");
}

/* --- what holds now --------------------------------------------------------------------------- */

static str
ground_word(const struct ground *ground, time_us now)
{
	if (!ground_live(ground, now))
		return S("over");
	return ground->state == GROUND_PENDING      ? S("pending")
	       : ground->state == GROUND_RESTRICTED ? S("restricted")
	                                            : S("live");
}

static void
put_ground(struct package *package, const struct ground *ground)
{
	bytes detail = ground->basis == BASIS_STORAGE_ONLY ? ground->detail : (bytes){ 0 };
	size_t count = 0;
	uint16_t *no = arena_array(&package->job->arena, detail.len / 2, sizeof(*no));
	struct row row;

	while (detail.len >= 2 && eat_le16(&detail, &no[count]))
		count++;
	row_begin(&row, package, SECTION_GROUNDS);
	row_purpose(&row, ground->purpose, S("(hold)"));
	row_number_or_null(&row, ground->version);
	row_text(&row, basis_name(ground->basis));
	row_text(&row, ground_word(ground, package->made_at));
	row_time(&row, ground->since_at);
	row_time(&row, ground->until_at);
	row_fields_of(&row, no, count, false);
	row_number(&row, ground->seq);
	row_end(&row);
}

static str
permission_word(const struct permission *permission, time_us now)
{
	static const str word[] = {
		[PERMISSION_REQUESTED] = { "requested", 9 }, [PERMISSION_UNCONFIRMED] = { "unconfirmed", 11 },
		[PERMISSION_GIVEN] = { "given", 5 },         [PERMISSION_REFUSED] = { "refused", 7 },
		[PERMISSION_WITHDRAWN] = { "withdrawn", 9 }, [PERMISSION_EXPIRED] = { "expired", 7 },
		[PERMISSION_OBJECTED] = { "objected", 8 },
	};
	bool open = permission->state == PERMISSION_GIVEN || permission->state == PERMISSION_UNCONFIRMED;

	must(permission->state >= PERMISSION_REQUESTED && permission->state <= PERMISSION_OBJECTED);
	return open && permission->until_at <= now ? word[PERMISSION_EXPIRED] : word[permission->state];
}

static void
put_permission(struct package *package, const struct permission *permission)
{
	struct row row;

	row_begin(&row, package, SECTION_PERMISSIONS);
	row_purpose(&row, permission->purpose, S(""));
	row_text(&row, channel_name(permission->channel));
	row_text(&row, permission_word(permission, package->made_at));
	row_time(&row, permission->since_at);
	row_time(&row, permission->until_at);
	row_number(&row, permission->seq);
	row_end(&row);
}

/* To all marketing there is nothing to decide (Article 21(3)). */
static str
ruling_word(const struct objection *objection)
{
	if (!objection->purpose)
		return S("absolute");
	return objection->ruling == RULING_UPHELD      ? S("upheld")
	       : objection->ruling == RULING_OVERRULED ? S("overruled")
	                                               : S("undecided");
}

static void
put_objection(struct package *package, const struct objection *objection)
{
	struct row row;

	row_begin(&row, package, SECTION_OBJECTIONS);
	row_purpose(&row, objection->purpose, S("(marketing)"));
	row_channels(&row, objection->channels);
	row_time(&row, objection->at);
	row_yes(&row, objection->automated);
	row_text(&row, ruling_word(objection));
	row_number_or_null(&row, objection->seq);
	row_end(&row);
}

static void
put_restriction(struct package *package, const struct restriction *restriction)
{
	struct row row;

	row_begin(&row, package, SECTION_RESTRICTIONS);
	row_text(&row, restriction_name(restriction->reason));
	row_fields(&row, restriction->fields);
	row_time(&row, restriction->since_at);
	row_time(&row, restriction->until_at);
	row_time(&row, restriction->told_at);
	row_number_or_null(&row, restriction->seq);
	row_end(&row);
}

enum err
package_person(struct package *package)
{
	const struct standing *standing = &package->subject.standing;

	put_person(package);
	TRY(put_values(package));
	for (size_t i = 0; i < standing->ground_count; i++)
		put_ground(package, &standing->ground[i]);
	for (size_t i = 0; i < standing->permission_count; i++)
		put_permission(package, &standing->permission[i]);
	for (size_t i = 0; i < standing->objection_count; i++)
		put_objection(package, &standing->objection[i]);
	for (size_t i = 0; i < standing->restriction_count; i++)
		put_restriction(package, &standing->restriction[i]);
	return OK;
}
