/* backup/source.c -- contract, O1 and O2: source.h. */
#include "backup/source.h"

#include "crypto/seal.h"
#include "os/file.h"

#define NAME_SECOND 21 /* of data-20261127T091605Z-4f1c9a02, what is the same in one second */
#define SIGNATURE S("\n\xe2\x80\x94 ") /* what begins the lines that sign a note, after the empty one */

static enum err
changed(struct job *job)
{
	return fail(job, ERR_CORRUPT, "the backup is not whole, or was changed");
}

/* --- finding ---------------------------------------------------------------------------------- */

static str
prefix_of(enum dump_side kind)
{
	return kind == DUMP_KEYS ? S("keys-") : S("data-");
}

void
source_moment(const struct manifest *manifest, struct buf *out)
{
	OWNED(buf_release) struct buf time = { .max = 64 };

	buf_time(&time, manifest->made_at - manifest->made_at % TIME_SECOND);
	for (size_t i = 0; i < time.len; i++)
		if (time.ptr[i] != '-' && time.ptr[i] != ':')
			buf_char(out, time.ptr[i]);
	buf_char(out, '-');
	buf_hex(out, (bytes){ manifest->moment.octet, 4 });
}

static bool
is_backup(struct job *job, const char *path)
{
	return file_exists(path_join(job, path, S("manifest")));
}

static enum err
none_there(struct job *job)
{
	return fail(job, ERR_ABSENT, "there is no such backup in that place");
}

/* --- one of them ------------------------------------------------------------------------------ */

/* Text and signature are told apart before either is believed. */
static enum err
manifest_open(struct job *job, struct source *source)
{
	bytes note;
	size_t at;
	enum err err = file_read(job, path_join(job, source->path, S("manifest")), MANIFEST_BYTES, &note);

	if (err == ERR_TOO_LARGE)
		return job_forgive(job), changed(job);
	TRY(err);
	source->note = bytes_str(note);
	if (!str_find(source->note, SIGNATURE, &at) || !at)
		return changed(job);
	source->text = str_first(source->note, at);
	return manifest_read(source->text, &source->manifest) ? OK : changed(job);
}

static enum err
list_open(struct job *job, struct source *source)
{
	const struct manifest *manifest = &source->manifest;
	uint8_t hash[32];
	struct piece piece;
	uint64_t pieces = 0;
	bytes list;
	str rest;
	enum err err = file_read(job, path_join(job, source->path, S("list")), LIST_BYTES, &list);

	if (err == ERR_ABSENT || err == ERR_TOO_LARGE)
		return job_forgive(job), changed(job);
	TRY(err);
	digest_public(list, hash);
	if (memcmp(hash, manifest->list, sizeof(hash)) != 0) /* O1 */
		return changed(job);
	source->list = rest = bytes_str(list);
	for (; rest.len; pieces++)
		if (!eat_piece(&rest, &piece))
			return changed(job);
	return pieces == manifest->pieces ? OK : changed(job);
}

static enum err
backup_open(struct job *job, const char *path, enum dump_side kind, struct source *ret)
{
	struct source *source = ret;

	*source = (struct source){ .path = path };
	TRY(manifest_open(job, source));
	if (source->manifest.kind != kind)
		return kind == DUMP_KEYS ? fail(job, ERR_INVALID, "this is a backup of data where one of keys was meant")
		                         : fail(job, ERR_INVALID, "this is a backup of keys where one of data was meant");
	return list_open(job, source);
}

/* Names sort by time, to the second; of several in one second the manifests say which is the newest. */
static enum err
newest_in(struct job *job, const char *place, enum dump_side kind, const char **ret)
{
	struct source *source = arena_alloc(&job->arena, sizeof(*source));
	str *name, second = { 0 };
	time_us made_at = INT64_MIN;
	size_t count;

	if (!file_exists(place))
		return none_there(job);
	TRY(dir_names(job, place, &name, &count));
	while (count-- > 0) {
		*source = (struct source){ .path = path_join(job, place, name[count]) };
		if (second.len && !str_starts(name[count], second))
			break;
		if (!str_starts(name[count], prefix_of(kind)) || !is_backup(job, source->path))
			continue;
		TRY(manifest_open(job, source));
		if (source->manifest.made_at > made_at)
			*ret = source->path;
		made_at = source->manifest.made_at > made_at ? source->manifest.made_at : made_at;
		second = str_first(name[count], NAME_SECOND);
	}
	return second.len ? OK : none_there(job);
}

enum err
source_open(struct job *job, const char *path, enum dump_side kind, struct source *ret)
{
	if (!is_backup(job, path))
		TRY(newest_in(job, path, kind, &path));
	return backup_open(job, path, kind, ret);
}

enum err
source_open_of(struct job *job, const char *path, enum dump_side kind, uid moment, struct source *ret)
{
	OWNED(buf_release) struct buf tail = { .max = 16 };
	str *name;
	size_t count;

	if (is_backup(job, path))
		return backup_open(job, path, kind, ret);
	if (!file_exists(path))
		return none_there(job);
	buf_char(&tail, '-');
	buf_hex(&tail, (bytes){ moment.octet, 4 });
	TRY(dir_names(job, path, &name, &count));
	for (size_t i = 0; i < count; i++) {
		if (!str_starts(name[i], prefix_of(kind)) || !str_ends(name[i], buf_str(&tail)))
			continue;
		TRY(backup_open(job, path_join(job, path, name[i]), kind, ret));
		if (uid_eq(ret->manifest.moment, moment))
			return OK;
	}
	return fail(job, ERR_ABSENT, "there is no backup of the same moment in that place");
}

