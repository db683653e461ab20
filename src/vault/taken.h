/* vault/taken.h -- what a change takes away from a person, told to the ledger of facts (audit/fact.h);
 * internal to vault/. */
#ifndef VAULT_TAKEN_H
#define VAULT_TAKEN_H

#include "vault/subject.h"

/* Fields of which a value that was there is there no longer: erased, corrected or uncovered. */
struct taken {
	uint16_t *field;
	size_t field_count;
};

void taken_values(struct job *job, const struct value *before, size_t before_count,
                  const struct value *after, size_t after_count, struct taken *ret);

/* Inside steps.  act: those that are new in this change; before->flags are what they were. */
must_check enum err taken_steps(struct job *job, struct db *db, const struct subject *before,
                                const struct subject *after, const struct act_row *act,
                                size_t act_count, const struct taken *taken);

#endif
