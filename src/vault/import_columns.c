/* vault/import_columns.c -- what each column is taken for: by the mapping, else by its name, else, for
 * addresses, by its look.
 *
 * A name alone is believed only when the cells bear it out.  Nothing that the law treats with
 * special care is taken by itself: a personnummer or a sensitive field needs a mapping. */
#include "vault/import_parts.h"

#include "base/limits.h"

#define NAME_MAX_BYTES 128   /* of a column's name that are kept */
#define BELIEVED_PERCENT 50  /* a recognised name whose cells are otherwise is not believed */
#define BELIEVED_CELLS 5     /* fewer filled ones say nothing against a name */
#define LOOK_PERCENT 90      /* without a name, the cells must be this clear */

/* Where a role is stored: the first field of these names, else the only field of that type. */
static const struct {
	enum import_role role;
	enum type type;
	bool by_type;
	const char *name[4];
} homes[] = {
	{ ROLE_EMAIL, TYPE_EMAIL, true, { "email" } },
	{ ROLE_PHONE, TYPE_PHONE, true, { "phone", "mobile" } },
	{ ROLE_FULL_NAME, TYPE_NAME, false, { "name", "full_name" } },
	{ ROLE_GIVEN_NAME, TYPE_NAME, false, { "given_name", "first_name" } },
	{ ROLE_FAMILY_NAME, TYPE_NAME, false, { "family_name", "last_name", "surname" } },
	{ ROLE_STREET, TYPE_STREET, true, { "street", "street_address", "address" } },
	{ ROLE_POSTCODE, TYPE_POSTCODE, true, { "postcode", "postal_code" } },
	{ ROLE_CITY, TYPE_CITY, true, { "city" } },
	{ ROLE_REGION, TYPE_REGION, true, { "region" } },
	{ ROLE_COUNTRY, TYPE_COUNTRY, true, { "country" } },
	{ ROLE_BIRTH_DATE, TYPE_BIRTH_DATE, true, { "birth_date", "date_of_birth" } },
	{ ROLE_LANGUAGE, TYPE_LANGUAGE, true, { "language" } },
	{ ROLE_COMPANY, TYPE_TEXT, false, { "company", "organisation", "company_name" } },
	{ ROLE_URL, TYPE_URL, true, { "url", "website", "web" } },
	{ ROLE_PERSONNUMMER, TYPE_PERSONNUMMER, true, { "personnummer" } },
};

/* --- where a role is stored ------------------------------------------------------------------- */

static const struct field *
only_of_type(const struct registry *registry, enum type type)
{
	const struct field *found = NULL;

	for (size_t i = 0; i < registry->field_count; i++) {
		if (registry->field[i].type != type)
			continue;
		if (found)
			return NULL;
		found = &registry->field[i];
	}
	return found;
}

const struct field *
role_field(const struct registry *registry, enum import_role role)
{
	for (size_t i = 0; i < COUNT(homes); i++) {
		if (homes[i].role != role)
			continue;
		for (size_t n = 0; n < COUNT(homes[i].name) && homes[i].name[n]; n++) {
			const struct field *field = registry_field(registry, str_from_c(homes[i].name[n]));
			if (field && field->type == homes[i].type)
				return field;
		}
		return homes[i].by_type ? only_of_type(registry, homes[i].type) : NULL;
	}
	return NULL;
}

static bool
role_is_value(enum import_role role, enum type *ret_type)
{
	for (size_t i = 0; i < COUNT(homes); i++)
		if (homes[i].role == role) {
			*ret_type = homes[i].type;
			return true;
		}
	return false;
}

static bool
is_name_part(enum import_role role)
{
	return role == ROLE_GIVEN_NAME || role == ROLE_FAMILY_NAME;
}

static bool
role_is_time(enum import_role role)
{
	return role == ROLE_CONSENT_AT || role == ROLE_CONFIRMED_AT || role == ROLE_UNSUBSCRIBED_AT ||
	       role == ROLE_BOUNCED_AT || role == ROLE_SINCE;
}

/* --- samples ---------------------------------------------------------------------------------- */

struct sample {
	const struct import_settings *settings;
	const str *const *row;
	const size_t *cells;
	size_t first, count; /* rows of persons */
	time_us now;
};

