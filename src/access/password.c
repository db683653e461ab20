/* access/password.c -- contract: password.h.
 *
 * What a password costs is the least sum over all ways to put it together, from left to right: a common word
 * COST_WORD, whatever else is on the list COST_TRIVIAL, any other character COST_CHAR, what stands between words
 * nothing.  Up to COST_REFUSED it is too easy: two words and a year, a word and three characters. Three words, or
 * twelve characters by chance, are not.
 */
#include "access/password.h"

#include "base/limits.h"
#include "type/precis.h"
#include "type/text.h"

struct common {
	unsigned count;
	const char *words;
};
#include "common_passwords.inc"

#define COST_WORD 2
#define COST_TRIVIAL 1
#define COST_CHAR 1
#define COST_REFUSED 5
#define PIECE_MIN 3 /* octets of a run or an own word */
#define VIEWS 3     /* as it is, and with digits and signs as the letters they stand for */
#define OWN_MAX 64

struct easy {
	char view[VIEWS][LIMIT_PASSWORD_BYTES];
	size_t len;
	str own[OWN_MAX];
	size_t own_count;
};

/* --- pieces, each: how many octets from `at` on, 0 for none -------------------------------------- */

static size_t
word_at(const struct easy *easy, const char *view, size_t at)
{
	for (size_t len = COMMON_LENGTH_MAX; len >= COMMON_LENGTH_MIN; len--) {
		size_t low = 0, high = len <= easy->len - at ? common[len].count : 0;

		while (low < high) {
			size_t middle = (low + high) / 2;
			int order = memcmp(view + at, common[len].words + middle * len, len);

			if (order == 0)
				return len;
			if (order < 0)
				high = middle;
			else
				low = middle + 1;
		}
	}
	return 0;
}

static size_t
own_at(const struct easy *easy, const char *view, size_t at)
{
	size_t longest = 0;

	for (size_t i = 0; i < easy->own_count; i++) {
		str own = easy->own[i];
		if (own.len > longest && own.len <= easy->len - at && memcmp(view + at, own.ptr, own.len) == 0)
			longest = own.len;
	}
	return longest;
}

static size_t
same_at(const struct easy *easy, size_t at)
{
	const char *text = easy->view[0];
	size_t end = at;

	while (end < easy->len && text[end] == text[at])
		end++;
	return end - at >= PIECE_MIN ? end - at : 0;
}

/* Along one of these, forwards or backwards. */
static const char *const rows[] = {
	"qwertyuiop\xc3\xa5", "asdfghjkl\xc3\xb6\xc3\xa4", "zxcvbnm,.-", "12345678901234567890",
	"abcdefghijklmnopqrstuvwxyz\xc3\xa5\xc3\xa4\xc3\xb6", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
	"qazwsxedcrfvtgbyhnujmikolp", "q1w2e3r4t5y6u7i8o9p0", "1q2w3e4r5t6y7u8i9o0p", "!\"#%&/()=?", "!@#$%^&*()",
};

static size_t
along(const struct easy *easy, size_t at, const char *row, size_t row_len, size_t from, bool back)
{
	size_t count = 0;

	while (at + count < easy->len) {
		if (back ? count > from : from + count >= row_len)
			break;
		if (easy->view[0][at + count] != row[back ? from - count : from + count])
			break;
		count++;
	}
	return count;
}

static size_t
run_at(const struct easy *easy, size_t at)
{
	size_t longest = 0;

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t row_len = strlen(rows[i]);
		for (size_t from = 0; from < row_len; from++) {
			size_t forth = along(easy, at, rows[i], row_len, from, false);
			size_t back = along(easy, at, rows[i], row_len, from, true);
			longest = forth > longest ? forth : longest;
			longest = back > longest ? back : longest;
		}
	}
	return longest >= PIECE_MIN ? longest : 0;
}

