/* src/crypto/root.c, secret_text.c: where the root comes from. */
#include "crypto_test.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "crypto/root.h"
#include "os/file.h"

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
/* Argon2id at its least: 1 pass over 8 KiB. Never written by root_create(). */
#define CHEAP "argon2id 1 8192 000102030405060708090a0b0c0d0e0f\n"

static char dir[] = "/tmp/valv-root-test-XXXXXX";

static const char *
in_dir(const char *name)
{
	static char path[4][256];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void
put_file(const char *name, int mode, const char *content)
{
	const char *path = in_dir(name);
	int fd;

	unlink(path); /* it may be one that even its owner may not write */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	assert_int_equal(fchmod(fd, (mode_t)mode), 0);
	close(fd);
}

static int
fresh_dir(void **state)
{
	memcpy(strrchr(dir, '-'), "-XXXXXX", 7);
	unsetenv("CREDENTIALS_DIRECTORY");
	unsetenv("VALV_ROOT_KEY_FILE");
	unsetenv("VALV_PASSPHRASE_FILE");
	return mkdtemp(dir) && fresh_job(state) == OK ? 0 : -1;
}

static int
end_dir(void **state)
{
	static const char *const names[] = { "root.key", "root.passphrase", "valv-root", "pass",
		                             "elsewhere" };

	for (size_t i = 0; i < COUNT(names); i++)
		unlink(in_dir(names[i]));
	return rmdir(dir) == 0 ? end_job(state) : -1;
}

static void
assert_reads(struct job *job, enum root_source want_source, const char *want_hex)
{
	OWNED(secret_free) struct secret *root = NULL;
	enum root_source source = (enum root_source)-1;

	assert_ok(root_read(job, dir, &root, &source));
	assert_int_equal(source, want_source);
	assert_hex((bytes){ secret_octets(root), KEY_BYTES }, want_hex);
}

static void
assert_unread(struct job *job)
{
	struct secret *root = NULL;
	enum root_source source = (enum root_source)77;

	assert_failed(job, root_read(job, dir, &root, &source), ERR_ROOT);
	assert_null(root);
	assert_int_equal(source, 77);
}

/* --- key file -------------------------------------------------------------------------------- */

static void
a_created_key_file_is_private_and_reads_back(void **state)
{
	struct job *job = *state;
	OWNED(secret_free) struct secret *made = NULL;
	OWNED(secret_free) struct secret *read_back = NULL;
	enum root_source source;
	struct stat st;

	assert_ok(root_create(job, dir, ROOT_KEY_FILE, &made));
	assert_false(all_zero(secret_octets(made), KEY_BYTES));
	assert_int_equal(stat(in_dir("root.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_ok(root_read(job, dir, &read_back, &source));
	assert_int_equal(source, ROOT_KEY_FILE);
	assert_true(secret_equal(made, read_back));
}

static void
a_key_file_that_others_may_touch_is_refused(void **state)
{
	static const int refused[] = { 0640, 0604, 0660, 0620, 0602, 0610, 0601, 0644, 0666 };
	struct job *job = *state;

	for (size_t i = 0; i < COUNT(refused); i++) {
		put_file("root.key", refused[i], HEX "\n");
		assert_unread(job);
	}
	put_file("root.key", 0600, HEX "\n");
	assert_reads(job, ROOT_KEY_FILE, HEX);
	put_file("root.key", 0400, HEX "\n");
	assert_reads(job, ROOT_KEY_FILE, HEX);
}

static void
comments_spaces_and_upper_case_are_read(void **state)
{
	static const char *const good[] = {
		HEX, HEX "\n", HEX "\r\n", "# made by hand\n" HEX "\n", "#\n\n" HEX "\n\n# end",
		"# " HEX "\n" HEX "\n", "  " HEX "\t\n",
		"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F\n",
	};

	for (size_t i = 0; i < COUNT(good); i++) {
		put_file("root.key", 0600, good[i]);
		assert_reads(*state, ROOT_KEY_FILE, HEX);
	}
}

static void
a_malformed_key_file_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "\n", "# only words\n", "# " HEX "\n",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1\n",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e\n",
		HEX "0\n", HEX "00\n", HEX HEX "\n", HEX "\n" HEX "\n", HEX " " HEX "\n",
		"g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1 \n",
		"00:0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1\n",
		"0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e\n",
		"0000000000000000000000000000000000000000000000000000000000000000\n",
	};
	char large[8192];

	for (size_t i = 0; i < COUNT(bad); i++) {
		put_file("root.key", 0600, bad[i]);
		assert_unread(*state);
	}
	memset(large, '#', sizeof(large));
	memcpy(large, HEX "\n", 65);
	large[sizeof(large) - 1] = '\0';
	put_file("root.key", 0600, large);
	assert_unread(*state);
}

static void
another_place_for_the_key_file_must_hold_it(void **state)
{
	struct job *job = *state;
	OWNED(secret_free) struct secret *made = NULL;
	struct stat st;

	put_file("root.passphrase", 0600, CHEAP);
	put_file("pass", 0600, "correct horse battery\n");
	setenv("VALV_PASSPHRASE_FILE", in_dir("pass"), 1);
	setenv("VALV_ROOT_KEY_FILE", in_dir("elsewhere"), 1);
	assert_unread(job); /* and is not looked for anywhere else */
	unlink(in_dir("root.passphrase"));
	assert_ok(root_create(job, dir, ROOT_KEY_FILE, &made));
	assert_int_equal(stat(in_dir("elsewhere"), &st), 0);
	assert_int_not_equal(stat(in_dir("root.key"), &st), 0);
	put_file("elsewhere", 0600, HEX "\n");
	assert_reads(job, ROOT_KEY_FILE, HEX);
}

static void
a_key_may_come_through_a_pipe(void **state)
{
	char path[32];
	int fd[2];

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(write(fd[1], HEX "\n", 65), 65);
	close(fd[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd[0]);
	setenv("VALV_ROOT_KEY_FILE", path, 1);
	assert_reads(*state, ROOT_KEY_FILE, HEX);
	close(fd[0]);
}

static void
a_named_pipe_is_held_to_the_same_modes(void **state)
{
	int fd;

	assert_int_equal(mkfifo(in_dir("elsewhere"), 0600), 0);
	setenv("VALV_ROOT_KEY_FILE", in_dir("elsewhere"), 1);
	assert_int_equal(chmod(in_dir("elsewhere"), 0644), 0);
	fd = open(in_dir("elsewhere"), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, HEX "\n", 65), 65);
	assert_unread(*state);
	close(fd);
}

static void
no_root_at_all_is_told(void **state)
{
	assert_unread(*state);
	setenv("CREDENTIALS_DIRECTORY", dir, 1); /* systemd gave others, but not ours */
	assert_unread(*state);
}

/* --- one root only --------------------------------------------------------------------------- */

static void
a_second_root_is_a_conflict(void **state)
{
	static const char *const there[] = { "root.key", "root.passphrase", "valv-root" };
	struct job *job = *state;
	struct secret *root = NULL;
	bytes kept;

	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	setenv("VALV_PASSPHRASE_FILE", in_dir("pass"), 1);
	put_file("pass", 0600, "correct horse battery\n");
	for (size_t i = 0; i < COUNT(there); i++) {
		put_file(there[i], 0600, HEX "\n");
		assert_failed(job, root_create(job, dir, ROOT_KEY_FILE, &root), ERR_CONFLICT);
		assert_failed(job, root_create(job, dir, ROOT_PASSPHRASE, &root), ERR_CONFLICT);
		if (i < 2)
			assert_failed(job, root_create(job, dir, ROOT_CREDENTIAL, &root),
			              ERR_CONFLICT);
		assert_null(root);
		assert_ok(file_read(job, in_dir(there[i]), 1000, &kept));
		assert_true(str_eq(bytes_str(kept), S(HEX "\n")));
		unlink(in_dir(there[i]));
	}
}

static void
a_directory_that_is_not_there_is_told(void **state)
{
	struct job *job = *state;
	struct secret *root = NULL;

	assert_failed(job, root_create(job, "/nowhere/at/all", ROOT_KEY_FILE, &root), ERR_ABSENT);
	assert_null(root);
}

/* --- credential ------------------------------------------------------------------------------ */

static void
a_credential_comes_first_whatever_its_mode(void **state)
{
	struct job *job = *state;
	OWNED(secret_free) struct secret *root = NULL;

	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	assert_failed(job, root_create(job, dir, ROOT_CREDENTIAL, &root), ERR_ROOT);
	put_file("valv-root", 0440, HEX "\n");
	assert_ok(root_create(job, dir, ROOT_CREDENTIAL, &root));
	assert_hex((bytes){ secret_octets(root), KEY_BYTES }, HEX);
	put_file("root.key", 0600, "# not this one\n");
	assert_reads(job, ROOT_CREDENTIAL, HEX);
	put_file("valv-root", 0400, "nonsense\n");
	assert_unread(job);
}

/* --- passphrase ------------------------------------------------------------------------------ */

static void
a_passphrase_root_keeps_its_parameters_and_reads_back(void **state)
{
	struct job *job = *state;
	OWNED(secret_free) struct secret *made = NULL;
	OWNED(secret_free) struct secret *again = NULL;
	OWNED(secret_free) struct secret *wrong = NULL;
	enum root_source source;
	bytes descriptor;
	str text;

	setenv("VALV_PASSPHRASE_FILE", in_dir("pass"), 1);
	put_file("pass", 0600, "correct horse battery\n");
	assert_ok(root_create(job, dir, ROOT_PASSPHRASE, &made));
	assert_ok(file_read(job, in_dir("root.passphrase"), 1000, &descriptor));
	text = bytes_str(descriptor);
	assert_true(str_starts(text, S("argon2id 3 268435456 "))); /* MODERATE */
	assert_int_equal(text.len, 21 + 32 + 1);
	assert_false(str_starts(str_from(text, 21), S("00000000"))); /* the salt is random */

	assert_ok(root_read(job, dir, &again, &source));
	assert_int_equal(source, ROOT_PASSPHRASE);
	assert_true(secret_equal(made, again));

	/* A wrong one is not seen here, but gives another root (see keyring_epoch_load). */
	put_file("pass", 0600, "correct horse batterx\n");
	assert_ok(root_read(job, dir, &wrong, &source));
	assert_false(secret_equal(made, wrong));
}

/* python3-cryptography: Argon2id(salt=bytes(range(16)), length=32, iterations=2, lanes=1,
 * memory_cost=64).derive(b"correct horse battery") */
static void
a_passphrase_gives_the_root_of_another_implementation(void **state)
{
	static const char *const files[] = { "correct horse battery\n", "correct horse battery",
		                             "correct horse battery\r\nsecond line\n" };

	put_file("root.passphrase", 0644, "argon2id 2 65536 000102030405060708090a0b0c0d0e0f\n");
	setenv("VALV_PASSPHRASE_FILE", in_dir("pass"), 1);
	for (size_t i = 0; i < COUNT(files); i++) {
		put_file("pass", 0600, files[i]);
		assert_reads(*state, ROOT_PASSPHRASE,
		             "8b43092dd6040f5014c8c8fdc04f1e15a8057ef0595f6cd2d61193c9b691cc8c");
	}
}

static void
a_bad_passphrase_file_is_refused(void **state)
{
	static const char *const bad[] = { "", "\n", "eleven chrs\n", "\nsecond line is longer\n" };
	struct job *job = *state;
	struct secret *root = NULL;

	setenv("VALV_PASSPHRASE_FILE", in_dir("pass"), 1);
	for (size_t i = 0; i < COUNT(bad); i++) {
		put_file("pass", 0600, bad[i]);
		assert_failed(job, root_create(job, dir, ROOT_PASSPHRASE, &root), ERR_ROOT);
		assert_false(file_exists(in_dir("root.passphrase")));
	}
	put_file("root.passphrase", 0600, CHEAP);
	assert_unread(job);
	put_file("pass", 0644, "correct horse battery\n");
	assert_unread(job);
	unlink(in_dir("pass"));
	assert_unread(job);
	assert_null(root);
}

static void
a_malformed_descriptor_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "argon2id\n", "argon2i 1 8192 000102030405060708090a0b0c0d0e0f\n",
		"argon2id 1 8192 000102030405060708090a0b0c0d0e\n",
		"argon2id 1 8192 000102030405060708090a0b0c0d0e0f0f\n",
		"argon2id 1  8192 000102030405060708090a0b0c0d0e0f\n",
		"argon2id 1 8192 g00102030405060708090a0b0c0d0e0f\n",
		"argon2id -1 8192 000102030405060708090a0b0c0d0e0f\n",
		"argon2id 0 8192 000102030405060708090a0b0c0d0e0f\n",
		"argon2id 1 8191 000102030405060708090a0b0c0d0e0f\n", /* below Argon2's least */
		"argon2id 65 8192 000102030405060708090a0b0c0d0e0f\n", /* above ours */
		"argon2id 1 4294967297 000102030405060708090a0b0c0d0e0f\n",
		"argon2id 18446744073709551616 8192 000102030405060708090a0b0c0d0e0f\n",
	};

	setenv("VALV_PASSPHRASE_FILE", in_dir("pass"), 1);
	put_file("pass", 0600, "correct horse battery\n");
	for (size_t i = 0; i < COUNT(bad); i++) {
		put_file("root.passphrase", 0600, bad[i]);
		assert_unread(*state);
	}
	put_file("root.passphrase", 0600, CHEAP);
	assert_reads(*state, ROOT_PASSPHRASE,
	             "0dfe509cfb319e6f63967799aad3c4d9ce06d7e9abef9f74dcc45d30eda9d60c");
}

