/* src/crypto/sign.c: Ed25519 by the vectors of RFC 8032, notes by that of C2SP. */
#include "crypto_test.h"

#include "crypto/sign.h"

static const uint8_t seed[KEY_BYTES] = { 7, 7, 7 };

static void
signatures_are_those_of_rfc_8032(void **state)
{
	static const struct {
		const char *seed, *public_key, *message, *signature;
	} vector[] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	};
	struct job *job = *state;

	for (size_t i = 0; i < COUNT(vector); i++) {
		bytes message = from_hex(job, vector[i].message);
		uint8_t public_key[SIGN_PUBLIC_BYTES], signature[SIGN_BYTES];

		sign_public(from_hex(job, vector[i].seed).ptr, public_key);
		assert_hex((bytes){ public_key, sizeof(public_key) }, vector[i].public_key);
		sign(from_hex(job, vector[i].seed).ptr, message, signature);
		assert_hex((bytes){ signature, sizeof(signature) }, vector[i].signature);
		assert_true(sign_holds(public_key, message, signature));
		signature[5] ^= 1;
		assert_false(sign_holds(public_key, message, signature));
	}
}

static void
the_note_of_c2sp_opens(void **state)
{
	static const char vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
	static const char note[] = "This is an example message.\n\n\u2014 example.com/foo "
		"Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
	struct job *job = *state;
	str text;

	assert_ok(note_open(job, str_from_c(vkey), str_from_c(note), &text));
	assert_true(str_eq(text, S("This is an example message.\n")));
}

/* Of each octet in each place: what is read is what is written, or nothing. */
static void
base64_has_one_way_to_say_it(void **state)
{
	static const uint8_t octets[] = { 0, 0x10, 0x83, 0x10, 0x51, 0x87, 0xff };
	OWNED(buf_release) struct buf text = { .max = 64 }, again = { .max = 64 };
	uint8_t got[sizeof(octets)];

	(void)state;
	buf_base64(&text, (bytes){ octets, sizeof(octets) });
	for (size_t i = 0; i < text.len; i++)
		for (unsigned c = 0; c < 256; c++) {
			char was = text.ptr[i];
			text.ptr[i] = (char)c;
			if (base64_read(buf_str(&text), got, sizeof(got))) {
				buf_clear(&again);
				buf_base64(&again, (bytes){ got, sizeof(got) });
				assert_true(str_eq(buf_str(&again), buf_str(&text)));
			}
			text.ptr[i] = was;
		}
}

static str
signed_note(struct job *job, str text, str *ret_vkey)
{
	OWNED(buf_release) struct buf note = { .max = 4096 }, vkey = { .max = 256 };

	note_sign(seed, S("vault.example/certificate"), text, &note);
	note_vkey(seed, S("vault.example/certificate"), &vkey);
	assert_true(buf_ok(&note) && buf_ok(&vkey));
	*ret_vkey = arena_str(&job->arena, buf_str(&vkey));
	return arena_str(&job->arena, buf_str(&note));
}

static void
a_note_opens_with_its_key_and_no_other(void **state)
{
	static const uint8_t other[KEY_BYTES] = { 8 };
	OWNED(buf_release) struct buf vkey = { .max = 256 };
	struct job *job = *state;
	str own, note = signed_note(job, S("one\n\ntwo\n"), &own), text;

	assert_ok(note_open(job, own, note, &text));
	assert_true(str_eq(text, S("one\n\ntwo\n")));
	note_vkey(other, S("vault.example/certificate"), &vkey);
	assert_failed(job, note_open(job, buf_str(&vkey), note, &text), ERR_CRYPTO);
}

/* Every octet, one after the other: nothing of a note can be changed unseen. */
static void
a_changed_note_does_not_open(void **state)
{
	struct job *job = *state;
	str vkey, note = signed_note(job, S("erased: 3 values\n"), &vkey), text;
	char *copy = arena_alloc(&job->arena, note.len);

	for (size_t i = 0; i < note.len; i++) {
		memcpy(copy, note.ptr, note.len);
		copy[i] ^= 1;
		assert_int_not_equal(note_open(job, vkey, (str){ copy, note.len }, &text), OK);
		job_forgive(job);
	}
}

static void
what_is_no_note_is_said_to_be_none(void **state)
{
	static const char *const bad[] = { "", "\n", "\n\n", "text\n", "text\n\n", "text" };
	struct job *job = *state;
	str vkey, note = signed_note(job, S("text\n"), &vkey), text;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_failed(job, note_open(job, vkey, str_from_c(bad[i]), &text), ERR_INVALID);
	assert_failed(job, note_open(job, S("name+zz+AAAA"), note, &text), ERR_INVALID);
	assert_failed(job, note_open(job, S(""), note, &text), ERR_INVALID);
}

int
sign_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(signatures_are_those_of_rfc_8032),
		EACH(the_note_of_c2sp_opens),
		EACH(base64_has_one_way_to_say_it),
		EACH(a_note_opens_with_its_key_and_no_other),
		EACH(a_changed_note_does_not_open),
		EACH(what_is_no_note_is_said_to_be_none),
	};

	return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
