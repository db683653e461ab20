/* Aimed at: keyring_unwrap, keyring_named_open, keyring_epoch_load, wrapped_epoch, and root_read's
 * key file.
 *
 * Octets from outside are never a form that opens; a form that was authentically made of them opens
 * to a key set that is sound, or not at all; a key file is read only if a slower reader agrees. */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keyring.h"
#include "crypto/root.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SUBJECT 7
static uint8_t root_key[KEY_BYTES] = { 1 };
static uint8_t kek[KEY_BYTES] = { 2 };

static struct keyring *
keyring_make(struct job *job)
{
	OWNED(buf_release) struct buf form = { .max = 100 };
	struct keyring *keyring;
	struct secret *root;

	must(crypto_start(job) == OK);
	root = secret_new();
	memcpy(secret_octets(root), root_key, KEY_BYTES);
	keyring_new(&root, &keyring);
	seal(root_key, str_bytes(S("valv kek 1\0\5\0\0\0")), (bytes){ kek, KEY_BYTES }, &form);
	must(keyring_epoch_load(job, keyring, 5, buf_bytes(&form)) == OK);
	keyring_use(keyring, 5);
	return keyring;
}

static void
check_foreign(struct job *job, struct keyring *keyring, bytes form)
{
	struct keyset *keyset = NULL;
	struct secret *key = NULL;
	uint32_t epoch;

	must(keyring_unwrap(job, keyring, SUBJECT, form, &keyset) == ERR_CRYPTO && !keyset);
	must(keyring_named_open(job, keyring, S("name"), form, &key) == ERR_CRYPTO && !key);
	must(keyring_epoch_load(job, keyring, 6, form) == ERR_ROOT);
	must(wrapped_epoch(form, &epoch) == (form.len >= 4));
	job_forgive(job);
}

static void
check_own(struct job *job, struct keyring *keyring, bytes plain)
{
	OWNED(buf_release) struct buf form = { .max = 1 << 20 };
	OWNED(keyset_end) struct keyset *keyset = NULL;

	buf_le32(&form, 5);
	seal(kek, str_bytes(S("valv subject 1\0\5\0\0\0\7\0\0\0\0\0\0\0")), plain, &form);
	if (keyring_unwrap(job, keyring, SUBJECT, buf_bytes(&form), &keyset) == OK) {
		must(keyset->count <= KEYSET_MAX && plain.len == 4 + keyset->count * 36);
		must(memcmp(keyset, plain.ptr, plain.len) == 0); /* on little-endian machines */
		for (size_t i = plain.len; i < sizeof(*keyset); i++)
			must(((uint8_t *)keyset)[i] == 0);
	}
	job_forgive(job);
}

/* How many keys a key file holds; -1: something else too. */
static int
slow_keys(str text)
{
	int keys = 0;

	for (size_t from = 0; from < text.len;) {
		size_t to = from;
		str line;

		while (to < text.len && text.ptr[to] != '\n')
			to++;
		line = str_trim((str){ text.ptr + from, to - from });
		from = to + 1;
		if (!line.len || line.ptr[0] == '#')
			continue;
		for (size_t i = 0; i < line.len; i++)
			if (!strchr("0123456789abcdefABCDEF", line.ptr[i]) || !line.ptr[i])
				return -1;
		if (line.len != 64)
			return -1;
		keys++;
	}
	return keys;
}

static bool
zeros_only(str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr("123456789abcdefABCDEF", text.ptr[i]) && text.ptr[i])
			return false;
	return true;
}

static void
check_key_file(struct job *job, str text)
{
	static int fd = -1;
	char path[64];
	OWNED(secret_free) struct secret *root = NULL;
	enum root_source source;
	bool good;

	if (fd < 0)
		fd = memfd_create("root.key", MFD_CLOEXEC);
	must(fd >= 0 && fchmod(fd, 0600) == 0 && ftruncate(fd, 0) == 0);
	must(pwrite(fd, text.ptr, text.len, 0) == (ssize_t)text.len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	setenv("VALV_ROOT_KEY_FILE", path, 1);
	good = root_read(job, "/nowhere", &root, &source) == OK;
	must(!good || slow_keys(text) == 1);
	must(good || slow_keys(text) != 1 || zeros_only(text) || text.len >= 4096 ||
	     memchr(text.ptr, '#', text.len)); /* digits in a comment may hide a key of zeros */
	job_forgive(job);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keyring *keyring;
	OWNED(job_release) struct job job = { 0 };

	if (!keyring)
		keyring = keyring_make(&job);
	check_foreign(&job, keyring, (bytes){ data, size });
	check_own(&job, keyring, (bytes){ data, size });
	check_key_file(&job, (str){ (const char *)data, size });
	return 0;
}
