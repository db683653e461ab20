#include "crypto/secret.h"

#include <liboath/oath.h>
#include <sodium.h>
#include <stdatomic.h>

#include "crypto/locked.h"

struct secret {
	uint8_t octet[KEY_BYTES];
};

/* Set once a block could not be locked, and for good: one key that may reach the swap is enough
 * for the warning. */
static atomic_bool lock_refused;

void *
locked_new(size_t size)
{
	void *ptr = sodium_malloc(size);

	must(ptr);
	/* sodium_malloc() locks too, but does not tell whether it could; locks do not nest. */
	if (sodium_mlock(ptr, size) != 0)
		atomic_store(&lock_refused, true);
	sodium_memzero(ptr, size);
	return ptr;
}

void
locked_free(void *ptr)
{
	sodium_free(ptr);
}

enum err
crypto_start(struct job *job)
{
	OWNED(secret_free) struct secret *probe = NULL;

	if (sodium_init() < 0)
		return fail(job, ERR_CRYPTO, "libsodium cannot start");
	if (oath_init() != OATH_OK)
		return fail(job, ERR_CRYPTO, "liboath cannot start");
	probe = secret_new(); /* so that secret_locked() knows */
	return OK;
}

bool
secret_locked(void)
{
	return !atomic_load(&lock_refused);
}

struct secret *
secret_new(void)
{
	return locked_new(sizeof(struct secret));
}

struct secret *
secret_random(void)
{
	struct secret *secret = secret_new();

	randombytes_buf(secret->octet, sizeof(secret->octet));
	return secret;
}

struct secret *
secret_take(uint8_t from[KEY_BYTES])
{
	struct secret *secret = secret_new();

	memcpy(secret->octet, from, KEY_BYTES);
	wipe(from, KEY_BYTES);
	return secret;
}

void
secret_free(struct secret **secret)
{
	locked_free(*secret);
	*secret = NULL;
}

uint8_t *
secret_octets(struct secret *secret)
{
	return secret->octet;
}

bool
secret_equal(const struct secret *a, const struct secret *b)
{
	return sodium_memcmp(a->octet, b->octet, KEY_BYTES) == 0;
}

bool
digest_equal(bytes a, bytes b)
{
	return a.len == b.len && sodium_memcmp(a.ptr, b.ptr, a.len) == 0;
}

void
wipe(void *ptr, size_t len)
{
	sodium_memzero(ptr, len);
}
