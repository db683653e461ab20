/* vault/import.h -- bringing in a contact list: what has a lawful ground stays, the rest goes where
 * the company chose.
 *
 * A list comes in pieces.  The server takes the whole rows of a piece and says where the next one is
 * to begin, so the sender needs to know nothing about rows, memory is flat, and nothing in clear is
 * ever put down on a disk.
 *
 *   M1  An import lowers what is allowed, and never raises it without evidence: a consent needs its
 *       time from the row, and a source and the words (or a reference to them) from row or settings.
 *   M2  A suppression stands against every import, whatever dates the list has; so does a
 *       withdrawal, refusal or objection that is not older than the evidence (law.md C3.1-C3.3).
 *   M3  A no in a row is kept whatever else is wrong with the row, if its cells can be told apart and
 *       its address can be read.
 *   M4  A file that is run again, wholly or from the middle, changes nothing.
 *   M5  A value that is there is never overwritten; gaps are filled.
 *   M6  Each person brought in from elsewhere gets the date by which they must be told (Article 14).
 *   M7  Undo takes away what the import made and nobody touched since; never a suppression, a
 *       withdrawal or an objection.
 *   M8  What is stored about an import is numbers, column names and the company's own words; never
 *       a cell.
 *
 * Calls: import_start(), import_rows() until the file's end with `last`; looking at it at any time;
 * import_undo(), again while it says that some are left.
 */
#ifndef VAULT_IMPORT_H
#define VAULT_IMPORT_H

#include "csv/csv.h"
#include "vault/presets.h"
#include "vault/subject.h"

#define IMPORT_ASK_DAYS 30          /* kept at most so long before an answer */
#define IMPORT_UNDO_HOURS 24
#define IMPORT_PROBLEMS_MAX 100000  /* stored; more are only counted */
#define IMPORT_SAMPLE_ROWS 100      /* told one by one after a dry run */
#define IMPORT_CONSENTS_MAX 8       /* purposes that one list is consent for */

/* What became of a row: exactly one. */
#define OUTCOME_TABLE(X) \
	X(OUTCOME_CREATED,    "created") \
	X(OUTCOME_UPDATED,    "updated") \
	X(OUTCOME_UNCHANGED,  "unchanged")   /* all of it was there; also a second row of one person */ \
	X(OUTCOME_LEFT_OUT,   "left_out")    /* no ground */ \
	X(OUTCOME_ASKED,      "asked")       /* kept for a while, on the list of those to ask */ \
	X(OUTCOME_SUPPRESSED, "suppressed")  /* a no: from the row, or one that stood already */ \
	X(OUTCOME_BAD,        "bad")

/* Why.  Numbers are stored.  kind: BAD the row was not taken; PART a value of it was not; NOTE said of
 * the outcome, counted and not listed. */
enum reason_kind { REASON_BAD, REASON_PART, REASON_NOTE };

