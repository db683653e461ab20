/* vault/bury.h -- a person goes wholly: rows, lookups and keys; what stays is that there was one.
 *
 *   Y1  Of a buried person the store keeps id and number (subject.state 2), so that reads and
 *       repeated calls answer 410 and the number is never given again; everything else that
 *       bound.def lists goes in one transaction.
 *   Y2  The whole key set, the evidence key included, is destroyed once that is durable and before
 *       store_write() returns; what a crash leaves between is finished by keys_sweep() (S2).
 *   Y3  A person whose record cannot be opened any more is buried all the same.
 *
 * Calling sequence: burial_prepare() on the worker; burial_steps() inside the steps of the use
 * case, first of them, since it is what can be stale.
 */
#ifndef VAULT_BURY_H
#define VAULT_BURY_H

#include "vault/rows.h"

/* The tables of bound.def whose rows go with the person. */
enum bound {
#define BOUND(table, statement) BOUND_##table,
#include "vault/bound.def"
	BOUND_COUNT
};
str bound_name(enum bound bound); /* of the table */

struct burial {
	struct subject subject; /* as read; its version guards the steps */
	const struct registry *registry;
	struct value *value; /* opened; for what else is made of them */
	size_t value_count;
	bool unreadable;     /* Y3: lookups are then found by reading all of them */
	struct keyset *keyset; /* owned; NULL: lost */
	size_t sections, keys;
	struct lookup_key {
		uint16_t field;
		uint8_t digest[LOOKUP_BYTES];
	} *lookup;
	size_t lookup_count;
	/* Filled in by the steps. */
	int64_t version; /* of the empty row */
	int64_t lookups_gone;
	int64_t gone[BOUND_COUNT];
	uint64_t requests; /* made nobody's */
};

/* ERR_STALE the person was changed since `subject` was read */
must_check enum err burial_prepare(struct job *job, struct vault *vault, const struct registry *registry,
                                   const struct subject *subject, struct burial *ret);
void burial_end(struct burial *burial); /* for OWNED */
/* Inside steps.  ERR_STALE nothing was written */
must_check enum err burial_steps(struct job *job, struct db *db, struct burial *burial);
/* How an entry about it begins, like that of a change: version | digest of the empty record. */
void burial_body(const struct burial *burial, struct buf *out);

/* What every burial does once the row is empty and the lookups are gone: what is bound to the person, notices that
 * wait, requests, whom the log was about (audit/forget.h), the fact, the keys.  Inside steps. */
struct buried {
	int64_t no;
	uid id;
	int64_t version; /* of the empty row */
};
must_check enum err burial_rest_steps(struct job *job, struct db *db, const struct buried *buried,
                                      int64_t gone[BOUND_COUNT], uint64_t *requests);

#endif
