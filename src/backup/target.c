/* backup/target.c -- contract: target.h. */
#include "backup/target.h"

#include <unistd.h>

#include "os/file.h"
#include "store/fault.h"

#define SEALED "sealed"
#define SALT_BYTES 4096

/* What a restore makes, or one that is served afterwards. */
static const str ours[] = {
	{ "valv.db", 7 }, { "valv.db-wal", 11 }, { "valv.db-shm", 11 }, { "keys.db", 7 }, { "keys.db-wal", 11 },
	{ "keys.db-shm", 11 }, { "valv.db-journal", 15 }, { "keys.db-journal", 15 }, { "reserve", 7 }, { "lock", 4 },
};

static bool
is_ours(str name)
{
	for (size_t i = 0; i < COUNT(ours); i++)
		if (str_eq(name, ours[i]))
			return true;
	return false;
}

static bool
is_root(str name)
{
	return str_eq(name, S("root.key")) || str_eq(name, S("root.passphrase"));
}

/* `sealed` alone among what is ours says that it may be thrown away. */
static enum err
look(struct job *job, const char *dir, bool *ret_interrupted)
{
	str *name;
	size_t count;

	*ret_interrupted = file_exists(path_join(job, dir, S(SEALED)));
	TRY(dir_names(job, dir, &name, &count));
	for (size_t i = 0; i < count; i++)
		if (!is_root(name[i]) && !str_eq(name[i], S(SEALED)) && !(*ret_interrupted && is_ours(name[i])))
			return fail(job, ERR_CONFLICT, "the directory is not empty; a vault is restored into a new one");
	return OK;
}

static enum err
ours_drop(struct job *job, const char *dir)
{
	for (size_t i = 0; i < COUNT(ours); i++)
		TRY(file_drop(job, path_join(job, dir, ours[i])));
	return OK;
}

static enum err
seal_on(struct job *job, struct target *target)
{
	const char *path = path_join(job, target->dir, S(SEALED));

	if (lock_take(job, path, &target->lock)) {
		job_forgive(job);
		return fail(job, ERR_LOCKED, "another restore is under way in that directory");
	}
	if (target->made_dir)
		TRY(dir_sync(job, target->dir));
	TRY(dir_sync(job, path));
	fault_point("restore-sealed");
	return OK;
}

enum err
target_begin(struct job *job, const char *dir, struct target *ret)
{
	struct target *target = ret;
	bool interrupted;

	*target = (struct target){ .dir = dir, .lock = -1, .made_dir = !file_exists(dir) };
	TRY(dir_make(job, dir, 0700));
	TRY(look(job, dir, &interrupted));
	TRY(seal_on(job, target));
	return ours_drop(job, dir);
}

enum err
target_salt(struct job *job, struct target *target, const char *keys_backup)
{
	const char *from = path_join(job, keys_backup, S("root.passphrase"));
	const char *to = path_join(job, target->dir, S("root.passphrase"));
	bytes content;

	if (!file_exists(from) || file_exists(to) || file_exists(path_join(job, target->dir, S("root.key"))))
		return OK;
	TRY(file_read(job, from, SALT_BYTES, &content));
	TRY(file_create(job, to, 0600, content));
	target->made_salt = true;
	return OK;
}

enum err
target_open(struct job *job, struct target *target)
{
	fault_point("restore-closed");
	TRY(file_drop(job, path_join(job, target->dir, S(SEALED))));
	target->opened = true;
	fault_point("restore-opened");
	return OK;
}

void
target_end(struct target *target)
{
	struct job job = { 0 };

	if (target->lock < 0)
		return;
	if (!target->opened && !ours_drop(&job, target->dir)) {
		if (target->made_salt)
			(void)!file_drop(&job, path_join(&job, target->dir, S("root.passphrase")));
		(void)!file_drop(&job, path_join(&job, target->dir, S(SEALED)));
		if (target->made_dir)
			(void)!rmdir(target->dir);
	}
	lock_release(target->lock);
	job_release(&job);
}
