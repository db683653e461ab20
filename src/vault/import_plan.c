/* vault/import_plan.c -- from what the rows want of one person to what may be written.
 *
 * The order is the law's: first what the rows take away, then whether there is evidence for a yes
 * that no no outweighs (M1, M2), then where the company wants the rest, and values last, since a value
 * needs a ground (V1). */
#include "vault/import_derive.h"

void *
room_for(struct job *job, void *table, size_t count, size_t *room, size_t size)
{
	void *grown;

	if (count < *room)
		return table;
	*room = *room ? *room * 2 : 4;
	grown = arena_array(&job->arena, *room, size);
	if (count)
		memcpy(grown, table, count * size);
	return grown;
}

/* --- wants ------------------------------------------------------------------------------------ */

static bool
values_add(struct job *job, struct import_plan *plan, const struct import_row *row)
{
	bool more = false;

	for (size_t i = 0; i < row->value_count; i++) {
		size_t at = 0;
		while (at < plan->value_count && plan->value[at].field != row->value[i].field)
			at++;
		if (at < plan->value_count)
			continue;
		plan->value = room_for(job, plan->value, plan->value_count, &plan->value_room,
		                       sizeof(*plan->value));
		plan->value[plan->value_count++] = row->value[i];
		more = true;
	}
	return more;
}

static bool
consent_add(struct job *job, struct import_plan *plan, const struct import_row *row)
{
	if (!row->consents)
		return false;
	for (size_t i = 0; i < plan->consent_count; i++)
		if (plan->consent[i].at == row->consent.at &&
		    plan->consent[i].confirmed_at == row->consent.confirmed_at)
			return false;
	plan->consent = room_for(job, plan->consent, plan->consent_count, &plan->consent_room,
	                         sizeof(*plan->consent));
	plan->consent[plan->consent_count++] = row->consent;
	return true;
}

static bool
no_add(struct job *job, struct import_plan *plan, const struct want_no *no)
{
	for (size_t i = 0; i < plan->no_count; i++) {
		struct want_no *has = &plan->no[i];
		if (has->kind != no->kind || has->address != no->address ||
		    memcmp(has->digest, no->digest, DIGEST_BYTES) != 0)
			continue;
		if (no->at > has->at)
			*has = *no;
		return false;
	}
	plan->no = room_for(job, plan->no, plan->no_count, &plan->no_room, sizeof(*plan->no));
	plan->no[plan->no_count++] = *no;
	return true;
}

void
plan_add(struct job *job, struct import_plan *plan, const struct import_row *row, bool *ret_more)
{
	bool more = false;

	for (size_t i = 0; i < row->no_count; i++)
		more |= no_add(job, plan, &row->no[i]);
	if (!row->bad) {
		plan->rows++;
		more |= values_add(job, plan, row);
		more |= consent_add(job, plan, row);
		plan->reasons |= row->reasons;
		if (!plan->email.len)
			plan->email = row->email;
		if (!plan->phone.len)
			plan->phone = row->phone;
		if (!plan->reference.len)
			plan->reference = row->reference;
		if (row->since_at < plan->since_at)
			plan->since_at = row->since_at;
	}
	*ret_more = more;
}

/* --- the person ------------------------------------------------------------------------------- */

static enum err
values_open(struct derive *d, const struct subject *subject, struct value **ret, size_t *ret_count)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	struct vault *vault = d->run->vault;

	TRY(keys_get(d->job, vault->keys, d->job->db, subject->no, &keyset));
	return record_open(d->job, subject->id, keyset, subject->record, ret, ret_count);
}

static const struct value *
value_of(const struct value *value, size_t count, const struct field *field)
{
	for (size_t i = 0; field && i < count; i++)
		if (value[i].field == field->no)
			return &value[i];
	return NULL;
}

