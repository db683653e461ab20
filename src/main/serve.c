/* main/serve.c -- `valv serve`: opens the vault, starts what serves it, waits, stops.
 *
 *   main thread        waits for SIGTERM or SIGINT
 *   http/'s threads    move bytes; its workers run api/, each with its own reader
 *   store/'s writer    all writes
 *   sweeper            what time does, once a minute
 *   deliverer          webhooks that are due
 *   mailer             messages to persons that are due, and what comes back
 *   indexer            the index from persons to audit entries, behind the log
 *   sequencer          the Merkle tree over the audit entries, behind the log
 */
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

#include "access/breached.h"
#include "api/api.h"
#include "audit/entry.h"
#include "cli/data_dir.h"
#include "crypto/secret.h"
#include "main/deliverer.h"
#include "main/mailer.h"
#include "mail/start.h"
#include "main/demo_start.h"
#include "main/first_staff.h"
#include "main/indexer.h"
#include "main/listen_on.h"
#include "main/log.h"
#include "main/make.h"
#include "main/root_notice.h"
#include "main/sequencer.h"
#include "main/stop.h"
#include "main/sweeper.h"
#include "os/file.h"
#include "public/public.h"
#include "webauthn/webauthn.h"

#define LISTEN_DEFAULT "127.0.0.1:8400"
#define WORKERS_DEFAULT 64 /* they wait for commits most of the time, and commit together */
#define WORKERS_MAX 512    /* of the store's readers, each with files of its own */
#define WORKERS_RESERVED 4
#define PUBLIC_WORKERS 32  /* a page is a read with its entry, which waits for a commit */
#define PUBLIC_RESERVED 4
#define GRACE_SECONDS 10

static const struct option options[] = {
	{ "data", "DIR", "The vault; $VALV_DATA, or else ./valv-data." },
	{ "facts", "DIR", "Where its ledger of facts lies; where it lay last, else beside the vault, in DIR.facts." },
	{ "listen", "ADDRESS:PORT",
	  "Where to listen; " LISTEN_DEFAULT " unless said. Port 0 takes any; "
	  "none leaves only the socket DIR/valv.sock." },
	{ "public", "ADDRESS:PORT",
	  "Where the pages for persons listen, apart from the rest: the links in mails lead there. Without it there are none; port 0 takes "
	  "any." },
	{ "behind-tls-proxy", NULL,
	  "A proxy that speaks TLS stands in front: allows an address that other machines reach, and takes the last address in "
	  "X-Forwarded-For for the caller's." },
	{ "origin", "URL",
	  "How people's browsers reach it, as https://valv.example.com: passkeys are bound to it. "
	  "http://localhost and the port unless said, for trying it out on this machine." },
	{ "relying-party", "DOMAIN",
	  "What passkeys are for: the host of --origin unless said, or a domain that it is in, so that the host may "
	  "change." },
	{ "breached-passwords", "FILE",
	  "Refuse the passwords in this file when somebody chooses one: Pwned Passwords in one file, SHA-1, ordered by hash. Nothing is "
	  "asked elsewhere." },
	{ "workers", "N", "Threads that answer, at most 512; 64 unless said." },
	{ "ready-file", "FILE", "Write the URL into this file once requests are answered; on a second line that of the pages for persons, where they listen." },
	{ "demo", NULL,
	  "Make a vault with invented people if there is none, and say what to try." },
};

struct serving {
	struct vault *vault;
	struct db *db; /* the main thread's */
	struct api *api;
	struct server *server, *public_server;
	struct public *public;
	struct sweeper *sweeper;
	struct deliverer *deliverer;
	struct mailer *mailer;
	struct rounds *indexer, *sequencer;
	struct breached *breached;
};

/* In the order of what leans on what. */
static void
serving_end(struct serving *serving)
{
	server_stop(&serving->public_server);
	server_stop(&serving->server);
	deliverer_stop(&serving->deliverer);
	mailer_stop(&serving->mailer);
	sweeper_stop(&serving->sweeper);
	rounds_stop(&serving->indexer);
	rounds_stop(&serving->sequencer);
	public_close(&serving->public);
	api_close(&serving->api);
	breached_close(&serving->breached);
	reader_end(&serving->db);
	vault_close(&serving->vault);
}

