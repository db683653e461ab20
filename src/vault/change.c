/* vault/change.c -- one write to one person, from what is wanted to what is durable.
 *
 * Contract and P1-P3: see subject.h.  change_prepare() does on the caller's thread all that needs
 * reading, thinking and sealing, and ends in a `struct plan` that holds nothing but rows;
 * plan_steps() runs on the writer's thread and only writes them, guarded by the row's version. */
#include "base/limits.h"
#include "os/random.h"
#include "vault/outbox.h"
#include "vault/rows.h"
#include "vault/suppress.h"
#include "vault/taken.h"

#define CLOCK_SKEW (5 * 60 * TIME_SECOND) /* an act may be dated this far ahead of our clock */
#define CREATE_TRIES 5
#define RETRIES 200                       /* a change is prepared again this often at most */

struct lookup_row {
	uint16_t field;
	uint8_t digest[DIGEST_BYTES];
	bool drop;
};

struct suppression_row {
	uint8_t digest[DIGEST_BYTES];
	struct suppression suppression;
	bool lift; /* take away instead */
};

/* Everything that the steps write. */
struct plan {
	struct change *change;
	struct subject after; /* the row as it will be */
	bytes standing;
	struct act_row *act;
	size_t act_count;
	struct lookup_row *lookup;
	size_t lookup_count;
	struct suppression_row *suppression;
	size_t suppression_count;
	uint32_t epoch;
	bytes wrapped;  /* put before the data; empty: nothing new */
	bytes trimmed;  /* put after the data */
	bool trim;
	bytes entry_body;
	int64_t entry;
	size_t values_gone, sections_gone, keys_gone;
	struct outbox_plan outbox; /* what recipients are told of it */
	bool at_outbox;            /* where the steps stopped: somebody was told meanwhile */
	struct taken taken;
};

/* One preparation: what was there, what is wanted, what comes out. */
struct prepare {
	struct job *job;
	struct vault *vault;
	struct change *change;
	struct plan *plan;
	struct keyset *keyset;
	bool keys_spare;        /* keys.db holds more than the record needs: trim, whatever changes */
	struct act_row *ledger; /* old and new */
	size_t ledger_old, ledger_count;
	struct value *old;
	size_t old_count;
	struct value *value; /* as it will be, before coverage is looked at */
	size_t value_count;
	time_us keep_as_of; /* what is covered then is not erased; earlier than now while the clock is off (K1) */
};

/* --- acts ------------------------------------------------------------------------------------- */

/* law.md C1.1, C1.10: a ground has the basis of its purpose; consent is given, never established. */
static bool
basis_fits(const struct act_new *act)
{
	const struct purpose_version *version = act->version;

	if (act->act == ACT_GIVEN || act->act == ACT_CONFIRMED)
		return act->basis == BASIS_CONSENT && version->basis == BASIS_CONSENT;
	if (act->act != ACT_ESTABLISHED)
		return true;
	return act->basis != BASIS_CONSENT &&
	       (act->basis == version->basis || (act->basis == BASIS_SOFT_OPT_IN && version->soft_opt_in));
}

static enum err
act_check(struct prepare *prepare, const struct act_new *act)
{
	struct job *job = prepare->job;
	const struct purpose_version *version = act->version;

	if (act->at > job->now + CLOCK_SKEW)
		return fail_at(job, ERR_INVALID, S("/at"), "is in the future");
	/* The sweep writes an end down at that end: one that lies before its own beginning would be
	 * written down for ever. */
	if (act->until_at && act->until_at <= act->at)
		return fail_at(job, ERR_INVALID, S("/until"), "is not after the act");
	if (act_raises(act->act) <= 0 || act->act == ACT_OVERRULED || !version)
		return OK;
	/* A purpose that has ended, or a version that was never in force, starts nothing new. */
	if (version->state == VERSION_DRAFT || version->state == VERSION_ENDED)
		return fail_at(job, ERR_PURPOSE_INACTIVE, S("/purpose"), "the purpose is not active");
	if (!basis_fits(act))
		return fail_at(job, ERR_INVALID, S("/basis"), "the purpose rests on another basis");
	if (act->channels & ~version->channels)
		return fail_at(job, ERR_INVALID, S("/channels"), "the purpose does not use that channel");
	if (act->act == ACT_GIVEN && version->explicit_basis && !act->explicit_act)
		return fail_at(job, ERR_SPECIAL, S("/explicit"), "special categories need an explicit act");
	return OK;
}

static bool
under_age(struct date birth, int64_t age, time_us now)
{
	struct duration years = { .months = (uint32_t)age * 12 };

	return date_time(date_add(birth, years)) > now;
}

/*= gdpr 8(1)
 *# Where the child is below the age, processing is lawful only if consent is given or authorised
 *# by the holder of parental responsibility. */