static bool
cell_reads(const struct sample *sample, enum type type, const struct field *field, str cell)
{
	OWNED(buf_release) struct buf out = { .max = LIMIT_VALUE_BYTES };
	struct type_context context = { .region = sample->settings->region, .now = sample->now };
	const char *why = NULL;

	if (field) {
		context.options = field->options;
		context.option_count = field->option_count;
		if (!context.region.len)
			context.region = field->region;
	}
	return type_parse(type, &context, cell_first(cell), &out, &why);
}

/* Percent of the filled cells that can be read as what the column is taken for; -1: nothing to say. */
static int
confidence(const struct sample *sample, size_t column, enum import_role role,
           const struct field *field, size_t *ret_filled)
{
	size_t filled = 0, read = 0;
	enum type type = field ? field->type : TYPE_TEXT;
	bool whole_day, value = role == ROLE_FIELD || role_is_value(role, &type);
	time_us at;

	if (!value && !role_is_time(role))
		return -1;
	*ret_filled = 0;
	for (size_t i = sample->first; i < sample->count; i++) {
		str cell = column < sample->cells[i] ? str_trim(sample->row[i][column]) : S("");
		if (!cell.len)
			continue;
		filled++;
		read += value ? cell_reads(sample, type, field, cell)
		              : list_time(cell, sample->settings->date_order, &at, &whole_day);
	}
	*ret_filled = filled;
	return filled ? (int)(read * 100 / filled) : -1;
}

/* --- header ----------------------------------------------------------------------------------- */

/* A "header" that holds an address is a person: its cells must not become column names (M8). */
static bool
row_is_person(const struct sample *sample)
{
	for (size_t i = 0; i < sample->cells[0]; i++) {
		str cell = sample->row[0][i];
		size_t at, digits = 0;
		if (str_find(cell, S("@"), &at))
			return true;
		for (size_t n = 0; n < cell.len; n++)
			digits += cell.ptr[n] >= '0' && cell.ptr[n] <= '9';
		if (digits >= 6 && digits * 2 >= cell.len)
			return true;
	}
	return false;
}

static str
name_cut(str name)
{
	name = str_trim(name);
	if (name.len <= NAME_MAX_BYTES)
		return name;
	name.len = NAME_MAX_BYTES;
	while (name.len && !str_utf8(name))
		name.len--;
	return name;
}

static const struct import_mapping *
mapping_of(const struct import_settings *settings, str column)
{
	for (size_t i = 0; i < settings->mapping_count; i++)
		if (str_eq_fold(settings->mapping[i].column, column))
			return &settings->mapping[i];
	return NULL;
}

/* One name that somebody knows makes a header.  A first row without any may be a person, too: "Anna
 * Berg;Umeå" (M8). */
static bool
row_is_header(const struct sample *sample, enum import_preset preset)
{
	for (size_t i = 0; i < sample->cells[0]; i++) {
		str cell = str_trim(sample->row[0][i]);
		if (mapping_of(sample->settings, cell) || preset_role(preset, cell) != ROLE_UNKNOWN)
			return true;
	}
	return false;
}

/* named: the first row is known to be a header, so that its cells may be kept. */
static void
columns_name(struct job *job, const struct sample *sample, bool named, struct import *import)
{
	size_t most = 0;

	for (size_t i = 0; i < sample->count; i++)
		most = sample->cells[i] > most ? sample->cells[i] : most;
	import->column_count = import->format.header ? sample->cells[0] : most;
	import->column = arena_array(&job->arena, import->column_count + 1, sizeof(*import->column));
	for (size_t i = 0; i < import->column_count; i++) {
		OWNED(buf_release) struct buf number = { .max = 16 };
		buf_udec(&number, i + 1);
		import->column[i].name = named && str_trim(sample->row[0][i]).len
		                                 ? arena_str(&job->arena, name_cut(sample->row[0][i]))
		                                 : arena_str(&job->arena, buf_str(&number));
		import->column[i].confidence = -1;
	}
}

/* --- one column ------------------------------------------------------------------------------- */

static void
column_map(const struct registry *registry, const struct import_mapping *mapping,
           struct import_column *column, const struct field **ret_field)
{
	str name = mapping->role;

	if (!name.len) {
		column->role = ROLE_IGNORED;
	} else if (eat_char(&name, '@')) {
		if (!role_find(name, &column->role))
			column->role = ROLE_UNKNOWN;
		*ret_field = role_field(registry, column->role);
	} else {
		column->role = ROLE_FIELD;
		*ret_field = registry_field(registry, name);
	}
}

