/* cli/say.c -- contract: say.h. */
#include "cli/say.h"

#include <unistd.h>
#include <wchar.h>

#include "base/limits.h"

/* --- text ------------------------------------------------------------------------------------- */

/* One character off the front of *rest; *ret_wide is 0 for what is no character. */
static str
eat_character(str *rest, wchar_t *ret_wide)
{
	mbstate_t state = { 0 };
	size_t len = mbrtowc(ret_wide, rest->ptr, rest->len, &state);
	str taken;

	if (len == 0 || len == (size_t)-1 || len == (size_t)-2) {
		*ret_wide = 0;
		len = 1;
	}
	taken = str_first(*rest, len);
	*rest = str_from(*rest, len);
	return taken;
}

/* C0, DEL, C1; marks and overrides of direction. */
static bool
is_unsafe(wchar_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x2028 ||
	       c == 0x2029;
}

str
text_safe(struct job *job, str text)
{
	OWNED(buf_release) struct buf safe = { .max = LIMIT_ANSWER_BYTES };
	wchar_t wide;

	while (text.len) {
		str taken = eat_character(&text, &wide);
		buf_put(&safe, is_unsafe(wide) ? S("?") : taken);
	}
	return arena_str(&job->arena, buf_str(&safe));
}

void
say_text(FILE *to, str text)
{
	wchar_t wide;

	while (text.len) {
		str taken = eat_character(&text, &wide);
		if (is_unsafe(wide))
			fputc('?', to);
		else
			fwrite(taken.ptr, 1, taken.len, to);
	}
}

void
say_line(FILE *to, str text)
{
	fwrite(text.ptr, 1, text.len, to);
	if (!str_ends(text, S("\n")))
		fputc('\n', to);
}

static void
say_colour(FILE *to, const char *colour, const char *text)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
	bool coloured = isatty(fileno(to)) && !(no_colour && *no_colour) && terminal &&
	                strcmp(terminal, "dumb") != 0;

	fprintf(to, "%s%s%s", coloured ? colour : "", text, coloured ? "\033[0m" : "");
}

void
say_red(FILE *to, const char *text)
{
	say_colour(to, "\033[31m", text);
}

void
say_green(FILE *to, const char *text)
{
	say_colour(to, "\033[32m", text);
}

size_t
text_width(str text)
{
	size_t width = 0;
	wchar_t wide;

	while (text.len) {
		eat_character(&text, &wide);
		int columns = is_unsafe(wide) ? 1 : wcwidth(wide);
		width += columns > 0 ? (size_t)columns : 0;
	}
	return width;
}

/* --- tables ----------------------------------------------------------------------------------- */

void
table_begin(struct table *table, struct job *job, const char *const *heading)
{
	*table = (struct table){ .job = job, .heading = heading };
	while (heading[table->columns])
		table->columns++;
	must(table->columns <= TABLE_COLUMNS);
}

void
table_cell(struct table *table, str text)
{
	if (table->count == table->room) {
		size_t room = table->room ? table->room * 2 : 64;
		str *grown = arena_array(&table->job->arena, room, sizeof(*grown));
		if (table->count)
			memcpy(grown, table->cell, table->count * sizeof(*grown));
		table->cell = grown;
		table->room = room;
	}
	table->cell[table->count++] = arena_str(&table->job->arena, text);
}

void
table_number(struct table *table, int64_t number)
{
	OWNED(buf_release) struct buf text = { .max = 32 };

	buf_dec(&text, number);
	table_cell(table, buf_str(&text));
}

static bool
is_numeric(const struct table *table, size_t column)
{
	return table->heading[column][0] == '>';
}

static str
heading_of(const struct table *table, size_t column)
{
	return str_from_c(table->heading[column] + is_numeric(table, column));
}

static void
put_cell(const struct table *table, size_t column, size_t width, str text)
{
	size_t pad = width - text_width(text);
	bool last = column + 1 == table->columns;

	if (is_numeric(table, column))
		printf("%*s", (int)pad, "");
	say_text(stdout, text);
	if (!last)
		printf("%*s", is_numeric(table, column) ? 2 : (int)pad + 2, "");
	else
		putchar('\n');
}

