/* rights/certificate.c -- contract: certificate.h; the lines: erase.h. */
#include "rights/certificate.h"

#include "crypto/sign.h"

#define NOTE_MAX (NOTE_TEXT_MAX + 1024)

static void
line_text(struct buf *out, str name, str text)
{
	buf_put(out, name);
	buf_char(out, ' ');
	buf_put(out, text);
	buf_char(out, '\n');
}

static void
line_count(struct buf *out, str name, int64_t count)
{
	buf_put(out, name);
	buf_char(out, ' ');
	buf_dec(out, count);
	buf_char(out, '\n');
}

static void
scope_line(struct buf *out, const struct registry *registry, const struct erase_wish *wish)
{
	const struct purpose *purpose = registry_purpose_no(registry, wish->purpose);

	if (wish->scope == ERASE_PERSON)
		line_text(out, S("scope"), S("person"));
	else if (wish->scope == ERASE_FIELDS)
		line_count(out, S("scope fields"), (int64_t)wish->field_count);
	else
		line_text(out, S("scope purpose"), purpose ? purpose->name : S("-"));
}

static void
counts_lines(struct buf *out, const struct erase_counts *counts)
{
	line_count(out, S("values"), counts->values);
	line_count(out, S("sections"), counts->sections);
	line_count(out, S("keys"), counts->keys);
	line_count(out, S("lookup"), counts->lookups);
	line_count(out, S("evidence"), counts->evidence);
	for (int bound = 0; bound < BOUND_COUNT; bound++)
		line_count(out, bound_name((enum bound)bound), counts->bound[bound]);
}

static void
proofs_line(struct buf *out, const struct erased *done)
{
	buf_put(out, S("proofs "));
	buf_dec(out, (int64_t)done->proofs);
	if (done->proofs) {
		buf_put(out, S(" until "));
		buf_date(out, date_of(done->proof_until_at));
	}
	buf_char(out, '\n');
}

void
certificate_text(time_us at, const struct registry *registry, const struct erase_wish *wish,
                 const struct erased *done, struct buf *out)
{
	buf_put(out, S("valv-erasure/v1\nerasure "));
	buf_uid(out, wish->id);
	buf_char(out, '\n');
	line_count(out, S("entry"), done->entry);
	buf_put(out, S("at "));
	buf_time(out, at);
	buf_char(out, '\n');
	scope_line(out, registry, wish);
	line_text(out, S("result"), done->buried ? S("buried") : S("reduced"));
	counts_lines(out, &done->counts);
	line_count(out, S("kept"), (int64_t)done->kept_count);
	line_count(out, S("stops"), (int64_t)done->stops);
	proofs_line(out, done);
}

str
certificate_sign(struct job *job, const struct vault *vault, str text)
{
	OWNED(buf_release) struct buf note = { .max = NOTE_MAX };

	note_sign_as(vault->signing_key, vault->signing_public, S(CERTIFICATE_NAME), text, &note);
	must(buf_ok(&note));
	return arena_str(&job->arena, buf_str(&note));
}

void
certificate_vkey(const struct vault *vault, struct buf *out)
{
	note_vkey(vault->signing_key, S(CERTIFICATE_NAME), out);
}

enum err
erasure_find(struct job *job, struct vault *vault, uid id, struct erased *ret, uid *ret_subject)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;
	size_t at;
	str text;

	TRY(db_query(job, job->db, SQL_ERASURE_GET, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "there is no such erasure");
	if (rows_i64(&rows, 3)) /* X5 */
		return fail(job, ERR_BUSY, "the data is gone, the destruction of its keys waits for the next sweep");
	if (!uid_from_bytes(rows_bytes(&rows, 1), ret_subject))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	text = rows_text(&rows, 2);
	*ret = (struct erased){ .id = id, .entry = rows_i64(&rows, 0),
		                .buried = str_find(text, S("\nresult buried\n"), &at),
		                .proof_until_at = TIME_NEVER,
		                .certificate = certificate_sign(job, vault, text) };
	return OK;
}
