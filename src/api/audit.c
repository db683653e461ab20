/* api/audit.c -- the audit log as JSON: numbers become the names and public ids that they stand for. */
#include "api/audit.h"
#include "webauthn/webauthn.h"

#include "audit/index.h"
#include "backup/restore.h"
#include "base/limits.h"
#include "message/message.h"

/* --- names ------------------------------------------------------------------------------------ */

/* A public id by number; false when there is none. */
static enum err
id_of_no(struct job *job, enum sql sql, int64_t no, uid *ret, bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, job->db, sql, ARGS(sql_i64(no)), &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (*ret_there && !uid_from_bytes(rows_bytes(&rows, 0), ret))
		return fail(job, ERR_CORRUPT, "a stored id has the wrong length");
	return OK;
}

enum err
actor_pair(struct job *job, struct json_out *out, struct actor actor)
{
	return actor_pair_named(job, out, S("actor"), actor);
}

enum err
actor_pair_named(struct job *job, struct json_out *out, str name, struct actor actor)
{
	bool there = false;
	uid id;

	if (actor.kind == ACTOR_KEY)
		TRY(id_of_no(job, SQL_API_KEY_ID, actor.no, &id, &there));
	if (actor.kind == ACTOR_STAFF)
		TRY(id_of_no(job, SQL_STAFF_ID, actor.no, &id, &there));
	json_name(out, name);
	json_open(out, '{');
	json_pair_str(out, S("kind"), words_name(WORDS_ACTOR, (int)actor.kind));
	if (there)
		json_pair_uid(out, actor.kind == ACTOR_KEY ? S("key") : S("staff"), id);
	if (actor.kind == ACTOR_OPERATOR)
		json_pair_i64(out, S("uid"), actor.no);
	json_close(out, '}');
	return OK;
}

void
purpose_pair(struct json_out *out, const struct registry *registry, int64_t no)
{
	const struct purpose *purpose = registry_purpose_no(registry, (uint32_t)no);

	json_name(out, S("purpose"));
	if (purpose)
		json_put_str(out, purpose->name);
	else if (no == PURPOSE_RIGHTS)
		json_put_str(out, S("rights"));
	else if (no == PURPOSE_ACCOUNTABILITY)
		json_put_str(out, S("accountability"));
	else if (no == PURPOSE_BREAK_GLASS)
		json_put_str(out, S("break-glass"));
	else
		json_put_null(out);
}

void
fields_pair(struct json_out *out, const struct registry *registry, bytes numbers)
{
	uint16_t no;

	json_name(out, S("fields"));
	json_open(out, '[');
	while (eat_le16(&numbers, &no)) {
		const struct field *field = registry_field_no(registry, no & ~(uint16_t)ENTRY_MASKED);
		if (field)
			json_put_str(out, field->name);
	}
	json_close(out, ']');
}

void
notice_pair(struct json_out *out, bytes notice)
{
	OWNED(buf_release) struct buf text = { .max = 80 };

	json_name(out, S("notice"));
	if (!notice.len) {
		json_put_null(out);
		return;
	}
	buf_put(&text, S("sha256:"));
	buf_hex(&text, notice);
	json_put_str(out, buf_str(&text));
}

static enum err
subject_pair(struct job *job, struct json_out *out, int64_t no)
{
	bool there = false;
	uid id;

	if (no)
		TRY(id_of_no(job, SQL_SUBJECT_ID_OF_NO, no, &id, &there));
	json_name(out, S("subject"));
	if (there)
		json_put_uid(out, id);
	else
		json_put_null(out);
	return OK;
}

/* --- bodies, each as it is written where the act is ------------------------------------------- */

/* As vault/decide.c writes one: u8 channel, class, flags, reason, basis | le16 version | le32 seq. */
static bool
eat_decision(bytes *rest, uint8_t ret[5], uint16_t *ret_version)
{
	uint32_t seq;

	for (int i = 0; i < 5; i++)
		if (!eat_u8(rest, &ret[i]))
			return false;
	return eat_le16(rest, ret_version) && eat_le32(rest, &seq);
}

static enum err
decision_write(struct job *job, struct call *call, int64_t subject, int64_t purpose, bytes *body,
               struct json_out *out)
{
	uint16_t version;
	uint8_t word[5];

