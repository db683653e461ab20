/* message/replies.h -- answers to requests of persons that wait in the outbox and go by mail, into the queue of messages.
 *
 *   A1  Only while mail is set up and the setup says so; what goes by post, and addresses that mail cannot go to, stay in
 *       the outbox for programs and people.
 *   A2  Out of the one and into the other is one transaction: an answer is in exactly one of them.
 */
#ifndef MESSAGE_REPLIES_H
#define MESSAGE_REPLIES_H

#include "message/message.h"

/* All that are due. */
must_check enum err replies_carry(struct job *job, struct vault *vault, uint64_t *ret_count);

#endif
