/* Ceremonies by an authenticator of OpenSSL: right ones of every algorithm, and each wrong in one
 * thing alone, signed with the right key nevertheless. */
#include "webauthn_test.h"

#include "crypto/seal.h"

static const enum webauthn_algorithm algorithms[] = { WEBAUTHN_ES256, WEBAUTHN_EDDSA, WEBAUTHN_RS256 };

static const struct webauthn_party party = {
	{ "example.com", 11 }, { "https://vault.example.com", 25 }
};
static const uint8_t challenge_octets[] = "thirty-two octets of randomness.";
static const bytes challenge = { challenge_octets, 32 };

/* What of a ceremony is wrong; all zero: nothing is. */
struct wrongs {
	const char *type, *challenge, *origin, *members; /* of client data; members stand at its end */
	const char *client;                              /* all of it */
	const char *party;                               /* whose hash */
	const char *format;
	uint8_t flags_off, flags_on;
	bool no_credential;
	const char *key_hex;       /* instead of the key */
	const char *extensions_hex;
	size_t id_len;
	bool wrong_key;            /* signed by another */
	bool flip;                 /* one bit of the signature */
	bool certified;            /* a statement with certificates that nobody can believe */
	const char *after_data, *after_object; /* octets too many */
	unsigned cut;              /* octets off the attestation object, or the authenticator data */
	uint32_t counter;
};

struct made {
	struct buf client, data, object, signature;
};

static void
made_end(struct made *made)
{
	buf_release(&made->client);
	buf_release(&made->data);
	buf_release(&made->object);
	buf_release(&made->signature);
}

static void
begin(struct made *made)
{
	*made = (struct made){ 0 };
	buf_init(&made->client, 8192);
	buf_init(&made->data, 32768);
	buf_init(&made->object, 32768);
	buf_init(&made->signature, 2048);
}

static void
put_client(struct buf *out, const char *type, const struct wrongs *wrongs)
{
	if (wrongs->client) {
		buf_put(out, str_from_c(wrongs->client));
		return;
	}
	buf_put(out, S("{\"type\":\""));
	buf_put(out, str_from_c(wrongs->type ? wrongs->type : type));
	buf_put(out, S("\",\"challenge\":\""));
	if (wrongs->challenge)
		buf_put(out, str_from_c(wrongs->challenge));
	else
		buf_base64url(out, challenge);
	buf_put(out, S("\",\"origin\":\""));
	buf_put(out, wrongs->origin ? str_from_c(wrongs->origin) : party.origin);
	buf_put(out, S("\""));
	buf_put(out, wrongs->members ? str_from_c(wrongs->members) : S(",\"crossOrigin\":false"));
	buf_put(out, S("}"));
}

static void
put_hex(struct buf *out, const char *hex)
{
	uint8_t octets[600];
	size_t len = strlen(hex) / 2;

	assert_true(len <= sizeof(octets) && str_hex(str_from_c(hex), octets, len));
	buf_data(out, (bytes){ octets, len });
}

static void
put_data(struct buf *out, const struct authenticator *by, bool new, const struct wrongs *wrongs)
{
	uint8_t flags = (uint8_t)((0x05 | (new ? 0x40 : 0)) & ~wrongs->flags_off) | wrongs->flags_on;
	uint32_t counter = wrongs->counter ? wrongs->counter : new ? 1 : 2;
	size_t id_len = wrongs->id_len ? wrongs->id_len : 16;
	uint8_t hash[32];

	if (wrongs->extensions_hex)
		flags |= 0x80;
	digest_public(wrongs->party ? str_bytes(str_from_c(wrongs->party)) : str_bytes(party.id), hash);
	buf_data(out, (bytes){ hash, sizeof(hash) });
	buf_u8(out, flags);
	for (int i = 3; i >= 0; i--)
		buf_u8(out, (uint8_t)(counter >> (8 * i)));
	if (flags & 0x40 && !wrongs->no_credential) {
		for (int i = 0; i < 16; i++)
			buf_u8(out, 0);
		buf_u8(out, (uint8_t)(id_len >> 8));
		buf_u8(out, (uint8_t)id_len);
		for (size_t i = 0; i < id_len; i++)
			buf_u8(out, (uint8_t)(0xa0 + i));
		if (wrongs->key_hex)
			put_hex(out, wrongs->key_hex);
		else
			authenticator_key(by, out);
	}
	if (wrongs->extensions_hex)
		put_hex(out, wrongs->extensions_hex);
	if (wrongs->after_data)
		put_hex(out, wrongs->after_data);
}