void
table_print(const struct table *table, bool with_heading)
{
	size_t width[TABLE_COLUMNS] = { 0 };

	for (size_t i = 0; i < table->columns; i++)
		width[i] = text_width(heading_of(table, i));
	for (size_t i = 0; i < table->count; i++) {
		size_t needed = text_width(table->cell[i]), column = i % table->columns;
		width[column] = needed > width[column] ? needed : width[column];
	}
	for (size_t i = 0; with_heading && i < table->columns; i++)
		put_cell(table, i, width[i], heading_of(table, i));
	for (size_t i = 0; i < table->count; i++)
		put_cell(table, i % table->columns, width[i % table->columns], table->cell[i]);
}

/* --- JSON ------------------------------------------------------------------------------------- */

enum err
text_member(struct job *job, struct json object, const char *name, str *ret)
{
	str text = S("");

	TRY(json_str(job, object, name, LIMIT_ANSWER_BYTES, &text, NULL));
	*ret = text_safe(job, text);
	return OK;
}

static bool
is_nested(struct json place)
{
	return json_kind(place) == JSON_OBJECT || json_kind(place) == JSON_ARRAY;
}

/* An array without nested values, on one line. */
static enum err
join(struct job *job, struct json array, str *ret)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_ANSWER_BYTES };
	str each;

	for (size_t i = 0; i < json_count(array); i++) {
		TRY(json_scalar(job, json_element(job, array, i), LIMIT_ANSWER_BYTES, &each));
		if (i)
			buf_put(&text, S(", "));
		buf_put(&text, each);
	}
	*ret = text_safe(job, buf_str(&text));
	return OK;
}

enum err
list_member(struct job *job, struct json object, const char *name, str *ret)
{
	struct json place = json_member(job, object, name);

	if (json_kind(place) == JSON_ARRAY)
		return join(job, place, ret);
	return text_member(job, object, name, ret);
}

static bool
is_flat(struct job *job, struct json array)
{
	for (size_t i = 0; i < json_count(array); i++)
		if (is_nested(json_element(job, array, i)))
			return false;
	return true;
}

/* A value after its name; one of several lines stands below it, indented. */
static void
say_block(str text, int indent)
{
	bool several = memchr(text.ptr, '\n', text.len) != NULL;
	str line;

	do {
		if (!eat_until(&text, '\n', &line)) {
			line = text;
			text.len = 0;
		}
		if (several)
			printf("\n%*s", line.len ? indent : 0, "");
		else
			putchar(' ');
		say_text(stdout, line);
	} while (text.len);
	putchar('\n');
}

static enum err
outline_value(struct job *job, struct json value, int indent)
{
	str text = S("-");

	if (json_kind(value) == JSON_OBJECT ||
	    (json_kind(value) == JSON_ARRAY && !is_flat(job, value))) {
		putchar('\n');
		return say_outline(job, value, indent + 2);
	}
	if (json_kind(value) == JSON_ARRAY)
		TRY(join(job, value, &text));
	else if (json_kind(value) != JSON_NULL)
		TRY(json_scalar(job, value, LIMIT_ANSWER_BYTES, &text));
	say_block(text, indent + 2);
	return OK;
}

enum err
say_outline(struct job *job, struct json place, int indent)
{
	void *iterator = NULL;
	struct json value;
	str name;

	if (json_kind(place) == JSON_ARRAY) {
		for (size_t i = 0; i < json_count(place); i++) {
			printf("%*s-", indent, "");
			TRY(outline_value(job, json_element(job, place, i), indent));
		}
		return OK;
	}
	while (json_each(job, place, &iterator, &name, &value)) {
		printf("%*s", indent, "");
		say_text(stdout, name);
		putchar(':');
		TRY(outline_value(job, value, indent));
	}
	return OK;
}

str
time_short(struct job *job, str time)
{
	OWNED(buf_release) struct buf text = { .max = 32 };
	time_us at;

	if (!time_parse(time, &at))
		return time;
	buf_time(&text, at - at % TIME_SECOND);
	if (buf_ok(&text) && text.len > 11)
		text.ptr[10] = ' ';
	return arena_str(&job->arena, str_first(buf_str(&text), 19));
}
