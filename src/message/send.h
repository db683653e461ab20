/* message/send.h -- takes messages that are due, decides, composes, signs, and hands them to the server.
 *
 *   S1  A batch is taken in one transaction, with the decision about each message and its audit entry (M1, M3).
 *       Batches begin small after a start and after trouble, so that what a crash leaves unknown is little.
 *   S2  What the server does not take for now is tried again after a pause that doubles, with chance in it, until
 *       LIMIT_MESSAGE_TRIES or its time is over.  Trouble with the server itself is nobody's try: everything waits.
 *   S3  What became of a batch is written before the next is taken.
 */
#ifndef MESSAGE_SEND_H
#define MESSAGE_SEND_H

#include <stdatomic.h>

#include "message/message.h"

#define SENDER_BATCH 8 /* messages under way on one connection */

struct post; /* what all threads that send share */
struct sender; /* one thread's */

struct post *post_new(void);
void post_free(struct post **post); /* accepts NULL inside */

/* At start, before the first sender: what a process that died had under way is unknown (M1). */
must_check enum err message_begin(struct job *job, struct vault *vault);

/* The `index`th, from 0: those at or above the setup's `connections` have nothing to do.  stop: borrowed. */
struct sender *sender_new(struct post *post, unsigned index, const _Atomic bool *stop);
void sender_free(struct sender **sender); /* says goodbye to the server; accepts NULL inside */

/* One batch; *ret_worked: there was one.  Ends early by `stop`: what did not leave is due again at once.
 * What the log should know is an error, and the next call goes on all the same: a message that cannot be composed, or
 *   ERR_IO  the server is in trouble, said once for each pause */
must_check enum err sender_next(struct job *job, struct vault *vault, struct sender *sender, bool *ret_worked);

#endif
