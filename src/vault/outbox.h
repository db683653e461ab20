/* vault/outbox.h -- what leaves: notices to recipients (Article 19), replies to persons.
 *
 * A row is written inside the transaction of the act that it tells of, and leaves later: through the
 * recipient's webhook (vault/deliver.h), or taken by a program that writes letters and mail.
 *
 *   B1  A notice exists if and only if its act does: both are one transaction.  It goes to those
 *       recipients, and only those, who were told of that person, purpose and field.
 *   B2  What a row says of a person is sealed under the outbox key of the day, so that it can leave
 *       after the person is erased.  Rows are emptied when they are delivered; the key, and with it
 *       what is left, is destroyed OUTBOX_DAYS after the day began.
 *   B3  At least once: a row is done only when its outcome is durable.  Its id stays the same, so that
 *       the receiver can tell a second copy.
 *   B4  No two take the same row at the same time: each has a lease, and what is said with an older
 *       lease is refused.
 *   B5  What was not delivered in its life is kept as failed, without its content.
 *   B6  While delivery is off nothing leaves.  What was queued when a store was restored is held until
 *       an operator releases it.
 *
 * In a use case: plan on the caller's thread, while the person's keys are there; hand the plan to
 * outbox_steps() inside the act's own steps.  ERR_STALE from there: a disclosure was recorded
 * meanwhile; plan again.
 */
#ifndef VAULT_OUTBOX_H
#define VAULT_OUTBOX_H

#include "vault/disclosure.h"

#define OUTBOX_DAYS 30

/*      enum                   no name                       what the event is called outside */
#define OUTBOX_KIND_TABLE(X) \
	X(OUTBOX_RECTIFIED,     1, "rectified",              "se.valv.subject.rectified.v1") \
	X(OUTBOX_ERASED,        2, "erased",                 "se.valv.subject.erased.v1") \
	X(OUTBOX_RESTRICTED,    3, "restricted",             "se.valv.subject.restricted.v1") \
	X(OUTBOX_UNRESTRICTED,  4, "restriction_lifted",     "se.valv.subject.restriction_lifted.v1") \
	X(OUTBOX_WITHDRAWN,     5, "consent_withdrawn",      "se.valv.consent.withdrawn.v1") \
	X(OUTBOX_OBJECTED,      6, "objected",               "se.valv.subject.objected.v1") \
	X(OUTBOX_REPLY,        10, "reply",                  "")

#define OUTBOX_STATE_TABLE(X) \
	X(OUTBOX_WAITING,   1, "waiting") \
	X(OUTBOX_TAKEN,     2, "taken")      /* by the webhook's sender or a program, until due_at */ \
	X(OUTBOX_DELIVERED, 3, "delivered") \
	X(OUTBOX_FAILED,    4, "failed")     /* B5, or a program said that it cannot be done */ \
	X(OUTBOX_HELD,      5, "held")       /* B6 */

#define OUTBOX_VIA_TABLE(X) \
	X(OUTBOX_WEBHOOK, 1, "webhook") \
	X(OUTBOX_PROGRAM, 2, "program")

/* How the last try ended. */
#define OUTBOX_OUTCOME_TABLE(X) \
	X(OUTCOME_NOT_TRIED,        0, "not_tried") \
	X(OUTCOME_DONE,             1, "done") \
	X(OUTCOME_ANSWERED,         2, "refused")          /* the status says how */ \
	X(OUTCOME_UNREACHABLE,      3, "unreachable") \
	X(OUTCOME_TIMEOUT,          4, "timeout") \
	X(OUTCOME_ADDRESS,          5, "address_refused")  /* not on the public network, and not allowed */ \
	X(OUTCOME_TLS,              6, "tls") \
	X(OUTCOME_GONE,             7, "gone")             /* 410 */ \
	X(OUTCOME_IMPOSSIBLE,       8, "impossible")       /* Article 19 */ \
	X(OUTCOME_DISPROPORTIONATE, 9, "disproportionate") \
	X(OUTCOME_RETURNED,        10, "returned")         /* a program gives it back */ \
	X(OUTCOME_TOO_LATE,        11, "too_late")         /* B5 */ \
	X(OUTCOME_PROTOCOL,        12, "protocol")

#define OUTBOX_ENUM(e, no, ...) e = no,
enum outbox_kind { OUTBOX_KIND_NONE = 0, OUTBOX_KIND_TABLE(OUTBOX_ENUM) };
enum outbox_state { OUTBOX_STATE_TABLE(OUTBOX_ENUM) };
enum outbox_via { OUTBOX_VIA_TABLE(OUTBOX_ENUM) };
enum outbox_outcome { OUTBOX_OUTCOME_TABLE(OUTBOX_ENUM) };
#undef OUTBOX_ENUM

/* --- writing ----------------------------------------------------------------------------------- */

/* What became of one person's data, as recipients need to hear it. */
struct outbox_event {
	enum outbox_kind kind;
	uint32_t purpose;      /* 0: whatever it was disclosed for */
	bool marketing;        /* only what was disclosed for purposes of marketing */
	const uint16_t *field; /* NULL: all that was disclosed */
	size_t field_count;
	uint32_t channels;     /* withdrawn and objected; 0: not about channels */
};

/* A reply to a person.  Texts as they will be sent; what is longer than its limit is ERR_LIMIT. */
struct outbox_reply {
	str channel;  /* "email" or "post" */
	str address;  /* LIMIT_REPLY_ADDRESS_BYTES; lines apart by \n for post */
	str language; /* sv, en */
	str title;    /* LIMIT_REPLY_TITLE_BYTES */
	str text;     /* LIMIT_REPLY_BYTES */
	uid request;  /* that it answers; zero: none */
};

