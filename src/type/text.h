/* type/text.h -- Unicode for the readers; text.c and precis.c are the only files that see libunistring.
 *
 * Every function takes any bytes.  Where they are not UTF-8, text_next() gives U+FFFD for one byte,
 * and the functions that write append nothing and answer false.
 */
#ifndef TYPE_TEXT_H
#define TYPE_TEXT_H

#include "base/buf.h"

#define TEXT_BULLET "\xe2\x80\xa2" /* U+2022, as masks show it */

bool text_next(str *rest, uint32_t *ret); /* eats one character; false at the end */
size_t text_count(str text);              /* characters */
str text_trim(str text);                  /* Unicode White_Space off both ends */
bool text_ascii_only(str text);

bool text_letter(uint32_t c);
bool text_word(uint32_t c); /* letter, mark or number */

bool text_nfc(str text, struct buf *ret);
bool text_lower(str text, struct buf *ret); /* character by character, then NFC */

/* Spaces and dashes of all kinds as the ASCII ones, for forms made of ASCII that word processors
 * have embellished; the rest as it is. */
void text_plain(str text, struct buf *ret);

#endif
