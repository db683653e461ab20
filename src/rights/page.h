/* rights/page.h -- what pages for the person share: escaping, and one style sheet.
 *
 * A page stands alone: no script, nothing fetched; its policy allows exactly its own style. */
#ifndef RIGHTS_PAGE_H
#define RIGHTS_PAGE_H

#include "base/job.h"
#include "rights/speak.h"

/* Text into HTML, in elements and in quoted attributes. */
void page_text(struct buf *out, str text);

/* <!doctype …> up to <main>, and the end. */
void page_begin(struct buf *out, enum language language, str title);
void page_end(struct buf *out);

/* Content-Security-Policy for it, in the arena; `form`: it may post to where it came from. */
str page_policy(struct job *job, bool form);

#endif