static void
put_signature(struct made *made, const struct authenticator *by, const struct wrongs *wrongs)
{
	struct authenticator *other = NULL;
	struct buf message = { .max = 65536 };
	uint8_t hash[32];

	if (wrongs->wrong_key)
		by = other = authenticator_new(WEBAUTHN_ES256);
	digest_public(buf_bytes(&made->client), hash);
	buf_data(&message, buf_bytes(&made->data));
	buf_data(&message, (bytes){ hash, sizeof(hash) });
	authenticator_sign(by, buf_bytes(&message), &made->signature);
	if (wrongs->flip)
		made->signature.ptr[made->signature.len - 1] ^= 1;
	buf_release(&message);
	if (other)
		authenticator_free(other);
}

static void
put_statement(struct made *made, const struct authenticator *by, enum webauthn_algorithm algorithm,
              const struct wrongs *wrongs)
{
	struct buf *out = &made->object;

	put_cbor(out, 5, wrongs->certified ? 3 : 2);
	put_cbor_text(out, S("alg"));
	put_cbor(out, 1, (uint64_t)(-1 - (int64_t)algorithm));
	put_cbor_text(out, S("sig"));
	put_signature(made, by, wrongs);
	put_cbor_bytes(out, buf_bytes(&made->signature));
	if (wrongs->certified) {
		put_cbor_text(out, S("x5c"));
		put_cbor(out, 4, 1);
		put_cbor_bytes(out, str_bytes(S("not a certificate")));
	}
}

static void
make_registration(struct made *made, const struct authenticator *by, enum webauthn_algorithm algorithm,
                  const struct wrongs *wrongs)
{
	const char *format = wrongs->format ? wrongs->format : "none";

	begin(made);
	put_client(&made->client, "webauthn.create", wrongs);
	put_data(&made->data, by, true, wrongs);
	put_cbor(&made->object, 5, 3);
	put_cbor_text(&made->object, S("fmt"));
	put_cbor_text(&made->object, str_from_c(format));
	put_cbor_text(&made->object, S("attStmt"));
	if (strcmp(format, "none") != 0 || wrongs->certified)
		put_statement(made, by, algorithm, wrongs);
	else
		put_cbor(&made->object, 5, 0);
	put_cbor_text(&made->object, S("authData"));
	put_cbor_bytes(&made->object, buf_bytes(&made->data));
	if (wrongs->after_object)
		put_hex(&made->object, wrongs->after_object);
	made->object.len -= wrongs->cut;
}

static void
make_assertion(struct made *made, const struct authenticator *by, const struct wrongs *wrongs)
{
	begin(made);
	put_client(&made->client, "webauthn.get", wrongs);
	put_data(&made->data, by, false, wrongs);
	put_signature(made, by, wrongs);
	made->data.len -= wrongs->cut;
}

/* Exactly so many octets, that a sanitizer sees who reads on. */
static bytes
exact(struct job *job, const struct buf *of)
{
	return arena_bytes(&job->arena, buf_bytes(of));
}

static enum webauthn_fault
run_registration(struct job *job, enum webauthn_algorithm algorithm, const struct authenticator *by,
                 const struct wrongs *wrongs, struct webauthn_credential *ret)
{
	struct made made;
	enum webauthn_fault fault;

	make_registration(&made, by, algorithm, wrongs);
	fault = webauthn_register(job, &party, challenge,
	                          &(struct webauthn_registration){ exact(job, &made.client),
	                                                           exact(job, &made.object) },
	                          ret);
	made_end(&made);
	return fault;
}

static enum webauthn_fault
run_assertion(struct job *job, const struct authenticator *by, const struct wrongs *wrongs,
              struct webauthn_credential *credential)
{
	struct made made;
	enum webauthn_fault fault;

	make_assertion(&made, by, wrongs);
	fault = webauthn_assert(job, &party, challenge,
	                        &(struct webauthn_assertion){ exact(job, &made.client), exact(job, &made.data),
	                                                      exact(job, &made.signature) },
	                        credential);
	made_end(&made);
	return fault;
}

/* --- what goes right -------------------------------------------------------------------------- */

