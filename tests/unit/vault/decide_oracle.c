#include "decide_oracle.h"

#define DENY(step) ((struct answer){ step, false, false, BASIS_NONE })
#define ALLOW(step, basis) ((struct answer){ step, true, false, basis })

static bool
is_marketing(const struct asked *q)
{
	return q->message_class == CLASS_MARKETING || q->promotional || q->marketing_purpose;
}

/* "Each suppression entry carries its scope": one to marketing does not stop a receipt. */
static bool
suppressed(const struct asked *q)
{
	switch (q->suppression) {
	case SUPPRESSED_ALL:
	case SUPPRESSED_PURPOSE:
	case SUPPRESSED_PURPOSE_CHANNEL:
		return true;
	case SUPPRESSED_MARKETING:
	case SUPPRESSED_CHANNEL:
		return is_marketing(q);
	default:
		return false;
	}
}

/* Interest and public task are what an objection under 21(1) is weighed against. */
static bool
is_weighed(const struct asked *q)
{
	return !q->marketing_purpose &&
	       (q->ground == BASIS_LEGITIMATE_INTEREST || q->ground == BASIS_PUBLIC_TASK);
}

/* Newer than any permission: consent in force, or for what is not marketing another ground, unless it is
 * one that the objection itself stops until it is decided. */
static bool
objected(const struct asked *q)
{
	bool agreed_since = q->consent == CONSENT_IN_FORCE ||
	                    (!is_marketing(q) && q->ground && !is_weighed(q));

	switch (q->objection) {
	case OBJECTION_MARKETING_AFTER:
		return is_marketing(q);
	case OBJECTION_MARKETING_BEFORE:
		return is_marketing(q) && !agreed_since;
	case OBJECTION_PURPOSE_AFTER:
		return true;
	case OBJECTION_PURPOSE_UPHELD:
	case OBJECTION_PURPOSE_BEFORE:
		return !agreed_since;
	case OBJECTION_PURPOSE_OVERRULED: /* 21(3) knows no grounds that override; and a yes stays taken back */
		return is_marketing(q) || q->consent == CONSENT_IN_FORCE || q->consent == CONSENT_RUN_OUT ||
		       q->consent == CONSENT_PENDING || q->consent == CONSENT_PENDING_OVER;
	case OBJECTION_MACHINE:
		return q->channel == CHANNEL_NONE;
	default:
		return false;
	}
}

static struct answer
search(const struct asked *q)
{
	bool natural = q->kind == KIND_NATURAL || q->kind == KIND_SOLE_TRADER;
	bool electronic = q->channel == CHANNEL_EMAIL || q->channel == CHANNEL_SMS || q->channel == CHANNEL_PUSH;
	bool by_hand = q->channel == CHANNEL_POST || q->channel == CHANNEL_CALL;
	bool interest = q->ground == BASIS_LEGITIMATE_INTEREST && q->assessed;

	if (q->channel == CHANNEL_NONE) /* no message at all: whichever ground may be used */
		return q->consent == CONSENT_IN_FORCE || q->ground ? ALLOW(0, BASIS_NONE) : DENY(9);
	if (!is_marketing(q) && (q->ground == BASIS_CONTRACT || q->ground == BASIS_LEGAL_OBLIGATION))
		return ALLOW(3, q->ground);
	if (!natural && electronic && is_marketing(q) && !q->opt_out) /* 7: stop address of 20 § needed */
		return DENY(9);
	/* Row 4 names the channels that need consent; where the person consents to post or a call,
	 * or a named employee does, Article 6(1)(a) holds as well. */
	if (q->consent == CONSENT_IN_FORCE)
		return ALLOW(4, BASIS_CONSENT);
	if (natural && electronic && q->ground == BASIS_SOFT_OPT_IN)
		return q->same_category && q->opt_out ? ALLOW(5, BASIS_SOFT_OPT_IN) : DENY(9);
	if (natural && by_hand && interest && (q->channel != CHANNEL_CALL || q->nix_checked))
		return ALLOW(6, BASIS_LEGITIMATE_INTEREST);
	if (q->kind == KIND_LEGAL_ROLE)
		return ALLOW(7, BASIS_NONE);
	if (q->kind == KIND_EMPLOYEE && interest)
		return ALLOW(7, BASIS_LEGITIMATE_INTEREST);
	return DENY(9);
}

struct answer
answer_by_law(const struct asked *q)
{
	struct answer answer;

	if (q->erased || q->restricted || q->deceased)
		return DENY(1);
	if (q->address_restricted && q->channel != CHANNEL_NONE && q->channel != CHANNEL_PUSH)
		return DENY(1);
	if (suppressed(q) || objected(q) || q->consent == CONSENT_REFUSED ||
	    q->consent == CONSENT_WITHDRAWN || q->consent == CONSENT_WITHDRAWN_PENDING)
		return DENY(2);
	if (q->untold || (!q->channel_of_purpose && q->channel != CHANNEL_NONE)) /* Article 14(3); declared channels */
		return DENY(0);
	answer = search(q);
	if (!answer.allowed || q->channel == CHANNEL_NONE)
		return answer;
	if (!q->address_known && q->channel != CHANNEL_PUSH)
		return DENY(8);
	if (q->protected && (q->channel == CHANNEL_POST || q->channel == CHANNEL_SMS || q->channel == CHANNEL_CALL))
		return DENY(8);
	if (q->quiet_now && q->channel != CHANNEL_POST) /* applied to every ALLOW above */
		return (struct answer){ 8, false, true, BASIS_NONE };
	return answer;
}
