/* api/receipts.c -- consent receipts: what was said, printed and signed for the person to keep. */
#include "api/call.h"
#include "rights/receipt.h"

struct receipt_ask {
	uid id;
	int64_t seq;
	enum receipt_format format;
};

static enum err
receipt_read(struct job *job, const struct call *call, enum receipt_format format, struct receipt_ask *ret)
{
	uint64_t seq;

	TRY(call_id(job, call, &ret->id));
	if (!str_u64(call->param[1], &seq) || seq > INT64_MAX)
		return fail(job, ERR_ABSENT, "the ledger of this person has no act of that number");
	ret->seq = (int64_t)seq;
	ret->format = format;
	return OK;
}

static enum err
receipt_do(struct job *job, struct call *call, const struct receipt_ask *ask, struct receipt *ret)
{
	struct consent consent;

	TRY(call_registry(job, call));
	TRY(consent_find(job, call->vault, call->registry, ask->id, ask->seq, &consent));
	TRY(call_may(job, call, consent.purpose->no));
	return receipt_make(job, call->vault, &consent, ask->format, ret);
}

static enum err
receipt_answer(struct job *job, struct call *call, enum receipt_format format)
{
	struct receipt_ask ask;
	struct receipt receipt;
	struct json_out *out;

	TRY(receipt_read(job, call, format, &ask));
	TRY(receipt_do(job, call, &ask, &receipt));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_uid(out, S("id"), receipt.id);
	json_pair_str(out, S("format"), words_name(WORDS_RECEIPT_FORMAT, (int)format));
	json_name(out, S("receipt"));
	json_put_raw(out, receipt.text);
	json_pair_str(out, S("signature"), receipt.signature);
	json_name(out, S("key"));
	json_put_raw(out, receipt.key);
	json_close(out, '}');
	return OK;
}

enum err
on_receipt_get(struct job *job, struct call *call)
{
	return receipt_answer(job, call, RECEIPT_DPV);
}

enum err
on_receipt_kantara_get(struct job *job, struct call *call)
{
	return receipt_answer(job, call, RECEIPT_KANTARA);
}
