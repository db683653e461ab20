/* cli/restore.c -- `valv restore`: a vault from its backups.  No server is needed; none can have the
 * directory open. */
#include "cli/restore.h"

#include <unistd.h>

#include "backup/restore.h"
#include "cli/data_dir.h"
#include "cli/say.h"

static const struct option restore_options[] = {
	{ "data", "DIR", "Where to restore it: an empty directory, or none yet; $VALV_DATA, or else ./valv-data." },
	{ "from", "DIR", "The data backup, or the place where there are some: then the newest." },
	{ "keys-from", "DIR", "The key backup of the same moment, or the place where it is." },
	{ "facts", "DIR", "Where the ledger of facts lies; else DIR.facts beside the data directory." },
	{ "expired-keys", NULL, "Use a key backup whose life is over." },
	{ "without-facts", NULL, "Restore although the ledger of facts is lost; needs the next one, too." },
	{ "accept-lost-withdrawals", "MOMENT", "The moment to which consents go back, as the refusal names it." },
	{ "json", NULL, "Print what was done as JSON." },
};

enum err
restore_complain(struct job *job, struct cli *cli, const char *command, enum err err)
{
	const char *why = job->failure.why;

	if (cli->status || !why)
		return err;
	return complain(cli, err == ERR_ABSENT ? EXIT_NOT_FOUND : EXIT_REFUSED, "%s: %s", command, why);
}

/* --- without the ledger ----------------------------------------------------------------------- */

/* Only here it is said what it means; who reads no further than the first line gets no vault. */
static enum err
refuse(struct job *job, struct cli *cli, const struct restore_ask *ask)
{
	struct failure failure = job->failure;
	str moment;

	job_forgive(job);
	TRY(restore_moment(job, ask, &moment));
	return complain(cli, EXIT_REFUSED,
	                "restore: %s.\n"
	                "The ledger of facts is looked for in %s. It says what people have taken back: without it everybody\n"
	                "who was erased after the backup is back, every consent that was withdrawn is alive, every objection\n"
	                "and stop is forgotten, and every revoked key works. Look for it first: it lies apart from the data,\n"
	                "and --facts names its directory.\n"
	                "If it is lost, the same command with\n"
	                "  --without-facts --accept-lost-withdrawals %.*s\n"
	                "restores without it. That is recorded. Before anything is sent, enter again what people said since,\n"
	                "from wherever else it stands, and consider whether the authority must be told (Article 33).",
	                failure.why, ask->facts, SPRINT(moment));
}

/* --- the result ------------------------------------------------------------------------------- */

static void
facts_json(struct json_out *out, const struct replayed *replayed)
{
	json_name(out, S("facts"));
	json_open(out, '{');
	json_pair_i64(out, S("read"), (int64_t)replayed->facts);
	json_pair_i64(out, S("about_nobody"), (int64_t)replayed->nobody);
	json_pair_i64(out, S("persons_changed"), (int64_t)replayed->changed);
	json_pair_i64(out, S("persons_erased"), (int64_t)replayed->erased);
	json_close(out, '}');
}

static void
say_json(const struct restored *restored)
{
	OWNED(buf_release) struct buf text = { .max = 16384 };
	struct json_out out;

	json_out_begin(&out, &text);
	json_open(&out, '{');
	json_pair_str(&out, S("moment"), restored->moment);
	json_pair_time(&out, S("made_at"), restored->made_at);
	json_pair_str(&out, S("data_backup"), str_from_c(restored->data));
	json_pair_str(&out, S("key_backup"), str_from_c(restored->keys));
	json_pair_i64(&out, S("persons"), (int64_t)(restored->persons - restored->replayed.erased));
	json_pair_i64(&out, S("unreadable"), (int64_t)restored->unreadable);
	json_pair_bool(&out, S("with_facts"), restored->with_facts);
	facts_json(&out, &restored->replayed);
	json_pair_i64(&out, S("persons_swept"), (int64_t)restored->swept);
	json_pair_bool(&out, S("clock_trusted"), restored->clock_trusted);
	json_pair_i64(&out, S("entry"), restored->entry);
	json_close(&out, '}');
	say_line(stdout, buf_str(&text));
}

