/* backup/backup.c -- contract and A1-A4: backup.h. */
#include "backup/backup.h"

#include <sys/file.h>
#include <unistd.h>

#include "audit/entry.h"
#include "crypto/seal.h"
#include "os/file.h"
#include "os/random.h"
#include "store/fault.h"

#define SETTING_PLACES S("backup_keys") /* where key backups lie: a directory on each line */
#define PLACES_BYTES 8192

/* One backup that is being written. */
struct making {
	const char *place, *name, *path; /* path: place/.making-name until it is whole */
	const char *before;              /* the backup that pieces may be shared with; NULL: none */
	struct manifest manifest;
	struct buf list;
	struct backup_made *made;
	bool finished;
};

/* --- places ----------------------------------------------------------------------------------- */

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

static enum err
place_check(struct job *job, struct vault *vault, const char *place, str member)
{
	if (place[0] != '/')
		return fail_at(job, ERR_INVALID, member, "is not an absolute path");
	TRY(dir_make(job, place, 0700));
	if (inside(place, store_dir(vault->store)))
		return fail_at(job, ERR_INVALID, member, "lies in the vault's own directory");
	return OK;
}

static enum err
places_check(struct job *job, struct vault *vault, const struct backup_ask *ask)
{
	TRY(place_check(job, vault, ask->data, S("/directory")));
	TRY(place_check(job, vault, ask->keys, S("/keys_directory")));
	if (inside(ask->data, ask->keys) || inside(ask->keys, ask->data))
		return fail_at(job, ERR_INVALID, S("/keys_directory"), "lies with the data, which would give the data away");
	return OK;
}

/* The newest whole one of that kind; names sort by time. */
static enum err
newest_in(struct job *job, const char *place, str prefix, const char **ret)
{
	str *name;
	size_t count;

	*ret = NULL;
	TRY(dir_names(job, place, &name, &count));
	for (size_t i = 0; i < count; i++)
		if (str_starts(name[i], prefix))
			*ret = path_join(job, place, name[i]);
	return OK;
}

/* What an interruption left. */
static enum err
leftovers_drop(struct job *job, const char *place)
{
	str *name;
	size_t count;

	TRY(dir_names(job, place, &name, &count));
	for (size_t i = 0; i < count; i++)
		if (str_starts(name[i], S(".making-")))
			TRY(dir_drop(job, path_join(job, place, name[i])));
	return OK;
}

/* --- one backup ------------------------------------------------------------------------------- */

/* 20261127T091605Z-4f1c9a02, after data- or keys-. */
static const char *
name_of(struct job *job, const struct manifest *manifest)
{
	OWNED(buf_release) struct buf name = { .max = 64 }, time = { .max = 64 };

	buf_put(&name, manifest->kind == DUMP_KEYS ? S("keys-") : S("data-"));
	buf_time(&time, manifest->made_at - manifest->made_at % TIME_SECOND);
	for (size_t i = 0; i < time.len; i++)
		if (time.ptr[i] != '-' && time.ptr[i] != ':')
			buf_char(&name, time.ptr[i]);
	buf_char(&name, '-');
	buf_hex(&name, (bytes){ manifest->moment.octet, 4 });
	return arena_c(&job->arena, buf_str(&name));
}

static enum err
making_begin(struct job *job, const char *place, struct making *making)
{
	OWNED(buf_release) struct buf hidden = { .max = 96 };

	making->place = place;
	making->name = name_of(job, &making->manifest);
	making->list = (struct buf){ .max = LIST_BYTES };
	buf_put(&hidden, S(".making-"));
	buf_put(&hidden, str_from_c(making->name));
	making->path = path_join(job, place, buf_str(&hidden));
	return dir_make(job, making->path, 0700);
}

/* A2: what did not come to its end goes. */
static void
making_end(struct making *making)
{
	struct job job = { 0 };

	if (making->path && !making->finished)
		(void)!dir_drop(&job, making->path);
	buf_release(&making->list);
	job_release(&job);
}

