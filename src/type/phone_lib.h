/* type/phone_lib.h -- the door to libphonenumber, which is C++: all that Valv asks of it.
 *
 * Nothing of C++ passes it, no exception either.  The library builds its tables on the first call
 * and keeps them; calls from several threads are safe.
 */
#ifndef TYPE_PHONE_LIB_H
#define TYPE_PHONE_LIB_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PHONE_E164_MAX 16 /* a plus and fifteen digits, ITU-T E.164 6.1 */

enum phone_verdict {
	PHONE_UNREADABLE, /* not a telephone number; nothing is written */
	PHONE_NO_REGION,  /* a national number without a known region; nothing is written */
	PHONE_POSSIBLE,   /* a number in no range that the library knows to be in use */
	PHONE_VALID,
};

/* digits: a plus or none, then decimal digits.  region: ISO 3166-1 alpha-2, or empty.  ret has room
 * for PHONE_E164_MAX octets; it is not terminated. */
enum phone_verdict phone_lib_read(const char *digits, size_t digits_len, const char *region,
                                  size_t region_len, char *ret, size_t *ret_len);

#ifdef __cplusplus
}
#endif

#endif
