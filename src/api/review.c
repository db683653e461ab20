/* api/review.c -- the access review (Article 32(1)(d)): who has what and used it when, signed for an auditor.
 *
 * The names of members are written in the order of the alphabet and nothing is between them, so that the octets that
 * are signed are the canonical form (RFC 8785) of the answer without its member `signature`. */
#include "api/staff.h"

#include "base/limits.h"
#include "crypto/sign.h"

#define DORMANT_DAYS 90
#define PAGE 500
#define SIGNER S("valv-access-review")

static bool
is_dormant(time_us used_at, time_us made_at, time_us now)
{
	time_us last = used_at == TIME_NEVER ? made_at : used_at;

	return now - last > DORMANT_DAYS * TIME_DAY;
}

/* --- staff ------------------------------------------------------------------------------------ */

static enum err
roles_write(struct job *job, struct call *call, struct json_out *out, int64_t staff)
{
	struct staff_role *has;
	size_t count;

	TRY(staff_roles(job, job->db, staff, &has, &count));
	json_name(out, S("roles"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		struct role role;
		TRY(role_get(job, job->db, has[i].role, &role));
		json_open(out, '{');
		purposes_pair(out, call->registry, has[i].all_purposes, has[i].purposes);
		json_pair_str(out, S("role"), role.name);
		json_pair_time(out, S("since"), has[i].since_at);
		json_pair_str(out, S("source"), words_name(WORDS_ROLE_SOURCE, (int)has[i].source));
		json_close(out, '}');
	}
	json_close(out, ']');
	return OK;
}

static enum err
sessions_of(struct job *job, int64_t staff, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_SESSION_COUNT, ARGS(sql_i64(staff), sql_i64(job->now)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

static enum err
staff_review(struct job *job, struct call *call, struct json_out *out, const struct staff *staff)
{
	struct grants grants;
	int64_t sessions;

	TRY(staff_grants(job, job->db, staff->no, &grants));
	TRY(sessions_of(job, staff->no, &sessions));
	json_open(out, '{');
	json_pair_time(out, S("created_at"), staff->created_at);
	json_pair_bool(out, S("dormant"),
	               staff->state != STAFF_ENDED && is_dormant(staff->used_at, staff->created_at, job->now));
	json_pair_time(out, S("ended_at"), staff->ended_at);
	json_pair_uid(out, S("id"), staff->id);
	json_pair_str(out, S("issuer"), staff->issuer);
	TRY(roles_write(job, call, out, staff->no));
	scopes_pair(out, policy_scopes(grants));
	json_pair_i64(out, S("sessions"), sessions);
	json_pair_str(out, S("state"), words_name(WORDS_STAFF_STATE, (int)staff->state));
	json_pair_time(out, S("used_at"), staff->used_at);
	json_pair_str(out, S("user_name"), staff->user_name);
	json_close(out, '}');
	return OK;
}

static enum err
all_staff(struct job *job, struct call *call, struct json_out *out)
{
	struct staff *staff;
	int64_t after = 0;
	size_t count;

	json_name(out, S("staff"));
	json_open(out, '[');
	do {
		TRY(staff_list(job, &call->vault->access, after, PAGE, &staff, &count));
		for (size_t i = 0; i < count; i++)
			TRY(staff_review(job, call, out, &staff[i]));
		after = count ? staff[count - 1].no : after;
	} while (count == PAGE);
	json_close(out, ']');
	return OK;
}

/* --- keys ------------------------------------------------------------------------------------- */

static enum err
key_review(struct job *job, struct call *call, struct json_out *out, const struct api_key *key)
{
	uid owner;

	json_open(out, '{');
	json_pair_time(out, S("created_at"), key->created_at);
	json_pair_bool(out, S("dormant"), is_dormant(key->used_at, key->created_at, job->now));
	json_pair_time(out, S("expires_at"), key->expires_at);
	json_pair_uid(out, S("id"), key->id);
	json_pair_str(out, S("name"), key->name);
	if (key->owner) {
		TRY(staff_id(job, job->db, key->owner, &owner));
		json_pair_uid(out, S("owner"), owner);
	} else {
		json_name(out, S("owner"));
		json_put_null(out);
	}
	json_pair_bool(out, S("personal"), !key->program);
	purposes_pair(out, call->registry, key->all_purposes, key->purposes);
	scopes_pair(out, key->scopes);
	json_pair_time(out, S("used_at"), key->used_at);
	json_close(out, '}');
	return OK;
}

/* Those that are good now. */
static enum err
all_keys(struct job *job, struct call *call, struct json_out *out)
{
	struct api_key *key;
	int64_t after = 0;
	size_t count;

	json_name(out, S("keys"));
	json_open(out, '[');
	do {
		TRY(key_list(job, after, PAGE, &key, &count));
		for (size_t i = 0; i < count; i++)
			if (key[i].revoked_at == TIME_NEVER && key[i].expires_at > job->now)
				TRY(key_review(job, call, out, &key[i]));
		after = count ? key[count - 1].no : after;
	} while (count == PAGE);
	json_close(out, ']');
	return OK;
}

/* --- the whole, and its signature ------------------------------------------------------------- */

static void
signature_put(struct call *call, time_us at, struct buf *body)
{
	OWNED(buf_release) struct buf text = { .max = 512 };
	OWNED(buf_release) struct buf note = { .max = 2048 };
	OWNED(buf_release) struct buf vkey = { .max = 512 };
	uint8_t digest[32];
	struct json_out out;

	digest_public(buf_bytes(body), digest);
	buf_put(&text, S("valv access review 1\n"));
	buf_time(&text, at);
	buf_put(&text, S("\nsha256:"));
	buf_hex(&text, (bytes){ digest, sizeof(digest) });
	buf_char(&text, '\n');
	note_sign_as(call->vault->signing_key, call->vault->signing_public, SIGNER, buf_str(&text), &note);
	note_vkey(call->vault->signing_key, SIGNER, &vkey);
	must(buf_ok(&note) && buf_ok(&vkey) && body->len && body->ptr[body->len - 1] == '}');
	body->len--;
	buf_put(body, S(",\"signature\":"));
	json_out_begin(&out, body);
	json_open(&out, '{');
	json_pair_str(&out, S("key"), buf_str(&vkey));
	json_pair_str(&out, S("note"), buf_str(&note));
	json_close(&out, '}');
	buf_char(body, '}');
}

enum err
on_access_review_get(struct job *job, struct call *call)
{
	struct json_out *out;

	TRY(call_registry(job, call));
	TRY(entry_write(job, call->vault->store, &(struct entry){ .act = ENTRY_ACCESS_REVIEW }, NULL));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_pair_time(out, S("at"), job->now);
	json_pair_i64(out, S("dormant_days"), DORMANT_DAYS);
	TRY(all_keys(job, call, out));
	TRY(all_staff(job, call, out));
	json_close(out, '}');
	if (buf_ok(&call->response->body))
		signature_put(call, job->now, &call->response->body);
	return OK;
}
