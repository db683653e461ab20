/* crypto/sign.c -- contract and formats: sign.h. */
#include "crypto/sign.h"

#include <sodium.h>

#include "crypto/seal.h"

#define KEY_ID_BYTES NOTE_KEY_ID_BYTES
#define SECOND_BYTES 8 /* before the signature of a cosignature */

_Static_assert(KEY_BYTES == crypto_sign_SEEDBYTES, "sizes");
_Static_assert(SIGN_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES, "sizes");
_Static_assert(SIGN_BYTES == crypto_sign_BYTES, "sizes");

/* --- signatures ------------------------------------------------------------------------------- */

void
sign_public(const uint8_t *seed, uint8_t ret[SIGN_PUBLIC_BYTES])
{
	uint8_t secret_key[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(ret, secret_key, seed);
	wipe(secret_key, sizeof(secret_key));
}

/* What libsodium calls the secret key is the seed and the public key behind it. */
static void
sign_with(const uint8_t *seed, const uint8_t public_key[SIGN_PUBLIC_BYTES], bytes message,
          uint8_t ret[SIGN_BYTES])
{
	uint8_t secret_key[crypto_sign_SECRETKEYBYTES];

	memcpy(secret_key, seed, KEY_BYTES);
	memcpy(secret_key + KEY_BYTES, public_key, SIGN_PUBLIC_BYTES);
	crypto_sign_detached(ret, NULL, message.ptr, message.len, secret_key);
	wipe(secret_key, sizeof(secret_key));
}

void
sign(const uint8_t *seed, bytes message, uint8_t ret[SIGN_BYTES])
{
	uint8_t public_key[SIGN_PUBLIC_BYTES];

	sign_public(seed, public_key);
	sign_with(seed, public_key, message, ret);
}

bool
sign_holds(const uint8_t public_key[SIGN_PUBLIC_BYTES], bytes message,
           const uint8_t signature[SIGN_BYTES])
{
	return crypto_sign_verify_detached(signature, message.ptr, message.len, public_key) == 0;
}

/* --- notes ------------------------------------------------------------------------------------ */

/* libsodium (1.0.18) takes octets of 0x80 and above for letters: what other readers refuse. */
bool
base64_read(str text, uint8_t *ret, size_t size)
{
	size_t len;

	for (size_t i = 0; i < text.len; i++)
		if ((uint8_t)text.ptr[i] >= 0x80)
			return false;
	return sodium_base642bin(ret, size, text.ptr, text.len, NULL, &len, NULL,
	                         sodium_base64_VARIANT_ORIGINAL) == 0 && len == size;
}

static bool
name_fits(str name)
{
	if (!name.len || name.len > NOTE_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((uint8_t)name.ptr[i] <= ' ' || name.ptr[i] == '+' || name.ptr[i] == 0x7f)
			return false;
	return true;
}

static void
key_id(str name, enum note_type type, const uint8_t public_key[SIGN_PUBLIC_BYTES], uint8_t ret[KEY_ID_BYTES])
{
	OWNED(buf_release) struct buf text = { .max = NOTE_NAME_MAX + 2 + SIGN_PUBLIC_BYTES };
	uint8_t hash[32];

	buf_put(&text, name);
	buf_char(&text, '\n');
	buf_u8(&text, (uint8_t)type);
	buf_data(&text, (bytes){ public_key, SIGN_PUBLIC_BYTES });
	digest_public(buf_bytes(&text), hash);
	memcpy(ret, hash, KEY_ID_BYTES);
}

void
note_sign(const uint8_t *seed, str name, str text, struct buf *out)
{
	uint8_t public_key[SIGN_PUBLIC_BYTES];

	sign_public(seed, public_key);
	note_sign_as(seed, public_key, name, text, out);
}

void
note_sign_as(const uint8_t *seed, const uint8_t public_key[SIGN_PUBLIC_BYTES], str name, str text,
             struct buf *out)
{
	uint8_t line[KEY_ID_BYTES + SIGN_BYTES];

	must(name_fits(name) && text.len && text.len <= NOTE_TEXT_MAX && text.ptr[text.len - 1] == '\n');
	sign_with(seed, public_key, str_bytes(text), line + KEY_ID_BYTES);
	key_id(name, NOTE_ED25519, public_key, line);
	buf_put(out, text);
	buf_put(out, S("\n\u2014 "));
	buf_put(out, name);
	buf_char(out, ' ');
	buf_base64(out, (bytes){ line, sizeof(line) });
	buf_char(out, '\n');
}

void
note_vkey(const uint8_t *seed, str name, struct buf *out)
{
	uint8_t key[1 + SIGN_PUBLIC_BYTES] = { NOTE_ED25519 }, id[KEY_ID_BYTES];

	must(name_fits(name));
	sign_public(seed, key + 1);
	key_id(name, NOTE_ED25519, key + 1, id);
	buf_put(out, name);
	buf_char(out, '+');
	buf_hex(out, (bytes){ id, sizeof(id) });
	buf_char(out, '+');
	buf_base64(out, (bytes){ key, sizeof(key) });
}

bool
note_key_read(str vkey, enum note_type type, struct note_key *ret)
{
	uint8_t key[1 + SIGN_PUBLIC_BYTES], said[KEY_ID_BYTES];
	str hex;

	vkey = str_trim(vkey);
	if (!eat_until(&vkey, '+', &ret->name) || !name_fits(ret->name) || !eat_until(&vkey, '+', &hex))
		return false;
	if (hex.len != 2 * KEY_ID_BYTES || !str_hex(hex, said, sizeof(said)) ||
	    !base64_read(vkey, key, sizeof(key)) || key[0] != type)
		return false;
	memcpy(ret->public_key, key + 1, SIGN_PUBLIC_BYTES);
	key_id(ret->name, type, ret->public_key, ret->id);
	return memcmp(ret->id, said, KEY_ID_BYTES) == 0;
}

/* Where the signatures begin: after the last empty line. */
bool
note_split(str note, str *ret_text, str *ret_lines)
{
	size_t at;

	if (note.len < 3 || note.ptr[note.len - 1] != '\n')
		return false;
	for (at = note.len - 1; at > 1 && !(note.ptr[at - 1] == '\n' && note.ptr[at - 2] == '\n'); at--)
		;
	if (at <= 1)
		return false;
	*ret_text = str_first(note, at - 1);
	*ret_lines = str_from(note, at);
	return ret_text->len && ret_text->len <= NOTE_TEXT_MAX && ret_lines->len;
}

bool
eat_note_line(str *lines, struct note_line *ret)
{
	uint8_t first[6]; /* whole groups of base64: the key id is in the first two */
	str at = *lines, line;

	if (!eat_until(&at, '\n', &line))
		return false;
	ret->whole = str_first(*lines, line.len + 1);
	if (!eat_str(&line, S("\u2014 ")) || !eat_until(&line, ' ', &ret->name) || !name_fits(ret->name) ||
	    line.len <= 8 || !base64_read(str_first(line, 8), first, sizeof(first)))
		return false;
	memcpy(ret->id, first, KEY_ID_BYTES);
	ret->base64 = line;
	*lines = at;
	return true;
}

bool
note_line_of(const struct note_line *line, const struct note_key *key)
{
	return str_eq(line->name, key->name) && memcmp(line->id, key->id, KEY_ID_BYTES) == 0;
}

static bool
line_holds(const struct note_line *line, const struct note_key *key, str text)
{
	uint8_t octets[KEY_ID_BYTES + SIGN_BYTES];

	return note_line_of(line, key) && base64_read(line->base64, octets, sizeof(octets)) &&
	       sign_holds(key->public_key, str_bytes(text), octets + KEY_ID_BYTES);
}

bool
cosignature_holds(const struct note_line *line, const struct note_key *key, str text, uint64_t *ret_second)
{
	OWNED(buf_release) struct buf message = { .max = NOTE_TEXT_MAX + 64 };
	uint8_t octets[KEY_ID_BYTES + SECOND_BYTES + SIGN_BYTES];
	uint64_t second = 0;

	if (!note_line_of(line, key) || !base64_read(line->base64, octets, sizeof(octets)))
		return false;
	for (size_t i = 0; i < SECOND_BYTES; i++)
		second = second << 8 | octets[KEY_ID_BYTES + i];
	buf_put(&message, S("cosignature/v1\ntime "));
	buf_udec(&message, second);
	buf_char(&message, '\n');
	buf_put(&message, text);
	if (!second || !buf_ok(&message) ||
	    !sign_holds(key->public_key, buf_bytes(&message), octets + KEY_ID_BYTES + SECOND_BYTES))
		return false;
	*ret_second = second;
	return true;
}

enum err
note_open(struct job *job, str vkey, str note, str *ret_text)
{
	struct note_line line;
	struct note_key key;
	str text, lines;
	bool held = false;

	if (!note_key_read(vkey, NOTE_ED25519, &key))
		return fail(job, ERR_INVALID, "not a verifier key: NAME+HEX+BASE64");
	if (!note_split(note, &text, &lines))
		return fail(job, ERR_INVALID, "not a signed note: text, an empty line, signatures");
	for (int i = 0; i < NOTE_LINES_MAX && lines.len; i++) {
		if (!eat_note_line(&lines, &line))
			return fail(job, ERR_INVALID, "not a signed note: a signature that is no line of a note");
		if (note_line_of(&line, &key) && !line_holds(&line, &key, text))
			return fail(job, ERR_CRYPTO, "the signature does not hold");
		held |= note_line_of(&line, &key);
	}
	if (!held)
		return fail(job, ERR_CRYPTO, "no signature of that key");
	*ret_text = text;
	return OK;
}
