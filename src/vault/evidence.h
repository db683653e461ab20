/* vault/evidence.h -- what an act must bring with it, by its basis (law.md C1.1-C1.3, C1.8-C1.14).
 *
 * Members that are read from `body`, the object that tells of the act:
 *
 *   notice     "sha256:…" of the words shown; it selects the version of the purpose that is meant
 *   language   instead: the active version's notice in that language
 *   method     how the act reached us; needed for consent
 *   control    what the person acted on; pre-ticked and bundled ones cannot be expressed
 *   explicit   true: expressly stated, for special categories (Article 9(2)(a))
 *   guardian   what shows a guardian's consent for a child
 *   categories products, for the soft opt-in: not personal, so that a decision can read them
 *   evidence   free members; by basis these are needed:
 *
 *       contract             reference
 *       legal_obligation     statute (unless the purpose states it), reference
 *       vital_interest       justification, reviewer
 *       public_task          justification, reviewer, law (unless the purpose states it)
 *       legitimate_interest  none: the purpose's balancing assessment
 *       soft_opt_in          sale, sold_at, opt_out_offered: how the way to say no was offered
 *
 *   W1  What lacks a piece of evidence that its basis needs is refused, naming the piece.
 *   W2  What says that a box was ticked beforehand or that consent was bundled is refused.
 */
#ifndef VAULT_EVIDENCE_H
#define VAULT_EVIDENCE_H

#include "vault/subject.h"

/*      enum                   name */
#define CONTROL_TABLE(X) \
	X(CONTROL_UNTICKED_BOX, "unticked_box") \
	X(CONTROL_BUTTON,       "button") \
	X(CONTROL_SIGNATURE,    "signature") \
	X(CONTROL_SPOKEN,       "spoken") \
	X(CONTROL_WRITTEN,      "written")

enum control {
	CONTROL_NONE = 0,
#define X(name, text) name,
	CONTROL_TABLE(X)
#undef X
};

/* Read and check the evidence of an act whose act, basis and at are set already.  Sets version
 * (`version` unless a notice selects another), notice, method, detail, guardian,
 * explicit_act, evidence (canonical JSON).
 *   ERR_INVALID   a member cannot be read      ERR_EVIDENCE  W1, W2
 *   ERR_SPECIAL   explicit consent is needed   ERR_LIMIT     limit_evidence_bytes */
must_check enum err act_evidence(struct job *job, const struct registry *registry,
                                 const struct purpose_version *version, struct json body,
                                 struct act_new *act);

#endif
