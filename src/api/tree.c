/* api/tree.c -- what the audit log's Merkle tree shows to those who do not trust us (audit/tree.h, R4). */
#include "audit/witness.h"
#include "api/call.h"

static enum err
text_answer(struct call *call, str text)
{
	answer_text(call, 200, S("text/plain; charset=utf-8"));
	buf_put(&call->response->body, text);
	return OK;
}

enum err
on_audit_checkpoint_get(struct job *job, struct call *call)
{
	int64_t least = 0;
	str note;

	TRY(call_number(job, call, S("witnesses"), 0, LIMIT_WITNESSES, "witnesses is a number from 0 to 15", &least));
	TRY(witness_checkpoint(job, (size_t)least, &note));
	return text_answer(call, note);
}

enum err
on_audit_key_get(struct job *job, struct call *call)
{
	str vkey;

	TRY(tree_vkey(job, call->vault->store, call->vault->keys, &vkey));
	TRY(text_answer(call, vkey));
	buf_char(&call->response->body, '\n');
	return OK;
}

enum err
on_audit_tile_get(struct job *job, struct call *call)
{
	struct tile_path path;
	bytes octets;

	if (!tile_path_read(call->param[0], &path))
		return fail(job, ERR_ABSENT, "that is no address of a tile");
	TRY(tree_tile(job, &path, &octets));
	answer_text(call, 200, S("application/octet-stream"));
	buf_data(&call->response->body, octets);
	return OK;
}

enum err
on_audit_proof_get(struct job *job, struct call *call)
{
	uint64_t seq;
	str proof;

	if (!str_u64(call->param[0], &seq) || seq > INT64_MAX)
		return fail(job, ERR_ABSENT, "that is no number of an entry");
	TRY(tree_prove(job, (int64_t)seq, &proof));
	return text_answer(call, proof);
}