static str
piece_name(struct job *job, const struct piece *piece)
{
	OWNED(buf_release) struct buf name = { .max = 64 };

	buf_hex(&name, (bytes){ piece->hash, PIECE_NAME_BYTES / 2 });
	return arena_str(&job->arena, buf_str(&name));
}

/* The same octets in the backup before: read, not believed by its name. */
static enum err
piece_share(struct job *job, const struct making *making, str name, bytes octets, const char *to,
            bool *ret_shared)
{
	const char *from;
	bytes there;
	enum err err;

	*ret_shared = false;
	if (!making->before)
		return OK;
	from = path_join(job, making->before, name);
	err = file_read(job, from, DUMP_PIECE_MAX, &there);
	if (err || there.len != octets.len || memcmp(there.ptr, octets.ptr, octets.len) != 0) {
		job_forgive(job);
		return OK;
	}
	return file_link(job, from, to, ret_shared);
}

static void
table_count(struct manifest *manifest, struct job *job, str table, uint64_t rows)
{
	struct manifest_table *last = manifest->table_count ? &manifest->table[manifest->table_count - 1] : NULL;

	if (!last || !str_eq(last->name, table)) {
		must(manifest->table_count < COUNT(manifest->table));
		last = &manifest->table[manifest->table_count++];
		*last = (struct manifest_table){ arena_str(&job->arena, table), 0 };
	}
	last->rows += rows;
}

static enum err
piece_write(struct job *job, struct making *making, bytes octets, const struct piece *piece)
{
	str name = piece_name(job, piece);
	const char *path = path_join(job, making->path, name);
	bool shared;

	if (file_exists(path)) /* two pieces with the same octets cannot be: each names its table and keys */
		return fail(job, ERR_CORRUPT, "two pieces of a backup are the same");
	TRY(piece_share(job, making, name, octets, path, &shared));
	if (making->made) {
		making->made->pieces++;
		making->made->shared += shared;
		making->made->octets += shared ? 0 : octets.len;
	}
	return shared ? OK : file_draft(job, path, 0600, octets);
}

/* Memory of a piece is its own. */
static enum err
piece_put_out(struct job *job, str table, bytes octets, uint64_t rows, void *ctx)
{
	struct making *making = ctx;
	struct piece piece = { .size = octets.len, .rows = rows, .table = table };
	struct job own = { .now = job->now, .actor = job->actor };
	enum err err;

	digest_public(octets, piece.hash);
	piece_put(&piece, &making->list);
	making->manifest.pieces++;
	table_count(&making->manifest, job, table, rows);
	err = piece_write(&own, making, octets, &piece);
	if (err)
		job->failure = own.failure;
	job_release(&own);
	return err;
}

static enum err
tables_put_out(struct job *job, struct db *snapshot, struct making *making)
{
	str *table;
	size_t count;

	TRY(dump_tables(job, snapshot, making->manifest.kind, &table, &count));
	for (size_t i = 0; i < count; i++)
		TRY(dump_table(job, snapshot, making->manifest.kind, table[i], piece_put_out, making));
	return OK;
}

/* The manifest goes last into the directory, and the directory into its place when all is durable. */
static enum err
making_finish(struct job *job, struct vault *vault, struct making *making)
{
	OWNED(buf_release) struct buf text = { .max = MANIFEST_BYTES }, note = { .max = MANIFEST_BYTES };

	if (!buf_ok(&making->list))
		return fail(job, ERR_LIMIT, "a backup has more pieces than its list can name");
	digest_public(buf_bytes(&making->list), making->manifest.list);
	TRY(file_draft(job, path_join(job, making->path, S("list")), 0600, buf_bytes(&making->list)));
	manifest_put(&making->manifest, &text);
	facts_note_sign(store_facts(vault->store), S(MANIFEST_NAME), buf_str(&text), &note);
	must(buf_ok(&text) && buf_ok(&note));
	TRY(file_draft(job, path_join(job, making->path, S("manifest")), 0600, buf_bytes(&note)));
	fault_point("backup-written");
	TRY(dir_sync_files(job, making->path));
	fault_point("backup-synced");
	return OK;
}

