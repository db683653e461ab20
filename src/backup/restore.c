/* backup/restore.c -- contract and V1-V5: restore.h. */
#include "backup/restore.h"

#include "access/access.h"
#include <unistd.h>

#include "audit/entry.h"
#include "audit/witness.h"
#include "backup/pair.h"
#include "backup/target.h"
#include "message/message.h"
#include "os/file.h"
#include "os/random.h"
#include "signup/signup.h"
#include "store/fault.h"
#include "vault/outbox.h"
#include "vault/sweep.h"

#define SWEEP_BATCH 200
#define LOG_PAGE 1000

/* Without a ledger nobody knows which numbers were used since: so many are passed over. */
#define LOST_SUBJECTS ((int64_t)1 << 20)
#define LOST_ENTRIES ((int64_t)1 << 32)

struct restoring {
	struct job *job;
	const struct restore_ask *ask;
	struct pair pair;
	struct target target;
	struct facts *facts; /* NULL: without */
	struct vault *vault;
	struct db *db;
	struct restored done;
	uint8_t log[32];     /* V5 */
	uid origin;          /* of the log from here on, and its tree's id */
	bool tree_there;     /* in the backup, with a checkpoint */
	struct tree tree;
	struct checkpoint checkpoint;
};

static void
restoring_end(struct restoring *restoring)
{
	restoring->job->db = NULL;
	reader_end(&restoring->db);
	vault_close(&restoring->vault);
	facts_close(&restoring->facts);
	pair_end(&restoring->pair);
	target_end(&restoring->target);
}

/* --- the ledger, or twice said that there is none ---------------------------------------------- */

static str
moment_text(struct job *job, const struct manifest *manifest)
{
	OWNED(buf_release) struct buf text = { .max = 64 };

	source_moment(manifest, &text);
	return arena_str(&job->arena, buf_str(&text));
}

static bool
ledger_there(struct job *job, const char *dir)
{
	return file_exists(path_join(job, dir, S("ledger")));
}

/* Before anything is made. */
static enum err
consent_check(struct restoring *restoring)
{
	const struct restore_ask *ask = restoring->ask;
	struct job *job = restoring->job;

	if (!ask->without_facts && !ask->accepted.len)
		return ledger_there(job, ask->facts)
		               ? OK
		               : fail(job, ERR_SEALED, "the ledger of facts is not there, and without it what people have taken back would be back");
	if (!ask->without_facts)
		return fail(job, ERR_INVALID, "lost withdrawals are only accepted together with --without-facts");
	if (!str_eq(ask->accepted, restoring->done.moment)) /* V2 */
		return fail(job, ERR_SEALED, "without the ledger of facts the moment to which consents go back must be accepted, too");
	return OK;
}

static enum err
fact_no_more(struct job *job, int64_t no, time_us at, bytes plain, void *ctx)
{
	struct fact fact;

	if (fact_read(plain, &fact) && fact.kind == FACT_RESTORED)
		return OK;
	return fail(job, ERR_CONFLICT, "there is a ledger of facts in that place: restore with it");
}

/* One that an interrupted attempt began tells of nothing but that. */
static enum err
ledger_untold(struct restoring *restoring, struct facts *facts)
{
	const struct manifest *manifest = &restoring->pair.data.manifest;

	if (uid_eq(facts_head(facts)->ledger, manifest->ledger) || facts_head(facts)->no < manifest->fact)
		return fail(restoring->job, ERR_CONFLICT, "there is a ledger of facts in that place: restore with it");
	return facts_each(restoring->job, facts, 0, fact_no_more, NULL);
}

/* A new one goes on from the backup's numbers. */
static enum err
ledger_new(struct restoring *restoring, struct facts_head *ret)
{
	const struct manifest *manifest = &restoring->pair.data.manifest;
	struct job *job = restoring->job;
	OWNED(facts_close) struct facts *facts = NULL;
	struct facts_head begin = {
		.ledger = os_uid(),
		.no = manifest->fact,
		.bound = { manifest->bound.subjects + LOST_SUBJECTS, manifest->bound.entries + LOST_ENTRIES },
	};
	enum err err = facts_create(job, restoring->ask->facts, restoring->pair.key, &begin);

	if (err && err != ERR_CONFLICT)
		return err;
	job_forgive(job);
	err = facts_open(job, restoring->ask->facts, restoring->pair.key, NULL, FACTS_READ, &facts);
	if (err) {
		job_forgive(job);
		return fail(job, ERR_CONFLICT, "a ledger of facts that cannot be used lies in that place: move it away, or name another place");
	}
	*ret = *facts_head(facts);
	return ledger_untold(restoring, facts);
}

/* At the end this vault is to append to it. */
static enum err
ledger_is_free(struct restoring *restoring)
{
	OWNED(facts_close) struct facts *facts = NULL;

	return facts_open(restoring->job, restoring->ask->facts, restoring->pair.key, NULL, FACTS_APPEND, &facts);
}

