#include "store/fault.h"

#ifdef VALV_TEST
#include <signal.h>
#include <stdatomic.h>

#include "base/str.h"

void
fault_point(const char *name)
{
	static _Atomic uint64_t hits;
	str wanted = str_from_c(getenv("VALV_TEST_KILL")), point;
	uint64_t nth = 1;

	if (!wanted.len)
		return;
	if (eat_until(&wanted, ':', &point)) {
		if (!str_u64(wanted, &nth))
			return;
	} else {
		point = wanted;
	}
	if (str_eq(point, str_from_c(name)) && atomic_fetch_add(&hits, 1) + 1 == nth)
		raise(SIGKILL);
}
#else
typedef int fault_nothing; /* ISO C wants something in every file */
#endif
