/* A store with keys of a few persons, for tests of the tree and of what stands on it. */
#ifndef TREE_FIXTURE_H
#define TREE_FIXTURE_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>
#undef fail /* cmocka's; ours is in base/job.h */

#include "audit/tree.h"

#define assert_ok(call) assert_string_equal(error_name(call), "OK")
#define PERSONS 8

static inline const char *
error_name(enum err err)
{
	return err == OK ? "OK" : err_info(err)->name;
}

struct fixture {
	char dir[200];
	struct store *store;
	struct keys *keys;
	uint8_t root[KEY_BYTES];
	struct job job;
	uint64_t random;
	int64_t last; /* number of the last entry */
};

static inline unsigned
draw(struct fixture *f, unsigned below)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return (unsigned)(f->random % below);
}

static struct secret *
root_copy(const struct fixture *f)
{
	uint8_t octet[KEY_BYTES];

	memcpy(octet, f->root, sizeof(octet));
	return secret_take(octet);
}

static enum err
open_all(struct fixture *f)
{
	OWNED(secret_free) struct secret *root = root_copy(f);

	TRY(store_open(&f->job, &(struct store_config){ .dir = f->dir }, &f->store));
	TRY(store_reader(&f->job, f->store, &f->job.db));
	return keys_open(&f->job, f->store, &root, &f->keys);
}

static void
close_all(struct fixture *f)
{
	keys_close(&f->keys);
	reader_end(&f->job.db);
	store_close(&f->store);
}

struct person {
	struct fixture *f;
	int64_t no;
};

static enum err
person_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf wrapped = { .max = 4096 };
	struct person *person = arg;
	struct keyring *ring = keys_ring(person->f->keys);
	OWNED(keyset_end) struct keyset *keyset = keyset_begin(ring);

	must(keyset_renew(keyset, 0));
	keyring_wrap(ring, person->no, keyset, &wrapped);
	return db_keys_put(job, db, person->no, keyring_current(ring), buf_bytes(&wrapped));
}

static int
begin(void **state)
{
	struct fixture *f = *state = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	assert_non_null(f);
	f->random = 0x9e3779b97f4a7c15u;
	f->root[3] = 7;
	f->job = (struct job){ .now = 1000 * TIME_DAY, .actor = { ACTOR_KEY, 9 } };
	assert_ok(crypto_start(&f->job));
	snprintf(f->dir, sizeof(f->dir), "%s/valv-tree-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	assert_ok(store_create(&f->job, f->dir));
	{
		OWNED(secret_free) struct secret *root = root_copy(f);
		assert_ok(keys_create(&f->job, f->dir, root));
	}
	assert_ok(open_all(f));
	for (int64_t no = 1; no <= PERSONS; no++) {
		struct person person = { f, no };
		assert_ok(store_write(&f->job, f->store, WRITE_ORDINARY, person_steps, &person));
	}
	return 0;
}

static int
end(void **state)
{
	struct fixture *f = *state;
	struct dirent *entry;
	char path[500];
	DIR *dir;

	close_all(f);
	dir = opendir(f->dir);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(f->dir);
	job_release(&f->job);
	free(f);
	return 0;
}

#define EACH(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