static void
test_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(algorithms); i++) {
		struct job job = { 0 };
		struct authenticator *by = authenticator_new(algorithms[i]);
		struct webauthn_credential credential;

		assert_int_equal(WEBAUTHN_OK,
		                 run_registration(&job, algorithms[i], by, &(struct wrongs){ 0 }, &credential));
		assert_int_equal(algorithms[i], credential.algorithm);
		assert_int_equal(16, credential.id.len);
		assert_int_equal(1, credential.counter);
		assert_false(credential.backup_eligible || credential.backed_up);
		assert_int_equal(WEBAUTHN_OK, run_assertion(&job, by, &(struct wrongs){ 0 }, &credential));
		assert_int_equal(2, credential.counter);
		assert_int_equal(WEBAUTHN_OK,
		                 run_assertion(&job, by, &(struct wrongs){ .counter = 9 }, &credential));
		assert_int_equal(9, credential.counter);
		authenticator_free(by);
		job_release(&job);
	}
}

static const struct {
	struct wrongs wrongs;
	enum webauthn_fault fault;
	const char *what;
} registrations[] = {
	{ { .type = "webauthn.get" }, WEBAUTHN_TYPE, "the other ceremony" },
	{ { .challenge = "AAAA" }, WEBAUTHN_CHALLENGE, "another challenge" },
	{ { .challenge = "" }, WEBAUTHN_CHALLENGE, "an empty challenge" },
	{ { .challenge = "dGhpcnR5LXR3byBvY3RldHMgb2YgcmFuZG9tbmVzcy4=" }, WEBAUTHN_CHALLENGE, "padded" },
	{ { .challenge = "dGhpcnR5LXR3byBvY3RldHMgb2YgcmFuZG9tbmVzcy5" }, WEBAUTHN_CHALLENGE, "stray bits" },
	{ { .origin = "https://example.com" }, WEBAUTHN_ORIGIN, "the party's own host" },
	{ { .origin = "http://vault.example.com" }, WEBAUTHN_ORIGIN, "without TLS" },
	{ { .origin = "https://vault.example.com:8443" }, WEBAUTHN_ORIGIN, "another port" },
	{ { .origin = "https://vault.example.com." }, WEBAUTHN_ORIGIN, "a dot at the end" },
	{ { .origin = "https://evil.test" }, WEBAUTHN_ORIGIN, "elsewhere" },
	{ { .members = ",\"crossOrigin\":true" }, WEBAUTHN_CROSS_ORIGIN, "in a frame" },
	{ { .members = ",\"crossOrigin\":false,\"topOrigin\":\"https://evil.test\"" }, WEBAUTHN_CROSS_ORIGIN, "a page above" },
	{ { .members = ",\"crossOrigin\":\"no\"" }, WEBAUTHN_MALFORMED, "crossOrigin as text" },
	{ { .members = ",\"type\":\"webauthn.create\"" }, WEBAUTHN_MALFORMED, "a member twice" },
	{ { .members = "" }, WEBAUTHN_OK, "crossOrigin left out" },
	{ { .members = ",\"tokenBinding\":{\"status\":\"present\",\"id\":\"x\"},\"other_keys_can_be_added_here\":1" }, WEBAUTHN_OK, "members of no meaning" },
	{ { .client = "" }, WEBAUTHN_MALFORMED, "no client data" },
	{ { .client = "{}" }, WEBAUTHN_MALFORMED, "empty client data" },
	{ { .client = "[]" }, WEBAUTHN_MALFORMED, "an array" },
	{ { .client = "{\"type\":1,\"challenge\":2,\"origin\":3}" }, WEBAUTHN_MALFORMED, "numbers" },
	{ { .client = "\xef\xbb\xbf{}" }, WEBAUTHN_MALFORMED, "a byte order mark" },
	{ { .party = "vault.example.com" }, WEBAUTHN_PARTY, "the host as the party" },
	{ { .party = "evil.test" }, WEBAUTHN_PARTY, "another party" },
	{ { .flags_off = 0x01 }, WEBAUTHN_PRESENCE, "nobody there" },
	{ { .flags_off = 0x04 }, WEBAUTHN_VERIFICATION, "not verified" },
	{ { .flags_on = 0x10 }, WEBAUTHN_BACKUP, "backed up, and not eligible" },
	{ { .flags_on = 0x08 }, WEBAUTHN_OK, "eligible" },
	{ { .flags_on = 0x18 }, WEBAUTHN_OK, "eligible and backed up" },
	{ { .flags_off = 0x40 }, WEBAUTHN_MALFORMED, "no credential by the flags" },
	{ { .no_credential = true }, WEBAUTHN_MALFORMED, "no credential despite the flags" },
	{ { .flags_on = 0x80 }, WEBAUTHN_MALFORMED, "no extensions despite the flags" },
	{ { .extensions_hex = "a16b6372656450726f7465637402" }, WEBAUTHN_OK, "credProtect 2" },
	{ { .extensions_hex = "a16b6372656450726f7465637402", .format = "packed" }, WEBAUTHN_OK, "credProtect 2, by itself" },
	{ { .extensions_hex = "a0" }, WEBAUTHN_MALFORMED, "an empty map of extensions" },
	{ { .extensions_hex = "a10102" }, WEBAUTHN_MALFORMED, "an extension named by a number" },
	{ { .extensions_hex = "01" }, WEBAUTHN_MALFORMED, "extensions that are no map" },
	{ { .id_len = 1023 }, WEBAUTHN_OK, "the longest id" },
	{ { .id_len = 1024 }, WEBAUTHN_MALFORMED, "one longer" },
	{ { .after_data = "00" }, WEBAUTHN_MALFORMED, "an octet after the key" },
	{ { .after_object = "00" }, WEBAUTHN_MALFORMED, "an octet after the object" },
	{ { .cut = 1 }, WEBAUTHN_MALFORMED, "an octet short" },
	{ { .cut = 40 }, WEBAUTHN_MALFORMED, "forty octets short" },
	{ { .key_hex = "a5010203382220022158"
	               "20" "0000000000000000000000000000000000000000000000000000000000000000"
	               "225820" "0000000000000000000000000000000000000000000000000000000000000000" }, WEBAUTHN_ALGORITHM, "ES384" },
	{ { .key_hex = "a401030339fffe2000210000" }, WEBAUTHN_ALGORITHM, "RS1" },
	{ { .key_hex = "a3010203262001" }, WEBAUTHN_MALFORMED, "ES256 without a point" },
	{ { .key_hex = "a5010203262002215820" "0000000000000000000000000000000000000000000000000000000000000000"
	               "225820" "0000000000000000000000000000000000000000000000000000000000000000" }, WEBAUTHN_MALFORMED, "ES256 on P-384" },
	{ { .key_hex = "a5010103262001215820" "0000000000000000000000000000000000000000000000000000000000000000"
	               "225820" "0000000000000000000000000000000000000000000000000000000000000000" }, WEBAUTHN_MALFORMED, "ES256 as OKP" },
	{ { .key_hex = "a40101032720052158" "20" "0000000000000000000000000000000000000000000000000000000000000000" }, WEBAUTHN_MALFORMED, "EdDSA on X448" },
	{ { .key_hex = "a4010103272006215820" "0000000000000000000000000000000000000000000000000000000000000000" }, WEBAUTHN_OK, "EdDSA, any point" },
	{ { .key_hex = "a401010327200621581f" "00000000000000000000000000000000000000000000000000000000000000" }, WEBAUTHN_MALFORMED, "EdDSA, 31 octets" },
	{ { .key_hex = "a501010327200621582000000000000000000000000000000000000000000000000000000000000000000400" }, WEBAUTHN_MALFORMED, "EdDSA with a member more" },
	{ { .format = "packed" }, WEBAUTHN_OK, "by itself" },
	{ { .format = "packed", .flip = true }, WEBAUTHN_SIGNATURE, "by itself, a bit flipped" },
	{ { .format = "packed", .wrong_key = true }, WEBAUTHN_SIGNATURE, "by itself, another's key" },
	{ { .format = "packed", .certified = true }, WEBAUTHN_OK, "certificates: taken as none" },
	{ { .format = "android-key" }, WEBAUTHN_OK, "another format: taken as none" },
	{ { .format = "none", .certified = true }, WEBAUTHN_MALFORMED, "none, with a statement" },
};

