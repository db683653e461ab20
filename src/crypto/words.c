/* crypto/words.c -- contract: words.h. */
#include "crypto/words.h"

#include "crypto/seal.h"

#define LINE_BYTES (KEY_BYTES / WORDS_LINES)
#define LINE_WORDS (LINE_BYTES / 2 + 1)
#define WORD_LETTERS 5

static const char consonants[] = "bdfghjklmnprstvz", vowels[] = "aiou";

/* Which letters a word has at each place, from the top bit down. */
static const struct place {
	const char *letters;
	unsigned bits;
} places[WORD_LETTERS] = {
	{ consonants, 4 }, { vowels, 2 }, { consonants, 4 }, { vowels, 2 }, { consonants, 4 },
};

/* The first 16 bits of a digest over the line's number and octets: of what is uniformly random and
 * secret, and told together with it. */
static uint16_t
check_of(unsigned line, const uint8_t octets[LINE_BYTES])
{
	uint8_t input[8 + LINE_BYTES] = { 'w', 'o', 'r', 'd', 's', ' ', '1', (uint8_t)line };
	uint8_t digest[DIGEST_BYTES];
	uint16_t check;

	memcpy(input + 8, octets, LINE_BYTES);
	digest_token((bytes){ input, sizeof(input) }, digest);
	check = (uint16_t)(digest[0] << 8 | digest[1]);
	wipe(input, sizeof(input));
	wipe(digest, sizeof(digest));
	return check;
}

static void
word_put(struct buf *out, uint16_t bits)
{
	unsigned left = 16;

	for (size_t i = 0; i < WORD_LETTERS; i++) {
		left -= places[i].bits;
		buf_char(out, places[i].letters[bits >> left & ((1u << places[i].bits) - 1)]);
	}
}

void
words_put(struct secret *key, struct buf *out)
{
	const uint8_t *octets = secret_octets(key);

	for (unsigned line = 0; line < WORDS_LINES; line++, octets += LINE_BYTES) {
		for (size_t i = 0; i < LINE_BYTES; i += 2) {
			word_put(out, (uint16_t)(octets[i] << 8 | octets[i + 1]));
			buf_char(out, ' ');
		}
		word_put(out, check_of(line, octets));
		buf_char(out, '\n');
	}
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool
letter(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* The next word; false when there is none, or it is none of ours. */
static bool
eat_word(str *rest, uint16_t *ret)
{
	unsigned bits = 0;

	while (rest->len && !letter(rest->ptr[0]))
		*rest = str_from(*rest, 1);
	for (size_t i = 0; i < WORD_LETTERS; i++) {
		const char *at = rest->len && letter(rest->ptr[0])
		                         ? strchr(places[i].letters, rest->ptr[0] | 32) : NULL;
		if (!at)
			return false;
		bits = bits << places[i].bits | (unsigned)(at - places[i].letters);
		*rest = str_from(*rest, 1);
	}
	*ret = (uint16_t)bits;
	return !rest->len || !letter(rest->ptr[0]);
}

static bool
eat_line(str *rest, unsigned line, uint8_t octets[LINE_BYTES])
{
	uint16_t word;

	for (size_t i = 0; i < LINE_BYTES; i += 2) {
		if (!eat_word(rest, &word))
			return false;
		octets[i] = (uint8_t)(word >> 8);
		octets[i + 1] = (uint8_t)word;
	}
	return eat_word(rest, &word) && word == check_of(line, octets);
}

static size_t
words_in(str text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += letter(text.ptr[i]) && (i == 0 || !letter(text.ptr[i - 1]));
	return count;
}

enum err
words_read(struct job *job, str text, struct secret **ret, unsigned *ret_line)
{
	OWNED(secret_free) struct secret *key = secret_new();

	*ret_line = 0;
	if (words_in(text) != WORDS_LINES * LINE_WORDS)
		return fail(job, ERR_INVALID, "recovery words are twenty words of five letters");
	for (unsigned line = 0; line < WORDS_LINES; line++) {
		*ret_line = line + 1;
		if (!eat_line(&text, line, secret_octets(key) + line * LINE_BYTES))
			return fail(job, ERR_INVALID, "a line of the recovery words is not as it was written");
	}
	*ret = key;
	key = NULL;
	return OK;
}
