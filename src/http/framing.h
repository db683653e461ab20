/* http/framing.h -- line ends and folding, which libmicrohttpd before 0.9.77 hides.
 *
 * That library parses in place: the name and value of a header are pointers into the octets that
 * came, with NULs where separators stood.  So what it parsed must lie end to end, two octets apart
 * (CR LF); a folded line lies elsewhere, a bare LF leaves one octet, a NUL inside leaves more.
 *
 *     GET 0 /path 0 HTTP/1.1 0 0 Host 0 sp example.org 0 0 Accept 0 sp x 0 0 0 0
 *
 * What this cannot see: a NUL in front of a bare LF, which looks like CR LF.
 */
#ifndef HTTP_FRAMING_H
#define HTTP_FRAMING_H

#include <microhttpd.h>

#include "http/admit.h"

#define FRAMING_BY_PLACE (MHD_VERSION < 0x00097700)

/* Whether the header section, whose size the library tells, was framed as it must be.  All of head
 * must be the library's own memory; of the target only the place and length count. */
bool framing_is_plain(const struct head *head, size_t size);

#endif
