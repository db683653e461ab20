/* rights/link.h -- a package that waits behind a link: fetched once, or gone when its time is up.
 *
 *     link_make()   seals the printed package under a key that only the token in the link gives
 *     link_look()   for the page behind the link: looks, changes nothing (mail scanners follow links)
 *     link_take()   gives it out and removes it, in one transaction with its entry
 *     links_sweep() removes what nobody fetched in time
 *
 *   K1  The store has a digest of the token, never the token: it cannot open what it keeps.
 *   K2  A package is given out once.  Used, expired, erased with the person and never there are one
 *       and the same answer.
 */
#ifndef RIGHTS_LINK_H
#define RIGHTS_LINK_H

#include "rights/package.h"

#define LINK_TOKEN_CHARS 64 /* hexadecimal digits of 256 random bits */
#define LINK_EXPIRES_DEFAULT ((struct duration){ .days = 7 })

struct link {
	enum package_format format;
	enum language language;
	time_us expires_at;
};

/* The package as printed; leaves ENTRY_ACCESS.  The token is in the arena, and nowhere else.
 *   ERR_GONE   ERR_LIMIT limit_packages: so many wait for this person already */
must_check enum err link_make(struct job *job, struct vault *vault, const struct package *package,
                              bytes printed, const struct link *link, str *ret_token);

must_check enum err link_look(struct job *job, str token, struct link *ret, bool *ret_there);
must_check enum err link_take(struct job *job, struct vault *vault, str token, struct link *ret,
                              bytes *ret_printed, bool *ret_there);

/* At most `max` of them; *ret_count: how many. */
must_check enum err links_sweep(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count);

#endif