static void
test_registrations(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(algorithms); k++) {
		struct authenticator *by = authenticator_new(algorithms[k]);
		for (size_t i = 0; i < COUNT(registrations); i++) {
			struct job job = { 0 };
			struct webauthn_credential credential;
			enum webauthn_fault fault =
				run_registration(&job, algorithms[k], by, &registrations[i].wrongs, &credential);
			if (fault != registrations[i].fault)
				wrong("%d: %s: %.*s\n", algorithms[k], registrations[i].what,
				      SPRINT(webauthn_word(fault)));
			if (job.failure.err)
				wrong("%s: a failure is left behind\n", registrations[i].what);
			job_release(&job);
		}
		authenticator_free(by);
	}
}

static const struct {
	struct wrongs wrongs;
	enum webauthn_fault fault;
	const char *what;
} assertions[] = {
	{ { .type = "webauthn.create" }, WEBAUTHN_TYPE, "the other ceremony" },
	{ { .type = "payment.get" }, WEBAUTHN_TYPE, "a payment" },
	{ { .challenge = "AAAA" }, WEBAUTHN_CHALLENGE, "another challenge" },
	{ { .origin = "https://evil.test" }, WEBAUTHN_ORIGIN, "elsewhere" },
	{ { .members = ",\"crossOrigin\":true" }, WEBAUTHN_CROSS_ORIGIN, "in a frame" },
	{ { .party = "evil.test" }, WEBAUTHN_PARTY, "another party" },
	{ { .flags_off = 0x01 }, WEBAUTHN_PRESENCE, "nobody there" },
	{ { .flags_off = 0x04 }, WEBAUTHN_VERIFICATION, "not verified" },
	{ { .flags_on = 0x10 }, WEBAUTHN_BACKUP, "backed up, and not eligible" },
	{ { .flags_on = 0x08 }, WEBAUTHN_BACKUP, "eligible, and was not" },
	{ { .flags_on = 0x40 }, WEBAUTHN_MALFORMED, "a credential in it" },
	{ { .wrong_key = true }, WEBAUTHN_SIGNATURE, "another's key" },
	{ { .flip = true }, WEBAUTHN_SIGNATURE, "a bit of the signature flipped" },
	{ { .cut = 1 }, WEBAUTHN_MALFORMED, "an octet short" },
	{ { .after_data = "00" }, WEBAUTHN_MALFORMED, "an octet after it" },
	{ { .counter = 1 }, WEBAUTHN_COUNTER, "a counter that stands still" },
	{ { .counter = 2 }, WEBAUTHN_OK, "a counter that goes on" },
};

