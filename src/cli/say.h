/* cli/say.h -- text for people: what a terminal gets never holds control characters of the data,
 * and colour is never the only sign. */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include "json/json.h"

/* Control characters, and what changes the direction of writing, come out as ?. */
void say_text(FILE *to, str text);
str text_safe(struct job *job, str text); /* the same, in the arena */
void say_line(FILE *to, str text);        /* as it is, and a newline unless it ends in one */
/* On a terminal in colour, unless NO_COLOR is set. */
void say_red(FILE *to, const char *text);
void say_green(FILE *to, const char *text);

size_t text_width(str text); /* columns that it takes on a terminal */

/* --- tables: columns as wide as what stands in them ---------------------------------------------
 */

#define TABLE_COLUMNS 10

struct table {
	struct job *job;
	const char *const *heading; /* NULL-terminated; one that begins with > is for numbers */
	size_t columns;
	str *cell; /* row after row */
	size_t count, room;
};

void table_begin(struct table *table, struct job *job, const char *const *heading);
void table_cell(struct table *table, str text); /* copied */
void table_number(struct table *table, int64_t number);
void table_print(const struct table *table, bool with_heading);

/* --- JSON ---------------------------------------------------------------------------------------
 */

/* Members as lines "name: value", nested ones indented. */
must_check enum err say_outline(struct job *job, struct json place, int indent);
/* A text member as text_safe(), empty when it is absent or null. */
must_check enum err text_member(struct job *job, struct json object, const char *name, str *ret);
/* The texts of an array, apart by ", "; a text alone as it is. */
must_check enum err list_member(struct job *job, struct json object, const char *name, str *ret);
/* 2026-11-23T09:15:02.123Z as 2026-11-23 09:15:02. */
str time_short(struct job *job, str time);

#endif
