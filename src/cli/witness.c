/* cli/witness.c -- `valv audit witnesses|witness-add|witness-remove|witness-request|cosign|checkpoint`: what goes to
 * witnesses of the audit log and comes back.  Somebody carries it: this speaks to the vault alone. */
#include "audit/texts.h"
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/request.h"
#include "cli/say.h"
#include "os/file.h"

#define VKEY_FILE_MAX 4096
#define REQUEST_MAX (CHECKPOINT_MAX + MERKLE_PROOF_MAX * 48 + 64)

/* Into the file that was named, for whoever carries it; else printed. */
static enum err
text_out(struct job *job, struct cli *cli, const struct args *args, str text)
{
	if (!arg_given(args, "to")) {
		say_line(stdout, text);
		return OK;
	}
	if (file_replace(job, arg_c(args, "to"), 0644, str_bytes(text)))
		return complain(cli, EXIT_REFUSED, "%s cannot be written", arg_c(args, "to"));
	return OK;
}

static enum err
text_get(struct job *job, struct client *client, const char *path, str *ret)
{
	struct answer answer;

	TRY(client_call(job, client, &(struct ask){ .method = "GET", .path = path }, &answer));
	*ret = arena_str(&job->arena, answer.body);
	return OK;
}

static const char *
path_of(struct job *job, const char *prefix, uint64_t number)
{
	OWNED(buf_release) struct buf text = { .max = 160 };

	buf_put(&text, str_from_c(prefix));
	buf_udec(&text, number);
	must(buf_ok(&text));
	return arena_c(&job->arena, buf_str(&text));
}

/* --- who ------------------------------------------------------------------------------------------ */

static enum err
witnesses_get(struct job *job, struct client *client, struct json_document **document, struct json *ret)
{
	struct answer answer;
	struct json root;

	TRY(client_call(job, client, &(struct ask){ .method = "GET", .path = "/v1/audit/witnesses" }, &answer));
	TRY(json_parse(job, arena_str(&job->arena, answer.body), document, &root));
	return json_array(job, root, "witnesses", LIMIT_WITNESSES, ret);
}

/* By its id or its name. */
static enum err
witness_named(struct job *job, struct cli *cli, struct json list, const char *word, struct json *ret)
{
	static const char *const members[] = { "id", "name" };
	size_t found = 0;
	str text;

	for (size_t i = 0; i < json_count(list); i++)
		for (size_t k = 0; k < COUNT(members); k++) {
			TRY(text_member(job, json_element(job, list, i), members[k], &text));
			if (!str_eq(text, str_from_c(word)))
				continue;
			*ret = json_element(job, list, i);
			found++;
		}
	if (found > 1)
		return complain(cli, EXIT_USAGE, "more than one witness is called %s: say its id", word);
	return found ? OK : complain(cli, EXIT_NOT_FOUND, "no witness is called %s", word);
}

static enum err
witness_row(struct job *job, struct table *table, struct json row)
{
	int64_t size = 0;
	str text;

	TRY(text_member(job, row, "id", &text));
	table_cell(table, text);
	TRY(text_member(job, row, "name", &text));
	table_cell(table, text);
	TRY(json_i64(job, row, "size", 0, INT64_MAX, &size, NULL));
	table_number(table, size);
	TRY(text_member(job, row, "cosigned_at", &text));
	table_cell(table, text.len ? time_short(job, text) : S("-"));
	return OK;
}

static enum err
list_run(struct job *job, struct cli *cli, const struct args *args)
{
	static const char *const heading[] = { "ID", "NAME", ">ENTRIES", "COSIGNED", NULL };
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct table table;
	struct json root, list;

	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &(struct ask){ .method = "GET", .path = "/v1/audit/witnesses" }, &document, &root));
	if (cli->json)
		return OK;
	TRY(json_array(job, root, "witnesses", LIMIT_WITNESSES, &list));
	table_begin(&table, job, heading);
	for (size_t i = 0; i < json_count(list); i++)
		TRY(witness_row(job, &table, json_element(job, list, i)));
	table_print(&table, true);
	return OK;
}

