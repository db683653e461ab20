/* signup/guard.h -- against programs that fill forms in: without a third party, without a cookie, without a riddle.
 *
 *   H1  A page is sealed: when it was made and for which form.  One that comes back too quickly, or much too late, is
 *       shown again with what was typed.
 *   H2  Each network (a /24 of IPv4, a /48 of IPv6) has points an hour.  A sign-up costs more where less speaks for a
 *       person: 1 with proof of work, 2 from our page, 4 from a snippet on another site that was made without script.
 *   H3  Networks and addresses are counted by keyed digest under the key of the day, with which they become unreadable.
 */
#ifndef SIGNUP_GUARD_H
#define SIGNUP_GUARD_H

#include "signup/form.h"

#define SIGNUP_WORK_BITS 16 /* zero bits that a proof of work begins with: about a second in a browser */

enum signup_cost { SIGNUP_COST_WORK = 1, SIGNUP_COST_PAGE = 2, SIGNUP_COST_BARE = 4 };

/* base64url in the arena. */
must_check enum err page_seal(struct job *job, struct vault *vault, const struct signup_form *form, str *ret);

enum page_seal_state { PAGE_SEAL_NONE, PAGE_SEAL_GOOD, PAGE_SEAL_QUICK, PAGE_SEAL_OLD };
/* Forged, of another form: as none.  `work`: digits so that SHA-256 of seal.work begins with zero bits. */
must_check enum err page_seal_look(struct job *job, struct vault *vault, const struct signup_form *form, str seal, str work,
                                   enum page_seal_state *ret, enum signup_cost *ret_cost);

/* 16 octets as of IPv6; those of its network are left. */
void network_of(const uint8_t peer[16], uint8_t ret[16]);

#endif
