/* rights/request.h -- the register of what persons asked for, and the clock that runs on each.
 *
 * A request is a row and its events, append-only.  What was written (what was asked, reasons,
 * correspondence) is sealed under a key of the request's own, which dies with the person, or
 * REQUEST_WORDS_DAYS after the request is closed; the row without anything personal in it stays for
 * REQUEST_ROW_DAYS, for accountability.
 *
 *   Q1  Due at the end of a month from the day of receipt, by rights/calendar.h; at the end of three
 *       when the person was told so, with reasons, within the first (Article 12(3)).
 *   Q2  The clock stands only while information that is needed to know the person is awaited; whole
 *       days for which it stood are added, and how long that was is kept.
 *   Q3  A request is never refused as unfounded or excessive by one alone: who proposes it states the
 *       evidence, and another actor approves (Article 12(5)).
 *   Q4  Of an identity check the method and the result are kept, never a document; no stronger method
 *       is asked for than the right warrants (Article 12(6), 12(2)).
 *   Q5  A request for access keeps the person's data from being swept until it is answered, at the
 *       longest until its latest end: a hold in the person's ledger.  It keeps nothing from an erasure
 *       that the person asks for.
 *   Q6  Every step has its audit entry, in the same transaction (I4).
 *   Q7  The letter that closes a request can leave through the outbox: planned in the transaction that
 *       closes it, under the outbox key, so that an erasure afterwards does not stop it (B2).
 */
#ifndef RIGHTS_REQUEST_H
#define RIGHTS_REQUEST_H

#include "rights/calendar.h"
#include "vault/forget_requests.h"
#include "vault/subject.h"

#define REQUEST_WORDS_DAYS 730  /* after closing: what was written goes */

/* The strongest identity check that a right warrants asking for.
 *      enum                    no name              code            tier */
#define RIGHT_TABLE(X) \
	X(RIGHT_ACCESS,          1, "access",          "eu-gdpr:A15",  3) \
	X(RIGHT_RECTIFICATION,   2, "rectification",   "eu-gdpr:A16",  2) \
	X(RIGHT_ERASURE,         3, "erasure",         "eu-gdpr:A17",  3) \
	X(RIGHT_RESTRICTION,     4, "restriction",     "eu-gdpr:A18",  2) \
	X(RIGHT_PORTABILITY,     5, "portability",     "eu-gdpr:A20",  3) \
	X(RIGHT_OBJECTION,       6, "objection",       "eu-gdpr:A21",  1) \
	X(RIGHT_WITHDRAWAL,      7, "withdrawal",      "eu-gdpr:A7-3", 1) \
	X(RIGHT_HUMAN,           8, "human_review",    "eu-gdpr:A22",  2) \
	X(RIGHT_INFORMATION,     9, "information",     "eu-gdpr:A13",  1)

/*      enum                        no name                 DPV */
#define REQUEST_STATE_TABLE(X) \
	X(REQUEST_INITIATED,         1, "initiated",          "dpv:RequestInitiated") \
	X(REQUEST_ACKNOWLEDGED,      2, "acknowledged",       "dpv:RequestAcknowledged") \
	X(REQUEST_IDENTITY_REQUIRED, 3, "identity_required",  "dpv:RequestRequiresAction") \
	X(REQUEST_IDENTITY_GIVEN,    4, "identity_given",     "dpv:RequestRequiredActionPerformed") \
	X(REQUEST_ACCEPTED,          5, "accepted",           "dpv:RequestAccepted") \
	X(REQUEST_FULFILLED,         6, "fulfilled",          "dpv:RequestFulfilled") \
	X(REQUEST_PARTLY_FULFILLED,  7, "partly_fulfilled",   "dpv:RequestFulfilled") \
	X(REQUEST_REFUSED,           8, "refused",            "dpv:RequestRejected") \
	X(REQUEST_WITHDRAWN,         9, "withdrawn",          "dpv:RequestUnfulfilled")

