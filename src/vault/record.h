/* vault/record.h -- one person's values as sealed sections.
 *
 * Values that are covered by the same set of purposes share a section under a key of its own, so
 * that what one ground alone covered dies with that key.
 *
 *   D1  A section's associated data binds subject id, section, the version it was sealed at, and
 *       its set of purposes: no ciphertext can be moved to another person, section or time.
 *   D2  A section that loses a value (erased, moved to another section, or replaced: Article 16)
 *       gets a fresh key, so that no copy of the old bytes opens any more.  One that only gains
 *       keeps its key; one that is unchanged keeps its bytes.
 *   D3  record_build() puts in no value that its coverage does not name (I1).
 *
 *   record    u8 format | le16 count | section*
 *   section   le32 no | le64 version | le16 n, le16 purpose* | block ciphertext
 *   inside    le16 count | { le16 field | u8 origin | le64 stored_at | u8 actor kind | le64 actor
 *             | block value }*
 *
 * Format 2: where bit 7 of the origin is set, the person's supplementary statement (Article 16)
 * follows the value as a block.  A record without one is written as format 1.
 */
#ifndef VAULT_RECORD_H
#define VAULT_RECORD_H

#include "crypto/keyring.h"
#include "vault/standing.h"

struct value {
	uint16_t field;
	enum origin origin;
	time_us stored_at;
	struct actor stored_by;
	str text;         /* canonical form */
	str statement;    /* with which the person completes it; "" none */
	uint32_t section; /* where it was found; 0: new */
	bool masked;      /* the text is what is shown to who may not see it (subject_look()) */
};

/* All values, in the arena.  ERR_CRYPTO tampered with, moved, or a key is missing */
must_check enum err record_open(struct job *job, uid subject, const struct keyset *keyset,
                                bytes record, struct value **ret, size_t *ret_count);
/* Only the sections that `purpose` covers (0: all): fewer decryptions for a purpose-bound read. */
must_check enum err record_open_for(struct job *job, uid subject, const struct keyset *keyset,
                                    bytes record, uint32_t purpose, struct value **ret,
                                    size_t *ret_count);

struct record_built {
	bytes record;
	bool keys_added;   /* `after` has keys that `before` had not */
	bool keys_dropped; /* keys of `before` are to be destroyed */
};

/* Seal `values` (their final content) by coverage as of that time, at the subject's new version.  What coverage
 * does not name is left out (D3): *ret_dropped counts it.  `keyset` comes in as the subject's keys
 * and goes out as all old and new keys; `trimmed` (empty, from keyset_begin) receives what the new
 * record needs, the evidence key included.
 *   ERR_LIMIT more than half of KEYSET_MAX sections: the other half is for moving them */
must_check enum err record_build(struct job *job, const struct registry *registry, uid subject,
                                 int64_t version, const struct standing *standing, time_us as_of,
                                 const struct value *old, size_t old_count, bytes old_record,
                                 const struct value *value, size_t value_count,
                                 struct keyset *keyset, struct keyset *trimmed,
                                 struct record_built *ret, size_t *ret_dropped);

/* Section numbers in use, for verification and the key sweep; ret has room for KEYSET_MAX. */
must_check enum err record_sections(struct job *job, bytes record, uint32_t *ret, size_t *ret_count);

/* Leave in the set only the evidence key and the keys of the record's sections: a set that is read
 * between a change and the destruction of its keys still holds them, and must not bring them back. */
must_check enum err record_keys_keep(struct job *job, bytes record, struct keyset *keyset);

#endif
