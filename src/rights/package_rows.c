/* rights/package_rows.c -- filling rows, and the texts for numbers; see package_parts.h. */
#include "base/limits.h"
#include "rights/package_parts.h"

/* --- rows ------------------------------------------------------------------------------------- */

void
row_begin(struct row *row, struct package *package, enum section_id section)
{
	struct section *of = &package->section[section];
	size_t columns = section_kind(section)->column_count;

	if (of->row_count == of->row_room) {
		size_t room = of->row_room ? of->row_room * 2 : 8;
		struct cell *grown = arena_array(&package->job->arena, room * columns, sizeof(*grown));
		if (of->row_count)
			memcpy(grown, of->cell, of->row_count * columns * sizeof(*grown));
		of->cell = grown;
		of->row_room = room;
	}
	*row = (struct row){ package, section, 0 };
}

void
row_end(struct row *row)
{
	must(row->at == section_kind(row->section)->column_count);
	row->package->section[row->section].row_count++;
}

static struct cell *
cell_next(struct row *row, const struct column **ret)
{
	const struct section_kind *kind = section_kind(row->section);
	struct section *of = &row->package->section[row->section];

	must(row->at < kind->column_count);
	*ret = &kind->column[row->at];
	return &of->cell[of->row_count * kind->column_count + row->at++];
}

static void
cell_put(struct row *row, struct cell cell)
{
	const struct column *column;
	struct cell *at = cell_next(row, &column);

	if (cell.kind == CELL_TEXT) /* one of those that are texts */
		cell.kind = column->kind;
	must(cell.kind == column->kind || cell.kind == CELL_NULL);
	must(cell.kind != CELL_NULL || !(column->flags & COLUMN_NEED));
	*at = cell;
}

void
row_null(struct row *row)
{
	cell_put(row, (struct cell){ .kind = CELL_NULL });
}

void
row_text(struct row *row, str text)
{
	bool need = section_kind(row->section)->column[row->at].flags & COLUMN_NEED;

	cell_put(row, (struct cell){ .kind = text.len || need ? CELL_TEXT : CELL_NULL, .text = text });
}

void
row_number(struct row *row, int64_t number)
{
	cell_put(row, (struct cell){ .kind = CELL_NUMBER, .number = number });
}

void
row_number_or_null(struct row *row, int64_t number)
{
	cell_put(row, (struct cell){ .kind = number ? CELL_NUMBER : CELL_NULL, .number = number });
}

void
row_time(struct row *row, time_us at)
{
	cell_put(row, (struct cell){ .kind = at == TIME_NEVER ? CELL_NULL : CELL_TIME, .number = at });
}

void
row_yes(struct row *row, bool yes)
{
	cell_put(row, (struct cell){ .kind = CELL_YES, .number = yes });
}

void
row_id(struct row *row, uid id)
{
	OWNED(buf_release) struct buf text = { .max = 64 };

	buf_uid(&text, id);
	row_text(row, arena_str(&row->package->job->arena, buf_str(&text)));
}

void
row_texts(struct row *row, const str *list, size_t count)
{
	enum cell_kind kind = section_kind(row->section)->column[row->at].kind;
	bool need = section_kind(row->section)->column[row->at].flags & COLUMN_NEED;

	must(kind == CELL_TEXTS || kind == CELL_WORDS);
	cell_put(row, (struct cell){ .kind = count || need ? kind : CELL_NULL, .list = list, .count = count });
}

void
row_channels(struct row *row, uint32_t mask)
{
	str *list = arena_array(&row->package->job->arena, CHANNEL_COUNT, sizeof(*list));
	size_t count = 0;

	for (int channel = 0; channel < CHANNEL_COUNT; channel++)
		if (mask & CHANNEL_BIT(channel))
			list[count++] = channel_name((enum channel)channel);
	row_texts(row, list, count);
}

void
row_json(struct row *row, str json)
{
	cell_put(row, (struct cell){ .kind = json.len ? CELL_JSON : CELL_NULL, .text = json });
}

