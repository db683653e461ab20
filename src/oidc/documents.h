/* oidc/documents.h -- calls to the provider and the documents kept of it; inside oidc/ only. */
#ifndef OIDC_DOCUMENTS_H
#define OIDC_DOCUMENTS_H

#include "oidc/provider.h"

/* Adds times and guard (O2) to what is asked.  ERR_IO  there was no answer */
must_check enum err oidc_call(struct job *job, const struct oidc_reach *reach, const struct fetch *what,
                              int *ret_status, str *ret_body);

/* Into the arena.  `again`: what is kept was not enough (O3); the same text may come back.
 *   ERR_INVALID  ERR_IO */
must_check enum err oidc_document(struct job *job, const struct oidc_reach *reach, str url, bool again,
                                  str *ret);

#endif
