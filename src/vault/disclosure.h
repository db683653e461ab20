/* vault/disclosure.h -- who was told what about whom: Articles 15(1)(c) and 19, C-154/21.
 *
 *   O1  A disclosure is recorded only where the purpose names the recipient, has the fields, and may
 *       use this person's data now: what `decide` would say of it without a channel.  That is looked
 *       at inside the transaction that records it, its audit entry included (I4, I5).
 *   O2  The reference by which the recipient knows the person is sealed under the person's evidence
 *       key: it dies with it.
 */
#ifndef VAULT_DISCLOSURE_H
#define VAULT_DISCLOSURE_H

#include "vault/recipient.h"
#include "vault/subject.h"

#define REFERENCE_BYTES 100 /* of a reference, at most */

struct disclosure_new {
	uid subject;
	struct recipient recipient;
	const struct purpose *purpose;
	const uint16_t *field; /* numbers; ascending */
	size_t field_count;
	time_us at;
	str reference;         /* empty: the recipient knows the person by the person's id */
	/* what comes back */
	enum err err;
	struct failure failure;
	int64_t seq;
};

/* Record some, each for itself: err and failure of each say how it went.  ERR_* only when nothing
 * could be written at all. */
must_check enum err disclosures_record(struct job *job, struct vault *vault,
                                       const struct registry *registry, struct disclosure_new *item,
                                       size_t count);

struct disclosure {
	int64_t seq;
	int64_t recipient;
	uint32_t purpose;
	time_us at;
	time_us recorded_at;
	struct actor actor;
	bytes fields;  /* le16 each */
	str reference; /* opened; empty: the person's id */
};

/* Of one person, oldest first, without an entry: for use cases that leave their own (packages,
 * fan-out).  keyset NULL: references are left empty. */
must_check enum err disclosures_read(struct job *job, int64_t subject, uid id,
                                     const struct keyset *keyset, struct disclosure **ret,
                                     size_t *ret_count);
/* The same as a use case, with its entry (Article 15(1)(c)). */
must_check enum err disclosures_of(struct job *job, struct vault *vault, uid id, int64_t after_seq,
                                   size_t max, struct subject *ret_subject, struct disclosure **ret,
                                   size_t *ret_count);

/* Inside steps: the number of the person's newest disclosure, 0 for none. */
must_check enum err disclosure_last(struct job *job, struct db *db, int64_t subject, int64_t *ret);
/* Inside the steps of an erasure, after outbox_steps(). */
must_check enum err disclosures_drop_steps(struct job *job, struct db *db, int64_t subject);

#endif
