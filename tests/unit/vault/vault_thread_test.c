#include "vault_tests.h"

int
main(void)
{
	return thread_tests() + rotate_tests() + outbox_thread_tests();
}
