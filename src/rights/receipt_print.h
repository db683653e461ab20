/* rights/receipt_print.h -- the two forms of a receipt; internal to rights/. */
#ifndef RIGHTS_RECEIPT_PRINT_H
#define RIGHTS_RECEIPT_PRINT_H

#include "rights/receipt.h"

/* What a purpose version states, read from its definition, in the language of the words shown. */
struct stated {
	const struct notice *notice; /* NULL: none */
	str language, title, why;
	str controller, contact, address, org_no;
	struct json recipients;      /* array of objects with a name */
};

/* Not canonical yet: receipt.c makes it so. */
must_check enum err receipt_print_dpv(struct job *job, const struct consent *consent,
                                      const struct stated *stated, uid id, struct buf *out);
must_check enum err receipt_print_kantara(struct job *job, const struct consent *consent,
                                          const struct stated *stated, uid id, struct buf *out);

/* ni:///sha-256;... (RFC 6920): the exact words, by their hash. */
void put_words_iri(struct buf *out, const struct notice *notice);
/* mailto: or https:; empty when the contact is neither. */
str contact_iri(struct job *job, str contact);
str receipt_member(struct job *job, struct json object, const char *name); /* "" when it is not there */
/* The person's stop counts as taking consent back where it covers the purpose. */
bool act_of_consent(const struct act_row *act, const struct purpose_version *version);

#endif
