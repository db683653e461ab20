#include "message_tests.h"

#include "mail/start.h"

int
main(void)
{
	mail_start();
	return letter_tests() + queue_tests() + send_tests() + pace_tests();
}
