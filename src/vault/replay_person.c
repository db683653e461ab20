/* vault/replay_person.c -- contract: replay_person.h and R1-R4 of replay.h. */
#include "vault/replay_person.h"

#include "base/limits.h"
#include "vault/bury.h"
#include "vault/outbox.h"
#include "vault/rows.h"

/* One person: what is to be done, gathered from the facts about them. */
struct doing {
	struct job *job;
	const struct registry *registry;
	struct subject subject;
	bool erased;
	uint32_t flags;
	struct fact *act; /* FACT_ACT, in order */
	size_t act_count;
	uint16_t *field;  /* of which the values go */
	size_t field_count;
};

/* --- gathering -------------------------------------------------------------------------------- */

/* Of a field that was made after the backup nobody has a value. */
static void
fields_gather(struct doing *doing, const struct fact *fact)
{
	for (size_t i = 0; i < fact->field_count; i++) {
		bool there = !registry_field_no(doing->registry, fact->field[i]);
		for (size_t n = 0; n < doing->field_count; n++)
			there = there || doing->field[n] == fact->field[i];
		if (!there)
			doing->field[doing->field_count++] = fact->field[i];
	}
}

static enum err
fact_gather(struct doing *doing, const struct fact *fact)
{
	switch (fact->kind) {
	case FACT_ACT:
		if (fact->act.act <= ACT_NONE || fact->act.act >= ACT_COUNT)
			return fail(doing->job, ERR_NEWER, "the ledger of facts knows an act that this Valv does not");
		doing->act[doing->act_count++] = *fact;
		return OK;
	case FACT_VALUES:
		fields_gather(doing, fact);
		return OK;
	case FACT_FLAGS:
		doing->flags |= fact->flags;
		return OK;
	case FACT_ERASED:
		doing->erased = true;
		return OK;
	case FACT_NONE:
	case FACT_SUPPRESSED:
	case FACT_KEY_REVOKED:
	case FACT_IMPORT_UNDONE:
	case FACT_PURPOSE_ENDED:
	case FACT_KEY_DESTROYED:
	case FACT_STAFF_ENDED:
	case FACT_STAFF_LESS:
	case FACT_PROVIDER_CHANGED:
	case FACT_STAFF_CREDENTIALS:
	case FACT_RECOVERY_USED:
	case FACT_RESTORED:
	case FACT_COUNT:
		break;
	}
	must_fail("a fact about a person", __FILE__, __LINE__);
}

static enum err
gather(struct job *job, const struct replay_person *person, struct doing *doing)
{
	struct fact *fact = arena_alloc(&job->arena, sizeof(*fact));
	size_t count = 0;

	for (const struct told *told = person->first; told; told = told->next)
		count++;
	doing->act = arena_array(&job->arena, count + 1, sizeof(*doing->act));
	doing->field = arena_array(&job->arena, doing->registry->field_count + 1, sizeof(*doing->field));
	for (const struct told *told = person->first; told; told = told->next) {
		must(fact_read(told->plain, fact)); /* once more: it was read to be put here */
		TRY(fact_gather(doing, fact));
	}
	return OK;
}

/* --- acts ------------------------------------------------------------------------------------- */

/* Rows of the person's ledger: those of the backup, and those that are told. */
struct acts {
	struct job *job;
	struct act_row *row;
	size_t old, count;
	int64_t seq_max;
	struct renumbered {
		int64_t from, to;
	} *renumbered;
	size_t renumbered_count;
};

static const struct act_row *
act_at(const struct acts *acts, int64_t seq)
{
	for (size_t i = 0; i < acts->count; i++)
		if (acts->row[i].seq == seq)
			return &acts->row[i];
	return NULL;
}

static bool
same_act(const struct act_row *a, const struct act_row *b)
{
	return a->act == b->act && a->at == b->at && a->recorded_at == b->recorded_at &&
	       a->purpose == b->purpose && a->channels == b->channels;
}

/* After an earlier restore the same number may have been given to another act: the one that is told now
 * gets the next that nobody has, and what names it by its number, a release or a ruling, names the new. */
static void
act_number(struct acts *acts, struct act_row *row)
{
	if (act_at(acts, row->seq)) {
		acts->renumbered[acts->renumbered_count++] = (struct renumbered){ row->seq, ++acts->seq_max };
		row->seq = acts->seq_max;
	}
	acts->row[acts->count++] = *row;
}

