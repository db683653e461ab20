/* tests/powercut/look.h -- opens what a power cut left, as the server would, and holds it to what was
 * promised.  The vault's own libraries do it: the same vault_open(), with its recovery and its sweep. */
#ifndef POWERCUT_LOOK_H
#define POWERCUT_LOOK_H

#include "expect.h"

struct seen {
	bool bad;
	char why[400];
	const struct promise *lost; /* the promise that does not hold, when it is one */
	int64_t open_us;            /* what opening took */
};

/* dir: the data directory as it was left. */
void look(const char *dir, const struct promises *promises, size_t cut, struct seen *ret);

#endif
