/* api/staff.h -- what the resources of staff write alike. */
#ifndef API_STAFF_H
#define API_STAFF_H

#include "access/key.h"
#include "access/role.h"
#include "api/call.h"

/* {id, user_name} of a staff member; null for 0. */
must_check enum err staff_pair(struct job *job, struct call *call, str name, int64_t no);
/* The staff member whom {id} of the path names. */
must_check enum err staff_of_path(struct job *job, struct call *call, struct staff *ret);
must_check enum err staff_write(struct job *job, struct call *call, const struct staff *staff);

/* {role, purposes} of a body; call->registry is held. */
must_check enum err staff_role_read(struct job *job, struct call *call, struct json element, struct staff_role *ret);

void scopes_pair(struct json_out *out, uint32_t scopes);
void purposes_pair(struct json_out *out, const struct registry *registry, bool all, bytes purposes);
/* The member `purposes` of an object: a list of names, or *. */
must_check enum err purposes_member_read(struct job *job, struct call *call, struct json object, bool *ret_all,
                                         bytes *ret);
must_check enum err key_write(struct job *job, struct call *call, const struct api_key *key);
void ended_write(struct json_out *out, const struct ended *ended);

#endif