static void
say_text_of(struct cli *cli, struct job *job, const struct restore_ask *ask, const struct restored *restored)
{
	const struct replayed *replayed = &restored->replayed;
	const char *data = data_option(job, ask->dir);

	printf("Restored from %s: %llu persons as of %.*s.\n", restored->data, (unsigned long long)restored->persons,
	       SPRINT(restored->moment));
	if (restored->with_facts)
		printf("Of %llu facts since then, %llu changed persons again and %llu erased them again.\n",
		       (unsigned long long)replayed->facts, (unsigned long long)replayed->changed,
		       (unsigned long long)replayed->erased);
	else
		say_red(stdout, "Without the ledger of facts: what people took back since then is back. This is recorded.\n");
	if (restored->swept)
		printf("%llu persons had lost a ground by time meanwhile.\n", (unsigned long long)restored->swept);
	if (!restored->clock_trusted)
		printf("The clock is not believed yet, so nothing was erased by time; see %s clock show.\n", cli->program);
	if (restored->unreadable)
		printf("The records of %llu persons cannot be opened; %s verify names them.\n",
		       (unsigned long long)restored->unreadable, cli->program);
	printf("\n"
	       "Nothing leaves it before you say so. Serve it with the first command, check it with the second,\n"
	       "look at what waits with the third, and let it go on with the last:\n"
	       "  %s serve%s\n  %s verify%s\n  %s outbox list%s\n  %s outbox delivery%s --on --release\n",
	       cli->program, data, cli->program, data, cli->program, data, cli->program, data);
}

/* --- the command ------------------------------------------------------------------------------ */

static enum err
ask_read(struct job *job, struct cli *cli, const struct args *args, struct restore_ask *ret)
{
	*ret = (struct restore_ask){
		.data = arg_c(args, "from"),
		.keys = arg_c(args, "keys-from"),
		.dir = data_dir(args),
		.facts = arg_c(args, "facts"),
		.expired_keys = arg_given(args, "expired-keys"),
		.without_facts = arg_given(args, "without-facts"),
		.accepted = arg_str(args, "accept-lost-withdrawals"),
	};
	if (!ret->data || !ret->keys)
		return complain(cli, EXIT_USAGE, "restore: --from and --keys-from name the two backups");
	if (!ret->facts)
		ret->facts = facts_dir_default(job, ret->dir);
	return OK;
}

static enum err
restore_run(struct job *job, struct cli *cli, const struct args *args)
{
	struct restored restored;
	struct restore_ask ask;
	enum err err;

	cli->json = arg_given(args, "json");
	TRY(ask_read(job, cli, args, &ask));
	job->actor = (struct actor){ .kind = ACTOR_OPERATOR, .no = geteuid() };
	err = restore(job, &ask, &restored);
	if (err == ERR_SEALED)
		return refuse(job, cli, &ask);
	if (err)
		return restore_complain(job, cli, "restore", err);
	if (cli->json)
		say_json(&restored);
	else
		say_text_of(cli, job, &ask, &restored);
	return OK;
}

const struct command command_restore = {
	.about = "Loads the two backups into an empty directory, says again to them what the ledger of facts knows "
	         "to have been taken away since (erasures, withdrawals, objections, restrictions, corrected values, "
	         "revoked keys, stops), erases what has ended by time, and only then opens it. Until then it is sealed: "
	         "after an interruption, run the same command again.\n"
	         "The root key is looked for as by serve: put root.key into the directory first, or set "
	         "$VALV_ROOT_KEY_FILE. Numbers go on above all that were ever used, links to packages and repeated calls "
	         "are gone, and nothing that was queued is sent before `valv outbox delivery --on --release`.",
	.examples = "valv restore --data /var/lib/valv/vault --from /backup/data --keys-from /backup/keys --facts /ledger\n"
	            "valv restore --from /backup/data/data-20261127T091605Z-4f1c9a02 --keys-from /backup/keys",
	OPTIONS(restore_options),
	.run = restore_run,
};
