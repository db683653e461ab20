/* cli/follow.c -- `valv audit follow`: the audit log as lines of JSON, for whoever carries it to another system.
 *
 * Looking at entries leaves an entry, so that asking every second would write one every second. What is new is seen from
 * the tree first, which leaves none (audit/tree.h, R4): its last leaves say whether anything but looks has come.
 *
 *   each round:  checkpoint -> last bundle -> something to fetch?  -> pages of entries -> print, flush, state
 *
 * The state is written after what it speaks of has left: killed in between, a page is printed again, and none is lost. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "audit/leaf.h"
#include "audit/texts.h"
#include "base/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "os/clock.h"
#include "os/file.h"

#define ROUND_US 1000000         /* between two looks at the tree: it grows about once a second */
#define LOOKS_US (60 * 1000000)  /* so long nothing but looks at the log may wait: two followers see each other's */
#define LINE_MAX_BYTES (4 * 1024 * 1024) /* a thousand decisions in one entry are some 300 KB */
#define STATE_MAX 64

struct follow {
	struct job *job; /* of one round */
	struct cli *cli;
	struct client *client;
	const char *state; /* NULL: none is kept */
	int64_t after;     /* the last entry that was printed */
	bool looked;       /* ours stands behind it, and is not news */
	uint64_t size;     /* of the tree when there was last something to decide */
	int64_t asked_us;  /* monotonic: when entries were fetched, or nothing waited any more */
};

/* --- what was printed already ------------------------------------------------------------------- */

static enum err
state_read(struct job *job, struct cli *cli, const char *path, int64_t *ret)
{
	bytes text;
	enum err err = file_read(job, path, STATE_MAX, &text);

	if (err == ERR_ABSENT) {
		job_forgive(job);
		return OK; /* the first time */
	}
	if (err || !str_i64(str_trim(bytes_str(text)), ret) || *ret < 0)
		return complain(cli, EXIT_USAGE, "%s is not a state that valv audit follow wrote", path);
	return OK;
}

static enum err
state_write(struct follow *follow)
{
	OWNED(buf_release) struct buf text = { .max = STATE_MAX };

	if (!follow->state)
		return OK;
	buf_dec(&text, follow->after);
	buf_char(&text, '\n');
	if (file_replace(follow->job, follow->state, 0600, buf_bytes(&text)))
		return complain(follow->cli, EXIT_REFUSED, "%s cannot be written", follow->state);
	return OK;
}

static void
unlock(int *fd)
{
	if (*fd >= 0)
		lock_release(*fd);
}

/* Two that follow by one state would print everything twice. */
static enum err
state_lock(struct job *job, struct cli *cli, const char *path, int *ret_fd)
{
	OWNED(buf_release) struct buf name = { .max = 4096 };
	enum err err;

	buf_put(&name, str_from_c(path));
	buf_put(&name, S(".lock"));
	if (!buf_ok(&name))
		return complain(cli, EXIT_USAGE, "%s is too long a name", path);
	err = lock_take(job, arena_c(&job->arena, buf_str(&name)), ret_fd);
	if (err == ERR_LOCKED)
		return complain(cli, EXIT_REFUSED, "another process follows the log by %s", path);
	return err ? complain(cli, EXIT_REFUSED, "%s cannot be locked", path) : OK;
}

/* --- printing ------------------------------------------------------------------------------------ */

static enum err
line_put(struct follow *follow, struct json entry)
{
	int64_t seq = 0;
	str line;

	TRY(json_i64(follow->job, entry, "seq", 0, INT64_MAX, &seq, NULL));
	if (seq <= follow->after)
		return complain(follow->cli, EXIT_REFUSED, "the server gives entries out of their order");
	TRY(json_canonical(follow->job, entry, LINE_MAX_BYTES, &line));
	if (fwrite(line.ptr, 1, line.len, stdout) != line.len || putchar('\n') == EOF)
		return complain(follow->cli, EXIT_REFUSED, "standard output cannot be written");
	follow->after = seq;
	return OK;
}

/* A pipe cannot be synced, and whoever reads it answers for what they took. */
static enum err
flush(struct follow *follow)
{
	if (fflush(stdout) || (fdatasync(STDOUT_FILENO) && errno != EINVAL && errno != EROFS))
		return complain(follow->cli, EXIT_REFUSED, "standard output cannot be written");
	return OK;
}

static enum err
lines_put(struct follow *follow, struct json entries)
{
	for (size_t i = 0; i < json_count(entries); i++)
		TRY(line_put(follow, json_element(follow->job, entries, i)));
	TRY(flush(follow));
	return state_write(follow);
}

/* Who is asked to stop stops between pages: what was printed stands in the state. */
static enum err
page_put(struct follow *follow, struct json entries)
{
	sigset_t stops, before;
	enum err err;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTERM);
	sigaddset(&stops, SIGINT);
	sigaddset(&stops, SIGHUP);
	sigprocmask(SIG_BLOCK, &stops, &before);
	err = lines_put(follow, entries);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err;
}

static enum err
page_fetch(struct follow *follow, bool *ret_more)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root, entries;
	struct answer answer;
	char path[96];
	str next;

	snprintf(path, sizeof(path), "/v1/audit/entries?limit=%d&after=%lld", LIMIT_PAGE, (long long)follow->after);
	TRY(client_call(follow->job, follow->client, &(struct ask){ .method = "GET", .path = path }, &answer));
	TRY(json_parse(follow->job, answer.body, &document, &root));
	TRY(json_array(follow->job, root, "entries", LIMIT_PAGE, &entries));
	TRY(json_str(follow->job, root, "next", STATE_MAX, &next, ret_more));
	return page_put(follow, entries);
}

