/* vault/forget_requests.h -- what a burial must know of the register of requests (rights/request.h): how
 * a person's requests are forgotten, and which holds are theirs.
 *
 * A forgotten request keeps its row and its events, for accountability, with nothing that was written,
 * without a key, and nobody's: its subject is 0.
 */
#ifndef VAULT_FORGET_REQUESTS_H
#define VAULT_FORGET_REQUESTS_H

#include "store/store.h"

#define REQUEST_ROW_DAYS 1826      /* after closing: the row goes; a fine may be imposed for five years */
#define REQUEST_EVENT_FORGOTTEN 18 /* EVENT_FORGOTTEN of rights/request.h */

/* Inside steps: one request. */
must_check enum err request_forget(struct job *job, struct db *db, int64_t subject, int64_t no, uid id);
/* Inside the steps of an erasure: all of the person's.  *ret_count: how many. */
must_check enum err request_forget_steps(struct job *job, struct db *db, int64_t subject,
                                         uint64_t *ret_count);
/* Acts of the person's ledger that are holds for pending requests (Q5 of rights/request.h): no obstacle
 * to an erasure that the person asks for. */
must_check enum err request_holds(struct job *job, struct db *db, int64_t subject, int64_t **ret,
                                  size_t *ret_count);

#endif