/* Rows in the making; lives in the job's arena.  { 0 } is empty and may be handed to the steps. */
struct outbox_plan {
	bool notices;         /* disclosures were looked at: last_seq must still hold */
	int64_t subject;
	int64_t last_seq;
	struct outbox_row_new *row;
	size_t count, room;
};

/* Notices of the events, one for each recipient who was told (B1).  keyset: the person's, for the
 * references; NULL: lost, recipients get the person's id.  Adds to the plan; once per plan. */
must_check enum err outbox_plan_notices(struct job *job, struct vault *vault,
                                        const struct registry *registry, int64_t subject, uid id,
                                        const struct keyset *keyset, const struct outbox_event *event,
                                        size_t count, struct outbox_plan *plan);
/* subject 0: not somebody whom the vault holds. */
must_check enum err outbox_plan_reply(struct job *job, struct vault *vault, int64_t subject,
                                      const struct outbox_reply *reply, struct outbox_plan *plan);
/* Inside steps.   ERR_STALE  see above; nothing was written */
must_check enum err outbox_steps(struct job *job, struct db *db, const struct outbox_plan *plan);
/* Inside the steps of an erasure, after outbox_steps(): disclosures and finished rows go; what is
 * still to leave stays (B2). */
must_check enum err outbox_forget_steps(struct job *job, struct db *db, int64_t subject);
/* Inside the steps of a restore (B6): delivery is off, what was queued is held. */
must_check enum err outbox_restored_steps(struct job *job, struct db *db);

/* The key of a day, for what else is to leave and may outlive the person (message/message.h): a copy, made when first
 * asked for; not inside steps.   _find: ERR_GONE  it is destroyed, or never was */
must_check enum err outbox_key(struct job *job, struct vault *vault, int64_t day, struct secret **ret);
must_check enum err outbox_key_find(struct job *job, struct vault *vault, int64_t day, struct secret **ret);

/* --- looking ----------------------------------------------------------------------------------- */

struct outbox_row {
	int64_t no;
	uid id;
	enum outbox_kind kind;
	int64_t subject;
	uid subject_id;       /* zero: erased, or nobody who is held */
	int64_t recipient;
	str recipient_name;   /* empty: a reply */
	uint32_t purpose;
	enum outbox_state state;
	enum outbox_via via;
	time_us made_at, due_at, last_at, ends_at;
	int64_t tries;
	enum outbox_outcome outcome;
	int64_t status;       /* of HTTP; 0: none */
	bytes disclosures;    /* le32 each */
	int64_t day;
	bool content_there;
	bytes content;        /* sealed */
};

must_check enum err outbox_get(struct job *job, uid id, struct outbox_row *ret);
must_check enum err outbox_list(struct job *job, int64_t after_no, size_t max,
                                struct outbox_row **ret, size_t *ret_count);
/* Of one person, oldest first. */
must_check enum err outbox_of(struct job *job, int64_t subject, struct outbox_row **ret,
                              size_t *ret_count);
/* The content as JSON.   ERR_GONE delivered, or its key is destroyed */
must_check enum err outbox_open(struct job *job, struct vault *vault, const struct outbox_row *row,
                                str *ret);

struct outbox_counts {
	int64_t waiting, held, failed;
	time_us oldest_at; /* of those waiting; TIME_NEVER */
};
must_check enum err outbox_count(struct job *job, struct outbox_counts *ret);

/* --- programs ---------------------------------------------------------------------------------- */

struct outbox_taken {
	struct outbox_row row;
	str content;     /* opened, JSON */
	time_us until_at;
};

/* Take rows that no webhook carries, oldest first, for `seconds`; all under one lease (B4).
 *   ERR_CONFLICT  delivery is off */
must_check enum err outbox_claim(struct job *job, struct vault *vault, size_t max, int64_t seconds,
                                 uid *ret_lease, struct outbox_taken **ret, size_t *ret_count);
/* What became of it: OUTCOME_DONE, _IMPOSSIBLE, _DISPROPORTIONATE or _RETURNED (for others to take).
 *   ERR_ABSENT   ERR_CONFLICT  the lease is another, or over (B4) */
must_check enum err outbox_done(struct job *job, struct vault *vault, uid id, uid lease,
                                enum outbox_outcome outcome);
/* By hand: now, once more; also a failed one whose content is still there.
 *   ERR_ABSENT   ERR_CONFLICT  there is nothing left to send, or it is under way */
must_check enum err outbox_retry(struct job *job, struct vault *vault, uid id);

/* --- mail (message/replies.h) -------------------------------------------------------------------- */

/* Replies that are due and that no program has taken, numbers after `after_no`. */
must_check enum err outbox_replies(struct job *job, int64_t after_no, size_t max, struct outbox_row **ret,
                                   size_t *ret_count);
/* Inside the steps that put it into the queue of messages: it is done here, and leaves from there.
 *   ERR_STALE  a program took it meanwhile */
must_check enum err outbox_carried_steps(struct job *job, struct db *db, const struct outbox_row *row);

/* --- upkeep ------------------------------------------------------------------------------------ */

/* Rows and keys whose days are over (B2, B5). */
must_check enum err outbox_expire(struct job *job, struct vault *vault);

/* Operators only (B6). */
must_check enum err delivery_is_on(struct job *job, struct vault *vault, bool *ret);
must_check enum err delivery_on(struct job *job, struct db *db, bool *ret); /* as it stands on that connection */
must_check enum err delivery_set(struct job *job, struct vault *vault, bool on);
must_check enum err outbox_release(struct job *job, struct vault *vault, int64_t *ret_count);

str outbox_kind_name(enum outbox_kind kind);
str outbox_event_name(enum outbox_kind kind);
str outbox_state_name(enum outbox_state state);
str outbox_outcome_name(enum outbox_outcome outcome);

#endif
