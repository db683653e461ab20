/* api/bulk.c -- exports of many persons: asking, the link, and the stream behind it (vault/bulk.h). */
#include "vault/bulk.h"

#include "access/role.h"
#include "api/staff.h"
#include "api/audit.h"
#include "base/limits.h"
#include "rights/page.h"

/* What its answer goes by; never 0. */
static int64_t
tag_of(uid id)
{
	int64_t tag;

	memcpy(&tag, uid_bytes(&id).ptr, sizeof(tag));
	return tag | 1;
}

/* --- asking ----------------------------------------------------------------------------------- */

static enum view
view_of(const struct call *call, const struct purpose *purpose, const struct field *field)
{
	return principal_view(&call->principal, purpose->no, field->no, field->sensitivity != SENSITIVITY_ORDINARY);
}

/* All that the purpose gives and the asker's roles show, in the order of the register. */
static void
fields_all(const struct call *call, const struct purpose *purpose, struct buf *out)
{
	const struct registry *registry = call->registry;

	for (size_t i = 0; i < registry->field_count; i++) {
		const struct field *field = &registry->field[i];
		if (version_has_field(purpose->active, field->no) && view_of(call, purpose, field) > VIEW_HIDDEN)
			buf_le16(out, field->no);
	}
}

static enum err
field_named(struct job *job, const struct call *call, const struct purpose *purpose, struct json element,
            struct buf *out)
{
	const struct field *field;
	bytes before = buf_bytes(out);
	uint16_t no;
	str name;

	if (json_kind(element) != JSON_STRING)
		return json_fail(job, ERR_INVALID, element, "must be a string");
	TRY(json_scalar(job, element, LIMIT_STRING_BYTES, &name));
	field = registry_field(call->registry, name);
	if (!field || !version_has_field(purpose->active, field->no))
		return json_fail(job, ERR_INVALID, element, "names no field of that purpose");
	if (view_of(call, purpose, field) == VIEW_HIDDEN)
		return json_fail(job, ERR_PURPOSE_DENIED, element, "is not shown to you for that purpose");
	while (eat_le16(&before, &no))
		if (no == field->no)
			return json_fail(job, ERR_INVALID, element, "is named twice");
	buf_le16(out, field->no);
	return OK;
}

static enum err
fields_read(struct job *job, struct call *call, const struct purpose *purpose, bytes *ret)
{
	OWNED(buf_release) struct buf fields = { .max = 2 * LIMIT_FIELDS };
	struct json list = json_member(job, call->body, "fields");

	if (json_kind(list) == JSON_ABSENT)
		fields_all(call, purpose, &fields);
	else
		TRY(json_array(job, call->body, "fields", LIMIT_FIELDS, &list));
	for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_count(list); i++)
		TRY(field_named(job, call, purpose, json_element(job, list, i), &fields));
	if (!fields.len)
		return json_fail(job, ERR_INVALID, list, "there is no field of that purpose that is shown to you");
	*ret = arena_bytes(&job->arena, buf_bytes(&fields));
	return OK;
}

static enum err
reason_read(struct job *job, const struct call *call, str *ret)
{
	str reason;

	TRY(json_need_str(job, call->body, "reason", BULK_REASON_BYTES_MAX, &reason));
	reason = str_trim(reason);
	if (reason.len < BULK_REASON_BYTES_MIN || !str_printable(reason))
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "reason"),
		                 "says in at least 10 characters what it is for");
	*ret = reason;
	return OK;
}