	if (!eat_decision(body, word, &version))
		return fail(job, ERR_CORRUPT, "a recorded decision cannot be read");
	json_open(out, '{');
	json_pair_bool(out, S("allowed"), word[3] < REASON_UNKNOWN);
	json_pair_str(out, S("reason"), reason_name((enum reason)word[3]));
	json_name(out, S("basis"));
	if (word[4])
		json_put_str(out, basis_name((enum basis)word[4]));
	else
		json_put_null(out);
	json_pair_str(out, S("channel"), channel_name((enum channel)word[0]));
	purpose_pair(out, call->registry, purpose);
	json_name(out, S("version"));
	if (version)
		json_put_i64(out, version);
	else
		json_put_null(out);
	TRY(subject_pair(job, out, subject));
	json_close(out, '}');
	return OK;
}

static enum err
decisions_write(struct job *job, struct call *call, bytes body, int64_t only, struct json_out *out)
{
	bytes one;
	uint64_t subject;
	uint16_t purpose;

	json_name(out, S("decisions"));
	json_open(out, '[');
	while (body.len) {
		if (!eat_bytes(&body, ENTRY_DECISIONS_ITEM, &one) || !eat_le64(&one, &subject) ||
		    !eat_le16(&one, &purpose))
			return fail(job, ERR_CORRUPT, "recorded decisions cannot be read");
		if (!only || (int64_t)subject == only)
			TRY(decision_write(job, call, (int64_t)subject, purpose, &one, out));
	}
	json_close(out, ']');
	return OK;
}

static void
export_pair(struct json_out *out, bytes body)
{
	bytes first;
	uid id;

	if (eat_bytes(&body, sizeof(id), &first) && uid_from_bytes(first, &id))
		json_pair_uid(out, S("export"), id);
}

/* Who was in a piece of an export; behind them its id. */
static enum err
piece_write(struct job *job, bytes body, int64_t only, struct json_out *out)
{
	uint64_t subject;
	bool there;
	bytes one;
	uid id;

	json_name(out, S("subjects"));
	json_open(out, '[');
	while (eat_bytes(&body, ENTRY_DECISIONS_ITEM, &one))
		if (eat_le64(&one, &subject) && (!only || (int64_t)subject == only)) {
			TRY(id_of_no(job, SQL_SUBJECT_ID_OF_NO, (int64_t)subject, &id, &there));
			if (there)
				json_put_uid(out, id);
		}
	json_close(out, ']');
	export_pair(out, body);
	return OK;
}

/* Of the fields, those that were shown masked. */
static void
masked_write(struct json_out *out, const struct registry *registry, bytes body)
{
	OWNED(buf_release) struct buf masked = { .max = 2 * LIMIT_FIELDS };
	uint16_t no;

	while (eat_le16(&body, &no))
		if (no & ENTRY_MASKED)
			buf_le16(&masked, no & ~(uint16_t)ENTRY_MASKED);
	if (!masked.len)
		return;
	json_name(out, S("masked"));
	json_open(out, '[');
	for (bytes rest = buf_bytes(&masked); eat_le16(&rest, &no);) {
		const struct field *field = registry_field_no(registry, no);
		if (field)
			json_put_str(out, field->name);
	}
	json_close(out, ']');
}

/* u8 why | le16 length | sealed reference | as a read */
static void
reveal_write(struct call *call, bytes body, struct json_out *out)
{
	bytes fields = entry_revealed(body);
	uint8_t why;

	if (!fields.len || !eat_u8(&body, &why))
		return;
	json_pair_str(out, S("why"), words_name(WORDS_REVEAL_REASON, why));
	fields_pair(out, call->registry, fields);
	masked_write(out, call->registry, fields);
}

/* Whose passkey, unless nobody has it, and which; or what was wrong with the ceremony. */
static void
passkey_entry_write(enum entry_act act, bytes rest, struct json_out *out)
{
	uid nobody = { 0 }, staff, passkey;
	bytes octets;
	uint8_t fault;

	if (!eat_bytes(&rest, 16, &octets) || !uid_from_bytes(octets, &staff))
		return;
	if (memcmp(&staff, &nobody, sizeof(staff)) != 0)
		json_pair_uid(out, S("staff"), staff);
	if (act == ENTRY_PASSKEY_REFUSED) {
		if (eat_u8(&rest, &fault) && fault < WEBAUTHN_FAULTS)
			json_pair_str(out, S("ceremony"), webauthn_word((enum webauthn_fault)fault));
	} else if (uid_from_bytes(rest, &passkey)) {
		json_pair_uid(out, S("passkey"), passkey);
	}
}

static void
staff_entry_write(bytes body, struct json_out *out)
{
	bytes octets;
	uid id;

	if (eat_bytes(&body, 16, &octets) && uid_from_bytes(octets, &id))
		json_pair_uid(out, S("staff"), id);
}

