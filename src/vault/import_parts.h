/* vault/import_parts.h -- what the files of the import share; internal to vault/.
 *
 *   import.c           use cases: start, look, list, ask
 *   import_settings.c  the company's choices, checked against the registry
 *   import_columns.c   what each column is taken for
 *   import_row.c       one row into wants: values, evidence, noes
 *   import_plan.c      wants and the person as they stand, into a change (import_derive.h has its parts)
 *   import_rows.c      a piece: groups of plans, built on one thread and committed on others (import_crew.h)
 *   import_progress.c  what is kept of an import, as JSON
 *   import_undo.c      taking it back
 */
#ifndef VAULT_IMPORT_PARTS_H
#define VAULT_IMPORT_PARTS_H

#include "vault/import.h"
#include "vault/suppress.h"

/* --- settings --------------------------------------------------------------------------------- */

enum import_rest { REST_LEAVE_OUT, REST_KEEP_FOR, REST_ASK_FIRST };
enum date_order { ORDER_YEAR_FIRST, ORDER_DAY_FIRST, ORDER_MONTH_FIRST };

struct import_consent {
	const struct purpose_version *version;
	uint32_t channels;
	bytes notice; /* of the version; empty when the words come otherwise */
};

struct import_mapping {
	str column;
	str role; /* field, @role, or empty: left out */
};

struct import_settings {
	bool preset_given;
	enum import_preset preset;
	struct import_mapping *mapping;
	size_t mapping_count;
	str key;
	str source;
	enum origin origin;
	struct import_consent consent[IMPORT_CONSENTS_MAX];
	size_t consent_count;
	str evidence_source, evidence_words, evidence_reference;
	bool notice_given;
	enum import_rest rest;
	const struct purpose_version *rest_version;
	bool dry_run;
	bool told;
	time_us told_at;     /* TIME_NEVER: not said; then when the import was started */
	time_us received_at; /* TIME_NEVER: when the import was started */
	time_us as_of;       /* TIME_NEVER: the same */
	str region;
	enum date_order date_order;
	bool encoding_given, separator_given, header_given;
	struct csv_format format;
};

/* Errors: those of import_start(). */
must_check enum err settings_read(struct job *job, const struct registry *registry,
                                  struct json settings, struct import_settings *ret);

/* --- columns ---------------------------------------------------------------------------------- */

#define SAMPLE_ROWS 200

/* What a column means while rows are read. */
struct column_use {
	enum import_role role;
	const struct field *field; /* NULL: not stored */
};

/* Decide on header, preset and columns from the first rows; those of the header are the first when
 * import->format.header, which is set to false when the first row looks like a person. */
must_check enum err columns_find(struct job *job, const struct registry *registry,
                                 const struct import_settings *settings, const str *const *row,
                                 const size_t *cells, size_t row_count, struct import *import);
/* The same as uses, from what was kept. */
must_check enum err columns_use(struct job *job, const struct registry *registry,
                                const struct import *import, struct column_use **ret);

/* The field that a role is stored in; NULL when the registry has none. */
const struct field *role_field(const struct registry *registry, enum import_role role);

/* --- rows ------------------------------------------------------------------------------------- */

/* Reads a time as lists have them: RFC 3339, or 2026-11-23 09:15[:02], or 2026-11-23; UTC unless it says
 * otherwise.  *ret_whole_day: no time of day. */
must_check bool list_time(str text, enum date_order order, time_us *ret, bool *ret_whole_day);

/* The first of several values in one cell, as Google writes them: `a ::: b`. */
str cell_first(str cell);

enum no_kind { NO_LIST, NO_EMAIL, NO_SMS, NO_CALLS, NO_BOUNCE, NO_COMPLAINT, NO_KINDS };

struct want_no {
	enum no_kind kind;
	enum address address;
	uint8_t digest[DIGEST_BYTES];
	time_us at;
	bool timed; /* row or settings say when */
};

struct want_consent {
	time_us at;
	time_us confirmed_at; /* TIME_NEVER */
	str evidence;         /* canonical JSON */
};

struct want_suppression {
	uint8_t digest[DIGEST_BYTES];
	struct suppression suppression;
	bool timed;
};

