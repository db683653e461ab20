/* api/backups.c -- what operators do about backups, on the server's own socket. */
#include "api/call.h"
#include "backup/backup.h"
#include "base/limits.h"

#define PATH_MAX_ASKED 1000

static void
pair_or_null(struct json_out *out, str name, bool there, int64_t value)
{
	json_name(out, name);
	if (there)
		json_put_i64(out, value);
	else
		json_put_null(out);
}

static void
kind_pair(struct json_out *out, enum dump_side kind)
{
	json_pair_str(out, S("kind"), words_name(WORDS_BACKUP_KIND, kind));
}

static void
time_or_null(struct json_out *out, str name, time_us at)
{
	json_pair_time(out, name, at ? at : TIME_NEVER);
}

/* --- making ----------------------------------------------------------------------------------- */

static enum err
backup_read(struct job *job, struct json body, struct backup_ask *ret)
{
	str data, keys;

	*ret = (struct backup_ask){ .keys_days = BACKUP_KEYS_DAYS };
	TRY(json_need_str(job, body, "data", PATH_MAX_ASKED, &data));
	TRY(json_need_str(job, body, "keys", PATH_MAX_ASKED, &keys));
	TRY(json_i64(job, body, "keys_days", 1, BACKUP_KEYS_DAYS_MAX, &ret->keys_days, NULL));
	TRY(json_bool(job, body, "full", &ret->full, NULL));
	ret->data = arena_c(&job->arena, data);
	ret->keys = arena_c(&job->arena, keys);
	return OK;
}

static void
backup_write(struct call *call, const struct backup_made *made)
{
	struct json_out *out = answer_json(call, 201);

	json_open(out, '{');
	json_pair_str(out, S("data"), str_from_c(made->data));
	json_pair_str(out, S("keys"), str_from_c(made->keys));
	json_pair_time(out, S("made_at"), made->made_at);
	json_pair_time(out, S("keys_until"), made->until_at);
	json_pair_i64(out, S("persons"), (int64_t)made->persons);
	json_pair_i64(out, S("pieces"), (int64_t)made->pieces);
	json_pair_i64(out, S("shared"), (int64_t)made->shared);
	json_pair_i64(out, S("octets"), (int64_t)made->octets);
	json_pair_i64(out, S("fact"), made->fact);
	json_close(out, '}');
}

enum err
on_backup_post(struct job *job, struct call *call)
{
	struct backup_ask ask;
	struct backup_made made;

	TRY(backup_read(job, call->body, &ask));
	TRY(backup_make(job, call->vault, &ask, &made));
	backup_write(call, &made);
	return OK;
}

/* --- what there is ---------------------------------------------------------------------------- */

static void
place_write(struct json_out *out, const struct backup_place *place)
{
	bool keys = place->kind == DUMP_KEYS;

	json_open(out, '{');
	kind_pair(out, place->kind);
	json_pair_str(out, S("path"), str_from_c(place->path));
	json_pair_bool(out, S("there"), place->there);
	time_or_null(out, S("last_at"), keys ? 0 : place->at);
	time_or_null(out, S("due_at"), keys ? place->at : 0);
	json_pair_bool(out, S("overdue"), place->overdue);
	json_close(out, '}');
}

static void
moment_pair(struct json_out *out, const struct backup_seen *seen)
{
	OWNED(buf_release) struct buf moment = { .max = 64 };

	json_name(out, S("moment"));
	if (!seen->readable) {
		json_put_null(out);
		return;
	}
	buf_hex(&moment, uid_bytes(&seen->moment));
	json_put_str(out, buf_str(&moment));
}

/* A name that somebody gave is printed only if it is text. */
static str
path_text(const char *path)
{
	return str_printable(str_from_c(path)) ? str_from_c(path) : S("?");
}

static void
seen_write(struct json_out *out, const struct backup_seen *seen)
{
	bool data = seen->kind == DUMP_DATA;

	json_open(out, '{');
	kind_pair(out, seen->kind);
	json_pair_str(out, S("path"), path_text(seen->path));
	json_pair_bool(out, S("readable"), seen->readable);
	moment_pair(out, seen);
	time_or_null(out, S("made_at"), seen->made_at);
	time_or_null(out, S("keys_until"), seen->until_at);
	pair_or_null(out, S("persons"), seen->readable && data, (int64_t)seen->persons);
	pair_or_null(out, S("pieces"), seen->readable, (int64_t)seen->pieces);
	pair_or_null(out, S("fact"), seen->readable, seen->fact);
	json_close(out, '}');
}

enum err
on_backups_get(struct job *job, struct call *call)
{
	struct backup_shelf shelf;
	struct json_out *out;

	TRY(backup_list(job, call->vault, &shelf));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("places"));
	json_open(out, '[');
	for (size_t i = 0; i < shelf.places; i++)
		place_write(out, &shelf.place[i]);
	json_close(out, ']');
	json_name(out, S("backups"));
	json_open(out, '[');
	for (size_t i = 0; i < shelf.count; i++)
		seen_write(out, &shelf.seen[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

/* --- the end of key backups ------------------------------------------------------------------- */

static enum err
forget(struct job *job, struct call *call)
{
	str path;
	bool there;

	TRY(json_str(job, call->body, "forget", PATH_MAX_ASKED, &path, &there));
	return there ? backup_place_forget(job, call->vault, arena_c(&job->arena, path)) : OK;
}

/* By a clock that is believed: a backup that is destroyed too early is lost. */
static enum err
prune(struct job *job, struct vault *vault, struct backup_pruned *ret)
{
	struct clock_view clock;

	TRY(clock_look(job, vault, &clock));
	if (clock.state != CLOCK_TRUSTED)
		return fail(job, ERR_CONFLICT,
		            "the clock is not to be believed, and nothing is destroyed by it: see valv clock show");
	job->now = clock.now;
	return backup_prune(job, vault, ret);
}

enum err
on_backups_prune_post(struct job *job, struct call *call)
{
	struct backup_pruned pruned;
	struct backup_shelf shelf;
	struct json_out *out;

	TRY(forget(job, call));
	TRY(prune(job, call->vault, &pruned));
	TRY(backup_places(job, call->vault, &shelf));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_i64(out, S("destroyed"), (int64_t)pruned.destroyed);
	json_name(out, S("overdue"));
	json_open(out, '[');
	for (size_t i = 0; i < shelf.places; i++)
		if (shelf.place[i].overdue)
			json_put_str(out, str_from_c(shelf.place[i].path));
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}
