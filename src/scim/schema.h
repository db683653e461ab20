/* scim/schema.h -- the resources that SCIM shows (RFC 7643) as tables: what there is, what of it is
 * kept, and which names lead where.
 *
 * The tables are what /Schemas prints, what bodies and PATCH are read by and what filters may name,
 * so that what is declared is what is done.  An attribute of the standard that Valv has no use for is
 * FORGOTTEN: taken where a provider sends it, kept nowhere, given by nothing; it is declared as
 * writeOnly, returned never.  What stands in no table is refused: roles and entitlements, since
 * somebody would believe them to be in force.
 *
 *   N1  Names go without regard to ASCII case (RFC 7643 section 2.1), with or without the URN of
 *       their schema before them.
 */
#ifndef SCIM_SCHEMA_H
#define SCIM_SCHEMA_H

#include "base/must.h"
#include "base/str.h"

#define SCIM_PATH "/scim/v2"
#define URN_USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define URN_GROUP "urn:ietf:params:scim:schemas:core:2.0:Group"
#define URN_ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define URN_VALV_GROUP "urn:valv:scim:schemas:1.0:Group"
#define URN_LIST "urn:ietf:params:scim:api:messages:2.0:ListResponse"
#define URN_SEARCH "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
#define URN_PATCH "urn:ietf:params:scim:api:messages:2.0:PatchOp"
#define URN_ERROR "urn:ietf:params:scim:api:messages:2.0:Error"

enum scim_type {
	SCIM_TEXT,
	SCIM_BOOLEAN,
	SCIM_TIME,
	SCIM_REFERENCE, /* an address; compared octet by octet */
	SCIM_COMPLEX,   /* has sub-attributes */
};

enum scim_flags {
	SCIM_MANY = 1 << 0,      /* multi-valued */
	SCIM_REQUIRED = 1 << 1,  /* has a value, always */
	SCIM_EXACT = 1 << 2,     /* compared with regard to case */
	SCIM_READ_ONLY = 1 << 3,
	SCIM_IMMUTABLE = 1 << 4, /* set when its value is made, never after */
	SCIM_FORGOTTEN = 1 << 5, /* taken, not kept */
	SCIM_ALWAYS = 1 << 6,    /* returned whatever is asked for */
	SCIM_UNIQUE = 1 << 7,
	SCIM_STAYS = 1 << 8,     /* may change, cannot be taken away */
};

struct scim_attr {
	str name;
	enum scim_type type;
	unsigned flags;
	str text;
	const struct scim_attr *sub;
	size_t sub_count;
	str words;      /* canonical values or kinds of reference, with spaces between */
};

struct scim_schema {
	str urn, name, text;
	const struct scim_attr *attr;
	size_t count;
	const struct scim_attr *as; /* of an extension: the complex attribute that it is in a resource */
};

struct scim_resource {
	str name;       /* User */
	str path;       /* /scim/v2/Users */
	str text;
	const struct scim_schema *core, *extension;
};

extern const struct scim_resource scim_user_resource, scim_group_resource;

/* Where a name leads: in an extension or not, attribute, sub-attribute. */
struct scim_at {
	const struct scim_attr *extension; /* NULL: the core schema or a common attribute */
	const struct scim_attr *attr;      /* NULL: the extension as a whole */
	const struct scim_attr *sub;       /* NULL: all of it */
};

static inline bool
scim_has(const struct scim_attr *attr, unsigned flag)
{
	return attr->flags & flag;
}

/* The schema at an index, NULL past the last: all that /Schemas lists. */
const struct scim_schema *scim_schema_at(size_t index);
const struct scim_schema *scim_schema_find(str urn);
/* Attributes that every resource has (RFC 7643 section 3.1) and no schema lists: id, externalId, meta. */
const struct scim_attr *scim_common_at(size_t index);

/* [URN:]name[.sub] as the resource knows it; false: it does not. */
bool scim_resolve(const struct scim_resource *resource, str name, struct scim_at *ret);
const struct scim_attr *scim_sub(const struct scim_attr *of, str name);
/* An attribute of the core schema or a common one, by a name that is in the table. */
const struct scim_attr *scim_attr(const struct scim_resource *resource, str name);
/* Of the whole path: kept nowhere, or changed by nobody. */
bool scim_forgotten(const struct scim_at *at);
bool scim_read_only(const struct scim_at *at);

#endif
