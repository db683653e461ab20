/* access/desk.c -- contract: desk.h. */
#include "access/desk.h"

#include "os/random.h"

#define TOKEN_BYTES 32
#define TOKEN_CHARS 43

enum err
desk_open(struct job *job, const struct access *access, struct desk *ret)
{
	*ret = (struct desk){ .access = access };
	TRY(keys_named(job, access->keys, access->store, S("credential"), &ret->credential_key));
	TRY(keys_named(job, access->keys, access->store, S("attempt"), &ret->attempt_key));
	return hasher_new(job, &ret->hasher);
}

void
desk_close(struct desk *desk)
{
	hasher_free(&desk->hasher);
}

enum err
desk_entry(struct job *job, struct db *db, enum entry_act act, uid staff, enum err outcome, bytes more)
{
	OWNED(buf_release) struct buf body = { .max = 64 };

	buf_data(&body, uid_bytes(&staff));
	buf_data(&body, more);
	must(buf_ok(&body));
	return entry_append(job, db, &(struct entry){ .act = act, .outcome = outcome, .body = buf_bytes(&body) },
	                    NULL);
}

str
desk_token(struct job *job, str prefix, uint8_t ret_digest[DIGEST_BYTES])
{
	OWNED(buf_release) struct buf text = { .max = prefix.len + TOKEN_CHARS };
	uint8_t random[TOKEN_BYTES];

	os_random(random, sizeof(random));
	buf_put(&text, prefix);
	buf_base64url(&text, (bytes){ random, sizeof(random) });
	must(buf_ok(&text));
	wipe(random, sizeof(random));
	digest_token(buf_bytes(&text), ret_digest);
	return arena_str(&job->arena, buf_str(&text));
}
