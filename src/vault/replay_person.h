/* vault/replay_person.h -- facts about persons, done to them; internal to vault/.  Contract: replay.h. */
#ifndef VAULT_REPLAY_PERSON_H
#define VAULT_REPLAY_PERSON_H

#include "vault/replay.h"

/* A fact as it was read; lives in the arena of the replay. */
struct told {
	struct told *next;
	bytes plain;
};

/* One person whom the backup has, and what was told since, in order. */
struct replay_person {
	uint8_t digest[FACTS_DIGEST_BYTES];
	int64_t no;
	struct told *first, *last;
};

#define REPLAY_PIECE 100 /* persons in one write; also the most that are given at once */

/* All of them in one write, or an error. */
must_check enum err replay_persons(struct job *job, struct vault *vault,
                                   const struct replay_person *const *person, size_t count,
                                   struct replayed *replayed);

#endif
