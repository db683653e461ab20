/* audit/fact.h -- negative facts: what was taken away, in the words that a restore understands.
 *
 * A backup holds what was; restored, it would bring back consents that were withdrawn, values that
 * were erased, people who are gone.  Whoever takes something away says so here, inside the
 * transaction that does it (store/facts.h, G1); backup/restore.h says it again to what is restored.
 *
 *   F1  A fact names nobody: subjects, keys and imports by digests of their ids under the ledger's
 *       key, addresses by their suppression digest, all of it sealed.  No value, no evidence.
 *   F2  Saying a fact twice, or to a store that knows it, changes nothing.
 *   F3  What time alone ends needs no fact: its end stands in the ledger of the person, and a restore
 *       sweeps before it opens (docs/decisions/0145).
 *
 * Form: kind u8, then what the kind has, little-endian, in the order of the members below.
 */
#ifndef AUDIT_FACT_H
#define AUDIT_FACT_H

#include "crypto/seal.h"
#include "store/facts.h"
#include "store/store.h"

/* The numbers are stored and never change their meaning. */
enum fact_kind {
	FACT_NONE = 0,
	FACT_ACT = 1,           /* an act that lowers: withdrawn, refused, objected, stopped, ended … */
	FACT_VALUES = 2,        /* values of these fields, as they were until `at`, are gone */
	FACT_ERASED = 3,        /* the whole person */
	FACT_FLAGS = 4,         /* protected identity, deceased, child: what makes Valv more careful */
	FACT_SUPPRESSED = 5,
	FACT_KEY_REVOKED = 6,   /* an API key */
	FACT_IMPORT_UNDONE = 7,
	FACT_PURPOSE_ENDED = 8,
	FACT_KEY_DESTROYED = 9, /* a named key of keys.db, by its name */
	FACT_RESTORED = 10,     /* a restore replayed all before this */
	FACT_STAFF_ENDED = 11,  /* a staff member left, with all they had */
	FACT_STAFF_LESS = 12,   /* a staff member may do less: their roles are to be given anew */
	FACT_PROVIDER_CHANGED = 13, /* the identity provider is another: an older one is not to be believed */
	FACT_STAFF_CREDENTIALS = 14, /* a staff member changed or lost what they sign in with */
	FACT_RECOVERY_USED = 15, /* a staff member used up a recovery code: older ones are not good again */
	FACT_COUNT
};

#define FACT_FIELDS_MAX 256
#define FACT_DETAIL_MAX 1024
#define FACT_NAME_MAX 80

/* An act as it stands in the person's ledger, without what is personal (notice, evidence). */
struct fact_act {
	int64_t seq, recorded_at;
	uint8_t act, basis, method;
	uint32_t purpose, version, channels;
	int64_t until_at;  /* TIME_NEVER: none */
	bytes detail;
};

struct fact {
	enum fact_kind kind;
	time_us at;
	uint8_t object[FACTS_DIGEST_BYTES]; /* whose: subject, API key, import or staff member */
	struct fact_act act;
	uint16_t field[FACT_FIELDS_MAX];
	size_t field_count;
	uint32_t flags;
	struct fact_suppression {
		uint8_t digest[DIGEST_BYTES];
		uint8_t scope, channel, source;
		uint32_t purpose;
	} suppression;
	uint32_t purpose;
	str name;            /* borrowed */
	int64_t restored_no; /* FACT_RESTORED: from after which number it replayed */
};

/* --- telling, inside steps; nothing where the store keeps no ledger ------------------------------ */

must_check enum err fact_act(struct job *job, struct db *db, uid subject, time_us at,
                             const struct fact_act *act);
/* Several facts where the fields are many. */
must_check enum err fact_values(struct job *job, struct db *db, uid subject, const uint16_t *field,
                                size_t count);
must_check enum err fact_erased(struct job *job, struct db *db, uid subject);
must_check enum err fact_flags(struct job *job, struct db *db, uid subject, uint32_t flags);
must_check enum err fact_suppressed(struct job *job, struct db *db, time_us at,
                                    const struct fact_suppression *suppression);
must_check enum err fact_key_revoked(struct job *job, struct db *db, uid key);
must_check enum err fact_staff_ended(struct job *job, struct db *db, uid staff);
must_check enum err fact_staff_less(struct job *job, struct db *db, uid staff);
must_check enum err fact_provider_changed(struct job *job, struct db *db);
must_check enum err fact_staff_credentials(struct job *job, struct db *db, uid staff);
must_check enum err fact_recovery_used(struct job *job, struct db *db, uid staff);
must_check enum err fact_import_undone(struct job *job, struct db *db, uid import);
must_check enum err fact_purpose_ended(struct job *job, struct db *db, uint32_t purpose);
must_check enum err fact_key_destroyed(struct job *job, struct db *db, str name);
must_check enum err fact_restored(struct job *job, struct db *db, int64_t from_no);

/* --- hearing ------------------------------------------------------------------------------------- */

/* The digest by which facts call a subject, an API key, an import or a staff member. */
void fact_subject_digest(const struct facts *facts, uid subject, uint8_t ret[FACTS_DIGEST_BYTES]);
void fact_key_digest(const struct facts *facts, uid key, uint8_t ret[FACTS_DIGEST_BYTES]);
void fact_import_digest(const struct facts *facts, uid import, uint8_t ret[FACTS_DIGEST_BYTES]);
void fact_staff_digest(const struct facts *facts, uid staff, uint8_t ret[FACTS_DIGEST_BYTES]);

/* False: not the form of a fact that this Valv knows.  Borrows from `plain`. */
must_check bool fact_read(bytes plain, struct fact *ret);

#endif
