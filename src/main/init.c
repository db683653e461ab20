/* main/init.c -- `valv init`: makes the store itself, and says what to do next. */
#include "cli/data_dir.h"
#include "main/make.h"
#include "main/root_notice.h"

static const struct option options[] = {
	{ "data", "DIR", "Where to make it; $VALV_DATA, or else ./valv-data." },
	{ "root", "KIND", "Where the root key comes from; key-file unless said.",
	  "key-file passphrase credential" },
	{ "company", "NAME", "The controller: who decides why the data is kept." },
	{ "contact", "TEXT", "How people reach the controller, as dataskydd@example.com." },
	{ "no-starter", NULL, "Leave out the starter set of fields and purposes." },
};

struct plan {
	str company, contact;
	bool starter;
};

static enum err
fill(struct job *job, struct vault *vault, const char *dir, void *ctx)
{
	const struct plan *plan = ctx;

	TRY(setting_put(job, vault, S("company"), plan->company));
	TRY(setting_put(job, vault, S("contact"), plan->contact));
	return plan->starter ? starter_load(job, vault, plan->company, plan->contact) : OK;
}

static enum root_source
source_of(str word)
{
	return str_eq(word, S("passphrase"))   ? ROOT_PASSPHRASE
	       : str_eq(word, S("credential")) ? ROOT_CREDENTIAL
	                                       : ROOT_KEY_FILE;
}

static void
say_next(struct job *job, const struct cli *cli, const char *dir, const struct plan *plan)
{
	const char *data = data_option(job, dir);

	printf("A vault is in %s.\n", dir);
	if (plan->starter)
		printf("It has a starter set of fields and purposes; their controller is %.*s.\n",
		       SPRINT(plan->company));
	else
		printf("It has no fields and no purposes yet.\n");
	printf("\n"
	       "Serve it on http://localhost:8400 with the first command, and in another terminal "
	       "go on:\n"
	       "  %s serve%s\n",
	       cli->program, data);
	if (plan->starter)
		printf("  %s purpose list%s\n", cli->program, data);
	else
		printf("  %s field put%s NAME FILE.json\n  %s purpose put%s NAME FILE.json\n",
		       cli->program, data, cli->program, data);
	printf("  %s key create%s NAME --scope decide --purpose '*'\n", cli->program, data);
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	struct plan plan = { arg_str(args, "company"), arg_str(args, "contact") };
	const char *dir = data_dir(args);
	bool named = arg_given(args, "company");
	enum err err;

	if (named != arg_given(args, "contact") ||
	    (named && (!plan.company.len || !plan.contact.len)))
		return complain(cli, EXIT_USAGE,
		                "init: --company and --contact go together: a purpose states both");
	plan.starter = named && !arg_given(args, "no-starter");
	err = vault_make(job, dir, source_of(arg_str(args, "root")), named ? fill : NULL, &plan);
	if (err == ERR_CONFLICT)
		return complain(
			cli, EXIT_REFUSED,
			"there is a vault, or a root key, in %s already; nothing was changed", dir);
	TRY(err);
	say_next(job, cli, dir, &plan);
	fflush(stdout);
	root_notice(job, dir);
	return OK;
}

const struct command command_init = {
	.about = "Given --company and --contact, the vault comes with a starter set of fields and "
	         "purposes (newsletter, order, bookkeeping, support, statistics) in Swedish and "
	         "English, in force, with that company as their controller. Without them it is "
	         "empty: a purpose must say who decides.\n"
	         "With --root key-file the root key is DIR/root.key: whoever has the data and "
	         "that file can read everything. Set $VALV_ROOT_KEY_FILE to keep it on another "
	         "medium. With --root passphrase it is derived from a passphrase, asked for at "
	         "the terminal or read from the first line of the file that $VALV_PASSPHRASE_FILE "
	         "names. With --root credential systemd hands it over as valv-root.",
	.examples = "valv init --data /var/lib/valv --company 'Exempel AB' --contact "
	            "dataskydd@example.com\n"
	            "VALV_ROOT_KEY_FILE=/media/key/root.key valv init --data /var/lib/valv",
	OPTIONS(options),
	.run = run,
};
