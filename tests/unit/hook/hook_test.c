/* src/hook/hook.c: the golden vector of Standard Webhooks, when a try comes again, and which
 * addresses can be called.  Calls themselves are in tests/api/test_outbox.py. */
#include "hook_test.h"

#include "crypto/mac.h"
#include "hook/hook.h"

static void
the_vector_of_standard_webhooks_is_signed(void **state)
{
	/* whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw */
	static const uint8_t secret[] = { 0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a, 0xab, 0x4f, 0x08, 0xd4,
		                          0x3c, 0x3f, 0x08, 0x2c, 0xf6, 0x48, 0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0 };
	OWNED(buf_release) struct buf out = { .max = 256 };
	bytes key = { secret, sizeof(secret) };

	hook_sign(key, S("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330, S("{\"test\": 2432232314}"), &out);
	assert_true(str_eq(buf_str(&out), S("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")));
	buf_clear(&out);
	hook_sign(key, S("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265331, S("{\"test\": 2432232314}"), &out);
	assert_false(str_eq(buf_str(&out), S("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")));
}

static void
mac_is_that_of_rfc_4231(void **state)
{
	uint8_t mac[MAC_BYTES], want[MAC_BYTES], long_key[131];

	mac_sha256(str_bytes(S("Jefe")), str_bytes(S("what do ya want for nothing?")), mac);
	assert_true(str_hex(S("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"), want, 32));
	assert_memory_equal(mac, want, 32);
	memset(long_key, 0xaa, sizeof(long_key));
	mac_sha256((bytes){ long_key, sizeof(long_key) },
	           str_bytes(S("Test Using Larger Than Block-Size Key - Hash Key First")), mac);
	assert_true(str_hex(S("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"), want, 32));
	assert_memory_equal(mac, want, 32);
}

/* Ten tries, three days: 0, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. */
static void
tries_come_again_by_the_table_with_a_tenth_of_jitter(void **state)
{
	static const int64_t seconds[HOOK_TRIES] = { 0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400 };
	time_us all = 0;

	for (int64_t tries = 0; tries < HOOK_TRIES; tries++) {
		time_us wait = seconds[tries] * TIME_SECOND;
		assert_int_equal(hook_backoff(tries, 0), wait - wait / 10);
		assert_int_equal(hook_backoff(tries, UINT32_MAX), wait - wait / 10 + wait / 5);
		assert_true(hook_backoff(tries, UINT32_MAX / 2) <= wait);
		all += wait;
	}
	assert_int_equal(hook_backoff(99, 0), hook_backoff(HOOK_TRIES - 1, 0));
	assert_int_equal(hook_backoff(-1, 0), 0);
	assert_true(all > 3 * TIME_DAY); /* a recipient may be down for two days (law.md C2.10) */
}

static void
retry_after_is_read_as_seconds_or_date(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} row[] = {
		{ "0", 0 }, { "120", 120 }, { " 7 ", 7 }, { "86400", 86400 }, { "86401", 86400 },
		{ "18446744073709551615", 86400 }, { "99999999999999999999", -1 }, { "-1", -1 }, { "1.5", -1 },
		{ "", -1 }, { "soon", -1 }, { "Wed, 21 Oct 2015 07:28:00 GMT", 60 },
		{ "Wed, 21 Oct 2015 07:26:00 GMT", 0 }, { "Thu, 22 Oct 2099 07:28:00 GMT", 86400 },
		{ "Wed, 21 Oct 2015 07:28:00", -1 }, { "Wed, 31 Feb 2015 07:28:00 GMT", -1 },
		{ "Wed, 21 Okt 2015 07:28:00 GMT", -1 }, { "Wed, 21 Oct 2015 24:28:00 GMT", -1 },
		{ "Wednesday, 21-Oct-15 07:28:00 GMT", -1 },
	};
	time_us now, wait;

	assert_true(time_parse(S("2015-10-21T07:27:00Z"), &now));
	for (size_t i = 0; i < COUNT(row); i++) {
		bool read = hook_retry_after(str_from_c(row[i].text), now, &wait);
		if (read != (row[i].seconds >= 0) || (read && wait != row[i].seconds * TIME_SECOND))
			wrong("%s", row[i].text);
	}
}

static void
only_addresses_that_could_be_called_fit(void **state)
{
	static const char *const good[] = { "https://example.org", "https://example.org/", "https://example.org:443/a?b=c",
		                            "https://[2a00:1450::1]/x", "https://8.8.8.8/" };
	static const char *const own_only[] = { "http://10.0.0.1:8080/x", "https://10.0.0.1:8443/", "http://host/" };
	static const char *const bad[] = { "", "https://", "https:///x", "https://:443/", "https://a b/", "https://a@b/",
		                           "https://a\\b/", "https://a/#b", "https://a:0/", "https://a:65536/",
		                           "https://a:x/", "https://a:/", "HTTPS://a/", "ftp://a/", "//a/", "a",
		                           "https://\xc3\xa5.example/", "https://a/\n", "javascript:x" };
	struct networks none = { 0 }, own;
	const char *why;

	assert_true(networks_read(S("10.0.0.0/8"), &own));
	for (size_t i = 0; i < COUNT(good); i++)
		if (!hook_url_fits(str_from_c(good[i]), &none, &why) || !hook_url_fits(str_from_c(good[i]), &own, &why))
			wrong("%s: %s", good[i], why);
	for (size_t i = 0; i < COUNT(own_only); i++)
		if (hook_url_fits(str_from_c(own_only[i]), &none, &why) ||
		    !hook_url_fits(str_from_c(own_only[i]), &own, &why))
			wrong("%s", own_only[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (hook_url_fits(str_from_c(bad[i]), &none, &why) || hook_url_fits(str_from_c(bad[i]), &own, &why))
			wrong("%s passed", bad[i]);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vector_of_standard_webhooks_is_signed),
		cmocka_unit_test(mac_is_that_of_rfc_4231),
		cmocka_unit_test(tries_come_again_by_the_table_with_a_tenth_of_jitter),
		cmocka_unit_test(retry_after_is_read_as_seconds_or_date),
		cmocka_unit_test(only_addresses_that_could_be_called_fit),
	};

	return cmocka_run_group_tests_name("hook", tests, NULL, NULL) + address_tests();
}
