/* api/audit.h -- names for the numbers that the audit log and the ledger hold; internal to api/. */
#ifndef API_AUDIT_H
#define API_AUDIT_H

#include "api/call.h"

/* "actor": {…} */
must_check enum err actor_pair(struct job *job, struct json_out *out, struct actor actor);
/* The same under another name. */
must_check enum err actor_pair_named(struct job *job, struct json_out *out, str name, struct actor actor);
/* "purpose": its name, the built-in ones' too; null for 0 */
void purpose_pair(struct json_out *out, const struct registry *registry, int64_t no);
/* "notice": sha256:… of the hash, or null */
void notice_pair(struct json_out *out, bytes notice);
/* "fields": the names of le16 numbers */
void fields_pair(struct json_out *out, const struct registry *registry, bytes numbers);

#endif
