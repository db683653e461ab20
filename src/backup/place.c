/* backup/place.c -- contract: place.h. */
#include "backup/place.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "audit/entry.h"
#include "os/file.h"
#include "store/fault.h"

#define SETTING_PLACES S("backup_places")
#define PLACES_BYTES ((size_t)PLACES_MAX * (PLACE_PATH_MAX + 32))
#define LOCK_TRIES 200
#define LOCK_PAUSE_NS 50000000 /* so it waits 10 seconds */

str
kind_prefix(enum dump_side kind)
{
	return kind == DUMP_KEYS ? S("keys-") : S("data-");
}

/* --- directories ------------------------------------------------------------------------------ */

static void
path_free(char **path)
{
	free(*path);
}

static bool
inside(const char *path, const char *dir)
{
	OWNED(path_free) char *real_path = realpath(path, NULL);
	OWNED(path_free) char *real_dir = realpath(dir, NULL);
	str rest = str_from_c(real_path);

	return real_path && real_dir && eat_str(&rest, str_from_c(real_dir)) &&
	       (!rest.len || rest.ptr[0] == '/');
}

static bool
path_plain(str path)
{
	bool newline = memchr(path.ptr, '\n', path.len) || memchr(path.ptr, '\r', path.len);

	return path.len && path.len <= PLACE_PATH_MAX && path.ptr[0] == '/' && str_printable(path) && !newline;
}

/* Whatever keeps the server from making it is for the operator to put right. */
static enum err
directory_ready(struct job *job, str member, const char **path)
{
	OWNED(path_free) char *real = NULL;
	enum err err;

	if (!path_plain(str_from_c(*path)))
		return fail_at(job, ERR_INVALID, member, "is not an absolute path of at most 1,000 octets");
	err = dir_make(job, *path, 0700);
	if (err && err != ERR_FULL) {
		job_forgive(job);
		return fail_at(job, ERR_INVALID, member, "cannot be made: is its parent there, and may the server write to it?");
	}
	TRY(err);
	if (access(*path, R_OK | W_OK | X_OK) < 0)
		return fail_at(job, ERR_INVALID, member, "may not be written to by the server");
	real = realpath(*path, NULL);
	if (!real || !path_plain(str_from_c(real)))
		return fail_at(job, ERR_INVALID, member, "has no path that could be remembered");
	*path = arena_c(&job->arena, str_from_c(real));
	return OK;
}

static enum err
place_ready(struct job *job, struct vault *vault, str member, const char **path)
{
	TRY(directory_ready(job, member, path));
	if (inside(*path, store_dir(vault->store)))
		return fail_at(job, ERR_INVALID, member, "lies in the vault's own directory");
	if (vault->facts && inside(*path, vault->facts))
		return fail_at(job, ERR_INVALID, member, "lies with the ledger of facts");
	return OK;
}

enum err
places_ready(struct job *job, struct vault *vault, struct backup_ask *ask)
{
	TRY(place_ready(job, vault, S("/data"), &ask->data));
	TRY(place_ready(job, vault, S("/keys"), &ask->keys));
	if (inside(ask->data, ask->keys) || inside(ask->keys, ask->data))
		return fail_at(job, ERR_INVALID, S("/keys"), "lies with the data, which would give the data away");
	return OK;
}

/* --- locks ------------------------------------------------------------------------------------ */

enum err
place_lock(struct job *job, const char *path, int *ret_fd)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };
	const char *lock = path_join(job, path, S("lock"));

	for (int i = 0; i < LOCK_TRIES; i++) {
		enum err err = lock_take(job, lock, ret_fd);
		if (err != ERR_LOCKED)
			return err;
		job_forgive(job);
		nanosleep(&pause, NULL);
	}
	return fail(job, ERR_BUSY, "another backup is being made in that place");
}

void
place_unlock(int *fd)
{
	lock_release(*fd);
}

/* --- what is remembered ----------------------------------------------------------------------- */

static bool
line_read(str line, struct backup_place *ret, str *ret_path)
{
	uint64_t at;
	str word;

	if (!eat_until(&line, ' ', &word) || !eat_u64(&line, &at) || !eat_char(&line, ' '))
		return false;
	*ret = (struct backup_place){ .kind = str_eq(word, S("keys")) ? DUMP_KEYS : DUMP_DATA, .at = (time_us)at };
	*ret_path = line;
	return line.len > 0;
}

static void
line_put(struct buf *out, enum dump_side kind, time_us at, str path)
{
	buf_put(out, kind == DUMP_KEYS ? S("keys ") : S("data "));
	buf_udec(out, (uint64_t)at);
	buf_char(out, ' ');
	buf_put(out, path);
	buf_char(out, '\n');
}

