/* cli/receipt.c -- `valv subject receipt`: what a person said, signed, to be kept by the person. */
#include "cli/client.h"
#include "cli/input.h"
#include "cli/say.h"
#include "os/file.h"

static const struct option options[] = {
	{ "format", "FORMAT", "dpv: ISO/IEC TS 27560 as JSON-LD, unless said; kantara: version 1.1.", "dpv kantara" },
	{ "out", "FILE", "Write it into this file instead of printing it." },
};

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	bool kantara = str_eq(arg_str(args, "format"), S("kantara"));
	struct ask ask = { .method = "GET" };
	struct answer answer;
	char address[96];
	uint64_t seq;

	TRY(input_id(cli, args->operand[0]));
	if (!str_u64(str_from_c(args->operand[1]), &seq))
		return complain(cli, EXIT_USAGE, "subject receipt: the second is a number of the ledger; see valv subject consents");
	snprintf(address, sizeof(address), "/consents/%llu/receipt%s", (unsigned long long)seq,
	         kantara ? "/kantara" : "");
	ask.path = client_path(job, "/v1/subjects/", args->operand[0], address);
	TRY(client_open(job, cli, args, &client));
	TRY(client_call(job, client, &ask, &answer));
	if (!arg_given(args, "out")) {
		say_line(stdout, answer.body);
		return OK;
	}
	return file_replace(job, arg_c(args, "out"), 0600, str_bytes(answer.body));
}

const struct command command_subject_receipt = {
	.operands = "ID SEQ",
	.about = "A receipt of the act with that number in the ledger (valv subject consents): purpose, the words "
	         "shown by their hash, which kinds of data, for how long, recipients, rights, and all that was "
	         "said about the purpose, oldest first. It is JSON: `receipt`, `signature` (a JWS with detached "
	         "content over its canonical form) and the public `key`. Making it is recorded.",
	.examples = "valv subject receipt ID 2 --out receipt.json\n"
	            "valv subject receipt ID 2 --format kantara",
	OPTIONS(options),
	.remote = true,
	.run = run,
};