/* Full name as one folded text: from the whole, or from its parts. */
static void
name_fold(str whole, str given, str family, struct buf *ret)
{
	OWNED(buf_release) struct buf text = { .max = 2 * LIMIT_VALUE_BYTES };

	buf_put(&text, whole);
	if (!whole.len) {
		buf_put(&text, given);
		buf_char(&text, ' ');
		buf_put(&text, family);
	}
	text_fold(buf_str(&text), ret);
}

static str
wanted(const struct import_plan *plan, const struct field *field)
{
	for (size_t i = 0; field && i < plan->value_count; i++)
		if (plan->value[i].field == field)
			return plan->value[i].text;
	return S("");
}

static str
held(const struct value *value, size_t count, const struct field *field)
{
	const struct value *at = value_of(value, count, field);

	return at ? at->text : S("");
}

static bool
same_name(const struct derive *d, const struct value *value, size_t count)
{
	OWNED(buf_release) struct buf ours = { .max = 4 * LIMIT_VALUE_BYTES };
	OWNED(buf_release) struct buf theirs = { .max = 4 * LIMIT_VALUE_BYTES };
	const struct import_run *run = d->run;

	name_fold(wanted(d->plan, run->full_name), wanted(d->plan, run->given_name),
	          wanted(d->plan, run->family_name), &ours);
	name_fold(held(value, count, run->full_name), held(value, count, run->given_name),
	          held(value, count, run->family_name), &theirs);
	return ours.len && str_eq(buf_str(&ours), buf_str(&theirs));
}

static enum err
holder_get(struct derive *d, int64_t no, struct subject *ret, bool *ret_there)
{
	enum err err = subject_get_no(d->job, d->run->vault, no, ret);

	*ret_there = !err;
	if (err == ERR_ABSENT || err == ERR_GONE) { /* went since the lookup */
		job_forgive(d->job);
		return OK;
	}
	return err;
}

/* Among several who share the address, the one of that name; *ret_unclear when that is not one. */
static enum err
person_among(struct derive *d, bool *ret_unclear)
{
	struct import_plan *plan = d->plan;
	size_t matches = 0, there_count = 0;
	struct subject subject, only = { 0 };

	for (size_t i = 0; i < plan->holder_count; i++) {
		struct value *value;
		size_t count;
		bool there;
		TRY(holder_get(d, plan->holder[i], &subject, &there));
		if (!there)
			continue;
		there_count++;
		TRY(values_open(d, &subject, &value, &count));
		if (!same_name(d, value, count))
			continue;
		if (!matches++)
			only = subject;
	}
	*ret_unclear = there_count && matches != 1;
	if (matches == 1)
		plan->subject = only;
	return OK;
}

static enum err
person_find(struct derive *d, bool *ret_unclear)
{
	struct import_plan *plan = d->plan;
	bool there = false;

	*ret_unclear = plan->holders_many;
	plan->subject = (struct subject){ 0 };
	if (plan->holders_many || !plan->holder_count)
		return OK;
	if (plan->holder_count > 1)
		return person_among(d, ret_unclear);
	TRY(holder_get(d, plan->holder[0], &plan->subject, &there));
	if (!there)
		plan->subject = (struct subject){ 0 };
	return OK;
}

/* Somebody else's hands on the person since this import's own: not its own to undo any more. */
static enum err
touched_find(struct derive *d)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct import_plan *plan = d->plan;
	bool there;

	TRY(db_query(d->job, d->job->db, SQL_IMPORT_MADE_GET,
	             ARGS(sql_i64(plan->subject.no), sql_i64(d->run->import_no)), &rows));
	TRY(rows_next(d->job, &rows, &there));
	plan->touched = there && rows_i64(&rows, 1) != plan->subject.version;
	plan->made_here = there && !plan->touched && rows_i64(&rows, 0) == 1;
	plan->asked_here = plan->made_here && rows_i64(&rows, 2);
	return OK;
}

/* --- writing things down ---------------------------------------------------------------------- */

