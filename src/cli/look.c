/* cli/look.c -- `valv look`: how the company shows itself to persons. */
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/request.h"
#include "cli/say.h"

static const struct option options[] = {
	{ "company", "NAME", "The company's name." },
	{ "contact", "TEXT", "Where persons reach it: an address, a number." },
	{ "colour", "#RRGGBB", "In place of our own accent, in light and dark apart, where its contrast is 4.5:1 or more." },
	{ "logo", "FILE", "A PNG, or an SVG that stands alone, of 32 KiB at most; none takes it away." },
	{ "origin", "URL", "Where the pages for persons are reached, as https://val.example.com: links in mails begin with it." },
};

static enum err
put_setting(struct job *job, struct client *client, const struct args *args, const char *option, const char *path)
{
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "PUT", .path = path };
	struct json root;

	request_begin(&body);
	request_option(&body, args, option, "value");
	ask.body = request_text(&body);
	return client_json(job, client, &ask, &document, &root);
}

static enum err
put_logo(struct job *job, struct cli *cli, struct client *client, const char *path)
{
	OWNED(json_free) struct json_document *document = NULL;
	OWNED(buf_release) struct buf content = { .max = 2 * LIMIT_LOGO_BYTES };
	OWNED(request_end) struct request_body body;
	struct ask ask = { .method = "PUT", .path = "/v1/logo" };
	str file = S("");
	struct json root;

	if (!str_eq(str_from_c(path), S("none")))
		TRY(input_file(job, cli, path, LIMIT_LOGO_BYTES, &file));
	buf_base64(&content, str_bytes(file));
	request_begin(&body);
	json_pair_str(&body.out, S("content"), buf_str(&content));
	ask.body = request_text(&body);
	return client_json(job, client, &ask, &document, &root);
}

static const struct {
	const char *option, *path;
} settings[] = {
	{ "company", "/v1/settings/company" }, { "contact", "/v1/settings/contact" }, { "colour", "/v1/settings/look_colour" },
	{ "origin", "/v1/settings/public_origin" },
};

static enum err
show(struct job *job, struct cli *cli, struct client *client)
{
	for (size_t i = 0; i <= COUNT(settings); i++) {
		OWNED(json_free) struct json_document *document = NULL;
		struct ask ask = { .method = "GET", .path = i < COUNT(settings) ? settings[i].path : "/v1/logo" };
		struct json root;
		TRY(client_json(job, client, &ask, &document, &root));
		if (!cli->json)
			TRY(say_outline(job, root, 0));
	}
	return OK;
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	bool any = arg_given(args, "logo");

	TRY(client_open(job, cli, args, &client));
	for (size_t i = 0; i < COUNT(settings); i++) {
		if (!arg_given(args, settings[i].option))
			continue;
		TRY(put_setting(job, client, args, settings[i].option, settings[i].path));
		any = true;
	}
	if (arg_given(args, "logo"))
		TRY(put_logo(job, cli, client, arg_c(args, "logo")));
	return any ? OK : show(job, cli, client);
}

const struct command command_look = {
	.about = "Says how the company shows itself on the pages for persons and in mails; without options, shows it. What is not named "
	         "stays as it is.",
	.examples = "valv look --company 'Exempel AB' --contact hej@example.com --origin https://val.example.com\n"
	            "valv look --colour '#7a1f5c' --logo logo.svg",
	OPTIONS(options),
	.remote = true,
	.run = run,
};
