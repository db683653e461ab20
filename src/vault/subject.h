/* vault/subject.h -- persons: creating, reading, changing, and the acts in their ledgers.
 *
 * Every write to a person is a `struct change`: values to set and drop, acts to append.
 * change_commit() derives the new standing, seals what it covers, drops what nothing covers, and
 * writes all of it, its audit entry included, in one transaction (I1, I2, I4); then destroys the
 * keys that are no longer needed; then returns (V1: gone before the call returns).
 *
 *   P1  A value that no live ground covers is refused, naming the field (ERR_NO_GROUND).
 *   P2  Concurrent changes never lose one another: the row's version decides; with If-Match the
 *       caller is told (ERR_STALE), without it the change is prepared again on the fresh row.
 *   P3  Withdrawal, objection: the address of each kind (the first field that holds one) is
 *       suppressed in the same transaction.
 */
#ifndef VAULT_SUBJECT_H
#define VAULT_SUBJECT_H

#include "access/principal.h"
#include "audit/entry.h"
#include "vault/record.h"
#include "vault/vault.h"

struct subject {
	int64_t no;
	uid id;
	enum subject_kind kind;
	uint32_t flags;
	bool erased;
	int64_t version; /* 0: not there yet */
	time_us created_at;
	time_us tell_by_at; /* Article 14(3); TIME_NEVER: not needed */
	time_us told_at;
	time_us due_at;
	uint8_t tag[ADDRESS_COUNT][DIGEST_BYTES]; /* suppression digests of the addresses held */
	bool tagged[ADDRESS_COUNT];
	struct standing standing;
	bytes record;
};

/* ERR_ABSENT no such person; ERR_GONE erased. */
must_check enum err subject_get(struct job *job, struct vault *vault, uid id, struct subject *ret);
must_check enum err subject_get_no(struct job *job, struct vault *vault, int64_t no,
                                   struct subject *ret);

/* --- a change ---------------------------------------------------------------------------------- */

struct value_set {
	const struct field *field;
	str text;          /* canonical (value_read); empty to drop it */
	enum origin origin;
};

/* What the person adds to a value that is there, as it is or as it becomes; "" takes it back. */
struct statement_set {
	const struct field *field;
	str text;
};

/* An act to append.  evidence: canonical JSON in clear, sealed on the way; may be empty. */
struct act_new {
	enum act act;
	enum basis basis;
	const struct purpose_version *version; /* NULL for acts on the whole person */
	uint32_t channels;                     /* 0: all of the version's */
	time_us at;                            /* at most LIMIT_CLOCK_SKEW ahead of now */
	time_us until_at;                      /* TIME_NEVER */
	bytes notice;
	enum act_method method;
	bytes detail;
	str evidence;
	bool guardian;                         /* given by who holds parental responsibility (Article 8) */
	bool explicit_act;                     /* explicitly expressed (Article 9(2)(a)) */
	const struct act_row *told;            /* vault/replay.h: as it stood in the person's ledger; nothing is
	                                        * checked again, and what is above but for `act` is not looked at */
};

struct change {
	const struct registry *registry;
	struct subject subject; /* as read; version 0 to create, with an id if the caller wants to choose it */
	bool if_match;
	int64_t if_version;     /* refused (ERR_STALE) unless it is this */
	struct value_set *value;
	size_t value_count;
	struct statement_set *statement;
	size_t statement_count;
	struct act_new *act;
	size_t act_count;
	bool set_kind, set_flags, set_tell_by, set_told;
	enum subject_kind kind;
	uint32_t flags;
	time_us tell_by_at, told_at;
	bool drop_uncovered;    /* leave out what nothing covers instead of refusing (sweep, import) */
	enum entry_act entry;   /* how the audit log calls it */
	bytes entry_note;       /* ends the entry's body; not personal */
	int64_t import_no;      /* 0: none; else written to import_subject */
	bool import_ask;
	enum err (*extra)(struct job *job, struct db *db, void *ctx); /* more steps; may be NULL */
	void *extra_ctx;
	struct change_done *done; /* filled in before `extra` runs; may be NULL */
};

/* What the steps of a change have done so far: for those of `extra` that tell of it. */
struct change_done {
	int64_t no;
	int64_t version;
	int64_t entry;
	size_t values_gone, lookups_gone, sections_gone, keys_gone;
};

struct change_result {
	uid id;
	int64_t no;
	int64_t version;
	int64_t entry;
	size_t values_gone; /* lost their last ground and are destroyed */
	int64_t first_seq;  /* ledger number of the first act appended */
};

/* Read a raw value of the field into its canonical form; names the field on failure
 * (ERR_INVALID at /values/NAME). */
must_check enum err value_read(struct job *job, const struct field *field, str raw, str *ret);

must_check enum err change_commit(struct job *job, struct vault *vault, struct change *change,
                                  struct change_result *ret);

