/* The reader of canonical CBOR. */
#include "webauthn/cbor.h"
#include "webauthn_test.h"

static const struct {
	const char *hex;
	bool item;
	const char *what;
} items[] = {
	{ "00", true, "0" },
	{ "17", true, "23" },
	{ "1817", false, "23 in two octets" },
	{ "1818", true, "24" },
	{ "1900ff", false, "255 in three" },
	{ "190100", true, "256" },
	{ "1a0000ffff", false, "65535 in five" },
	{ "1a00010000", true, "65536" },
	{ "1b00000000ffffffff", false, "2^32 - 1 in nine" },
	{ "1b0000000100000000", true, "2^32" },
	{ "3b7fffffffffffffff", true, "-2^63" },
	{ "1c", false, "28 in the low bits" },
	{ "1f", false, "indefinite integer" },
	{ "5f4100ff", false, "octets of no given length" },
	{ "9fff", false, "array of no given length" },
	{ "bfff", false, "map of no given length" },
	{ "c000", false, "a tag" },
	{ "d81800", false, "a tag of two octets" },
	{ "f4", true, "false" },
	{ "f6", true, "null" },
	{ "f7", false, "undefined" },
	{ "f818", false, "simple value 24" },
	{ "f93c00", false, "a half float" },
	{ "fb3ff0000000000000", false, "a double" },
	{ "40", true, "no octets" },
	{ "4100", true, "one octet" },
	{ "4200", false, "two octets, one there" },
	{ "5affffffff", false, "4 GB of octets" },
	{ "5bffffffffffffffff", false, "more octets than there can be" },
	{ "61c3", false, "text that is not UTF-8" },
	{ "62c3a4", true, "a with dots" },
	{ "8200", false, "an array of two, one there" },
	{ "820001", true, "an array of two" },
	{ "9bffffffffffffffff", false, "an array longer than memory" },
	{ "bbffffffffffffffff", false, "a map longer than memory" },
	{ "a10001", true, "a map" },
	{ "a100", false, "a map without its value" },
	{ "818181818181818100", true, "eight arrays deep" },
	{ "81818181818181818100", false, "nine arrays deep" },
};

static size_t
from_hex(const char *hex, uint8_t *out)
{
	size_t len = strlen(hex) / 2;

	assert_true(str_hex(str_from_c(hex), out, len));
	return len;
}

static void
test_items(void **state)
{
	uint8_t octets[64];
	bytes rest, item;

	(void)state;
	for (size_t i = 0; i < COUNT(items); i++) {
		size_t len = from_hex(items[i].hex, octets);
		rest = (bytes){ octets, len };
		if (eat_cbor_item(&rest, &item) != items[i].item)
			wrong("%s: %s\n", items[i].hex, items[i].what);
		if (items[i].item && (rest.len || item.len != len))
			wrong("%s: not eaten whole\n", items[i].hex);
		for (size_t cut = 0; cut < len; cut++) { /* no front of it is an item */
			bytes front = { octets, cut };
			if (eat_cbor_item(&front, &item))
				wrong("%s, cut after %zu\n", items[i].hex, cut);
		}
	}
}

static void
test_ints(void **state)
{
	static const struct {
		const char *hex;
		int64_t value;
	} ints[] = { { "00", 0 }, { "26", -7 }, { "27", -8 }, { "390100", -257 }, { "1903e8", 1000 } };
	uint8_t octets[16];
	int64_t value;

	(void)state;
	for (size_t i = 0; i < COUNT(ints); i++) {
		bytes rest = { octets, from_hex(ints[i].hex, octets) };
		if (!eat_cbor_int(&rest, &value) || value != ints[i].value)
			wrong("%s\n", ints[i].hex);
	}
	bytes rest = { octets, from_hex("1bffffffffffffffff", octets) };
	assert_false(eat_cbor_int(&rest, &value)); /* beyond 64 bits with a sign */
	rest = (bytes){ octets, from_hex("40", octets) };
	assert_false(eat_cbor_int(&rest, &value));
}

int
cbor_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_ints),
	};

	return cmocka_run_group_tests_name("cbor", tests, NULL, NULL);
}
