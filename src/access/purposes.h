/* access/purposes.h -- a set of purposes as keys and roles are stored with: u8 1 for all there are or will be, or
 * u8 0 and le16 numbers. */
#ifndef ACCESS_PURPOSES_H
#define ACCESS_PURPOSES_H

#include "base/job.h"

void purposes_encode(bool all, bytes purposes, struct buf *out);
must_check enum err purposes_decode(struct job *job, bytes stored, bool *ret_all, bytes *ret_purposes);
bool purposes_have(bytes purposes, uint16_t no);

#endif