static bool
is_child(const struct prepare *prepare)
{
	const struct registry *registry = prepare->change->registry;
	struct date birth;

	if (prepare->plan->after.flags & FLAG_CHILD)
		return true;
	for (size_t i = 0; i < prepare->value_count; i++) {
		const struct field *field = registry_field_no(registry, prepare->value[i].field);
		str text = prepare->value[i].text;
		bool known = false;
		if (field && field->type == TYPE_BIRTH_DATE)
			known = date_parse(text, &birth);
		else if (field && field->type == TYPE_PERSONNUMMER)
			known = personnummer_birth_date(text, &birth);
		if (known && under_age(birth, registry->age_of_consent, prepare->job->now))
			return true;
	}
	return false;
}

static enum err
children_check(struct prepare *prepare)
{
	bool asked = false, child = false;

	for (size_t i = 0; i < prepare->change->act_count; i++) {
		const struct act_new *act = &prepare->change->act[i];
		if (act->act != ACT_GIVEN || act->basis != BASIS_CONSENT || act->guardian || act->told)
			continue;
		if (!asked)
			child = is_child(prepare);
		asked = true;
		if (child)
			return fail_at(prepare->job, ERR_CHILD, S("/guardian"), "the person is under the age of consent");
	}
	return OK;
}

static void
evidence_seal(struct prepare *prepare, const struct act_new *act, struct act_row *row)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };
	OWNED(buf_release) struct buf sealed = { .max = LIMIT_EVIDENCE_BYTES + SEAL_OVERHEAD };

	if (!act->evidence.len)
		return;
	evidence_associated(&associated, prepare->plan->after.id, row->seq);
	seal(keyset_find(prepare->keyset, 0), buf_bytes(&associated), str_bytes(act->evidence), &sealed);
	row->evidence = arena_bytes(&prepare->job->arena, buf_bytes(&sealed));
}

static void
act_row_make(struct prepare *prepare, const struct act_new *act, int64_t seq, struct act_row *ret)
{
	const struct purpose_version *version = act->version;

	*ret = (struct act_row){
		.seq = seq,
		.at = act->at,
		.recorded_at = prepare->job->now,
		.act = act->act,
		.basis = act->basis,
		.purpose = version ? version->purpose : 0,
		.version = version ? version->version : 0,
		.channels = act->channels ? act->channels : version ? version->channels : CHANNELS_ALL,
		.until_at = act->until_at ? act->until_at : TIME_NEVER,
		.notice = act->notice,
		.method = act->method,
		.actor = prepare->job->actor,
		.detail = act->detail,
	};
}

/* Acts for which there is always room: a no, an end, and what the person has a right to. */
static bool
is_owed(enum act act)
{
	return act_raises(act) < 0 || act == ACT_CORRECTED || act == ACT_COMPLETED || act == ACT_TOLD ||
	       act == ACT_UNRESTRICTED || act == ACT_OVERRULED;
}

static bool
only_owed(const struct change *change)
{
	for (size_t i = 0; i < change->act_count; i++)
		if (!is_owed(change->act[i].act) && !change->act[i].told)
			return false;
	return true;
}

/* Less than only_owed(): a statement, a correction or a ruling is owed, and stores or allows something. */
static bool
only_lowers(const struct change *change)
{
	for (size_t i = 0; i < change->act_count; i++)
		if (act_raises(change->act[i].act) >= 0 && !change->act[i].told)
			return false;
	return true;
}

/* Old acts and new ones in one array; the new ones numbered on. */
static enum err
ledger_extend(struct prepare *prepare)
{
	struct change *change = prepare->change;
	struct job *job = prepare->job;
	struct act_row *old = NULL, *all;
	size_t old_count = 0;
	int64_t seq = 0;

	if (change->subject.version)
		TRY(ledger_read(job, change->subject.no, &old, &old_count));
	/* A no, and an end that the sweep writes down, find room beyond the limit (Article 7(3)). */
	if (old_count + change->act_count > (only_owed(change) ? 5 * LIMIT_LEDGER : LIMIT_LEDGER))
		return fail(job, ERR_LIMIT, "limit_ledger: this person's ledger holds as many acts as it may");
	all = arena_array(&job->arena, old_count + change->act_count + 1, sizeof(*all));
	if (old_count) {
		memcpy(all, old, old_count * sizeof(*all));
		seq = old[old_count - 1].seq;
	}
	for (size_t i = 0; i < change->act_count; i++) {
		all[old_count + i] = change->act[i].told ? *change->act[i].told : (struct act_row){ 0 };
		if (change->act[i].told)
			continue;
		TRY(act_check(prepare, &change->act[i]));
		act_row_make(prepare, &change->act[i], ++seq, &all[old_count + i]);
	}
	prepare->ledger = all;
	prepare->ledger_old = old_count;
	prepare->ledger_count = old_count + change->act_count;
	return OK;
}