/* id, zeros: nobody who is known here | le32 sessions */
static void
provider_end_write(bytes body, struct json_out *out)
{
	bytes octets;
	uint32_t sessions;
	uid id;

	if (!eat_bytes(&body, 16, &octets) || !uid_from_bytes(octets, &id) || !eat_le32(&body, &sessions))
		return;
	if (!uid_eq(id, (uid){ { 0 } }))
		json_pair_uid(out, S("staff"), id);
	json_pair_i64(out, S("sessions"), sessions);
}

/* id | le64 from | le64 until | le32 how often it was used | le32 on how many persons */
static void
provider_late_write(bytes body, struct json_out *out)
{
	uint64_t from, until;
	uint32_t uses, persons;
	bytes octets;
	uid id;

	if (!eat_bytes(&body, 16, &octets) || !uid_from_bytes(octets, &id) || !eat_le64(&body, &from) ||
	    !eat_le64(&body, &until) || !eat_le32(&body, &uses) || !eat_le32(&body, &persons))
		return;
	json_pair_uid(out, S("staff"), id);
	json_pair_time(out, S("since"), (time_us)from);
	json_pair_i64(out, S("uses"), uses);
	json_pair_i64(out, S("persons"), persons);
}

/* le64 version | digest (32) | le16 fields */
static void
change_write(struct call *call, const struct entry_row *row, struct json_out *out)
{
	bytes body = row->body, digest;
	uint64_t version;

	if (!eat_le64(&body, &version) || !eat_bytes(&body, 32, &digest))
		return;
	json_pair_i64(out, S("version"), (int64_t)version);
	if (row->act == ENTRY_SUBJECT_CREATE || row->act == ENTRY_SUBJECT_CHANGE)
		fields_pair(out, call->registry, body);
}

/* le64 number | le64 version, of a field or purpose */
static void
definition_write(struct call *call, const struct entry_row *row, struct json_out *out)
{
	bytes body = row->body;
	uint64_t no, version;

	if (!eat_le64(&body, &no) || !eat_le64(&body, &version))
		return;
	if (row->act == ENTRY_FIELD_PUT) {
		uint8_t field[2] = { (uint8_t)no, (uint8_t)(no >> 8) };
		fields_pair(out, call->registry, (bytes){ field, sizeof(field) });
	} else {
		json_pair_i64(out, S("version"), (int64_t)version);
	}
}

/* le16 field | le16 how many */
static void
search_write(struct call *call, const struct entry_row *row, struct json_out *out)
{
	bytes body = row->body, field;
	uint16_t found;

	if (!eat_bytes(&body, 2, &field) || !eat_le16(&body, &found))
		return;
	fields_pair(out, call->registry, field);
	json_pair_i64(out, S("found"), found);
}

static void
key_write(const struct entry_row *row, struct json_out *out)
{
	uid id;

	if (uid_from_bytes(row->body, &id))
		json_pair_uid(out, S("key"), id);
}

/* 16 octets: id of the request | u8 event | u8 code */
static void
request_write(const struct entry_row *row, struct json_out *out)
{
	bytes body = row->body, octets;
	uint8_t event;
	uid id;

	if (!eat_bytes(&body, 16, &octets) || !uid_from_bytes(octets, &id) || !eat_u8(&body, &event))
		return;
	json_pair_uid(out, S("request"), id);
	if (event)
		json_pair_str(out, S("event"), words_name(WORDS_REQUEST_EVENT, event));
}

/* Of the whole store; what became of a person is written as any change. */
static void
restore_write(struct call *call, const struct entry_row *row, struct json_out *out)
{
	OWNED(buf_release) struct buf hash = { .max = 80 };
	struct restore_entry entry;

	if (row->subject) {
		change_write(call, row, out);
		return;
	}
	if (!restore_entry_read(row->body, &entry))
		return;
	buf_hex(&hash, entry.log);
	json_name(out, S("restored"));
	json_open(out, '{');
	json_pair_uid(out, S("moment"), entry.moment);
	json_pair_bool(out, S("with_facts"), entry.with_facts);
	json_pair_i64(out, S("facts"), (int64_t)entry.facts);
	json_pair_i64(out, S("persons_changed"), (int64_t)entry.changed);
	json_pair_i64(out, S("persons_erased"), (int64_t)entry.erased);
	json_pair_i64(out, S("last_entry"), entry.last_entry);
	json_pair_str(out, S("log"), buf_str(&hash));
	json_pair_uid(out, S("origin"), entry.origin);
	if (entry.tree_there) {
		OWNED(buf_release) struct buf root = { .max = 80 };
		buf_base64(&root, entry.tree_root);
		json_name(out, S("tree"));
		json_open(out, '{');
		json_pair_uid(out, S("id"), entry.tree);
		json_pair_i64(out, S("size"), (int64_t)entry.tree_size);
		json_pair_str(out, S("root"), buf_str(&root));
		json_close(out, '}');
	}
	json_close(out, '}');
}

