/* src/crypto/secret.c: memory for keys. */
#include "crypto_test.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/secret.h"

static void
a_new_secret_is_zero_and_a_random_one_is_not(void **state)
{
	OWNED(secret_free) struct secret *zero = secret_new();
	OWNED(secret_free) struct secret *one = secret_random();
	OWNED(secret_free) struct secret *other = secret_random();

	assert_true(all_zero(secret_octets(zero), KEY_BYTES));
	assert_false(all_zero(secret_octets(one), KEY_BYTES));
	assert_false(secret_equal(one, other));
	assert_false(secret_equal(one, zero));
	memcpy(secret_octets(other), secret_octets(one), KEY_BYTES);
	assert_true(secret_equal(one, other));
	secret_octets(other)[KEY_BYTES - 1] ^= 1;
	assert_false(secret_equal(one, other));
}

static void
taking_a_key_wipes_where_it_came_from(void **state)
{
	uint8_t from[KEY_BYTES];
	OWNED(secret_free) struct secret *secret = NULL;

	memset(from, 0x5a, sizeof(from));
	secret = secret_take(from);
	assert_true(all_zero(from, sizeof(from)));
	for (size_t i = 0; i < KEY_BYTES; i++)
		assert_int_equal(secret_octets(secret)[i], 0x5a);
}

static void
freeing_leaves_null_and_accepts_it(void **state)
{
	struct secret *secret = secret_new();

	secret_free(&secret);
	assert_null(secret);
	secret_free(&secret);
}

static void
digests_are_equal_only_in_length_and_content(void **state)
{
	uint8_t a[] = { 1, 2, 3 }, b[] = { 1, 2, 3 }, c[] = { 1, 2, 4 };

	assert_true(digest_equal((bytes){ a, 3 }, (bytes){ b, 3 }));
	assert_false(digest_equal((bytes){ a, 3 }, (bytes){ c, 3 }));
	assert_false(digest_equal((bytes){ a, 3 }, (bytes){ b, 2 }));
	assert_true(digest_equal((bytes){ 0 }, (bytes){ 0 }));
}

/* The status of a child that does `work`. */
static int
in_child(void (*work)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);
		struct rlimit no_core = { 0 };

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGSEGV, SIG_DFL); /* cmocka's handler would answer it */
		dup2(null, STDERR_FILENO);
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void
write_past_the_end(void)
{
	volatile uint8_t *octets = secret_octets(secret_new());

	octets[KEY_BYTES] = 1;
}

static void
an_overrun_ends_the_process(void **state)
{
	int status = in_child(write_past_the_end);

	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
refuse_locks(void)
{
	struct rlimit none = { 0 };
	struct job job = { 0 };

	/* Whoever may lock without limit (root) must become somebody else. */
	if (setrlimit(RLIMIT_MEMLOCK, &none) < 0 || (geteuid() == 0 && setuid(65534) < 0))
		_exit(2);
	if (crypto_start(&job) != OK || secret_locked())
		_exit(3);
	/* Work goes on. */
	_exit(all_zero(secret_octets(secret_new()), KEY_BYTES) ? 0 : 4);
}

static void
memory_that_cannot_be_locked_is_told(void **state)
{
	int status;

	if (SANITIZED)
		return; /* the sanitizer answers mlock(); crypto_plain_test is built without */
	status = in_child(refuse_locks);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* The VmFlags line of /proc/self/smaps for the mapping that holds ptr. */
static void
flags_of(const void *ptr, char *flags, size_t size)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	char line[512];
	bool here = false;

	flags[0] = '\0';
	while (smaps && fgets(line, sizeof(line), smaps)) {
		uintptr_t from, to;

		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			here = (uintptr_t)ptr >= from && (uintptr_t)ptr < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(flags, size, "%s", line);
	}
	if (smaps)
		fclose(smaps);
}

static void
a_secret_is_locked_and_stays_out_of_core_dumps(void **state)
{
	OWNED(secret_free) struct secret *secret = secret_new();
	char flags[512];

	flags_of(secret_octets(secret), flags, sizeof(flags));
	assert_non_null(strstr(flags, " dd"));
	if (!SANITIZED && secret_locked())
		assert_non_null(strstr(flags, " lo"));
}

int
secret_tests(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_new_secret_is_zero_and_a_random_one_is_not),
		EACH(taking_a_key_wipes_where_it_came_from),
		EACH(freeing_leaves_null_and_accepts_it),
		EACH(digests_are_equal_only_in_length_and_content),
		EACH(an_overrun_ends_the_process),
		EACH(memory_that_cannot_be_locked_is_told),
		EACH(a_secret_is_locked_and_stays_out_of_core_dumps),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
