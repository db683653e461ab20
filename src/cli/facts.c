/* cli/facts.c -- `valv facts renew`: a vault whose ledger of facts is lost gets another.  No server may be
 * running. */
#include <unistd.h>

#include "cli/data_dir.h"
#include "cli/restore.h"
#include "vault/vault.h"

static const struct option renew_options[] = {
	{ "data", "DIR", "The vault; $VALV_DATA, or else ./valv-data." },
	{ "facts", "DIR", "Where the new ledger is to lie; where the old one was unless said." },
	{ "accept-void-backups", NULL, "Yes: backups that were made before are void." },
};

static enum err
renew_run(struct job *job, struct cli *cli, const struct args *args)
{
	struct vault_place place = { .dir = data_dir(args), .facts = arg_c(args, "facts"), .remember = true };
	const char *facts;
	enum err err;

	if (!arg_given(args, "accept-void-backups"))
		return complain(cli, EXIT_USAGE,
		                "facts renew: a backup that was made before cannot be restored any more without bringing back\n"
		                "what people have taken back since. If the ledger is lost for good, say --accept-void-backups,\n"
		                "make a new backup at once and destroy the old ones. This is recorded.");
	job->actor = (struct actor){ .kind = ACTOR_OPERATOR, .no = geteuid() };
	err = vault_facts_renew(job, &place, &facts);
	if (err)
		return restore_complain(job, cli, "facts renew", err);
	printf("A new ledger of facts is in %s.\nBackups that were made before are void: make one now, and destroy those.\n",
	       facts);
	return OK;
}

const struct command command_facts_renew = {
	.about = "A vault does not open without its ledger of facts: a copy of the data from the past looks just like one "
	         "whose ledger is gone. Look for the ledger first, and bring it back. If it is lost for good, this makes a "
	         "new one with the same key, which goes on from where the vault is. The vault itself loses nothing by it; its "
	         "backups do.",
	.examples = "valv facts renew --accept-void-backups\n"
	            "valv facts renew --facts /mnt/other/valv --accept-void-backups",
	OPTIONS(renew_options),
	.run = renew_run,
};