void
act_put(struct derive *d, const struct act_new *act)
{
	struct change *change = &d->plan->change;
	size_t room = change->act_count;

	/* Grows by doubling from four: act_count is a power of two times when there is no room. */
	if (!(room & (room - 1)) || !room) {
		struct act_new *grown = arena_array(&d->job->arena, room ? room * 2 : 1, sizeof(*grown));
		if (room)
			memcpy(grown, change->act, room * sizeof(*grown));
		change->act = grown;
	}
	change->act[change->act_count] = *act;
	change->act[change->act_count].method = METHOD_IMPORT;
	change->act_count++;
}

void
added_put(struct derive *d, uint8_t kind, int64_t object, int64_t detail)
{
	struct import_plan *plan = d->plan;

	plan->added = room_for(d->job, plan->added, plan->added_count, &plan->added_room,
	                       sizeof(*plan->added));
	plan->added[plan->added_count].kind = kind;
	plan->added[plan->added_count].object = object;
	plan->added[plan->added_count++].detail = detail;
}

void
cover(struct derive *d, const struct purpose_version *version)
{
	d->grounded = true;
	for (size_t i = 0; i < version->field_count; i++)
		if (version->field[i] / 64 < COUNT(d->covered))
			d->covered[version->field[i] / 64] |= UINT64_C(1) << (version->field[i] % 64);
}

/* --- values ----------------------------------------------------------------------------------- */

static bool
covered(const struct derive *d, const struct field *field)
{
	uint16_t covering[LIMIT_GROUNDS];

	if (d->covered[field->no / 64] & UINT64_C(1) << (field->no % 64))
		return true;
	return is_there(d) && standing_covering(d->run->registry, &d->plan->subject.standing, d->job->now,
	                                        field->no, covering) > 0;
}

/* M5: what is there stays, by whomever it was given. */
static void
values_derive(struct derive *d)
{
	struct import_plan *plan = d->plan;
	struct change *change = &plan->change;

	change->value = arena_array(&d->job->arena, plan->value_count + 1, sizeof(*change->value));
	for (size_t i = 0; i < plan->value_count && d->grounded; i++) {
		const struct value_set *want = &plan->value[i];
		const struct value *has = value_of(d->value, d->value_count, want->field);
		if (has && !str_eq(has->text, want->text))
			because(d, WHY_KEPT);
		if (has || !covered(d, want->field))
			continue;
		change->value[change->value_count++] = *want;
		added_put(d, ADDED_VALUE, want->field->no, 0);
	}
}

/* A person who could not be found again would come in once more with each run (M4). */
static bool
findable(const struct derive *d)
{
	for (size_t i = 0; i < d->plan->key_count; i++)
		for (size_t n = 0; n < d->plan->change.value_count; n++)
			if (d->plan->change.value[n].field == d->plan->key[i].field)
				return true;
	return false;
}

/* --- the outcome ------------------------------------------------------------------------------ */

static void
outcome_new(struct derive *d)
{
	struct import_plan *plan = d->plan;

	if (d->grounded && !findable(d)) {
		because(d, WHY_UNCOVERED);
		plan->outcome = OUTCOME_LEFT_OUT;
		return;
	}
	plan->writes = d->grounded;
	if (plan->writes)
		plan->outcome = plan->asks ? OUTCOME_ASKED : OUTCOME_CREATED;
	else if (plan->no_count && !plan->suppression_count)
		plan->outcome = OUTCOME_UNCHANGED;
	else
		plan->outcome = d->said_no || plan->no_count ? OUTCOME_SUPPRESSED : OUTCOME_LEFT_OUT;
}

