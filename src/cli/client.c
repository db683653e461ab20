/* cli/client.c -- contract: client.h. */
#include "cli/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/data_dir.h"
#include "cli/input.h"
#include "cli/say.h"
#include "http/fetch.h"
#include "os/file.h"

#define CONNECT_MS 10000L
#define KEY_FILE_BYTES 4096

struct client {
	struct cli *cli;
	struct fetcher *fetcher;
	const char *base;   /* http://valv, or the URL without a slash at its end */
	const char *socket; /* NULL for --url */
	const char *data;   /* the directory of the socket */
	const char *key_file;
	const char *approval; /* "Valv-Approval: ..."; NULL: none */
	const char *key; /* "Authorization: Bearer ..."; NULL on the socket */
};

/* --- opening ---------------------------------------------------------------------------------- */

/* Of http://HOST[:PORT][/...]: this machine, by its name or by a loopback address. */
static bool
url_is_local(str url)
{
	struct in_addr address;
	char host[64];
	size_t len = 0;

	if (!eat_str(&url, S("http://")))
		return false;
	if (str_starts(url, S("[::1]")))
		return true;
	while (len < url.len && url.ptr[len] != ':' && url.ptr[len] != '/')
		len++;
	snprintf(host, sizeof(host), "%.*s", SPRINT(str_first(url, len)));
	return strcmp(host, "localhost") == 0 ||
	       (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

/* A key that others may read is no secret any more. */
static enum err
key_read(struct job *job, struct cli *cli, const char *path, const char **ret)
{
	OWNED(buf_release) struct buf header = { .max = KEY_FILE_BYTES + 64 };
	struct stat there;
	bytes text;

	if (stat(path, &there) || file_read(job, path, KEY_FILE_BYTES, &text))
		return complain(cli, EXIT_USAGE, "the key file %s cannot be read", path);
	if (S_ISREG(there.st_mode) && there.st_mode & 077)
		return complain(cli, EXIT_USAGE,
		                "others may read the key file %s; chmod 600 it, or make a new key",
		                path);
	if (!str_printable(str_trim(bytes_str(text))) || !str_trim(bytes_str(text)).len)
		return complain(cli, EXIT_USAGE, "the key file %s does not hold a key", path);
	buf_put(&header, S("Authorization: Bearer "));
	buf_put(&header, str_trim(bytes_str(text)));
	*ret = arena_c(&job->arena, buf_str(&header));
	return OK;
}

static enum err
open_remote(struct job *job, struct cli *cli, const struct args *args, struct client *client)
{
	str url = arg_str(args, "url");

	if (arg_given(args, "data"))
		return complain(cli, EXIT_USAGE, "--data and --url exclude each other");
	if (!str_starts(url, S("https://")) && !str_starts(url, S("http://")))
		return complain(cli, EXIT_USAGE, "--url takes http://… or https://…");
	if (str_starts(url, S("http://")) && !url_is_local(url))
		return complain(cli, EXIT_USAGE,
		                "--url http:// is for this machine only: the key would cross the "
				"network unencrypted; use https://");
	if (!arg_given(args, "key-file"))
		return complain(cli, EXIT_USAGE,
		                "--url needs --key-file: a file that holds an API key");
	while (url.len && url.ptr[url.len - 1] == '/')
		url.len--;
	client->base = arena_c(&job->arena, url);
	client->key_file = arg_c(args, "key-file");
	return key_read(job, cli, client->key_file, &client->key);
}

static enum err
open_local(struct job *job, struct cli *cli, const struct args *args, struct client *client)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };

	if (arg_given(args, "key-file"))
		return complain(cli, EXIT_USAGE,
		                "--key-file goes with --url; on this machine no key is needed");
	client->data = data_dir(args);
	buf_put(&path, str_from_c(client->data));
	buf_put(&path, S("/valv.sock"));
	if (!buf_ok(&path))
		return complain(cli, EXIT_USAGE, "the path of the data directory is too long");
	client->socket = arena_c(&job->arena, buf_str(&path));
	client->base = "http://valv";
	return OK;
}

