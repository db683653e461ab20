/* backup/shelf.c -- what backups there are, and the end of those of keys.  Contract and A5: backup.h. */
#include "audit/entry.h"
#include "backup/place.h"
#include "os/file.h"

#define SEEN_MAX 100000

/* --- what there is ---------------------------------------------------------------------------- */

enum err
backup_places(struct job *job, struct vault *vault, struct backup_shelf *ret)
{
	*ret = (struct backup_shelf){ 0 };
	TRY(places_known(job, vault, &ret->place, &ret->places));
	for (size_t i = 0; i < ret->places; i++) {
		struct backup_place *place = &ret->place[i];
		place->overdue = place->kind == DUMP_KEYS && place->at && place->at <= job->now;
	}
	return OK;
}

static uint64_t
persons_in(const struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->table_count; i++)
		if (str_eq(manifest->table[i].name, S("subject")))
			return manifest->table[i].rows;
	return 0;
}

static enum err
seen_read(struct job *job, struct secret *key, struct backup_seen *seen)
{
	struct manifest *manifest = arena_alloc(&job->arena, sizeof(*manifest));

	TRY(manifest_of(job, key, seen->path, manifest, &seen->readable));
	if (!seen->readable)
		return OK;
	seen->kind = manifest->kind;
	seen->made_at = manifest->made_at;
	seen->until_at = manifest->until_at;
	seen->persons = persons_in(manifest);
	seen->pieces = manifest->pieces;
	seen->moment = manifest->moment;
	seen->fact = manifest->fact;
	return OK;
}

/* Both kinds may lie in one place by mistake of somebody who moved them; each is looked for in its own. */
static enum err
place_list(struct job *job, struct secret *key, const struct backup_place *place, struct backup_shelf *shelf)
{
	str *name;
	size_t count;

	if (!place->there)
		return OK;
	TRY(dir_names(job, place->path, &name, &count));
	for (size_t i = 0; i < count && shelf->count < SEEN_MAX; i++) {
		struct backup_seen *seen = &shelf->seen[shelf->count];
		if (!str_starts(name[i], kind_prefix(place->kind)))
			continue;
		*seen = (struct backup_seen){ .kind = place->kind, .path = path_join(job, place->path, name[i]) };
		TRY(seen_read(job, key, seen));
		shelf->count++;
	}
	return OK;
}

static enum err
room_make(struct job *job, struct backup_shelf *shelf)
{
	size_t room = 0, count;
	str *name;

	for (size_t i = 0; i < shelf->places; i++) {
		if (!shelf->place[i].there)
			continue;
		TRY(dir_names(job, shelf->place[i].path, &name, &count));
		room += count + 8; /* a few that are made meanwhile */
	}
	shelf->seen = arena_array(&job->arena, room < SEEN_MAX ? room + 1 : SEEN_MAX, sizeof(*shelf->seen));
	return OK;
}

enum err
backup_list(struct job *job, struct vault *vault, struct backup_shelf *ret)
{
	OWNED(secret_free) struct secret *key = NULL;

	TRY(backup_places(job, vault, ret));
	for (size_t i = 0; i < ret->places; i++)
		place_look(job, &ret->place[i]);
	TRY(room_make(job, ret));
	TRY(facts_key(job, vault, &key));
	for (size_t i = 0; i < ret->places; i++)
		TRY(place_list(job, key, &ret->place[i], ret));
	return OK;
}

/* --- the end of key backups ------------------------------------------------------------------- */

/* One directory of a place: destroyed, or taken into account for the place's next time. */
static enum err
prune_one(struct job *job, struct secret *key, const char *place, str name, time_us *next_at,
          struct backup_pruned *pruned)
{
	struct manifest *manifest = arena_alloc(&job->arena, sizeof(*manifest));
	bool there;

	if (str_starts(name, MAKING) || str_starts(name, GONE))
		return keys_destroy(job, place, name);
	if (!str_starts(name, kind_prefix(DUMP_KEYS)))
		return OK;
	TRY(manifest_of(job, key, path_join(job, place, name), manifest, &there));
	if (!there || manifest->kind != DUMP_KEYS || !manifest->until_at)
		return OK; /* not of this vault */
	if (manifest->until_at > job->now) {
		*next_at = *next_at && *next_at < manifest->until_at ? *next_at : manifest->until_at;
		return OK;
	}
	TRY(keys_destroy(job, place, name));
	pruned->destroyed++;
	return OK;
}

/* The first failure is returned, when all has been tried. */
static enum err
prune_place(struct job *job, struct vault *vault, struct secret *key, const struct backup_place *place,
            struct backup_pruned *pruned)
{
	struct failure first = { 0 };
	time_us next_at = 0;
	str *name;
	size_t count;

	TRY(dir_names(job, place->path, &name, &count));
	for (size_t i = 0; i < count; i++) {
		enum err err = prune_one(job, key, place->path, name[i], &next_at, pruned);
		if (err && !first.err)
			first = job->failure;
		job_forgive(job);
	}
	if (first.err) { /* it stays due */
		job->failure = first;
		return first.err;
	}
	return next_at == place->at ? OK : place_set(job, vault, DUMP_KEYS, place->path, next_at);
}

static enum err
prune_locked(struct job *job, struct vault *vault, struct secret *key, struct backup_place *place,
             struct backup_pruned *pruned)
{
	OWNED(place_unlock) int lock = -1;
	enum err err = ERR_BUSY;

	place_look(job, place);
	if (place->there)
		err = place_lock(job, place->path, &lock);
	if (!err)
		return prune_place(job, vault, key, place, pruned);
	if (err != ERR_BUSY)
		return err;
	job_forgive(job);
	pruned->overdue++;
	return OK;
}

/* le64 destroyed */
static enum err
prune_entry(struct job *job, struct vault *vault, const struct backup_pruned *pruned)
{
	OWNED(buf_release) struct buf body = { .max = 8 };

	if (!pruned->destroyed)
		return OK;
	buf_le64(&body, pruned->destroyed);
	return entry_write(job, vault->store, &(struct entry){ .act = ENTRY_BACKUP_PRUNE, .body = buf_bytes(&body) }, NULL);
}

static enum err
prune_due(struct job *job, struct vault *vault, const struct backup_shelf *shelf, struct backup_pruned *pruned)
{
	OWNED(secret_free) struct secret *key = NULL;
	struct failure first = { 0 };

	TRY(facts_key(job, vault, &key));
	for (size_t i = 0; i < shelf->places; i++) {
		enum err err;
		if (!shelf->place[i].overdue)
			continue;
		err = prune_locked(job, vault, key, &shelf->place[i], pruned);
		if (err && !first.err)
			first = job->failure;
		job_forgive(job);
	}
	TRY(prune_entry(job, vault, pruned));
	if (first.err)
		job->failure = first;
	return first.err;
}

enum err
backup_prune(struct job *job, struct vault *vault, struct backup_pruned *ret)
{
	struct backup_pruned pruned = { 0 };
	struct backup_shelf shelf;
	bool due = false;
	enum err err;

	*ret = pruned;
	TRY(backup_places(job, vault, &shelf));
	for (size_t i = 0; i < shelf.places; i++)
		due = due || shelf.place[i].overdue;
	err = due ? prune_due(job, vault, &shelf, &pruned) : OK;
	*ret = pruned;
	return err;
}
