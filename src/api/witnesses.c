/* api/witnesses.c -- who cosigns the audit log's checkpoints, what they ask for and what they say (audit/witness.h). */
#include "audit/witness.h"
#include "api/call.h"

/* --- who ------------------------------------------------------------------------------------------ */

static void
witness_write(struct json_out *out, const struct witness *witness)
{
	json_open(out, '{');
	json_pair_uid(out, S("id"), witness->id);
	json_pair_str(out, S("name"), witness->name);
	json_pair_str(out, S("key"), witness->vkey);
	json_pair_time(out, S("added_at"), witness->added_at);
	json_pair_i64(out, S("size"), (int64_t)witness->size);
	json_name(out, S("cosigned_at"));
	if (witness->size)
		json_put_time(out, witness->cosigned_at);
	else
		json_put_null(out);
	json_close(out, '}');
}

enum err
on_witnesses_get(struct job *job, struct call *call)
{
	struct witness witness[LIMIT_WITNESSES];
	struct json_out *out;
	size_t count;

	TRY(witness_list(job, witness, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("witnesses"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		witness_write(out, &witness[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

/* What cannot be is said before somebody else is asked to approve of it. */
static enum err
key_read(struct job *job, struct call *call, str *ret)
{
	enum err err;

	TRY(json_need_str(job, call->body, "key", WITNESS_VKEY_MAX, ret));
	*ret = str_trim(*ret);
	err = witness_fits(job, job->db, *ret);
	if (err != ERR_INVALID)
		return err;
	job_forgive(job);
	return json_fail(job, ERR_INVALID, json_member(job, call->body, "key"),
	                 "is no verifier key of a witness: NAME+HEX+BASE64, of type 0x04");
}

enum err
on_witness_post(struct job *job, struct call *call)
{
	struct witness witness;
	bool answered = false;
	str vkey;

	TRY(key_read(job, call, &vkey));
	TRY(call_second_said(job, call, S("Count the word of a witness of the audit log"), &answered));
	if (answered)
		return OK;
	TRY(witness_add(job, call->vault->store, vkey, &witness));
	witness_write(answer_json(call, 201), &witness);
	return OK;
}

enum err
on_witness_delete(struct job *job, struct call *call)
{
	struct witness witness;
	bool answered = false;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(witness_get(job, id, &witness));
	TRY(call_second_said(job, call, S("Take a witness of the audit log away"), &answered));
	if (answered)
		return OK;
	TRY(witness_drop(job, call->vault->store, id));
	answer_empty(call);
	return OK;
}

/* --- what they ask for, and say ------------------------------------------------------------------- */

enum err
on_witness_request_get(struct job *job, struct call *call)
{
	uint64_t old;
	str text;

	if (!str_u64(call->param[0], &old) || old > INT64_MAX)
		return fail(job, ERR_ABSENT, "that is no number of entries");
	TRY(witness_request(job, old, &text));
	answer_text(call, 200, S("text/plain; charset=utf-8"));
	buf_put(&call->response->body, text);
	return OK;
}

static void
taken_write(struct json_out *out, const struct witness_taken *taken)
{
	OWNED(buf_release) struct buf root = { .max = 64 };

	buf_base64(&root, (bytes){ taken->checkpoint.root.octet, MERKLE_BYTES });
	json_open(out, '{');
	json_pair_i64(out, S("size"), (int64_t)taken->checkpoint.size);
	json_pair_str(out, S("root"), buf_str(&root));
	json_name(out, S("witnesses"));
	json_open(out, '[');
	for (size_t i = 0; i < taken->name_count; i++)
		json_put_str(out, taken->name[i]);
	json_close(out, ']');
	json_pair_i64(out, S("kept"), (int64_t)taken->kept);
	json_pair_i64(out, S("passed_over"), (int64_t)taken->passed);
	json_close(out, '}');
}

enum err
on_cosignature_post(struct job *job, struct call *call)
{
	struct witness_taken taken;
	str note;

	TRY(json_need_str(job, call->body, "checkpoint", CHECKPOINT_MAX, &note));
	TRY(witness_take(job, call->vault->store, call->vault->keys, note, &taken));
	taken_write(answer_json(call, 200), &taken);
	return OK;
}
