/* backup/place.h -- the directories in which backups lie, and what of them the vault remembers; internal
 * to backup/.
 *
 * A place has a file `lock`: it tells that this is the place and not an empty mount point, and who
 * writes there or destroys holds it locked.  What begins with a dot is not whole (.making-) or is being
 * destroyed (.gone-).
 *
 * The setting `backup_places` has a line for each:  data|keys  microseconds since 1970  path
 * (the time: see struct backup_place).
 */
#ifndef BACKUP_PLACE_H
#define BACKUP_PLACE_H

#include "backup/backup.h"

#define PLACE_PATH_MAX 1000
#define PLACES_MAX 64

#define MAKING S(".making-")
#define GONE S(".gone-")

str kind_prefix(enum dump_side kind); /* data- or keys- */

/* The directories of a backup, made and with their real paths. */
must_check enum err places_ready(struct job *job, struct vault *vault, struct backup_ask *ask);

/* Waits a little for who has it: destroying takes moments, a backup may take long.   ERR_BUSY */
must_check enum err place_lock(struct job *job, const char *path, int *ret_fd);
void place_unlock(int *fd); /* for OWNED; accepts -1 */

must_check enum err places_known(struct job *job, struct vault *vault, struct backup_place **ret,
                                 size_t *ret_count);

/* Fills in `there`.  Touches the disk, which places_known() does not: a network's may keep one waiting. */
void place_look(struct job *job, struct backup_place *place);

/* While the place is locked. */
must_check enum err place_add(struct job *job, struct vault *vault, enum dump_side kind, const char *path,
                              time_us at);
must_check enum err place_set(struct job *job, struct vault *vault, enum dump_side kind, const char *path,
                              time_us at);

/* The signed manifest of a backup.  *ret_there false: none, damaged, or of another vault. */
must_check enum err manifest_of(struct job *job, struct secret *key, const char *path,
                                struct manifest *ret, bool *ret_there);

/* Destroy a key backup, whole or not: from the first step on nobody takes it for one. */
must_check enum err keys_destroy(struct job *job, const char *place, str name);

#endif
