#include "access_test.h"

#include <dirent.h>
#include <unistd.h>

const char *
error_name(enum err err)
{
	return err == OK ? "OK" : err_info(err)->name;
}

static const uint8_t some_key[KEY_BYTES] = { 1, 2, 3 };

int
fixture_begin(void **state)
{
	static struct fixture fixture;
	struct fixture *f = *state = &fixture;
	const char *tmp = getenv("TMPDIR");

	*f = (struct fixture){ .job = { .now = 1000 * TIME_DAY, .actor = { ACTOR_OPERATOR, 1000 } } };
	snprintf(f->dir, sizeof(f->dir), "%s/valv-access-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	assert_ok(store_create(&f->job, f->dir));
	assert_ok(store_open(&f->job, &(struct store_config){ .dir = f->dir }, &f->store));
	assert_ok(store_reader(&f->job, f->store, &f->job.db));
	f->access = (struct access){ .store = f->store, .seal_key = some_key, .index_key = some_key };
	key_cache_new(&f->cache);
	return 0;
}

int
fixture_end(void **state)
{
	struct fixture *f = *state;
	struct dirent *entry;
	char path[500];
	DIR *dir;

	key_cache_free(&f->cache);
	reader_end(&f->job.db);
	store_close(&f->store);
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
	return 0;
}

int
main(void)
{
	return key_tests() + idempotency_tests() + password_tests() + staff_tests();
}