/*      enum                    no  name                 kind         sentence */
#define IMPORT_REASON_TABLE(X) \
	X(WHY_UNREADABLE,        1, "unreadable",         REASON_BAD,  "The line cannot be read: an open quote, too long, or bytes that are no text.") \
	X(WHY_COLUMNS,           2, "columns",            REASON_BAD,  "The row has more cells than the file has columns: a separator inside a cell that is not quoted?") \
	X(WHY_NO_KEY,            3, "no_key",             REASON_BAD,  "Nothing by which the person could be found again: no e-mail address or phone number.") \
	X(WHY_ADDRESS,           4, "address",            REASON_BAD,  "The address that the person would be found by cannot be read.") \
	X(WHY_TIME,              5, "time",               REASON_BAD,  "A time of consent cannot be read; write 2026-11-23 09:15:02, or set date_order.") \
	X(WHY_TIME_FUTURE,       6, "time_future",        REASON_BAD,  "A time of consent lies in the future.") \
	X(WHY_TIME_ABSURD,       7, "time_absurd",        REASON_BAD,  "A time of consent lies before 1990.") \
	X(WHY_TIME_ORDER,        8, "time_order",         REASON_BAD,  "The confirmation is dated before the consent.") \
	X(WHY_CHILD,             9, "child",              REASON_BAD,  "The person is under the age of consent.") \
	X(WHY_SPECIAL,          10, "special_category",   REASON_BAD,  "A special category of data: an import cannot show explicit consent.") \
	X(WHY_REFUSED,          11, "refused",            REASON_BAD,  "The vault did not take this person: limits, or a purpose that has ended.") \
	X(WHY_BUSY,             12, "busy",               REASON_BAD,  "Others kept changing this person; run the file again.") \
	X(WHY_SHARED,           13, "shared_address",     REASON_BAD,  "Several persons have this address, and the name does not tell which one is meant.") \
	X(WHY_VALUE,            20, "value",              REASON_PART, "A value cannot be read, and was left out.") \
	X(WHY_NO_TIME_READ,     21, "unsubscribe_time",   REASON_PART, "The time of a no cannot be used; the no counts from the date of the list.") \
	X(WHY_NO_ADDRESS_READ,  22, "unsubscribe_address", REASON_PART, "A no whose address is missing or cannot be read: no address could be suppressed.") \
	X(WHY_EMPTY,            30, "empty",              REASON_NOTE, "The row is empty.") \
	X(WHY_NO_TIME,          31, "no_time",            REASON_NOTE, "No consent: its time is missing.") \
	X(WHY_NO_SOURCE,        32, "no_source",          REASON_NOTE, "No consent: where it was given is missing.") \
	X(WHY_NO_WORDS,         33, "no_words",           REASON_NOTE, "No consent: neither the words nor a reference to them.") \
	X(WHY_NOT_YES,          34, "not_yes",            REASON_NOTE, "No consent: the list does not clearly say yes.") \
	X(WHY_UNCONFIRMED,      35, "unconfirmed",        REASON_NOTE, "No consent: the purpose wants it confirmed, and it is not.") \
	X(WHY_CONSENT_OVER,     36, "consent_over",       REASON_NOTE, "No consent: it has run out.") \
	X(WHY_SAID_NO,          37, "said_no",            REASON_NOTE, "The person or the address has said no, and that stands.") \
	X(WHY_UNSUBSCRIBED,     38, "unsubscribed",       REASON_NOTE, "Unsubscribed.") \
	X(WHY_BOUNCED,          39, "bounced",            REASON_NOTE, "The address bounced.") \
	X(WHY_COMPLAINED,       40, "complained",         REASON_NOTE, "Reported as spam.") \
	X(WHY_NO_CALLS,         41, "no_calls",           REASON_NOTE, "Not to be called.") \
	X(WHY_NO_REFERENCE,     42, "no_reference",       REASON_NOTE, "The ground needs a customer, contract or order number.") \
	X(WHY_UNCOVERED,        43, "uncovered",          REASON_NOTE, "The purpose does not have the field that the person is found by.") \
	X(WHY_DUPLICATE,        44, "duplicate",          REASON_NOTE, "Another row of this person came just before.") \
	X(WHY_RESTRICTED,       45, "restricted",         REASON_NOTE, "This person's data is restricted, or the person is deceased: left as it is.") \
	X(WHY_GROUND_OVER,      46, "ground_over",        REASON_NOTE, "The ground began so long ago that it has ended.") \
	X(WHY_KEPT,             47, "kept",               REASON_NOTE, "A value in the vault differs; it was kept.") \
	X(WHY_OLDER_NO,         48, "older_no",           REASON_NOTE, "The no in the list is older than the person's newest yes.")

enum import_outcome {
#define X(name, text) name,
	OUTCOME_TABLE(X)
#undef X
	OUTCOME_COUNT
};

enum import_reason {
	WHY_NONE = 0,
#define X(name, no, text, kind, sentence) name = no,
	IMPORT_REASON_TABLE(X)
#undef X
	WHY_COUNT
};

str outcome_name(enum import_outcome outcome);
str why_name(enum import_reason reason);
str why_sentence(enum import_reason reason);
enum reason_kind why_kind(enum import_reason reason);
bool why_find(str name, enum import_reason *ret);

enum import_state { IMPORT_OPEN = 1, IMPORT_FINISHED = 2, IMPORT_UNDONE = 3 };

struct import_column {
	str name;              /* as the header has it, or its number from 1 */
	enum import_role role;
	str field;             /* name in the registry; empty: not stored */
	int confidence;        /* percent of the sampled cells that can be read as that; -1: not sampled */
};

struct import_sample { /* a row of a dry run */
	uint64_t line;
	enum import_outcome outcome;
	uint64_t reasons; /* bit per enum import_reason */
};

struct import_counts {
	uint64_t rows;
	uint64_t outcome[OUTCOME_COUNT];
	uint64_t reason[WHY_COUNT];
	uint64_t consents;     /* acts of consent written, or that would be */
	uint64_t suppressions; /* addresses newly suppressed */
	/* Unchanged rows of persons whom this import made: rows done again after a crash, or later rows
	 * of somebody.  Which of the two is known at the end, when those made are counted. */
	struct {
		uint64_t created, asked, consents;
	} again;
};

