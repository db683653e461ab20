/* cli/erasure.c -- `valv subject erase`, `valv erasure show|key|verify`. */
#include <unistd.h>

#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/request.h"
#include "cli/say.h"
#include "cli/words.h"
#include "crypto/sign.h"
#include "os/file.h"
#include "rights/erase.h"

#define KEPT_MAX 1000

/* --- erase ------------------------------------------------------------------------------------ */

static const struct option erase_options[] = {
	{ "purpose", "PURPOSE", "Only what is held for this purpose." },
	{ "fields", "FIELD,...", "Only these fields." },
	{ "reason", "REASON", "Which point of Article 17(1) it is asked under; requested unless given.",
	  "requested not_needed withdrawn objected unlawful legal_duty child" },
	{ "method", "METHOD", "How the request reached you; api unless given." },
	REQUEST_OPTION,
	{ "dry-run", NULL, "Only say what would go and what would stay." },
	{ "certificate", "FILE", "Write the certificate into FILE, which must not be there yet." },
	{ "yes", NULL, "Do not ask." },
};

static enum err
print_kept(struct job *job, struct json root)
{
	static const char *const heading[] = { "STAYS", "FOR", "BASIS", "REASON", "LAW", "UNTIL", NULL };
	static const char *const members[] = { "fields", "purpose", "basis", "reason", "statute", "until" };
	struct table table;
	struct json list;
	str text;

	TRY(json_array(job, root, "kept", KEPT_MAX, &list));
	if (!json_count(list))
		return OK;
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(list); i++)
		for (size_t k = 0; k < COUNT(members); k++) {
			TRY(list_member(job, json_element(job, list, i), members[k], &text));
			table_cell(&table, !text.len ? S("-") : k == 5 ? time_short(job, text) : text);
		}
	table_print(&table, true);
	putchar('\n');
	return OK;
}

static enum err
print_plan(struct job *job, struct json root, bool dry_run)
{
	bool buried = false;
	int64_t values = 0;
	str text, line;

	TRY(json_bool(job, root, "buried", &buried, NULL));
	TRY(json_i64(job, json_member(job, root, "gone"), "values", 0, INT64_MAX, &values, NULL));
	if (buried)
		printf("The person %s erased wholly: %lld values, and all that lies around them.\n\n",
		       dry_run ? "would be" : "is", (long long)values);
	else
		printf("%lld values %s erased; the person remains.\n\n", (long long)values,
		       dry_run ? "would be" : "are");
	TRY(print_kept(job, root));
	puts("What the person is told:\n");
	TRY(json_need_str(job, json_member(job, root, "text"), "en", LIMIT_STRING_BYTES, &text));
	while (text.len) {
		if (!eat_until(&text, '\n', &line)) {
			line = text;
			text.len = 0;
		}
		say_text(stdout, line);
		putchar('\n');
	}
	return OK;
}

static enum err
print_done(struct job *job, struct cli *cli, const struct args *args, struct json root)
{
	str certificate;

	TRY(print_plan(job, root, false));
	TRY(json_need_str(job, root, "certificate", LIMIT_STRING_BYTES, &certificate));
	if (!arg_given(args, "certificate")) {
		putchar('\n');
		say_line(stdout, certificate);
		return OK;
	}
	if (file_create(job, arg_c(args, "certificate"), 0600, str_bytes(certificate)))
		return complain(cli, EXIT_REFUSED, "it is erased, but %s cannot be written; see valv erasure show",
		                arg_c(args, "certificate"));
	printf("\nThe certificate is in %s.\n", arg_c(args, "certificate"));
	return OK;
}

/* On a terminal a person is asked; a program says --yes or is none to ask. */
static enum err
confirm(struct cli *cli, const struct args *args)
{
	char line[16] = "";

	if (arg_given(args, "yes") || arg_given(args, "dry-run") || !isatty(0))
		return OK;
	fprintf(stderr, "This cannot be undone. Type erase to go on: ");
	if (fgets(line, sizeof(line), stdin) && str_eq(str_trim(str_from_c(line)), S("erase")))
		return OK;
	return complain(cli, EXIT_REFUSED, "nothing was erased");
}