static enum err
making_place(struct job *job, struct making *making)
{
	const char *to = path_join(job, making->place, str_from_c(making->name));

	TRY(path_rename(job, making->path, to));
	making->path = to;
	return OK;
}

/* A passphrase becomes the root with the salt that stands beside the data: of no use to anybody who
 * has not the passphrase, and without it neither to those who have. */
static enum err
descriptor_copy(struct job *job, struct vault *vault, const struct making *keys)
{
	const char *from = path_join(job, store_dir(vault->store), S("root.passphrase"));
	bytes content;

	if (!file_exists(from))
		return OK;
	TRY(file_read(job, from, 4096, &content));
	return file_draft(job, path_join(job, keys->path, S("root.passphrase")), 0600, content);
}

/* --- the two of them -------------------------------------------------------------------------- */

static enum err
manifest_begin(struct job *job, struct db *snapshot, struct manifest *ret)
{
	struct dump_state state;

	TRY(dump_state(job, snapshot, &state));
	*ret = (struct manifest){
		.moment = os_uid(),
		.ledger = state.ledger,
		.made_at = job->now,
		.fact = state.fact_last,
		.entry = state.entry_last,
		.bound = { state.subject_last + 1, state.entry_last + 1 },
	};
	ret->schema = state.schema[DUMP_DATA];
	return OK;
}

static enum err
keys_out(struct job *job, struct vault *vault, const struct backup_ask *ask, struct db *snapshot,
         struct making *keys)
{
	struct dump_state state;

	TRY(dump_state(job, snapshot, &state));
	keys->manifest.kind = DUMP_KEYS;
	keys->manifest.schema = state.schema[DUMP_KEYS];
	keys->manifest.until_at = job->now + ask->keys_days * TIME_DAY;
	TRY(making_begin(job, ask->keys, keys));
	TRY(tables_put_out(job, snapshot, keys));
	snapshot_end_keys(snapshot);
	fault_point("backup-keys-read");
	TRY(descriptor_copy(job, vault, keys));
	return making_finish(job, vault, keys);
}

static enum err
data_out(struct job *job, struct vault *vault, const struct backup_ask *ask, struct db *snapshot,
         struct making *data)
{
	data->manifest.kind = DUMP_DATA;
	if (!ask->full)
		TRY(newest_in(job, ask->data, S("data-"), &data->before));
	TRY(making_begin(job, ask->data, data));
	TRY(tables_put_out(job, snapshot, data));
	return making_finish(job, vault, data);
}

static uint64_t
rows_of(const struct manifest *manifest, str table)
{
	for (size_t i = 0; i < manifest->table_count; i++)
		if (str_eq(manifest->table[i].name, table))
			return manifest->table[i].rows;
	return 0;
}

/* moment (16) | le64 last fact | le64 last entry | le64 persons */
static enum err
backup_entry(struct job *job, struct vault *vault, const struct manifest *manifest, uint64_t persons)
{
	OWNED(buf_release) struct buf body = { .max = 64 };

	buf_data(&body, uid_bytes(&manifest->moment));
	buf_le64(&body, (uint64_t)manifest->fact);
	buf_le64(&body, (uint64_t)manifest->entry);
	buf_le64(&body, persons);
	return entry_write(job, vault->store, &(struct entry){ .act = ENTRY_BACKUP, .body = buf_bytes(&body) }, NULL);
}

/* Before a key backup is made, so that none is forgotten. */
static enum err
place_remember(struct job *job, struct vault *vault, const char *place)
{
	OWNED(buf_release) struct buf places = { .max = PLACES_BYTES };
	str told, rest, line;
	bool there;

	TRY(setting_get(job, vault, SETTING_PLACES, &told, &there));
	rest = there ? told : S("");
	while (eat_until(&rest, '\n', &line))
		if (str_eq(line, str_from_c(place)))
			return OK;
	buf_put(&places, there ? told : S(""));
	buf_put(&places, str_from_c(place));
	buf_char(&places, '\n');
	if (!buf_ok(&places))
		return fail(job, ERR_LIMIT, "key backups lie in too many places");
	return setting_put(job, vault, SETTING_PLACES, buf_str(&places));
}

