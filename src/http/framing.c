#include "http/framing.h"

#include <string.h>

/* From the colon to the value there is optional white space only. */
static bool
is_blank(const char *from, const char *to)
{
	for (; from < to; from++)
		if (*from != ' ' && *from != '\t')
			return false;
	return from == to;
}

const char *
framing_end(const struct head *head)
{
	static const char ends[4] = { 0 };
	const char *at;

	if (head->target.ptr != head->method.ptr + head->method.len + 1 ||
	    head->version.ptr != head->target.ptr + head->target.len + 1)
		return NULL;
	at = head->version.ptr + head->version.len;
	for (size_t i = 0; i < head->header_count; i++) {
		const struct header *header = &head->header[i];

		if (header->name.ptr != at + 2 ||
		    !is_blank(header->name.ptr + header->name.len + 1, header->value.ptr))
			return NULL;
		at = header->value.ptr + header->value.len;
	}
	return memcmp(at, ends, sizeof(ends)) == 0 ? at + sizeof(ends) : NULL;
}