static enum err
pages_fetch(struct follow *follow)
{
	bool more = true;

	while (more) {
		arena_reset(&follow->job->arena);
		TRY(page_fetch(follow, &more));
	}
	follow->looked = true;
	follow->asked_us = os_monotonic_us();
	return OK;
}

/* --- is there anything new ----------------------------------------------------------------------- */

/* *ret_there false: nothing is in the tree yet. */
static enum err
size_get(struct follow *follow, uint64_t *ret, bool *ret_there)
{
	struct checkpoint checkpoint;
	struct answer answer;

	TRY(client_try(follow->job, follow->client, &(struct ask){ .method = "GET", .path = "/v1/audit/checkpoint" }, &answer));
	*ret_there = answer.status != 503;
	if (!*ret_there)
		return OK;
	if (answer.status != 200)
		return client_refused(follow->job, follow->client, &answer);
	if (!checkpoint_read(answer.body, &checkpoint))
		return complain(follow->cli, EXIT_REFUSED, "the server's checkpoint cannot be read");
	*ret = checkpoint.size;
	return OK;
}

static enum err
last_leaves(struct follow *follow, uint64_t size, bytes *ret)
{
	struct tile_path path = { .level = TILE_ENTRIES, .no = (size - 1) / MERKLE_WIDTH, .width = (size - 1) % MERKLE_WIDTH + 1 };
	OWNED(buf_release) struct buf text = { .max = 128 };
	struct ask ask = { .method = "GET" };
	struct answer answer;

	buf_put(&text, S("/v1/audit/tile/"));
	tile_path_put(&path, &text);
	ask.path = arena_c(&follow->job->arena, buf_str(&text));
	*ret = (bytes){ 0 };
	TRY(client_try(follow->job, follow->client, &ask, &answer));
	if (answer.status == 404)
		return OK; /* their time was over: nothing came since */
	if (answer.status != 200)
		return client_refused(follow->job, follow->client, &answer);
	*ret = str_bytes(answer.body);
	return OK;
}

/* Of the last leaves: has anything come that is news now, or that has waited long enough? */
static bool
is_news(const struct follow *follow, bytes leaves)
{
	bool waited = os_monotonic_us() - follow->asked_us >= LOOKS_US;
	struct leaf leaf = { 0 };
	int64_t before = 0; /* number of the leaf before */
	bytes octets;

	while (eat_bundle(&leaves, &octets)) {
		if (!leaf_read(octets, &leaf))
			return waited; /* of a newer Valv: the server knows */
		if (leaf.seq > follow->after && (leaf.act != ENTRY_AUDIT_READ || (!before && leaf.seq > follow->after + 1)))
			return true; /* or there are more before the first of these */
		before = leaf.seq;
	}
	return leaf.seq > follow->after + follow->looked && waited;
}

static enum err
round_run(struct follow *follow)
{
	uint64_t size = 0;
	bytes leaves;
	bool there;

	arena_reset(&follow->job->arena);
	TRY(size_get(follow, &size, &there));
	if (!there || !size || (size == follow->size && os_monotonic_us() - follow->asked_us < LOOKS_US))
		return OK;
	follow->size = size;
	TRY(last_leaves(follow, size, &leaves));
	if (is_news(follow, leaves))
		return pages_fetch(follow);
	if (os_monotonic_us() - follow->asked_us >= LOOKS_US)
		follow->asked_us = os_monotonic_us(); /* nothing waits */
	return OK;
}

/* --- the command ---------------------------------------------------------------------------------- */

static const struct option options[] = {
	{ "after", "N", "Begin behind this entry, where no state says otherwise; at the first one unless said." },
	{ "state", "FILE", "Keep in FILE up to where was printed, and go on from there the next time." },
	{ "once", NULL, "Print what there is, and end." },
};

static enum err
after_read(struct job *job, struct cli *cli, const struct args *args, int64_t *ret)
{
	*ret = 0;
	if (arg_given(args, "after") && (!str_i64(arg_str(args, "after"), ret) || *ret < 0))
		return complain(cli, EXIT_USAGE, "audit follow: --after takes the number of an entry");
	return arg_given(args, "state") ? state_read(job, cli, arg_c(args, "state"), ret) : OK;
}

static enum err
run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(client_close) struct client *client = NULL;
	OWNED(job_release) struct job page = { .actor = job->actor, .now = job->now };
	OWNED(unlock) int lock = -1;
	struct follow follow = { .job = &page, .cli = cli, .state = arg_c(args, "state") };

	if (follow.state)
		TRY(state_lock(job, cli, follow.state, &lock));
	TRY(after_read(job, cli, args, &follow.after));
	TRY(client_open(job, cli, args, &client));
	follow.client = client;
	follow.asked_us = os_monotonic_us();
	if (arg_given(args, "once"))
		return pages_fetch(&follow);
	for (;;) {
		TRY(round_run(&follow));
		os_pause_us(ROUND_US);
	}
}

const struct command command_audit_follow = {
	.about = "Prints the entries of the audit log as they come, oldest first, one object of JSON on each line, for a program that "
	         "takes them to another system. With --state each is printed once, however often this is stopped and begun again; "
	         "killed while it prints, it may print up to a thousand again, which their seq tells. It ends when the server does.\n"
	         "What is printed is what valv audit --json shows: numbers and ids, no values. An entry is there a second or two after "
	         "it was made. Its own looks at the log come along with the next entry that is none, those of others within a "
	         "minute.",
	.examples = "valv audit follow --state /var/lib/valv-follow/state | systemd-cat -t valv-audit\n"
	            "valv audit follow --once --after 4711 > since-4711.jsonl",
	OPTIONS(options),
	.remote = true,
	.run = run,
};