static enum err
load(struct restoring *restoring)
{
	const struct restore_ask *ask = restoring->ask;
	struct job *job = restoring->job;
	struct pair *pair = &restoring->pair;
	struct facts_head head;

	if (ask->without_facts) {
		TRY(ledger_new(restoring, &head));
		TRY(pair_load(job, pair, ask->dir, pair->key, NULL, &head));
	} else {
		TRY(pair_ledger(job, pair, ask->facts, &restoring->facts));
		TRY(ledger_is_free(restoring));
		TRY(pair_load(job, pair, ask->dir, pair->key, ask->facts, facts_head(restoring->facts)));
	}
	restoring->done.with_facts = !ask->without_facts;
	fault_point("restore-loaded");
	return OK;
}

/* --- the audit log of before ------------------------------------------------------------------ */

static void
entry_hash(const struct rows *rows, uint8_t hash[32])
{
	OWNED(buf_release) struct buf row = { .max = 1024 * 1024 };

	buf_data(&row, (bytes){ hash, 32 });
	for (int column = 0; column < 8; column++)
		buf_le64(&row, (uint64_t)(rows_null(rows, column) ? 0 : rows_i64(rows, column)));
	buf_block(&row, rows_bytes(rows, 8));
	must(buf_ok(&row));
	digest_public(buf_bytes(&row), hash);
}

