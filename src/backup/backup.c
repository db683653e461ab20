/* backup/backup.c -- contract and A1-A4: backup.h. */
#include "backup/place.h"

#include <stdatomic.h>

#include "audit/entry.h"
#include "crypto/seal.h"
#include "os/file.h"
#include "os/random.h"
#include "store/fault.h"

/* One backup that is being written. */
struct making {
	struct vault *vault;
	str member;                      /* what the caller calls its place */
	const char *place, *name, *path; /* path: place/.making-name until it is whole */
	const char *before;              /* the backup that pieces may be shared with; NULL: none */
	struct manifest manifest;
	struct buf list;
	struct backup_made *made;
	bool finished;
};

/* --- what lies there already --------------------------------------------------------------------- */

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

/* A2: keys are put in their place first, when both are whole and durable; so data whose keys are there
 * wants nothing but its name. */
static enum err
data_left_over(struct job *job, const struct backup_ask *ask, str name)
{
	const char *path = path_join(job, ask->data, name);
	str whole = str_from(name, MAKING.len), moment = whole;
	OWNED(buf_release) struct buf keys = { .max = 256 };

	if (!eat_str(&moment, kind_prefix(DUMP_DATA)))
		return dir_drop(job, path);
	buf_put(&keys, kind_prefix(DUMP_KEYS));
	buf_put(&keys, moment);
	must(buf_ok(&keys));
	if (!file_exists(path_join(job, ask->keys, buf_str(&keys))))
		return dir_drop(job, path);
	return path_rename(job, path, path_join(job, ask->data, whole));
}

static enum err
left_over(struct job *job, const struct backup_ask *ask)
{
	str *name;
	size_t count;

	TRY(dir_names(job, ask->data, &name, &count));
	for (size_t i = 0; i < count; i++)
		if (str_starts(name[i], MAKING))
			TRY(data_left_over(job, ask, name[i]));
	TRY(dir_names(job, ask->keys, &name, &count));
	for (size_t i = 0; i < count; i++)
		if (str_starts(name[i], MAKING) || str_starts(name[i], GONE))
			TRY(keys_destroy(job, ask->keys, name[i]));
	return OK;
}

/* --- one backup ------------------------------------------------------------------------------- */