static enum err
bulk_read(struct job *job, struct call *call, struct bulk *ret)
{
	const struct purpose *purpose;
	int format = BULK_NDJSON, channel = CHANNEL_NONE;
	bool there;

	TRY(call_registry(job, call));
	TRY(require_scope(job, &call->principal, SCOPE_EXPORT)); /* and for this purpose */
	TRY(call_purpose(job, call, call->body, &purpose, &there));
	if (!there || !purpose->active)
		return json_fail(job, ERR_INVALID, json_member(job, call->body, "purpose"),
		                 "names a purpose that is in force");
	TRY(body_word(job, call->body, "format", WORDS_BULK_FORMAT, &format, NULL));
	TRY(body_word(job, call->body, "channel", WORDS_CHANNEL, &channel, &ret->by_channel));
	ret->purpose = purpose->no;
	ret->format = (enum bulk_format)format;
	ret->channel = (enum channel)channel;
	TRY(fields_read(job, call, purpose, &ret->fields));
	return reason_read(job, call, &ret->reason);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void
fields_write(struct json_out *out, const struct registry *registry, bytes fields)
{
	uint16_t no;

	json_name(out, S("fields"));
	json_open(out, '[');
	while (eat_le16(&fields, &no)) {
		const struct field *field = registry_field_no(registry, no);
		if (field)
			json_put_str(out, field->name);
	}
	json_close(out, ']');
}

static void
id_or_null(struct json_out *out, str name, bool there, uid id)
{
	json_name(out, name);
	if (there)
		json_put_uid(out, id);
	else
		json_put_null(out);
}

static void
word_or_null(struct json_out *out, str name, bool there, str word)
{
	json_name(out, name);
	if (there)
		json_put_str(out, word);
	else
		json_put_null(out);
}

static enum err
bulk_write(struct job *job, struct call *call, const struct bulk *bulk)
{
	const struct purpose *purpose = registry_purpose_no(call->registry, bulk->purpose);
	struct json_out *out = &call->out;

	json_open(out, '{');
	json_pair_uid(out, S("id"), bulk->id);
	json_pair_str(out, S("state"), words_name(WORDS_BULK_STATE, (int)bulk->state));
	word_or_null(out, S("purpose"), purpose, purpose ? purpose->name : S(""));
	word_or_null(out, S("channel"), bulk->by_channel, channel_name(bulk->channel));
	json_pair_str(out, S("format"), words_name(WORDS_BULK_FORMAT, (int)bulk->format));
	fields_write(out, call->registry, bulk->fields);
	json_pair_str(out, S("reason"), bulk->reason);
	TRY(actor_pair_named(job, out, S("asked_by"), bulk->asked_by));
	json_pair_time(out, S("asked_at"), bulk->asked_at);
	id_or_null(out, S("approval"), bulk->two, bulk->approval);
	TRY(staff_pair(job, call, S("approved_by"), bulk->approver));
	json_pair_time(out, S("expires_at"), bulk->expires_at);
	json_pair_time(out, S("link_until"), bulk->link_until);
	json_pair_time(out, S("started_at"), bulk->started_at);
	json_pair_time(out, S("ended_at"), bulk->ended_at);
	json_pair_i64(out, S("persons"), bulk->persons);
	json_close(out, '}');
	return OK;
}

enum err
on_bulk_post(struct job *job, struct call *call)
{
	struct bulk bulk = { 0 };

	TRY(bulk_read(job, call, &bulk));
	TRY(bulk_ask(job, call->vault, &bulk));
	answer_json(call, 202);
	answer_location(job, call, S("/v1/exports/"), bulk.id);
	return bulk_write(job, call, &bulk);
}

enum err
on_bulks_get(struct job *job, struct call *call)
{
	struct json_out *out;
	struct bulk *bulk;
	struct page page;
	size_t count;

	TRY(call_page(job, call, &page));
	TRY(call_registry(job, call));
	TRY(bulk_list(job, call->vault, page.after, (size_t)page.limit, &bulk, &count));
	out = answer_json(call, 200);
	json_open(out, '{');
	json_name(out, S("exports"));
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		TRY(bulk_write(job, call, &bulk[i]));
	json_close(out, ']');
	answer_next(out, count == (size_t)page.limit, count ? bulk[count - 1].no : 0);
	json_close(out, '}');
	return OK;
}

enum err
on_bulk_get(struct job *job, struct call *call)
{
	struct bulk bulk;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(call_registry(job, call));
	TRY(bulk_get(job, call->vault, id, &bulk));
	answer_json(call, 200);
	return bulk_write(job, call, &bulk);
}

enum err
on_bulk_link_post(struct job *job, struct call *call)
{
	OWNED(buf_release) struct buf path = { .max = 128 };
	struct json_out *out;
	struct bulk bulk;
	str token;
	uid id;

	TRY(call_id(job, call, &id));
	TRY(bulk_link(job, call->vault, id, &bulk, &token));
	buf_put(&path, S("/exports/"));
	buf_put(&path, token);
	out = answer_json(call, 201);
	json_open(out, '{');
	json_pair_str(out, S("link"), buf_str(&path));
	json_pair_time(out, S("expires_at"), bulk.link_until);
	json_close(out, '}');
	return OK;
}

enum err
on_bulk_delete(struct job *job, struct call *call)
{
	uid id;

	TRY(call_id(job, call, &id));
	TRY(bulk_cancel(job, call->vault, id));
	if (call->api->server)
		server_cut(call->api->server, tag_of(id));
	answer_empty(call);
	return OK;
}

/* --- the page behind the link ----------------------------------------------------------------- */

#define GONE_SV "<p>Antingen har den redan använts, eller så har tiden gått ut, eller så har någon av dem som stod bakom den " \
	"slutat. Begär exporten igen om du behöver den.</p>\n"
#define GONE_EN "<p>Either it has been used already, or its time is up, or somebody who stood behind it has left. Ask for the " \
	"export again if you need it.</p>\n"
#define READY_SV "<p>Exporten är godkänd. Den hämtas en gång, och vem som finns med i den skrivs i loggen.</p>\n" \
	"<form method=\"post\"><p><button>Hämta exporten</button></p></form>\n<p class=\"quiet\">Filen innehåller personuppgifter " \
	"om många. Länken gäller till "
#define READY_EN "<p>The export is approved. It can be fetched once, and who is in it is written into the log.</p>\n" \
	"<form method=\"post\"><p><button>Download the export</button></p></form>\n<p class=\"quiet\">The file holds personal data " \
	"of many. The link works until "

static void
page_write(struct job *job, struct call *call, const struct bulk *bulk)
{
	enum language language = wants_swedish(call->request) ? SWEDISH : ENGLISH;
	bool swedish = language == SWEDISH;
	struct buf *body = &call->response->body;

	if (bulk) {
		page_begin(body, language, swedish ? S("Exporten är klar att hämta") : S("The export is ready to download"));
		buf_put(body, swedish ? S(READY_SV) : S(READY_EN));
		speak_time(body, bulk->link_until, 0, language);
		buf_put(body, S(" (UTC).</p>\n"));
	} else {
		page_begin(body, language, swedish ? S("Länken gäller inte längre") : S("The link no longer works"));
		buf_put(body, swedish ? S(GONE_SV) : S(GONE_EN));
	}
	page_end(body);
	answer_text(call, bulk ? 200 : 410, S("text/html; charset=utf-8"));
	response_header(call->response, S("Content-Language"), language_code(language));
	response_header(call->response, S("Vary"), S("Accept-Language"));
	answer_page_headers(job, call, bulk);
}

enum err
on_bulk_page_get(struct job *job, struct call *call)
{
	struct bulk bulk;
	bool there;

	TRY(bulk_look(job, call->vault, call->param[0], &bulk, &there));
	page_write(job, call, there ? &bulk : NULL);
	return OK;
}

/* --- the stream ------------------------------------------------------------------------------- */

static enum err
put_piece(struct job *job, void *ctx, bytes piece)
{
	return response_put(job, ctx, piece);
}

static enum err
stream(struct job *job, struct call *call, const struct bulk *bulk)
{
	struct two_words words = { bulk->asked_by, bulk->asked_epoch, bulk->approver, bulk->approver_epoch };
	int64_t persons = 0;
	enum err err;

	guard_with_two(call->response, tag_of(bulk->id), &words);
	err = response_begin(job, call->response);
	if (!err)
		err = bulk_run(job, call->vault, bulk, put_piece, call->response, &persons);
	TRY(bulk_end(job, call->vault, bulk, persons, err)); /* before the last chunk says that it is whole */
	if (!err)
		response_whole(call->response);
	return err;
}

/* Before the link is used up. */
static enum err
room_check(struct job *job, const struct call *call)
{
	struct server_stats stats;

	if (!call->api->server)
		return OK;
	server_stats(call->api->server, &stats);
	if (stats.streams >= stats.streams_max)
		return fail(job, ERR_BUSY, "limit_streams: as many exports are under way as may be");
	return OK;
}

enum err
on_bulk_fetch_post(struct job *job, struct call *call)
{
	struct bulk bulk;
	bool there;

	TRY(room_check(job, call));
	TRY(bulk_take(job, call->vault, call->param[0], &bulk, &there));
	if (!there) {
		page_write(job, call, NULL);
		return OK;
	}
	answer_text(call, 200, bulk.format == BULK_CSV ? S("text/csv; charset=utf-8") : S("application/x-ndjson"));
	response_header(call->response, S("Content-Disposition"),
	                bulk.format == BULK_CSV ? S("attachment; filename=\"export.csv\"")
	                                        : S("attachment; filename=\"export.ndjson\""));
	return stream(job, call, &bulk);
}
