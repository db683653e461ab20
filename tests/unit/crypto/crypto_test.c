#include "crypto_test.h"

#include "crypto/secret.h"

int
fresh_job(void **state)
{
	static struct job job;

	job = (struct job){ 0 };
	*state = &job;
	return crypto_start(&job);
}

int
end_job(void **state)
{
	job_release(*state);
	return 0;
}

void
assert_failed(struct job *job, enum err got, enum err want)
{
	assert_string_equal(err_info(got)->name, err_info(want)->name);
	assert_int_equal(job->failure.err, want);
	assert_non_null(job->failure.why);
	job_forgive(job);
}

bytes
from_hex(struct job *job, const char *hex)
{
	size_t len = strlen(hex) / 2;
	uint8_t *out = arena_alloc(&job->arena, len);

	assert_true(str_hex(str_from_c(hex), out, len));
	return (bytes){ out, len };
}

void
assert_hex(bytes got, const char *want)
{
	OWNED(buf_release) struct buf hex = { .max = 8192 };

	buf_hex(&hex, got);
	buf_u8(&hex, 0);
	assert_true(buf_ok(&hex));
	assert_string_equal(hex.ptr, want);
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

int
main(void)
{
	return secret_tests() + seal_tests() + keyring_tests() + root_tests() + sign_tests() + words_tests() +
	       password_tests() + totp_tests();
}
