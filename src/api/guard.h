/* api/guard.h -- answers with personal data leave on the word of whoever asked, to their last piece (H5 of
 * http/server.h).
 *
 * Whoever takes a word back may come by many ways: a page, a command, SCIM, a logout token.  So it is not for them to
 * know whose answers are under way.  Each call that finds, when it is done, that any principal's word was touched looks
 * at all answers that are being made or sent, asks the store for each of their principals, and cuts those that no longer
 * hold: before it is answered itself. */
#ifndef API_GUARD_H
#define API_GUARD_H

#include "http/server.h"

struct api;
struct call;

/* The principal was found good: this call's answer leaves on their word, if it gives personal data.  The operator's is
 * that of the machine.   ERR_UNAUTHENTICATED  it was taken back just now */
must_check enum err guard_answer(struct job *job, struct call *call);
/* Of an answer that leaves on two people's word: who asked for it (kind and number), and who approved. */
struct two_words {
	struct actor asked_by;
	int64_t asked_epoch;
	int64_t approver, approver_epoch; /* 0: nobody had to */
};
/* tag: not 0, and of nobody else. */
void guard_with_two(struct response *response, int64_t tag, const struct two_words *words);

/* After each call, before it is answered. */
must_check enum err guard_review(struct job *job, struct api *api);

#endif
