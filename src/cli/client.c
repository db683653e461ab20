/* cli/client.c -- contract: client.h. */
#include "cli/client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/data_dir.h"
#include "cli/say.h"
#include "os/file.h"

#define CONNECT_SECONDS 10L
#define KEY_FILE_BYTES 4096

struct client {
	struct cli *cli;
	CURL *curl;
	const char *base;   /* http://valv, or the URL without a slash at its end */
	const char *socket; /* NULL for --url */
	const char *data;   /* the directory of the socket */
	const char *key_file;
	const char *key; /* "Authorization: Bearer ..."; NULL on the socket */
	struct buf body;
	struct buf etag;
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

enum err
client_open(struct job *job, struct cli *cli, const struct args *args, struct client **ret)
{
	OWNED(client_close) struct client *client = calloc(1, sizeof(*client));

	must(client);
	client->cli = cli;
	cli->json = arg_given(args, "json");
	buf_init(&client->body, LIMIT_ANSWER_BYTES);
	buf_init(&client->etag, 256);
	TRY(arg_given(args, "url") ? open_remote(job, cli, args, client)
	                           : open_local(job, cli, args, client));
	must(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
	client->curl = curl_easy_init();
	must(client->curl);
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
	curl_easy_cleanup(client->curl);
	buf_release(&client->body);
	buf_release(&client->etag);
	free(client);
	*at = NULL;
}

/* --- one call --------------------------------------------------------------------------------- */

static size_t
on_body(char *ptr, size_t size, size_t count, void *ctx)
{
	struct client *client = ctx;

	buf_put(&client->body, (str){ ptr, size * count });
	return buf_ok(&client->body) ? size * count : 0;
}

static size_t
on_header(char *ptr, size_t size, size_t count, void *ctx)
{
	struct client *client = ctx;
	str line = { ptr, size * count }, name;

	if (eat_until(&line, ':', &name) && str_eq_fold(name, S("ETag"))) {
		buf_clear(&client->etag);
		buf_put(&client->etag, str_trim(line));
	}
	return size * count;
}

static void
headers_end(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

static void
header_add(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	must(longer);
	*list = longer;
}

static struct curl_slist *
headers_of(const struct client *client, const struct ask *ask)
{
	struct curl_slist *list = NULL;
	char type[96];

	snprintf(type, sizeof(type), "Content-Type: %s",
	         ask->type ? ask->type : "application/json");
	header_add(&list, ask->body.ptr ? type : "Content-Type:");
	header_add(&list,
	           "Accept: application/json, application/problem+json, application/x-ndjson");
	header_add(&list, "Expect:"); /* no question before a large body */
	if (client->key)
		header_add(&list, client->key);
	for (size_t i = 0; i < ASK_HEADERS && ask->header[i]; i++)
		header_add(&list, ask->header[i]);
	return list;
}

static void
prepare(struct client *client, const char *url, const struct ask *ask, struct curl_slist *headers)
{
	CURL *curl = client->curl;

	curl_easy_reset(curl); /* keeps the connection */
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, client);
	if (client->socket) {
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
		curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* of the environment, too */
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method);
	if (ask->body.ptr || strcmp(ask->method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->body.len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->body.ptr ? ask->body.ptr : "");
	}
}

static enum err
unreachable(struct job *job, struct client *client, CURLcode code)
{
	struct cli *cli = client->cli;

	if (!buf_ok(&client->body))
		return complain(cli, EXIT_REFUSED, "the answer is longer than 16 MiB");
	if (!client->socket)
		return complain(cli, EXIT_NO_SERVER, "%s cannot be reached: %s", client->base,
		                curl_easy_strerror(code));
	if (!file_exists(client->data))
		return complain(
			cli, EXIT_NO_SERVER,
			"there is no directory %s; --data or $VALV_DATA says where the vault is",
			client->data);
	if (access(client->socket, F_OK) == 0 && access(client->socket, R_OK | W_OK) != 0)
		return complain(cli, EXIT_NO_SERVER,
		                "only the user who runs the server, and root, may use %s",
		                client->socket);
	if (code != CURLE_COULDNT_CONNECT)
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
	OWNED(headers_end) struct curl_slist *headers = headers_of(client, ask);
	CURLcode code;
	long status = 0;

	buf_put(&url, str_from_c(client->base));
	buf_put(&url, str_from_c(ask->path));
	buf_char(&url, '\0');
	must(buf_ok(&url));
	buf_clear(&client->body);
	buf_clear(&client->etag);
	prepare(client, url.ptr, ask, headers);
	code = curl_easy_perform(client->curl);
	if (code != CURLE_OK)
		return unreachable(job, client, code);
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	*ret = (struct answer){ (int)status, buf_str(&client->body), buf_str(&client->etag) };
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

enum err
client_call(struct job *job, struct client *client, const struct ask *ask, struct answer *ret)
{
	TRY(client_try(job, client, ask, ret));
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
