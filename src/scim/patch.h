/* scim/patch.h -- PATCH (RFC 7644 section 3.5.2), as the RFC writes it and as Entra and Okta send it.
 *
 * Operations change a tree in memory, in their order; the caller stores the result whole, so that either
 * all of them are done or none.
 *
 *   P1  What is not understood is an error, never a success that did nothing: an operation, a path, a member,
 *       a value.  The one thing that is understood and does nothing is a value for what is declared as not kept.
 *   P2  Names of operations, members and attributes go without regard to case; true and false also as text;
 *       without a path, each member of the value is a path of its own, with a filter or not.
 *   P3  Removing with a list of values takes those away and leaves the others (Entra's way for members).
 *   P4  Nothing that is read only or required is taken away or changed (ERR_MUTABILITY).
 */
#ifndef SCIM_PATCH_H
#define SCIM_PATCH_H

#include "scim/filter.h"

struct scim_patched {
	bool was_inactive; /* active was false after one of the operations, whatever it is at the end */
};

/* Applies the body of a PATCH to *root; nodes of what is read only stay as they are.  `id` is the resource's own.
 * ret may be NULL.   ERR_MALFORMED ERR_INVALID ERR_FILTER ERR_PATH ERR_TARGET ERR_MUTABILITY ERR_LIMIT */
must_check enum err scim_patch(struct job *job, const struct scim_resource *resource, struct json body, str id,
                               struct scim_node *root, struct scim_patched *ret);

#endif
