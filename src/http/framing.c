#include "http/framing.h"

/* From the colon to the value there is optional white space only. */
static bool
is_blank(const char *from, const char *to)
{
	for (; from < to; from++)
		if (*from != ' ' && *from != '\t')
			return false;
	return from == to;
}

bool
framing_is_plain(const struct head *head, size_t size)
{
	const char *at;

	if (head->target.ptr != head->method.ptr + head->method.len + 1 ||
	    head->version.ptr != head->target.ptr + head->target.len + 1)
		return false;
	at = head->version.ptr + head->version.len;
	for (size_t i = 0; i < head->header_count; i++) {
		const struct header *header = &head->header[i];

		if (header->name.ptr != at + 2 ||
		    !is_blank(header->name.ptr + header->name.len + 1, header->value.ptr))
			return false;
		at = header->value.ptr + header->value.len;
	}
	return head->method.ptr + size == at + 4; /* the last line's CR LF, and the empty line */
}
