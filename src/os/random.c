#include "os/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/must.h"

void
os_random(void *out, size_t len)
{
	uint8_t *at = out;

	while (len) {
		ssize_t got = getrandom(at, len, 0);
		if (got < 0 && errno == EINTR)
			continue;
		must(got > 0);
		at += got;
		len -= (size_t)got;
	}
}

uid
os_uid(void)
{
	uid id;

	os_random(id.octet, sizeof(id.octet));
	id.octet[6] = (uint8_t)((id.octet[6] & 0x0f) | 0x40);
	id.octet[8] = (uint8_t)((id.octet[8] & 0x3f) | 0x80);
	return id;
}
