/* main/mailer.h -- threads that send messages (message/send.h) as they become due, and one that looks for what came
 * back (message/returned.h) and for answers in the outbox (message/replies.h). */
#ifndef MAIN_MAILER_H
#define MAIN_MAILER_H

#include "vault/vault.h"

struct mailer;

must_check enum err mailer_start(struct job *job, struct vault *vault, struct mailer **ret);
/* What the server has not taken by then is due again; the answer behind a final dot is waited for, SMTP_STOP_MS at
 * most (mail/smtp.h).  Accepts NULL inside. */
void mailer_stop(struct mailer **mailer);

#endif
