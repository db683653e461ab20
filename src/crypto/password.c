/* crypto/password.c -- contract, W1 and W2: password.h. */
#include "crypto/password.h"

#include <pthread.h>
#include <sodium.h>

#include "crypto/secret.h"

#define OPS 2
#define MEMORY (UINT64_C(47104) << 10)

_Static_assert(PASSWORD_HASH_BYTES_MAX >= crypto_pwhash_STRBYTES, "room");

struct hasher {
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	unsigned running, waiting;
	uint64_t waiter[HASHER_WAITING]; /* who waits, in no order */
	char nobody[crypto_pwhash_STRBYTES]; /* a hash of what nobody knows (W2) */
};

/* --- turns (W1) -------------------------------------------------------------------------------- */

static bool
may_wait(const struct hasher *hasher, uint64_t caller)
{
	unsigned own = 0;

	for (unsigned i = 0; i < hasher->waiting; i++)
		own += hasher->waiter[i] == caller;
	return hasher->waiting < HASHER_WAITING && own < HASHER_WAITING_EACH;
}

static void
wait_ended(struct hasher *hasher, uint64_t caller)
{
	for (unsigned i = 0; i < hasher->waiting; i++) {
		if (hasher->waiter[i] != caller)
			continue;
		hasher->waiter[i] = hasher->waiter[--hasher->waiting];
		return;
	}
}

static bool
turn_take(struct hasher *hasher, uint64_t caller)
{
	bool mine;

	pthread_mutex_lock(&hasher->mutex);
	mine = hasher->running < HASHER_AT_ONCE;
	if (!mine && may_wait(hasher, caller)) {
		hasher->waiter[hasher->waiting++] = caller;
		while (hasher->running >= HASHER_AT_ONCE)
			pthread_cond_wait(&hasher->ended, &hasher->mutex);
		wait_ended(hasher, caller);
		mine = true;
	}
	hasher->running += mine;
	pthread_mutex_unlock(&hasher->mutex);
	return mine;
}

static void
turn_end(struct hasher *hasher)
{
	pthread_mutex_lock(&hasher->mutex);
	hasher->running--;
	pthread_cond_signal(&hasher->ended);
	pthread_mutex_unlock(&hasher->mutex);
}

/* --- life cycle --------------------------------------------------------------------------------- */

enum err
hasher_new(struct job *job, struct hasher **ret)
{
	struct hasher *hasher = calloc(1, sizeof(*hasher));
	uint8_t random[32];
	int failed;

	must(hasher);
	pthread_mutex_init(&hasher->mutex, NULL);
	pthread_cond_init(&hasher->ended, NULL);
	randombytes_buf(random, sizeof(random));
	failed = crypto_pwhash_str_alg(hasher->nobody, (const char *)random, sizeof(random), OPS, MEMORY,
	                               crypto_pwhash_ALG_ARGON2ID13);
	wipe(random, sizeof(random));
	*ret = hasher;
	if (failed)
		return fail(job, ERR_CRYPTO, "not enough memory for Argon2id, or too small a limit");
	return OK;
}

void
hasher_free(struct hasher **at)
{
	if (!*at)
		return;
	pthread_cond_destroy(&(*at)->ended);
	pthread_mutex_destroy(&(*at)->mutex);
	free(*at);
	*at = NULL;
}

/* --- work --------------------------------------------------------------------------------------- */

#define WHY_BUSY "too many passwords are being checked at once; try again in a moment"

enum err
password_hash(struct job *job, struct hasher *hasher, uint64_t caller, str password, str *ret_hash)
{
	char hash[crypto_pwhash_STRBYTES];
	int failed;

	if (!turn_take(hasher, caller))
		return fail(job, ERR_BUSY, WHY_BUSY);
	failed = crypto_pwhash_str_alg(hash, password.len ? password.ptr : "", password.len, OPS, MEMORY,
	                               crypto_pwhash_ALG_ARGON2ID13);
	turn_end(hasher);
	if (failed)
		return fail(job, ERR_CRYPTO, "not enough memory for Argon2id, or too small a limit");
	*ret_hash = arena_str(&job->arena, str_from_c(hash));
	wipe(hash, sizeof(hash));
	return OK;
}

enum err
password_check(struct job *job, struct hasher *hasher, uint64_t caller, str hash, str password,
               bool *ret_right, bool *ret_outdated)
{
	char stored[crypto_pwhash_STRBYTES] = { 0 };
	bool there = hash.len && hash.len < sizeof(stored), right;

	if (there)
		memcpy(stored, hash.ptr, hash.len);
	else
		memcpy(stored, hasher->nobody, sizeof(stored));
	if (!turn_take(hasher, caller))
		return fail(job, ERR_BUSY, WHY_BUSY);
	right = crypto_pwhash_str_verify(stored, password.len ? password.ptr : "", password.len) == 0;
	turn_end(hasher);
	*ret_right = right && there;
	*ret_outdated = *ret_right && crypto_pwhash_str_needs_rehash(stored, OPS, MEMORY) != 0;
	wipe(stored, sizeof(stored));
	return OK;
}
