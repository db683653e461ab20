/* store/migrate.c -- a store is made, and brought to the newest schema. */
#include <sys/stat.h>

#include "os/file.h"
#include "store/store_parts.h"

#include "migrations.inc"

static enum err
migrate_side(struct job *job, struct db *db, enum db_side side, const struct migration *list,
             size_t count)
{
	int64_t version;

	TRY(db_version(job, db, side, &version));
	if (version > (int64_t)count)
		return fail(job, ERR_NEWER, "the store was written by a newer Valv; use that one or a newer one");
	for (size_t i = (size_t)version; i < count; i++) {
		TRY(db_begin(job, db, side));
		TRY(db_migrate(job, db, side, list[i].text));
		TRY(db_set_version(job, db, side, list[i].number));
		TRY(db_commit(job, db, side));
	}
	return OK;
}

static enum err
migrate_to(struct job *job, struct db *db, size_t data_version, size_t keys_version)
{
	enum err err = migrate_side(job, db, SIDE_DATA, migrations_data, data_version);

	if (!err)
		err = migrate_side(job, db, SIDE_KEYS, migrations_keys, keys_version);
	db_rollback(db, SIDE_DATA);
	db_rollback(db, SIDE_KEYS);
	return err;
}

enum err
migrate(struct job *job, struct db *db)
{
	return migrate_to(job, db, COUNT(migrations_data), COUNT(migrations_keys));
}

enum err
store_create_at(struct job *job, const char *dir, int64_t data_version, int64_t keys_version)
{
	OWNED(db_close) struct db *db = NULL;

	if (data_version < 1 || data_version > (int64_t)COUNT(migrations_data) || keys_version < 1 ||
	    keys_version > (int64_t)COUNT(migrations_keys))
		return fail(job, ERR_NEWER, "the backup was made by a newer Valv; use that one or a newer one");

	if (file_exists(store_path(job, dir, S("valv.db"))) || file_exists(store_path(job, dir, S("keys.db"))))
		return fail(job, ERR_CONFLICT, "there is a store in this directory already");
	umask(077); /* the files that SQLite makes beside its own inherit it */
	TRY(db_open(job, dir, true, true, &db));
	return migrate_to(job, db, (size_t)data_version, (size_t)keys_version);
}

enum err
store_create(struct job *job, const char *dir)
{
	return store_create_at(job, dir, COUNT(migrations_data), COUNT(migrations_keys));
}
