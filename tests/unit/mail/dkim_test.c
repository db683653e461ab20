/* src/mail/dkim.c, dkim_key.c: the RFCs' own examples, keys, and which headers are covered.  That
 * somebody else's verifier agrees is shown by tests/mail/test_dkim.py. */
#include "mail_test.h"

#include <openssl/evp.h>

#include "mail/dkim.h"

/* PKCS #8 around the seed of RFC 8463 A.2. */
static const uint8_t rfc_8463_key[] = {
	0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
	0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
	0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60 };

static const str rfc_8463_head = S("From: Joe SixPack <joe@football.example.com>\r\n"
                                   "To: Suzie Q <suzie@shopping.example.net>\r\n"
                                   "Subject: Is dinner ready?\r\n"
                                   "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
                                   "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n");

static void
headers_are_relaxed_as_in_rfc_6376_3_4_5(void **state)
{
	static const struct {
		const char *field, *want;
	} row[] = {
		{ "A: X\r\n", "a:X\r\n" },
		{ "B : Y\t\r\n\tZ  \r\n", "b:Y Z\r\n" },
		{ "SUBJect \t:  \t AbC  \r\n \t d\r\n", "subject:AbC d\r\n" },
		{ "X:\r\n", "x:\r\n" },
		{ "X:  \r\n", "x:\r\n" },
		{ "X:\r\n <a>,\r\n <b>\r\n", "x:<a>, <b>\r\n" },
		{ "X: a:b\r\n", "x:a:b\r\n" },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(buf_release) struct buf out = { .max = 100 };
		dkim_relax_header(str_from_c(row[i].field), &out);
		if (!str_eq(buf_str(&out), str_from_c(row[i].want)))
			wrong("row %zu: %.*s", i, SPRINT(buf_str(&out)));
	}
}

static void
bodies_are_relaxed_as_in_rfc_6376_3_4_5(void **state)
{
	static const struct {
		const char *body, *want;
	} row[] = {
		{ " C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n" },
		{ "", "" },
		{ "\r\n", "" },
		{ "\r\n\r\n", "" },
		{ " \t\r\n", "" },
		{ "a", "a\r\n" },
		{ "a \t", "a\r\n" },
		{ "\r\n\r\na\r\n", "\r\n\r\na\r\n" },
		{ "a\r\n \r\nb\r\n \r\n", "a\r\n\r\nb\r\n" },
		{ "\t a\r\n", " a\r\n" },
	};

	for (size_t i = 0; i < COUNT(row); i++) {
		OWNED(buf_release) struct buf out = { .max = 100 };
		dkim_relax_body(str_from_c(row[i].body), &out);
		if (!str_eq(buf_str(&out), str_from_c(row[i].want)))
			wrong("row %zu: %.*s", i, SPRINT(buf_str(&out)));
	}
}

static void
the_signature_of_rfc_8463_comes_out(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(dkim_key_close) struct dkim_key *key = NULL;
	OWNED(buf_release) struct buf octets = { .max = 4000 }, out = { .max = 200 }, body = { .max = 200 }, text = { .max = 300 };
	uint8_t digest[32];

	assert_int_equal(dkim_key_open(&job, S("football.example.com"), S("brisbane"),
	                               (bytes){ rfc_8463_key, sizeof(rfc_8463_key) }, &key), OK);
	dkim_key_record_text(key, &text);
	assert_true(str_eq(buf_str(&text), S("v=DKIM1; h=sha256; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")));
	dkim_relax_body(S("Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"), &body);
	assert_int_equal(EVP_Digest(body.ptr, body.len, digest, NULL, EVP_sha256(), NULL), 1);
	buf_base64(&out, (bytes){ digest, 32 });
	assert_true(str_eq(buf_str(&out), S("2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=")));
	assert_true(dkim_signed_octets(rfc_8463_head, S("from : to :\r\n subject : date : message-id : from : subject : date"),
	                               S("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
	                                 " d=football.example.com; i=@football.example.com;\r\n"
	                                 " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
	                                 " subject : date : message-id : from : subject : date;\r\n"
	                                 " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
	                                 " b=\r\n"), &octets));
	assert_int_equal(EVP_Digest(octets.ptr, octets.len, digest, NULL, EVP_sha256(), NULL), 1);
	buf_clear(&body);
	buf_clear(&out);
	dkim_key_sign(key, digest, &body);
	buf_base64(&out, buf_bytes(&body));
	assert_true(str_eq(buf_str(&out), S("/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==")));
}

