/* vault/decide.h -- may this be done to this person for this purpose through this channel now?
 *
 * The order is that of docs/law.md (decision order): denials first, then the search for a basis,
 * then limits.  decide_person() is pure: facts in, verdict out; a small independent oracle in the
 * tests holds it to the table.
 *
 *   Q1  Unknown or error is no.
 *   Q2  Each verdict leaves an entry before it is answered (I4).
 *   Q3  By address: no if any holder said no; yes needs at least one holder for whom it is yes.
 */
#ifndef VAULT_DECIDE_H
#define VAULT_DECIDE_H

#include "vault/suppress.h"

struct question {
	const struct purpose *purpose;
	enum channel channel;         /* CHANNEL_NONE: use of data without contact */
	enum message_class message_class;
	bool promotional;             /* a service message that carries a promotional block */
	bool opt_out;                 /* this message offers a way to say no */
	str category;                 /* product category, for the soft opt-in */
};

struct verdict {
	bool allowed;
	enum reason reason;
	enum basis basis;      /* BASIS_NONE when denied */
	uint32_t version;      /* purpose version that it rests on; 0 when none */
	int64_t consent_seq;   /* ledger number of the act it rests on; 0 when none */
	time_us retry_at;      /* quiet hours, frequency cap: not before; else TIME_NEVER */
	int64_t entry;         /* audit entry */
};

/* Pure.  suppression: all for this person's address in this channel.  The frequency cap is not in
 * here: it is counted inside the write that records the decision. */
struct facts {
	const struct subject *subject;
	const struct suppression *suppression;
	size_t suppression_count;
	time_us now;
};
void decide_person(const struct registry *registry, const struct facts *facts,
                   const struct question *question, struct verdict *ret);

/* As it is now, for use cases that leave an entry of their own: neither recorded nor counted for a frequency cap, which
 * is looked at. */
must_check enum err decide_now(struct job *job, const struct registry *registry, const struct subject *subject,
                               const struct question *question, struct verdict *ret);

/* One decision by person; recorded. A person that is not there is a recorded no, not an error. */
must_check enum err decide_subject(struct job *job, struct vault *vault,
                                   const struct registry *registry, uid id,
                                   const struct question *question, struct verdict *ret);
/* The same inside steps, for who uses it in the very transaction: nothing comes between the two. */
must_check enum err decide_steps(struct job *job, struct db *db, const struct registry *registry, uid id,
                                 const struct question *question, struct verdict *ret);
/* One decision by address or other value; takes from the budget; recorded. */
must_check enum err decide_value(struct job *job, struct vault *vault,
                                 const struct registry *registry, const struct field *field,
                                 str raw, const struct question *question, struct verdict *ret);

/* A piece of a batch: at most LIMIT_BATCH_PIECE questions, one view, one packed entry.  Items with
 * err set by the reader are left as they are. */
struct batch_item {
	enum err err;           /* in: could not be read; out: that, or that the value could not be */
	struct failure failure; /* why and where, of an err that comes from here */
	bool by_value;
	uid id;
	const struct field *field;
	str raw;
	struct question question;
	struct verdict verdict;
};
must_check enum err decide_batch(struct job *job, struct vault *vault,
                                 const struct registry *registry, struct batch_item *item,
                                 size_t count);

/* Take away at most `max` of the contacts that no frequency cap counts any more. */
must_check enum err contacts_forget(struct job *job, struct vault *vault, size_t max,
                                    uint64_t *ret_count);

#endif
