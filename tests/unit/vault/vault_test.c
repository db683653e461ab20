#include "vault_tests.h"

int
main(void)
{
	return record_tests() + change_tests() + suppress_tests() + registry_tests() + coverage_tests() +
	       clock_tests() + taken_tests() + outbox_tests() + bury_tests() + replay_tests() + token_tests() + choices_tests();
}
