/* crypto/root.c -- contract and formats: see root.h. */
#include "crypto/root.h"

#include <sodium.h>
#include <unistd.h>

#include "crypto/secret_text.h"
#include "os/file.h"

#define PASSPHRASE_LEN_MIN 12
#define DESCRIPTOR_BYTES_MAX 256

/* Bounds on what a descriptor may ask for; a file that was tampered with must not eat the machine.
 * Weaker parameters than MODERATE need no bound: they would only derive another, useless key. */
#define OPS_MAX 64
#define MEM_MAX (UINT64_C(4) << 30)

/* Where a root may be. */
struct places {
	const char *credential; /* NULL outside of systemd */
	const char *key_file;
	const char *descriptor;
	bool key_file_named; /* by $VALV_ROOT_KEY_FILE: then it must be there */
};

struct descriptor {
	uint64_t ops;
	uint64_t mem;
	uint8_t salt[crypto_pwhash_SALTBYTES];
};

static const char *
path_in(struct job *job, const char *dir, const char *name)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };

	buf_put(&path, str_from_c(dir));
	buf_char(&path, '/');
	buf_put(&path, str_from_c(name));
	must(buf_ok(&path));
	return arena_c(&job->arena, buf_str(&path));
}

static struct places
places_of(struct job *job, const char *dir)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	const char *named = getenv("VALV_ROOT_KEY_FILE");

	return (struct places){
		.credential = credentials ? path_in(job, credentials, "valv-root") : NULL,
		.key_file = named ? named : path_in(job, dir, "root.key"),
		.descriptor = path_in(job, dir, "root.passphrase"),
		.key_file_named = named != NULL,
	};
}

/* --- key file and credential ------------------------------------------------------------------ */

static bool
key_parse_line(str line, struct secret *ret_key)
{
	size_t len = 0;

	/* In constant time, unlike str_hex(); fails where a character is not eaten. */
	return sodium_hex2bin(secret_octets(ret_key), KEY_BYTES, line.ptr, line.len, NULL, &len,
	                      NULL) == 0 &&
	       len == KEY_BYTES;
}

/* Comments and empty lines, and one line that is the key. */
static bool
key_parse(const struct secret_text *text, struct secret *ret_key)
{
	str rest = { text->octet, text->len }, line;
	int keys = 0;

	while (rest.len) {
		if (!eat_until(&rest, '\n', &line)) {
			line = rest;
			rest.len = 0;
		}
		line = str_trim(line);
		if (line.len == 0 || str_starts(line, S("#")))
			continue;
		if (!key_parse_line(line, ret_key))
			return false;
		keys++;
	}
	return keys == 1 && !sodium_is_zero(secret_octets(ret_key), KEY_BYTES);
}

static enum err
key_read(struct job *job, const char *path, enum secret_text_mode mode, struct secret **ret_root)
{
	OWNED(secret_text_free) struct secret_text *text = NULL;
	OWNED(secret_free) struct secret *root = secret_new();

	TRY(secret_text_read(job, path, mode, &text));
	if (!key_parse(text, root))
		return fail(job, ERR_ROOT, "the root key file is not one line of 64 hex digits");
	*ret_root = root;
	root = NULL;
	return OK;
}

/* A root file cut short by a full disk would be in the way of the next try. */
static enum err
root_file_create(struct job *job, const char *path, bytes content)
{
	enum err err = file_create(job, path, 0600, content);

	if (err && err != ERR_CONFLICT)
		unlink(path);
	return err;
}

static enum err
key_create(struct job *job, const char *path, struct secret **ret_root)
{
	static const char comment[] =
		"# Valv's root key. Who has it and keys.db can read everything; without it nobody\n"
		"# can. Keep a copy apart from the data and from its backups.\n";
	OWNED(secret_text_free) struct secret_text *text = secret_text_new();
	OWNED(secret_free) struct secret *root = secret_random();

	_Static_assert(sizeof(comment) + 2 * KEY_BYTES < SECRET_TEXT_MAX, "room");
	memcpy(text->octet, comment, sizeof(comment) - 1);
	text->len = sizeof(comment) - 1;
	sodium_bin2hex(text->octet + text->len, 2 * KEY_BYTES + 1, secret_octets(root), KEY_BYTES);
	text->len += 2 * KEY_BYTES;
	text->octet[text->len++] = '\n';
	TRY(root_file_create(job, path, (bytes){ (const uint8_t *)text->octet, text->len }));
	*ret_root = root;
	root = NULL;
	return OK;
}

/* --- passphrase ------------------------------------------------------------------------------ */

static enum err
passphrase_get(struct job *job, str prompt, struct secret_text **ret)
{
	OWNED(secret_text_free) struct secret_text *text = NULL;
	const char *path = getenv("VALV_PASSPHRASE_FILE");

	if (path)
		TRY(secret_text_read(job, path, TEXT_PRIVATE, &text));
	else
		TRY(secret_text_ask(job, prompt, &text));
	if (secret_text_line(text).len < PASSPHRASE_LEN_MIN)
		return fail(job, ERR_ROOT, "a passphrase has at least 12 octets");
	*ret = text;
	text = NULL;
	return OK;
}

