/* rights/package_acts.c -- the ledger with its evidence, as much as fits in one part (A4). */
#include "base/limits.h"
#include "rights/package_parts.h"

#define ACTS_AT_ONCE 200

/* Product categories, one on each line. */
static void
put_categories(struct row *row, bytes detail)
{
	str rest = bytes_str(detail), line;
	size_t count = 0, room = 1;
	str *list;

	for (size_t i = 0; i < rest.len; i++)
		room += rest.ptr[i] == '\n';
	list = arena_array(&row->package->job->arena, room, sizeof(*list));
	while (rest.len) {
		if (!eat_until(&rest, '\n', &line)) {
			line = rest;
			rest = S("");
		}
		list[count++] = line;
	}
	row_texts(row, list, count);
}

static bytes
fields_of(const struct act_row *act)
{
	bytes fields = act->detail;
	uint8_t reason;

	if (act->act == ACT_HELD || act->act == ACT_CORRECTED || act->act == ACT_COMPLETED)
		return fields;
	if (act->act == ACT_RESTRICTED && eat_u8(&fields, &reason))
		return fields;
	return (bytes){ 0 };
}

/* Four cells. What the detail is depends on the act. */
static void
put_detail(struct row *row, const struct act_row *act)
{
	bytes detail = act->detail;
	uint64_t released = 0;

	row_fields(row, fields_of(act));
	if (act->act == ACT_RELEASED)
		(void)eat_le64(&detail, &released);
	row_number_or_null(row, (int64_t)released);
	put_categories(row, act->basis == BASIS_SOFT_OPT_IN ? act->detail : (bytes){ 0 });
}

static void
put_act(struct package *package, const struct act_row *act)
{
	bool whole = act->act == ACT_OBJECTED && !act->purpose;
	struct row row;

	row_begin(&row, package, SECTION_LEDGER);
	row_number(&row, act->seq);
	row_time(&row, act->at);
	row_time(&row, act->recorded_at);
	row_text(&row, act_name(act->act));
	row_purpose(&row, act->purpose, whole ? S("(marketing)") : S(""));
	row_number_or_null(&row, act->version);
	row_text(&row, act->basis ? basis_name(act->basis) : S(""));
	row_channels(&row, act->channels);
	row_time(&row, act->until_at);
	row_text(&row, act->method ? method_name(act->method) : S(""));
	row_text(&row, actor_word(act->actor.kind));
	row_text(&row, act->notice.len ? hash_text(package->job, act->notice) : S(""));
	put_detail(&row, act);
	row_json(&row, bytes_str(act->evidence));
	row_end(&row);
}

enum err
package_acts(struct package *package, struct vault *vault)
{
	size_t count = ACTS_AT_ONCE, used = 0;
	struct act_row *act;

	package->next.act = package->begin.act;
	while (count == ACTS_AT_ONCE && used < LIMIT_PACKAGE_ACTS_BYTES) {
		TRY(subject_acts(package->job, vault, &package->subject, package->next.act, ACTS_AT_ONCE,
		                 &act, &count));
		for (size_t i = 0; i < count && used < LIMIT_PACKAGE_ACTS_BYTES; i++) {
			used += 512 + act[i].evidence.len + act[i].detail.len;
			put_act(package, &act[i]);
			package->next.act = act[i].seq;
		}
	}
	if (package->act_count && package->act[package->act_count - 1].seq > package->next.act)
		package->more = true;
	return OK;
}
