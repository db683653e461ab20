/* cli/import_settings.c -- the settings of an import, from options; vault/import.h says what each
 * is. */
#include "base/limits.h"
#include "cli/import.h"
#include "cli/input.h"
#include "cli/request.h"

/* Options that have a place of their own in the settings. */
static const struct {
	const char *option, *name;
} plain[] = {
	{ "source", "source" }, { "preset", "preset" },           { "key", "key" },
	{ "origin", "origin" }, { "received-at", "received_at" }, { "as-of", "as_of" },
	{ "region", "region" }, { "date-order", "date_order" },
};

/* [{purpose, channels}] */
static void
put_consents(struct request_body *body, const struct args *args)
{
	str rest = arg_str(args, "purpose"), each;
	bool more = arg_given(args, "purpose");

	if (!more)
		return;
	json_name(&body->out, S("consents"));
	json_open(&body->out, '[');
	while (more) {
		more = eat_until(&rest, ',', &each);
		json_open(&body->out, '{');
		json_pair_str(&body->out, S("purpose"), more ? each : rest);
		request_list(body, args, "channel", "channels");
		json_close(&body->out, '}');
	}
	json_close(&body->out, ']');
}

static enum err
put_evidence(struct job *job, struct cli *cli, const struct args *args, struct request_body *body)
{
	str words = { 0 };

	if (!arg_given(args, "evidence-source") && !arg_given(args, "evidence-words") &&
	    !arg_given(args, "evidence-reference") && !arg_given(args, "evidence-notice"))
		return OK;
	if (arg_given(args, "evidence-words"))
		TRY(input_file(job, cli, arg_c(args, "evidence-words"), LIMIT_NOTICE_BYTES,
		               &words));
	if (!str_printable(words))
		return complain(cli, EXIT_USAGE,
		                "import: the words shown are no printable UTF-8 text");
	json_name(&body->out, S("evidence"));
	json_open(&body->out, '{');
	request_option(body, args, "evidence-source", "source");
	request_option(body, args, "evidence-reference", "reference");
	request_option(body, args, "evidence-notice", "notice");
	if (words.len)
		json_pair_str(&body->out, S("words"), words);
	json_close(&body->out, '}');
	return OK;
}

/* leave_out, keep_for:PURPOSE, ask_first:PURPOSE */
static enum err
put_rest(struct cli *cli, const struct args *args, struct request_body *body)
{
	str rest = arg_str(args, "rest"), word;

	if (!arg_given(args, "rest"))
		return OK;
	json_name(&body->out, S("rest"));
	if (str_eq(rest, S("leave_out"))) {
		json_put_str(&body->out, rest);
		return OK;
	}
	if (!eat_until(&rest, ':', &word) || !rest.len ||
	    (!str_eq(word, S("keep_for")) && !str_eq(word, S("ask_first"))))
		return complain(
			cli, EXIT_USAGE,
			"import: --rest takes leave_out, keep_for:PURPOSE or ask_first:PURPOSE");
	json_open(&body->out, '{');
	json_pair_str(&body->out, word, rest);
	json_close(&body->out, '}');
	return OK;
}

static enum err
put_mapping(struct job *job, struct cli *cli, const struct args *args, struct request_body *body)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str text;

	if (!arg_given(args, "mapping"))
		return OK;
	TRY(input_file(job, cli, arg_c(args, "mapping"), LIMIT_BODY_BYTES / 2, &text));
	if (json_parse(job, text, &document, &root) || json_kind(root) != JSON_OBJECT)
		return complain(cli, EXIT_USAGE,
		                "import: the mapping is no JSON object of columns");
	json_name(&body->out, S("columns"));
	json_put_raw(&body->out, text);
	return OK;
}

static enum err
from_options(struct job *job, struct cli *cli, const struct args *args, str *ret)
{
	OWNED(request_end) struct request_body body;

	request_begin(&body);
	if (!arg_given(args, "source"))
		return complain(
			cli, EXIT_USAGE,
			"import: --source is needed: where the list comes from, in your words");
	for (size_t i = 0; i < COUNT(plain); i++)
		request_option(&body, args, plain[i].option, plain[i].name);
	request_flag(&body, args, "dry-run", "dry_run");
	request_flag(&body, args, "told", "told");
	put_consents(&body, args);
	TRY(put_evidence(job, cli, args, &body));
	TRY(put_rest(cli, args, &body));
	TRY(put_mapping(job, cli, args, &body));
	*ret = arena_str(&job->arena, request_text(&body));
	return OK;
}

enum err
import_settings_text(struct job *job, struct cli *cli, const struct args *args, str *ret)
{
	static const char *const others[] = { "source",
		                              "dry-run",
		                              "purpose",
		                              "channel",
		                              "rest",
		                              "evidence-source",
		                              "evidence-words",
		                              "evidence-reference",
		                              "evidence-notice",
		                              "preset",
		                              "mapping",
		                              "key",
		                              "origin",
		                              "told",
		                              "received-at",
		                              "as-of",
		                              "region",
		                              "date-order" };

	if (!arg_given(args, "settings"))
		return from_options(job, cli, args, ret);
	for (size_t i = 0; i < COUNT(others); i++)
		if (arg_given(args, others[i]))
			return complain(cli, EXIT_USAGE, "import: --%s does not go with --settings",
			                others[i]);
	return input_file(job, cli, arg_c(args, "settings"), LIMIT_BODY_BYTES, ret);
}
