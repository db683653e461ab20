/* api/body.h -- reading members of bodies into the types of the use cases. */
#ifndef API_BODY_H
#define API_BODY_H

#include "api/schema.h"
#include "vault/registry.h"

/* Absent or null leaves *ret as it was and *ret_there (may be NULL) false. */
must_check enum err body_word(struct job *job, struct json object, const char *name,
                              enum words words, int *ret, bool *ret_there);
must_check enum err body_need_word(struct job *job, struct json object, const char *name,
                                   enum words words, int *ret);
/* A list of words as the union of their numbers, or of their bits where `bits`. */
must_check enum err body_mask(struct job *job, struct json object, const char *name,
                              enum words words, bool bits, uint32_t *ret, bool *ret_there);
must_check enum err body_need_time(struct job *job, struct json object, const char *name,
                                   time_us *ret);
/* The field that `name` names. ERR_INVALID when there is none. */
must_check enum err body_field(struct job *job, const struct registry *registry,
                               struct json object, const char *name, const struct field **ret);

#endif
