/* Aims at keyring_epoch_load, keyring_unwrap, keyring_named_open, wrapped_epoch: what is read from
 * keys.db.  The first octet picks: 0 garbage as it is; else a true wrapped form, changed by the rest
 * (exclusive or, at an offset), which must never open unless nothing was changed. */
#include "base/limits.h"
#include "crypto/keyring.h"

#define SUBJECT 41

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct keyring *ring;
static struct buf set, epoch, named;

static void
start(void)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(keyset_end) struct keyset *keyset = NULL;
	struct secret *root = NULL, *name = NULL;

	must(crypto_start(&job) == OK);
	root = secret_random();
	keyring_new(&root, &ring);
	buf_init(&epoch, 4096);
	buf_init(&named, 4096);
	buf_init(&set, 64 * 1024);
	keyring_epoch_new(ring, 1, &epoch);
	keyring_use(ring, 1);
	name = keyring_named_new(ring, S("lookup/email"), &named);
	secret_free(&name);
	keyset = keyset_begin(ring);
	for (uint32_t section = 0; section < 3; section++)
		must(keyset_renew(keyset, section));
	keyring_wrap(ring, SUBJECT, keyset, &set);
}

static void
try_open(bytes wrapped, const struct buf *of)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(keyset_end) struct keyset *keyset = NULL;
	OWNED(secret_free) struct secret *secret = NULL;
	bool same = of && bytes_str(wrapped).len == of->len && str_eq(bytes_str(wrapped), buf_str(of));
	uint32_t no;
	enum err err;

	if (wrapped_epoch(wrapped, &no))
		must(wrapped.len >= 4);
	err = keyring_unwrap(&job, ring, SUBJECT, wrapped, &keyset);
	must((err == OK) == (same && of == &set));
	must(err != OK || keyset->count <= KEYSET_MAX);
	job_forgive(&job);
	err = keyring_unwrap(&job, ring, SUBJECT + 1, wrapped, &keyset); /* K1 */
	must(err != OK);
	job_forgive(&job);
	must((keyring_named_open(&job, ring, S("lookup/email"), wrapped, &secret) == OK) ==
	     (same && of == &named));
	job_forgive(&job);
	must(keyring_epoch_load(&job, ring, 2, wrapped) != OK);
	job_forgive(&job);
	must((keyring_epoch_load(&job, ring, 1, wrapped) == OK) == (same && of == &epoch));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bytes rest = { data, size };
	const struct buf *of;
	uint8_t octet[64 * 1024];
	uint16_t at;
	uint8_t how;

	if (!ring)
		start();
	if (!eat_u8(&rest, &how))
		return 0;
	if (how % 4 == 0) {
		try_open(rest, NULL);
		return 0;
	}
	of = how % 4 == 1 ? &set : how % 4 == 2 ? &named : &epoch;
	if (!eat_le16(&rest, &at))
		at = 0;
	memcpy(octet, of->ptr, of->len);
	for (size_t i = 0; i < rest.len; i++)
		octet[(at + i) % of->len] ^= rest.ptr[i];
	try_open((bytes){ octet, how & 128 ? of->len - 1 : of->len }, of);
	return 0;
}
