/* api/acts.h -- reading an act from a body; shared by subjects.c and acts.c. */
#ifndef API_ACTS_H
#define API_ACTS_H

#include "api/call.h"
#include "vault/subject.h"

/* at (now unless said) and until. */
must_check enum err act_times(struct job *job, struct json body, struct act_new *act);
/* An act about a purpose with its evidence: basis, version, times, channels.  act->act is set. */
must_check enum err act_about(struct job *job, const struct registry *registry,
                              const struct purpose *purpose, struct json body, struct act_new *act);
/* {id, version, …} and the ETag, after a change. */
void change_answer(struct job *job, struct call *call, int status, const struct change_result *result);

#endif
