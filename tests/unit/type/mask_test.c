#include "check.h"

#include "base/must.h"

struct masked {
	enum type type;
	const char *canonical;
	const char *shown;
};

static void
masks_show_a_little_and_never_all(void **state UNUSED)
{
	static const struct masked table[] = {
		{ TYPE_EMAIL, "anna@example.com", "a•••@e•••.com" },
		{ TYPE_EMAIL, "a@b.example", "•••@•••.example" },
		{ TYPE_EMAIL, "åsa@mail.example.com", "å•••@m•••.com" },
		{ TYPE_EMAIL, "no address", "n••••••" },
		{ TYPE_PHONE, "+46701740605", "+46•••••05" },
		{ TYPE_PHONE, "+12125550123", "+1•••••23" },
		{ TYPE_PHONE, "+353209101234", "+353•••••34" },
		{ TYPE_PHONE, "+46", "+•••" },
		{ TYPE_PERSONNUMMER, "199001012385", "19900101-••••" },
		{ TYPE_PERSONNUMMER, "1990", "1•••" },
		{ TYPE_NAME, "Anna Andersson", "A••• A•••" },
		{ TYPE_NAME, "Åsa B", "Å••• •••" },
		{ TYPE_NAME, "a1 b2 c3 d4 e5 f6", "a••• b••• c••• d•••" },
		{ TYPE_CITY, "Ystad", "Y•••" },
		{ TYPE_CITY, "Å", "•••" },
		{ TYPE_COUNTRY, "SE", "•••" },
		{ TYPE_STREET, "Storgatan 1", "S••••••" },
		{ TYPE_TEXT, "a text of more than thirty-two characters", "a•••••••••" },
		{ TYPE_BOOLEAN, "true", "•••" },
		{ TYPE_ENUM, "gold", "•••" },
		{ TYPE_TEXT, "", "•••" },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		OWNED(buf_release) struct buf ret = { 0 };

		buf_init(&ret, 300);
		type_mask(table[i].type, str_from_c(table[i].canonical), &ret);
		if (!str_eq(buf_str(&ret), str_from_c(table[i].shown)))
			fail_msg("%s: shown as \"%.*s\"", table[i].canonical, SPRINT(buf_str(&ret)));
	}
}

int
mask_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_show_a_little_and_never_all),
	};

	return cmocka_run_group_tests_name("type/mask", tests, NULL, NULL);
}
