/* tests/powercut/expect.h -- what was promised when: the driver's marks in the trace.
 *
 *   K  kind  key  value                      true when the recording begins
 *   B  number  port  word  kind  key  value  asked for; value: what will be true once it is answered
 *   A  number  key  value                    answered; key and value where the answer gave them, else -
 *
 * apart by tabs.  Numbers that begin with "before-" were asked for before the recording began and never
 * answered.  `word` names the promise in reports: "withdrawal", "erasure", "revocation" ...
 * An answer counts from the moment at which the server began to send it to that port, which stands
 * in the trace, and not from the moment at which the driver came to write its mark.
 *
 *   person   key: id, or `new`     value: as look.c spells a person
 *   key      key: text of the key  value: live, revoked
 *   stopped  key: an address       value: yes
 *   entry    key: -                value: number of an audit entry that must be there
 *   epoch    key: -                value: number of the key epoch
 *   restored key: -                value: yes; until it is answered there may be a store that is sealed */
#ifndef POWERCUT_EXPECT_H
#define POWERCUT_EXPECT_H

#include "model.h"

#define NEVER SIZE_MAX

struct promise {
	const char *number, *word, *kind, *key, *value;
	int64_t port;
	size_t begun, kept; /* places in the trace; kept: the answer was sent, or NEVER */
};

struct promises {
	struct promise *promise;
	size_t count;
};
void promises_read(const struct trace *trace, struct promises *ret);

/* What may be the case with one thing when the power goes after operation `cut`. */
struct allowed {
	const struct promise *due;        /* the newest that was answered; NULL: nothing was */
	const struct promise *pending[16]; /* asked for and not answered: it may be so, or not */
	size_t pending_count;
};
/* False when there is nothing to say about that key yet. */
bool promises_of(const struct promises *promises, const char *kind, const char *key, size_t cut,
                 struct allowed *ret);
size_t promises_kept(const struct promises *promises, size_t cut); /* how many were answered by then */
size_t promises_pending(const struct promises *promises, size_t cut);

#endif