/* Files for every connection and worker; never a core file, which would hold people's data. */
static void
limits_set(void)
{
	struct rlimit files, no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static unsigned
io_threads(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 2 ? 1 : cores < 8 ? 2 : 4;
}

static enum err
where_to_listen(struct cli *cli, const struct args *args, const char *option, str otherwise, struct listen_on *ret)
{
	str text = arg_given(args, option) ? arg_str(args, option) : otherwise;

	if (!listen_on_read(text, ret))
		return complain(cli, EXIT_USAGE,
		                "serve: --%s takes an IP address and a port, as "
				"127.0.0.1:8400 or [::1]:8400, or none", option);
	if (ret->loopback || arg_given(args, "behind-tls-proxy"))
		return OK;
	return complain(
		cli, EXIT_USAGE,
		"serve: other machines would reach %s, and what they send would cross the "
		"network\n"
		"unencrypted: Valv speaks HTTP without TLS. Listen on 127.0.0.1 and put a proxy "
		"that speaks\n"
		"TLS in front, or, if the proxy is on another machine of a closed network, say so "
		"with\n"
		"--behind-tls-proxy.",
		ret->address);
}

static enum err
where_it_is(struct cli *cli, const struct args *args, struct api_options *ret)
{
	str host;

	if (!arg_given(args, "origin") && !arg_given(args, "relying-party"))
		return OK;
	ret->origin = arg_str(args, "origin");
	if (!webauthn_origin_fits(ret->origin, &host))
		return complain(cli, EXIT_USAGE,
		                "serve: --origin takes https:// and a host, in lower case and without a path, as "
		                "https://valv.example.com,\nor http://localhost:8400");
	ret->relying_party = arg_given(args, "relying-party") ? arg_str(args, "relying-party") : host;
	if (!webauthn_party_fits(ret->relying_party, host))
		return complain(cli, EXIT_USAGE,
		                "serve: --relying-party takes the host of --origin, or a domain that it is in");
	return OK;
}

static enum err
breached_take(struct job *job, struct cli *cli, const struct args *args, struct serving *serving, struct api_options *ret)
{
	const char *path;

	if (!arg_given(args, "breached-passwords"))
		return OK;
	path = arg_c(args, "breached-passwords");
	if (breached_open(job, path, &serving->breached))
		return complain(cli, EXIT_USAGE, "serve: --breached-passwords %s: %s", path, job->failure.why);
	ret->breached = serving->breached;
	return OK;
}

static enum err
open_vault(struct job *job, struct cli *cli, const char *dir, const char *facts, bool demo,
           struct serving *serving)
{
	struct vault_place place = { .dir = dir, .facts = facts, .remember = true };

	if (demo)
		TRY(demo_make(job, dir, facts));
	else if (!vault_there(job, dir))
		return complain(cli, EXIT_NOT_FOUND, "there is no vault in %s; make one: %s init%s",
		                dir, cli->program, data_option(job, dir));
	TRY(vault_open_at(job, &place, &serving->vault));
	TRY(store_reader(job, serving->vault->store, &serving->db));
	job->db = serving->db;
	TRY(clock_start(job, serving->vault)); /* before anything can be erased by time (K1) */
	root_notice(job, dir);
	if (!secret_locked())
		fputs("level=warning operation=start why=\"memory for keys cannot be locked and "
		      "may reach the swap device; raise LimitMEMLOCK or ulimit -l\"\n",
		      stderr);
	return OK;
}

static enum err
start(struct job *job, const char *dir, const struct listen_on *on, unsigned workers,
      const struct api_options *api_options, struct serving *serving)
{
	struct server_config config = {
		.address = on->address[0] ? on->address : NULL,
		.port = on->port,
		.socket_path = path_in(job, dir, "valv.sock"),
		.io_threads = io_threads(),
		.workers = workers + WORKERS_RESERVED,
		.workers_reserved = WORKERS_RESERVED,
		.grace_seconds = GRACE_SECONDS,
	};
	struct entry entry = { .act = ENTRY_START };

	TRY(api_open(job, serving->vault, api_options, &serving->api));
	api_server_config(serving->api, &config);
	TRY(entry_write(job, serving->vault->store, &entry, NULL));
	TRY(server_start(job, &config, &serving->server));
	api_serving(serving->api, serving->server);
	TRY(indexer_start(job, serving->vault->store, &serving->indexer));
	TRY(sequencer_start(job, serving->vault, &serving->sequencer));
	TRY(sweeper_start(job, serving->vault, &serving->sweeper));
	TRY(deliverer_start(job, serving->vault, &serving->deliverer));
	return mailer_start(job, serving->vault, &serving->mailer);
}

/* The pages for persons: nothing of the interface is reached there, and nothing of them here. */
static enum err
start_public(struct job *job, const struct listen_on *on, const struct public_options *how, struct serving *serving)
{
	struct server_config config = {
		.address = on->address,
		.port = on->port,
		.io_threads = 1,
		.workers = PUBLIC_WORKERS + PUBLIC_RESERVED,
		.workers_reserved = PUBLIC_RESERVED,
		.grace_seconds = GRACE_SECONDS,
	};

	if (!on->address[0])
		return OK;
	TRY(public_open(job, serving->vault, how, &serving->public));
	public_server_config(serving->public, &config);
	return server_start(job, &config, &serving->public_server);
}

static const char *
url_of(struct job *job, const struct listen_on *on, const struct server *server)
{
	char text[96];
	bool v6 = strchr(on->address, ':');

	if (!on->address[0])
		return "";
	snprintf(text, sizeof(text), "http://%s%s%s:%u", v6 ? "[" : "", on->address, v6 ? "]" : "",
	         (unsigned)server_port(server));
	return arena_c(&job->arena, str_from_c(text));
}

/* The URL, and on a second line that of the pages for persons, if there are any. */
static str
ready_text(struct job *job, const char *url, const char *public_url)
{
	OWNED(buf_release) struct buf text = { .max = 256 };

	buf_put(&text, str_from_c(url));
	if (*public_url) {
		buf_char(&text, '\n');
		buf_put(&text, str_from_c(public_url));
	}
	return arena_str(&job->arena, buf_str(&text));
}

static enum err
say_ready(struct job *job, const struct cli *cli, const struct args *args, const char *dir,
          const char *url, const char *public_url, bool demo, const struct access *access)
{
	log_info("start", "version=%s data=%s url=%s public=%s socket=%s/valv.sock", cli->version, dir,
	         *url ? url : "none", *public_url ? public_url : "none", dir);
	if (demo)
		demo_say(job, cli, dir, url);
	TRY(first_staff(job, cli, access, dir, url));
	fflush(stdout);
	if (!arg_given(args, "ready-file"))
		return OK;
	return file_replace(job, arg_c(args, "ready-file"), 0600, str_bytes(ready_text(job, url, public_url)));
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(serving_end) struct serving serving = { 0 };
	const char *dir = data_dir(args), *url, *public_url = "";
	struct entry stopped = { .act = ENTRY_STOP };
	uint64_t workers = WORKERS_DEFAULT;
	struct api_options api_options = { .behind_proxy = arg_given(args, "behind-tls-proxy") };
	struct public_options public_options = { .behind_proxy = api_options.behind_proxy };
	struct listen_on on, public_on;

	TRY(where_to_listen(cli, args, "listen", S(LISTEN_DEFAULT), &on));
	TRY(where_to_listen(cli, args, "public", S("none"), &public_on));
	TRY(where_it_is(cli, args, &api_options));
	TRY(breached_take(job, cli, args, &serving, &api_options));
	TRY(arg_number(cli, args, "workers", WORKERS_MAX, &workers));
	limits_set();
	mail_start();
	job->actor = (struct actor){ .kind = ACTOR_SYSTEM };
	TRY(open_vault(job, cli, dir, arg_given(args, "facts") ? arg_c(args, "facts") : NULL,
	               arg_given(args, "demo"), &serving));
	stop_listen();
	TRY(demo_is(job, serving.vault, &api_options.demo));
	TRY(start(job, dir, &on, (unsigned)workers, &api_options, &serving));
	TRY(start_public(job, &public_on, &public_options, &serving));
	url = url_of(job, &on, serving.server);
	if (serving.public_server)
		public_url = url_of(job, &public_on, serving.public_server);
	TRY(say_ready(job, cli, args, dir, url, public_url, api_options.demo && arg_given(args, "demo"), &serving.vault->access));
	stop_wait();
	atomic_store(&serving.vault->stopping, true);
	log_info("stop", "grace_seconds=%d", GRACE_SECONDS);
	server_stop(&serving.public_server);
	server_stop(&serving.server);
	return entry_write(job, serving.vault->store, &stopped, NULL);
}

const struct command command_serve = {
	.about = "Opens the vault (valv init makes one) and answers until SIGTERM or SIGINT, "
	         "which let requests that have begun finish within 10 seconds. Other valv "
	         "commands on this machine speak to it over DIR/valv.sock, which only the same "
	         "user and root may use; everything else needs an API key (valv key create).\n"
	         "Valv speaks HTTP without TLS, so it listens on this machine only, unless a "
	         "proxy that speaks TLS stands in front.\n"
	         "What goes wrong is logged on stderr, one line each, without personal data.",
	.examples = "valv serve --demo\n"
	            "valv serve --data /var/lib/valv\n"
	            "valv serve --data /var/lib/valv --listen 10.0.0.5:8400 --behind-tls-proxy",
	OPTIONS(options),
	.run = run,
};
