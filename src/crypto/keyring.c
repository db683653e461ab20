/* crypto/keyring.c -- contract and invariants K1-K3: see keyring.h.
 *
 * The keyring lies in locked memory as a whole: the KEKs are in its table.  One lock guards that
 * table; wrapping and unwrapping hold it for reading, so that keyring_epoch_drop(), which waits
 * for them, can wipe a KEK under nobody's hands.
 */
#include "crypto/keyring.h"

#include <endian.h>
#include <sodium.h>

#include "crypto/locked.h"
#include "crypto/pool.h"

struct kek {
	uint32_t epoch; /* 0: none */
	uint8_t key[KEY_BYTES];
};

struct keyring {
	pthread_rwlock_t lock; /* guards kek[] */
	struct kek kek[KEYRING_EPOCHS_MAX];
	_Atomic uint32_t current; /* 0 before keyring_use() */
	struct secret *root;
	struct pool pool;
};

/* What is sealed is a key set as it lies in memory, but little-endian. */
#define KEYSET_HEAD sizeof(uint32_t)
_Static_assert(sizeof(struct keyset_item) == 4 + KEY_BYTES, "no padding");
_Static_assert(sizeof(struct keyset) == KEYSET_HEAD + KEYSET_MAX * sizeof(struct keyset_item),
               "no padding");

/* --- locking --------------------------------------------------------------------------------- */

static pthread_rwlock_t *
lock_read(const struct keyring *keyring)
{
	pthread_rwlock_t *lock = (pthread_rwlock_t *)&keyring->lock;

	must(pthread_rwlock_rdlock(lock) == 0);
	return lock;
}

static pthread_rwlock_t *
lock_write(struct keyring *keyring)
{
	must(pthread_rwlock_wrlock(&keyring->lock) == 0);
	return &keyring->lock;
}

static void
lock_end(pthread_rwlock_t **lock)
{
	must(pthread_rwlock_unlock(*lock) == 0);
}

/* --- associated data: what a wrapped form is (K1) --------------------------------------------- */

struct associated {
	uint8_t octet[32 + KEYRING_NAME_MAX];
	size_t len;
};

static void
associated_put(struct associated *associated, const void *ptr, size_t len)
{
	must(len <= sizeof(associated->octet) - associated->len);
	if (len)
		memcpy(associated->octet + associated->len, ptr, len);
	associated->len += len;
}

/* label | NUL | le32 epoch | subject or name.  Poly1305 does not commit to a key, so which epoch
 * a form was wrapped in is bound here. */
static struct associated
associate(str label, uint32_t epoch, bytes what)
{
	struct associated associated = { 0 };
	uint32_t epoch_le = htole32(epoch);

	associated_put(&associated, label.ptr, label.len);
	associated_put(&associated, "", 1);
	associated_put(&associated, &epoch_le, sizeof(epoch_le));
	associated_put(&associated, what.ptr, what.len);
	return associated;
}

static bytes
associated_bytes(const struct associated *associated)
{
	return (bytes){ associated->octet, associated->len };
}

static struct associated
associate_epoch(uint32_t epoch)
{
	return associate(S("valv kek 1"), epoch, (bytes){ 0 });
}

static struct associated
associate_subject(uint32_t epoch, int64_t subject)
{
	uint64_t subject_le = htole64((uint64_t)subject);

	return associate(S("valv subject 1"), epoch,
	                 (bytes){ (const uint8_t *)&subject_le, sizeof(subject_le) });
}

static struct associated
associate_escrow(str name)
{
	must(name.len <= KEYRING_NAME_MAX);
	return associate(S("valv escrow 1"), 0, str_bytes(name));
}

static struct associated
associate_name(uint32_t epoch, str name)
{
	must(name.len <= KEYRING_NAME_MAX);
	return associate(S("valv named 1"), epoch, str_bytes(name));
}

/* --- life cycle ------------------------------------------------------------------------------ */

/* glibc lets readers go first unless told otherwise, and busy workers would keep a rotation
 * waiting for ever. */