/* For a new root: asked for twice where a person types it. */
static enum err
passphrase_choose(struct job *job, struct secret_text **ret)
{
	OWNED(secret_text_free) struct secret_text *first = NULL;
	OWNED(secret_text_free) struct secret_text *again = NULL;

	TRY(passphrase_get(job, S("New root passphrase: "), &first));
	if (!getenv("VALV_PASSPHRASE_FILE")) {
		TRY(passphrase_get(job, S("Once more: "), &again));
		if (!digest_equal(str_bytes(secret_text_line(first)),
		                  str_bytes(secret_text_line(again))))
			return fail(job, ERR_ROOT, "the two passphrases differ");
	}
	*ret = first;
	first = NULL;
	return OK;
}

static enum err
derive(struct job *job, const struct descriptor *descriptor, const struct secret_text *passphrase,
       struct secret **ret_root)
{
	OWNED(secret_free) struct secret *root = secret_new();
	str line = secret_text_line(passphrase);

	if (crypto_pwhash(secret_octets(root), KEY_BYTES, line.ptr, line.len, descriptor->salt,
	                  descriptor->ops, descriptor->mem, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return fail(job, ERR_ROOT, "not enough memory for Argon2id, or too small a limit");
	*ret_root = root;
	root = NULL;
	return OK;
}

/* "argon2id <opslimit> <memlimit> <salt hex>" and the end of the line. */
static bool
descriptor_parse(str text, struct descriptor *ret)
{
	text = str_trim(text);
	return eat_str(&text, S("argon2id ")) && eat_u64(&text, &ret->ops) &&
	       eat_char(&text, ' ') && eat_u64(&text, &ret->mem) && eat_char(&text, ' ') &&
	       ret->ops <= OPS_MAX && ret->mem <= MEM_MAX &&
	       str_hex(text, ret->salt, sizeof(ret->salt));
}

static void
descriptor_print(const struct descriptor *descriptor, struct buf *out)
{
	buf_put(out, S("argon2id "));
	buf_udec(out, descriptor->ops);
	buf_char(out, ' ');
	buf_udec(out, descriptor->mem);
	buf_char(out, ' ');
	buf_hex(out, (bytes){ descriptor->salt, sizeof(descriptor->salt) });
	buf_char(out, '\n');
}

static enum err
passphrase_create(struct job *job, const char *path, struct secret **ret_root)
{
	OWNED(secret_text_free) struct secret_text *passphrase = NULL;
	OWNED(secret_free) struct secret *root = NULL;
	OWNED(buf_release) struct buf text = { .max = DESCRIPTOR_BYTES_MAX };
	struct descriptor descriptor = {
		.ops = crypto_pwhash_OPSLIMIT_MODERATE,
		.mem = crypto_pwhash_MEMLIMIT_MODERATE,
	};

	TRY(passphrase_choose(job, &passphrase));
	randombytes_buf(descriptor.salt, sizeof(descriptor.salt));
	TRY(derive(job, &descriptor, passphrase, &root));
	descriptor_print(&descriptor, &text);
	must(buf_ok(&text));
	TRY(root_file_create(job, path, buf_bytes(&text)));
	*ret_root = root;
	root = NULL;
	return OK;
}

static enum err
passphrase_read(struct job *job, const char *path, struct secret **ret_root)
{
	OWNED(secret_text_free) struct secret_text *passphrase = NULL;
	struct descriptor descriptor;
	bytes text;

	TRY(file_read(job, path, DESCRIPTOR_BYTES_MAX, &text));
	if (!descriptor_parse(bytes_str(text), &descriptor))
		return fail(job, ERR_ROOT, "root.passphrase is malformed");
	TRY(passphrase_get(job, S("Root passphrase: "), &passphrase));
	return derive(job, &descriptor, passphrase, ret_root);
}

/* --- the two calls --------------------------------------------------------------------------- */

enum err
root_create(struct job *job, const char *dir, enum root_source source, struct secret **ret_root)
{
	struct places places = places_of(job, dir);
	bool given = places.credential && file_exists(places.credential);

	/* root_read() takes the first that it finds: a second one would lead it astray. */
	if (file_exists(places.key_file) || file_exists(places.descriptor) ||
	    (given && source != ROOT_CREDENTIAL))
		return fail(job, ERR_CONFLICT, "there is a root key already");
	switch (source) {
	case ROOT_KEY_FILE:
		return key_create(job, places.key_file, ret_root);
	case ROOT_PASSPHRASE:
		return passphrase_create(job, places.descriptor, ret_root);
	case ROOT_CREDENTIAL:
		if (!given)
			return fail(job, ERR_ROOT, "there is no credential named valv-root");
		return key_read(job, places.credential, TEXT_GIVEN, ret_root);
	}
	must_fail("a root source", __FILE__, __LINE__);
}

enum err
root_read(struct job *job, const char *dir, struct secret **ret_root,
          enum root_source *ret_source)
{
	struct places places = places_of(job, dir);

	if (places.credential && file_exists(places.credential)) {
		/* systemd may give access by an ACL, which shows as a mode for the group. */
		TRY(key_read(job, places.credential, TEXT_GIVEN, ret_root));
		*ret_source = ROOT_CREDENTIAL;
		return OK;
	}
	if (places.key_file_named || file_exists(places.key_file)) {
		TRY(key_read(job, places.key_file, TEXT_PRIVATE, ret_root));
		*ret_source = ROOT_KEY_FILE;
		return OK;
	}
	if (!file_exists(places.descriptor))
		return fail(job, ERR_ROOT,
		            "no root: no credential valv-root, no root.key, no root.passphrase");
	TRY(passphrase_read(job, places.descriptor, ret_root));
	*ret_source = ROOT_PASSPHRASE;
	return OK;
}
