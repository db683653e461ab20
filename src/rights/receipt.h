/* rights/receipt.h -- a consent receipt: what a person said about one purpose, to be kept by both sides.
 *
 *     consent_find()   the acts about the purpose of one act in the ledger
 *     receipt_make()   prints, signs and records
 *
 * Two forms: ISO/IEC TS 27560 as JSON-LD in the terms of DPV, a receipt around one record with all
 * past states, oldest first; and Kantara v1.1, which can only tell of a yes.  Their shapes are the
 * schemas in docs/schemas/.
 *
 *   C1  What is printed is canonical (RFC 8785); the signature is over exactly those octets: a JWS
 *       with detached content (RFC 7515 appendix F), EdDSA (RFC 8037).
 *   C2  The context of JSON-LD is inside; nothing has to be fetched to read it.
 *   C3  No value of the person is in a receipt, only which fields the purpose has.
 */
#ifndef RIGHTS_RECEIPT_H
#define RIGHTS_RECEIPT_H

#include "vault/subject.h"

/*      enum             name */
#define RECEIPT_FORMAT_TABLE(X) \
	X(RECEIPT_DPV,     "dpv") \
	X(RECEIPT_KANTARA, "kantara")

enum receipt_format {
#define X(e, name) e,
	RECEIPT_FORMAT_TABLE(X)
#undef X
};

/* Of one person to one purpose.  Registry and rows are borrowed; all else is in the arena. */
struct consent {
	const struct registry *registry;
	struct subject subject;
	const struct purpose *purpose;
	const struct purpose_version *version; /* that the act was about */
	const struct act_row *asked;           /* the act that the receipt was asked for */
	struct act_row *act;                   /* all about the purpose, oldest first */
	size_t act_count;
	str country;                           /* ISO 3166-1, of the setting `country` */
};

struct receipt {
	uid id;
	str text;      /* C1 */
	str signature; /* header..signature */
	str key;       /* the public key as a JWK */
};

/*   ERR_ABSENT    no such person, or no act of that number
 *   ERR_CONFLICT  the act is not about consent */
must_check enum err consent_find(struct job *job, struct vault *vault, const struct registry *registry,
                                 uid subject, int64_t seq, struct consent *ret);

/* ERR_CONFLICT  Kantara, and the act is no yes    ERR_LIMIT  limit_receipt_states */
must_check enum err receipt_make(struct job *job, struct vault *vault, const struct consent *consent,
                                 enum receipt_format format, struct receipt *ret);

#endif
