/* access/challenge.c -- contract: challenge.h. */
#include "access/challenge.h"

#include "access/passkey.h"
#include "os/random.h"

#define RANDOM_BYTES 16
#define FORGET_MAX 100 /* in one step: more than are made use of while it takes */

static void
challenge_digest(const struct desk *desk, enum challenge_kind kind, bytes binding, bytes front,
                 uint8_t ret[DIGEST_BYTES])
{
	uint8_t number = (uint8_t)kind;
	const bytes parts[] = { str_bytes(S("passkey challenge 1")), { &number, 1 }, binding, front };

	digest_keyed(desk->attempt_key, parts, COUNT(parts), ret);
}

bytes
challenge_make(struct job *job, const struct desk *desk, enum challenge_kind kind, bytes binding)
{
	OWNED(buf_release) struct buf made = { .max = CHALLENGE_BYTES };
	uint8_t random[RANDOM_BYTES], digest[DIGEST_BYTES];

	os_random(random, sizeof(random));
	buf_data(&made, (bytes){ random, sizeof(random) });
	buf_le64(&made, (uint64_t)(job->now + CHALLENGE_LIFE));
	challenge_digest(desk, kind, binding, buf_bytes(&made), digest);
	buf_data(&made, (bytes){ digest, sizeof(digest) });
	must(buf_ok(&made));
	return arena_bytes(&job->arena, buf_bytes(&made));
}

/* When it is over; false: it is none. */
static bool
challenge_until(bytes challenge, time_us *ret)
{
	bytes rest = challenge, random;
	uint64_t until;

	if (challenge.len != CHALLENGE_BYTES || !eat_bytes(&rest, RANDOM_BYTES, &random) || !eat_le64(&rest, &until))
		return false;
	*ret = (time_us)until;
	return true;
}

static bool
equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint8_t differs = 0;

	for (size_t i = 0; i < len; i++)
		differs |= a[i] ^ b[i];
	return !differs;
}

bool
challenge_holds(const struct desk *desk, enum challenge_kind kind, bytes binding, time_us now, bytes challenge)
{
	uint8_t digest[DIGEST_BYTES];
	time_us until;

	if (!challenge_until(challenge, &until))
		return false;
	challenge_digest(desk, kind, binding, (bytes){ challenge.ptr, CHALLENGE_BYTES - DIGEST_BYTES }, digest);
	/* One from a future beyond its life was made under a clock that was wrong. */
	return equal(digest, challenge.ptr + CHALLENGE_BYTES - DIGEST_BYTES, DIGEST_BYTES) && until > now &&
	       until - now <= CHALLENGE_LIFE;
}

enum err
challenge_use_steps(struct job *job, struct db *db, bytes challenge, bool *ret_first)
{
	uint8_t digest[DIGEST_BYTES];
	time_us until = 0;
	int64_t count;

	must(challenge_until(challenge, &until));
	digest_token(challenge, digest);
	TRY(db_run(job, db, SQL_CHALLENGE_FORGET, ARGS(sql_i64(job->now - CHALLENGE_LIFE), sql_i64(FORGET_MAX)), NULL));
	TRY(db_run(job, db, SQL_CHALLENGE_USE, ARGS(sql_bytes((bytes){ digest, sizeof(digest) }), sql_i64(until)),
	           &count));
	*ret_first = count == 1;
	return OK;
}
