/* vault/verify.h -- does the store say what its ledger and its audit log say? (`valv verify`)
 *
 * For every person: the row's version and sealed record are those of the newest entry about them
 * (a row put back from the past is found), the standing is what the ledger folds to (I2), every
 * section opens under its own keys and associated data (nothing was moved or changed), every value
 * is covered by a ground that lived when the person was last swept (I1), and each searchable value
 * is found by its digest.  Of a person who was erased nothing is left but id and number.
 */
#ifndef VAULT_VERIFY_H
#define VAULT_VERIFY_H

#include "vault/subject.h"

#define FINDING_TABLE(X) \
	X(FINDING_VERSION,   "row is not the one that the audit log says was written last") \
	X(FINDING_RECORD,    "sealed record differs from the one that was written last") \
	X(FINDING_STANDING,  "standing is not what the ledger gives") \
	X(FINDING_KEYS,      "keys are missing or cannot be opened") \
	X(FINDING_SEAL,      "a section cannot be opened: changed, moved, or of another person") \
	X(FINDING_UNCOVERED, "a value that no ground covers is still there") \
	X(FINDING_LOOKUP,    "a value is not found by its digest") \
	X(FINDING_BURIED,    "something is left of a person who was erased") \
	X(FINDING_LOG,       "the audit log is not what its tree and the signed checkpoints say")

enum finding {
	FINDING_NONE = 0,
#define X(name, text) name,
	FINDING_TABLE(X)
#undef X
	FINDING_COUNT
};
str finding_text(enum finding finding);

#define FINDINGS_LISTED 100

struct verify_result {
	uint64_t persons, values, acts, entries;
	uint64_t found[FINDING_COUNT];
	struct {
		uid id;
		enum finding finding;
	} first[FINDINGS_LISTED];
	size_t first_count;
};

/* Reads everything once; memory: 16 bytes a person.  Leaves its entry. */
must_check enum err vault_verify(struct job *job, struct vault *vault, struct verify_result *ret);

#endif