#define REQUEST_EVENT_TABLE(X) \
	X(EVENT_OPENED,             1, "opened") \
	X(EVENT_ACKNOWLEDGED,       2, "acknowledged") \
	X(EVENT_IDENTITY_ASKED,     3, "identity_asked") \
	X(EVENT_IDENTITY_CONFIRMED, 4, "identity_confirmed") \
	X(EVENT_IDENTITY_FAILED,    5, "identity_failed") \
	X(EVENT_ACCEPTED,           6, "accepted") \
	X(EVENT_EXTENDED,           7, "extended") \
	X(EVENT_REFUSAL_PROPOSED,   8, "refusal_proposed") \
	X(EVENT_REFUSAL_DECLINED,   9, "refusal_declined") \
	X(EVENT_REFUSED,           10, "refused") \
	X(EVENT_FULFILLED,         11, "fulfilled") \
	X(EVENT_PARTLY_FULFILLED,  12, "partly_fulfilled") \
	X(EVENT_WITHDRAWN,         13, "withdrawn") \
	X(EVENT_PERSON_FOUND,      14, "person_found") \
	X(EVENT_MESSAGE_IN,        15, "message_in") \
	X(EVENT_MESSAGE_OUT,       16, "message_out") \
	X(EVENT_DONE,              17, "done") /* an act that answers it, wholly or in part */ \
	X(EVENT_FORGOTTEN,         18, "forgotten")

/* How the request, or a message, came or went. */
#define REQUEST_CHANNEL_TABLE(X) \
	X(BY_EMAIL,     1, "email") \
	X(BY_POST,      2, "post") \
	X(BY_PHONE,     3, "phone") \
	X(BY_SMS,       4, "sms") \
	X(BY_WEB_FORM,  5, "web_form") \
	X(BY_ACCOUNT,   6, "account") /* signed in */ \
	X(BY_IN_PERSON, 7, "in_person") \
	X(BY_CHAT,      8, "chat") \
	X(BY_AUTHORITY, 9, "authority") /* forwarded by a supervisory authority */

/* From the gentlest on; tier: see RIGHT_TABLE. */
#define IDENTITY_TABLE(X) \
	X(IDENTITY_NO_DOUBT,   1, "no_doubt",       0) \
	X(IDENTITY_SIGNED_IN,  2, "signed_in",      1) \
	X(IDENTITY_MAILBOX,    3, "mailbox",        1) /* a link to the address on file */ \
	X(IDENTITY_CALL_BACK,  4, "call_back",      1) /* a call to the number on file */ \
	X(IDENTITY_KNOWLEDGE,  5, "knowledge",      2) /* of something only this customer knows */ \
	X(IDENTITY_E_ID,       6, "e_id",           2) /* BankID and the like */ \
	X(IDENTITY_IN_PERSON,  7, "in_person",      3) \
	X(IDENTITY_DOCUMENT,   8, "document_shown", 3) /* seen, not copied */

#define IDENTITY_RESULT_TABLE(X) \
	X(RESULT_ASKED,     1, "asked") \
	X(RESULT_CONFIRMED, 2, "confirmed") \
	X(RESULT_FAILED,    3, "failed")

/* Why not, not wholly, or later.  kind: a delay, a refusal, or one that needs two (Q3). rights: the
 * rights that it is for, as bits of their numbers; 0 all. */
#define DPV(term) "justifications:Justification" term
#define CAUSE_DELAY 1
#define CAUSE_REFUSAL 2
#define CAUSE_ABUSE 3
#define REQUEST_REASON_TABLE(X) \
	X(CAUSE_COMPLEXITY,          1, "complexity",            DPV("A12Complexity"),          CAUSE_DELAY,   0) \
	X(CAUSE_HIGH_VOLUME,         2, "high_volume",           DPV("A12HighVolume"),          CAUSE_DELAY,   0) \
	X(CAUSE_IDENTITY_FAILURE,    3, "identity_failure",      DPV("A12IdentityFailure"),     CAUSE_REFUSAL, 0) \
	X(CAUSE_INFORMATION,         4, "information_required",  DPV("A12InformationRequired"), CAUSE_REFUSAL, 0) \
	X(CAUSE_UNFOUNDED,           5, "manifestly_unfounded",  DPV("A12ManifestlyUnfounded"), CAUSE_ABUSE,   0) \
	X(CAUSE_EXCESSIVE,           6, "manifestly_excessive",  DPV("A12ManifestlyExcessive"), CAUSE_ABUSE,   0) \
	X(CAUSE_MALICIOUS,           7, "malicious_intent",      DPV("A12MaliciousIntent"),     CAUSE_ABUSE,   0) \
	X(CAUSE_NO_INTENT,           8, "lack_of_intent",        DPV("A12LackOfIntent"),        CAUSE_ABUSE,   0) \
	X(CAUSE_LEGALLY_REQUIRED,    9, "legally_required",      DPV("A17LegallyRequired"),     CAUSE_REFUSAL, 1 << RIGHT_ERASURE) \
	X(CAUSE_LEGAL_CLAIMS,       10, "legal_claims",          DPV("A17LegalClaims"),         CAUSE_REFUSAL, 1 << RIGHT_ERASURE) \
	X(CAUSE_EXPRESSION,         11, "freedom_of_expression", DPV("A17FreedomOfExpression"), CAUSE_REFUSAL, 1 << RIGHT_ERASURE) \
	X(CAUSE_PUBLIC_HEALTH,      12, "public_health",         DPV("A17PublicHealth"),        CAUSE_REFUSAL, 1 << RIGHT_ERASURE) \
	X(CAUSE_ARCHIVING,          13, "archiving",             DPV("A17Archiving"),           CAUSE_REFUSAL, 1 << RIGHT_ERASURE) \
	X(CAUSE_AUTHORITY,          14, "official_authority",    DPV("A17OfficialAuthority"),   CAUSE_REFUSAL, 1 << RIGHT_ERASURE) \
	X(CAUSE_RIGHTS_OF_OTHERS,   15, "rights_of_others",      "",                       CAUSE_REFUSAL, 1 << RIGHT_ACCESS | 1 << RIGHT_PORTABILITY) \
	X(CAUSE_COMPELLING,         16, "compelling_grounds",    "",                       CAUSE_REFUSAL, 1 << RIGHT_OBJECTION) \
	X(CAUSE_CONDITIONS,         17, "conditions_not_met",    "",                       CAUSE_REFUSAL, 0)