static enum err
approval_read(struct job *job, struct cli *cli, const struct args *args, struct client *client)
{
	OWNED(buf_release) struct buf header = { .max = 64 };

	if (!arg_given(args, "approval"))
		return OK;
	TRY(input_id(cli, arg_c(args, "approval")));
	buf_put(&header, S("Valv-Approval: "));
	buf_put(&header, arg_str(args, "approval"));
	client->approval = arena_c(&job->arena, buf_str(&header));
	return OK;
}

enum err
client_open(struct job *job, struct cli *cli, const struct args *args, struct client **ret)
{
	OWNED(client_close) struct client *client = calloc(1, sizeof(*client));

	must(client);
	client->cli = cli;
	cli->json = arg_given(args, "json");
	TRY(arg_given(args, "url") ? open_remote(job, cli, args, client)
	                           : open_local(job, cli, args, client));
	TRY(approval_read(job, cli, args, client));
	fetcher_open(LIMIT_ANSWER_BYTES, &client->fetcher);
	*ret = client;
	client = NULL;
	return OK;
}

void
client_close(struct client **at)
{
	struct client *client = *at;

	if (!client)
		return;
	fetcher_close(&client->fetcher);
	free(client);
	*at = NULL;
}

/* --- one call --------------------------------------------------------------------------------- */

#define HEADERS_MAX (ASK_HEADERS + 6)

static void
headers_of(struct job *job, const struct client *client, const struct ask *ask,
           const char *header[HEADERS_MAX])
{
	OWNED(buf_release) struct buf type = { .max = 128 };
	size_t count = 0;

	buf_put(&type, S("Content-Type: "));
	buf_put(&type, str_from_c(ask->type ? ask->type : "application/json"));
	header[count++] = ask->body.ptr ? arena_c(&job->arena, buf_str(&type)) : "Content-Type:";
	header[count++] = "Accept: application/json, application/problem+json, application/x-ndjson";
	header[count++] = "Expect:"; /* no question before a large body */
	if (client->key)
		header[count++] = client->key;
	if (client->approval)
		header[count++] = client->approval;
	for (size_t i = 0; i < ASK_HEADERS && ask->header[i]; i++)
		header[count++] = ask->header[i];
	header[count] = NULL;
}

static enum err
unreachable(struct job *job, struct client *client, const struct fetched *fetched)
{
	struct cli *cli = client->cli;

	if (fetched->end == FETCH_TOO_LARGE)
		return complain(cli, EXIT_REFUSED, "the answer is longer than 16 MiB");
	if (!client->socket)
		return complain(cli, EXIT_NO_SERVER, "%s cannot be reached: %s", client->base,
		                fetched->why);
	if (!file_exists(client->data))
		return complain(
			cli, EXIT_NO_SERVER,
			"there is no directory %s; --data or $VALV_DATA says where the vault is",
			client->data);
	if (access(client->socket, F_OK) == 0 && access(client->socket, R_OK | W_OK) != 0)
		return complain(cli, EXIT_NO_SERVER,
		                "only the user who runs the server, and root, may use %s",
		                client->socket);
	if (fetched->connected)
		return complain(cli, EXIT_NO_SERVER,
		                "the server on %s went away before it answered", client->socket);
	return complain(cli, EXIT_NO_SERVER,
	                "no server is running on %s; start one with: %s serve%s", client->data,
	                cli->program, data_option(job, client->data));
}

enum err
client_try(struct job *job, struct client *client, const struct ask *ask, struct answer *ret)
{
	OWNED(buf_release) struct buf url = { .max = 8192 };
	const char *header[HEADERS_MAX];
	struct fetched fetched;

	buf_put(&url, str_from_c(client->base));
	buf_put(&url, str_from_c(ask->path));
	buf_char(&url, '\0');
	must(buf_ok(&url));
	headers_of(job, client, ask, header);
	fetch(client->fetcher,
	      &(struct fetch){ .method = ask->method, .url = url.ptr, .socket = client->socket,
	                       .header = header, .body = ask->body, .connect_ms = CONNECT_MS,
	                       .sink = ask->sink, .sink_ctx = ask->sink_ctx },
	      &fetched);
	if (fetched.end != FETCH_ANSWERED)
		return unreachable(job, client, &fetched);
	*ret = (struct answer){ fetched.status, fetched.body, fetched.etag, fetched.next };
	return OK;
}

