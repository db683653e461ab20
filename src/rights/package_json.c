/* rights/package_json.c -- the package as JSON and as CSV, and the schema of the former. */
#include "csv/csv.h"
#include "rights/package.h"

#define FORMAT_NAME "valv-access-1"

static const struct cell *
cells_of(const struct package *package, enum section_id id, size_t row)
{
	return &package->section[id].cell[row * section_kind(id)->column_count];
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void
put_cell(struct json_out *out, const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_NULL:
		json_put_null(out);
		break;
	case CELL_TEXT:
	case CELL_PROSE:
	case CELL_CODE:
	case CELL_WORD:
		json_put_str(out, cell->text);
		break;
	case CELL_WORDS:
	case CELL_TEXTS:
		json_open(out, '[');
		for (size_t i = 0; i < cell->count; i++)
			json_put_str(out, cell->list[i]);
		json_close(out, ']');
		break;
	case CELL_NUMBER:
		json_put_i64(out, cell->number);
		break;
	case CELL_TIME:
		json_put_time(out, cell->number);
		break;
	case CELL_YES:
		json_put_bool(out, cell->number);
		break;
	case CELL_JSON:
		json_put_raw(out, cell->text);
		break;
	}
}

static void
put_section(struct json_out *out, const struct package *package, enum section_id id)
{
	const struct section_kind *kind = section_kind(id);

	json_name(out, kind->name);
	json_open(out, '[');
	for (size_t row = 0; row < package->section[id].row_count && buf_ok(out->buf); row++) {
		const struct cell *cell = cells_of(package, id, row);
		json_open(out, '{');
		for (size_t i = 0; i < kind->column_count; i++) {
			json_name(out, kind->column[i].name);
			put_cell(out, &cell[i]);
		}
		json_close(out, '}');
	}
	json_close(out, ']');
}

void
package_json(const struct package *package, struct buf *out)
{
	OWNED(buf_release) struct buf next = { .max = PACKAGE_PLACE_BYTES };
	struct json_out json;

	json_out_begin(&json, out);
	json_open(&json, '{');
	json_pair_str(&json, S("format"), S(FORMAT_NAME));
	json_pair_uid(&json, S("subject"), package->subject.id);
	json_pair_time(&json, S("made_at"), package->made_at);
	json_pair_str(&json, S("language"), language_code(package->language));
	json_name(&json, S("next"));
	package_place_put(&next, &package->next);
	if (package->more)
		json_put_str(&json, buf_str(&next));
	else
		json_put_null(&json);
	for (enum section_id id = 0; id < SECTION_COUNT; id++)
		put_section(&json, package, id);
	json_close(&json, '}');
	buf_char(out, '\n');
}

/* --- CSV -------------------------------------------------------------------------------------- */

static void
put_text(struct buf *out, const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_NULL:
		break;
	case CELL_TEXT:
	case CELL_PROSE:
	case CELL_CODE:
	case CELL_WORD:
	case CELL_JSON:
		buf_put(out, cell->text);
		break;
	case CELL_WORDS:
	case CELL_TEXTS:
		for (size_t i = 0; i < cell->count; i++) {
			buf_put(out, i ? S(", ") : S(""));
			buf_put(out, cell->list[i]);
		}
		break;
	case CELL_NUMBER:
		buf_dec(out, cell->number);
		break;
	case CELL_TIME:
		buf_time(out, cell->number);
		break;
	case CELL_YES:
		buf_put(out, cell->number ? S("true") : S("false"));
		break;
	}
}

static void
put_line(struct csv_writer *writer, str section, size_t row, str name, str value)
{
	OWNED(buf_release) struct buf number = { .max = 24 };

	buf_udec(&number, row);
	csv_put_cell(writer, section);
	csv_put_cell(writer, buf_str(&number));
	csv_put_cell(writer, name);
	csv_put_cell(writer, value);
	csv_put_end(writer);
}

static void
put_lines(struct csv_writer *writer, const struct package *package, enum section_id id, size_t row)
{
	OWNED(buf_release) struct buf value = { .max = writer->out->max };
	const struct section_kind *kind = section_kind(id);
	const struct cell *cell = cells_of(package, id, row);

	for (size_t i = 0; i < kind->column_count; i++) {
		if (cell[i].kind == CELL_NULL)
			continue;
		buf_clear(&value);
		put_text(&value, &cell[i]);
		put_line(writer, kind->name, row + 1, kind->column[i].name, buf_str(&value));
	}
}

static void
put_head(struct csv_writer *writer, const struct package *package)
{
	OWNED(buf_release) struct buf text = { .max = 64 };

	put_line(writer, S("package"), 1, S("format"), S(FORMAT_NAME));
	buf_uid(&text, package->subject.id);
	put_line(writer, S("package"), 1, S("subject"), buf_str(&text));
	buf_clear(&text);
	buf_time(&text, package->made_at);
	put_line(writer, S("package"), 1, S("made_at"), buf_str(&text));
	put_line(writer, S("package"), 1, S("language"), language_code(package->language));
	if (!package->more)
		return;
	buf_clear(&text);
	package_place_put(&text, &package->next);
	put_line(writer, S("package"), 1, S("next"), buf_str(&text));
}

