/* vault/stop.h -- a stop that needs nobody to be there: one click in a mail (RFC 8058), a letter, a complaint.
 *
 *   O1  The address is stopped by its digest, whoever has it, for good, also after its person was erased (law.md C3.1);
 *       where the person is there, the same transaction has it as an act in their ledger: a consent that is given is
 *       taken back, anything else is objected to (Articles 7(3), 21(2)).
 *   O2  Said again it is what it was: nothing is added while it stands.
 */
#ifndef VAULT_STOP_H
#define VAULT_STOP_H

#include "vault/suppress.h"

struct stop {
	uint8_t digest[DIGEST_BYTES]; /* of the address: suppression_digest() */
	uid subject;                  /* zero: nobody who is known */
	uint32_t purpose;             /* 0: all marketing in the channel */
	enum channel channel;
	enum act_method method;
	enum suppression_source source;
};

must_check enum err stop_address(struct job *job, struct vault *vault, const struct stop *stop);

#endif