#define X(e, no, ...) e = no,
enum right { RIGHT_NONE = 0, RIGHT_TABLE(X) RIGHT_COUNT };
enum request_state { REQUEST_NONE = 0, REQUEST_STATE_TABLE(X) REQUEST_STATE_COUNT };
enum request_event { EVENT_NONE = 0, REQUEST_EVENT_TABLE(X) EVENT_COUNT };
enum request_channel { BY_NONE = 0, REQUEST_CHANNEL_TABLE(X) BY_COUNT };
enum identity { IDENTITY_NONE = 0, IDENTITY_TABLE(X) IDENTITY_COUNT };
enum identity_result { RESULT_NONE = 0, IDENTITY_RESULT_TABLE(X) RESULT_COUNT };
enum request_reason { CAUSE_NONE = 0, REQUEST_REASON_TABLE(X) CAUSE_COUNT };
#undef X

_Static_assert(EVENT_FORGOTTEN == REQUEST_EVENT_FORGOTTEN, "one number");

struct request_row {
	int64_t subject; /* 0: not found, or forgotten */
	int64_t no;
	uid id;
	enum right right;
	enum request_state state;
	enum request_channel channel;
	str language;           /* of the correspondence */
	str country;            /* whose calendar and authority; as the vault's was on that day */
	int64_t zone_minutes;   /* where the country is not known */
	time_us received_at, opened_at;
	time_us due_at;         /* TIME_NEVER: the clock stands */
	time_us stopped_at;     /* TIME_NEVER: it runs */
	int64_t stood;          /* microseconds */
	time_us extended_at;    /* when the person was told; TIME_NEVER: it was not extended */
	enum request_reason extended_for;
	enum identity identity_method;
	enum identity_result identity_result;
	int64_t hold;           /* act in the person's ledger; 0: none */
	enum request_reason proposed_for; /* CAUSE_NONE: no refusal waits */
	struct actor proposed_by;
	enum request_reason reason;       /* of the refusal, or of the part that was not fulfilled */
	int64_t entry;          /* the audit entry of what fulfilled it */
	time_us closed_at;      /* TIME_NEVER: open */
	time_us forget_at;
	bool sealed;            /* what was written is still there */
	int64_t version;        /* number of the newest event */
	bytes reply_to;         /* sealed */
};

struct request_step {
	int64_t seq;
	time_us at, recorded_at;
	struct actor actor;
	enum request_event event;
	int code;      /* by event: reason, identity method, channel; 0: none */
	int64_t entry; /* of the step itself; of what was done, for fulfilled and done */
	bytes words;   /* sealed; in clear from request_messages() */
};

/* --- the clock (pure) ------------------------------------------------------------------------- */

struct calendar request_calendar(const struct request_row *request);
/* The last day, and the instant at which it ends (Q1, Q2). */
struct date request_last_day(const struct request_row *request, bool extended);
time_us request_due(const struct request_row *request, bool extended);
static inline bool
request_closed(const struct request_row *request)
{
	return request->closed_at != TIME_NEVER;
}
bool request_overdue(const struct request_row *request, time_us now); /* also: closed too late */