static void
number_follow(struct acts *acts, struct act_row *row)
{
	bytes rest = row->detail;
	uint64_t seq;

	if ((row->act != ACT_RELEASED && row->act != ACT_UPHELD) || !eat_le64(&rest, &seq))
		return;
	for (size_t i = 0; i < acts->renumbered_count; i++)
		if (acts->renumbered[i].from == (int64_t)seq) {
			OWNED(buf_release) struct buf detail = { .max = 16 };
			buf_le64(&detail, (uint64_t)acts->renumbered[i].to);
			buf_data(&detail, rest);
			if (buf_ok(&detail))
				row->detail = arena_bytes(&acts->job->arena, buf_bytes(&detail));
		}
}

/* A purpose that was made after the backup is gone, and with it all that was ever allowed for it; of one
 * that had fewer versions then, the newest of them. */
static bool
purpose_known(const struct registry *registry, struct act_row *row)
{
	const struct purpose *purpose;

	if (!row->purpose || row->purpose >= PURPOSE_RIGHTS)
		return true;
	purpose = registry_purpose_no(registry, row->purpose);
	if (!purpose || !purpose->version_count)
		return false;
	if (!registry_version(registry, row->purpose, row->version))
		row->version = purpose->version[purpose->version_count - 1].version;
	return true;
}

static struct act_row
row_of(struct job *job, const struct fact *fact)
{
	return (struct act_row){
		.seq = fact->act.seq,
		.at = fact->at,
		.recorded_at = fact->act.recorded_at,
		.act = (enum act)fact->act.act,
		.basis = (enum basis)fact->act.basis,
		.method = (enum act_method)fact->act.method,
		.purpose = fact->act.purpose,
		.version = fact->act.version,
		.channels = fact->act.channels,
		.until_at = fact->act.until_at,
		.actor = { .kind = ACTOR_SYSTEM },
		.detail = arena_bytes(&job->arena, fact->act.detail),
	};
}

static enum err
acts_begin(struct doing *doing, struct acts *acts)
{
	struct job *job = doing->job;
	struct act_row *old;
	size_t count;

	TRY(ledger_read(job, doing->subject.no, &old, &count));
	*acts = (struct acts){ .job = job, .old = count, .count = count };
	acts->row = arena_array(&job->arena, count + doing->act_count + 1, sizeof(*acts->row));
	acts->renumbered = arena_array(&job->arena, doing->act_count + 1, sizeof(*acts->renumbered));
	if (count)
		memcpy(acts->row, old, count * sizeof(*old));
	for (size_t i = 0; i < count; i++)
		acts->seq_max = old[i].seq > acts->seq_max ? old[i].seq : acts->seq_max;
	for (size_t i = 0; i < doing->act_count; i++)
		acts->seq_max = doing->act[i].act.seq > acts->seq_max ? doing->act[i].act.seq : acts->seq_max;
	return OK;
}

static enum err
acts_say(struct doing *doing, struct change *change, struct replayed *replayed)
{
	struct job *job = doing->job;
	struct acts acts;

	TRY(acts_begin(doing, &acts));
	for (size_t i = 0; i < doing->act_count; i++) {
		struct act_row row = row_of(job, &doing->act[i]);
		const struct act_row *there = act_at(&acts, row.seq);
		if (there && same_act(there, &row)) /* R2 */
			continue;
		if (!purpose_known(doing->registry, &row)) {
			replayed->nobody++;
			continue;
		}
		number_follow(&acts, &row);
		act_number(&acts, &row);
	}
	change->act_count = acts.count - acts.old;
	change->act = arena_array(&job->arena, change->act_count + 1, sizeof(*change->act));
	for (size_t i = 0; i < change->act_count; i++)
		change->act[i] = (struct act_new){ .act = acts.row[acts.old + i].act, .told = &acts.row[acts.old + i] };
	return OK;
}

/* --- a change --------------------------------------------------------------------------------- */

static void
values_say(struct doing *doing, struct change *change)
{
	change->value = arena_array(&doing->job->arena, doing->field_count + 1, sizeof(*change->value));
	for (size_t i = 0; i < doing->field_count; i++)
		change->value[change->value_count++] =
			(struct value_set){ .field = registry_field_no(doing->registry, doing->field[i]) };
}

static enum err
change_of(struct doing *doing, struct change *ret, struct replayed *replayed)
{
	*ret = (struct change){ .registry = doing->registry, .subject = doing->subject, .entry = ENTRY_RESTORE,
		                .drop_uncovered = true };
	TRY(acts_say(doing, ret, replayed));
	values_say(doing, ret);
	ret->flags = doing->subject.flags | doing->flags;
	ret->set_flags = ret->flags != doing->subject.flags;
	return OK;
}