/* As message/rows.h has it.  decision: the entry that allowed it. */
static void
message_write(const struct entry_row *row, struct json_out *out)
{
	uint64_t decision;
	uint8_t kind, state, why;
	uint16_t status;
	uint32_t tries;
	bytes body = row->body;
	uid id;

	if (!eat_le64(&body, &decision) || !eat_u8(&body, &kind) || !eat_u8(&body, &state) || !eat_u8(&body, &why) ||
	    !eat_le16(&body, &status) || !eat_le32(&body, &tries) || !uid_from_bytes(body, &id))
		return;
	json_name(out, S("message"));
	json_open(out, '{');
	json_pair_uid(out, S("id"), id);
	json_pair_str(out, S("kind"), message_kind_name(kind));
	json_pair_str(out, S("state"), message_state_name(state));
	json_pair_str(out, S("why"), message_why_name(why));
	json_name(out, S("decision"));
	if (decision)
		json_put_i64(out, (int64_t)decision);
	else
		json_put_null(out);
	json_close(out, '}');
}

static enum err
body_write(struct job *job, struct call *call, const struct entry_row *row, int64_t only,
           struct json_out *out)
{
	bytes body = row->body;

	switch (row->act) { /* the others have no body, or one that is not shown */
	case ENTRY_REFUSED:
		json_pair_str(out, S("operation"), bytes_str(body));
		break;
	case ENTRY_FIELD_PUT:
	case ENTRY_PURPOSE_PUT:
	case ENTRY_PURPOSE_ACTIVATE:
	case ENTRY_PURPOSE_END:
		definition_write(call, row, out);
		break;
	case ENTRY_SUBJECT_CREATE:
	case ENTRY_SUBJECT_CHANGE:
	case ENTRY_ACT:
	case ENTRY_EXPIRE:
	case ENTRY_TOLD:
	case ENTRY_ERASE:
		change_write(call, row, out);
		break;
	case ENTRY_RESTORE:
		restore_write(call, row, out);
		break;
	case ENTRY_SUBJECT_READ:
		fields_pair(out, call->registry, body);
		masked_write(out, call->registry, body);
		break;
	case ENTRY_REVEAL:
		reveal_write(call, body, out);
		break;
	case ENTRY_STAFF_MAKE:
	case ENTRY_STAFF_CHANGE:
	case ENTRY_STAFF_END:
	case ENTRY_STAFF_RETURN:
	case ENTRY_STAFF_ROLES:
	case ENTRY_STAFF_READ:
	case ENTRY_SIGN_IN:
	case ENTRY_STEP_UP:
	case ENTRY_SIGN_OUT:
		staff_entry_write(body, out);
		break;
	case ENTRY_PASSKEY_ADD:
	case ENTRY_PASSKEY_REMOVE:
	case ENTRY_PASSKEY_REFUSED:
		passkey_entry_write(row->act, body, out);
		break;
	case ENTRY_PROVIDER_LOGOUT:
	case ENTRY_PROVIDER_SIGNAL:
		provider_end_write(body, out);
		break;
	case ENTRY_PROVIDER_LATE:
		provider_late_write(body, out);
		break;
	case ENTRY_SUBJECT_SEARCH:
		search_write(call, row, out);
		break;
	case ENTRY_DECISION:
		json_name(out, S("decisions"));
		json_open(out, '[');
		TRY(decision_write(job, call, row->subject, row->purpose, &body, out));
		json_close(out, ']');
		break;
	case ENTRY_DECISIONS:
		return decisions_write(job, call, body, only, out);
	case ENTRY_BULK_PIECE:
		return piece_write(job, body, only, out);
	case ENTRY_BULK_ASK:
	case ENTRY_BULK_LINK:
	case ENTRY_BULK_START:
	case ENTRY_BULK_END:
	case ENTRY_BULK_CANCEL:
		export_pair(out, body);
		break;
	case ENTRY_REQUEST_OPEN:
	case ENTRY_REQUEST_CHANGE:
	case ENTRY_REQUEST_READ:
		request_write(row, out);
		break;
	case ENTRY_MESSAGE_SEND:
	case ENTRY_MESSAGE_END:
		message_write(row, out);
		break;
	case ENTRY_WITNESS_ADD:
	case ENTRY_WITNESS_REMOVE:
		json_pair_str(out, S("witness"), bytes_str(body));
		break;
	case ENTRY_KEY_MAKE:
	case ENTRY_KEY_REVOKE:
		key_write(row, out);
		break;
	default:
		break;
	}
	return OK;
}