void
package_csv(const struct package *package, struct buf *out)
{
	struct csv_writer writer = { .out = out, .separator = ',', .neutral = true };

	buf_put(out, S("\xef\xbb\xbf"));
	csv_put_cell(&writer, S("section"));
	csv_put_cell(&writer, S("row"));
	csv_put_cell(&writer, S("name"));
	csv_put_cell(&writer, S("value"));
	csv_put_end(&writer);
	put_head(&writer, package);
	for (enum section_id id = 0; id < SECTION_COUNT; id++)
		for (size_t row = 0; row < package->section[id].row_count && buf_ok(out); row++)
			put_lines(&writer, package, id, row);
}

/* --- the schema ------------------------------------------------------------------------------- */

static void
put_type(struct json_out *out, const char *type, bool null)
{
	json_name(out, S("type"));
	if (null)
		json_open(out, '[');
	json_put_str(out, str_from_c(type));
	if (null) {
		json_put_str(out, S("null"));
		json_close(out, ']');
	}
}

static void
put_list_type(struct json_out *out, bool null)
{
	put_type(out, "array", null);
	json_name(out, S("items"));
	json_open(out, '{');
	put_type(out, "string", false);
	json_close(out, '}');
}

static void
put_words(struct json_out *out, const struct column *column)
{
	static const struct {
		enum speak list;
		const char *word;
	} words[] = {
#define W(list, word, sv, en) { SPEAK_##list, word },
#include "rights/speak.def"
#undef W
	};

	json_name(out, S("examples"));
	json_open(out, '[');
	for (size_t i = 0; i < COUNT(words); i++)
		if (words[i].list == column->words)
			json_put_str(out, str_from_c(words[i].word));
	json_close(out, ']');
}

static void
put_column(struct json_out *out, const struct column *column)
{
	bool null = !(column->flags & COLUMN_NEED);

	json_open(out, '{');
	switch (column->kind) {
	case CELL_WORDS:
	case CELL_TEXTS:
		put_list_type(out, null);
		break;
	case CELL_NUMBER:
		put_type(out, "integer", null);
		break;
	case CELL_YES:
		put_type(out, "boolean", null);
		break;
	case CELL_JSON:
		put_type(out, "object", null);
		break;
	case CELL_TIME:
		put_type(out, "string", null);
		json_pair_str(out, S("format"), S("date-time"));
		break;
	default:
		put_type(out, "string", null);
		break;
	}
	json_pair_str(out, S("description"), column->text);
	if (column->kind == CELL_WORD)
		put_words(out, column);
	json_close(out, '}');
}

static void
put_closed(struct json_out *out)
{
	json_pair_bool(out, S("additionalProperties"), false);
}

static void
put_section_type(struct json_out *out, const struct section_kind *kind)
{
	json_name(out, kind->name);
	json_open(out, '{');
	json_pair_str(out, S("title"), kind->title[ENGLISH]);
	json_pair_str(out, S("description"), kind->about[ENGLISH]);
	put_type(out, "array", false);
	json_name(out, S("items"));
	json_open(out, '{');
	put_type(out, "object", false);
	json_name(out, S("properties"));
	json_open(out, '{');
	for (size_t i = 0; i < kind->column_count; i++) {
		json_name(out, kind->column[i].name);
		put_column(out, &kind->column[i]);
	}
	json_close(out, '}');
	json_name(out, S("required"));
	json_open(out, '[');
	for (size_t i = 0; i < kind->column_count; i++)
		json_put_str(out, kind->column[i].name);
	json_close(out, ']');
	put_closed(out);
	json_close(out, '}');
	json_close(out, '}');
}

static void
put_head_types(struct json_out *out)
{
	static const char *const names[] = { "format", "subject", "made_at", "language", "next" };
	static const char *const types[] = {
		"{\"const\":\"" FORMAT_NAME "\"}",
		"{\"type\":\"string\",\"format\":\"uuid\"}",
		"{\"type\":\"string\",\"format\":\"date-time\"}",
		"{\"enum\":[\"sv\",\"en\"]}",
		"{\"type\":[\"string\",\"null\"],\"description\":\"Where the next part begins; null: this is the last.\"}",
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		json_name(out, str_from_c(names[i]));
		json_put_raw(out, str_from_c(types[i]));
	}
}

void
package_schema(struct buf *out)
{
	static const char *const heads[] = { "format", "subject", "made_at", "language", "next" };
	struct json_out json;

	json_out_begin(&json, out);
	json_open(&json, '{');
	json_pair_str(&json, S("$schema"), S("https://json-schema.org/draft/2020-12/schema"));
	json_pair_str(&json, S("title"), S("Everything that is held about a person (GDPR, Article 15)"));
	put_type(&json, "object", false);
	json_name(&json, S("properties"));
	json_open(&json, '{');
	put_head_types(&json);
	for (enum section_id id = 0; id < SECTION_COUNT; id++)
		put_section_type(&json, section_kind(id));
	json_close(&json, '}');
	json_name(&json, S("required"));
	json_open(&json, '[');
	for (size_t i = 0; i < COUNT(heads); i++)
		json_put_str(&json, str_from_c(heads[i]));
	for (enum section_id id = 0; id < SECTION_COUNT; id++)
		json_put_str(&json, section_kind(id)->name);
	json_close(&json, ']');
	put_closed(&json);
	json_close(&json, '}');
	buf_char(out, '\n');
}