/* O2 */
enum err
source_believe(struct job *job, struct secret *key, const struct source *source)
{
	str text;

	if (!facts_note_open(job, key, S(MANIFEST_NAME), source->note, &text) && str_eq(text, source->text))
		return OK;
	job_forgive(job);
	return fail(job, ERR_CRYPTO, "the backup is not signed by this vault, or was changed");
}

/* --- pieces ----------------------------------------------------------------------------------- */

static enum err
piece_read(struct job *job, const struct source *source, const struct piece *piece, bytes *ret)
{
	OWNED(buf_release) struct buf name = { .max = 64 };
	uint8_t hash[32];
	enum err err;

	buf_hex(&name, (bytes){ piece->hash, PIECE_NAME_BYTES / 2 });
	err = file_read(job, path_join(job, source->path, buf_str(&name)), DUMP_PIECE_MAX, ret);
	if (err == ERR_ABSENT || err == ERR_TOO_LARGE)
		return job_forgive(job), changed(job);
	TRY(err);
	digest_public(*ret, hash);
	if (ret->len != piece->size || memcmp(hash, piece->hash, sizeof(hash)) != 0) /* O1 */
		return changed(job);
	return OK;
}

static enum err
piece_visit(struct job *job, const struct source *source, const struct piece *piece, source_piece *visit,
            void *ctx)
{
	bytes octets;

	TRY(piece_read(job, source, piece, &octets));
	return visit(job, piece, octets, ctx);
}

enum err
source_each(struct job *job, const struct source *source, source_piece *visit, void *ctx)
{
	str rest = source->list;
	struct piece piece;

	while (rest.len) {
		struct job own = { .now = job->now, .actor = job->actor };
		enum err err;
		must(eat_piece(&rest, &piece)); /* list_open() has read it */
		err = piece_visit(&own, source, &piece, visit, ctx);
		if (err)
			job->failure = own.failure;
		job_release(&own);
		TRY(err);
	}
	return OK;
}

/* --- the escrowed key ------------------------------------------------------------------------- */

struct escrow {
	str name;
	struct buf wrapped;
};

static bool
row_read(bytes *rest, const struct piece_head *head, struct escrow *escrow)
{
	struct piece_value value, name = { 0 }, wrapped = { 0 };

	for (size_t i = 0; i < head->column_count; i++) {
		if (!piece_value_read(rest, &value))
			return false;
		if (str_eq(head->column[i], S("name")))
			name = value;
		else if (str_eq(head->column[i], S("wrapped")))
			wrapped = value;
	}
	if (name.kind == SQL_KIND_TEXT && str_eq(bytes_str(name.octets), escrow->name)) {
		buf_clear(&escrow->wrapped);
		buf_data(&escrow->wrapped, wrapped.octets);
	}
	return true;
}

static enum err
escrow_visit(struct job *job, const struct piece *piece, bytes octets, void *ctx)
{
	struct piece_head *head = arena_alloc(&job->arena, sizeof(*head));

	if (!str_eq(piece->table, S("escrow_key")))
		return OK;
	if (!piece_head_read(&octets, head))
		return changed(job);
	while (octets.len)
		if (!row_read(&octets, head, ctx))
			return changed(job);
	return OK;
}

static void
escrow_end(struct escrow *escrow)
{
	buf_release(&escrow->wrapped);
}

enum err
source_escrow(struct job *job, const struct source *keys, str name, bytes *ret_wrapped)
{
	OWNED(escrow_end) struct escrow escrow = { .name = name, .wrapped = { .max = 4096 } };

	TRY(source_each(job, keys, escrow_visit, &escrow));
	if (!escrow.wrapped.len || !buf_ok(&escrow.wrapped))
		return fail(job, ERR_ABSENT, "the key backup does not hold the key of the ledger of facts");
	*ret_wrapped = arena_bytes(&job->arena, buf_bytes(&escrow.wrapped));
	return OK;
}

/* --- those beside it -------------------------------------------------------------------------- */

static void
neighbour_look(struct job *job, struct secret *key, const struct source *source, str name, int64_t *newest)
{
	OWNED(buf_release) struct buf place = { .max = 4096 };
	struct source *other = arena_alloc(&job->arena, sizeof(*other));

	buf_put(&place, str_from_c(source->path));
	buf_put(&place, S("/../"));
	buf_put(&place, name);
	*other = (struct source){ .path = arena_c(&job->arena, buf_str(&place)) };
	if (buf_ok(&place) && is_backup(job, other->path) && !manifest_open(job, other) &&
	    !source_believe(job, key, other) && uid_eq(other->manifest.ledger, source->manifest.ledger) &&
	    other->manifest.fact > *newest)
		*newest = other->manifest.fact;
	job_forgive(job);
}

enum err
source_newest_fact(struct job *job, struct secret *key, const struct source *source, int64_t *ret)
{
	str *name;
	size_t count;

	*ret = source->manifest.fact;
	if (dir_names(job, path_join(job, source->path, S("..")), &name, &count)) {
		job_forgive(job);
		return OK;
	}
	for (size_t i = 0; i < count; i++)
		if (str_starts(name[i], prefix_of(source->manifest.kind)))
			neighbour_look(job, key, source, name[i], ret);
	return OK;
}
