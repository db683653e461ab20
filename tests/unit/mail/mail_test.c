/* All tests of src/mail. */
#include "mail_test.h"

#include "mail/start.h"

int
main(void)
{
	mail_start();
	return mailbox_tests() + compose_tests() + dkim_tests() + report_tests();
}