const struct command command_audit_witnesses = {
	.about = "Who cosigns checkpoints of the audit log; over how many entries the newest one is that each has cosigned, of the "
	         "log as it is now, and when.",
	.remote = true,
	.run = list_run,
};

static enum err
add_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/audit/witnesses" };
	str vkey = str_from_c(args->operand[0]), name;
	struct json root;

	request_begin(&body);
	if (!memchr(vkey.ptr, '+', vkey.len))
		TRY(input_file(job, cli, args->operand[0], VKEY_FILE_MAX, &vkey));
	TRY(client_open(job, cli, args, &client));
	json_pair_str(&body.out, S("key"), str_trim(vkey));
	ask.body = request_text(&body);
	TRY(client_json(job, client, &ask, &document, &root));
	if (cli->json)
		return OK;
	TRY(text_member(job, root, "name", &name));
	printf("The word of %.*s counts from now on. It needs this log's origin and verifier key: valv audit key\n", SPRINT(name));
	return OK;
}

const struct command command_audit_witness_add = {
	.operands = "KEY",
	.about = "Counts the word of a witness of the audit log. KEY is its verifier key, or a file that holds it, as "
	         "NAME+HEX+BASE64 (C2SP signed-note, type 0x04); take it from the witness itself. It takes two people.",
	.examples = "valv audit witness-add witness.example+1c1ef9f8+BPAd+ABMTmWQeDrTCV9xzx4RL6PVbYoyKDz9mAMVVmn/",
	.remote = true,
	.run = add_run,
};

static enum err
remove_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	struct ask ask = { .method = "DELETE" };
	struct json list, witness = { 0 };
	struct answer answer;
	str id;

	TRY(client_open(job, cli, args, &client));
	TRY(witnesses_get(job, client, &document, &list));
	TRY(witness_named(job, cli, list, args->operand[0], &witness));
	TRY(text_member(job, witness, "id", &id));
	ask.path = client_path(job, "/v1/audit/witnesses/", arena_c(&job->arena, id), "");
	TRY(client_call(job, client, &ask, &answer));
	if (!cli->json)
		printf("The word of %s does not count any more, nor what it has cosigned.\n", args->operand[0]);
	return OK;
}

const struct command command_audit_witness_remove = {
	.operands = "WITNESS",
	.about = "Takes a witness away, named by its name or its id, with all that it has cosigned. It takes two people.",
	.examples = "valv audit witness-remove witness.example",
	.remote = true,
	.run = remove_run,
};

/* --- there and back ------------------------------------------------------------------------------- */

static const struct option request_options[] = {
	{ "for", "WITNESS", "From where this witness has cosigned it last, as valv audit witnesses says." },
	{ "old", "N", "From where the witness has seen it last: over N entries; 0 unless said." },
	{ "to", "FILE", "Write it into FILE; else it is printed." },
};

static enum err
old_of(struct job *job, struct cli *cli, const struct args *args, struct client *client, uint64_t *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json list, witness = { 0 };
	int64_t size = 0;

	*ret = 0;
	if (arg_given(args, "for") && arg_given(args, "old"))
		return complain(cli, EXIT_USAGE, "audit witness-request: --for and --old both say from where");
	if (arg_given(args, "old") && !str_u64(str_trim(arg_str(args, "old")), ret))
		return complain(cli, EXIT_USAGE, "audit witness-request: --old takes a number of entries");
	if (!arg_given(args, "for"))
		return OK;
	TRY(witnesses_get(job, client, &document, &list));
	TRY(witness_named(job, cli, list, arg_c(args, "for"), &witness));
	TRY(json_i64(job, witness, "size", 0, INT64_MAX, &size, NULL));
	*ret = (uint64_t)size;
	return OK;
}

static enum err
request_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	uint64_t old;
	str text;

	TRY(client_open(job, cli, args, &client));
	TRY(old_of(job, cli, args, client, &old));
	TRY(text_get(job, client, path_of(job, "/v1/audit/witness-request/", old), &text));
	return text_out(job, cli, args, text);
}

