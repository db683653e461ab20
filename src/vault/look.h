/* vault/look.h -- how the company shows itself to persons: on the public pages and in mails.
 *
 * Name, contact, colour and origin are settings; the logo is one, too, put by its own use case.  Each snapshot of the
 * registry has them.
 *
 *   C1  A logo is a PNG, or an SVG that stands alone: no script, no handler, nothing from elsewhere, no entities.
 */
#ifndef VAULT_LOOK_H
#define VAULT_LOOK_H

#include "base/job.h"

struct vault;

struct company_look {
	str company, contact; /* "": not said */
	str colour;           /* #rrggbb in lower case, "" */
	str origin;           /* https://… of the public pages, without a slash at the end; "" */
	str logo_mark;        /* hexadecimal, changes with the logo; "": there is none */
	bool logo_svg;        /* else PNG */
};

/* Appends the octets.   ERR_ABSENT */
must_check enum err look_logo_get(struct job *job, struct vault *vault, struct buf *out);
/* C1.  Empty content takes it away.   ERR_INVALID   ERR_LIMIT limit_logo_bytes */
must_check enum err look_logo_put(struct job *job, struct vault *vault, bytes content);

#endif
