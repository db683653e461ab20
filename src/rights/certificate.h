/* rights/certificate.h -- the text of a certificate of erasure and its signature; internal to rights/. */
#ifndef RIGHTS_CERTIFICATE_H
#define RIGHTS_CERTIFICATE_H

#include "rights/erase.h"

/* Counts and names of the registry; what `done` says of keys holds once the write is durable. */
void certificate_text(time_us at, const struct registry *registry, const struct erase_wish *wish,
                      const struct erased *done, struct buf *out);

/* The text with its signature, in the arena. */
str certificate_sign(struct job *job, const struct vault *vault, str text);

#endif
