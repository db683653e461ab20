#include "base/uid.h"

#include <string.h>

bool
uid_parse(str s, uid *ret)
{
	char hex[32];
	size_t at = 0;

	if (s.len != 36)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash != (s.ptr[i] == '-'))
			return false;
		if (!dash)
			hex[at++] = s.ptr[i];
	}
	return str_hex((str){ hex, sizeof(hex) }, ret->octet, sizeof(ret->octet));
}

void
buf_uid(struct buf *buf, uid id)
{
	static const size_t part_len[] = { 4, 2, 2, 2, 6 };
	bytes rest = uid_bytes(&id), part;

	for (size_t i = 0; i < 5; i++) {
		if (i)
			buf_char(buf, '-');
		if (eat_bytes(&rest, part_len[i], &part))
			buf_hex(buf, part);
	}
}

bool
uid_eq(uid a, uid b)
{
	return memcmp(a.octet, b.octet, sizeof(a.octet)) == 0;
}

bool
uid_from_bytes(bytes b, uid *ret)
{
	if (b.len != sizeof(ret->octet))
		return false;
	memcpy(ret->octet, b.ptr, sizeof(ret->octet));
	return true;
}
