/* scim/node.h -- a resource as a tree of values: read from a body, filtered, patched, printed.
 *
 * A node is one value of one attribute; a multi-valued attribute has a node for each value, siblings.
 * A complex value has its sub-attributes as children, and an extension is a complex value of the
 * resource.  What is FORGOTTEN and what is read only never becomes a node by reading.
 *
 *   V1  Of an attribute that is not multi-valued there is one node at most; of a multi-valued one's
 *       values, at most one is primary.
 *   V2  Everything is in the arena.  Texts are UTF-8 without control characters, at most
 *       LIMIT_SCIM_TEXT_BYTES, never empty: what is empty is not assigned (RFC 7643 section 2.5).
 */
#ifndef SCIM_NODE_H
#define SCIM_NODE_H

#include "json/json.h"
#include "scim/schema.h"

struct scim_node {
	const struct scim_attr *attr; /* NULL: the resource */
	str text;                     /* text, time, reference */
	bool truth;                   /* boolean */
	bool fresh;                   /* set by the operation at hand */
	struct scim_node *child;      /* of a complex value: its first */
	struct scim_node *next;       /* the next value of the same parent */
};

/* --- building ---------------------------------------------------------------------------------- */

struct scim_node *scim_node_new(struct job *job, const struct scim_attr *attr);
/* As the last of its parent's. */
struct scim_node *scim_node_add(struct job *job, struct scim_node *parent, const struct scim_attr *attr);
void scim_node_append(struct scim_node *parent, struct scim_node *node);
/* Nothing is added for an empty text. `name` is an attribute of the parent, or of the resource. */
void scim_put_text(struct job *job, const struct scim_resource *resource, struct scim_node *parent,
                   str name, str text);
void scim_put_bool(struct job *job, const struct scim_resource *resource, struct scim_node *parent,
                   str name, bool truth);
void scim_put_time(struct job *job, const struct scim_resource *resource, struct scim_node *parent,
                   str name, time_us at);
struct scim_node *scim_put_complex(struct job *job, const struct scim_resource *resource,
                                   struct scim_node *parent, str name);

struct scim_node *scim_node_copy(struct job *job, const struct scim_node *node);

/* --- finding ----------------------------------------------------------------------------------- */

/* The first value of the attribute among the parent's, and the one after a value; NULL: no more. */
struct scim_node *scim_node_find(const struct scim_node *parent, const struct scim_attr *attr);
struct scim_node *scim_node_next(const struct scim_node *node);
/* Text of an attribute or sub-attribute by its name in the table; "" when it is not assigned. */
str scim_text(const struct scim_resource *resource, const struct scim_node *root, const char *name,
              const char *sub);
bool scim_node_equal(const struct scim_node *a, const struct scim_node *b);
void scim_node_drop(struct scim_node *parent, const struct scim_node *node);
void scim_node_drop_all(struct scim_node *parent, const struct scim_attr *attr);
/* V1: of the values of a multi-valued attribute only a fresh one may stay primary.
 * ERR_INVALID two fresh ones are */
must_check enum err scim_primary(struct job *job, struct scim_node *parent, const struct scim_attr *attr);

/* --- reading ----------------------------------------------------------------------------------- */

/* A whole body of POST or PUT.  What is read only or not kept is passed over, what is in no table
 * refused.   ERR_MALFORMED its form   ERR_INVALID a value; both name no more than the attribute */
must_check enum err scim_read(struct job *job, const struct scim_resource *resource, struct json body,
                              struct scim_node **ret);
/* `schemas` of a body: there, and all of them known.  With `only`, exactly that one. */
must_check enum err scim_read_schemas(struct job *job, const struct scim_resource *resource,
                                      struct json list, str only);
/* Values of one attribute, appended to *parent as fresh: one, or of a multi-valued attribute a list.
 * null and empty give none. */
must_check enum err scim_read_values(struct job *job, struct scim_node *parent,
                                     const struct scim_attr *attr, struct json value);
/* Members of an object into a complex value that may have some already: those that are named are set,
 * null takes one away, the others stay.   strict: read-only ones are refused (ERR_MUTABILITY) */
must_check enum err scim_merge(struct job *job, struct scim_node *into, struct json object, bool strict);
/* A member of an envelope, its name without regard to case; twice is ERR_MALFORMED. */
must_check enum err scim_member(struct job *job, struct json object, str name, struct json *ret);
/* ERR_MALFORMED unless every member is one of the names (a NULL ends them). */
must_check enum err scim_members(struct job *job, struct json object, const char *const *names);

/* --- printing ---------------------------------------------------------------------------------- */

#define SCIM_PICKS_MAX 32

/* `attributes` and `excludedAttributes` (RFC 7644 section 3.9). */
struct scim_picks {
	bool only;   /* these and what is always there; else all but these */
	size_t count;
	struct scim_at at[SCIM_PICKS_MAX];
};

/* One name more.  ERR_PATH */
must_check enum err scim_pick(struct job *job, const struct scim_resource *resource, str name,
                              struct scim_picks *picks);
void scim_print(struct json_out *out, const struct scim_resource *resource, const struct scim_node *root,
                const struct scim_picks *picks);
/* Whether the values of this attribute will be printed, so that they need not be gathered. */
bool scim_picked(const struct scim_picks *picks, const struct scim_attr *attr);

#endif
