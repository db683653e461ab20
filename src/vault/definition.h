/* vault/definition.h -- the JSON of fields and purposes, read into their structs.
 *
 * Field      {title:{lang:text}, type, category?, sensitivity?: ordinary|sensitive|special,
 *            lookup?: none|exact|folded, address?: email|phone|post, region?, options?[],
 *            justification?: {ground: purpose|identification|other|consent, text}}
 * Purpose    {title:{lang:text}, why:{lang:text}, basis, marketing?, soft_opt_in?, double_opt_in?,
 *            article_9?, statute?, law?, reviewer?, justification?, assessment?:{purpose, necessity,
 *            balance, safeguards, review_at}, retention:{period, from: given|ended|year_end},
 *            fields[], channels?[], recipients[]:{name, role, country?, safeguard?}, controller:{name,
 *            contact}, dpo?:{name?, contact}, duty?:{kind: statutory|contractual|none, consequence?},
 *            automated_decisions?, tell_first?, quiet_hours?:{from, to}, frequency_cap?:{count, period},
 *            notices:{lang:text}}
 *
 * Reading checks form; whether a purpose says all that the law asks is version_ready() (R2).
 */
#ifndef VAULT_DEFINITION_H
#define VAULT_DEFINITION_H

#include "vault/registry.h"

/* From a parsed body: ERR_INVALID naming the member. */
must_check enum err field_read(struct job *job, struct json definition, struct field *ret);
must_check enum err version_read(struct job *job, const struct registry *registry,
                                 struct json definition, struct purpose_version *ret);
/* From stored text.  Fills what follows from the definition, leaves numbers and state alone. */
must_check enum err field_parse(struct job *job, str definition, struct field *ret);
must_check enum err version_parse(struct job *job, const struct registry *registry, str definition,
                                  struct purpose_version *ret);
/* R2: ERR_PURPOSE_UNREADY, ERR_SPECIAL at the member that is missing. */
must_check enum err version_ready(struct job *job, const struct registry *registry,
                                  const struct purpose_version *version);

#endif
