#include "base/err.h"

static const struct err_info table[] = {
	[OK] = { "OK", 200, "ok", "Done." },
#define X(name, status, slug, sentence) [name] = { #name, status, slug, sentence },
	ERR_TABLE(X)
#undef X
};

const struct err_info *
err_info(enum err err)
{
	if (err <= OK || err >= ERR_COUNT)
		return &table[ERR_INTERNAL];
	return &table[err];
}