static void
test_assertions(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(algorithms); k++) {
		struct authenticator *by = authenticator_new(algorithms[k]);
		for (size_t i = 0; i < COUNT(assertions); i++) {
			struct job job = { 0 };
			struct webauthn_credential credential;
			enum webauthn_fault fault;
			assert_int_equal(WEBAUTHN_OK, run_registration(&job, algorithms[k], by,
			                                               &(struct wrongs){ 0 }, &credential));
			fault = run_assertion(&job, by, &assertions[i].wrongs, &credential);
			if (fault != assertions[i].fault)
				wrong("%d: %s: %.*s\n", algorithms[k], assertions[i].what,
				      SPRINT(webauthn_word(fault)));
			if (fault && credential.counter != 1)
				wrong("%s: a refused one moves the counter\n", assertions[i].what);
			job_release(&job);
		}
		authenticator_free(by);
	}
}

/* A passkey without a counter stays so; one that had one and says 0 is a copy. */
static void
test_counter(void **state)
{
	struct job job = { 0 };
	struct authenticator *by = authenticator_new(WEBAUTHN_EDDSA);
	struct webauthn_credential credential;
	struct made made;
	struct webauthn_assertion in;

	(void)state;
	assert_int_equal(WEBAUTHN_OK,
	                 run_registration(&job, WEBAUTHN_EDDSA, by, &(struct wrongs){ 0 }, &credential));
	begin(&made);
	put_client(&made.client, "webauthn.get", &(struct wrongs){ 0 });
	put_data(&made.data, by, false, &(struct wrongs){ 0 });
	made.data.ptr[36] = 0; /* the counter's last octet */
	put_signature(&made, by, &(struct wrongs){ 0 });
	in = (struct webauthn_assertion){ buf_bytes(&made.client), buf_bytes(&made.data),
		                          buf_bytes(&made.signature) };
	assert_int_equal(WEBAUTHN_COUNTER, webauthn_assert(&job, &party, challenge, &in, &credential));
	credential.counter = 0;
	assert_int_equal(WEBAUTHN_OK, webauthn_assert(&job, &party, challenge, &in, &credential));
	assert_int_equal(WEBAUTHN_OK, webauthn_assert(&job, &party, challenge, &in, &credential));
	made_end(&made);
	authenticator_free(by);
	job_release(&job);
}

