/* Aims at precis_name and precis_password: what they give, they give again. */
#include "base/limits.h"
#include "base/must.h"
#include "type/precis.h"

static void
check(bool (*form)(str, struct buf *, const char **), str raw, size_t limit)
{
	OWNED(buf_release) struct buf once = { .max = 4 * limit };
	OWNED(buf_release) struct buf twice = { .max = 4 * limit };
	const char *why = NULL;

	if (!form(raw, &once, &why)) {
		must(why && !once.len);
		return;
	}
	must(once.len && once.len <= limit && str_utf8(buf_str(&once)));
	must(form(buf_str(&once), &twice, &why) && str_eq(buf_str(&once), buf_str(&twice)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(precis_name, (str){ (const char *)data, size }, LIMIT_USER_NAME_BYTES);
	check(precis_password, (str){ (const char *)data, size }, LIMIT_PASSWORD_BYTES);
	return 0;
}
