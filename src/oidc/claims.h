/* oidc/claims.h -- reading the claims of a token strictly; inside oidc/ only.
 *
 * A claim is what it must be or the token is refused: no number as text, no text as number, no
 * fraction, no null in place of nothing.  Text is in the arena.
 */
#ifndef OIDC_CLAIMS_H
#define OIDC_CLAIMS_H

#include "json/json.h"

#define CLAIM_TEXT_MAX 2048
#define CLAIM_SUBJECT_MAX 255 /* OpenID Connect Core section 2: 255 ASCII characters */
/* How far another's clock may be off. */
#define CLAIM_SKEW (60 * TIME_SECOND)

/* The payload as an object.  ERR_INVALID */
must_check enum err claims_open(struct job *job, str payload, struct json_document **document,
                                struct json *ret);

/* One line of UTF-8, not empty, at most `max` octets.  Absent: an empty text, or ERR_INVALID where it is needed. */
must_check enum err claim_text(struct job *job, struct json claims, const char *name, size_t max,
                               bool needed, str *ret);
/* Whole seconds since 1970, until the year 9999.  Absent: *ret_there is false. */
must_check enum err claim_time(struct job *job, struct json claims, const char *name, time_us *ret,
                               bool *ret_there);
/* 1 to 255 visible ASCII characters: who it is about, at that issuer. */
must_check enum err claim_subject(struct job *job, struct json claims, const char *name, bool needed,
                                  str *ret);
/* Is it there, as whatever? */
bool claim_there(struct job *job, struct json claims, const char *name);

/* The token is from `issuer`, octet for octet, and for `audience` and nobody else. */
must_check enum err claims_issuer(struct job *job, struct json claims, str issuer);
must_check enum err claims_audience(struct job *job, struct json claims, str audience);
/* iat: there, not before `since`, not in the future. */
must_check enum err claims_issued(struct job *job, struct json claims, time_us since, time_us *ret);

#endif