/* What is remembered of a change to somebody who was there: import_added.kind. */
enum added { ADDED_VALUE = 1, ADDED_GROUND = 2, ADDED_CONSENT = 3 };

#define PLAN_KEYS 2

/* One person of a group: what the rows want, and, once derived, what is to be written. */
struct import_plan {
	/* wants */
	uint64_t line;     /* of the first row */
	uint64_t rows;     /* more rows of the same person went into it */
	struct {
		const struct field *field;
		uint8_t digest[DIGEST_BYTES];
	} key[PLAN_KEYS];
	size_t key_count;
	int64_t *holder;   /* persons that have the first key that anybody has */
	size_t holder_count;
	bool holders_many; /* more than can be looked at */
	str email, phone;  /* canonical */
	struct value_set *value;
	size_t value_count, value_room;
	struct want_consent *consent;
	size_t consent_count, consent_room;
	struct want_no *no;
	size_t no_count, no_room;
	str reference;
	time_us since_at;  /* TIME_NEVER */
	uint64_t reasons;  /* bit per enum import_reason */

	/* derived */
	struct subject subject; /* version 0: nobody yet */
	struct change change;
	bool writes;            /* the change is to be committed */
	bool asks;
	enum import_outcome outcome;
	uint64_t found_reasons;
	uint64_t consents;      /* acts of consent in the change */
	struct want_suppression *suppression;
	size_t suppression_count, suppression_room;
	struct {
		uint8_t kind;
		int64_t object, detail;
	} *added;
	size_t added_count, added_room;
	bool touched;           /* others changed the person since this import did */
	bool made_here, asked_here; /* by this import, and nobody changed it since */
	uint64_t known_consents;
	int64_t import_no;
};

#define WHY_BIT(reason) (UINT64_C(1) << (reason))

/* All that a piece works with; read only while two threads use it. */
struct import_run {
	struct vault *vault;
	const struct registry *registry;
	const struct import_settings *settings;
	int64_t import_no;
	time_us created_at;
	time_us received_at, as_of, told_at;
	time_us tell_by_at;
	const struct column_use *column;
	size_t column_count;
	enum import_preset preset;
	const struct field *email_field, *phone_field, *key_field;
	const struct field *full_name, *given_name, *family_name;
};

/* One problem of a row. */
struct row_problem {
	uint64_t line;
	enum import_reason reason;
	uint16_t field;
};

/* A row as read. */
struct import_row {
	struct value_set *value;
	size_t value_count;
	str email, phone;
	str key; /* canonical value of the mapped key */
	struct want_consent consent;
	bool consents;         /* evidence is complete */
	struct want_no no[NO_KINDS + 2];
	size_t no_count;
	str reference;
	time_us since_at;
	bool bad;    /* only its noes are taken (M3) */
	bool empty;
	uint64_t reasons;
	struct row_problem *problem;
	size_t problem_count;
};
void row_room(struct job *job, const struct import_run *run, struct import_row *ret); /* once */
/* Texts in the job's arena; value and problem are reused from row to row. */
void row_read(struct job *job, const struct import_run *run, const str *cell, size_t count,
              uint64_t line, struct import_row *ret);

/* --- plans ------------------------------------------------------------------------------------ */

/* Put the row's wants into the plan.  *ret_more: it wants something that the plan did not yet. */
void plan_add(struct job *job, struct import_plan *plan, const struct import_row *row, bool *ret_more);

/* Look at the person as they are now, and work out what is to be written. */
must_check enum err plan_derive(struct job *job, const struct import_run *run,
                                struct import_plan *plan);

/* What a change of one person did not go through for; WHY_NONE: an error of the store. */
enum import_reason plan_refusal(enum err err);

/* --- progress --------------------------------------------------------------------------------- */

void progress_put(struct buf *out, const struct import *import);
must_check enum err progress_read(struct job *job, str progress, struct import *import);

/* import.c: the row of the import and its settings. */
must_check enum err import_load(struct job *job, uid id, struct import *ret);
must_check enum err import_settings_of(struct job *job, const struct registry *registry,
                                       const struct import *import, struct import_settings *ret);

/* A table that grows in the arena. */
void *room_for(struct job *job, void *table, size_t count, size_t *room, size_t size);

#endif
