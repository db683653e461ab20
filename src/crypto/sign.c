/* crypto/sign.c -- contract and formats: sign.h. */
#include "crypto/sign.h"

#include <sodium.h>

#include "crypto/seal.h"

#define ALGORITHM 0x01 /* Ed25519, in key ids and vkeys */
#define KEY_ID_BYTES 4
#define SIGNATURES_MAX 16 /* lines of a note that are looked at; C2SP asks for so many at least */

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

bool
base64_read(str text, uint8_t *ret, size_t size)
{
	size_t len;

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
key_id(str name, const uint8_t public_key[SIGN_PUBLIC_BYTES], uint8_t ret[KEY_ID_BYTES])
{
	OWNED(buf_release) struct buf text = { .max = NOTE_NAME_MAX + 2 + SIGN_PUBLIC_BYTES };
	uint8_t hash[32];

	buf_put(&text, name);
	buf_char(&text, '\n');
	buf_u8(&text, ALGORITHM);
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
	key_id(name, public_key, line);
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
	uint8_t key[1 + SIGN_PUBLIC_BYTES] = { ALGORITHM }, id[KEY_ID_BYTES];

	must(name_fits(name));
	sign_public(seed, key + 1);
	key_id(name, key + 1, id);
	buf_put(out, name);
	buf_char(out, '+');
	buf_hex(out, (bytes){ id, sizeof(id) });
	buf_char(out, '+');
	buf_base64(out, (bytes){ key, sizeof(key) });
}

struct verifier {
	str name;
	uint8_t id[KEY_ID_BYTES];
	uint8_t public_key[SIGN_PUBLIC_BYTES];
};

static bool
verifier_read(str vkey, struct verifier *ret)
{
	uint8_t key[1 + SIGN_PUBLIC_BYTES], said[KEY_ID_BYTES];
	str hex;

	vkey = str_trim(vkey);
	if (!eat_until(&vkey, '+', &ret->name) || !name_fits(ret->name) || !eat_until(&vkey, '+', &hex))
		return false;
	if (hex.len != 2 * KEY_ID_BYTES || !str_hex(hex, said, sizeof(said)) ||
	    !base64_read(vkey, key, sizeof(key)) || key[0] != ALGORITHM)
		return false;
	memcpy(ret->public_key, key + 1, SIGN_PUBLIC_BYTES);
	key_id(ret->name, ret->public_key, ret->id);
	return memcmp(ret->id, said, KEY_ID_BYTES) == 0;
}

/* Where the signatures begin: after the last empty line. */
static bool
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

/* One line of the verifier's name and key id: held to the text.  False in *ret_ours: another's. */
static bool
line_holds(const struct verifier *verifier, str line, str text, bool *ret_ours)
{
	uint8_t octets[KEY_ID_BYTES + SIGN_BYTES];
	str name;

	*ret_ours = false;
	if (!eat_str(&line, S("\u2014 ")) || !eat_until(&line, ' ', &name))
		return false;
	if (!str_eq(name, verifier->name) || !base64_read(line, octets, sizeof(octets)) ||
	    memcmp(octets, verifier->id, KEY_ID_BYTES) != 0)
		return false;
	*ret_ours = true;
	return sign_holds(verifier->public_key, str_bytes(text), octets + KEY_ID_BYTES);
}

enum err
note_open(struct job *job, str vkey, str note, str *ret_text)
{
	struct verifier verifier;
	str text, lines, line;
	bool held = false, ours;

	if (!verifier_read(vkey, &verifier))
		return fail(job, ERR_INVALID, "not a verifier key: NAME+HEX+BASE64");
	if (!note_split(note, &text, &lines))
		return fail(job, ERR_INVALID, "not a signed note: text, an empty line, signatures");
	for (int i = 0; i < SIGNATURES_MAX && eat_until(&lines, '\n', &line); i++) {
		bool holds = line_holds(&verifier, line, text, &ours);
		if (ours && !holds)
			return fail(job, ERR_CRYPTO, "the signature does not hold");
		held |= ours;
	}
	if (!held)
		return fail(job, ERR_CRYPTO, "no signature of that key");
	*ret_text = text;
	return OK;
}