/* --- refusals --------------------------------------------------------------------------------- */

/* What happened, what it means here, and which member is meant. */
static enum err
problem_print(struct job *job, const struct answer *answer)
{
	OWNED(json_free) struct json_document *document = NULL;
	str title = { 0 }, detail = { 0 }, member = { 0 };
	struct json root;

	TRY(json_parse(job, answer->body, &document, &root));
	TRY(json_need_str(job, root, "title", LIMIT_STRING_BYTES, &title));
	TRY(json_str(job, root, "detail", LIMIT_STRING_BYTES, &detail, NULL));
	TRY(json_str(job, root, "member", LIMIT_STRING_BYTES, &member, NULL));
	say_red(stderr, "valv: ");
	say_text(stderr, title);
	if (detail.len) {
		fputs("\n      ", stderr);
		say_text(stderr, detail);
	}
	if (member.len) {
		fputs("\n      at ", stderr);
		say_text(stderr, member);
	}
	fputc('\n', stderr);
	return OK;
}

enum err
client_refused(struct job *job, struct client *client, const struct answer *answer)
{
	struct cli *cli = client->cli;

	if (cli->json && answer->body.len)
		say_line(stdout, answer->body);
	fflush(stdout);
	if (problem_print(job, answer)) {
		job_forgive(job);
		return complain(cli, EXIT_REFUSED, "the server answered %d, and not as Valv does",
		                answer->status);
	}
	cli->status =
		answer->status == 404 || answer->status == 410 ? EXIT_NOT_FOUND : EXIT_REFUSED;
	return ERR_IO;
}

/* It takes two people: nothing was done yet. */
static enum err
approval_awaited(struct job *job, struct client *client, const struct answer *answer)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct cli *cli = client->cli;
	struct json root;
	str id;

	if (cli->json)
		say_line(stdout, answer->body);
	if (json_parse(job, answer->body, &document, &root) || json_need_str(job, root, "approval", 64, &id)) {
		job_forgive(job);
		return complain(cli, EXIT_REFUSED, "the server answered 202, and not as Valv does");
	}
	return complain(cli, EXIT_REFUSED,
	                "nothing was done yet: it takes a second person. When somebody who may has approved, within an hour,\n"
	                "      give the same command with --approval %.*s", SPRINT(id));
}

enum err
client_call(struct job *job, struct client *client, const struct ask *ask, struct answer *ret)
{
	TRY(client_try(job, client, ask, ret));
	if (ret->status == 202)
		return approval_awaited(job, client, ret);
	return ret->status >= 200 && ret->status < 300 ? OK : client_refused(job, client, ret);
}

enum err
client_json(struct job *job, struct client *client, const struct ask *ask,
            struct json_document **ret_document, struct json *ret_root)
{
	struct answer answer;

	*ret_root = (struct json){ 0 };
	TRY(client_call(job, client, ask, &answer));
	if (client->cli->json) {
		if (answer.body.len)
			say_line(stdout, answer.body);
		return OK;
	}
	return answer.body.len ? json_parse(job, answer.body, ret_document, ret_root) : OK;
}

const char *
client_option(struct job *job, const struct client *client)
{
	OWNED(buf_release) struct buf text = { .max = 8192 };

	if (client->socket)
		return data_option(job, client->data);
	buf_put(&text, S(" --url "));
	buf_put(&text, str_from_c(client->base));
	buf_put(&text, S(" --key-file "));
	buf_put(&text, str_from_c(client->key_file));
	return arena_c(&job->arena, buf_str(&text));
}

/* --- paths ------------------------------------------------------------------------------------ */

static bool
goes_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '~';
}

const char *
client_path(struct job *job, const char *prefix, const char *segment, const char *suffix)
{
	OWNED(buf_release) struct buf path = { .max = 8000 };

	buf_put(&path, str_from_c(prefix));
	for (const char *c = segment; *c; c++) {
		if (goes_plain(*c)) {
			buf_char(&path, *c);
		} else {
			buf_char(&path, '%');
			buf_hex(&path, (bytes){ (const uint8_t *)c, 1 });
		}
	}
	buf_put(&path, str_from_c(suffix));
	return buf_ok(&path) ? arena_c(&job->arena, buf_str(&path)) : "/";
}