/* --- values ----------------------------------------------------------------------------------- */

static struct value *
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

static enum err
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
static enum err
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

static void
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

static void
tag_make(struct prepare *prepare, enum address address)
{
	OWNED(buf_release) struct buf match = { .max = 8 * LIMIT_VALUE_BYTES };
	struct subject *after = &prepare->plan->after;

	address_match(prepare->change->registry, prepare->value, prepare->value_count, address, &match);
	after->tagged[address] = match.len > 0;
	if (match.len)
		suppression_digest(prepare->vault, address, buf_str(&match), after->tag[address]);
}

/* --- suppressions ----------------------------------------------------------------------------- */

static void
suppression_row_of(struct prepare *prepare, const struct subject *holder, enum address address,
                   const struct suppression *suppression, bool lift)
{
	struct suppression_row *row;

	if (!holder->tagged[address])
		return;
	row = &prepare->plan->suppression[prepare->plan->suppression_count++];
	row->suppression = *suppression;
	row->lift = lift;
	memcpy(row->digest, holder->tag[address], DIGEST_BYTES);
}

static bool
same_address(const struct subject *a, const struct subject *b, enum address address)
{
	return a->tagged[address] && b->tagged[address] &&
	       memcmp(a->tag[address], b->tag[address], DIGEST_BYTES) == 0;
}

/* Where the change brings another address, both are stopped. */
static void
stop_row(struct prepare *prepare, enum address address, const struct suppression *suppression)
{
	const struct subject *before = &prepare->change->subject, *after = &prepare->plan->after;

	suppression_row_of(prepare, after, address, suppression, false);
	if (!same_address(before, after, address))
		suppression_row_of(prepare, before, address, suppression, false);
}

/* Not of an address that the person is only just bringing: its holder may be another. */
static void
lift_row(struct prepare *prepare, enum address address, const struct suppression *suppression)
{
	const struct subject *before = &prepare->change->subject, *after = &prepare->plan->after;

	if (!before->tagged[address] || same_address(before, after, address))
		suppression_row_of(prepare, after, address, suppression, true);
}

/* P3: what the person stops is stopped for the address, so that it outlives this row. */
static void
suppressions_of_act(struct prepare *prepare, const struct act_row *act)
{
	bool general = act->act == ACT_OBJECTED && !act->purpose;
	struct suppression suppression = {
		.scope = general ? SCOPE_CHANNEL : SCOPE_PURPOSE,
		.purpose = act->purpose,
		.at = act->at,
		.source = act->act == ACT_OBJECTED ? SOURCE_OBJECTION : SOURCE_WITHDRAWAL,
	};

	for (int channel = 1; channel < CHANNEL_COUNT; channel++) {
		enum address address = channel_address((enum channel)channel);
		if (!(act->channels & CHANNEL_BIT(channel)) || address == ADDRESS_NONE)
			continue;
		suppression.channel = (enum channel)channel;
		stop_row(prepare, address, &suppression);
	}
}

/* A ruling takes back what the objection that it overrules had put there, and nothing else (U1). */
static void
lifts_of_ruling(struct prepare *prepare, const struct act_row *act)
{
	for (enum channel channel = CHANNEL_EMAIL; channel < CHANNEL_COUNT; channel++) {
		enum address address = channel_address(channel);
		const struct suppression stop = { .scope = SCOPE_PURPOSE, .purpose = act->purpose,
			                          .channel = channel, .at = act->at,
			                          .source = SOURCE_OBJECTION };
		if (address != ADDRESS_NONE)
			lift_row(prepare, address, &stop);
	}
}

/* Did the act raise what it says?  The first step of a double opt-in, a late press on an old link and
 * a yes from before the stop did not (L2), and so lift nothing. */
static bool
act_holds(const struct prepare *prepare, const struct act_row *act, enum channel channel)
{
	const struct permission *permission =
		standing_permission(&prepare->plan->after.standing, act->purpose, channel);

	return permission && permission->state == PERMISSION_GIVEN && permission->seq == act->seq;
}

/* A fresh yes in the person's own ledger takes back the stop that stood there for the same purpose
 * and channel; a confirmed one, whatever the person stopped (U1).  An import never does. */