static enum err
erase_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	bool dry_run = arg_given(args, "dry-run");
	struct ask ask = { .method = "POST",
		           .path = client_path(job, "/v1/subjects/", args->operand[0],
		                               dry_run ? "/erasure/preview" : "/erasure") };
	struct json root;

	request_begin(&body);
	TRY(input_id(cli, args->operand[0]));
	TRY(client_open(job, cli, args, &client));
	TRY(confirm(cli, args));
	request_option(&body, args, "purpose", "purpose");
	request_list(&body, args, "fields", "fields");
	request_option(&body, args, "reason", "reason");
	request_option(&body, args, "method", "method");
	request_option(&body, args, "request", "request");
	ask.body = request_text(&body);
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	return dry_run ? print_plan(job, root, true) : print_done(job, cli, args, root);
}

const struct command command_subject_erase = {
	.operands = "ID",
	.about = "Erases the whole person unless --purpose or --fields is given. What a law, a hold or a "
	         "contract that has not ended requires stays for that alone, and the answer says so. Rows and "
	         "keys are gone when the answer comes; the certificate shows it, and holds no personal data.",
	.examples = "valv subject erase d0000000-0000-4000-8000-000000000001 --dry-run\n"
	            "valv subject erase d0000000-0000-4000-8000-000000000001 --certificate anna.txt",
	OPTIONS(erase_options),
	.remote = true,
	.run = erase_run,
};

/* --- certificates ----------------------------------------------------------------------------- */

static enum err
show_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "GET", .path = client_path(job, "/v1/erasures/", args->operand[0], "") };
	struct json root;
	str certificate;

	TRY(input_id(cli, args->operand[0]));
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_need_str(job, root, "certificate", LIMIT_STRING_BYTES, &certificate));
	say_line(stdout, certificate);
	return OK;
}

const struct command command_erasure_show = {
	.operands = "ERASURE",
	.about = "ERASURE is the id that stands in the answer and in the certificate.",
	.examples = "valv erasure show 7d9f2f7e-6d0c-4b5e-9a55-1d1c0a4a7f10 > certificate.txt",
	.remote = true,
	.run = show_run,
};

static enum err
key_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str vkey;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &(struct ask){ .method = "GET", .path = "/v1/erasures/key" }, &document,
	                &root));
	if (cli->json)
		return OK;
	TRY(text_member(job, root, "vkey", &vkey));
	say_line(stdout, vkey);
	return OK;
}

const struct command command_erasure_key = {
	.about = "Keep it where the certificates are not, and give it to those who are to verify them. It stays "
	         "the same for as long as the vault lives.",
	.examples = "valv erasure key > vault.vkey",
	.remote = true,
	.run = key_run,
};

/* --- verify ----------------------------------------------------------------------------------- */

static const struct option verify_options[] = {
	{ "vkey", "KEY", "The public key, as valv erasure key prints it." },
	{ "vkey-file", "FILE", "A file that holds it." },
};

static enum err
vkey_read(struct job *job, struct cli *cli, const struct args *args, str *ret)
{
	if (arg_given(args, "vkey") == arg_given(args, "vkey-file"))
		return complain(cli, EXIT_USAGE, "erasure verify: one of --vkey and --vkey-file is needed");
	*ret = arg_str(args, "vkey");
	if (arg_given(args, "vkey-file"))
		TRY(input_file(job, cli, arg_c(args, "vkey-file"), 4096, ret));
	*ret = str_trim(*ret);
	return OK;
}

static enum err
verify_run(struct job *job, struct cli *cli, const struct args *args)
{
	str note, vkey, text;
	enum err err;

	TRY(vkey_read(job, cli, args, &vkey));
	TRY(input_file(job, cli, args->operand[0], NOTE_TEXT_MAX + 4096, &note));
	TRY(crypto_start(job));
	err = note_open(job, vkey, note, &text);
	if (err)
		return complain(cli, EXIT_REFUSED, "this certificate does not hold: %s", job->failure.why);
	if (!str_starts(text, S("valv-erasure/v1\n")))
		return complain(cli, EXIT_REFUSED, "the signature holds, but this is no certificate of erasure");
	say_line(stdout, text);
	puts("\nThe signature holds: this is what the vault with that key said when its keys were destroyed.");
	return OK;
}

const struct command command_erasure_verify = {
	.operands = "FILE",
	.about = "Checks the signature over the certificate and prints what it covers. Needs no server and no "
	         "vault. - reads the certificate from standard input.",
	.examples = "valv erasure verify certificate.txt --vkey-file vault.vkey",
	OPTIONS(verify_options),
	.run = verify_run,
};
