/* What is lawful at a moment, asked of the ledger itself: the slow and obvious way.
 *
 * Written from standing.h's contract (L1-L8) and law.md section 1 alone, without a look at
 * standing.c.  Nothing is folded: each question scans the ordered acts again and asks which of them
 * still counts at time t.
 */
#ifndef STANDING_ORACLE_H
#define STANDING_ORACLE_H

#include "vault/standing.h"

#define ORACLE_ACTS 64

struct oracle {
	const struct registry *registry;
	const struct act_row *act[ORACLE_ACTS]; /* in the order of L1 */
	size_t count;
};

/* What the person last said about one purpose in one channel. */
struct oracle_word {
	bool yes;                   /* consent in force */
	const struct act_row *from; /* the act that it rests on */
	bool pending;               /* given, and its confirmation is awaited */
	const struct act_row *pending_from;
	bool no;                    /* refused or withdrawn, and no yes since */
};

void oracle_begin(struct oracle *oracle, const struct registry *registry, const struct act_row *act,
                  size_t count);

struct oracle_word oracle_word(const struct oracle *oracle, uint32_t purpose, enum channel channel,
                               time_us t);
/* Ground for (purpose, basis): may values be kept, may they be used? */
bool oracle_keeps(const struct oracle *oracle, uint32_t purpose, enum basis basis, time_us t);
bool oracle_usable(const struct oracle *oracle, uint32_t purpose, enum basis basis, time_us t);
/* Purposes that cover the field at t, as bits; bit 0: a hold. */
uint32_t oracle_covering(const struct oracle *oracle, uint16_t field, time_us t);
bool oracle_restricted(const struct oracle *oracle); /* the whole person */
bool oracle_restricts(const struct oracle *oracle, uint16_t field);
/* When the person was last told that the restriction of this number will be lifted; TIME_NEVER: not,
 * or there is no such restriction. */
time_us oracle_told(const struct oracle *oracle, int64_t seq);
/* An objection to this purpose under 21(1) that nobody has decided, or to its machine (22(3)) that was
 * not overruled. */
bool oracle_contested(const struct oracle *oracle, uint32_t purpose);
/* When the person last objected to this, and was not overruled where that can be; INT64_MIN: never. */
time_us oracle_objected(const struct oracle *oracle, uint32_t purpose, bool marketing,
                        enum channel channel);

#endif