static void
lifts_of_act(struct prepare *prepare, const struct act_row *act)
{
	if (act->method == METHOD_IMPORT)
		return;
	for (enum channel channel = CHANNEL_EMAIL; channel < CHANNEL_COUNT; channel++) {
		enum address address = channel_address(channel);
		const struct suppression stops[] = {
			{ .scope = SCOPE_PURPOSE, .purpose = act->purpose, .channel = channel, .at = act->at },
			{ .scope = SCOPE_PURPOSE, .purpose = act->purpose, .at = act->at },
			{ .scope = SCOPE_CHANNEL, .channel = channel, .at = act->at },
			{ .scope = SCOPE_MARKETING, .at = act->at },
		};
		size_t count = act->act == ACT_CONFIRMED ? COUNT(stops) : 1;
		if (!(act->channels & CHANNEL_BIT(channel)) || address == ADDRESS_NONE ||
		    !act_holds(prepare, act, channel))
			continue;
		for (size_t i = 0; i < count; i++)
			lift_row(prepare, address, &stops[i]);
	}
}

static void
suppressions_make(struct prepare *prepare)
{
	struct plan *plan = prepare->plan;

	plan->suppression = arena_array(&prepare->job->arena, /* at most four, for two addresses */
	                                plan->act_count * CHANNEL_COUNT * 8 + 1, sizeof(*plan->suppression));
	for (size_t i = 0; i < plan->act_count; i++) {
		const struct act_row *act = &plan->act[i];
		if (act->act == ACT_WITHDRAWN || act->act == ACT_OBJECTED)
			suppressions_of_act(prepare, act);
		else if (act->act == ACT_OVERRULED)
			lifts_of_ruling(prepare, act);
		else if (act->act == ACT_CONFIRMED ||
		         (act->act == ACT_GIVEN && prepare->change->subject.version))
			lifts_of_act(prepare, act);
	}
}

/* --- keys and record -------------------------------------------------------------------------- */

static void
wrap(struct prepare *prepare, const struct keyset *keyset, bytes *ret)
{
	OWNED(buf_release) struct buf wrapped = { .max = 64 * 1024 };
	uint32_t epoch;

	keyring_wrap(keys_ring(prepare->vault->keys), prepare->plan->after.no, keyset, &wrapped);
	*ret = arena_bytes(&prepare->job->arena, buf_bytes(&wrapped));
	must(wrapped_epoch(*ret, &epoch));
	/* A rotation may come between two wraps: the older epoch is the one to be checked. */
	if (!prepare->plan->epoch || epoch < prepare->plan->epoch)
		prepare->plan->epoch = epoch;
}

/* How many sections of the old record are not in the new one. */
static enum err
sections_count(struct prepare *prepare)
{
	uint32_t old[KEYSET_MAX], new[KEYSET_MAX];
	size_t old_count = 0, new_count = 0;

	if (!prepare->change->done || !prepare->change->subject.version)
		return OK;
	TRY(record_sections(prepare->job, prepare->change->subject.record, old, &old_count));
	TRY(record_sections(prepare->job, prepare->plan->after.record, new, &new_count));
	prepare->plan->sections_gone = old_count;
	for (size_t i = 0; i < old_count; i++)
		for (size_t n = 0; n < new_count; n++)
			prepare->plan->sections_gone -= old[i] == new[n];
	return OK;
}

static enum err
record_make(struct prepare *prepare)
{
	OWNED(keyset_end) struct keyset *trimmed = keyset_begin(keys_ring(prepare->vault->keys));
	struct change *change = prepare->change;
	struct subject *after = &prepare->plan->after;
	struct record_built built;
	size_t dropped;

	TRY(record_build(prepare->job, change->registry, after->id, after->version, &after->standing,
	                 prepare->keep_as_of, prepare->old, prepare->old_count, change->subject.record, prepare->value,
	                 prepare->value_count, prepare->keyset, trimmed, &built, &dropped));
	must(dropped == 0); /* values_cover() has left out what is not covered */
	after->record = built.record;
	if (built.keys_added || !change->subject.version) /* a new person's evidence key must be kept too */
		wrap(prepare, prepare->keyset, &prepare->plan->wrapped);
	prepare->plan->trim = built.keys_dropped || prepare->keys_spare;
	if (prepare->plan->trim)
		wrap(prepare, trimmed, &prepare->plan->trimmed);
	prepare->plan->keys_gone = prepare->keyset->count - trimmed->count;
	return sections_count(prepare);
}

/* --- recipients ------------------------------------------------------------------------------- */

/*= gdpr 19
 *# The controller shall communicate any rectification or erasure of personal data or restriction of
 *# processing to each recipient to whom the personal data have been disclosed. */
static struct outbox_event
event_of_act(const struct act_row *act)
{
	struct outbox_event event = { .purpose = act->purpose };

	if (act->act == ACT_RESTRICTED)
		event.kind = OUTBOX_RESTRICTED;
	else if (act->act == ACT_UNRESTRICTED)
		event.kind = OUTBOX_UNRESTRICTED;
	else if (act->act == ACT_WITHDRAWN) /* C-129/21: it reaches all who rely on the same consent */
		event.kind = OUTBOX_WITHDRAWN;
	else if (act->act == ACT_OBJECTED)
		event.kind = OUTBOX_OBJECTED;
	if (act->act == ACT_WITHDRAWN || act->act == ACT_OBJECTED)
		event.channels = act->channels;
	event.marketing = act->act == ACT_OBJECTED && !act->purpose;
	return event;
}

