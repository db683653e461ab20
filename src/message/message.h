/* message/message.h -- messages to persons: written with the act that they tell of, sent later.
 *
 *   M1  A message exists if and only if its act does: both are one transaction.  None is missing, and none is
 *       sent twice: before the first octet leaves it is durable that it is being sent, and a process that dies
 *       then leaves it `unknown`, for somebody to look at; nothing sends that again by itself.
 *   M2  What it says of a person is sealed under the outbox key of the day (vault/outbox.h, B2), until it is done.
 *       A code or a link that came too late is not sent at all: each kind has its life.
 *   M3  It is decided again at the very moment of sending, in the transaction that says that it is being sent: an
 *       address that is stopped for everything gets nothing; marketing takes a yes of vault/decide, and the
 *       address must still be the one that the person has.  The decision stands in the audit log with it (I4).  Before
 *       each message of a batch begins to leave, it is seen that nothing has moved that it hangs on.
 *   M4  A withdrawal cancels marketing that waits, an erasure takes everything away that is not under way, but for
 *       the answer to a request, which is what the person asked for.
 *   M5  While delivery is off nothing leaves (B6).  What was queued when a store was restored is held until an
 *       operator releases it; what was under way then is unknown.
 *
 * In a use case: message_plan() on the caller's thread; message_steps() inside the act's own steps.
 */
#ifndef MESSAGE_MESSAGE_H
#define MESSAGE_MESSAGE_H

#include "vault/decide.h"
#include "vault/outbox.h"

#define MESSAGE_DAYS 30 /* so long it is known what became of one */

/* Which values its templates take: message/files.  `life`: minutes in which it is of use; `rank`: what a person
 * waits for goes first.
 *      enum              no   name        life            rank */
#define MESSAGE_KIND_TABLE(X) \
	X(MESSAGE_CONFIRM,  1, "confirm",   48 * 60,        0) /* double opt-in: url, purposes[] */ \
	X(MESSAGE_KNOWN,    2, "known",     48 * 60,        0) /* a sign-up of somebody who is known already: url */ \
	X(MESSAGE_MINE,     3, "mine",      60,             0) /* the link to one's own data: url, minutes */ \
	X(MESSAGE_CODE,     4, "code",      15,             0) /* code, minutes */ \
	X(MESSAGE_CHANGED,  5, "changed",   7 * 24 * 60,    1) /* what you changed: changes[], url */ \
	X(MESSAGE_REPLY,    6, "reply",     29 * 24 * 60,   1) /* the letter of a request: title, text */ \
	X(MESSAGE_TEST,     7, "test",      60,             0) /* an operator looks whether mail works */ \
	X(MESSAGE_CAMPAIGN, 10, "campaign", 7 * 24 * 60,    2) /* title, text, purpose */

#define MESSAGE_STATE_TABLE(X) \
	X(MESSAGE_WAITING,   1, "waiting") \
	X(MESSAGE_SENDING,   2, "sending") \
	X(MESSAGE_SENT,      3, "sent")      /* the server took it */ \
	X(MESSAGE_UNKNOWN,   4, "unknown")   /* M1: whether the server has it only the server knows */ \
	X(MESSAGE_FAILED,    5, "failed") \
	X(MESSAGE_CANCELLED, 6, "cancelled") \
	X(MESSAGE_HELD,      7, "held")      /* M5 */

/* Why it is where it is. */
#define MESSAGE_WHY_TABLE(X) \
	X(MESSAGE_WHY_NONE,        0, "none") \
	X(MESSAGE_WHY_SUPPRESSED,  1, "suppressed")      /* the address is stopped for everything */ \
	X(MESSAGE_WHY_DENIED,      2, "denied")          /* the decision was no */ \
	X(MESSAGE_WHY_ADDRESS,     3, "address_changed") /* the person has another by now */ \
	X(MESSAGE_WHY_TOO_LATE,    4, "too_late")        /* M2 */ \
	X(MESSAGE_WHY_WITHDRAWN,   5, "withdrawn")       /* M4; the number stands in store/sql/message.sql */ \
	X(MESSAGE_WHY_BY_HAND,     6, "by_hand") \
	X(MESSAGE_WHY_REFUSED,     7, "refused")         /* by the server, for good: the status says how */ \
	X(MESSAGE_WHY_LATER,       8, "put_off")         /* by the server, for now */ \
	X(MESSAGE_WHY_UNREACHABLE, 9, "unreachable") \
	X(MESSAGE_WHY_LOST,       10, "answer_lost") \
	X(MESSAGE_WHY_CRASH,      11, "stopped_while_sending") \
	X(MESSAGE_WHY_BROKEN,     12, "not_composed")    /* it cannot be opened or composed: the log says why */ \
	X(MESSAGE_WHY_TRIES,      13, "too_many_tries") \
	X(MESSAGE_WHY_BOUNCED,    14, "bounced")