enum err
places_known(struct job *job, struct vault *vault, struct backup_place **ret, size_t *ret_count)
{
	struct backup_place *place = arena_array(&job->arena, PLACES_MAX, sizeof(*place));
	str rest, line, path;
	size_t count = 0;
	bool there;

	TRY(setting_get(job, vault, SETTING_PLACES, &rest, &there));
	while (there && count < PLACES_MAX && eat_until(&rest, '\n', &line)) {
		if (!line_read(line, &place[count], &path))
			return fail(job, ERR_CORRUPT, "the places of backups cannot be read");
		place[count++].path = arena_c(&job->arena, path);
	}
	*ret = place;
	*ret_count = count;
	return OK;
}

void
place_look(struct job *job, struct backup_place *place)
{
	place->there = file_exists(path_join(job, place->path, S("lock")));
}

/* One line of the setting: made, changed or taken away. */
struct place_change {
	enum { PLACE_ADD, PLACE_SET, PLACE_FORGET } what;
	enum dump_side kind; /* PLACE_FORGET: whichever */
	str path;
	time_us at;
	bool found;
};

/* The first that is to be destroyed is the earlier one; of data the last is the later one. */
static time_us
time_after(const struct place_change *change, time_us before)
{
	if (change->what == PLACE_SET || !before)
		return change->at;
	if (change->kind == DUMP_DATA)
		return before > change->at ? before : change->at;
	return before < change->at ? before : change->at;
}

static void
line_change(struct place_change *change, const struct backup_place *place, str path, struct buf *out)
{
	bool meant = str_eq(path, change->path) && (change->what == PLACE_FORGET || place->kind == change->kind);

	if (meant)
		change->found = true;
	if (!meant)
		line_put(out, place->kind, place->at, path);
	else if (change->what != PLACE_FORGET)
		line_put(out, place->kind, time_after(change, place->at), path);
}

static enum err
places_text(struct job *job, struct db *db, str *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_SETTING_GET, ARGS(sql_text(SETTING_PLACES)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? arena_str(&job->arena, rows_text(&rows, 0)) : S("");
	return OK;
}

static enum err
change_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf out = { .max = PLACES_BYTES };
	struct place_change *change = arg;
	struct backup_place place;
	str rest, line, path;
	size_t count = 0;

	change->found = false;
	TRY(places_text(job, db, &rest));
	for (; eat_until(&rest, '\n', &line); count++)
		if (line_read(line, &place, &path))
			line_change(change, &place, path, &out);
	if (change->what == PLACE_ADD && !change->found) {
		if (count >= PLACES_MAX)
			return fail(job, ERR_LIMIT, "backups lie in 64 places already; forget one that is gone");
		line_put(&out, change->kind, change->at, change->path);
	}
	must(buf_ok(&out));
	TRY(db_run(job, db, SQL_SETTING_PUT, ARGS(sql_text(SETTING_PLACES), sql_text(buf_str(&out))), NULL));
	if (change->what == PLACE_FORGET && change->found)
		TRY(entry_append(job, db, &(struct entry){ .act = ENTRY_SETTING_PUT, .body = str_bytes(SETTING_PLACES) },
		                 NULL));
	return OK;
}

static enum err
place_change(struct job *job, struct vault *vault, struct place_change *change)
{
	return store_write(job, vault->store, WRITE_ORDINARY, change_steps, change);
}

enum err
place_add(struct job *job, struct vault *vault, enum dump_side kind, const char *path, time_us at)
{
	return place_change(job, vault, &(struct place_change){ PLACE_ADD, kind, str_from_c(path), at, false });
}

enum err
place_set(struct job *job, struct vault *vault, enum dump_side kind, const char *path, time_us at)
{
	return place_change(job, vault, &(struct place_change){ PLACE_SET, kind, str_from_c(path), at, false });
}

enum err
backup_place_forget(struct job *job, struct vault *vault, const char *path)
{
	struct place_change change = { PLACE_FORGET, DUMP_KEYS, str_from_c(path), 0, false };

	TRY(place_change(job, vault, &change));
	return change.found ? OK : fail_at(job, ERR_INVALID, S("/forget"), "is not a place of this vault's backups");
}

/* --- one backup in a place -------------------------------------------------------------------- */

enum err
manifest_of(struct job *job, struct secret *key, const char *path, struct manifest *ret, bool *ret_there)
{
	bytes note;
	str text;

	*ret_there = !file_read(job, path_join(job, path, S("manifest")), MANIFEST_BYTES, &note) &&
	             !facts_note_open(job, key, S(MANIFEST_NAME), bytes_str(note), &text) &&
	             manifest_read(text, ret);
	job_forgive(job);
	return OK;
}

enum err
keys_destroy(struct job *job, const char *place, str name)
{
	OWNED(buf_release) struct buf gone = { .max = 256 };
	const char *path;

	if (str_starts(name, GONE))
		return dir_wipe(job, path_join(job, place, name));
	buf_put(&gone, GONE);
	buf_put(&gone, name);
	must(buf_ok(&gone));
	path = path_join(job, place, buf_str(&gone));
	TRY(path_rename(job, path_join(job, place, name), path));
	fault_point("backup-gone");
	return dir_wipe(job, path);
}
