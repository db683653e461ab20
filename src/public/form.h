/* public/form.h -- what a browser sends: application/x-www-form-urlencoded (the WHATWG's URL standard) and
 * multipart/form-data (RFC 7578).  Text only: a file is left out.
 *
 *   F1  Every name and value is UTF-8 without NUL; a line end is one line feed.
 *   F2  At most LIMIT_FORM_FIELDS, in a body of at most LIMIT_FORM_BYTES.
 */
#ifndef PUBLIC_FORM_H
#define PUBLIC_FORM_H

#include "base/job.h"

struct form_field {
	str name, value;
};

struct form {
	struct form_field *field;
	size_t count;
};

/* Into the arena.
 *   ERR_MEDIA_TYPE  neither of the two   ERR_MALFORMED  not what its type says   ERR_LIMIT limit_form_fields */
must_check enum err form_read(struct job *job, str content_type, bytes body, struct form *ret);

/* The first of that name; "" when there is none. */
str form_text(const struct form *form, str name);
bool form_has(const struct form *form, str name, str value); /* any of that name has the value */

#endif
