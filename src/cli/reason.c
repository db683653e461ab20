/* cli/reason.c -- contract: reason.h.  A reason that is added to vault/words.h is added here. */
#include "cli/reason.h"

#include "base/must.h"
#include "vault/words.h"

static const char *const sentences[REASON_COUNT] = {
	[REASON_CONSENT] = "The person said yes to this.",
	[REASON_CONTRACT_OR_LAW] = "It is a message that a contract or the law calls for.",
	[REASON_SOFT_OPT_IN] = "An existing customer, for own and similar products, who was "
	                       "offered a way to say no.",
	[REASON_LEGITIMATE_INTEREST] =
		"A legitimate interest with a balancing assessment, and no objection.",
	[REASON_LEGAL_PERSON] = "The address is that of a company, and nobody there said no.",
	[REASON_GROUND] = "A live ground covers this use.",
	[REASON_UNKNOWN] = "Nobody is known here by that, and unknown means no.",
	[REASON_ERASED] = "The person was erased.",
	[REASON_RESTRICTED] =
		"Processing of this person's data is restricted: keep, and nothing else.",
	[REASON_DECEASED] = "The person is deceased.",
	[REASON_OBJECTED] = "The person objected.",
	[REASON_WITHDRAWN] = "The person took the consent back.",
	[REASON_REFUSED] = "The person was asked and said no.",
	[REASON_SUPPRESSED] = "The address is suppressed.",
	[REASON_NO_CONSENT] = "There is no consent to this purpose in this channel.",
	[REASON_UNCONFIRMED] = "The person said yes and has not confirmed it yet.",
	[REASON_EXPIRED] = "The consent has run out.",
	[REASON_NO_GROUND] = "No live ground covers this.",
	[REASON_CATEGORY] =
		"The soft opt-in covers own and similar products, and this is another category.",
	[REASON_NO_OPT_OUT] = "The soft opt-in needs a way to say no in every message (--opt-out).",
	[REASON_NOT_TOLD] =
		"The person should have been told by now where the data came from (Article 14).",
	[REASON_NO_ADDRESS] = "There is no address for this channel.",
	[REASON_CHANNEL] = "The purpose does not use this channel.",
	[REASON_PURPOSE] = "The purpose has no version in force.",
	[REASON_PROMOTIONAL] = "A service message with a promotional block is marketing.",
	[REASON_NO_ASSESSMENT] = "The purpose has no balancing assessment.",
	[REASON_NIX] = "The do-not-call list has not been brought in recently enough.",
	[REASON_PROTECTED] = "The person has a protected identity.",
	[REASON_QUIET_HOURS] = "It is quiet hours.",
	[REASON_PAUSED] = "The person asked for a pause, which is not over yet.",
	[REASON_FREQUENCY] = "The person was contacted as often as allowed.",
	[REASON_SHARED_NO] = "Somebody else who has this address said no.",
	[REASON_CHILD] = "The person is a child, and no guardian consented.",
	[REASON_OBJECTION_PENDING] = "The person objected, and that is not decided yet.",
	[REASON_HUMAN] = "The person contested decisions by a machine alone: a human decides.",
	[REASON_ERROR] = "It could not be decided, and that means no.",
};

const char *
reason_sentence(str reason)
{
	static const struct {
		const char *name;
		enum reason reason;
	} names[] = {
#define X(e, no, name, ...) { name, e },
		REASON_TABLE(X)
#undef X
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (str_eq(str_from_c(names[i].name), reason) && sentences[names[i].reason])
			return sentences[names[i].reason];
	return "";
}