/* Four digits that are a year; six and eight with a month and a day in them. */
static size_t
date_at(const struct easy *easy, size_t at)
{
	const char *text = easy->view[0] + at;
	size_t digits = 0;

	while (digits < 8 && at + digits < easy->len && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	for (size_t len = 8; len >= 6; len -= 2) {
		int month = (text[len - 4] - '0') * 10 + text[len - 3] - '0';
		int day = (text[len - 2] - '0') * 10 + text[len - 1] - '0';
		int first = (text[0] - '0') * 10 + text[1] - '0', second = (text[2] - '0') * 10 + text[3] - '0';
		if (digits >= len && ((month >= 1 && month <= 12 && day >= 1 && day <= 31) ||
		                      (first >= 1 && first <= 31 && second >= 1 && second <= 12)))
			return len;
	}
	return digits >= 4 && ((text[0] == '1' && text[1] == '9') || (text[0] == '2' && text[1] == '0')) ? 4 : 0;
}

static bool
is_between(char c)
{
	return strchr(" -_.,+/&", c) && c;
}

static size_t
char_at(const struct easy *easy, size_t at)
{
	size_t end = at + 1;

	while (end < easy->len && ((unsigned char)easy->view[0][end] & 0xc0) == 0x80)
		end++;
	return end - at;
}

/* --- what it costs ------------------------------------------------------------------------------- */

struct price {
	unsigned to[LIMIT_PASSWORD_BYTES + 1];
};

static void
offer(struct price *price, size_t at, size_t len, unsigned cost)
{
	unsigned sum = price->to[at] + cost;

	if (len && sum < price->to[at + len])
		price->to[at + len] = sum;
}

static unsigned
easy_cost(const struct easy *easy)
{
	struct price price;

	for (size_t i = 0; i <= easy->len; i++)
		price.to[i] = i ? UINT32_MAX / 2 : 0;
	for (size_t at = 0; at < easy->len; at++) {
		bool between = is_between(easy->view[0][at]);

		offer(&price, at, char_at(easy, at), between ? 0 : COST_CHAR);
		offer(&price, at, same_at(easy, at), COST_TRIVIAL);
		offer(&price, at, run_at(easy, at), COST_TRIVIAL);
		offer(&price, at, date_at(easy, at), COST_TRIVIAL);
		for (int i = 0; i < VIEWS; i++) {
			offer(&price, at, word_at(easy, easy->view[i], at), COST_WORD);
			offer(&price, at, own_at(easy, easy->view[i], at), COST_TRIVIAL);
		}
	}
	return price.to[easy->len];
}

/* --- views and own words ------------------------------------------------------------------------- */

static char
letter_of(char c, char one)
{
	static const char from[] = "4@0375$6!|", to[] = "aaoetssgii";
	const char *at = c ? strchr(from, c) : NULL;

	if (c == '1')
		return one;
	return at ? to[at - from] : c;
}

static void
easy_views(struct easy *easy, str lower)
{
	easy->len = lower.len;
	for (size_t i = 0; i < lower.len; i++) {
		easy->view[0][i] = lower.ptr[i];
		easy->view[1][i] = letter_of(lower.ptr[i], 'i');
		easy->view[2][i] = letter_of(lower.ptr[i], 'l');
	}
}

static bool
is_part(char c)
{
	return (unsigned char)c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The words of a text in small letters, which must outlive `easy`. */
static void
own_words(struct easy *easy, str lower)
{
	size_t from = 0;

	for (size_t i = 0; i <= lower.len; i++) {
		if (i < lower.len && is_part(lower.ptr[i]))
			continue;
		if (i - from >= PIECE_MIN && easy->own_count < OWN_MAX)
			easy->own[easy->own_count++] = (str){ lower.ptr + from, i - from };
		from = i + 1;
	}
}

/* The length in characters of what the whole is a repetition of. */
static size_t
period_chars(str text)
{
	for (size_t period = 1; period <= text.len / 2; period++)
		if (text.len % period == 0 && memcmp(text.ptr, text.ptr + period, text.len - period) == 0)
			return text_count(str_first(text, period));
	return text_count(text);
}

static bool
is_easy(str lower, str own_lower)
{
	struct easy easy = { 0 };
	bool found;

	easy_views(&easy, lower);
	own_words(&easy, S("valv vault"));
	own_words(&easy, own_lower);
	found = easy_cost(&easy) <= COST_REFUSED;
	explicit_bzero(&easy, sizeof(easy));
	return found;
}

#define refuse(ret_why, why) (*(ret_why) = "" why "", false)

bool
password_fits(str raw, const str *own, size_t own_count, bool second_factor, struct buf *ret, bool *ret_short,
              const char **ret_why)
{
	OWNED(buf_release) struct buf prepared = { .max = LIMIT_PASSWORD_BYTES };
	OWNED(buf_release) struct buf lower = { .max = LIMIT_PASSWORD_BYTES };
	OWNED(buf_release) struct buf own_lower = { .max = 16 * 1024 };
	size_t chars, least = second_factor ? PASSWORD_CHARS_BESIDE : PASSWORD_CHARS_ALONE;

	if (!precis_password(raw, &prepared, ret_why))
		return false;
	chars = text_count(buf_str(&prepared));
	if (chars > LIMIT_PASSWORD_CHARS)
		return refuse(ret_why, "is longer than 256 characters");
	if (chars < least)
		return second_factor ? refuse(ret_why, "has fewer than 12 characters")
		                     : refuse(ret_why, "has fewer than 15 characters, and no second factor beside it");
	if (!text_lower(buf_str(&prepared), &lower))
		return refuse(ret_why, "is too long");
	for (size_t i = 0; i < own_count; i++) {
		(void)text_lower(own[i], &own_lower);
		buf_char(&own_lower, ' ');
	}
	if (period_chars(buf_str(&lower)) < least)
		return refuse(ret_why, "repeats something that is too short");
	if (is_easy(buf_str(&lower), buf_str(&own_lower)))
		return refuse(ret_why, "is made of common words, names, dates or keyboard runs; put in something that nobody would guess");
	buf_put(ret, buf_str(&prepared));
	*ret_short = chars < PASSWORD_CHARS_ALONE;
	return buf_ok(ret) || refuse(ret_why, "is too long");
}
