/* store/facts.h -- the ledger of negative facts: what was taken away, kept in a second place.
 *
 * A backup brings back what was there; this ledger says what of it must not come back.  It is one
 * file, DIR/ledger, in another directory than the data (better: on another machine), append-only,
 * chained, signed and sealed.  Without the ledger's key it tells how much was taken away when, and
 * nothing about whom.
 *
 *   G1  A fact is queued in the transaction of what it tells (table `fact`), and durable in the ledger
 *       before the write is acknowledged; when the ledger cannot be written the caller gets
 *       ERR_FACTS, and the queue is written out later: by the next write, by facts_finish(), or when
 *       the store is opened again.
 *   G2  A store never knows less than its ledger.  One whose ledger has facts that it has never
 *       heard of is a copy from the past, and is not opened: valv restore is for that.
 *   G3  Numbers (of facts, subjects and audit entries) below the bounds that stand in the ledger may
 *       have been used; a restore goes on above them.
 *   G4  Nothing is ever changed in the file but its end: what follows the last whole part.
 *
 * Format.  All numbers little-endian; le32 stands before a block for its length.
 *
 *   head   "valv facts 1\n" | ledger id (16) | last le64 | at le64 | subjects le64 | entries le64 |
 *          public key (32) | signature (64)
 *   part   size le32 | check le32 | first le64 | count le32 | at le64 | subjects le64 | entries le64 |
 *          hash of what stands before it (32) | count sealed blocks | signature (64)
 *
 *   check     first four octets of SHA-256(size | hash of what stands before): where an unfinished
 *             part ends is believed, a changed size is not
 *   size      of the whole part        last, first  numbers of facts; they have no holes
 *   hash      SHA-256 of the whole head or part
 *   signature Ed25519 over all that stands before it in the head or part
 *   sealed    XChaCha20-Poly1305, associated with "valv fact 1" | ledger id | number le64
 *
 * The keys for signing, sealing and digests are derived from the ledger's key.
 */
#ifndef STORE_FACTS_H
#define STORE_FACTS_H

#include "base/uid.h"
#include "crypto/secret.h"
#include "crypto/sign.h"

#define FACT_BYTES 2048                 /* one fact in clear, at most */
#define FACTS_HASH_BYTES 32
#define FACTS_HEAD_BYTES (13 + 16 + 4 * 8 + 32 + 64)
#define FACTS_PART_FIXED (4 + 4 + 8 + 4 + 8 + 8 + 8 + 32 + 64) /* a part without facts */
#define FACTS_PART_MAX ((size_t)4 * 1024 * 1024)
#define FACTS_DIGEST_BYTES 16

struct facts; /* one open ledger */

struct facts_numbers {
	int64_t subjects, entries; /* numbers below these may have been used (G3) */
};

/* Where a ledger stands. */
struct facts_head {
	uid ledger;
	int64_t no;                     /* of the newest fact; of the one before the first, when there is none */
	uint8_t hash[FACTS_HASH_BYTES]; /* of the part that ends with it */
	int64_t at_byte;                /* where that part begins; 0: the head itself */
	time_us at;                     /* when it was written */
	struct facts_numbers bound;
};

/* --- life cycle -------------------------------------------------------------------------------- */

/* A new ledger in a directory, which is made if its parent is there.  begin: id, number and bounds
 * that it goes on from.   ERR_CONFLICT there is one   ERR_IO, ERR_FULL, ERR_ABSENT */
must_check enum err facts_create(struct job *job, const char *dir, struct secret *key,
                                 const struct facts_head *begin);

enum facts_mode { FACTS_READ, FACTS_APPEND };

/* known: a place from which on it is checked, which must hold itself; NULL: from its beginning, every
 * part.  What follows the last whole part is no part of it; to append, it is cut off.
 *   ERR_ABSENT   no ledger there        ERR_LOCKED   appended to by another process
 *   ERR_CRYPTO   of another key         ERR_CORRUPT  a part, or the chain, does not hold
 *   ERR_STALE    it ends before `known` */
must_check enum err facts_open(struct job *job, const char *dir, struct secret *key,
                               const struct facts_head *known, enum facts_mode mode,
                               struct facts **ret);
void facts_close(struct facts **facts); /* accepts NULL inside */

const struct facts_head *facts_head(const struct facts *facts);
bool facts_torn(const struct facts *facts); /* something unfinished stood at its end */
uint64_t facts_parts(const struct facts *facts); /* that were checked when it was opened */

/* --- appending --------------------------------------------------------------------------------- */

struct fact_sealed {
	int64_t no;
	bytes sealed;
};

/* One part, durable when it returns; numbers go on from the head's.  After a failed write the ledger
 * is as before and it can be tried again; after a failed sync the process ends (os/file.h).
 *   ERR_IO, ERR_FULL */
must_check enum err facts_append(struct job *job, struct facts *facts, struct facts_numbers bound,
                                 const struct fact_sealed *fact, size_t count);

/* --- content ----------------------------------------------------------------------------------- */

void facts_seal(const struct facts *facts, int64_t no, bytes plain, struct buf *out);
/* What a fact calls something by: keyed, of no use without the ledger's key. */
void facts_digest(const struct facts *facts, str kind, bytes what, uint8_t ret[FACTS_DIGEST_BYTES]);

/* Calls visit for each fact after number `after`, in order, opened; plain is borrowed for the call.
 * What it needs it takes from the arena. */
typedef enum err facts_visit(struct job *job, int64_t no, time_us at, bytes plain, void *ctx);
must_check enum err facts_each(struct job *job, struct facts *facts, int64_t after,
                               facts_visit *visit, void *ctx);
/* The hash of the part or head that ends with fact `no`, for a comparison with what a backup says;
 * false: no part ends there. */
must_check enum err facts_hash_at(struct job *job, struct facts *facts, int64_t no, bool *ret_there,
                                  uint8_t ret[FACTS_HASH_BYTES]);

/* Signs what is to be believed as long as the ledger is: backup manifests. */
void facts_note_sign(const struct facts *facts, str name, str text, struct buf *out);
must_check enum err facts_note_open(struct job *job, struct secret *key, str name, str note,
                                    str *ret_text);

/* --- parsing, for the tests too ------------------------------------------------------------------ */

struct facts_part {
	size_t size;
	int64_t first;
	uint32_t count;
	time_us at;
	struct facts_numbers bound;
	bytes before;      /* hash of what stands before it */
	bytes blocks;      /* count sealed blocks */
	bytes is_signed, signature;
};

/* The part at the beginning of `b`; its layout only.  *ret_short: it may be whole with more octets. */
must_check bool facts_part_read(bytes b, struct facts_part *ret, bool *ret_short);
must_check bool facts_head_read(bytes b, struct facts_head *ret, bytes *ret_public, bytes *ret_signature);

#endif
