/* scim/filter.h -- the filter language of RFC 7644 section 3.4.2.2, and the paths of PATCH that are built on it.
 *
 *   userName eq "anna" and (active eq true or not (emails[type eq "work" and value co "@example.com"]))
 *
 *   L1  What is not understood is an error (ERR_FILTER, ERR_PATH), never a filter that matches all or nothing:
 *       an attribute that is in no schema or not kept, an operator that its type does not have, a value of
 *       another type.
 *   L2  At most LIMIT_SCIM_FILTER_BYTES, _TERMS and _DEPTH; work is linear in length times values.
 *   L3  Operators, attribute names and keywords go without regard to case.  Texts are compared without regard
 *       to case where the schema says so, character by character after NFC; times as points in time.
 *   L4  Of a multi-valued attribute, one value that matches is enough; an attribute that is not assigned
 *       equals nothing but null, and so `ne` matches it.
 */
#ifndef SCIM_FILTER_H
#define SCIM_FILTER_H

#include "scim/node.h"

/*      enum      text */
#define SCIM_OPERATOR_TABLE(X) \
	X(SCIM_EQ, "eq") \
	X(SCIM_NE, "ne") \
	X(SCIM_CO, "co") \
	X(SCIM_SW, "sw") \
	X(SCIM_EW, "ew") \
	X(SCIM_GT, "gt") \
	X(SCIM_GE, "ge") \
	X(SCIM_LT, "lt") \
	X(SCIM_LE, "le") \
	X(SCIM_PR, "pr")

enum scim_operator {
#define X(e, text) e,
	SCIM_OPERATOR_TABLE(X)
#undef X
};

enum scim_filter_kind { SCIM_AND, SCIM_OR, SCIM_NOT, SCIM_COMPARE, SCIM_VALUES };

struct scim_filter {
	enum scim_filter_kind kind;
	struct scim_filter *left, *right; /* NOT and VALUES: left only */
	struct scim_at at;                /* COMPARE, VALUES; inside of VALUES only `sub` */
	enum scim_operator operator;
	bool null;                        /* compared with null */
	bool truth;
	str text;                         /* as it was written */
	str folded;                       /* as it is compared */
	time_us time;
};

/* A filter over whole resources.   ERR_FILTER */
must_check enum err scim_filter_parse(struct job *job, const struct scim_resource *resource, str text,
                                      struct scim_filter **ret);
bool scim_filter_match(struct job *job, const struct scim_filter *filter, const struct scim_node *resource);
/* The filter of a value path, against one value. */
bool scim_values_match(struct job *job, const struct scim_filter *filter, const struct scim_node *value);
/* Whether it is nothing but NAME eq "text", which an index may answer. */
bool scim_filter_is_eq(const struct scim_filter *filter, const struct scim_attr *attr, str *ret);
/* Whether it asks about the attribute anywhere. */
bool scim_filter_names(const struct scim_filter *filter, const struct scim_attr *attr);
/* As it would be written; reads back as the same. */
void scim_filter_print(const struct scim_filter *filter, struct buf *out);

/* attribute, attribute.sub, attribute[filter] or attribute[filter].sub */
struct scim_path {
	struct scim_at at;
	struct scim_filter *which; /* NULL: none */
};
/* ERR_PATH; of the filter inside, ERR_FILTER */
must_check enum err scim_path_parse(struct job *job, const struct scim_resource *resource, str text,
                                    struct scim_path *ret);

/* A text as texts of this attribute are compared. */
str scim_fold(struct job *job, const struct scim_attr *attr, str text);

#endif