/* --- opening and reading ---------------------------------------------------------------------- */

struct request_new {
	int64_t subject; /* 0: not known (yet) */
	enum right right;
	enum request_channel channel;
	time_us received_at;
	str language;
	str words;       /* what was asked; may be empty */
	str reply_to;    /* where the answer goes; may be empty */
};

/* One more step of the caller's, in the same transaction: idempotency. */
struct request_extra {
	write_steps *steps; /* NULL: none */
	void *ctx;
};

/* ERR_INVALID  received in the future or before the GDPR; no such person (at /subject) */
must_check enum err request_open(struct job *job, struct vault *vault, const struct request_new *new,
                                 uid id, const struct request_extra *extra, struct request_row *ret);

/* ERR_ABSENT.  Leaves no entry: for use cases. */
must_check enum err request_get(struct job *job, uid id, struct request_row *ret);
/* With its history, without what was written; leaves its entry (I4). */
must_check enum err request_read(struct job *job, struct vault *vault, uid id, struct request_row *ret,
                                 struct request_step **ret_step, size_t *ret_count);
/* What was written, opened; leaves its entry.  *ret_reply_to is "" when none is kept. */
must_check enum err request_messages(struct job *job, struct vault *vault, uid id, int64_t after,
                                     size_t max, struct request_row *ret, str *ret_reply_to,
                                     struct request_step **ret_step, size_t *ret_count);

/* All of it, opened, without an entry: for the access package. */
must_check enum err request_open_all(struct job *job, struct vault *vault, const struct request_row *request,
                                     str *ret_reply_to, struct request_step **ret_step, size_t *ret_count);

struct request_query {
	enum request_state state; /* REQUEST_NONE: any */
	bool open_only;
	time_us due_by;           /* TIME_NEVER: whenever */
	int64_t subject;          /* -1: whoever */
	int64_t after;
	size_t max;
};
/* Oldest first.  No entry: the rows hold nothing that was said; who looks at one leaves one. */
must_check enum err requests_list(struct job *job, const struct request_query *query,
                                 struct request_row **ret, size_t *ret_count);

struct request_counts {
	uint64_t open, overdue, standing;
	time_us next_due_at; /* TIME_NEVER: none */
};
must_check enum err requests_count(struct job *job, struct request_counts *ret);

/* --- steps ------------------------------------------------------------------------------------ */

struct request_act {
	enum request_event event;
	int code;        /* reason, identity method, channel: by event */
	time_us at;      /* messages: when; extended: when the person was told */
	str words;
	str evidence;    /* refusal proposed: what shows it */
	int64_t subject; /* person found */
	int64_t entry;   /* fulfilled: the audit entry of what did it; 0: none */
	bool reply;      /* Q7 */
};

/* One step; what it needs and when it is allowed: request_act.c, at each of them.
 *   ERR_CONFLICT  not in this state      ERR_EVIDENCE  something that must be stated is missing
 *   ERR_INVALID   a code that is not for this right       ERR_DENIED  Q3: the same actor
 *   ERR_LIMIT     limit_request_events; for letters limit_request_reserved before that */
must_check enum err request_do(struct job *job, struct vault *vault, uid id, const struct request_act *act,
                               const struct request_extra *extra, struct request_row *ret);

/* "email" or "post": which of the two an address is. */
str request_reply_channel(str address);

/* For the use cases that answer a request (access, erasure ...) and were told which one: that it is
 * open, about this person, and for this right; then, inside their steps, that it was done, by which
 * audit entry.   ERR_INVALID at /request */
must_check enum err request_meant(struct job *job, uid id, int64_t subject, enum right right,
                                  struct request_row *ret);
must_check enum err request_done_steps(struct job *job, struct db *db, const struct request_row *request,
                                       int64_t entry);

/* --- ends (see also vault/forget_requests.h) ------------------------------------------------------------------------------------- */

/* What time does (rights/chores.h): at most `max` requests; *ret_count of them. */
must_check enum err requests_sweep(struct job *job, struct vault *vault, size_t max,
                                   uint64_t *ret_count);

/* --- words ------------------------------------------------------------------------------------ */

str right_name(enum right right);
str right_code(enum right right);
str request_state_code(enum request_state state);
str request_reason_code(enum request_reason reason); /* "": DPV has none */
int request_reason_kind(enum request_reason reason); /* CAUSE_DELAY ... */

#endif