/* 20261127T091605Z-4f1c9a02, after data- or keys-. */
static const char *
name_of(struct job *job, const struct manifest *manifest)
{
	OWNED(buf_release) struct buf name = { .max = 64 }, time = { .max = 64 };

	buf_put(&name, kind_prefix(manifest->kind));
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
	buf_put(&hidden, MAKING);
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
		(void)!(making->manifest.kind == DUMP_KEYS ? dir_wipe(&job, making->path) : dir_drop(&job, making->path));
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

	if (atomic_load(&making->vault->stopping))
		return fail(job, ERR_BUSY, "the server is stopping");
	fault_point("backup-piece");
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
	enum err err = path_rename(job, making->path, to);

	if (file_exists(to)) /* even if that is not durable: then it is taken away from there */
		making->path = to;
	return err;
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
manifest_begin(struct job *job, struct db *snapshot, const struct backup_ask *ask, struct manifest *data,
               struct manifest *keys)
{
	struct dump_state state;

	TRY(dump_state(job, snapshot, &state));
	*data = (struct manifest){
		.kind = DUMP_DATA,
		.moment = os_uid(),
		.ledger = state.ledger,
		.made_at = job->now,
		.fact = state.fact_last,
		.entry = state.entry_last,
		.bound = { state.subject_last + 1, state.entry_last + 1 },
		.schema = state.schema[DUMP_DATA],
	};
	*keys = *data;
	keys->kind = DUMP_KEYS;
	keys->schema = state.schema[DUMP_KEYS];
	keys->until_at = job->now + ask->keys_days * TIME_DAY;
	return OK;
}

/* Whoever destroys keys waits until theirs are read, so they go first, and as fast as they can be
 * written to memory; nothing of them is synced before the snapshot has let go. */
static enum err
keys_out(struct job *job, struct db *snapshot, struct making *keys)
{
	TRY(making_begin(job, keys->place, keys));
	TRY(tables_put_out(job, snapshot, keys));
	snapshot_end_keys(snapshot);
	fault_point("backup-keys-read");
	TRY(descriptor_copy(job, keys->vault, keys));
	return making_finish(job, keys->vault, keys);
}

static enum err
data_out(struct job *job, const struct backup_ask *ask, struct db **snapshot, struct making *data)
{
	if (!ask->full)
		TRY(newest_in(job, data->place, kind_prefix(DUMP_DATA), &data->before));
	TRY(making_begin(job, data->place, data));
	TRY(tables_put_out(job, *snapshot, data));
	snapshot_end(snapshot); /* the log of the store may begin anew */
	return making_finish(job, data->vault, data);
}

/* Which of the two disks is full is what the operator wants to know. */
static enum err
full_where(struct job *job, const struct making *making, enum err err)
{
	if (err != ERR_FULL)
		return err;
	job_forgive(job);
	return fail_at(job, ERR_FULL, making->member, "the disk that the backup goes to is full");
}

static uint64_t
rows_of(const struct manifest *manifest, str table)
{
	for (size_t i = 0; i < manifest->table_count; i++)
		if (str_eq(manifest->table[i].name, table))
			return manifest->table[i].rows;
	return 0;
}

/* moment (16) | le64 last fact | le64 last entry | le64 persons.  Before it is in its place: no copy of the
 * keys without its entry (I4). */
static enum err
backup_entry(struct job *job, struct vault *vault, const struct manifest *manifest)
{
	OWNED(buf_release) struct buf body = { .max = 64 };

	buf_data(&body, uid_bytes(&manifest->moment));
	buf_le64(&body, (uint64_t)manifest->fact);
	buf_le64(&body, (uint64_t)manifest->entry);
	buf_le64(&body, rows_of(manifest, S("subject")));
	return entry_write(job, vault->store, &(struct entry){ .act = ENTRY_BACKUP, .body = buf_bytes(&body) }, NULL);
}

static enum err
both_out(struct job *job, struct vault *vault, const struct backup_ask *ask, struct making *keys,
         struct making *data)
{
	OWNED(snapshot_end) struct db *snapshot = NULL;

	TRY(store_snapshot(job, vault->store, &snapshot)); /* A1 */
	TRY(manifest_begin(job, snapshot, ask, &data->manifest, &keys->manifest));
	TRY(full_where(job, keys, keys_out(job, snapshot, keys)));
	return full_where(job, data, data_out(job, ask, &snapshot, data));
}

static enum err
both_place(struct job *job, struct vault *vault, struct making *keys, struct making *data)
{
	TRY(backup_entry(job, vault, &data->manifest));
	fault_point("backup-entry");
	TRY(full_where(job, keys, making_place(job, keys)));
	fault_point("backup-between");
	TRY(full_where(job, data, making_place(job, data)));
	keys->finished = data->finished = true;
	return OK;
}

static enum err
backup_pair(struct job *job, struct vault *vault, const struct backup_ask *ask, struct backup_made *made)
{
	OWNED(making_end) struct making keys = { .vault = vault, .member = S("/keys"), .place = ask->keys };
	OWNED(making_end) struct making data = { .vault = vault, .member = S("/data"), .place = ask->data, .made = made };

	TRY(both_out(job, vault, ask, &keys, &data));
	TRY(both_place(job, vault, &keys, &data));
	made->persons = rows_of(&data.manifest, S("subject"));
	made->data = data.path;
	made->keys = keys.path;
	made->fact = data.manifest.fact;
	made->made_at = data.manifest.made_at;
	made->until_at = keys.manifest.until_at;
	return OK;
}

/* A5: remembered before any key is there. */
static enum err
backup_locked(struct job *job, struct vault *vault, const struct backup_ask *ask, struct backup_made *made)
{
	OWNED(place_unlock) int data_lock = -1;
	OWNED(place_unlock) int keys_lock = -1;

	TRY(place_lock(job, ask->data, &data_lock));
	TRY(place_lock(job, ask->keys, &keys_lock));
	TRY(left_over(job, ask));
	TRY(place_add(job, vault, DUMP_KEYS, ask->keys, job->now + ask->keys_days * TIME_DAY));
	TRY(place_add(job, vault, DUMP_DATA, ask->data, 0));
	TRY(backup_pair(job, vault, ask, made));
	if (place_set(job, vault, DUMP_DATA, ask->data, made->made_at))
		job_forgive(job); /* it is made, all the same */
	return OK;
}

/* A disk that is there only for its backup is tidied while it is. */
static enum err
backup_and_prune(struct job *job, struct vault *vault, struct backup_ask *ask, struct backup_made *made)
{
	struct backup_pruned pruned;
	struct clock_view clock;

	TRY(places_ready(job, vault, ask));
	TRY(backup_locked(job, vault, ask, made));
	if (clock_look(job, vault, &clock) || (clock.state == CLOCK_TRUSTED && backup_prune(job, vault, &pruned)))
		job_forgive(job); /* the backup is made; the sweep tries again and says why not */
	return OK;
}

enum err
backup_make(struct job *job, struct vault *vault, const struct backup_ask *ask, struct backup_made *ret)
{
	struct backup_made made = { 0 };
	struct backup_ask real = *ask;
	enum err err;

	if (ask->keys_days < 1 || ask->keys_days > BACKUP_KEYS_DAYS_MAX)
		return fail_at(job, ERR_INVALID, S("/keys_days"), "is from 1 to 366");
	if (atomic_exchange(&vault->backing_up, true))
		return fail(job, ERR_BUSY, "another backup is being made");
	err = backup_and_prune(job, vault, &real, &made);
	atomic_store(&vault->backing_up, false);
	if (!err)
		*ret = made;
	return err;
}