/* Fields that were held and are not any more, or hold another value now. */
static size_t
fields_changed(struct prepare *prepare, bool gone, uint16_t *field)
{
	size_t count = 0;

	for (size_t i = 0; i < prepare->old_count; i++) {
		const struct value *was = &prepare->old[i];
		const struct value *is = value_find(prepare->value, prepare->value_count, was->field);
		if (gone ? !is : is && !str_eq(is->text, was->text))
			field[count++] = was->field;
	}
	return count;
}

static void
event_of_fields(struct prepare *prepare, bool gone, struct outbox_event *event, size_t *count)
{
	uint16_t *field = arena_array(&prepare->job->arena, prepare->old_count + 1, sizeof(*field));
	size_t fields = fields_changed(prepare, gone, field);

	if (fields)
		event[(*count)++] = (struct outbox_event){ .kind = gone ? OUTBOX_ERASED : OUTBOX_RECTIFIED,
			                                   .field = field, .field_count = fields };
}

static enum err
notices_make(struct prepare *prepare)
{
	struct plan *plan = prepare->plan;
	struct outbox_event *event =
		arena_array(&prepare->job->arena, plan->act_count + 2, sizeof(*event));
	size_t count = 0;

	if (!prepare->change->subject.version)
		return OK;
	for (size_t i = 0; i < plan->act_count; i++) {
		event[count] = event_of_act(&plan->act[i]);
		count += event[count].kind != OUTBOX_KIND_NONE;
	}
	event_of_fields(prepare, false, event, &count);
	event_of_fields(prepare, true, event, &count);
	return outbox_plan_notices(prepare->job, prepare->vault, prepare->change->registry, plan->after.no,
	                           plan->after.id, prepare->keyset, event, count, &plan->outbox);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void
entry_body_make(struct prepare *prepare)
{
	OWNED(buf_release) struct buf body = { .max = 64 + 2 * LIMIT_VALUES };
	struct change *change = prepare->change;
	uint8_t digest[32];

	buf_le64(&body, (uint64_t)prepare->plan->after.version);
	digest_public(prepare->plan->after.record, digest); /* of ciphertext: it tells nothing */
	buf_data(&body, (bytes){ digest, sizeof(digest) });
	for (size_t i = 0; i < change->value_count && i < LIMIT_VALUES; i++)
		buf_le16(&body, change->value[i].field->no);
	buf_data(&body, change->entry_note);
	prepare->plan->entry_body = arena_bytes(&prepare->job->arena, buf_bytes(&body));
}

static enum err
old_open(struct prepare *prepare)
{
	struct change *change = prepare->change;
	struct subject fresh;
	enum err err;

	err = keys_get(prepare->job, prepare->vault->keys, prepare->job->db, change->subject.no,
	               &prepare->keyset);
	if (!err) {
		uint32_t count = prepare->keyset->count;
		err = record_keys_keep(prepare->job, change->subject.record, prepare->keyset);
		prepare->keys_spare = prepare->keyset->count < count;
	}
	if (!err)
		err = record_open(prepare->job, change->subject.id, prepare->keyset, change->subject.record,
		                  &prepare->old, &prepare->old_count);
	if (err != ERR_CRYPTO && err != ERR_ABSENT)
		return err;
	/* The row and its keys lie in two databases: somebody may have written between our two looks. */
	job_forgive(prepare->job);
	TRY(subject_get_no(prepare->job, prepare->vault, change->subject.no, &fresh));
	if (fresh.version != change->subject.version)
		return fail(prepare->job, ERR_STALE, "the person changed meanwhile");
	return fail(prepare->job, ERR_CRYPTO, "a sealed record could not be opened");
}

static enum err
after_make(struct prepare *prepare)
{
	struct change *change = prepare->change;
	struct subject *after = &prepare->plan->after;
	struct job *job = prepare->job;

	*after = change->subject;
	if (!change->subject.version) {
		*after = (struct subject){ .no = store_next_subject(prepare->vault->store), .id = change->subject.id,
			                   .kind = KIND_NATURAL, .created_at = job->now,
			                   .tell_by_at = TIME_NEVER, .told_at = TIME_NEVER };
		if (uid_eq(after->id, (uid){ 0 }))
			after->id = os_uid();
		prepare->keyset = keyset_begin(keys_ring(prepare->vault->keys));
		must(keyset_renew(prepare->keyset, 0));
	}
	after->version = change->subject.version + 1;
	if (change->set_kind)
		after->kind = change->kind;
	if (change->set_flags)
		after->flags = change->flags;
	if (change->set_tell_by)
		after->tell_by_at = change->tell_by_at;
	if (change->set_told)
		after->told_at = change->told_at;
	return OK;
}

static void
prepare_end(struct prepare *prepare)
{
	keyset_end(&prepare->keyset);
}

static enum err
change_prepare(struct job *job, struct vault *vault, struct change *change, struct plan *ret)
{
	struct plan plan = { .change = change };
	OWNED(prepare_end) struct prepare prepare = { .job = job, .vault = vault, .change = change,
		                                      .plan = &plan,
		                                      .keep_as_of = clock_limit(vault, job->now) };
	OWNED(buf_release) struct buf standing = { .max = LIMIT_RECORD_BYTES };

	TRY(after_make(&prepare));
	if (change->subject.version)
		TRY(old_open(&prepare));
	TRY(ledger_extend(&prepare));
	TRY(standing_fold(job, change->registry, prepare.ledger, prepare.ledger_count, &plan.after.standing));
	TRY(values_merge(&prepare));
	TRY(children_check(&prepare));
	TRY(values_cover(&prepare));
	plan.act = prepare.ledger + prepare.ledger_old;
	plan.act_count = prepare.ledger_count - prepare.ledger_old;
	for (size_t i = 0; i < plan.act_count; i++)
		evidence_seal(&prepare, &change->act[i], &plan.act[i]);
	TRY(record_make(&prepare));
	/* What time takes away it takes away again after a restore (F3). */
	if (change->entry != ENTRY_EXPIRE)
		taken_values(job, prepare.old, prepare.old_count, prepare.value, prepare.value_count, &plan.taken);
	lookups_make(&prepare);
	for (enum address address = ADDRESS_EMAIL; address < ADDRESS_COUNT; address++)
		tag_make(&prepare, address);
	suppressions_make(&prepare);
	TRY(notices_make(&prepare));
	plan.after.due_at = standing_due(&plan.after.standing, prepare.keep_as_of);
	standing_encode(&plan.after.standing, &standing);
	if (!buf_ok(&standing))
		return fail(job, ERR_LIMIT, "limit_record_bytes: the grounds of this person are too many");
	plan.standing = arena_bytes(&job->arena, buf_bytes(&standing));
	entry_body_make(&prepare);
	*ret = plan;
	return OK;
}

/* --- steps ------------------------------------------------------------------------------------ */

static struct sql_arg
tag_arg(const struct subject *subject, enum address address)
{
	return subject->tagged[address] ? sql_bytes((bytes){ subject->tag[address], DIGEST_BYTES })
	                                : sql_null();
}

static enum err
subject_steps(struct job *job, struct db *db, const struct plan *plan)
{
	const struct subject *after = &plan->after;
	int64_t changed = 0;

	if (after->version == 1)
		return db_run(job, db, SQL_SUBJECT_ADD,
		              ARGS(sql_i64(after->no), sql_bytes(uid_bytes(&after->id)),
		                   sql_i64(after->kind), sql_i64(after->flags), sql_i64(after->version),
		                   sql_i64(after->created_at), sql_time(after->tell_by_at),
		                   sql_time(after->told_at), sql_time(after->due_at),
		                   tag_arg(after, ADDRESS_EMAIL), tag_arg(after, ADDRESS_PHONE),
		                   tag_arg(after, ADDRESS_POST), sql_bytes(plan->standing),
		                   sql_bytes(after->record)),
		              NULL);
	TRY(db_run(job, db, SQL_SUBJECT_PUT,
	           ARGS(sql_i64(after->kind), sql_i64(after->flags), sql_i64(after->version),
	                sql_time(after->tell_by_at), sql_time(after->told_at), sql_time(after->due_at),
	                tag_arg(after, ADDRESS_EMAIL), tag_arg(after, ADDRESS_PHONE),
	                tag_arg(after, ADDRESS_POST), sql_bytes(plan->standing),
	                sql_bytes(after->record), sql_i64(after->no), sql_i64(after->version - 1)),
	           &changed));
	if (changed != 1) /* P2 */
		return fail(job, ERR_STALE, "the person changed meanwhile");
	return OK;
}

static enum err
lookup_steps(struct job *job, struct db *db, const struct plan *plan)
{
	for (size_t i = 0; i < plan->lookup_count; i++) {
		const struct lookup_row *row = &plan->lookup[i];
		TRY(db_run(job, db, row->drop ? SQL_LOOKUP_DROP : SQL_LOOKUP_ADD,
		           ARGS(sql_i64(row->field), sql_bytes((bytes){ row->digest, LOOKUP_BYTES }),
		                sql_i64(plan->after.no)),
		           NULL));
	}
	return OK;
}

static enum err
ledger_steps(struct job *job, struct db *db, const struct plan *plan)
{
	for (size_t i = 0; i < plan->act_count; i++) {
		const struct act_row *act = &plan->act[i];
		TRY(db_run(job, db, SQL_LEDGER_ADD,
		           ARGS(sql_i64(plan->after.no), sql_i64(act->seq), sql_i64(act->at),
		                sql_i64(act->recorded_at), sql_i64(act->act), sql_i64(act->basis),
		                sql_i64(act->purpose), sql_i64(act->version), sql_i64(act->channels),
		                sql_time(act->until_at), sql_bytes_or_null(act->notice),
		                sql_i64(act->method), sql_i64(act->actor.kind), sql_i64(act->actor.no),
		                sql_bytes_or_null(act->detail), sql_bytes_or_null(act->evidence)),
		           NULL));
	}
	return OK;
}

static enum err
suppression_steps(struct job *job, struct db *db, const struct plan *plan)
{
	for (size_t i = 0; i < plan->suppression_count; i++) {
		const struct suppression_row *row = &plan->suppression[i];
		if (row->lift)
			TRY(suppression_lift(job, db, row->digest, &row->suppression));
		else
			TRY(suppression_add(job, db, row->digest, &row->suppression));
	}
	return OK;
}

static void
done_fill(const struct plan *plan, struct change_done *done)
{
	*done = (struct change_done){
		.no = plan->after.no, .version = plan->after.version, .entry = plan->entry,
		.values_gone = plan->values_gone, .sections_gone = plan->sections_gone,
		.keys_gone = plan->keys_gone,
	};
	for (size_t i = 0; i < plan->lookup_count; i++)
		done->lookups_gone += plan->lookup[i].drop;
}

/* One person, one transaction.  What can be stale is looked at first, the keys' epoch and then the
 * row's version, and then that nobody was told meanwhile. */
static enum err
plan_steps(struct job *job, struct db *db, void *arg)
{
	struct plan *plan = arg;
	struct change *change = plan->change;
	const struct subject *after = &plan->after;

	if (plan->wrapped.len || plan->trimmed.len)
		TRY(db_keys_check(job, db, plan->epoch));
	TRY(subject_steps(job, db, plan));
	plan->at_outbox = true;
	TRY(outbox_steps(job, db, &plan->outbox));
	plan->at_outbox = false;
	if (plan->wrapped.len)
		TRY(db_keys_put(job, db, after->no, plan->epoch, plan->wrapped));
	TRY(lookup_steps(job, db, plan));
	TRY(ledger_steps(job, db, plan));
	TRY(suppression_steps(job, db, plan));
	TRY(taken_steps(job, db, &change->subject, after, plan->act, plan->act_count, &plan->taken));
	if (plan->trim)
		TRY(db_keys_trim(job, db, after->no, after->version, plan->epoch, plan->trimmed));
	if (change->import_no)
		TRY(db_run(job, db, SQL_IMPORT_SUBJECT_PUT,
		           ARGS(sql_i64(after->no), sql_i64(change->import_no),
		                sql_i64(after->version == 1 ? 1 : 2), sql_i64(change->import_ask),
		                sql_i64(after->version)),
		           NULL));
	TRY(entry_append(job, db,
	                 &(struct entry){ .act = change->entry, .subject = after->no,
	                                  .purpose = plan->act_count ? plan->act[0].purpose : 0,
	                                  .body = plan->entry_body },
	                 &plan->entry)); /* I4 */
	if (change->done)
		done_fill(plan, change->done);
	if (change->extra)
		TRY(change->extra(job, db, change->extra_ctx));
	return OK;
}

static void
result_fill(const struct plan *plan, struct change_result *ret)
{
	*ret = (struct change_result){
		.id = plan->after.id,
		.no = plan->after.no,
		.version = plan->after.version,
		.entry = plan->entry,
		.values_gone = plan->values_gone,
		.first_seq = plan->act_count ? plan->act[0].seq : 0,
	};
}

/* Nothing is stored and nothing is allowed by it: a no that is said again, say, which finds nothing
 * left to take back and is no less a no. */
static bool
only_takes(const struct change *change)
{
	for (size_t i = 0; i < change->value_count; i++)
		if (change->value[i].text.len)
			return false;
	return change->subject.version && !change->statement_count && only_lowers(change) &&
	       !change->set_kind && !change->set_flags && !change->set_tell_by && !change->set_told;
}

/* Lowering acts and erasures must be possible on a full disk too. */
static enum write_flags
change_flags(const struct change *change)
{
	if (change->entry == ENTRY_ERASE)
		return WRITE_RESERVED;
	for (size_t i = 0; i < change->act_count; i++)
		if (act_raises(change->act[i].act) < 0)
			return WRITE_RESERVED;
	return only_takes(change) ? WRITE_RESERVED : WRITE_ORDINARY;
}

/* --- calls ------------------------------------------------------------------------------------ */

enum err
change_commit(struct job *job, struct vault *vault, struct change *change, struct change_result *ret)
{
	struct plan plan;

	enum err err;

	if (change->if_match && change->if_version != change->subject.version)
		return fail(job, ERR_STALE, "the person is at another version");
	for (int try = 0;; try++) {
		TRY(change_prepare(job, vault, change, &plan));
		err = store_write(job, vault->store, change_flags(change), plan_steps, &plan);
		/* A new person can only be stale by a rotation of keys: seal again under the new epoch.  And a
		 * disclosure that came between changes who is to be told, not the person. */
		if (err != ERR_STALE || (change->subject.version && !plan.at_outbox) || try == CREATE_TRIES)
			break;
		job_forgive(job);
	}
	if (err)
		return err;
	result_fill(&plan, ret);
	return OK;
}

enum err
change_preview(struct job *job, struct vault *vault, struct change *change, size_t *ret_values_gone)
{
	struct plan plan;

	TRY(change_prepare(job, vault, change, &plan));
	*ret_values_gone = plan.values_gone;
	return OK;
}

static void
turn_end(struct subject_turn **turn)
{
	subject_turn_end(turn);
}

/* What a change works on is folded anew where the stored form is older than what acts now refer to. */
static enum err
standing_fresh(struct job *job, const struct registry *registry, struct subject *subject)
{
	struct act_row *act;
	size_t count;

	if (subject->standing.format == STANDING_FORMAT)
		return OK;
	TRY(ledger_read(job, subject->no, &act, &count));
	return standing_fold(job, registry, act, count, &subject->standing);
}

static enum err
change_try(struct job *job, struct vault *vault, uid id, change_fill *fill, void *ctx, bool *ret_again,
           struct change_result *ret)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(turn_end) struct subject_turn *turn = NULL;
	struct change change = { .entry = ENTRY_SUBJECT_CHANGE };
	enum err err;

	TRY(registry_hold(job, vault, &registry));
	TRY(subject_get(job, vault, id, &change.subject));
	turn = subject_turn_take(vault->store, change.subject.no);
	TRY(subject_get(job, vault, id, &change.subject)); /* as it is now that it is our turn */
	TRY(standing_fresh(job, registry, &change.subject));
	change.registry = registry;
	TRY(fill(job, vault, &change, ctx));
	err = change_commit(job, vault, &change, ret);
	*ret_again = err == ERR_STALE && !change.if_match;
	return err;
}

