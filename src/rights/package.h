/* rights/package.h -- everything held about a person, as one package (Articles 15 and 12).
 *
 * package_make() reads it once into plain data: sections of rows, whose columns stand in
 * package.def.  It is then printed as JSON, as CSV or as a page; none of the three can leave out what
 * another has.
 *
 *   A1  All that a table holds about the person is in a section, or package_tables.def says why not.
 *   A2  No package leaves without its entry (ENTRY_ACCESS, purpose `rights`), written where it is
 *       seen once more that the person is still there (I4, I5).
 *   A3  Members of staff are not named: kinds of actors, and times (C-579/21).
 *   A4  What is in one part is bounded by LIMIT_PACKAGE_ACTS_BYTES and LIMIT_PACKAGE_ENTRIES; what is
 *       over stands in further parts, and each part says where the next begins.
 *
 * Restriction does not stand in its way: to answer the person is not to use their data.
 */
#ifndef RIGHTS_PACKAGE_H
#define RIGHTS_PACKAGE_H

#include "json/json.h"
#include "rights/speak.h"
#include "vault/subject.h"

enum cell_kind {
	CELL_NULL,
	CELL_TEXT,
	CELL_PROSE,  /* a text of several lines */
	CELL_CODE,   /* an id, a hash, a code */
	CELL_WORD,   /* of the column's list */
	CELL_WORDS,
	CELL_TEXTS,
	CELL_NUMBER,
	CELL_TIME,
	CELL_YES,    /* a boolean */
	CELL_JSON,   /* canonical */
};

struct cell {
	enum cell_kind kind;
	str text;
	int64_t number;
	const str *list;
	size_t count;
};

enum column_flags {
	COLUMN_NEED = 1, /* never null */
	COLUMN_DATA = 2, /* not on the page */
};

struct column {
	str name;
	enum cell_kind kind;
	enum speak words;
	unsigned flags;
	str label[LANGUAGE_COUNT];
	str text;
};

enum layout { LAYOUT_CARDS, LAYOUT_TABLE, LAYOUT_PROSE };

enum section_id {
#define C(...)
#define SECTION(id, ...) SECTION_##id,
#include "rights/package.def"
#undef SECTION
#undef C
	SECTION_COUNT
};

struct section_kind {
	str name;
	enum layout layout;
	str title[LANGUAGE_COUNT], about[LANGUAGE_COUNT];
	const struct column *column;
	size_t column_count;
};
const struct section_kind *section_kind(enum section_id id);

struct section {
	struct cell *cell; /* row by row */
	size_t row_count, row_room;
};

/* Where a part begins: after this act and this entry.  Zeros: at the beginning. */
struct package_place {
	int64_t act, entry;
};

struct request_row;

struct package {
	struct job *job;
	const struct registry *registry; /* held by the caller */
	enum language language;
	time_us made_at;
	int64_t zone_minutes;
	struct subject subject;
	struct value *value;
	size_t value_count;
	struct act_row *act;      /* all, without evidence; of this part, with it */
	size_t act_count;
	struct package_place begin, next;
	bool more;                /* there is a next part */
	struct section section[SECTION_COUNT];
	const struct request_row *answers; /* told of it when this is recorded; NULL: none was named */
	str *field_title, *purpose_title; /* those that were looked up, by place in the registry */
};

#define PACKAGE_PLACE_BYTES 44

/* The place as text, "act.entry", as answers and `next` give it. */
void package_place_put(struct buf *out, const struct package_place *place);
must_check bool package_place_parse(str text, struct package_place *ret);

enum package_format { FORMAT_JSON, FORMAT_CSV, FORMAT_HTML, FORMAT_VCARD };

/* language NULL: that of the words the person was shown last, or else the vault's first.
 * The registry is held and stays so while the package is used.
 *   ERR_ABSENT, ERR_GONE */
must_check enum err package_make(struct job *job, struct vault *vault, const struct registry *registry,
                                 uid id, const enum language *language, struct package_place begin,
                                 struct package *ret);
/* What the entry of a package says: u8 format | le64 until when it waits behind a link; 0: given out. */
void package_entry_body(struct buf *out, enum package_format format, time_us expires_at);
/* A2: inside steps.  body: not personal. */
must_check enum err package_record_steps(struct job *job, struct db *db, const struct package *package,
                                         enum entry_act act, bytes body);
/* A2: durable before it returns. */
must_check enum err package_record(struct job *job, struct vault *vault, const struct package *package,
                                   enum entry_act act, bytes body);

/* --- printing: into a buf that goes full at its maximum ---------------------------------------- */

must_check enum err package_print(struct job *job, const struct package *package,
                                  enum package_format format, struct buf *out);
void package_json(const struct package *package, struct buf *out);
/* Long form: section, row, name, value.  UTF-8 with a byte order mark, which Excel needs to read
 * letters such as ö; cells that it would run as a formula begin with an apostrophe. */
void package_csv(const struct package *package, struct buf *out);
must_check enum err package_html(struct job *job, const struct package *package, struct buf *out);
/* JSON Schema (2020-12) of what package_json() prints. */
void package_schema(struct buf *out);

#endif
