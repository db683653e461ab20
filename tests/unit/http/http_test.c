#include "http_test.h"

int
main(void)
{
	return admit_tests() + hostile_tests() + server_tests() + stream_tests();
}
