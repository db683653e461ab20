/* base/str.h -- borrowed text and bytes, and parsing by eating.
 *
 * A `str` is borrowed, not NUL-terminated and never freed.  `bytes` is the same thing for
 * octets that are not text.  An eat_* function takes what it names off the front of *rest and
 * answers true, or answers false and leaves *rest as it was.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct str {
	const char *ptr;
	size_t len;
} str;

typedef struct bytes {
	const uint8_t *ptr;
	size_t len;
} bytes;

#define S(literal) ((str){ "" literal "", sizeof(literal) - 1 })
/* For printf("%.*s", SPRINT(s)). */
#define SPRINT(s) (int)(s).len, (s).ptr

str str_from_c(const char *c_string); /* NULL gives the empty str */
static inline bytes str_bytes(str s) { return (bytes){ (const uint8_t *)s.ptr, s.len }; }
static inline str bytes_str(bytes b) { return (str){ (const char *)b.ptr, b.len }; }

bool str_eq(str a, str b);
bool str_eq_fold(str a, str b); /* without regard to ASCII case */
int str_cmp(str a, str b);      /* by bytes */
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
bool str_find(str s, str needle, size_t *ret_at);
str str_trim(str s); /* ASCII white space off both ends */
str str_from(str s, size_t from); /* all from an offset on; past the end gives the empty str */
str str_first(str s, size_t len);

/* Valid UTF-8 (RFC 3629: no surrogates, no overlong forms), and optionally free of C0
 * controls other than tab, line feed and carriage return, and of U+007F. */
bool str_utf8(str s);
bool str_printable(str s);

bool eat_char(str *rest, char c);
bool eat_str(str *rest, str what);
/* All up to `stop`; `stop` itself is eaten too.  False when it does not occur. */
bool eat_until(str *rest, char stop, str *ret);
/* Decimal digits only: no sign, no space, no leading zero but "0" itself, no overflow. */
bool eat_u64(str *rest, uint64_t *ret);
bool eat_digits(str *rest, size_t count, uint64_t *ret); /* exactly count digits, zeros allowed */
bool str_u64(str s, uint64_t *ret); /* the whole of s */
bool str_i64(str s, int64_t *ret);  /* as str_u64, with an optional minus */
bool str_hex(str s, uint8_t *out, size_t out_len); /* exactly 2 * out_len hex digits */

/* Little-endian numbers and length-prefixed bytes (u32), as buf_le*() and buf_block() write. */
bool eat_u8(bytes *rest, uint8_t *ret);
bool eat_le16(bytes *rest, uint16_t *ret);
bool eat_le32(bytes *rest, uint32_t *ret);
bool eat_le64(bytes *rest, uint64_t *ret);
bool eat_bytes(bytes *rest, size_t len, bytes *ret);
bool eat_block(bytes *rest, bytes *ret);

#endif
