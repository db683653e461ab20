/* rights/erase.h -- erasure at the person's request (Article 17): the whole person, one purpose, or
 * some fields.
 *
 *   X1  What a law, a public task, a hold or a contract that has not ended requires stays, for that
 *       alone, and the answer says what, why and until when.  Consent, the exception for existing
 *       customers, legitimate interest, vital interest and contracts that have ended give way.
 *   X2  Where nothing remains of a whole person, the person is buried (vault/bury.h); otherwise the
 *       erasure is a `struct change`, and evidence of what was done under the erased purposes goes.
 *   X3  One transaction, then the keys, then the answer.  Works on a full disk.
 *   X4  A whole person's addresses are stopped for marketing (source `erasure`): no list brings them
 *       back.  Acts of consent become proofs (vault/proof.h).
 *   X5  The certificate is a signed note (crypto/sign.h) of counts, free of personal data; it is made
 *       only when the keys are destroyed.
 *   X6  Asked for in a request of the register, that is where it is written down; where the request says
 *       where the answer goes, the closing reply leaves through the outbox, by the keys of which it
 *       outlives the person for OUTBOX_DAYS at most.  Holds for pending requests keep nothing.
 *
 * The lines of a certificate, in order; a count that is 0 is there too:
 *
 *   valv-erasure/v1 | erasure UUID | entry N | at TIME | scope person, purpose NAME or fields
 *   result buried or reduced | NAME COUNT for each store | kept N | stops N | proofs N [until DATE]
 */
#ifndef RIGHTS_ERASE_H
#define RIGHTS_ERASE_H

#include "rights/request.h"
#include "vault/bury.h"

#define CERTIFICATE_NAME "valv-erasure" /* of the key that signs it */

enum erase_scope { ERASE_NOTHING, ERASE_PERSON, ERASE_PURPOSE, ERASE_FIELDS };

/* Which point of Article 17(1) it was asked under.
 *      enum                       no name */
#define ERASE_REASON_TABLE(X) \
	X(ERASE_REQUESTED,          1, "requested") \
	X(ERASE_NOT_NEEDED,         2, "not_needed")  /* (a) */ \
	X(ERASE_WITHDRAWN,          3, "withdrawn")   /* (b) */ \
	X(ERASE_OBJECTED,           4, "objected")    /* (c) */ \
	X(ERASE_UNLAWFUL,           5, "unlawful")    /* (d) */ \
	X(ERASE_DUTY,               6, "legal_duty")  /* (e) */ \
	X(ERASE_CHILD,              7, "child")       /* (f) */

/* Why something stays.  The first three are reasons of the DPV (prefix Justification).
 *      enum                       no name */
#define KEEP_TABLE(X) \
	X(KEEP_LAW,                 1, "A17LegallyRequired")    /* 17(3)(b) */ \
	X(KEEP_AUTHORITY,           2, "A17OfficialAuthority")  /* 17(3)(b) */ \
	X(KEEP_CLAIMS,              3, "A17LegalClaims")        /* 17(3)(e), and other holds */ \
	X(KEEP_CONTRACT,            4, "contract_not_ended")    /* 17(1)(a) does not apply yet */ \
	X(KEEP_OTHER,               5, "other_purpose")         /* the erasure was of one purpose */

#define ENUM2(e, no, ...) e = no,
enum erase_reason { ERASE_REASON_NONE = 0, ERASE_REASON_TABLE(ENUM2) ERASE_REASON_COUNT };
enum keep { KEEP_NOTHING = 0, KEEP_TABLE(ENUM2) KEEP_COUNT };
#undef ENUM2

struct erase_wish {
	enum erase_scope scope;
	uint32_t purpose;       /* ERASE_PURPOSE */
	const uint16_t *field;  /* ERASE_FIELDS */
	size_t field_count;
	enum erase_reason reason;
	enum act_method method; /* how the request reached us */
	uid id;                 /* of the erasure */
	bool requested;         /* by this request of the register (X6) */
	uid request;
	enum err (*extra)(struct job *job, struct db *db, void *ctx); /* more steps; may be NULL */
	void *extra_ctx;
};

struct kept {
	uint32_t purpose; /* 0: a hold */
	enum basis basis;
	enum keep keep;
	str statute;      /* or law; empty when none is stated */
	const uint16_t *field;
	size_t field_count;
	time_us until_at; /* TIME_NEVER: not known yet */
};

/* How much went, by store. */
struct erase_counts {
	int64_t values, sections, keys, lookups;
	int64_t evidence; /* of acts that remain; buried ones go with their row */
	int64_t bound[BOUND_COUNT];
};

struct erased {
	uid id; /* of the erasure */
	int64_t entry;
	bool buried;
	int64_t version; /* of the person's row */
	struct erase_counts counts;
	struct kept *kept;
	size_t kept_count;
	size_t stops;  /* addresses stopped */
	size_t proofs; /* addresses under which proofs of consent are filed */
	time_us proof_until_at;
	str certificate;
};

/*   ERR_ABSENT  no such person      ERR_GONE  erased already
 *   ERR_CRYPTO  the record is damaged, and something has to stay
 *   ERR_INVALID at /request */
must_check enum err erase(struct job *job, struct vault *vault, uid subject, const struct erase_wish *wish,
                          struct erased *ret);

/* What erase() would do now; leaves its entry.  No certificate. */
must_check enum err erase_preview(struct job *job, struct vault *vault, uid subject,
                                  const struct erase_wish *wish, struct erased *ret);

/* One that was done, by its id: entry, whether the person was buried, certificate.
 *   ERR_ABSENT  ERR_BUSY its keys wait for the next sweep (X5) */
must_check enum err erasure_find(struct job *job, struct vault *vault, uid id, struct erased *ret,
                                 uid *ret_subject);

/* What verifiers of certificates are given. */
void certificate_vkey(const struct vault *vault, struct buf *out);

#endif
