/* src/hook/address.c: every special range of IPv4 and IPv6, its first and last address and the
 * neighbours outside it, against a table of its own. */
#include "hook_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/must.h"
#include "hook/address.h"

static bool
is_public(const char *text)
{
	uint8_t octet[16];
	bool v6 = strchr(text, ':');

	assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, text, octet), 1);
	return address_public(octet, v6 ? 16 : 4);
}

static void
special_ranges_are_refused_to_their_edges(void **state)
{
	static const char *const refused[] = {
		"0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
		"127.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254", "169.254.255.255",
		"172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255",
		"192.31.196.1", "192.52.193.1", "192.88.99.0", "192.88.99.255", "192.168.0.0", "192.168.255.255",
		"192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.0", "198.51.100.255", "203.0.113.0",
		"203.0.113.255", "224.0.0.0", "239.255.255.255", "240.0.0.0", "255.255.255.254", "255.255.255.255",
		"::", "::1", "::2", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "64:ff9b::8.8.8.8",
		"64:ff9b:1::1", "100::1", "1fff:ffff::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
		"2001:2::1", "2001:10::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1", "2001:db8:ffff::1",
		"2002::1", "2002:7f00:1::1", "2002:ffff:ffff::1", "2620:4f:8000::1", "3fff::1", "3fff:fff:ffff::1",
		"4000::1", "5f00::1", "fc00::1", "fd12:3456::1", "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1",
		"ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	};

	for (size_t i = 0; i < COUNT(refused); i++)
		if (is_public(refused[i]))
			wrong("%s passed", refused[i]);
}

static void
the_neighbours_of_special_ranges_are_public(void **state)
{
	static const char *const public[] = {
		"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
		"128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255",
		"192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255", "192.169.0.0",
		"198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0",
		"223.255.255.255", "8.8.8.8", "193.10.0.1",
		"2000::1", "2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2003::1", "2620:4f:7fff::1",
		"2620:4f:8001::1", "2a00:1450::1", "3ffe::1", "3fff:1000::1",
	};

	for (size_t i = 0; i < COUNT(public); i++)
		if (!is_public(public[i]))
			wrong("%s was refused", public[i]);
}

static struct networks
networks_of(const char *text)
{
	struct networks networks;

	assert_true(networks_read(str_from_c(text), &networks));
	return networks;
}

static void
networks_are_read_as_written_and_no_wider(void **state)
{
	static const char *const bad[] = { "10.0.0.1/8", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
		                           "10.0.0.0/08", "10.0.0/8", "::1/129", "fe80::%1/10", "/8", "a/8",
		                           "10.0.0.0/8,11.0.0.0/8", "127.0.0.1/31", "fd00::1/16",
		                           "10.0.0.0/99999999999999999999" };
	struct networks networks = networks_of("127.0.0.0/8  10.1.2.0/23 fd12::/16");

	assert_int_equal(networks.count, 3);
	assert_int_equal(networks_of("").count, 0);
	assert_int_equal(networks_of("0.0.0.0/0 ::/0").count, 2);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (networks_read(str_from_c(bad[i]), &networks))
			wrong("%s was read", bad[i]);
	assert_false(networks_read(S("1.0.0.0/8 2.0.0.0/8 3.0.0.0/8 4.0.0.0/8 5.0.0.0/8 6.0.0.0/8 7.0.0.0/8 "
	                             "8.0.0.0/8 9.0.0.0/8 10.0.0.0/8 11.0.0.0/8 12.0.0.0/8 13.0.0.0/8 "
	                             "14.0.0.0/8 15.0.0.0/8 16.0.0.0/8 17.0.0.0/8"),
	                           &networks));
	networks = networks_of("10.1.2.0/23 fd12::/16 192.0.2.7/32");
	assert_true(address_in(&networks, (const uint8_t[]){ 10, 1, 3, 255 }, 4));
	assert_false(address_in(&networks, (const uint8_t[]){ 10, 1, 4, 0 }, 4));
	assert_false(address_in(&networks, (const uint8_t[]){ 10, 1, 1, 255 }, 4));
	assert_true(address_in(&networks, (const uint8_t[]){ 192, 0, 2, 7 }, 4));
	assert_false(address_in(&networks, (const uint8_t[]){ 192, 0, 2, 6 }, 4));
	assert_true(address_in(&networks, (const uint8_t[16]){ 0xfd, 0x12, 9 }, 16));
	assert_false(address_in(&networks, (const uint8_t[16]){ 0xfd, 0x13 }, 16));
}

static bool
allowed(const char *text, uint16_t port, bool secure, const struct networks *networks)
{
	struct guard guard = { networks, secure };
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = { 0 };

	if (strchr(text, ':')) {
		at.v6.sin6_family = AF_INET6;
		at.v6.sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, text, &at.v6.sin6_addr), 1);
	} else {
		at.v4.sin_family = AF_INET;
		at.v4.sin_port = htons(port);
		assert_int_equal(inet_pton(AF_INET, text, &at.v4.sin_addr), 1);
	}
	return guard_allows(&guard, &at.any);
}

static void
the_guard_lets_out_tls_on_443_and_what_is_allowed_by_name(void **state)
{
	struct networks none = { 0 }, own = networks_of("10.1.0.0/16 ::1/128");
	struct sockaddr unix_socket = { .sa_family = AF_UNIX };
	struct guard wide = { &own, true };

	assert_true(allowed("8.8.8.8", 443, true, &none));
	assert_false(allowed("8.8.8.8", 443, false, &none));
	assert_false(allowed("8.8.8.8", 80, true, &none));
	assert_false(allowed("8.8.8.8", 8443, true, &own));
	assert_false(allowed("127.0.0.1", 443, true, &none));
	assert_false(allowed("::ffff:10.1.0.1", 443, true, &own)); /* not in the form that is allowed */
	assert_true(allowed("10.1.200.3", 8080, false, &own));
	assert_true(allowed("::1", 9000, false, &own));
	assert_false(allowed("10.2.0.1", 443, true, &own));
	assert_true(allowed("2a00:1450::1", 443, true, &none));
	assert_false(guard_allows(&wide, &unix_socket));
}

int
address_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_ranges_are_refused_to_their_edges),
		cmocka_unit_test(the_neighbours_of_special_ranges_are_public),
		cmocka_unit_test(networks_are_read_as_written_and_no_wider),
		cmocka_unit_test(the_guard_lets_out_tls_on_443_and_what_is_allowed_by_name),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
