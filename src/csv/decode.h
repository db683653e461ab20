/* csv/decode.h -- from the encodings of CSV files to UTF-8, and sizes back again.
 *
 * What cannot be decoded becomes bytes that are not valid UTF-8, so that whoever checks the row
 * finds it; and each such byte sequence still tells how long its original was:
 *
 *   UTF-16       a lone surrogate becomes its three-byte form (ED A0..BF xx)
 *   Windows-1252 one of the five undefined bytes becomes FF
 *   UTF-8        is copied as it is
 */
#ifndef CSV_DECODE_H
#define CSV_DECODE_H

#include "csv/csv.h"

/* Append the piece.  A character cut at its end waits in the decoder (UTF-8: stays cut in out,
 * until the rest is appended).  The buf must have room for 3 * piece.len + 6 bytes. */
void decode_put(struct csv_decoder *decoder, struct buf *out, bytes piece);
/* What waits will not be completed: append it as what it is. */
void decode_end(struct csv_decoder *decoder, struct buf *out);

/* How many bytes the text took in the file.  An odd byte at the end of UTF-16 counts too much. */
uint64_t decode_size(enum csv_encoding encoding, str text);

#endif
