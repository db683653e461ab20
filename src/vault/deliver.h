/* vault/deliver.h -- webhooks: takes a notice from the outbox, sends it, writes down what came of it.
 *
 * The body is an event in the form of CloudEvents 1.0 (structured mode), signed by Standard Webhooks:
 *
 *   {"specversion":"1.0","id":ID,"source":"valv","type":"se.valv.subject.erased.v1","time":…,
 *    "datacontenttype":"application/json",
 *    "data":{"references":[…],"purposes":[…],"fields":[…]}}
 *
 * It is thin: it says whom by the reference that the recipient has, and what; never a value.  What has
 * changed the recipient reads through the API, where its key is asked and the reading is recorded.
 * `fields` and `purposes` missing mean all that was disclosed.
 *
 *   H1  One call at a time to one recipient; a failure pauses the recipient, so that what else waits
 *       for it does not use up its tries.
 *   H2  A try is counted, durably, before it is made; its outcome and audit entry are one transaction.
 *       A crash between the two means a second copy with the same id (B3).
 *   H3  After HOOK_TRIES tries the row is for programs to take.
 */
#ifndef VAULT_DELIVER_H
#define VAULT_DELIVER_H

#include "hook/hook.h"
#include "vault/outbox.h"

/* At start, before the first deliver_next(): one process has the store open, so whatever is still under
 * way was cut off with the one before, and is due at once. */
must_check enum err deliver_begin(struct job *job, struct vault *vault);

/* Take the next notice that is due and send it; blocks for HOOK_TOTAL_MS at most.
 * *ret_worked: there was one.  `stop` ends it early: the row is then due again at once. */
must_check enum err deliver_next(struct job *job, struct vault *vault, struct fetcher *fetcher,
                                 const _Atomic bool *stop, bool *ret_worked);

/* Networks that webhooks may be sent to beside the public internet: as hook/address.h writes them. */
must_check enum err delivery_networks(struct job *job, struct networks *ret, str *ret_text);
/* Operators only.   ERR_INVALID */
must_check enum err delivery_networks_set(struct job *job, struct vault *vault, str text);

#endif
