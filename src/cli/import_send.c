/* cli/import_send.c -- a file to the server, piece by piece.
 *
 * The server takes the whole rows of a piece and says where the next one is to begin; this side
 * knows nothing about rows.  What was taken is durable when the answer comes, so an interruption at
 * any moment loses nothing. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/import.h"
#include "cli/progress.h"
#include "cli/say.h"

#define PIECE_BYTES ((size_t)1024 * 1024) /* small enough for the bar to move */
#define BUSY_TRIES 30

/* A handler can reach nothing but a global. */
static volatile sig_atomic_t interrupted;

static void
on_interrupt(int number)
{
	interrupted = 1;
}

struct sending {
	struct cli *cli;
	struct client *client;
	const char *path, *id;
	int fd;
	uint64_t size, offset, rows;
	bool done;
	struct buf piece;
};

static void
sending_end(struct sending *sending)
{
	if (sending->fd >= 0)
		close(sending->fd);
	buf_release(&sending->piece);
}

static enum err
open_file(struct sending *sending)
{
	struct stat st;

	sending->fd = open(sending->path, O_RDONLY | O_CLOEXEC);
	if (sending->fd < 0 || fstat(sending->fd, &st))
		return complain(sending->cli, EXIT_USAGE, "%s cannot be read", sending->path);
	if (!S_ISREG(st.st_mode))
		return complain(sending->cli, EXIT_USAGE,
		                "%s is no file; an import must be able to go back in it",
		                sending->path);
	sending->size = (uint64_t)st.st_size;
	if (sending->offset > sending->size)
		return complain(sending->cli, EXIT_USAGE,
		                "%s is shorter than what was taken of it: another file?",
		                sending->path);
	return OK;
}

/* The piece at the offset; *ret_last: the file ends with it. */
static enum err
read_piece(struct sending *sending, size_t max, bool *ret_last)
{
	buf_clear(&sending->piece);
	while (sending->piece.len < max) {
		char *room = buf_room(&sending->piece, max - sending->piece.len);
		ssize_t got = pread(sending->fd, room, max - sending->piece.len,
		                    (off_t)(sending->offset + sending->piece.len));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return complain(sending->cli, EXIT_REFUSED, "%s cannot be read to its end",
			                sending->path);
		if (got == 0)
			break;
		sending->piece.len += (size_t)got;
	}
	*ret_last = sending->offset + sending->piece.len >= sending->size;
	return OK;
}

static enum err
take_answer(struct job *job, struct sending *sending, const struct answer *answer)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	int64_t offset = -1, rows = 0;
	str state;

	TRY(json_parse(job, answer->body, &document, &root));
	TRY(json_i64(job, root, "offset", 0, INT64_MAX, &offset, NULL));
	TRY(json_i64(job, root, "rows", 0, INT64_MAX, &rows, NULL));
	TRY(text_member(job, root, "state", &state));
	sending->done = !str_eq(state, S("open"));
	if (!sending->done && (uint64_t)offset <= sending->offset)
		return fail(job, ERR_INVALID, "nothing of the piece was taken");
	sending->offset = (uint64_t)offset;
	sending->rows = (uint64_t)rows;
	return OK;
}

/* A server that has too much to do is asked again, a second later. */
static enum err
send_piece(struct job *job, struct sending *sending, bool last, struct answer *ret)
{
	char query[96];

	snprintf(query, sizeof(query), "/rows?offset=%llu%s", (unsigned long long)sending->offset,
	         last ? "&last=true" : "");
	struct ask ask = {
		.method = "POST",
		.path = client_path(job, "/v1/imports/", sending->id, query),
		.body = sending->piece.len ? buf_str(&sending->piece) : S(""),
		.type = "text/csv",
	};
	for (int i = 0; i < BUSY_TRIES && !interrupted; i++) {
		TRY(client_try(job, sending->client, &ask, ret));
		if (ret->status != 503)
			break;
		sleep(1);
	}
	return ret->status == 200 ? OK : client_refused(job, sending->client, ret);
}

static enum err
send_all(struct job *job, struct sending *sending, struct progress *progress)
{
	struct job piece_job = { 0 };
	struct answer answer = { 0 };
	enum err err = OK;
	bool last = false;

	while (!err && !sending->done && !interrupted) {
		progress_show(progress, sending->offset, sending->size, sending->rows);
		err = read_piece(sending, PIECE_BYTES, &last);
		if (!err)
			err = send_piece(&piece_job, sending, last, &answer);
		if (!err)
			err = take_answer(&piece_job, sending, &answer);
		if (err)
			job->failure = piece_job.failure;
		arena_reset(&piece_job.arena);
	}
	job_release(&piece_job);
	return err;
}

static void
say_how_to_go_on(struct job *job, const struct sending *sending)
{
	struct cli *cli = sending->cli;

	fprintf(stderr,
	        "%llu of %llu bytes were taken, and are safe. To go on:\n"
		"  %s import%s %s --resume %s\n",
	        (unsigned long long)sending->offset, (unsigned long long)sending->size,
	        cli->program, client_option(job, sending->client), sending->path, sending->id);
}

enum err
import_send_file(struct job *job, struct cli *cli, struct client *client, const char *path,
                 const char *id, uint64_t offset)
{
	OWNED(sending_end)
	struct sending sending = {
		.cli = cli,
		.client = client,
		.path = path,
		.id = id,
		.fd = -1,
		.offset = offset,
		.piece = { .max = PIECE_BYTES },
	};
	struct sigaction ask = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND };
	struct progress progress;
	enum err err;

	TRY(open_file(&sending));
	sigaction(SIGINT, &ask, NULL);
	sigaction(SIGTERM, &ask, NULL);
	progress_begin(&progress, "rows", offset);
	err = send_all(job, &sending, &progress);
	progress_end(&progress);
	if (interrupted && !err)
		err = complain(cli, EXIT_REFUSED, "interrupted");
	if (err)
		say_how_to_go_on(job, &sending);
	return err;
}
