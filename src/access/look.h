/* access/look.h -- how many distinct persons a staff member looks at in an hour.
 *
 * Work needs some tens; who copies a register by hand needs all.  Past one line they show again who they are, past
 * the other nothing more is shown until the hour is over, and somebody is alerted.
 */
#ifndef ACCESS_LOOK_H
#define ACCESS_LOOK_H

#include "access/access.h"

#define SETTING_LOOKS_STEP_UP "looks_step_up" /* distinct persons in an hour; 0: no such line */
#define SETTING_LOOKS_BLOCK "looks_block"
#define LOOKS_STEP_UP 100
#define LOOKS_BLOCK 300

/* Inside the steps that record the look, before it is answered.  Only staff members who signed in, and keys of their
 * own, are counted (job->actor.staff).   ERR_STEP_UP   ERR_BUDGET */
must_check enum err look_steps(struct job *job, struct db *db, int64_t subject);
/* After ERR_BUDGET or ERR_STEP_UP of a staff member: leaves the entry, and the alert, once an hour. */
must_check enum err look_refused(struct job *job, struct store *store, enum err err);
/* Takes away at most `max` of hours that are over. */
must_check enum err look_forget(struct job *job, struct store *store, size_t max, uint64_t *ret_count);

#endif
