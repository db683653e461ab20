/* vault/change_values.c -- the values of a change: what there will be, which of it a ground covers (P1,
 * I1), and what it is found by. */
#include "base/limits.h"
#include "vault/change_parts.h"

/* --- values ----------------------------------------------------------------------------------- */

struct value *
value_find(struct value *value, size_t count, uint16_t field)
{
	for (size_t i = 0; i < count; i++)
		if (value[i].field == field)
			return &value[i];
	return NULL;
}

/*= gdpr 16
 *# The data subject shall have the right to have incomplete personal data completed, including by
 *# means of providing a supplementary statement. */
static enum err
statements_merge(struct prepare *prepare, struct value *value, size_t count)
{
	for (size_t i = 0; i < prepare->change->statement_count; i++) {
		const struct statement_set *set = &prepare->change->statement[i];
		struct value *at = value_find(value, count, set->field->no);
		OWNED(buf_release) struct buf where = { .max = 128 };

		if (at) {
			at->statement = set->text;
			continue;
		}
		buf_put(&where, S("/statements/"));
		buf_put(&where, set->field->name);
		return fail_at(prepare->job, ERR_INVALID, buf_str(&where),
		               "the person has no value there that could be completed");
	}
	return OK;
}

enum err
values_merge(struct prepare *prepare)
{
	struct change *change = prepare->change;
	struct job *job = prepare->job;
	struct value *value =
		arena_array(&job->arena, prepare->old_count + change->value_count + 1, sizeof(*value));
	size_t count = prepare->old_count;

	if (count)
		memcpy(value, prepare->old, count * sizeof(*value));
	for (size_t i = 0; i < change->value_count; i++) {
		const struct value_set *set = &change->value[i];
		struct value *at = value_find(value, count, set->field->no);
		if (!set->text.len) {
			if (at)
				*at = value[--count];
			continue;
		}
		if (at && str_eq(at->text, set->text) && at->origin == set->origin)
			continue; /* nothing new: keeps when and by whom it was stored */
		if (!at)
			at = &value[count++];
		*at = (struct value){ .field = set->field->no, .origin = set->origin,
			              .stored_at = job->now, .stored_by = job->actor, .text = set->text };
	}
	TRY(statements_merge(prepare, value, count));
	if (count > LIMIT_VALUES)
		return fail(job, ERR_LIMIT, "limit_values: this person has as many values as there may be");
	prepare->value = value;
	prepare->value_count = count;
	return OK;
}

/* A storage-only ground keeps what is there, corrected or not; it is no reason to collect. */
static bool
is_covered(const struct prepare *prepare, const struct value *value, bool is_new, time_us as_of,
           uint16_t *covering)
{
	size_t count = standing_covering(prepare->change->registry, &prepare->plan->after.standing,
	                                 as_of, value->field, covering);
	bool kept_only = count == 1 && covering[0] == 0;

	return count && !(is_new && kept_only && !value_find(prepare->old, prepare->old_count, value->field));
}

/* P1, and I1 for what was there: uncovered old values go, uncovered new ones are refused. */
enum err
values_cover(struct prepare *prepare)
{
	struct change *change = prepare->change;
	struct job *job = prepare->job;
	const struct standing *standing = &prepare->plan->after.standing;
	uint16_t *covering = arena_array(&job->arena, standing->ground_count + 1, sizeof(*covering));
	size_t kept = 0;

	for (size_t i = 0; i < prepare->value_count; i++) {
		struct value *value = &prepare->value[i];
		bool is_new = value->stored_at == job->now && !value->section;
		time_us as_of = is_new ? job->now : prepare->keep_as_of;
		OWNED(buf_release) struct buf where = { .max = 128 };

		if (is_covered(prepare, value, is_new, as_of, covering)) {
			prepare->value[kept++] = *value;
			continue;
		}
		if (!is_new) {
			prepare->plan->values_gone++;
			continue;
		}
		if (change->drop_uncovered)
			continue;
		buf_put(&where, S("/values/"));
		buf_put(&where, registry_field_no(change->registry, value->field)->name);
		return fail_at(job, ERR_NO_GROUND, buf_str(&where),
		               "no live ground of this person covers the field: name a purpose that has it, with its evidence");
	}
	prepare->value_count = kept;
	return OK;
}

/* --- lookups and tags ------------------------------------------------------------------------- */

static void
lookup_rows(struct plan *plan, const struct field *field, str text, bool drop)
{
	struct digests digests;

	lookup_digests(field, text, &digests);
	for (size_t i = 0; i < digests.count; i++) {
		struct lookup_row *row = &plan->lookup[plan->lookup_count++];
		row->field = field->no;
		row->drop = drop;
		memcpy(row->digest, digests.digest[i], DIGEST_BYTES);
	}
}

void
lookups_make(struct prepare *prepare)
{
	const struct registry *registry = prepare->change->registry;
	struct plan *plan = prepare->plan;

	plan->lookup = arena_array(&prepare->job->arena,
	                           4 * (prepare->old_count + prepare->value_count) + 1,
	                           sizeof(*plan->lookup));
	for (size_t i = 0; i < prepare->old_count; i++) {
		const struct value *was = &prepare->old[i];
		const struct value *is = value_find(prepare->value, prepare->value_count, was->field);
		const struct field *field = registry_field_no(registry, was->field);
		if (field && field->lookup != LOOKUP_NONE && !(is && str_eq(is->text, was->text)))
			lookup_rows(plan, field, was->text, true);
	}
	for (size_t i = 0; i < prepare->value_count; i++) {
		const struct value *is = &prepare->value[i];
		const struct value *was = value_find(prepare->old, prepare->old_count, is->field);
		const struct field *field = registry_field_no(registry, is->field);
		if (field && field->lookup != LOOKUP_NONE && !(was && str_eq(is->text, was->text)))
			lookup_rows(plan, field, is->text, false);
	}
}

/* The postal address is several fields: their folded texts in the order of the registry. */
void
address_match(const struct registry *registry, struct value *value, size_t count,
              enum address address, struct buf *match)
{
	const struct field *field;

	for (size_t nth = 0; (field = registry_address(registry, address, nth)); nth++) {
		const struct value *is = value_find(value, count, field->no);
		if (!is)
			continue;
		if (address != ADDRESS_POST) { /* the first that is held is the address */
			type_match(field->type, is->text, match);
			break;
		}
		text_fold(is->text, match);
		buf_char(match, '\n');
	}
}

void
tag_make(struct prepare *prepare, enum address address)
{
	OWNED(buf_release) struct buf match = { .max = 8 * LIMIT_VALUE_BYTES };
	struct subject *after = &prepare->plan->after;

	address_match(prepare->change->registry, prepare->value, prepare->value_count, address, &match);
	after->tagged[address] = match.len > 0;
	if (match.len)
		suppression_digest(prepare->vault, address, buf_str(&match), after->tag[address]);
}
