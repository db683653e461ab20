/* json/tree.h -- the one door to jansson.
 *
 * jansson's names and ours clash (json_object, JSON_NULL, ...), so only tree.c includes its header.
 * Its memory is wiped when freed (tree.c replaces its allocator, once, before first use).
 */
#ifndef JSON_TREE_H
#define JSON_TREE_H

#include "base/str.h"

enum tree_kind {
	TREE_NULL,
	TREE_BOOLEAN,
	TREE_INTEGER,
	TREE_REAL,
	TREE_STRING,
	TREE_ARRAY,
	TREE_OBJECT
};

struct tree; /* one node; a parent owns its children */

/* NULL when read, else a literal that says what is wrong.  The text has passed prescan(), which is
 * what bounds jansson's recursion. */
const char *tree_parse(str text, struct tree **ret);
void tree_free(struct tree *root); /* accepts NULL */

/* All borrowed, valid while the root lives.  Asking a node for what it is not gives nothing:
 * empty text, 0, false, NULL. */
enum tree_kind tree_kind(const struct tree *node);
bool tree_boolean(const struct tree *node);
int64_t tree_integer(const struct tree *node);
double tree_real(const struct tree *node);
str tree_text(const struct tree *node);
size_t tree_count(const struct tree *node);
struct tree *tree_element(const struct tree *node, size_t index);
struct tree *tree_member(const struct tree *node, str name);

/* Members in the order of the text; *iterator begins as NULL; false at the end. */
bool tree_each(struct tree *node, void **iterator, str *ret_name, struct tree **ret_value);

#endif
