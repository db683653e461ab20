/* backup/check.c -- contract: check.h. */
#include "backup/check.h"

#include "backup/pair.h"
#include "backup/target.h"
#include "os/file.h"
#include "os/random.h"
#include "store/fault.h"

#define SCRATCH "valv-check-"

struct checking {
	struct job *job;
	const struct check_ask *ask;
	const char *dir;
	struct pair pair;
	struct target target;
	struct facts *facts; /* NULL: without */
	struct vault *vault;
	struct db *db;
	struct checked done;
};

static void
checking_end(struct checking *checking)
{
	checking->job->db = NULL;
	reader_end(&checking->db);
	vault_close(&checking->vault);
	facts_close(&checking->facts);
	pair_end(&checking->pair);
	target_end(&checking->target); /* never opened: it goes */
}

/* --- the scratch place ------------------------------------------------------------------------ */

/* One that nobody has locked was left by a kill. */
static void
leftover_drop(struct job *job, const char *path)
{
	OWNED(target_end) struct target target = { .lock = -1 };

	if (target_begin(job, path, &target))
		job_forgive(job);
	else
		target.made_dir = true;
}

static enum err
leftovers_drop(struct job *job, const char *scratch)
{
	str *name;
	size_t count;

	TRY(dir_names(job, scratch, &name, &count));
	for (size_t i = 0; i < count; i++)
		if (str_starts(name[i], S(SCRATCH)))
			leftover_drop(job, path_join(job, scratch, name[i]));
	return OK;
}

static enum err
scratch_begin(struct checking *checking)
{
	struct job *job = checking->job;
	OWNED(buf_release) struct buf name = { .max = 64 };
	uid id = os_uid();

	TRY(leftovers_drop(job, checking->ask->scratch));
	buf_put(&name, S(SCRATCH));
	buf_hex(&name, uid_bytes(&id));
	checking->dir = path_join(job, checking->ask->scratch, buf_str(&name));
	return target_begin(job, checking->dir, &checking->target);
}

/* --- counting --------------------------------------------------------------------------------- */

static void
count(struct checked *checked, const struct manifest *manifest)
{
	checked->tables += manifest->table_count;
	checked->pieces += manifest->pieces;
	for (size_t i = 0; i < manifest->table_count; i++)
		checked->rows += manifest->table[i].rows;
}

static void
tell_which(struct checking *checking)
{
	OWNED(buf_release) struct buf moment = { .max = 64 };
	const struct pair *pair = &checking->pair;
	struct checked *done = &checking->done;

	source_moment(&pair->data.manifest, &moment);
	done->moment = arena_str(&checking->job->arena, buf_str(&moment));
	done->data = pair->data.path;
	done->keys = pair->keys.path;
	done->made_at = pair->data.manifest.made_at;
	done->until_at = pair->keys.manifest.until_at;
	count(done, &pair->data.manifest);
	count(done, &pair->keys.manifest);
}

/* --- the check -------------------------------------------------------------------------------- */

static enum err
load(struct checking *checking)
{
	const struct check_ask *ask = checking->ask;
	struct job *job = checking->job;
	struct pair *pair = &checking->pair;

	TRY(scratch_begin(checking));
	TRY(pair_believe(job, ask->root_dir, pair));
	if (ask->facts)
		TRY(pair_ledger(job, pair, ask->facts, &checking->facts));
	TRY(pair_load(job, pair, checking->dir, pair->key, ask->facts, NULL));
	fault_point("check-loaded");
	return OK;
}

static enum err
read_all(struct checking *checking)
{
	struct vault_place place = { .dir = checking->dir, .sealed = true, .root = &checking->pair.root };
	struct checked *done = &checking->done;
	struct job *job = checking->job;
	uint64_t persons, unreadable;

	TRY(vault_open_at(job, &place, &checking->vault));
	TRY(store_reader(job, checking->vault->store, &checking->db));
	job->db = checking->db;
	if (checking->facts)
		TRY(replay(job, checking->vault, checking->facts, checking->pair.data.manifest.fact, &done->replayed));
	done->with_facts = checking->facts != NULL;
	TRY(lookups_rebuild(job, checking->vault, &persons, &unreadable)); /* who cannot be read is found below */
	return vault_verify(job, checking->vault, &done->verified);
}

enum err
backup_check(struct job *job, const struct check_ask *ask, struct checked *ret)
{
	OWNED(checking_end) struct checking checking = { .job = job, .ask = ask, .target = { .lock = -1 } };

	TRY(crypto_start(job));
	TRY(pair_open(job, ask->data, ask->keys, ask->expired_keys, &checking.pair));
	tell_which(&checking);
	TRY(load(&checking));
	TRY(read_all(&checking));
	*ret = checking.done;
	return OK;
}
