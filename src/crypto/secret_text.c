#include "crypto/secret_text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "crypto/locked.h"

static void
fd_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

struct secret_text *
secret_text_new(void)
{
	return locked_new(sizeof(struct secret_text));
}

void
secret_text_free(struct secret_text **text)
{
	locked_free(*text);
	*text = NULL;
}

str
secret_text_line(const struct secret_text *text)
{
	str rest = { text->octet, text->len }, line;

	if (!eat_until(&rest, '\n', &line))
		line = rest;
	if (str_ends(line, S("\r")))
		line.len--;
	return line;
}

/* Up to the end of the file, or of the line where `one_line`. */
static enum err
text_fill(struct job *job, int fd, bool one_line, struct secret_text *text)
{
	while (text->len < SECRET_TEXT_MAX) {
		ssize_t got = read(fd, text->octet + text->len, SECRET_TEXT_MAX - text->len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(job, ERR_IO, "a key or passphrase could not be read");
		if (got == 0)
			return OK;
		text->len += (size_t)got;
		if (one_line && text->octet[text->len - 1] == '\n')
			return OK;
	}
	return fail(job, ERR_ROOT, "a key or passphrase file is longer than it may be");
}

/* What is checked is the open file, so that it cannot be exchanged in between. */
static enum err
mode_check(struct job *job, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail(job, ERR_IO, "a key or passphrase could not be read");
	/* A terminal may be written to by others, and still be read by its owner alone. */
	if (!S_ISCHR(st.st_mode) && (st.st_mode & 077))
		return fail(job, ERR_ROOT,
		            "the key or passphrase file may be touched by others; chmod 600 it");
	return OK;
}

enum err
secret_text_read(struct job *job, const char *path, enum secret_text_mode mode,
                 struct secret_text **ret)
{
	OWNED(secret_text_free) struct secret_text *text = secret_text_new();
	OWNED(fd_end) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return fail(job, ERR_ROOT, "a key or passphrase file cannot be opened");
	if (mode == TEXT_PRIVATE)
		TRY(mode_check(job, fd));
	TRY(text_fill(job, fd, false, text));
	*ret = text;
	text = NULL;
	return OK;
}

/* --- terminal -------------------------------------------------------------------------------- */

static void
say(int fd, str text)
{
	/* A prompt that cannot be written is no reason to stop. */
	if (write(fd, text.ptr, text.len) < 0)
		return;
}

enum err
secret_text_ask(struct job *job, str prompt, struct secret_text **ret)
{
	OWNED(secret_text_free) struct secret_text *text = secret_text_new();
	OWNED(fd_end) int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios before, quiet;
	enum err err;

	if (fd < 0 || tcgetattr(fd, &before) < 0)
		return fail(job, ERR_ROOT, "no terminal to ask at, and no VALV_PASSPHRASE_FILE");
	/* Without ISIG, Ctrl-C is a character, and cannot leave the terminal without echo. */
	quiet = before;
	quiet.c_lflag = (quiet.c_lflag & ~(tcflag_t)(ECHO | ISIG)) | ICANON;
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0)
		return fail(job, ERR_ROOT, "the terminal's echo cannot be turned off");
	say(fd, prompt);
	err = text_fill(job, fd, true, text);
	say(fd, S("\n"));
	tcsetattr(fd, TCSAFLUSH, &before);
	TRY(err);
	if (text->len == 0 || memchr(text->octet, 0x03, text->len))
		return fail(job, ERR_ROOT, "no passphrase given");
	*ret = text;
	text = NULL;
	return OK;
}