static enum err
backup_pair(struct job *job, struct vault *vault, const struct backup_ask *ask, struct backup_made *made)
{
	OWNED(snapshot_end) struct db *snapshot = NULL;
	OWNED(making_end) struct making keys = { 0 };
	OWNED(making_end) struct making data = { .made = made };

	TRY(store_snapshot(job, vault->store, &snapshot)); /* A1 */
	TRY(manifest_begin(job, snapshot, &data.manifest));
	keys.manifest = data.manifest;
	TRY(keys_out(job, vault, ask, snapshot, &keys));
	TRY(data_out(job, vault, ask, snapshot, &data));
	TRY(making_place(job, &keys));
	fault_point("backup-between");
	TRY(making_place(job, &data));
	made->persons = rows_of(&data.manifest, S("subject"));
	TRY(backup_entry(job, vault, &data.manifest, made->persons));
	keys.finished = data.finished = true;
	made->data = data.path;
	made->keys = keys.path;
	made->fact = data.manifest.fact;
	made->until_at = keys.manifest.until_at;
	return OK;
}

static void
lock_end(int *fd)
{
	lock_release(*fd);
}

enum err
backup_make(struct job *job, struct vault *vault, const struct backup_ask *ask, struct backup_made *ret)
{
	OWNED(lock_end) int lock = -1;
	struct backup_made made = { 0 };

	if (ask->keys_days < 1 || ask->keys_days > BACKUP_KEYS_DAYS_MAX)
		return fail_at(job, ERR_INVALID, S("/keys_days"), "is from 1 to 366");
	TRY(places_check(job, vault, ask));
	if (lock_take(job, path_join(job, ask->data, S("lock")), &lock)) {
		job_forgive(job);
		return fail(job, ERR_BUSY, "another backup is being made there");
	}
	TRY(leftovers_drop(job, ask->data));
	TRY(leftovers_drop(job, ask->keys));
	TRY(place_remember(job, vault, ask->keys));
	TRY(backup_pair(job, vault, ask, &made));
	*ret = made;
	return OK;
}

/* --- the end of key backups ------------------------------------------------------------------- */

static enum err
prune_one(struct job *job, struct secret *key, const char *path, uint64_t *dropped)
{
	struct manifest *manifest = arena_alloc(&job->arena, sizeof(*manifest));
	bytes note;
	str text;

	if (file_read(job, path_join(job, path, S("manifest")), MANIFEST_BYTES, &note) ||
	    facts_note_open(job, key, S(MANIFEST_NAME), bytes_str(note), &text) ||
	    !manifest_read(text, manifest)) {
		job_forgive(job); /* not ours */
		return OK;
	}
	if (manifest->kind != DUMP_KEYS || !manifest->until_at || manifest->until_at > job->now)
		return OK;
	TRY(dir_drop(job, path));
	++*dropped;
	return OK;
}

static enum err
prune_place(struct job *job, struct secret *key, const char *place, uint64_t *dropped)
{
	str *name;
	size_t count;

	if (!file_exists(place)) /* a disk that is not there now */
		return OK;
	TRY(dir_names(job, place, &name, &count));
	for (size_t i = 0; i < count; i++)
		if (str_starts(name[i], S("keys-")))
			TRY(prune_one(job, key, path_join(job, place, name[i]), dropped));
	return OK;
}

enum err
backup_prune(struct job *job, struct vault *vault, uint64_t *ret_dropped)
{
	OWNED(secret_free) struct secret *key = NULL;
	uint64_t dropped = 0;
	str rest, line;
	bool there;

	*ret_dropped = 0;
	TRY(setting_get(job, vault, SETTING_PLACES, &rest, &there));
	if (!there)
		return OK;
	TRY(facts_key(job, vault, &key));
	while (eat_until(&rest, '\n', &line))
		TRY(prune_place(job, key, arena_c(&job->arena, line), &dropped));
	*ret_dropped = dropped;
	return OK;
}
