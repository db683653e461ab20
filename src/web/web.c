/* web/web.c -- contract, P1, P2: web.h. */
#include "web/web.h"

#include "base/must.h"

struct page {
	const char *name;
	enum web_language language;
	struct web_file file;
};

struct asset {
	const char *name;
	struct web_file file;
};

#include "web.inc"

const struct web_file *
web_page(str name, enum web_language language)
{
	for (size_t i = 0; i < COUNT(pages); i++)
		if (pages[i].language == language && str_eq(str_from_c(pages[i].name), name))
			return &pages[i].file;
	return NULL;
}

const struct web_file *
web_asset(str name)
{
	for (size_t i = 0; i < COUNT(assets); i++)
		if (str_eq(str_from_c(assets[i].name), name))
			return &assets[i].file;
	return NULL;
}

str
web_policy(void)
{
	return S("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
	         "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
	         "require-trusted-types-for 'script'; trusted-types 'none'");
}
