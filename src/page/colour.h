/* page/colour.h -- how well one colour can be read on another: WCAG 2.2, success criterion 1.4.3. */
#ifndef PAGE_COLOUR_H
#define PAGE_COLOUR_H

#include "base/buf.h"

#define COLOUR_CONTRAST 4.5 /* the least for text */

struct rgb {
	uint8_t part[3];
};

bool colour_read(str text, struct rgb *ret); /* #rrggbb */
void colour_put(struct buf *out, struct rgb colour);
double colour_contrast(struct rgb a, struct rgb b); /* 1 to 21 */

#endif
