#include "message_tests.h"

#include "mail/start.h"

int
main(void)
{
	mail_start();
	return queue_tests() + send_tests() + pace_tests();
}