struct import {
	int64_t no;
	uid id;
	enum import_state state;
	time_us created_at;
	time_us finished_at;   /* TIME_NEVER */
	str settings;          /* canonical JSON, as posted */
	bool dry_run;
	uint64_t offset;       /* the next byte to send */
	/* From the progress that is kept with it. */
	uint64_t line;         /* last line done */
	bool begun;            /* format and columns are known */
	struct csv_format format;
	enum import_preset preset;
	struct import_column *column;
	size_t column_count;
	struct import_counts counts;
	uint64_t problems;     /* stored */
	struct import_sample *sample;
	size_t sample_count;
	uint64_t undone, touched; /* persons taken back, and left since somebody touched them */
};

/* Settings:
 *
 *   source       where the list comes from, in the company's words; needed
 *   preset       auto (the default) or one of PRESET_TABLE
 *   columns      {column: field | "@role" | null}: for columns that are not recognised rightly
 *   key          field by which persons are found; default: e-mail, else phone
 *   origin       obtained (the default) | provided (by the persons themselves)
 *   consents     [{purpose, channels?}]: what the list's yes is a yes to
 *   evidence     {source?, words?, reference?, notice?: "sha256:…"} for rows that have none of their own
 *   rest         leave_out (the default) | {keep_for: purpose} | {ask_first: purpose}
 *   told         true | {at}: those brought in have been told (Article 14)
 *   received_at  when the company got the list; default now
 *   as_of        the date of the list: when a no without a time is said to have been; default now
 *   region       country of national phone numbers, where the row has none
 *   date_order   dmy | mdy, where the year does not come first
 *   format       {encoding?, separator?, header?}: instead of guessing
 *   dry_run      true: only say what would happen
 *
 *   ERR_INVALID naming the member          ERR_PURPOSE_INACTIVE
 *   ERR_EVIDENCE a rest that would be a permission without evidence   ERR_SPECIAL */
must_check enum err import_start(struct job *job, struct vault *vault, struct json settings,
                                 uid *ret_id);

/* The purposes that settings name, for whoever checks what a key may do; at most
 * IMPORT_CONSENTS_MAX + 1.  What cannot be read is passed over: import_start() refuses it. */
size_t import_purposes(struct job *job, const struct registry *registry, struct json settings,
                       const struct purpose **ret);

/* Take the whole rows of a piece.  offset: of the piece in the file; what was taken already is passed
 * over.  last: the file ends here.  One call for an import at a time; `import->offset` says where the
 * next piece begins.
 *   ERR_CONFLICT  the piece begins past the next byte, another call is at work, or it is over
 *   ERR_MALFORMED not a list: a workbook, or no line end within the piece */
must_check enum err import_rows(struct job *job, struct vault *vault, uid id, uint64_t offset,
                                bytes piece, bool last, struct import *ret);

must_check enum err import_get(struct job *job, struct vault *vault, uid id, struct import *ret);
/* Newest first, those before number `before` (INT64_MAX: from the newest). */
must_check enum err import_list(struct job *job, struct vault *vault, int64_t before, size_t max,
                                struct import *ret, size_t *ret_count);

struct import_problem {
	int64_t seq;
	uint64_t line;
	enum import_reason reason;
	uint16_t field; /* 0: the row */
};
must_check enum err import_problems(struct job *job, struct vault *vault, uid id, int64_t after,
                                    size_t max, struct import_problem *ret, size_t *ret_count);

/* A page of those to be asked, with the channels in which asking is allowed now: each is a recorded decision
 * for the purpose that they are kept for (*ret_purpose; NULL: nobody is asked), as marketing.  At most
 * IMPORT_ASK_PAGE; *ret_last and *ret_more are for the next page. */
#define IMPORT_ASK_PAGE 200
struct import_asked {
	int64_t no;
	uid id;
	time_us until_at;  /* gone then, without an answer */
	uint32_t channels; /* mask */
};
must_check enum err import_ask(struct job *job, struct vault *vault, const struct registry *registry,
                               uid id, int64_t after, size_t max, struct import_asked *ret,
                               size_t *ret_count, const struct purpose **ret_purpose,
                               int64_t *ret_last, bool *ret_more);

/* M7.  Takes back a part at a time; again until *ret_left is 0.
 *   ERR_CONFLICT  more than IMPORT_UNDO_HOURS ago, or a dry run */
must_check enum err import_undo(struct job *job, struct vault *vault, uid id, struct import *ret,
                                uint64_t *ret_left);

#endif
