/* access/staff.h -- staff accounts: who works here, and the one action that ends everything they had.
 *
 *   T1  An account is who the issuer says it is: (issuer, subject), never an e-mail address or a name,
 *       which may go to somebody else one day.
 *   T2  `epoch` is the one authoritative word.  Whatever is given to a staff member carries the epoch of its
 *       birth and is dead when theirs has moved on; it is read anew for every request (I5).
 *   T3  staff_end() takes away, in one transaction, all that access/ knows of and all that ending.def names:
 *       sessions, keys, approvals, exceptions, links, webhooks, roles.  When it returns, nothing that begins later succeeds.
 *   T4  Who comes back has nothing of what was ended: a new epoch, no roles, no credentials.
 *   T5  What was taken away is a fact: a restore takes it away again (audit/fact.h).
 */
#ifndef ACCESS_STAFF_H
#define ACCESS_STAFF_H

#include "access/access.h"
#include "audit/entry.h"

/* Accounts that this vault keeps itself: their subject is the account's own id. */
#define ISSUER_LOCAL S("valv")

enum staff_state { STAFF_INVITED = 1, STAFF_ACTIVE = 2, STAFF_ENDED = 3 };

struct staff {
	int64_t no;
	uid id;
	enum staff_state state;
	int64_t epoch;
	int64_t version;
	time_us created_at, changed_at, ended_at, used_at; /* TIME_NEVER; used_at to the minute */
	/* In the arena; sealed in the store. */
	str issuer, subject;
	str user_name;    /* what they sign in with, as they write it */
	str display_name; /* may be empty, as the rest */
	str email, external_id, language;
};

/* Inside steps or with job->db: the word alone, for a check.  ERR_ABSENT */
must_check enum err staff_word(struct job *job, struct db *db, int64_t no, enum staff_state *ret_state,
                               int64_t *ret_epoch);

/* All ERR_ABSENT where there is none.  db: job->db, or inside steps the writer's. */
must_check enum err staff_get(struct job *job, const struct access *access, struct db *db, int64_t no,
                              struct staff *ret);
must_check enum err staff_of_id(struct job *job, const struct access *access, struct db *db, uid id,
                                struct staff *ret);
must_check enum err staff_of_identity(struct job *job, const struct access *access, struct db *db, str issuer,
                                      str subject, struct staff *ret);
/* However it is written (type/precis.h). */
must_check enum err staff_of_name(struct job *job, const struct access *access, struct db *db, str user_name,
                                  struct staff *ret);
/* Ascending, ended ones too. */
must_check enum err staff_list(struct job *job, const struct access *access, int64_t after_no, size_t max,
                               struct staff **ret, size_t *ret_count);

/* Inside steps.  Of `staff` issuer, subject (empty: the account's own id), user_name and what else is known are
 * read; no, id, epoch and version are set.  state: INVITED or ACTIVE.
 *   ERR_CONFLICT  the identity or the name is taken     ERR_INVALID the name is none     ERR_LIMIT */
must_check enum err staff_make_steps(struct job *job, const struct access *access, struct db *db,
                                     struct staff *staff);
/* Inside steps: names, addresses, language, state INVITED to ACTIVE; never issuer and subject.  Raises the version.
 *   ERR_CONFLICT the name is taken   ERR_ABSENT */
must_check enum err staff_change_steps(struct job *job, const struct access *access, struct db *db,
                                       struct staff *staff);

/* What was ended, by kind. */
struct ended {
	int64_t sessions, keys, approvals, exceptions, links, webhooks, roles, credentials;
};
/* Why, as it stands in the entry. */
enum end_reason { END_LEFT = 1, END_SCIM = 2, END_LOGOUT = 3, END_SIGNAL = 4, END_RESTORE = 5 };

/* The one action (T3).  Of somebody who has left already: fine, and ends what nothing should have left. */
must_check enum err staff_end(struct job *job, const struct access *access, int64_t no, enum end_reason reason,
                              struct ended *ret);
must_check enum err staff_end_steps(struct job *job, struct db *db, int64_t no, enum end_reason reason,
                                    struct ended *ret);
/* Inside steps: all that they sign in with, as the table of what ends has it under
 * `credentials`; the list of earlier sign-ins stays. */
must_check enum err staff_credentials_end_steps(struct job *job, struct db *db, int64_t no, int64_t *ret_count);
/* Back to work (T4).  Inside steps; of somebody who is active: nothing happens. */
must_check enum err staff_return_steps(struct job *job, struct db *db, int64_t no);

/* Inside steps: they may do less from now on, and after a restore, too (T5).  What they may is read for each request,
 * so their word stays: keys of programs that they own go on. */
must_check enum err staff_less_steps(struct job *job, struct db *db, int64_t no);
must_check enum err staff_id(struct job *job, struct db *db, int64_t no, uid *ret); /* ERR_ABSENT */

/* How many are active. */
must_check enum err staff_count(struct job *job, struct db *db, int64_t *ret);

#endif