const struct command command_audit_witness_request = {
	.about = "Prints what a witness is asked to cosign: the newest checkpoint, and the proof that the log goes on to it from "
	         "where the witness saw it last. It is the body that a witness takes at its address add-checkpoint (C2SP "
	         "tlog-witness); docs/audit.md has the few lines of shell that carry it there and back.",
	.examples = "valv audit witness-request --for witness.example --to request\n"
	            "curl --data-binary @request https://witness.example/add-checkpoint > answer\n"
	            "valv audit cosign request answer",
	OPTIONS(request_options),
	.remote = true,
	.run = request_run,
};

/* The checkpoint in a request of above: behind the empty line that ends the proof. */
static str
checkpoint_of(str text)
{
	size_t at;

	if (str_starts(text, S("old ")) && str_find(text, S("\n\n"), &at))
		return str_from(text, at + 2);
	return text;
}

static enum err
taken_say(struct job *job, struct json root)
{
	int64_t size = 0, passed = 0;
	str names;

	TRY(json_i64(job, root, "size", 0, INT64_MAX, &size, NULL));
	TRY(json_i64(job, root, "passed_over", 0, INT64_MAX, &passed, NULL));
	TRY(list_member(job, root, "witnesses", &names));
	printf("The checkpoint over %lld entries is cosigned by %.*s.\n", (long long)size, SPRINT(names));
	if (passed)
		fprintf(stderr, "Signatures of others than registered witnesses were passed over: %lld\n", (long long)passed);
	return OK;
}

static enum err
cosign_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(buf_release) struct buf note = { .max = CHECKPOINT_MAX };
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "POST", .path = "/v1/audit/cosignatures" };
	struct json root;
	str text, lines = S("");

	request_begin(&body);
	TRY(input_file(job, cli, args->operand[0], REQUEST_MAX, &text));
	if (args->operand_count > 1)
		TRY(input_file(job, cli, args->operand[1], CHECKPOINT_MAX, &lines));
	buf_put(&note, checkpoint_of(text));
	buf_put(&note, lines);
	if (!buf_ok(&note) || !str_utf8(buf_str(&note)))
		return complain(cli, EXIT_USAGE, "audit cosign: this is no checkpoint with lines of witnesses");
	json_pair_str(&body.out, S("checkpoint"), buf_str(&note));
	ask.body = request_text(&body);
	TRY(client_open(job, cli, args, &client));
	TRY(client_json(job, client, &ask, &document, &root));
	return cli->json ? OK : taken_say(job, root);
}

const struct command command_audit_cosign = {
	.operands = "REQUEST [ANSWER]",
	.about = "Hands in what witnesses signed. REQUEST is the file that valv audit witness-request wrote, and ANSWER what the "
	         "witness answered; or REQUEST alone is a checkpoint with its signatures behind it. What a registered witness "
	         "signed is kept if it holds, and given out with the checkpoint; with one that does not hold, nothing is.",
	.examples = "valv audit cosign request answer",
	.remote = true,
	.run = cosign_run,
};

/* --- what came of it ------------------------------------------------------------------------------ */

static const struct option checkpoint_options[] = {
	{ "witnesses", "N", "The newest that at least N witnesses have cosigned; the newest there is unless said." },
	{ "to", "FILE", "Write it into FILE; else it is printed." },
};

static enum err
checkpoint_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	uint64_t least = 0;
	str note;

	TRY(arg_number(cli, args, "witnesses", LIMIT_WITNESSES, &least));
	TRY(client_open(job, cli, args, &client));
	TRY(text_get(job, client, path_of(job, "/v1/audit/checkpoint?witnesses=", least), &note));
	return text_out(job, cli, args, note);
}

const struct command command_audit_checkpoint = {
	.about = "Prints a signed checkpoint of the audit log, with the signatures of the witnesses that it has. Whoever keeps it "
	         "can tell later whether the log still begins with what it was then: valv audit verify --checkpoint.",
	.examples = "valv audit checkpoint --witnesses 2 --to checkpoint",
	OPTIONS(checkpoint_options),
	.remote = true,
	.run = checkpoint_run,
};