void
row_purpose_title(struct row *row, int64_t no, str other)
{
	if (no)
		row_text(row, purpose_title(row->package, no));
	else
		row_text(row, other.len ? speak(SPEAK_PURPOSE, other, row->package->language) : S(""));
}

void
row_purpose(struct row *row, int64_t no, str other)
{
	row_text(row, purpose_name(row->package->registry, no));
	row_purpose_title(row, no, other);
}

void
row_fields_of(struct row *row, const uint16_t *no, size_t count, bool titles)
{
	str *list = arena_array(&row->package->job->arena, count, sizeof(*list));
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		const struct field *field = registry_field_no(row->package->registry, no[i]);
		if (field)
			list[found++] = titles ? field_title(row->package, no[i]) : field->name;
	}
	row_texts(row, list, found);
}

void
row_fields(struct row *row, bytes numbers)
{
	size_t count = 0, room = numbers.len / 2;
	uint16_t *no = arena_array(&row->package->job->arena, room, sizeof(*no));

	while (count < room && eat_le16(&numbers, &no[count]))
		count++;
	row_fields_of(row, no, count, false);
	row_fields_of(row, no, count, true);
}

/* --- texts ------------------------------------------------------------------------------------ */

str
purpose_name(const struct registry *registry, int64_t no)
{
	const struct purpose *purpose = no ? registry_purpose_no(registry, (uint32_t)no) : NULL;

	if (purpose)
		return purpose->name;
	return no == PURPOSE_RIGHTS           ? S("rights")
	       : no == PURPOSE_ACCOUNTABILITY ? S("accountability")
	       : no == PURPOSE_BREAK_GLASS    ? S("break-glass")
	                                      : S("");
}

str
text_in(struct job *job, struct json object, const char *name, enum language language)
{
	struct json texts = json_member(job, object, name), value;
	void *iterator = NULL;
	str code, text = S(""), found;

	while (json_each(job, texts, &iterator, &code, &value)) {
		if (json_scalar(job, value, LIMIT_STRING_BYTES, &found)) {
			job_forgive(job);
			continue;
		}
		if (str_eq(code, language_code(language)))
			return found;
		text = text.len ? text : found;
	}
	return text;
}

/* Titles stand in the definitions, which are kept as they were put. */
str
definition_title(struct job *job, str definition, enum language language, str otherwise)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str title;

	if (json_parse(job, definition, &document, &root)) {
		job_forgive(job);
		return otherwise;
	}
	title = text_in(job, root, "title", language);
	return title.len ? title : otherwise;
}

/* The same few titles are wanted row after row: each is looked up once. */
str
field_title(struct package *package, uint16_t no)
{
	const struct registry *registry = package->registry;
	const struct field *field = registry_field_no(registry, no);
	str *slot;

	if (!field)
		return S("");
	if (!package->field_title)
		package->field_title = arena_array(&package->job->arena, registry->field_count, sizeof(str));
	slot = &package->field_title[field - registry->field];
	if (!slot->len)
		*slot = definition_title(package->job, field->definition, package->language, field->name);
	return *slot;
}

str
purpose_title(struct package *package, int64_t no)
{
	const struct registry *registry = package->registry;
	const struct purpose *purpose = registry_purpose_no(registry, (uint32_t)no);
	str *slot;

	if (!purpose || !purpose->version_count)
		return speak(SPEAK_PURPOSE, purpose_name(registry, no), package->language);
	if (!package->purpose_title)
		package->purpose_title = arena_array(&package->job->arena, registry->purpose_count, sizeof(str));
	slot = &package->purpose_title[purpose - registry->purpose];
	if (!slot->len)
		*slot = definition_title(package->job, purpose->version[purpose->version_count - 1].definition,
		                 package->language, purpose->name);
	return *slot;
}

str
actor_word(enum actor_kind kind)
{
	return kind == ACTOR_SYSTEM     ? S("system")
	       : kind == ACTOR_OPERATOR ? S("operator")
	       : kind == ACTOR_STAFF    ? S("staff")
	       : kind == ACTOR_KEY      ? S("key")
	       : kind == ACTOR_PERSON   ? S("person")
	                                : S("nobody");
}
