/* type/host.h -- host names of e-mail addresses and URLs; host.c is the only user of libidn2. */
#ifndef TYPE_HOST_H
#define TYPE_HOST_H

#include "base/buf.h"

/* Append the canonical form: lower case, IDNA 2008 A-labels, no dot at the end, every label of
 * letters, digits and inner hyphens.  Names whose last label is a number are refused, as they would
 * be mistaken for an IPv4 address; names without a dot are not. */
bool host_put(str host, struct buf *ret, const char **ret_why);

#endif
