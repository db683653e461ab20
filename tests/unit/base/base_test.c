#include "base_test.h"

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	const uint8_t *ptr;
	size_t len;
	bool freed;
	bool zeros;
} watched;

void __real_free(void *ptr);
void __wrap_free(void *ptr);

void
__wrap_free(void *ptr)
{
	const uint8_t *from = ptr;

	if (ptr && watched.ptr && watched.ptr >= from &&
	    watched.ptr < from + malloc_usable_size(ptr)) {
		watched.freed = true;
		watched.zeros = all_zero(watched.ptr, watched.len);
		watched.ptr = NULL;
	}
	__real_free(ptr);
}

void
watch_free(const void *ptr, size_t len)
{
	watched.ptr = ptr;
	watched.len = len;
	watched.freed = watched.zeros = false;
}

bool
freed_as_zeros(void)
{
	return watched.freed && watched.zeros;
}

void
assert_text(str got, const char *want)
{
	char text[4096];

	assert_true(got.len < sizeof(text));
	if (got.len)
		memcpy(text, got.ptr, got.len);
	text[got.len] = '\0';
	assert_string_equal(text, want);
}

bool
all_zero(const void *ptr, size_t len)
{
	const uint8_t *octet = ptr;
	uint8_t any = 0;

	for (size_t i = 0; i < len; i++)
		any |= octet[i];
	return any == 0;
}

void
assert_stops(void (*work)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit no_core = { 0 };

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL); /* cmocka's handler would answer it */
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int
main(void)
{
	return arena_tests() + buf_tests() + job_tests() + str_tests() + time_tests() + uid_tests();
}
