/* api/oidc.h -- what the addresses of the identity provider share. */
#ifndef API_OIDC_H
#define API_OIDC_H

#include "api/call.h"
#include "oidc/provider.h"

/* How the provider is reached now: by the public internet and the networks that an operator allowed. */
must_check enum err oidc_reach_of(struct job *job, const struct call *call, struct networks *networks,
                                  struct oidc_reach *ret);

#endif
