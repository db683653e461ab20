/* api/acts.h -- reading an act from a body, and appending it to a person's ledger; shared by
 * acts.c, objections.c, restriction.c and subjects.c. */
#ifndef API_ACTS_H
#define API_ACTS_H

#include "api/answering.h"
#include "api/call.h"
#include "vault/subject.h"

/* at (now unless said) and until. */
must_check enum err act_times(struct job *job, struct json body, struct act_new *act);
/* An act about a purpose with its evidence: basis, version, times, channels.  act->act is set. */
must_check enum err act_about(struct job *job, const struct registry *registry,
                              const struct purpose *purpose, struct json body, struct act_new *act);
must_check enum err act_channels(struct job *job, struct json body, struct act_new *act);
/* {"name":text}, which is canonical. */
str one_member(struct job *job, str name, str text);
/* Numbers (le16) of the fields that the body names; none where it names none. */
must_check enum err fields_read(struct job *job, const struct registry *registry, struct json body,
                                bool needed, bytes *ret);

/* One act, appended to the person that the path names. */
struct append {
	struct call *call;
	const struct purpose *purpose; /* by name in call->registry; NULL: none was named */
	enum act act;
	struct json body;
	int64_t seq; /* of the act that the path names */
	enum right right; /* of the requests that it can answer; RIGHT_NONE: none */
	struct answering answering;
};

/* The person, and the purpose if the body names one. */
must_check enum err append_read(struct job *job, struct call *call, struct append *ret);
/* An act on the whole person, or on all marketing, reaches beyond the purposes of a key. */
must_check enum err whole_person(struct job *job, const struct append *append);
must_check enum err whole_read(struct job *job, struct call *call, struct append *ret); /* both */
/* The scope withdraw is for what lowers. */
must_check enum err scope_for(struct job *job, const struct append *append);
/* Append what `fill` sets up, and answer. */
must_check enum err append_do(struct job *job, struct append *append, change_fill *fill);
/* For a fill: these acts are what the change appends, and the request that the body names is what it answers. */
must_check enum err append_acts(struct job *job, struct change *change, struct append *append, struct act_new *act,
                                size_t count);
/* The purpose in the snapshot that the change works with. */
const struct purpose *purpose_in(const struct change *change, const struct append *append);
/* The version that a lowering act is about: the one that the person's ground or permission rests
 * on, or the one in force, or the newest that was: a no is always possible.  NULL: never in force. */
const struct purpose_version *version_lowered(const struct change *change, const struct purpose *purpose);

/* {id, version, …} and the ETag, after a change. */
void change_answer(struct job *job, struct call *call, int status, const struct change_result *result);

/* A person as the purpose may see them; NULL: everything. */
void subject_write(struct job *job, struct call *call, const struct purpose *purpose,
                   const struct subject *subject, const struct value *value, size_t count);

#endif
