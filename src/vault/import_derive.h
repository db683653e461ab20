/* vault/import_derive.h -- what the files share that work out what is to be written of one person;
 * internal to vault/.
 *
 *   import_plan.c   the wants of the rows; the person as they stand; values and the outcome
 *   import_noes.c   what the rows take away, and what stands against a yes (M2, M3)
 *   import_yes.c    evidence of consent (M1)
 *   import_rest.c   where the company wants those without it
 */
#ifndef VAULT_IMPORT_DERIVE_H
#define VAULT_IMPORT_DERIVE_H

#include "base/limits.h"
#include "vault/import_parts.h"
#include "vault/rows.h"

struct derive {
	struct job *job;
	const struct import_run *run;
	struct import_plan *plan;
	struct value *value; /* of the person */
	size_t value_count;
	struct suppression *suppression[ADDRESS_COUNT];
	size_t suppression_count[ADDRESS_COUNT];
	bool said_no;        /* in whatever way it matters for these purposes */
	bool grounded;       /* something lawful carries the rows' values */
	uint64_t covered[LIMIT_FIELDS / 64 + 1]; /* fields that new grounds cover, by number */
};

static inline void
because(struct derive *d, enum import_reason reason)
{
	d->plan->found_reasons |= WHY_BIT(reason);
}

static inline bool
is_there(const struct derive *d)
{
	return d->plan->subject.version > 0;
}

/* --- import_plan.c ---------------------------------------------------------------------------- */

/* Into the change; by import. */
void act_put(struct derive *d, const struct act_new *act);
/* What the import is to be undone by. */
void added_put(struct derive *d, uint8_t kind, int64_t object, int64_t detail);
/* The fields of this version have a ground now. */
void cover(struct derive *d, const struct purpose_version *version);

/* --- import_noes.c ---------------------------------------------------------------------------- */

/* Suppressions of the person's address, as they stand. */
must_check enum err suppressions_find(struct derive *d, enum address address, str canonical);
void noes_derive(struct derive *d);
/* Of those that the noes want, the ones that do not stand already (M4). */
must_check enum err suppressions_new(struct derive *d);
bool suppressed(const struct derive *d, const struct purpose_version *version, enum channel channel);
/* A no in the rows themselves that meets this purpose and channel, whatever its date: rows that
 * contradict one another are no clear yes. */
bool no_in_rows(const struct derive *d, const struct purpose_version *version, enum channel channel);
/* M2: any no that a yes of that time does not outweigh. */
bool no_stands(const struct derive *d, const struct purpose_version *version, enum channel channel,
               time_us yes_at);

/* --- import_yes.c ----------------------------------------------------------------------------- */

must_check enum err consents_derive(struct derive *d);
/* In the person's ledger, as it stands. */
bool yes_lives(const struct derive *d, const struct purpose_version *version, enum channel channel);

/* --- import_rest.c ---------------------------------------------------------------------------- */

void rest_derive(struct derive *d);

#endif