/* As change_commit(), up to the writing: what would come of it. */
must_check enum err change_preview(struct job *job, struct vault *vault, struct change *change,
                                   size_t *ret_values_gone);

/* The common shape of updates: get the person, let `fill` set up the change on what was read,
 * commit; again from the start when somebody else was faster and there is no If-Match (P2). */
typedef enum err change_fill(struct job *job, struct vault *vault, struct change *change, void *ctx);
must_check enum err subject_change(struct job *job, struct vault *vault, uid id,
                                   change_fill *fill, void *ctx, struct change_result *ret);

/* Several new persons or changes in one commit, for imports: prepared by the caller's thread,
 * each in its own savepoint.  err[i] tells of each. */
must_check enum err change_commit_many(struct job *job, struct vault *vault, struct change *change,
                                       size_t count, struct change_result *ret, enum err *ret_err);

/* --- reading ----------------------------------------------------------------------------------- */

/* Values for a purpose: only fields of that purpose, only while this person has a live,
 * unrestricted ground for it; leaves its audit entry before it returns (I4).
 * purpose NULL: every value (operators; the `rights` purpose of a later access request).
 *   ERR_NO_GROUND this person's data may not be used for that purpose now */
must_check enum err subject_read(struct job *job, struct vault *vault, uid id,
                                 const struct purpose *purpose, struct subject *ret_subject,
                                 struct value **ret, size_t *ret_count);

/* The same as somebody sees it: hidden fields are left out, masked ones masked, those of `reveal` in clear where they
 * would be masked.  Whether who looks may reveal is the caller's to have checked.
 *   ERR_STEP_UP, ERR_BUDGET  so many persons in an hour (access/look.h) */
struct viewer {
	const struct principal *who;
	const uint16_t *reveal; /* field numbers */
	size_t reveal_count;
	bytes why;              /* of a reveal: how its entry begins; empty: an ordinary read */
};
must_check enum err subject_look(struct job *job, struct vault *vault, uid id, const struct purpose *purpose,
                                 const struct viewer *look, struct subject *ret_subject, struct value **ret,
                                 size_t *ret_count);

/* One attempt of the same on a person who was read just now, without budget and entry, for use cases that leave their
 * own.  *ret_count 0: also when there is no ground now, or a restriction.
 *   ERR_CRYPTO, ERR_ABSENT  a key is gone: read the person again */
must_check enum err subject_show(struct job *job, struct vault *vault, const struct registry *registry,
                                 const struct subject *subject, const struct purpose *purpose,
                                 const struct viewer *look, struct value **ret, size_t *ret_count);

/* The same although the processing is restricted: Article 18(2).  The caller has recorded which
 * exception it is, and why (vault/restrict.h).  purpose NULL: every value that is kept. */
must_check enum err subject_read_excepted(struct job *job, struct vault *vault, uid id,
                                          const struct purpose *purpose, const struct viewer *look,
                                          struct subject *ret_subject,
                                          struct value **ret, size_t *ret_count);

/* The ledger, oldest first, evidence opened; leaves its entry.
 * max: at most so many rows, from seq on. */
must_check enum err subject_ledger(struct job *job, struct vault *vault, uid id, int64_t after_seq,
                                   size_t max, struct act_row **ret, size_t *ret_count);

/* Every value, for use cases that leave an entry of their own before anything leaves (I4): no entry,
 * no purpose, also when restricted.   ERR_ABSENT, ERR_GONE, ERR_CRYPTO */
must_check enum err subject_values(struct job *job, struct vault *vault, uid id,
                                   struct subject *ret_subject, struct value **ret,
                                   size_t *ret_count);
/* The same for acts after `after_seq`, at most `max`, with their evidence opened; max 0: all acts,
 * without evidence. */
must_check enum err subject_acts(struct job *job, struct vault *vault, const struct subject *subject,
                                 int64_t after_seq, size_t max, struct act_row **ret,
                                 size_t *ret_count);

/* Persons that have this value, by digest; at most LIMIT_HOLDERS.  Folded fields are found by full
 * name and by family name, without regard to case and accents.  Takes one from the key's budget
 * and leaves its entry.  raw: as people write it. */
must_check enum err subject_search(struct job *job, struct vault *vault, const struct field *field,
                                   str raw, uid *ret, size_t *ret_count);

/* The same without budget and entry, for use cases that leave their own; numbers, not ids. */
must_check enum err subject_find(struct job *job, struct vault *vault, const struct field *field,
                                 str canonical, int64_t *ret_no, size_t *ret_count);

/* Take n from the hourly budget of the job's actor.  ERR_BUDGET. */
must_check enum err budget_take(struct job *job, struct vault *vault, int64_t n);
/* Take away at most `max` counts of hours that are over. */
must_check enum err budget_forget(struct job *job, struct vault *vault, size_t max,
                                  uint64_t *ret_count);

#endif