static enum err
log_page(struct job *job, int64_t *after, uint8_t hash[32], bool *ret_more)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret_more = false;
	TRY(db_query(job, job->db, SQL_ENTRY_AFTER, ARGS(sql_i64(*after), sql_i64(LOG_PAGE)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		*ret_more = true;
		*after = rows_i64(&rows, 0);
		entry_hash(&rows, hash);
	}
}

static enum err
tree_look(struct restoring *restoring)
{
	struct job *job = restoring->job;
	str note;

	TRY(tree_last(job, job->db, &restoring->tree, &restoring->tree_there));
	if (!restoring->tree_there || !restoring->tree.size) {
		restoring->tree_there = false; /* of a restore that was not served: nothing was signed */
		return OK;
	}
	TRY(tree_checkpoint(job, &note));
	if (!checkpoint_read(note, &restoring->checkpoint))
		return fail(job, ERR_CORRUPT, "the last checkpoint of the backup's audit log cannot be read");
	return OK;
}

/* V5: before this restore puts its first. */
static enum err
log_read(struct restoring *restoring)
{
	int64_t after = 0;
	bool more = true;

	while (more)
		TRY(log_page(restoring->job, &after, restoring->log, &more));
	if (after != restoring->pair.data.manifest.entry)
		return fail(restoring->job, ERR_CORRUPT, "the audit log of the backup does not end where its manifest says");
	restoring->origin = os_uid();
	return tree_look(restoring);
}

/* --- taking away again ------------------------------------------------------------------------ */

static enum err
vault_begin(struct restoring *restoring)
{
	struct job *job = restoring->job;

	TRY(vault_open_at(job,
	                  &(struct vault_place){ .dir = restoring->ask->dir, .sealed = true, .root = &restoring->pair.root },
	                  &restoring->vault));
	TRY(store_reader(job, restoring->vault->store, &restoring->db));
	job->db = restoring->db;
	return OK;
}

/* F3: what time has taken away since.  A clock that is not believed erases nothing; what is over by it is not
 * used either, and the server sweeps when it may. */
static enum err
time_say(struct restoring *restoring)
{
	struct sweep_round round = { 0 };
	struct sweep_result result = { .more = true };
	struct clock_view view;

	TRY(clock_start(restoring->job, restoring->vault));
	TRY(clock_look(restoring->job, restoring->vault, &view));
	restoring->done.clock_trusted = view.state == CLOCK_TRUSTED;
	while (restoring->done.clock_trusted && result.more) {
		TRY(sweep(restoring->job, restoring->vault, SWEEP_BATCH, &round, &result));
		restoring->done.swept += result.persons - result.failed;
	}
	return OK;
}

/* What the disk keeps of keys that were loaded and destroyed is noise when the epoch is gone that wrapped
 * them. */
static enum err
keys_turn(struct restoring *restoring)
{
	struct vault *vault = restoring->vault;
	uint64_t rewrapped;
	uint32_t epoch;

	return keys_rotate(restoring->job, vault->keys, vault->store, NULL, NULL, &epoch, &rewrapped);
}

static enum err
take_away(struct restoring *restoring)
{
	struct job *job = restoring->job;
	struct vault *vault = restoring->vault;
	uint64_t persons;

	if (restoring->facts)
		TRY(replay(job, vault, restoring->facts, restoring->pair.data.manifest.fact, &restoring->done.replayed));
	fault_point("restore-replayed");
	TRY(time_say(restoring));
	TRY(lookups_rebuild(job, vault, &persons, &restoring->done.unreadable));
	TRY(keys_turn(restoring));
	fault_point("restore-rotated");
	return OK;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void
entry_body(const struct restoring *restoring, struct buf *out)
{
	const struct manifest *manifest = &restoring->pair.data.manifest;
	const struct replayed *replayed = &restoring->done.replayed;

	buf_data(out, uid_bytes(&manifest->moment));
	buf_data(out, uid_bytes(&restoring->origin));
	buf_u8(out, restoring->done.with_facts ? 1 : 2);
	buf_le64(out, (uint64_t)manifest->entry);
	buf_data(out, (bytes){ restoring->log, sizeof(restoring->log) });
	buf_le64(out, (uint64_t)manifest->fact);
	buf_le64(out, replayed->facts);
	buf_le64(out, replayed->changed);
	buf_le64(out, replayed->erased);
	if (!restoring->tree_there)
		return;
	buf_data(out, uid_bytes(&restoring->tree.id));
	buf_le64(out, restoring->checkpoint.size);
	buf_data(out, (bytes){ restoring->checkpoint.root.octet, MERKLE_BYTES });
}

static bool
eat_id(bytes *rest, uid *ret)
{
	bytes octets;

	return eat_bytes(rest, 16, &octets) && uid_from_bytes(octets, ret);
}

bool
restore_entry_read(bytes body, struct restore_entry *ret)
{
	uint64_t last, fact;
	uint8_t how;

	if (!eat_id(&body, &ret->moment) || !eat_id(&body, &ret->origin) || !eat_u8(&body, &how) ||
	    !eat_le64(&body, &last) || !eat_bytes(&body, 32, &ret->log) || !eat_le64(&body, &fact) ||
	    !eat_le64(&body, &ret->facts) || !eat_le64(&body, &ret->changed) || !eat_le64(&body, &ret->erased))
		return false;
	ret->with_facts = how == 1;
	ret->last_entry = (int64_t)last;
	ret->tree_there = body.len > 0;
	return !ret->tree_there || (eat_id(&body, &ret->tree) && eat_le64(&body, &ret->tree_size) &&
	                            eat_bytes(&body, MERKLE_BYTES, &ret->tree_root) && body.len == 0);
}

static enum err
finish_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf body = { .max = 256 };
	struct restoring *restoring = arg;

	TRY(outbox_restored_steps(job, db)); /* V4 */
	TRY(message_restored_steps(job, db));
	TRY(signup_restored_steps(job, db));
	TRY(access_restored_steps(job, db));
	TRY(fact_restored(job, db, restoring->pair.data.manifest.fact));
	TRY(tree_begin_steps(job, db, restoring->origin));
	TRY(witness_forget_steps(job, db)); /* R8 */
	entry_body(restoring, &body);
	must(buf_ok(&body));
	return entry_append(job, db, &(struct entry){ .act = ENTRY_RESTORE, .body = buf_bytes(&body) },
	                    &restoring->done.entry);
}

/* From here on the ledger is its own again: whoever still has it open is told apart by its lock. */
static enum err
finish(struct restoring *restoring)
{
	struct job *job = restoring->job;
	struct vault_place place = { .dir = restoring->ask->dir, .facts = restoring->ask->facts, .remember = true };
	enum err err;

	facts_close(&restoring->facts);
	err = vault_facts_open(job, restoring->vault, &place);
	if (err == ERR_SEALED)
		return job_forgive(job), fail(job, ERR_STALE, "the ledger of facts went on meanwhile: somebody else writes to it");
	TRY(err);
	fault_point("restore-attached");
	TRY(store_write(job, restoring->vault->store, WRITE_RESERVED, finish_steps, restoring));
	fault_point("restore-told");
	TRY(store_checkpoint(job, restoring->vault->store));
	job->db = NULL;
	reader_end(&restoring->db);
	vault_close(&restoring->vault);
	return target_open(job, &restoring->target); /* V1 */
}

static enum err
begin(struct restoring *restoring)
{
	const struct restore_ask *ask = restoring->ask;
	struct job *job = restoring->job;
	struct pair *pair = &restoring->pair;

	TRY(crypto_start(job));
	TRY(pair_open(job, ask->data, ask->keys, ask->expired_keys, pair));
	restoring->done.data = pair->data.path;
	restoring->done.keys = pair->keys.path;
	restoring->done.moment = moment_text(job, &pair->data.manifest);
	restoring->done.made_at = pair->data.manifest.made_at;
	restoring->done.persons = manifest_rows(&pair->data.manifest, S("subject"));
	TRY(consent_check(restoring));
	TRY(target_begin(job, ask->dir, &restoring->target));
	TRY(target_salt(job, &restoring->target, pair->keys.path));
	return pair_believe(job, ask->dir, pair);
}

enum err
restore(struct job *job, const struct restore_ask *ask, struct restored *ret)
{
	OWNED(restoring_end) struct restoring restoring = { .job = job, .ask = ask, .target = { .lock = -1 } };

	TRY(begin(&restoring));
	TRY(load(&restoring));
	TRY(vault_begin(&restoring));
	TRY(log_read(&restoring));
	TRY(take_away(&restoring));
	TRY(finish(&restoring));
	*ret = restoring.done;
	return OK;
}

enum err
restore_moment(struct job *job, const struct restore_ask *ask, str *ret)
{
	struct source *source = arena_alloc(&job->arena, sizeof(*source));

	TRY(source_open(job, ask->data, DUMP_DATA, source));
	*ret = moment_text(job, &source->manifest);
	return OK;
}