static bool
changes_nothing(const struct change *change)
{
	return !change->act_count && !change->value_count && !change->set_flags;
}

static enum err
changes_write(struct job *job, struct vault *vault, struct change *change, size_t count,
              struct replayed *replayed)
{
	struct change_result *result = arena_array(&job->arena, count + 1, sizeof(*result));
	enum err *err = arena_array(&job->arena, count + 1, sizeof(*err));

	if (!count)
		return OK;
	TRY(change_commit_many(job, vault, change, count, result, err));
	for (size_t i = 0; i < count; i++) {
		if (err[i]) /* R3 */
			return fail(job, err[i], "what was taken away from a person cannot be taken away again");
		replayed->changed++;
	}
	return OK;
}

/* --- burials ---------------------------------------------------------------------------------- */

struct grave {
	struct burial burial;
	struct outbox_plan outbox; /* whoever was told of the person is told again, when delivery is on again */
};

struct graves {
	struct grave *grave;
	size_t count;
};

static void
graves_end(struct graves *graves)
{
	for (size_t i = 0; i < graves->count; i++)
		burial_end(&graves->grave[i].burial);
}

static enum err
grave_prepare(struct doing *doing, struct vault *vault, struct graves *graves)
{
	struct outbox_event event = { .kind = OUTBOX_ERASED };
	struct grave *grave = &graves->grave[graves->count];
	struct job *job = doing->job;

	TRY(burial_prepare(job, vault, doing->registry, &doing->subject, &grave->burial));
	graves->count++;
	return outbox_plan_notices(job, vault, doing->registry, doing->subject.no, doing->subject.id,
	                           grave->burial.keyset, &event, 1, &grave->outbox);
}

static enum err
grave_steps(struct job *job, struct db *db, struct grave *grave)
{
	OWNED(buf_release) struct buf body = { .max = 64 };

	TRY(outbox_steps(job, db, &grave->outbox));
	TRY(burial_steps(job, db, &grave->burial));
	burial_body(&grave->burial, &body);
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_RESTORE, .subject = grave->burial.subject.no,
	                                     .body = buf_bytes(&body) },
	                    NULL);
}

static enum err
graves_steps(struct job *job, struct db *db, void *arg)
{
	struct graves *graves = arg;

	for (size_t i = 0; i < graves->count; i++)
		TRY(grave_steps(job, db, &graves->grave[i]));
	return OK;
}

static enum err
graves_write(struct job *job, struct vault *vault, struct graves *graves, struct replayed *replayed)
{
	if (!graves->count)
		return OK;
	TRY(store_write(job, vault->store, WRITE_RESERVED, graves_steps, graves));
	replayed->erased += graves->count;
	return OK;
}

/* --- a piece ---------------------------------------------------------------------------------- */

/* Numbers of persons that were erased between our list and now do not occur: nobody else writes. */
static enum err
person_prepare(struct job *job, struct vault *vault, const struct registry *registry,
               const struct replay_person *person, struct graves *graves, struct change *change,
               size_t *change_count, struct replayed *replayed)
{
	struct doing doing = { .job = job, .registry = registry };

	TRY(gather(job, person, &doing));
	TRY(subject_get_no(job, vault, person->no, &doing.subject));
	if (doing.erased)
		return grave_prepare(&doing, vault, graves);
	TRY(change_of(&doing, &change[*change_count], replayed));
	*change_count += !changes_nothing(&change[*change_count]);
	return OK;
}

enum err
replay_persons(struct job *job, struct vault *vault, const struct replay_person *const *person,
               size_t count, struct replayed *replayed)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	OWNED(graves_end) struct graves graves = { 0 };
	struct change *change = arena_array(&job->arena, REPLAY_PIECE, sizeof(*change));
	size_t change_count = 0;

	must(count <= REPLAY_PIECE);
	graves.grave = arena_array(&job->arena, REPLAY_PIECE, sizeof(*graves.grave));
	memset(graves.grave, 0, REPLAY_PIECE * sizeof(*graves.grave));
	TRY(registry_hold(job, vault, &registry));
	for (size_t i = 0; i < count; i++)
		TRY(person_prepare(job, vault, registry, person[i], &graves, change, &change_count, replayed));
	TRY(graves_write(job, vault, &graves, replayed));
	return changes_write(job, vault, change, change_count, replayed);
}