static void
fields_are_taken_from_the_last_upwards(void **state)
{
	OWNED(buf_release) struct buf out = { .max = 300 };

	assert_true(dkim_signed_octets(S("A: 1\r\nB: 2\r\nA: 3\r\n"), S("a:a:a:c:B"), S("S: b=\r\n"), &out));
	assert_true(str_eq(buf_str(&out), S("a:3\r\na:1\r\nb:2\r\ns:b=")));
	assert_false(dkim_signed_octets(S(" folded\r\n"), S("a"), S("S: b=\r\n"), &out));
	assert_false(dkim_signed_octets(S("no colon\r\n"), S("a"), S("S: b=\r\n"), &out));
	assert_false(dkim_signed_octets(S(": no name\r\n"), S("a"), S("S: b=\r\n"), &out));
}

/* Of RSA with so many bits. */
static void
pkcs8_rsa(unsigned bits, struct buf *out)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
	unsigned char *octets = NULL;
	int len = i2d_PrivateKey(pkey, &octets);

	buf_data(out, (bytes){ octets, (size_t)len });
	OPENSSL_free(octets);
	EVP_PKEY_free(pkey);
}

static void
keys_are_rsa_of_2048_bits_or_ed25519(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(buf_release) struct buf made = { .max = DKIM_KEY_BYTES_MAX }, weak = { .max = DKIM_KEY_BYTES_MAX };
	OWNED(buf_release) struct buf zone = { .max = 4000 }, name = { .max = 300 };
	OWNED(dkim_key_close) struct dkim_key *key = NULL, *none = NULL;
	size_t at;

	dkim_key_make(DKIM_RSA, &made);
	assert_int_equal(dkim_key_open(&job, S("valv.example"), S("s1"), buf_bytes(&made), &key), OK);
	assert_int_equal(dkim_key_kind(key), DKIM_RSA);
	dkim_key_record_name(key, &name);
	assert_true(str_eq(buf_str(&name), S("s1._domainkey.valv.example")));
	dkim_key_record_zone(key, &zone);
	assert_true(str_starts(buf_str(&zone), S("s1._domainkey.valv.example. IN TXT ( \"v=DKIM1; h=sha256; k=rsa; p=MII")));
	assert_true(str_find(buf_str(&zone), S("\" \""), &at));
	pkcs8_rsa(1024, &weak);
	assert_int_equal(dkim_key_open(&job, S("valv.example"), S("s1"), buf_bytes(&weak), &none), ERR_INVALID);
	buf_clear(&weak);
	buf_put(&weak, buf_str(&made));
	buf_char(&weak, 'x'); /* something behind */
	assert_int_equal(dkim_key_open(&job, S("valv.example"), S("s1"), buf_bytes(&weak), &none), ERR_INVALID);
	assert_int_equal(dkim_key_open(&job, S("valv.example"), S("s1"), str_bytes(S("")), &none), ERR_INVALID);
	assert_int_equal(dkim_key_open(&job, S("valv.example"), S("s1"), str_bytes(S("0\x82")), &none), ERR_INVALID);
	assert_int_equal(dkim_key_open(&job, S("valv example"), S("s1"), buf_bytes(&made), &none), ERR_INVALID);
	assert_int_equal(dkim_key_open(&job, S("valv.example"), S("a.b"), buf_bytes(&made), &none), ERR_INVALID);
	assert_int_equal(dkim_key_open(&job, S("valv.example"), S("a;b=\r\n"), buf_bytes(&made), &none), ERR_INVALID);
	assert_null(none);
}

