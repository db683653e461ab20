/* cli/backup_verify.c -- `valv backup verify`: is a backup what a restore needs?  Reads the backups themselves;
 * no server is needed, and one may be running. */
#include "backup/check.h"

#include <unistd.h>

#include "cli/data_dir.h"
#include "cli/restore.h"
#include "cli/say.h"
#include "os/file.h"

static const struct option verify_options[] = {
	{ "data", "DIR", "The vault, where its root key is looked for; $VALV_DATA or ./valv-data unless it is given." },
	{ "from", "DIR", "The data backup, or the place where there are some: then the newest." },
	{ "keys-from", "DIR", "The key backup of the same moment, or the place where it is." },
	{ "facts", "DIR", "Where the ledger of facts lies; else DIR.facts beside the data directory, if it is there." },
	{ "scratch", "DIR", "Where to restore it to for a while; $TMPDIR, or else /var/tmp." },
	{ "expired-keys", NULL, "Use a key backup whose life is over." },
	{ "json", NULL, "Print what was found as JSON." },
};

static uint64_t
findings(const struct verify_result *verified)
{
	uint64_t count = 0;

	for (size_t i = 0; i < COUNT(verified->found); i++)
		count += verified->found[i];
	return count;
}

static void
findings_json(struct json_out *out, const struct verify_result *verified)
{
	json_name(out, S("findings"));
	json_open(out, '[');
	for (enum finding finding = FINDING_VERSION; finding < FINDING_COUNT; finding++) {
		if (!verified->found[finding])
			continue;
		json_open(out, '{');
		json_pair_str(out, S("finding"), finding_text(finding));
		json_pair_i64(out, S("count"), (int64_t)verified->found[finding]);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
say_json(const struct checked *checked)
{
	OWNED(buf_release) struct buf text = { .max = 16384 };
	struct json_out out;

	json_out_begin(&out, &text);
	json_open(&out, '{');
	json_pair_str(&out, S("moment"), checked->moment);
	json_pair_time(&out, S("made_at"), checked->made_at);
	json_pair_str(&out, S("data_backup"), str_from_c(checked->data));
	json_pair_str(&out, S("key_backup"), str_from_c(checked->keys));
	json_pair_time(&out, S("keys_until"), checked->until_at);
	json_pair_i64(&out, S("tables"), (int64_t)checked->tables);
	json_pair_i64(&out, S("rows"), (int64_t)checked->rows);
	json_pair_i64(&out, S("pieces"), (int64_t)checked->pieces);
	json_pair_bool(&out, S("with_facts"), checked->with_facts);
	json_pair_i64(&out, S("facts"), (int64_t)checked->replayed.facts);
	json_pair_i64(&out, S("persons_erased"), (int64_t)checked->replayed.erased);
	json_pair_i64(&out, S("persons"), (int64_t)checked->verified.persons);
	json_pair_i64(&out, S("values"), (int64_t)checked->verified.values);
	json_pair_i64(&out, S("acts"), (int64_t)checked->verified.acts);
	json_pair_i64(&out, S("entries"), (int64_t)checked->verified.entries);
	findings_json(&out, &checked->verified);
	json_close(&out, '}');
	say_line(stdout, buf_str(&text));
}

static void
say_it(struct job *job, const struct checked *checked)
{
	OWNED(buf_release) struct buf until = { .max = 64 };
	const struct verify_result *verified = &checked->verified;

	buf_time(&until, checked->until_at);
	printf("data  %s\nkeys  %s\n      usable until %.*s UTC\n", checked->data, checked->keys,
	       SPRINT(time_short(job, buf_str(&until))));
	printf("Restored: %llu rows of %llu tables, as the manifests say.\n", (unsigned long long)checked->rows,
	       (unsigned long long)checked->tables);
	if (checked->with_facts)
		printf("Of %llu facts since then, %llu changed persons and %llu erased them.\n",
		       (unsigned long long)checked->replayed.facts, (unsigned long long)checked->replayed.changed,
		       (unsigned long long)checked->replayed.erased);
	else
		printf("The ledger of facts was not looked at; --facts names its directory.\n");
	printf("Read: %llu persons, %llu values, %llu acts, %llu audit entries.\n", (unsigned long long)verified->persons,
	       (unsigned long long)verified->values, (unsigned long long)verified->acts,
	       (unsigned long long)verified->entries);
}

static enum err
say_found(struct cli *cli, const struct verify_result *verified)
{
	if (!findings(verified)) {
		puts("All of it is what the ledgers and the audit log say. Nothing of it was kept.");
		return OK;
	}
	say_red(stdout, "Found:\n");
	for (enum finding finding = FINDING_VERSION; finding < FINDING_COUNT; finding++)
		if (verified->found[finding])
			printf("  %llu: %.*s\n", (unsigned long long)verified->found[finding], SPRINT(finding_text(finding)));
	return complain(cli, EXIT_REFUSED, "the backup is not what it must be");
}

static const char *
scratch_of(const struct args *args)
{
	const char *given = arg_c(args, "scratch"), *temporary = getenv("TMPDIR");

	return given ? given : temporary && *temporary ? temporary : "/var/tmp";
}

/* The one beside the data, if it is there; one that is named must be. */
static const char *
facts_of(struct job *job, const struct args *args)
{
	const char *beside = facts_dir_default(job, data_dir(args));

	if (arg_given(args, "facts"))
		return arg_c(args, "facts");
	return file_exists(path_join(job, beside, S("ledger"))) ? beside : NULL;
}

static enum err
verify_run(struct job *job, struct cli *cli, const struct args *args)
{
	struct check_ask ask = { .data = arg_c(args, "from"), .keys = arg_c(args, "keys-from"),
		                 .root_dir = data_dir(args), .scratch = scratch_of(args),
		                 .facts = facts_of(job, args), .expired_keys = arg_given(args, "expired-keys") };
	struct checked checked;
	enum err err;

	cli->json = arg_given(args, "json");
	if (!ask.data || !ask.keys)
		return complain(cli, EXIT_USAGE, "backup verify: --from and --keys-from name the two backups");
	job->actor = (struct actor){ .kind = ACTOR_OPERATOR, .no = geteuid() };
	err = backup_check(job, &ask, &checked);
	if (err)
		return restore_complain(job, cli, "backup verify", err);
	if (!cli->json) {
		say_it(job, &checked);
		return say_found(cli, &checked.verified);
	}
	say_json(&checked);
	cli->status = findings(&checked.verified) ? EXIT_REFUSED : EXIT_OK;
	return cli->status ? ERR_CORRUPT : OK;
}

const struct command command_backup_verify = {
	.about = "Checks both manifests, their signatures and every piece, loads them into a scratch directory, says "
	         "again what the ledger of facts knows since, opens every person and folds every ledger, and takes the "
	         "scratch directory away. What lies there meanwhile is sealed as in the vault; nothing is written in "
	         "clear. Run it for each backup: one that was never restored is a hope. Exit status 1 when anything is wrong.",
	.examples = "valv backup verify --from /mnt/backup/valv --keys-from /mnt/keys/valv --facts /mnt/facts/valv",
	OPTIONS(verify_options),
	.run = verify_run,
};