static void
column_recognise(const struct registry *registry, enum import_preset preset,
                 struct import_column *column, const struct field **ret_field)
{
	column->role = preset_role(preset, column->name);
	*ret_field = role_field(registry, column->role);
	if (column->role == ROLE_PERSONNUMMER ||
	    (*ret_field && (*ret_field)->sensitivity != SENSITIVITY_ORDINARY))
		*ret_field = NULL;
}

static void
column_find(const struct registry *registry, const struct sample *sample, size_t index,
            struct import *import)
{
	const struct import_mapping *mapping =
		mapping_of(sample->settings, import->column[index].name);
	struct import_column *column = &import->column[index];
	const struct field *field = NULL;
	size_t filled = 0;

	if (mapping)
		column_map(registry, mapping, column, &field);
	else if (import->format.header)
		column_recognise(registry, import->preset, column, &field);
	column->confidence = confidence(sample, index, column->role, field, &filled);
	if (!mapping && import->preset == PRESET_GENERIC && !role_is_time(column->role) &&
	    filled >= BELIEVED_CELLS && column->confidence < BELIEVED_PERCENT) {
		column->role = ROLE_UNKNOWN;
		field = NULL;
	}
	if (!field && is_name_part(column->role))
		field = role_field(registry, ROLE_FULL_NAME); /* goes into the whole name */
	column->field = field ? field->name : S("");
}

/* --- by look ---------------------------------------------------------------------------------- */

static bool
has_role(const struct import *import, enum import_role role)
{
	for (size_t i = 0; i < import->column_count; i++)
		if (import->column[i].role == role)
			return true;
	return false;
}

/* The first column whose cells are clearly of the kind. */
static void
role_by_look(const struct registry *registry, const struct sample *sample, enum import_role role,
             struct import *import)
{
	const struct field *field = role_field(registry, role);

	if (has_role(import, role))
		return;
	for (size_t i = 0; i < import->column_count; i++) {
		struct import_column *column = &import->column[i];
		size_t filled;
		int percent;
		if (column->role != ROLE_UNKNOWN || mapping_of(sample->settings, column->name))
			continue;
		percent = confidence(sample, i, role, field, &filled);
		if (percent < LOOK_PERCENT)
			continue;
		column->role = role;
		column->confidence = percent;
		column->field = field ? field->name : S("");
		return;
	}
}

/* --- calls ------------------------------------------------------------------------------------ */

enum err
columns_find(struct job *job, const struct registry *registry,
             const struct import_settings *settings, const str *const *row, const size_t *cells,
             size_t row_count, struct import *import)
{
	struct sample sample = { .settings = settings, .row = row, .cells = cells, .count = row_count,
		                 .now = job->now };
	bool named;

	must(row_count > 0);
	if (settings->header_given)
		import->format.header = settings->format.header;
	if (import->format.header && row_is_person(&sample))
		import->format.header = false;
	import->preset = settings->preset;
	if (!settings->preset_given)
		import->preset = import->format.header ? preset_recognise(row[0], cells[0]) : PRESET_GENERIC;
	named = import->format.header && row_is_header(&sample, import->preset);
	if (!settings->header_given)
		import->format.header = named;
	sample.first = import->format.header ? 1 : 0;
	columns_name(job, &sample, named, import);
	for (size_t i = 0; i < import->column_count; i++)
		column_find(registry, &sample, i, import);
	role_by_look(registry, &sample, ROLE_EMAIL, import);
	if (!import->format.header) /* with a name, it may be a fax or somebody else's */
		role_by_look(registry, &sample, ROLE_PHONE, import);
	return OK;
}

enum err
columns_use(struct job *job, const struct registry *registry, const struct import *import,
            struct column_use **ret)
{
	struct column_use *use = arena_array(&job->arena, import->column_count + 1, sizeof(*use));

	for (size_t i = 0; i < import->column_count; i++) {
		use[i].role = import->column[i].role;
		if (import->column[i].field.len)
			use[i].field = registry_field(registry, import->column[i].field);
		if (is_name_part(use[i].role) && use[i].field == role_field(registry, ROLE_FULL_NAME))
			use[i].field = NULL; /* row_read() puts the parts together */
	}
	*ret = use;
	return OK;
}
