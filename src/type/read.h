/* type/read.h -- the readers behind type_parse(), one per type; private to type/.
 *
 * A reader gets text that type_parse() has vetted: valid UTF-8, free of control characters, without
 * white space around it, not empty and at most LIMIT_VALUE_BYTES.  It appends the canonical form to
 * ret, an empty scratch, and answers true; or points *ret_why at a literal and answers false,
 * whereupon the scratch is thrown away.
 */
#ifndef TYPE_READ_H
#define TYPE_READ_H

#include "type/type.h"

typedef bool reader(const struct type_context *context, str text, struct buf *ret,
                    const char **ret_why);

/* Only a literal is accepted, so no part of a value can enter a message. */
#define refuse(ret_why, why) (*(ret_why) = "" why "", false)

reader text_read;
reader text_read_line;
reader name_read;
reader email_read;
reader phone_read;
reader place_read_postcode;
reader place_read_country;
reader date_read;
reader date_read_birth;
reader ip_read;
reader personnummer_read;
reader url_read;
reader plain_read_number;
reader plain_read_boolean;
reader plain_read_enum;
reader iban_read;
reader language_read;

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool
is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

static inline char
to_lower(char c)
{
	return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static inline char
to_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

#endif
