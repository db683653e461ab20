/* vault/change_record.c -- a person's keys and sealed sections: opened before the change, made after it. */
#include "vault/change_parts.h"

enum err
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

enum err
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
