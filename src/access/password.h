/* access/password.h -- which passwords staff may choose (NIST SP 800-63B-4 section 3.1.1, ASVS 5.0 V6.2).
 *
 * At least PASSWORD_CHARS_ALONE characters, or PASSWORD_CHARS_BESIDE where a second factor is asked for, too; at
 * most LIMIT_PASSWORD_CHARS.  No rule about which kinds of characters, and none about time.  Refused is what
 * anybody would try: what is put together from a few of these and little else
 *
 *   - words of a list of common passwords, words and names, English and Swedish, with 4 for a, 0 for o and the like
 *   - the person's own names and addresses, the company's, the product's
 *   - runs of the keyboard and the alphabet, one character again and again, years and dates
 *
 * and what repeats something too short.  The list stands in the program (tools/common-passwords).
 */
#ifndef ACCESS_PASSWORD_H
#define ACCESS_PASSWORD_H

#include "base/buf.h"
#include "base/must.h"

#define PASSWORD_CHARS_ALONE 15
#define PASSWORD_CHARS_BESIDE 12

/* Appends the prepared form (type/precis.h).  `own`: texts that are near at hand for whoever knows the person;
 * their words count, from three characters on.  *ret_short: shorter than PASSWORD_CHARS_ALONE, so that it may only
 * stand beside a second factor.  False: *ret_why is a literal. */
must_check bool password_fits(str raw, const str *own, size_t own_count, bool second_factor, struct buf *ret,
                              bool *ret_short, const char **ret_why);

#endif
