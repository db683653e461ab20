/* vault/demo.h -- a demo company with invented people in every standing that there is.
 *
 * Everything follows from the seed and the clock: names are drawn from lists of common Swedish and
 * English ones, addresses end in .example, .test or the example domains of RFC 2606, telephone
 * numbers are from the ranges that PTS and Ofcom reserve for fiction, towns and post codes do not
 * exist, and nobody has a personnummer.  The first people have fixed names and ids, so that
 * documents can speak of them.
 *
 *   G1  The setting `demo` says yes before the first person is made: no real data is mixed in
 *       without that being seen.
 */
#ifndef VAULT_DEMO_H
#define VAULT_DEMO_H

#include "vault/subject.h"

/* People with fixed ids d0000000-0000-4000-8000-0000000000NN. */
enum demo_person {
	DEMO_ANNA = 1,   /* Anna Lindqvist: consent to the newsletter, confirmed */
	DEMO_BJORN,      /* Björn Sandberg: a customer of tents and jackets; no newsletter */
	DEMO_CECILIA,    /* Cecilia Wikström: said yes, has not confirmed it */
	DEMO_DAVID,      /* David Hughes: said yes, took it back; his order remains */
	DEMO_ELSA,       /* Elsa Ek: consent, confirmed; shares her address with Fredrik ... */
	DEMO_FREDRIK,    /* Fredrik Ek: ... who objected to all marketing */
	DEMO_GRETA,      /* Greta Öberg: restricted (Article 18) */
	DEMO_HANNA,      /* Hanna Nyström: protected identity; consent, confirmed */
	DEMO_IVAR,       /* Ivar Blom: a sole trader */
	DEMO_JOHAN,      /* Johan Ström: consent that ran out; his invoice remains */
	DEMO_KATARINA,   /* Katarina Falk: a customer who objected to marketing */
	DEMO_LINDA,      /* Linda Moore: bookkeeping only */
	DEMO_MAJA,       /* Maja Holm: said no when asked; her order remains */
	DEMO_NORDANVIK,  /* info@nordanvik.example: the role address of a company */
	DEMO_OSCAR,      /* Oscar Lund: from an old list, to be asked first */
	DEMO_NAMED = DEMO_OSCAR,
};
uid demo_id(enum demo_person person);

/* Name the company unless the settings do, load the starter set, make `people` persons (at least the
 * named ones) and two suppressions.  Persons that are there are left as they are, so a load that was
 * cut short can be done again. */
must_check enum err demo_load(struct job *job, struct vault *vault, uint64_t seed, size_t people);

#endif
