/* rights/speak.h -- how the words of closed lists read to a person, in Swedish and in English.
 *
 * JSON and CSV carry the word itself; pages carry what stands here.  A word without a row is a
 * mistake that a test finds; until then it reads as itself. */
#ifndef RIGHTS_SPEAK_H
#define RIGHTS_SPEAK_H

#include "base/str.h"
#include "base/time.h"

enum language { SWEDISH, ENGLISH, LANGUAGE_COUNT };

enum speak {
	SPEAK_NONE,
	SPEAK_ACT,
	SPEAK_ACTOR,
	SPEAK_ADDRESS,
	SPEAK_BASIS,
	SPEAK_CHANNEL,
	SPEAK_CLASS,
	SPEAK_ENTRY,
	SPEAK_FLAG,
	SPEAK_GROUND,
	SPEAK_IMPORT,
	SPEAK_KIND,
	SPEAK_MESSAGE,
	SPEAK_SENDING,
	SPEAK_METHOD,
	SPEAK_ORIGIN,
	SPEAK_OUTCOME,
	SPEAK_PERMISSION,
	SPEAK_PURPOSE, /* the built-in ones */
	SPEAK_REASON,
	SPEAK_REQUEST, /* its state */
	SPEAK_RESTRICTION,
	SPEAK_RETENTION,
	SPEAK_RIGHT,
	SPEAK_ROLE,
	SPEAK_RULING,
	SPEAK_SCOPE,
	SPEAK_SENSITIVITY,
	SPEAK_SOURCE,
	SPEAK_STEP, /* of a request */
	SPEAK_WHY, /* of a request */
	SPEAK_COUNT
};

bool language_find(str code, enum language *ret);
str language_code(enum language language);

bool speak_known(enum speak list, str word);
str speak(enum speak list, str word, enum language language);

/* 23 november 2026 kl. 10.15; 23 November 2026, 10:15.  zone: minutes ahead of UTC. */
void speak_time(struct buf *out, time_us at, int64_t zone_minutes, enum language language);
/* "två år" and "two years" as numbers: 2 år, 18 months, 90 days, 1 year and 6 months. */
void speak_duration(struct buf *out, struct duration duration, enum language language);

#endif
