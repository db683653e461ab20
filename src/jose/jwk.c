/* jose/jwk.c -- contract, J1-J3: jwk.h. */
#include "jose/jwk.h"

#include "json/json.h"

static const struct alg_word {
	enum jose_alg alg;
	str name;
} alg_words[] = {
#define X(alg, bit, name) { alg, { name, sizeof(name) - 1 } },
	JOSE_ALG_TABLE(X)
#undef X
};

enum jose_alg
jose_alg_of(str name)
{
	for (size_t i = 0; i < COUNT(alg_words); i++)
		if (str_eq(alg_words[i].name, name))
			return alg_words[i].alg;
	return JOSE_NONE;
}

str
jose_alg_name(enum jose_alg alg)
{
	for (size_t i = 0; i < COUNT(alg_words); i++)
		if (alg_words[i].alg == alg)
			return alg_words[i].name;
	return S("");
}

/* --- base64url -------------------------------------------------------------------------------- */

static int
digit_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool
base64url_read(struct arena *arena, str text, bytes *ret)
{
	uint8_t *out = arena_alloc(arena, text.len / 4 * 3 + 3);
	uint32_t word = 0;
	unsigned bits = 0;
	size_t len = 0;

	if (text.len % 4 == 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int digit = digit_of(text.ptr[i]);

		if (digit < 0)
			return false;
		word = word << 6 | (uint32_t)digit;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[len++] = (uint8_t)(word >> bits);
			word &= (1u << bits) - 1;
		}
	}
	if (word)
		return false; /* something in the bits that are left over */
	*ret = (bytes){ out, len };
	return true;
}

/* --- one key ---------------------------------------------------------------------------------- */

/* An empty text where it is absent or something else. */
static str
text_at(struct job *job, struct json place)
{
	str text = S("");

	if (json_kind(place) == JSON_STRING)
		must(json_scalar(job, place, JWKS_BYTES_MAX, &text) == OK); /* the whole set is no longer */
	return text;
}

static str
text_of(struct job *job, struct json key, const char *name)
{
	return text_at(job, json_member(job, key, name));
}

static bool
has(struct job *job, struct json key, const char *name)
{
	return json_kind(json_member(job, key, name)) != JSON_ABSENT;
}

static bool
octets_of(struct job *job, struct json key, const char *name, bytes *ret)
{
	return base64url_read(&job->arena, text_of(job, key, name), ret) && ret->len;
}

/* J2.  A member of another kind than the RFC says is no permission. */
static bool
is_for_verifying(struct job *job, struct json key)
{
	struct json ops = json_member(job, key, "key_ops");

	if (has(job, key, "d") || has(job, key, "k") || has(job, key, "p"))
		return false;
	if (has(job, key, "use") && !str_eq(text_of(job, key, "use"), S("sig")))
		return false;
	if (json_kind(ops) == JSON_ABSENT)
		return true;
	for (size_t i = 0; i < json_count(ops) && json_kind(ops) == JSON_ARRAY; i++)
		if (str_eq(text_at(job, json_element(job, ops, i)), S("verify")))
			return true;
	return false;
}

static bytes
without_zeros(bytes b)
{
	while (b.len && !b.ptr[0])
		b = (bytes){ b.ptr + 1, b.len - 1 };
	return b;
}

static size_t
bits_of(bytes number)
{
	size_t bits = number.len * 8;

	for (unsigned mask = 0x80; number.len && mask && !(number.ptr[0] & mask); mask >>= 1)
		bits--;
	return bits;
}

/* The exponent is 65537 in practice; small ones have made weak signatures pass elsewhere. */
static bool
rsa_read(struct job *job, struct json json, struct jwk *key)
{
	if (!octets_of(job, json, "n", &key->n) || !octets_of(job, json, "e", &key->e))
		return false;
	key->n = without_zeros(key->n);
	key->e = without_zeros(key->e);
	key->algs = JOSE_RS256 | JOSE_PS256;
	return bits_of(key->n) >= RSA_BITS_MIN && bits_of(key->n) <= RSA_BITS_MAX &&
	       (key->n.ptr[key->n.len - 1] & 1) && bits_of(key->e) >= 17 && bits_of(key->e) <= 32 &&
	       (key->e.ptr[key->e.len - 1] & 1);
}

static bool
p256_read(struct job *job, struct json json, struct jwk *key)
{
	key->algs = JOSE_ES256;
	return str_eq(text_of(job, json, "crv"), S("P-256")) && octets_of(job, json, "x", &key->x) &&
	       octets_of(job, json, "y", &key->y) && key->x.len == 32 && key->y.len == 32;
}

static bool
ed25519_read(struct job *job, struct json json, struct jwk *key)
{
	key->algs = JOSE_EDDSA;
	return str_eq(text_of(job, json, "crv"), S("Ed25519")) && octets_of(job, json, "x", &key->x) &&
	       key->x.len == 32;
}

static bool
key_read(struct job *job, struct json json, struct jwk *ret)
{
	str kty = text_of(job, json, "kty");
	bool fits = str_eq(kty, S("RSA"))   ? rsa_read(job, json, ret)
	            : str_eq(kty, S("EC"))  ? p256_read(job, json, ret)
	            : str_eq(kty, S("OKP")) ? ed25519_read(job, json, ret)
	                                    : false;

	if (!fits || !is_for_verifying(job, json))
		return false;
	if (has(job, json, "alg"))
		ret->algs &= jose_alg_of(text_of(job, json, "alg")); /* J1 */
	if (has(job, json, "kid"))
		ret->kid = text_of(job, json, "kid");
	return ret->algs && ret->kid.len <= KID_BYTES_MAX && (!ret->kid.ptr || ret->kid.len);
}

/* --- the set ---------------------------------------------------------------------------------- */

enum err
jwks_read(struct job *job, str text, struct jwks *ret)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct jwk *key = arena_array(&job->arena, JWKS_MAX, sizeof(*key));
	struct json root, list;
	size_t count = 0;

	if (text.len > JWKS_BYTES_MAX)
		return fail(job, ERR_INVALID, "the set of keys is too long");
	if (json_parse(job, text, &document, &root)) {
		job_forgive(job);
		return fail(job, ERR_INVALID, "the set of keys is not JSON");
	}
	list = json_member(job, root, "keys");
	if (json_kind(list) != JSON_ARRAY)
		return fail(job, ERR_INVALID, "the set of keys has no keys");
	for (size_t i = 0; i < json_count(list) && count < JWKS_MAX; i++) {
		key[count] = (struct jwk){ 0 };
		count += key_read(job, json_element(job, list, i), &key[count]);
	}
	if (!count)
		return fail(job, ERR_INVALID, "no key of the set can be used");
	*ret = (struct jwks){ key, count };
	return OK;
}

bool
jwks_has(const struct jwks *set, str kid)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->key[i].kid.ptr && str_eq(set->key[i].kid, kid))
			return true;
	return false;
}
