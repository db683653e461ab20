/* rights/package_parts.h -- what the files of the package share; internal to rights/. */
#ifndef RIGHTS_PACKAGE_PARTS_H
#define RIGHTS_PACKAGE_PARTS_H

#include "rights/package.h"

/* --- rows: begun, filled cell by cell in the order of package.def, ended ----------------------- */

struct row {
	struct package *package;
	enum section_id section;
	size_t at; /* next column */
};

void row_begin(struct row *row, struct package *package, enum section_id section);
void row_end(struct row *row); /* must() fail unless every column was given */
void row_null(struct row *row);
void row_text(struct row *row, str text); /* also prose, code and words; empty: null */
void row_number(struct row *row, int64_t number);
void row_number_or_null(struct row *row, int64_t number); /* 0: null */
void row_time(struct row *row, time_us at); /* TIME_NEVER: null */
void row_yes(struct row *row, bool yes);
void row_id(struct row *row, uid id);
void row_texts(struct row *row, const str *list, size_t count); /* borrowed */
void row_channels(struct row *row, uint32_t mask);
void row_json(struct row *row, str json);

/* Name and title of a purpose: two cells.  `other`: what 0 stands for; empty: nothing. */
void row_purpose(struct row *row, int64_t no, str other);
void row_purpose_title(struct row *row, int64_t no, str other);
/* Names and titles of le16 field numbers: two cells. */
void row_fields(struct row *row, bytes numbers);
void row_fields_of(struct row *row, const uint16_t *no, size_t count, bool titles);

/* --- texts by language ------------------------------------------------------------------------- */

str purpose_name(const struct registry *registry, int64_t no);
/* The member `name` of a stored definition in the language of the package, or in any. */
str text_in(struct job *job, struct json object, const char *name, enum language language);
str definition_title(struct job *job, str definition, enum language language, str otherwise);
str field_title(struct package *package, uint16_t no);
str purpose_title(struct package *package, int64_t no);
str actor_word(enum actor_kind kind);
str hash_text(struct job *job, bytes hash); /* sha256: and the digits */

/* --- the parts, in the order they are made ------------------------------------------------------ */

must_check enum err package_person(struct package *package); /* person, values, grounds ... */
must_check enum err package_purposes(struct package *package); /* purposes, notices, recipients ... */
must_check enum err package_acts(struct package *package, struct vault *vault); /* ledger */
must_check enum err package_entries(struct package *package); /* decisions, looks */
must_check enum err package_tables(struct package *package, struct vault *vault); /* the other tables */
must_check enum err package_told(struct package *package, struct vault *vault); /* recipients told */
must_check enum err package_requests(struct package *package, struct vault *vault);
void package_rights(struct package *package);

#endif