static void
lock_init(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attr;

	must(pthread_rwlockattr_init(&attr) == 0);
#ifdef __GLIBC__
	must(pthread_rwlockattr_setkind_np(&attr,
	                                   PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
#endif
	must(pthread_rwlock_init(lock, &attr) == 0);
	pthread_rwlockattr_destroy(&attr);
}

void
keyring_new(struct secret **root, struct keyring **ret)
{
	struct keyring *keyring = locked_new(sizeof(*keyring));

	must(*root);
	lock_init(&keyring->lock);
	pool_init(&keyring->pool);
	keyring->root = *root;
	*root = NULL;
	*ret = keyring;
}

void
keyring_free(struct keyring **keyring)
{
	if (!*keyring)
		return;
	pool_release(&(*keyring)->pool);
	secret_free(&(*keyring)->root);
	pthread_rwlock_destroy(&(*keyring)->lock);
	locked_free(*keyring);
	*keyring = NULL;
}

/* --- epochs ---------------------------------------------------------------------------------- */

/* The caller holds the lock.  Epoch 0 finds a free place.  NULL when there is none. */
static struct kek *
kek_find(const struct keyring *keyring, uint32_t epoch)
{
	for (size_t i = 0; i < KEYRING_EPOCHS_MAX; i++)
		if (keyring->kek[i].epoch == epoch)
			return (struct kek *)&keyring->kek[i];
	return NULL;
}

void
keyring_epoch_new(struct keyring *keyring, uint32_t epoch, struct buf *ret_wrapped)
{
	struct associated associated = associate_epoch(epoch);
	OWNED(lock_end) UNUSED pthread_rwlock_t *lock = lock_write(keyring);
	struct kek *kek = kek_find(keyring, 0);

	must(epoch && kek && !kek_find(keyring, epoch));
	randombytes_buf(kek->key, sizeof(kek->key));
	kek->epoch = epoch;
	seal(secret_octets(keyring->root), associated_bytes(&associated),
	     (bytes){ kek->key, sizeof(kek->key) }, ret_wrapped);
}

static enum err
epoch_put(struct job *job, struct keyring *keyring, uint32_t epoch, struct secret *key)
{
	OWNED(lock_end) UNUSED pthread_rwlock_t *lock = lock_write(keyring);
	struct kek *kek = kek_find(keyring, epoch);

	if (kek && sodium_memcmp(kek->key, secret_octets(key), sizeof(kek->key)) != 0)
		return fail(job, ERR_CORRUPT, "two different keys for one epoch");
	if (kek)
		return OK;
	kek = kek_find(keyring, 0);
	if (!kek)
		return fail(job, ERR_LIMIT, "more key epochs than a keyring holds");
	memcpy(kek->key, secret_octets(key), sizeof(kek->key));
	kek->epoch = epoch;
	return OK;
}

enum err
keyring_epoch_load(struct job *job, struct keyring *keyring, uint32_t epoch, bytes wrapped)
{
	OWNED(secret_free) struct secret *key = secret_new();
	struct associated associated = associate_epoch(epoch);

	if (epoch == 0 || wrapped.len != SEAL_OVERHEAD + KEY_BYTES ||
	    !seal_open_into(secret_octets(keyring->root), associated_bytes(&associated), wrapped,
	                    secret_octets(key)))
		return fail(job, ERR_ROOT, "this root key (or passphrase) is not the data's");
	return epoch_put(job, keyring, epoch, key);
}

void
keyring_use(struct keyring *keyring, uint32_t epoch)
{
	OWNED(lock_end) UNUSED pthread_rwlock_t *lock = lock_write(keyring);

	must(epoch && kek_find(keyring, epoch));
	atomic_store(&keyring->current, epoch);
}

uint32_t
keyring_current(const struct keyring *keyring)
{
	return atomic_load(&keyring->current);
}

bool
keyring_has(const struct keyring *keyring, uint32_t epoch)
{
	OWNED(lock_end) UNUSED pthread_rwlock_t *lock = lock_read(keyring);

	return epoch && kek_find(keyring, epoch);
}

void
keyring_epoch_drop(struct keyring *keyring, uint32_t epoch)
{
	OWNED(lock_end) UNUSED pthread_rwlock_t *lock = lock_write(keyring);
	struct kek *kek = epoch ? kek_find(keyring, epoch) : NULL;

	must(epoch != keyring_current(keyring));
	if (!kek)
		return;
	kek->epoch = 0;
	wipe(kek->key, sizeof(kek->key)); /* K3 */
}

/* --- escrowed keys --------------------------------------------------------------------------- */

void
keyring_escrow_wrap(struct keyring *keyring, str name, struct secret *key, struct buf *ret_wrapped)
{
	struct associated associated = associate_escrow(name);

	seal(secret_octets(keyring->root), associated_bytes(&associated),
	     (bytes){ secret_octets(key), KEY_BYTES }, ret_wrapped);
}

enum err
keyring_escrow_open(struct job *job, struct keyring *keyring, str name, bytes wrapped,
                    struct secret **ret)
{
	OWNED(secret_free) struct secret *key = secret_new();
	struct associated associated = associate_escrow(name);

	if (wrapped.len != SEAL_OVERHEAD + KEY_BYTES ||
	    !seal_open_into(secret_octets(keyring->root), associated_bytes(&associated), wrapped,
	                    secret_octets(key)))
		return fail(job, ERR_ROOT, "this root key (or passphrase) is not the data's");
	*ret = key;
	key = NULL;
	return OK;
}

/* --- wrapping -------------------------------------------------------------------------------- */

bool
wrapped_epoch(bytes wrapped, uint32_t *ret)
{
	return eat_le32(&wrapped, ret);
}

/* The caller holds the lock.  Opens what follows the epoch into ret_plain. */
static bool
unwrap(const struct keyring *keyring, const struct associated *associated, uint32_t epoch,
       bytes sealed, void *ret_plain)
{
	const struct kek *kek = epoch ? kek_find(keyring, epoch) : NULL;

	return kek && seal_open_into(kek->key, associated_bytes(associated), sealed, ret_plain);
}

/* The caller holds the lock, since `epoch` is the current one under it. */
static void
wrap(const struct keyring *keyring, const struct associated *associated, uint32_t epoch,
     bytes plain, struct buf *ret_wrapped)
{
	const struct kek *kek = epoch ? kek_find(keyring, epoch) : NULL;

	must(kek); /* keyring_use() comes first */
	buf_le32(ret_wrapped, epoch);
	seal(kek->key, associated_bytes(associated), plain, ret_wrapped);
}

/* --- key sets -------------------------------------------------------------------------------- */

struct keyset *
keyset_begin(struct keyring *keyring)
{
	return pool_take(&keyring->pool);
}

static size_t
keyset_size(uint32_t count)
{
	return KEYSET_HEAD + count * sizeof(struct keyset_item);
}

void
keyring_wrap(struct keyring *keyring, int64_t subject, const struct keyset *keyset,
             struct buf *ret_wrapped)
{
	OWNED(keyset_end) struct keyset *plain = keyset_begin(keyring); /* little-endian copy */
	OWNED(lock_end) UNUSED pthread_rwlock_t *lock = lock_read(keyring);
	uint32_t epoch = keyring_current(keyring);
	struct associated associated = associate_subject(epoch, subject);

	must(keyset->count <= KEYSET_MAX);
	memcpy(plain, keyset, keyset_size(keyset->count));
	for (size_t i = 0; i < keyset->count; i++)
		plain->item[i].section = htole32(keyset->item[i].section);
	plain->count = htole32(keyset->count);
	wrap(keyring, &associated, epoch,
	     (bytes){ (const uint8_t *)plain, keyset_size(keyset->count) }, ret_wrapped);
}

/* From the sealed form's byte order to this machine's; false if it is not `size` octets long. */
static bool
keyset_decode(struct keyset *keyset, size_t size)
{
	keyset->count = le32toh(keyset->count);
	if (keyset->count > KEYSET_MAX || keyset_size(keyset->count) != size)
		return false;
	for (size_t i = 0; i < keyset->count; i++)
		keyset->item[i].section = le32toh(keyset->item[i].section);
	return true;
}

enum err
keyring_unwrap(struct job *job, struct keyring *keyring, int64_t subject, bytes wrapped,
               struct keyset **ret)
{
	OWNED(keyset_end) struct keyset *keyset = keyset_begin(keyring);
	OWNED(lock_end) UNUSED pthread_rwlock_t *lock = lock_read(keyring);
	struct associated associated;
	uint32_t epoch = 0;
	bool opened;

	opened = eat_le32(&wrapped, &epoch) && wrapped.len <= SEAL_OVERHEAD + sizeof(*keyset);
	associated = associate_subject(epoch, subject);
	if (!opened || !unwrap(keyring, &associated, epoch, wrapped, keyset) ||
	    !keyset_decode(keyset, wrapped.len - SEAL_OVERHEAD))
		return fail(job, ERR_CRYPTO, "a wrapped key set does not open");
	*ret = keyset;
	keyset = NULL;
	return OK;
}

/* --- named keys ------------------------------------------------------------------------------ */

struct secret *
keyring_named_new(struct keyring *keyring, str name, struct buf *ret_wrapped)
{
	struct secret *key = secret_random();

	keyring_named_wrap(keyring, name, key, ret_wrapped);
	return key;
}

void
keyring_named_wrap(struct keyring *keyring, str name, struct secret *key, struct buf *ret_wrapped)
{
	OWNED(lock_end) UNUSED pthread_rwlock_t *lock = lock_read(keyring);
	uint32_t epoch = keyring_current(keyring);
	struct associated associated = associate_name(epoch, name);

	wrap(keyring, &associated, epoch, (bytes){ secret_octets(key), KEY_BYTES }, ret_wrapped);
}

enum err
keyring_named_open(struct job *job, struct keyring *keyring, str name, bytes wrapped,
                   struct secret **ret)
{
	OWNED(secret_free) struct secret *key = secret_new();
	OWNED(lock_end) UNUSED pthread_rwlock_t *lock = lock_read(keyring);
	struct associated associated;
	uint32_t epoch = 0;
	bool opened;

	opened = eat_le32(&wrapped, &epoch) && wrapped.len == SEAL_OVERHEAD + KEY_BYTES;
	associated = associate_name(epoch, name);
	if (!opened || !unwrap(keyring, &associated, epoch, wrapped, secret_octets(key)))
		return fail(job, ERR_CRYPTO, "a wrapped named key does not open");
	*ret = key;
	key = NULL;
	return OK;
}