#define MESSAGE_ENUM(e, no, ...) e = no,
enum message_kind { MESSAGE_KIND_NONE = 0, MESSAGE_KIND_TABLE(MESSAGE_ENUM) };
enum message_state { MESSAGE_STATE_TABLE(MESSAGE_ENUM) };
enum message_why { MESSAGE_WHY_TABLE(MESSAGE_ENUM) };
#undef MESSAGE_ENUM

/* --- writing ----------------------------------------------------------------------------------- */

/* What the template of its kind is told: a text, or lines. */
struct message_value {
	str name;
	str text;
	const str *item; /* NULL: a text */
	size_t item_count;
};

/* All borrowed until message_plan() returns. */
struct message_new {
	enum message_kind kind;
	enum message_class message_class; /* 0: CLASS_TRANSACTIONAL; marketing needs subject and purpose */
	str language;   /* sv, en; any other is told in the vault's own */
	str address;    /* canonical (type/type.h) */
	str name;       /* of the person; "": not said */
	int64_t subject; /* 0: nobody who is held */
	uint32_t purpose; /* 0: none */
	const struct message_value *value;
	size_t value_count;
	time_us until_at; /* not sent after it; 0: the life of its kind, which it never exceeds */
};

/* A row in the making; lives in the job's arena.  { 0 } is none and may be handed to the steps. */
struct message_plan {
	struct message_row_new *row;
};

/* Seals what is to be said; composes nothing yet.
 *   ERR_INVALID  an address that mail cannot go to (mail/mailbox.h, A1, A2), at /address; marketing to nobody; a value
 *                that a message of its kind needs is missing
 *   ERR_LIMIT    limit_message_values, limit_message_items, limit_message_content_bytes */
must_check enum err message_plan(struct job *job, struct vault *vault, const struct message_new *message,
                                 struct message_plan *ret);
/* Inside steps. */
must_check enum err message_steps(struct job *job, struct db *db, const struct message_plan *plan);
/* Inside the steps of a restore (M5). */
must_check enum err message_restored_steps(struct job *job, struct db *db);

/* What a plan has become, for who tells of it: the message's id.  Zero for { 0 }. */
uid message_plan_id(const struct message_plan *plan);

/* --- looking ----------------------------------------------------------------------------------- */

struct message_row {
	int64_t no;
	uid id;
	enum message_kind kind;
	enum message_class message_class;
	int64_t subject;
	uid subject_id;      /* zero: erased, or nobody who is held */
	uint32_t purpose;
	enum message_state state;
	enum message_why why;
	int64_t status;      /* of SMTP; 0: none */
	time_us made_at, until_at, due_at, last_at;
	int64_t day, tries;
	uint8_t digest[DIGEST_BYTES];
	int64_t domain;
	bytes content;       /* sealed; empty: gone */
};

must_check enum err message_get(struct job *job, uid id, struct message_row *ret); /* ERR_ABSENT */
/* state 0: of any. */
must_check enum err message_list(struct job *job, int64_t after_no, enum message_state state, size_t max,
                                 struct message_row **ret, size_t *ret_count);

struct message_counts {
	int64_t waiting, sending, unknown, failed, held;
	time_us oldest_at; /* of those waiting; TIME_NEVER */
};
must_check enum err message_count(struct job *job, struct message_counts *ret);

/* --- by hand: each leaves its entry ------------------------------------------------------------- */

/* Now, once more; also one that is unknown, which the person may then get twice: that is for who asks to know.
 *   ERR_ABSENT   ERR_CONFLICT  there is nothing left to send, or it is under way */
must_check enum err message_again(struct job *job, struct vault *vault, uid id);
/* Not at all.   ERR_ABSENT   ERR_CONFLICT  it is under way, or done */
must_check enum err message_cancel(struct job *job, struct vault *vault, uid id);
/* What was held (M5), to be sent as far as it is not too late. */
must_check enum err message_release(struct job *job, struct vault *vault, int64_t *ret_count);

/* --- upkeep ------------------------------------------------------------------------------------ */

/* Those that are too late (M2), and rows whose days are over.  At most `max` of each. */
must_check enum err message_expire(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count);

str message_kind_name(enum message_kind kind);
bool message_kind_find(str name, enum message_kind *ret);
str message_state_name(enum message_state state);
bool message_state_find(str name, enum message_state *ret);
str message_why_name(enum message_why why);

#endif