static void
outcome_there(struct derive *d)
{
	struct import_plan *plan = d->plan;
	bool raises = false;

	for (size_t i = 0; i < plan->change.act_count; i++)
		raises |= act_raises(plan->change.act[i].act) > 0;
	plan->writes = plan->change.act_count || plan->change.value_count;
	if (raises || plan->change.value_count)
		plan->outcome = plan->asks ? OUTCOME_ASKED : OUTCOME_UPDATED;
	else if (plan->writes || plan->suppression_count)
		plan->outcome = OUTCOME_SUPPRESSED;
	else if (plan->no_count || d->grounded)
		plan->outcome = OUTCOME_UNCHANGED;
	else
		plan->outcome = d->said_no ? OUTCOME_SUPPRESSED : OUTCOME_LEFT_OUT;
}

static void
change_make(struct derive *d)
{
	struct import_plan *plan = d->plan;
	struct change *change = &plan->change;
	const struct import_run *run = d->run;

	change->registry = run->registry;
	change->subject = plan->subject;
	change->drop_uncovered = true;
	change->entry = is_there(d) ? ENTRY_SUBJECT_CHANGE : ENTRY_SUBJECT_CREATE;
	change->import_no = run->import_no;
	change->import_ask = plan->asks;
	plan->import_no = run->import_no;
	if (is_there(d))
		return;
	plan->added_count = 0; /* all of the person is the import's */
	if (run->settings->origin == ORIGIN_OBTAINED) { /* M6 */
		change->set_tell_by = true;
		change->tell_by_at = run->tell_by_at;
	}
	if (run->told_at != TIME_NEVER) {
		change->set_told = true;
		change->told_at = run->told_at;
	}
}

/* Article 18 leaves room for storing only, and for stopping more. */
static bool
is_frozen(const struct derive *d)
{
	return is_there(d) &&
	       (d->plan->subject.standing.restricted || d->plan->subject.flags & FLAG_DECEASED);
}

static void
forget(struct import_plan *plan)
{
	plan->change = (struct change){ 0 };
	plan->writes = plan->asks = plan->touched = plan->made_here = plan->asked_here = false;
	plan->known_consents = 0;
	plan->found_reasons = 0;
	plan->consents = 0;
	plan->suppression_count = plan->added_count = 0;
}

static enum err
derive_all(struct derive *d)
{
	struct import_plan *plan = d->plan;

	if (is_there(d)) {
		TRY(values_open(d, &plan->subject, &d->value, &d->value_count));
		TRY(touched_find(d));
	}
	TRY(suppressions_find(d, ADDRESS_EMAIL, plan->email));
	TRY(suppressions_find(d, ADDRESS_PHONE, plan->phone));
	noes_derive(d);
	TRY(suppressions_new(d));
	if (is_frozen(d)) {
		because(d, WHY_RESTRICTED);
	} else {
		TRY(consents_derive(d));
		rest_derive(d);
		values_derive(d);
	}
	if (is_there(d))
		outcome_there(d);
	else
		outcome_new(d);
	change_make(d);
	return OK;
}

enum err
plan_derive(struct job *job, const struct import_run *run, struct import_plan *plan)
{
	struct derive derive = { .job = job, .run = run, .plan = plan };
	bool unclear;

	forget(plan);
	TRY(person_find(&derive, &unclear));
	if (!unclear)
		return derive_all(&derive);
	/* Whoever is meant: the address is stopped all the same (M3). */
	because(&derive, WHY_SHARED);
	noes_derive(&derive);
	TRY(suppressions_new(&derive));
	plan->outcome = OUTCOME_BAD;
	return OK;
}

enum import_reason
plan_refusal(enum err err)
{
	switch (err) {
	case ERR_CHILD:
		return WHY_CHILD;
	case ERR_SPECIAL:
		return WHY_SPECIAL;
	case ERR_STALE:
		return WHY_BUSY;
	case ERR_LIMIT:
	case ERR_INVALID:
	case ERR_NO_GROUND:
	case ERR_EVIDENCE:
	case ERR_PURPOSE_INACTIVE:
	case ERR_SUPPRESSED:
	case ERR_HELD:
	case ERR_GONE:
		return WHY_REFUSED;
	default:
		return WHY_NONE;
	}
}