/* --- terminal -------------------------------------------------------------------------------- */

/* What a person sees: read until it ends with `want`. */
static void
wait_for(int fd, const char *want, char *seen, size_t size)
{
	size_t len = strlen(seen);

	while (!strstr(seen, want) && len + 1 < size) {
		ssize_t got = read(fd, seen + len, size - len - 1);
		assert_true(got > 0);
		len += (size_t)got;
		seen[len] = '\0';
	}
	assert_non_null(strstr(seen, want));
}

static void
type(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static int
exit_of(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The child creates a passphrase root at its terminal, holds until told, and exits with the err. */
static pid_t
create_at_terminal(struct job *job, int *ret_terminal)
{
	pid_t child = forkpty(ret_terminal, NULL, NULL, NULL);
	struct secret *root = NULL;

	assert_true(child >= 0);
	if (child == 0) {
		enum err err = root_create(job, dir, ROOT_PASSPHRASE, &root);
		char line[8];

		if (write(STDOUT_FILENO, "done:", 5) < 0 || read(STDIN_FILENO, line, 1) < 0)
			_exit(99);
		_exit((int)err);
	}
	return child;
}

static void
a_terminal_is_asked_twice_without_echo(void **state)
{
	struct termios mode;
	char seen[1024] = "";
	int terminal;
	pid_t child = create_at_terminal(*state, &terminal);

	wait_for(terminal, "New root passphrase: ", seen, sizeof(seen));
	assert_int_equal(tcgetattr(terminal, &mode), 0);
	assert_false(mode.c_lflag & ECHO);
	type(terminal, "hunter2 hunter2\n");
	wait_for(terminal, "Once more: ", seen, sizeof(seen));
	type(terminal, "hunter2 hunter2\n");
	wait_for(terminal, "done:", seen, sizeof(seen));
	assert_int_equal(tcgetattr(terminal, &mode), 0);
	assert_true(mode.c_lflag & ECHO);
	assert_true(mode.c_lflag & ISIG);
	type(terminal, "\n");
	assert_int_equal(exit_of(child), OK);
	assert_null(strstr(seen, "hunter2"));
	assert_true(file_exists(in_dir("root.passphrase")));
	close(terminal);
}

static void
two_different_passphrases_make_no_root(void **state)
{
	char seen[1024] = "";
	int terminal;
	pid_t child = create_at_terminal(*state, &terminal);

	wait_for(terminal, "New root passphrase: ", seen, sizeof(seen));
	type(terminal, "hunter2 hunter2\n");
	wait_for(terminal, "Once more: ", seen, sizeof(seen));
	type(terminal, "hunter2 hunter3\n");
	wait_for(terminal, "done:", seen, sizeof(seen));
	type(terminal, "\n");
	assert_int_equal(exit_of(child), ERR_ROOT);
	assert_false(file_exists(in_dir("root.passphrase")));
	close(terminal);
}

static void
giving_up_at_the_prompt_leaves_the_echo_on(void **state)
{
	static const char *const ways[] = { "\x03\n", "\x04", "hunter2 hunter2\x03\n" };

	for (size_t i = 0; i < COUNT(ways); i++) {
		struct termios mode;
		char seen[1024] = "";
		int terminal;
		pid_t child = create_at_terminal(*state, &terminal);

		wait_for(terminal, "New root passphrase: ", seen, sizeof(seen));
		type(terminal, ways[i]);
		wait_for(terminal, "done:", seen, sizeof(seen));
		assert_int_equal(tcgetattr(terminal, &mode), 0);
		assert_true(mode.c_lflag & ECHO);
		type(terminal, "\n");
		assert_int_equal(exit_of(child), ERR_ROOT);
		close(terminal);
	}
}

/* Other users may write to a terminal (mesg y): that is no reason to refuse it as a file. */
static void
a_passphrase_may_be_read_from_a_named_terminal(void **state)
{
	int terminal, other;
	char path[64];

	assert_int_equal(openpty(&terminal, &other, path, NULL, NULL), 0);
	assert_int_equal(chmod(path, 0620), 0);
	put_file("root.passphrase", 0644, "argon2id 2 65536 000102030405060708090a0b0c0d0e0f\n");
	setenv("VALV_PASSPHRASE_FILE", path, 1);
	type(terminal, "correct horse battery\n\x04");
	assert_reads(*state, ROOT_PASSPHRASE,
	             "8b43092dd6040f5014c8c8fdc04f1e15a8057ef0595f6cd2d61193c9b691cc8c");
	close(terminal);
	close(other);
}

static void
without_a_terminal_nobody_is_asked(void **state)
{
	pid_t child;

	put_file("root.passphrase", 0600, CHEAP);
	child = fork();
	if (child == 0) {
		struct secret *root = NULL;
		enum root_source source;

		setsid(); /* leaves the terminal */
		_exit((int)root_read(*state, dir, &root, &source));
	}
	assert_int_equal(exit_of(child), ERR_ROOT);
}

int
root_tests(void)
{
#define IN_DIR(name) cmocka_unit_test_setup_teardown(name, fresh_dir, end_dir)
	const struct CMUnitTest tests[] = {
		IN_DIR(a_created_key_file_is_private_and_reads_back),
		IN_DIR(a_key_file_that_others_may_touch_is_refused),
		IN_DIR(comments_spaces_and_upper_case_are_read),
		IN_DIR(a_malformed_key_file_is_refused),
		IN_DIR(another_place_for_the_key_file_must_hold_it),
		IN_DIR(a_key_may_come_through_a_pipe),
		IN_DIR(a_named_pipe_is_held_to_the_same_modes),
		IN_DIR(no_root_at_all_is_told),
		IN_DIR(a_second_root_is_a_conflict),
		IN_DIR(a_directory_that_is_not_there_is_told),
		IN_DIR(a_credential_comes_first_whatever_its_mode),
		IN_DIR(a_passphrase_root_keeps_its_parameters_and_reads_back),
		IN_DIR(a_passphrase_gives_the_root_of_another_implementation),
		IN_DIR(a_bad_passphrase_file_is_refused),
		IN_DIR(a_malformed_descriptor_is_refused),
		IN_DIR(a_terminal_is_asked_twice_without_echo),
		IN_DIR(two_different_passphrases_make_no_root),
		IN_DIR(giving_up_at_the_prompt_leaves_the_echo_on),
		IN_DIR(a_passphrase_may_be_read_from_a_named_terminal),
		IN_DIR(without_a_terminal_nobody_is_asked),
	};

	return cmocka_run_group_tests_name("root", tests, NULL, NULL);
}
