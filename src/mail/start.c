/* mail/start.c -- contract: start.h. */
#include "mail/start.h"

#include <gmime/gmime.h>

void
mail_start(void)
{
	g_mime_init();
}
