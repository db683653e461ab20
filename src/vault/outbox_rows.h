/* vault/outbox_rows.h -- what outbox.c, outbox_take.c and deliver.c share; internal to vault/. */
#ifndef VAULT_OUTBOX_ROWS_H
#define VAULT_OUTBOX_ROWS_H

#include "vault/outbox.h"

#define OUTBOX_KEYS S("outbox:") /* named keys of days: outbox:2026-11-27 */

must_check enum err outbox_rows(struct job *job, struct db *db, enum sql sql, const struct sql_arg *arg,
                                size_t arg_count, struct outbox_row **ret, size_t *ret_count);
must_check enum err outbox_row_get(struct job *job, struct db *db, uid id, struct outbox_row *ret);

/* Inside steps.   ERR_CONFLICT  delivery is off (B6) */
must_check enum err delivery_must_be_on(struct job *job, struct db *db);

/* What a try came to. */
struct outbox_end {
	uid id;
	uid lease;
	enum outbox_state state; /* from now on */
	enum outbox_via via;
	time_us due_at;          /* TIME_NEVER: nothing more is to be done, and the content goes (B2) */
	enum outbox_outcome outcome;
	int64_t status;
};
/* Inside steps: only while the lease holds (ERR_CONFLICT, B4); leaves its entry. */
must_check enum err outbox_end_steps(struct job *job, struct db *db, const struct outbox_row *row,
                                     const struct outbox_end *end);

#endif
