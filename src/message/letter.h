/* message/letter.h -- what a message says, out of its template: subject, text and HTML.
 *
 *   L1  In the person's language where the templates have it, else the vault's first, else English.
 *   L2  Name, contact, colour and logo are the company's own (vault/look.h); values are escaped for where they stand
 *       (page/page.h, T1).  What stands on the colour is white or black, whichever is read better: 4.5:1 at least.
 *   L3  Of marketing the way out is a link of its own for this person, purpose and channel (vault/token.h, E2), in the
 *       header for one press (RFC 8058) and in the text.
 */
#ifndef MESSAGE_LETTER_H
#define MESSAGE_LETTER_H

#include "mail/compose.h"
#include "message/rows.h"
#include "message/setup.h"

struct letter {
	str subject, text, html, language; /* in the arena */
};

/* What all letters of a vault have: read once, for many.  In the arena. */
struct letterhead {
	str company, contact, origin, language, colour, ink, logo;
};
must_check enum err letterhead_get(struct job *job, struct vault *vault, struct letterhead *ret);

/* L3: ORIGIN/u/TOKEN (public/routes.def), in the arena.   ERR_CONFLICT  the setting public_origin is not https://… */
must_check enum err letter_stop_url(struct job *job, const struct vault *vault, const struct letterhead *head,
                                    const struct message_row *row, str *ret);

/* stop_url: of marketing, for the visible link out; "": none. */
must_check enum err letter_make(struct job *job, const struct letterhead *head, enum message_kind kind,
                                const struct message_content *content, str stop_url, struct letter *ret);

/* A letter of that kind with made-up values, to be looked at.   language: as L1 */
must_check enum err letter_sample(struct job *job, struct vault *vault, enum message_kind kind, str language,
                                  struct letter *ret);

#endif
