/* vault/proof.h -- proofs of consent: what outlives an erased person, to answer a later complaint.
 *
 * For each address of the person the acts of consent are sealed under the tag key of the year
 * (named key `proof-YYYY`) and filed under a keyed digest of the address in match form.  No subject
 * stands there: a proof is found only by who comes with the address.
 *
 *   Z1  When the year's period is over (setting proof_years, 1 to 10, 3 unless set, counted from the end of the
 *       year of the erasure) the sweep destroys its key and then its rows.
 *   Z2  Kept for the built-in purpose `accountability` (Articles 7(1), 5(2), 17(3)(e)); each look
 *       leaves its entry and takes from the budget.
 */
#ifndef VAULT_PROOF_H
#define VAULT_PROOF_H

#include "vault/rows.h"

/* The proofs of one person, ready to be written. */
struct proof_rows {
	int year;
	uint8_t digest[ADDRESS_COUNT][DIGEST_BYTES];
	bytes sealed[ADDRESS_COUNT]; /* empty: none */
	size_t count;
	size_t acts; /* in each */
};

/* On the worker.  E-mail and phone: a postal address is nothing that can be brought as one value.
 * Makes the key of the year when it is not there. */
must_check enum err proof_prepare(struct job *job, struct vault *vault, const struct registry *registry,
                                  struct value *value, size_t value_count, const struct act_row *act,
                                  size_t act_count, struct proof_rows *ret);
/* Inside steps.  entry: of the erasure; tells those of one address apart. */
must_check enum err proof_steps(struct job *job, struct db *db, int64_t entry,
                                const struct proof_rows *proof);

/* Until when proofs of that year are kept. */
time_us proof_until(const struct registry *registry, int year);

struct proof {
	int year; /* of the erasure */
	enum act act;
	enum basis basis;
	time_us at;
	uint32_t purpose, version, channels;
	enum act_method method;
	bytes notice; /* hash of the words shown, or empty */
};

/* Proofs for an address as people write it, oldest year first; at most max.  Takes one from the
 * budget, leaves its entry.   ERR_INVALID ERR_BUDGET */
must_check enum err proof_search(struct job *job, struct vault *vault, enum address address, str raw,
                                 size_t max, struct proof **ret, size_t *ret_count);

/* Z1: keys and rows of the years that are over. */
must_check enum err proofs_sweep(struct job *job, struct vault *vault);

#endif