/* Every bit of what is signed counts. */
static void
test_flips(void **state)
{
	struct job job = { 0 };
	struct authenticator *by = authenticator_new(WEBAUTHN_EDDSA);
	struct webauthn_credential credential, used;
	struct made made;

	(void)state;
	assert_int_equal(WEBAUTHN_OK,
	                 run_registration(&job, WEBAUTHN_EDDSA, by, &(struct wrongs){ 0 }, &credential));
	make_assertion(&made, by, &(struct wrongs){ 0 });
	struct buf *parts[] = { &made.client, &made.data, &made.signature };
	for (size_t p = 0; p < COUNT(parts); p++)
		for (size_t bit = 0; bit < parts[p]->len * 8; bit++) {
			parts[p]->ptr[bit / 8] = (char)(parts[p]->ptr[bit / 8] ^ (1 << bit % 8));
			used = credential;
			if (!webauthn_assert(&job, &party, challenge,
			                     &(struct webauthn_assertion){ buf_bytes(&made.client),
			                                                   buf_bytes(&made.data),
			                                                   buf_bytes(&made.signature) },
			                     &used))
				wrong("part %zu, bit %zu\n", p, bit);
			parts[p]->ptr[bit / 8] = (char)(parts[p]->ptr[bit / 8] ^ (1 << bit % 8));
		}
	made_end(&made);
	authenticator_free(by);
	job_release(&job);
}

static void
test_challenge(void **state)
{
	struct job job = { 0 };
	struct made made;
	bytes found;

	(void)state;
	begin(&made);
	put_client(&made.client, "webauthn.get", &(struct wrongs){ 0 });
	assert_true(webauthn_challenge(&job, buf_bytes(&made.client), &found));
	assert_memory_equal(found.ptr, challenge.ptr, 32);
	assert_false(webauthn_challenge(&job, str_bytes(S("{\"challenge\":\"AAAA\"}")), &found));
	assert_int_equal(OK, job.failure.err);
	made_end(&made);
	job_release(&job);
}

static const struct {
	const char *origin, *host; /* NULL: it does not fit */
} origins[] = {
	{ "https://vault.example.com", "vault.example.com" },
	{ "https://vault.example.com:8443", "vault.example.com" },
	{ "http://localhost:8080", "localhost" },
	{ "http://localhost", "localhost" },
	{ "http://vault.example.com", NULL },
	{ "https://vault.example.com/", NULL },
	{ "https://vault.example.com:443", NULL },
	{ "http://localhost:80", NULL },
	{ "https://Vault.example.com", NULL },
	{ "https://", NULL },
	{ "https://.example.com", NULL },
	{ "https://a..example.com", NULL },
	{ "https://vault.example.com:", NULL },
	{ "https://vault.example.com:0", NULL },
	{ "https://vault.example.com:65536", NULL },
	{ "https://user@example.com", NULL },
	{ "ftp://example.com", NULL },
	{ "", NULL },
};

static void
test_origins(void **state)
{
	str host;

	(void)state;
	for (size_t i = 0; i < COUNT(origins); i++) {
		bool fits = webauthn_origin_fits(str_from_c(origins[i].origin), &host);
		if (fits != (origins[i].host != NULL) || (fits && !str_eq(host, str_from_c(origins[i].host))))
			wrong("%s\n", origins[i].origin);
	}
	assert_true(webauthn_party_fits(S("localhost"), S("localhost")));
	assert_true(webauthn_party_fits(S("example.com"), S("vault.example.com")));
	assert_true(webauthn_party_fits(S("vault.example.com"), S("vault.example.com")));
	assert_false(webauthn_party_fits(S("com"), S("vault.example.com")));
	assert_false(webauthn_party_fits(S("ample.com"), S("vault.example.com")));
	assert_false(webauthn_party_fits(S("example.com"), S("example.com.evil.test")));
	assert_false(webauthn_party_fits(S(""), S("localhost")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),         cmocka_unit_test(test_registrations),
		cmocka_unit_test(test_assertions),    cmocka_unit_test(test_counter),
		cmocka_unit_test(test_flips),         cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_origins),
	};
	int bad = cbor_tests();

	return bad + cmocka_run_group_tests_name("webauthn", tests, NULL, NULL);
}
