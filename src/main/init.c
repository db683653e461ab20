/* main/init.c -- `valv init`: makes the store itself, and says what to do next. */
#include "cli/data_dir.h"
#include "crypto/words.h"
#include "main/make.h"
#include "main/root_notice.h"

#include <unistd.h>

static const struct option options[] = {
	{ "data", "DIR", "Where to make it; $VALV_DATA, or else ./valv-data." },
	{ "root", "KIND", "Where the root key comes from; key-file unless said.",
	  "key-file passphrase credential" },
	{ "company", "NAME", "The controller: who decides why the data is kept." },
	{ "contact", "TEXT", "How people reach the controller, as dataskydd@example.com." },
	{ "facts", "DIR", "Where its ledger of facts is to lie, best on another machine's disk; else DIR.facts beside it." },
	{ "no-starter", NULL, "Leave out the starter set of fields and purposes." },
};

struct plan {
	str company, contact;
	bool starter;
	const char *facts;
	struct buf words; /* to be shown once */
};

static void
plan_end(struct plan *plan)
{
	buf_release(&plan->words);
}

static enum err
words_keep(struct job *job, struct vault *vault, struct plan *plan)
{
	OWNED(secret_free) struct secret *key = NULL;

	TRY(facts_key(job, vault, &key));
	words_put(key, &plan->words);
	return OK;
}

static enum err
fill(struct job *job, struct vault *vault, const char *dir, void *ctx)
{
	struct plan *plan = ctx;

	TRY(words_keep(job, vault, plan));
	if (plan->facts)
		TRY(setting_put(job, vault, S("facts"), str_from_c(plan->facts)));
	if (!plan->company.len)
		return OK;
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

/* Twenty words on paper are what a restore can be checked with when all else is gone. */
static void
say_words(const struct plan *plan)
{
	str rest = buf_str(&plan->words), line;

	puts("\nWrite down these recovery words, on paper, and keep them apart from this machine. They are the\n"
	     "key of its ledger of facts, which keeps a restored backup from bringing back what people have\n"
	     "taken back. They are not shown again by this command.\n");
	while (eat_until(&rest, '\n', &line))
		printf("    %.*s\n", SPRINT(line));
}

/* The setting holds for whoever opens it from elsewhere. */
static enum err
facts_option(struct job *job, const struct args *args, const char **ret)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };
	char here[2048];
	str given = arg_str(args, "facts");

	if (!arg_given(args, "facts"))
		return OK;
	if (!str_starts(given, S("/"))) {
		if (!getcwd(here, sizeof(here)))
			return fail(job, ERR_IO, "the directory that this runs in has no path");
		buf_put(&path, str_from_c(here));
		buf_char(&path, '/');
	}
	buf_put(&path, given);
	if (!buf_ok(&path) || !given.len)
		return fail(job, ERR_USAGE, "--facts names a directory");
	*ret = arena_c(&job->arena, buf_str(&path));
	return OK;
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(plan_end)
	struct plan plan = { .company = arg_str(args, "company"), .contact = arg_str(args, "contact"),
		             .words = { .max = WORDS_BYTES } };
	const char *dir = data_dir(args);
	bool named = arg_given(args, "company");
	enum err err;

	if (named != arg_given(args, "contact") ||
	    (named && (!plan.company.len || !plan.contact.len)))
		return complain(cli, EXIT_USAGE,
		                "init: --company and --contact go together: a purpose states both");
	plan.starter = named && !arg_given(args, "no-starter");
	TRY(facts_option(job, args, &plan.facts));
	err = vault_make(job, dir, plan.facts, source_of(arg_str(args, "root")), fill, &plan);
	if (err == ERR_CONFLICT)
		return complain(
			cli, EXIT_REFUSED,
			"there is a vault, or a root key, in %s already; nothing was changed", dir);
	TRY(err);
	say_next(job, cli, dir, &plan);
	say_words(&plan);
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
