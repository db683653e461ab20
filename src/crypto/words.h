/* crypto/words.h -- a key as words that a person can write down, read aloud and type again.
 *
 * Twenty made-up words of five letters, consonant and vowel in turn, in four lines of five: four
 * words of a line carry 64 bits, sixteen each, and the fifth checks them and their place, so that
 * a slip of the pen is found and the line named.
 *
 *     lusab babad gutih tugad   natik
 *
 * Consonants b d f g h j k l m n p r s t v z (four bits each, in this order), vowels a i o u (two).
 * Read without regard to case; anything that is not a letter stands between words.
 */
#ifndef CRYPTO_WORDS_H
#define CRYPTO_WORDS_H

#include "crypto/secret.h"

#define WORDS_LINES 4
#define WORDS_BYTES 120 /* of the text, at most: four lines, each with its end */

/* Appends the four lines. */
void words_put(struct secret *key, struct buf *out);

/* *ret_line: which of the lines (1 to 4) is the first that cannot be right; 0 when there are too
 * few words or too many.
 *   ERR_INVALID */
must_check enum err words_read(struct job *job, str text, struct secret **ret, unsigned *ret_line);

#endif