static enum err
entry_write_json(struct job *job, struct call *call, const struct entry_row *row, int64_t only,
                 struct json_out *out)
{
	json_open(out, '{');
	json_pair_i64(out, S("seq"), row->seq);
	json_pair_time(out, S("at"), row->at);
	TRY(actor_pair(job, out, row->actor));
	json_pair_str(out, S("act"), entry_name(row->act));
	json_pair_str(out, S("outcome"),
	              row->outcome ? str_from_c(err_info(row->outcome)->slug) : S("done"));
	TRY(subject_pair(job, out, row->subject));
	purpose_pair(out, call->registry, row->purpose);
	TRY(body_write(job, call, row, only, out));
	json_close(out, '}');
	return OK;
}

/* --- the list --------------------------------------------------------------------------------- */

#define SUBJECT_NOBODY (-1) /* no entry is about them; 0 is in those about no known person */

struct audit_query {
	struct page page;
	bool one_subject;
	int64_t subject;
};

static enum err
subject_no(struct job *job, uid id, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_SUBJECT_NO_OF_ID, ARGS(sql_bytes(uid_bytes(&id))), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : SUBJECT_NOBODY;
	return OK;
}

static enum err
audit_read(struct job *job, struct call *call, struct audit_query *ret)
{
	bool bad = false;
	str text;
	uid id;

	*ret = (struct audit_query){ 0 };
	TRY(call_page(job, call, &ret->page));
	ret->one_subject = request_query(&job->arena, call->request, S("subject"), &text, &bad);
	if (bad || (ret->one_subject && !uid_parse(text, &id)))
		return fail(job, ERR_MALFORMED, "subject is the UUID of a person");
	return ret->one_subject ? subject_no(job, id, &ret->subject) : OK;
}

static enum err
entries_page(struct job *job, const struct page *page, struct entry_row *row, size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0;
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_AFTER, ARGS(sql_i64(page->after), sql_i64(page->limit)), &rows));
	for (;; count++) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		entry_row_read(job, &rows, &row[count]);
	}
	*ret_count = count;
	return OK;
}

static enum err
audit_list(struct job *job, const struct audit_query *query, struct entry_row *row,
           size_t *ret_count)
{
	size_t room = (size_t)query->page.limit;
	int64_t *seq;

	if (!query->one_subject)
		return entries_page(job, &query->page, row, ret_count);
	seq = arena_array(&job->arena, room, sizeof(*seq));
	TRY(entry_find(job, query->subject, query->page.after, seq, room, ret_count));
	for (size_t i = 0; i < *ret_count; i++)
		TRY(entry_get(job, seq[i], &row[i]));
	return OK;
}

/* One entry may tell of a whole batch of decisions: a page ends early rather than become too long to be answered. */
#define PAGE_BYTES (LIMIT_ANSWER_BYTES / 2)

static enum err
audit_write(struct job *job, struct call *call, const struct audit_query *query,
            const struct entry_row *row, size_t count)
{
	struct json_out *out = answer_json(call, 200);
	size_t done = 0;

	json_open(out, '{');
	json_name(out, S("entries"));
	json_open(out, '[');
	for (; done < count && out->buf->len < PAGE_BYTES && buf_ok(out->buf); done++)
		TRY(entry_write_json(job, call, &row[done], query->subject, out));
	json_close(out, ']');
	answer_next(out, done < count || count == (size_t)query->page.limit, done ? row[done - 1].seq : 0);
	json_close(out, '}');
	return OK;
}

enum err
on_audit_entries_get(struct job *job, struct call *call)
{
	struct audit_query query;
	struct entry_row *row;
	size_t count;

	TRY(audit_read(job, call, &query));
	TRY(call_registry(job, call));
	row = arena_array(&job->arena, (size_t)query.page.limit, sizeof(*row));
	TRY(audit_list(job, &query, row, &count));
	TRY(entry_write(job, call->vault->store,
	                &(struct entry){ .act = ENTRY_AUDIT_READ,
	                                 .subject = query.subject > 0 ? query.subject : 0 },
	                NULL)); /* I4 */
	return audit_write(job, call, &query, row, count);
}