enum err
subject_change(struct job *job, struct vault *vault, uid id, change_fill *fill, void *ctx,
               struct change_result *ret)
{
	bool again = false;
	enum err err = OK;

	for (int try = 0; try < RETRIES; try++) {
		err = change_try(job, vault, id, fill, ctx, &again, ret);
		if (!err || !again)
			return err;
		job_forgive(job);
		again = false;
	}
	return fail(job, ERR_BUSY, "this person is being changed by too many at once");
}

struct many_plan {
	struct plan *plan;
	size_t count;
	enum err *err;
};

/* Each person is an attempt of its own; what befalls one is said of that one.  If the database has
 * left the transaction by itself, the store fails the whole write. */
static enum err
many_steps(struct job *job, struct db *db, void *arg)
{
	struct many_plan *many = arg;

	for (size_t i = 0; i < many->count; i++) {
		if (!many->plan[i].change)
			continue;
		many->err[i] = db_attempt(job, db, plan_steps, &many->plan[i]);
		if (many->err[i])
			job_forgive(job);
	}
	return OK;
}

/* The sweep's: each of them only takes away. */
static enum write_flags
many_flags(const struct change *change, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (change[i].value_count || !only_lowers(&change[i]))
			return WRITE_ONE;
	return (enum write_flags)(WRITE_ONE | WRITE_RESERVED);
}

enum err
change_commit_many(struct job *job, struct vault *vault, struct change *change, size_t count,
                   struct change_result *ret, enum err *ret_err)
{
	struct many_plan many = { arena_array(&job->arena, count, sizeof(*many.plan)), count, ret_err };

	for (size_t i = 0; i < count; i++) {
		ret_err[i] = change_prepare(job, vault, &change[i], &many.plan[i]);
		if (ret_err[i]) {
			many.plan[i].change = NULL;
			job_forgive(job);
		}
	}
	TRY(store_write(job, vault->store, many_flags(change, count), many_steps, &many));
	for (size_t i = 0; i < count; i++)
		if (!ret_err[i])
			result_fill(&many.plan[i], &ret[i]);
	return OK;
}
