/* type/email.h -- e-mail addresses beyond reading. */
#ifndef TYPE_EMAIL_H
#define TYPE_EMAIL_H

#include "base/buf.h"

/* At the last @; false when there is none. */
bool email_split(str address, str *ret_local, str *ret_domain);

/* The form by which an address is looked up: local part in lower case too. */
void email_match(str canonical, struct buf *ret);

#endif
