/* access/purposes.c -- contract: purposes.h. */
#include "access/purposes.h"

#define PURPOSES_LISTED 0
#define PURPOSES_ALL 1

void
purposes_encode(bool all, bytes purposes, struct buf *out)
{
	buf_u8(out, all ? PURPOSES_ALL : PURPOSES_LISTED);
	if (!all)
		buf_data(out, purposes);
}

enum err
purposes_decode(struct job *job, bytes stored, bool *ret_all, bytes *ret_purposes)
{
	uint8_t kind;

	if (!eat_u8(&stored, &kind) || kind > PURPOSES_ALL || stored.len % 2)
		return fail(job, ERR_CORRUPT, "a set of purposes cannot be read");
	*ret_all = kind == PURPOSES_ALL;
	*ret_purposes = arena_bytes(&job->arena, stored);
	return OK;
}

bool
purposes_have(bytes purposes, uint16_t no)
{
	uint16_t there;

	while (eat_le16(&purposes, &there))
		if (there == no)
			return true;
	return false;
}