/* D1: whatever compose() writes is in h=. */
static void
every_header_of_a_composed_message_is_signed_and_once_more(void **state)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(dkim_key_close) struct dkim_key *key = NULL;
	OWNED(buf_release) struct buf message = { .max = MAIL_MESSAGE_BYTES_MAX }, out = { .max = MAIL_MESSAGE_BYTES_MAX };
	OWNED(buf_release) struct buf names = { .max = 4000 }, twice = { .max = 200 };
	struct mail mail = mail_good();
	str rest, line, tag;
	size_t at, end;

	assert_int_equal(compose(&job, &mail, &message), OK);
	assert_int_equal(dkim_key_open(&job, S("valv.example"), S("s1"), (bytes){ rfc_8463_key, sizeof(rfc_8463_key) }, &key), OK);
	assert_int_equal(dkim_sign(&job, (const struct dkim_key *const[]){ key }, 1, mail.date, buf_str(&message), &out), OK);
	assert_true(str_ends(buf_str(&out), buf_str(&message)));
	assert_false(str_find(buf_str(&out), S("l="), &at) && at < out.len - message.len);
	assert_true(str_find(buf_str(&out), S("h="), &at));
	rest = str_from(buf_str(&out), at + 2);
	assert_true(eat_until(&rest, ';', &tag));
	buf_char(&names, ':');
	for (size_t i = 0; i < tag.len; i++)
		if (!strchr("\r\n\t ", tag.ptr[i]))
			buf_char(&names, tag.ptr[i] >= 'A' && tag.ptr[i] <= 'Z' ? (char)(tag.ptr[i] + 32) : tag.ptr[i]);
	buf_char(&names, ':');
	assert_true(str_find(buf_str(&message), S("\r\n\r\n"), &end));
	rest = str_first(buf_str(&message), end + 2);
	while (eat_until(&rest, '\n', &line)) {
		str name;
		if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
			continue;
		assert_true(eat_until(&line, ':', &name));
		buf_clear(&twice);
		for (int k = 0; k < 2; k++) {
			buf_char(&twice, ':');
			for (size_t i = 0; i < name.len; i++)
				buf_char(&twice, name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? (char)(name.ptr[i] + 32) : name.ptr[i]);
		}
		buf_char(&twice, ':');
		if (!str_find(buf_str(&names), buf_str(&twice), &at))
			wrong("not signed and oversigned: %.*s in %.*s", SPRINT(name), SPRINT(buf_str(&names)));
	}
}

static void
what_is_no_message_is_not_signed(void **state)
{
	static const char *const bad[] = { "", "From: a@b.c\r\n", "To: a@b.c\r\n\r\nx", "From: a@b.c\r\nFrom: a@b.c\r\n\r\nx",
		                           "DKIM-Signature: v=1\r\nFrom: a@b.c\r\n\r\nx", "From: a@b.c\r\nno colon\r\n\r\n" };
	OWNED(dkim_key_close) struct dkim_key *key = NULL;
	OWNED(buf_release) struct buf out = { .max = 9000 }, small = { .max = 60 };
	OWNED(job_release) struct job job = { 0 };

	assert_int_equal(dkim_key_open(&job, S("valv.example"), S("s1"), (bytes){ rfc_8463_key, sizeof(rfc_8463_key) }, &key), OK);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (dkim_sign(&job, (const struct dkim_key *const[]){ key }, 1, 0, str_from_c(bad[i]), &out) != ERR_INVALID || out.len)
			wrong("signed: %s", bad[i]);
	job_forgive(&job);
	assert_int_equal(dkim_sign(&job, (const struct dkim_key *const[]){ key }, 1, 0, S("From: a@b.c\r\n\r\nx\r\n"), &out), OK);
	assert_int_equal(dkim_sign(&job, (const struct dkim_key *const[]){ key }, 1, 0, S("From: a@b.c\r\n\r\nx\r\n"), &small), ERR_LIMIT);
}

int
dkim_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_are_relaxed_as_in_rfc_6376_3_4_5),
		cmocka_unit_test(bodies_are_relaxed_as_in_rfc_6376_3_4_5),
		cmocka_unit_test(the_signature_of_rfc_8463_comes_out),
		cmocka_unit_test(fields_are_taken_from_the_last_upwards),
		cmocka_unit_test(keys_are_rsa_of_2048_bits_or_ed25519),
		cmocka_unit_test(every_header_of_a_composed_message_is_signed_and_once_more),
		cmocka_unit_test(what_is_no_message_is_not_signed),
	};

	return cmocka_run_group_tests_name("dkim", tests, NULL, NULL);
}
