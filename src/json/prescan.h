/* json/prescan.h -- limits that hold before the parser recurses or allocates. */
#ifndef JSON_PRESCAN_H
#define JSON_PRESCAN_H

#include "base/str.h"

/* NULL when the text keeps the limits on depth, nodes, string length and numbers; else a literal.
 * It knows tokens, no grammar: what it lets through may still not be JSON. */
const char *prescan(str text);

#endif
