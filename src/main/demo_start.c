/* main/demo_start.c -- contract: demo_start.h. */
#include "main/demo_start.h"

#include "access/key.h"
#include "cli/data_dir.h"
#include "main/make.h"
#include "os/file.h"
#include "vault/demo.h"

#define DEMO_SEED 8400
#define DEMO_PEOPLE 200

/* A key for the commands over TCP; beside data that is made up. */
static enum err
key_put(struct job *job, struct vault *vault, const char *dir)
{
	struct api_key key = { .name = S("demo"), .scopes = SCOPE_DECIDE, .all_purposes = true,
		               .expires_at = TIME_NEVER, .program = true };
	str text;

	TRY(key_make(job, vault->store, &key, &text));
	return file_create(job, path_in(job, dir, "demo.key"), 0600, str_bytes(text));
}

static enum err
fill(struct job *job, struct vault *vault, const char *dir, void *ctx)
{
	TRY(demo_load(job, vault, DEMO_SEED, DEMO_PEOPLE));
	return key_put(job, vault, dir);
}

enum err
demo_make(struct job *job, const char *dir, const char *facts)
{
	if (vault_there(job, dir))
		return OK;
	fputs("Making a vault with invented people; this is done once.\n", stderr);
	return vault_make(job, dir, facts, ROOT_KEY_FILE, fill, NULL);
}

enum err
demo_is(struct job *job, struct vault *vault, bool *ret)
{
	str value;

	return setting_get(job, vault, S("demo"), &value, ret);
}

/* --- what to try ------------------------------------------------------------------------------ */

struct say {
	const char *program;
	const char *data; /* " --data DIR", or nothing where DIR is what is taken without it */
	const char *dir, *url;
};

static void
id_text(enum demo_person person, char text[40])
{
	OWNED(buf_release) struct buf id = { .max = 36 };

	buf_uid(&id, demo_id(person));
	snprintf(text, 40, "%.*s", SPRINT(buf_str(&id)));
}

static void
try_decide(const struct say *say, const char *what, enum demo_person person)
{
	char id[40];

	id_text(person, id);
	printf("  %s\n    %s decide%s --subject %s --purpose newsletter --channel email\n", what,
	       say->program, say->data, id);
}

static void
try_curl(const struct say *say, enum demo_person person)
{
	char id[40];

	id_text(person, id);
	printf("  The same question from a program, with an API key:\n"
	       "    curl --json "
	       "'{\"subject\":\"%s\",\"purpose\":\"newsletter\",\"channel\":\"email\"}' \\\n"
	       "      -H \"Authorization: Bearer $(cat %s/demo.key)\" %s/v1/decisions\n",
	       id, say->dir, say->url);
}

static void
try_person(const struct say *say, enum demo_person person)
{
	char id[40];

	id_text(person, id);
	printf("  What the newsletter may see of her, her ledger, and who looked:\n"
	       "    %s subject show%s %s --purpose newsletter\n"
	       "    %s subject consents%s %s\n"
	       "    %s audit%s --subject %s\n",
	       say->program, say->data, id, say->program, say->data, id, say->program, say->data,
	       id);
	printf("  Take her consent back, and ask again:\n"
	       "    %s subject withdraw%s %s --purpose newsletter\n",
	       say->program, say->data, id);
}

void
demo_say(struct job *job, const struct cli *cli, const char *dir, const char *url)
{
	struct say say = { cli->program, data_option(job, dir), dir, url };

	printf("\nValv serves a demo: the company and the people are made up.\n");
	if (*url)
		printf("\n  Open  %s/\n", url);
	printf("\nTry, in another terminal, in this directory:\n");
	try_decide(&say, "Anna said yes to the newsletter, and confirmed it:", DEMO_ANNA);
	try_decide(&say, "David said yes, and took it back:", DEMO_DAVID);
	try_decide(&say,
	           "Elsa said yes, but Fredrik, who has the same address, objected:", DEMO_ELSA);
	if (*url)
		try_curl(&say, DEMO_ANNA);
	try_person(&say, DEMO_ANNA);
	printf("\nCtrl-C stops it; a second start keeps the data. All commands: %s help\n\n",
	       cli->program);
}
