/* api/scim.h -- what the SCIM resources have in common at the edge: parameters, entity tags, answers, errors
 * (RFC 7644).  What they mean is in scim/. */
#ifndef API_SCIM_H
#define API_SCIM_H

#include "api/call.h"
#include "scim/user.h"

/* The provider whose accounts this vault keeps.  ERR_CONFLICT nobody said which (setting scim_issuer) */
must_check enum err scim_begin(struct job *job, const struct call *call, struct scim *ret);

/* How a list is asked for: in the query, or in the body of /.search. */
struct scim_ask {
	struct scim_filter *filter; /* NULL: all */
	int64_t start, count;       /* from 1; at most LIMIT_SCIM_PAGE */
	bool sorted, descending;
	struct scim_at sort;
	struct scim_picks picks;
};
must_check enum err scim_ask_query(struct job *job, const struct call *call, const struct scim_resource *resource,
                                   struct scim_ask *ret);
must_check enum err scim_ask_body(struct job *job, const struct call *call, const struct scim_resource *resource,
                                  struct scim_ask *ret);
/* Only attributes and excludedAttributes, for what answers with one resource. */
must_check enum err scim_ask_picks(struct job *job, const struct call *call, const struct scim_resource *resource,
                                   struct scim_picks *ret);
/* Whether values of the attribute are needed for an answer: shown, or filtered or sorted by. */
bool scim_ask_needs(const struct scim_ask *ask, const struct scim_attr *attr);

/* A page of a list: sorted, cut, printed. */
void scim_answer_list(struct job *job, struct call *call, const struct scim_resource *resource,
                      const struct scim_ask *ask, struct scim_node **node, size_t count);
/* One resource, with its entity tag; 201 with its address, too. */
void scim_answer(struct job *job, struct call *call, int status, const struct scim_resource *resource,
                 const struct scim_node *root, const struct scim_picks *picks);

/* If-Match against a version; weak tags count as strong ones, as the RFC's own examples have it.  ERR_STALE */
must_check enum err scim_if_match(struct job *job, const struct call *call, int64_t version);
/* If-None-Match names this version: nothing new, and 304 is the answer. */
must_check enum err scim_if_none_match(struct job *job, struct call *call, int64_t version, bool *ret_same);
/* Whether another try makes sense: it changed between reading and writing, and the caller named no version. */
bool scim_again(struct job *job, const struct call *call, enum err err, int *tries);

/* What was looked at goes into the log; NULL: many. */
must_check enum err scim_read_entry(struct job *job, const struct call *call, const uid *id);

#endif
