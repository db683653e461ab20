/* vault/bulk.h -- the data of many persons at once, for one purpose, to be worked with outside the vault.
 *
 * It is what a leak is made of, so it takes two people, a reason, and a link that works once:
 *
 *     bulk_ask()    by one: which purpose, fields, format, and why; an approval is asked for (access/approval.h)
 *                   another approves of it there
 *     bulk_link()   by who asked: the approval is used up, and the token of a link is given
 *     bulk_look()   for the page behind the link; changes nothing
 *     bulk_take()   the link is used up
 *     bulk_run()    gives what is to be sent, piece by piece
 *     bulk_end()    how it ended
 *
 *   E1  A person is in it if, at the moment their piece is read, they have a live ground for the purpose that no
 *       restriction stands against; with a channel, if they may be contacted through it then (vault/decide.h).
 *   E2  Of them: the fields that were asked for, that the purpose gives, and that the asker's roles show; masked
 *       where these say so.
 *   E3  The words of both are read from the store before each piece: who left, or may no longer, ends it.
 *   E4  Who is in a piece stands in the audit log before the piece leaves, and is found from each of them (N2).
 *   E5  Memory is that of one piece, however many persons there are.
 */
#ifndef VAULT_BULK_H
#define VAULT_BULK_H

#include "access/approval.h"
#include "access/principal.h"
#include "vault/subject.h"

#define BULK_REASON_BYTES_MIN 10
#define BULK_REASON_BYTES_MAX 1000
#define BULK_LINK_LIFE (15 * 60 * TIME_SECOND)
#define BULK_TOKEN_CHARS 64 /* hexadecimal digits of 256 random bits */

/*      enum            no  name */
#define BULK_STATE_TABLE(X) \
	X(BULK_WAITING,   1, "waiting") \
	X(BULK_LINKED,    2, "linked") \
	X(BULK_RUNNING,   3, "running") \
	X(BULK_DONE,      4, "done") \
	X(BULK_CUT,       5, "cut") \
	X(BULK_CANCELLED, 6, "cancelled") \
	X(BULK_OVER,      7, "over")         /* nobody used it in time; never stored */
#define BULK_FORMAT_TABLE(X) \
	X(BULK_NDJSON, 1, "ndjson") \
	X(BULK_CSV,    2, "csv")
#define ENUM_BULK(e, no, name) e = no,
enum bulk_state { BULK_STATE_TABLE(ENUM_BULK) };
enum bulk_format { BULK_FORMAT_TABLE(ENUM_BULK) };
#undef ENUM_BULK

struct bulk {
	int64_t no;
	uid id;
	enum bulk_state state;
	struct actor asked_by;
	int64_t asked_epoch;
	bool two;               /* takes a second person */
	uid approval;
	int64_t approver, approver_epoch; /* 0: not yet, or nobody had to */
	uint32_t purpose;
	bool by_channel;
	enum channel channel;
	enum bulk_format format;
	bytes fields;           /* le16 numbers, in the order of the columns */
	str reason;
	time_us asked_at, expires_at, link_until, started_at, ended_at; /* TIME_NEVER */
	int64_t persons;        /* given out */
};

/* Of `ret` purpose, channel, format, fields and reason are read.   As approval_ask() */
must_check enum err bulk_ask(struct job *job, struct vault *vault, struct bulk *ret);
must_check enum err bulk_get(struct job *job, struct vault *vault, uid id, struct bulk *ret); /* ERR_ABSENT */
/* Newest first, with a number below `before` (0: from the newest). */
must_check enum err bulk_list(struct job *job, struct vault *vault, int64_t before, size_t max, struct bulk **ret,
                              size_t *ret_count);
/* By who asked.  Again while nobody used the one before, which is dead then.
 *   ERR_APPROVAL  not approved of (yet)   ERR_CONFLICT  used, cancelled, over   ERR_DENIED somebody else's */
must_check enum err bulk_link(struct job *job, struct vault *vault, uid id, struct bulk *ret, str *ret_token);
must_check enum err bulk_look(struct job *job, struct vault *vault, str token, struct bulk *ret, bool *ret_there);
/* By who asked: takes it back.  What runs is cut at its next piece.   ERR_DENIED */
must_check enum err bulk_cancel(struct job *job, struct vault *vault, uid id);

/* Who holds the link acts for who asked: sets job->actor. */
must_check enum err bulk_take(struct job *job, struct vault *vault, str token, struct bulk *ret, bool *ret_there);
/* Gives each piece to `put`; its error ends it.  *ret_persons counts also when it fails. */
typedef enum err bulk_put(struct job *job, void *ctx, bytes piece);
must_check enum err bulk_run(struct job *job, struct vault *vault, const struct bulk *bulk, bulk_put *put, void *ctx,
                             int64_t *ret_persons);
must_check enum err bulk_end(struct job *job, struct vault *vault, const struct bulk *bulk, int64_t persons,
                             enum err how);

/* Inside steps or with job->db: the words of both hold now; what the asker may (E3).
 *   ERR_DENIED */
must_check enum err bulk_words(struct job *job, struct db *db, const struct bulk *bulk, struct principal *ret);

/* Takes the links away whose time is over, and calls what was left running by a crash cut. */
must_check enum err bulk_sweep(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count);

#endif
