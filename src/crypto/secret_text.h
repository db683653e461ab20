/* crypto/secret_text.h -- text that is or holds a secret, in locked memory; only crypto/ includes
 * this.  It is read straight into that memory: no stdio, which would keep copies. */
#ifndef CRYPTO_SECRET_TEXT_H
#define CRYPTO_SECRET_TEXT_H

#include "base/job.h"

#define SECRET_TEXT_MAX 4096

struct secret_text {
	size_t len;
	char octet[SECRET_TEXT_MAX];
};

enum secret_text_mode {
	TEXT_PRIVATE, /* what group or others may touch is refused, but for terminals */
	TEXT_GIVEN,   /* whoever handed the file over answers for its mode */
};

struct secret_text *secret_text_new(void); /* empty; never NULL */
void secret_text_free(struct secret_text **text); /* wipes; accepts NULL inside; for OWNED */

/* The whole of a file, pipe or device.  The path may be /dev/fd/N.
 *   ERR_ROOT not there, may not be opened, longer than SECRET_TEXT_MAX, or touched by others
 *   ERR_IO */
must_check enum err secret_text_read(struct job *job, const char *path, enum secret_text_mode mode,
                                     struct secret_text **ret);

/* One line from the controlling terminal, with echo off.   ERR_ROOT no terminal, or given up */
must_check enum err secret_text_ask(struct job *job, str prompt, struct secret_text **ret);

/* The first line without its end.  Borrowed: a `str` into the locked memory, to be used at once. */
str secret_text_line(const struct secret_text *text);

#endif
