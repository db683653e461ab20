/* vault/rows.h -- rows into structs, and what subject.c, change.c, decide.c, sweep.c and verify.c
 * share; internal to vault/. */
#ifndef VAULT_ROWS_H
#define VAULT_ROWS_H

#include "vault/subject.h"

must_check enum err subject_row(struct job *job, const struct rows *rows, bool with_record,
                                struct subject *ret);
must_check enum err act_row_read(struct job *job, const struct rows *rows, bool with_evidence,
                                 struct act_row *ret);
/* All acts of a person, oldest number first, without evidence. */
must_check enum err ledger_read(struct job *job, int64_t subject, struct act_row **ret,
                                size_t *ret_count);

/* What the index keeps of a lookup digest: 128 keyed bits are more than there will ever be values,
 * and a smaller index means fewer pages in every commit. */
#define LOOKUP_BYTES 16

/* Lookup digests of one value: one for exact fields; full and family name for folded names. */
struct digests {
	uint8_t digest[2][DIGEST_BYTES];
	size_t count;
};
void lookup_digests(const struct field *field, str canonical, struct digests *ret);

/* What an address of the values is matched by: one field's match form; of a postal address, all its
 * fields.  Nothing is appended when none is held. */
void address_match(const struct registry *registry, struct value *value, size_t count,
                   enum address address, struct buf *match);
/* The same from an address as people write it (email, phone).  ERR_INVALID at /address, /value */
must_check enum err address_read(struct job *job, const struct registry *registry,
                                 enum address address, str raw, struct buf *match);

/* Associated data of the evidence of act `seq`. */
void evidence_associated(struct buf *out, uid subject, int64_t seq);
/* Open it in place, by the person's evidence key; none stays none.  ERR_CRYPTO */
must_check enum err evidence_open(struct job *job, uid subject, const uint8_t *key,
                                  struct act_row *act);

/* Inside steps: take n from the hourly budget of the job's actor.  Operators have none. */
must_check enum err budget_steps(struct job *job, struct db *db, int64_t per_hour, int64_t n);

#endif
