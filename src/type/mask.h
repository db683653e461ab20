/* type/mask.h -- what is shown of a value to those who may not see it. */
#ifndef TYPE_MASK_H
#define TYPE_MASK_H

#include "type/type.h"

void mask_put(enum type type, str canonical, struct buf *ret); /* type_mask() */

#endif
