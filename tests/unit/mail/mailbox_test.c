/* src/mail/mailbox.c: which addresses fit an envelope, and tokens that go out and come back. */
#include "mail_test.h"

static void
addresses_are_dot_atoms_at_hosts(void **state)
{
	static const char *const good[] = { "a@b.c", "asa.oberg+news@mail.example.org", "o'neil@example.org",
		                            "!#$%&'*+-/=^_`{|}~x@example.org", "a@xn--4ca.example" };
	static const char *const bad[] = { "", "@", "a@", "@b.c", "a@b", "a.@b.c", ".a@b.c", "a..b@c.d", "a b@c.d",
		                           "a@b c.d", "a@b.c ", " a@b.c", "a@b.c\r\n", "a\n@b.c", "a@b@c.d", "<a@b.c>",
		                           "a@[127.0.0.1]", "\"a\"@b.c", "a@-b.c", "a@b-.c", "a@b..c", "a@b.c.",
		                           "a@.b.c", "a,b@c.d", "a@b.c,d@e.f", "a:b@c.d", "a(b)@c.d", "a;b@c.d",
		                           "\xc3\xa5@b.c", "a@\xc3\xa5.c", "=?utf-8?q?x?=@b.c", "a@b.c\t", "a\\@b.c" };
	char local[64 + 1 + 1] = { 0 };
	OWNED(buf_release) struct buf text = { .max = 600 };

	for (size_t i = 0; i < COUNT(good); i++)
		if (!mailbox_fits(str_from_c(good[i])))
			wrong("refused: %s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (mailbox_fits(str_from_c(bad[i])))
			wrong("taken: %s", bad[i]);
	assert_false(mailbox_fits((str){ "a\0b@c.d", 7 }));
	assert_false(mailbox_fits((str){ "a@c.d\0", 6 }));
	memset(local, 'a', 65);
	buf_put(&text, (str){ local, 64 });
	buf_put(&text, S("@b.c"));
	assert_true(mailbox_fits(buf_str(&text)));
	buf_clear(&text);
	buf_put(&text, (str){ local, 65 });
	buf_put(&text, S("@b.c"));
	assert_false(mailbox_fits(buf_str(&text)));
	buf_clear(&text);
	buf_put(&text, S("a@"));
	for (size_t i = 0; i < 63; i++)
		buf_put(&text, S("abc."));
	assert_false(mailbox_fits(buf_str(&text)));
	buf_char(&text, 'd'); /* 255 octets */
	assert_false(mailbox_fits(buf_str(&text)));
}

static void
a_token_goes_out_and_comes_back_in_any_case(void **state)
{
	static const uint8_t octets[] = { 0x00, 0xff, 0x1a, 0x2b };
	static const char *const others[] = { "bounce@valv.example", "bounce+@valv.example", "bounce+0@valv.example",
		                              "bounce+zz@valv.example", "bounce+00ff1a2b@other.example",
		                              "other+00ff1a2b@valv.example", "bounce-00ff1a2b@valv.example",
		                              "bounce+00ff1a2b", "",
		                              "bounce+000000000000000000000000000000000000000000000000aa@valv.example" };
	OWNED(buf_release) struct buf out = { .max = 300 }, token = { .max = 64 };

	verp_write(S("bounce"), (bytes){ octets, 4 }, S("valv.example"), &out);
	assert_true(str_eq(buf_str(&out), S("bounce+00ff1a2b@valv.example")));
	assert_true(mailbox_fits(buf_str(&out)));
	assert_true(verp_read(S("Bounce+00FF1A2b@VALV.example"), S("bounce"), S("valv.example"), &token));
	assert_int_equal(token.len, 4);
	assert_memory_equal(token.ptr, octets, 4);
	buf_clear(&token);
	for (size_t i = 0; i < COUNT(others); i++)
		if (verp_read(str_from_c(others[i]), S("bounce"), S("valv.example"), &token) || token.len)
			wrong("taken: %s", others[i]);
}

int
mailbox_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_dot_atoms_at_hosts),
		cmocka_unit_test(a_token_goes_out_and_comes_back_in_any_case),
	};

	return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
