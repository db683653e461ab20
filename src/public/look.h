/* public/look.h -- the company's colour and logo on the pages for persons.
 *
 *   K1  The company's colour takes the place of the accent, in light and in dark apart, only where its contrast to the
 *       paper and to what stands on it is 4.5:1 or more (WCAG 2.2, 1.4.3); else ours stays.
 */
#ifndef PUBLIC_LOOK_H
#define PUBLIC_LOOK_H

#include "vault/registry.h"

/* Addresses for a page, in the arena; "" where there is nothing. */
str look_sheet(struct job *job, const struct company_look *look);
str look_logo(struct job *job, const struct company_look *look);
/* The style sheet itself: K1.  False: the colour holds nowhere. */
bool look_print(str colour, struct buf *out);

#endif
