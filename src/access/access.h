/* access/access.h -- what the use cases of access/ work with: the store and the keys of staff data.
 *
 * Staff are people, too: who they are lies sealed under the named key `staff`, and is found by digests
 * under `staff-index`.  Everywhere else, the audit log included, a staff member is a number.
 */
#ifndef ACCESS_ACCESS_H
#define ACCESS_ACCESS_H

#include "store/keys.h"
#include "store/store.h"

struct access {
	struct store *store;
	struct keys *keys;
	const uint8_t *seal_key;  /* borrowed from keys */
	const uint8_t *index_key;
};

/* Both are borrowed. */
must_check enum err access_open(struct job *job, struct store *store, struct keys *keys,
                                struct access *ret);

/* A whole number among the settings of the vault (table `setting`), or `otherwise`. */
must_check enum err access_setting(struct job *job, struct db *db, str name, int64_t otherwise,
                                   int64_t *ret);

/* Inside the steps that end a restore: no session, approval or exception of before is good; people sign in anew. */
must_check enum err access_restored_steps(struct job *job, struct db *db);

#define SETTING_SESSION_IDLE_MINUTES "session_idle_minutes"
#define SETTING_SESSION_HOURS "session_hours"
#define SETTING_SECOND_FACTOR "second_factor_required" /* of all staff: 1 or 0 */

#endif
