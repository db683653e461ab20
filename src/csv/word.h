/* csv/word.h -- looking at eight bytes at a time, without any machine's special instructions.
 *
 * word_zeros() marks the bytes of a word that are zero by their high bit.  Only its lowest mark
 * is sure: the subtraction may borrow into bytes above it, never below.  As words are read
 * little-endian, the lowest mark is the first byte in the text.
 */
#ifndef CSV_WORD_H
#define CSV_WORD_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define WORD_ONES 0x0101010101010101u
#define WORD_HIGHS 0x8080808080808080u
#define WORD_OF(c) (WORD_ONES * (uint8_t)(c))

static inline uint64_t
word_at(const void *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word);
}

static inline uint64_t
word_zeros(uint64_t word)
{
	return (word - WORD_ONES) & ~word & WORD_HIGHS;
}

#endif
