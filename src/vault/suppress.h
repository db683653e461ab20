/* vault/suppress.h -- addresses that must not be contacted (V3): keyed hashes without a subject,
 * which outlive every person, list and import.
 *
 *   U1  No import, list or deletion takes a suppression away; only a fresh act of the person newer
 *       than it does (law.md C3.1, C3.2): an act that leaves a permission given takes back what was
 *       stopped there for that purpose and channel; a `confirmed` one, what was stopped for all
 *       marketing too; nothing takes back SCOPE_ALL.  An objection under 21(1) that is overruled
 *       takes its own stop with it: what stopped the address for another reason stays.
 */
#ifndef VAULT_SUPPRESS_H
#define VAULT_SUPPRESS_H

#include "vault/subject.h"

struct suppression {
	enum suppression_scope scope;
	uint32_t purpose; /* SCOPE_PURPOSE */
	enum channel channel; /* SCOPE_CHANNEL, or the channel of SCOPE_PURPOSE; 0: any */
	time_us at;
	enum suppression_source source;
};

/* Inside steps. */
must_check enum err suppression_add(struct job *job, struct db *db, const uint8_t digest[DIGEST_BYTES],
                                    const struct suppression *suppression);
/* Takes the row of that scope, purpose and channel away if it is not newer than suppression->at and,
 * where suppression->source is set, came from there; leaves an entry when there was one. */
must_check enum err suppression_lift(struct job *job, struct db *db,
                                     const uint8_t digest[DIGEST_BYTES],
                                     const struct suppression *suppression);

/* The use case behind POST /v1/suppressions: raw address, with its entry.  ERR_INVALID */
must_check enum err suppress(struct job *job, struct vault *vault, enum address address, str raw,
                             const struct suppression *suppression);

/* What suppressions there are for an address; at most max; leaves its entry, takes from the budget. */
must_check enum err suppressions_of(struct job *job, struct vault *vault, enum address address,
                                    str raw, struct suppression *ret, size_t max, size_t *ret_count);

/* Without entry, for decisions. */
must_check enum err suppressions_get(struct job *job, struct db *db,
                                     const uint8_t digest[DIGEST_BYTES], struct suppression *ret,
                                     size_t max, size_t *ret_count);

#endif
