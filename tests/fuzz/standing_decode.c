/* Aims at standing_decode, standing_encode and the questions that a decision asks of a standing. */
#include "base/limits.h"
#include "vault/standing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t of_purpose[] = { 1, 2, 7 };
static const struct purpose_version versions[] = {
	{ .purpose = 1, .version = 1, .basis = BASIS_CONSENT, .field = of_purpose, .field_count = 2 },
};
static struct purpose purposes[] = {
	{ .no = 1, .name = { "letters", 7 }, .version = versions, .version_count = 1, .active = versions },
};
static const struct registry registry = { .purpose = purposes, .purpose_count = COUNT(purposes) };

static void
check_questions(struct job *job, const struct standing *standing, time_us now)
{
	uint16_t *covering = arena_array(&job->arena, standing->ground_count + 1, sizeof(*covering));
	time_us at;
	size_t count;

	(void)standing_due(standing, now);
	for (uint16_t field = 0; field < 9; field++) {
		count = standing_covering(&registry, standing, now, field, covering);
		must(count <= standing->ground_count);
		for (size_t i = 1; i < count; i++)
			must(covering[i - 1] < covering[i]);
	}
	for (size_t i = 0; i < standing->ground_count; i++)
		must(!ground_usable(&standing->ground[i], now) || ground_live(&standing->ground[i], now));
	for (enum channel channel = CHANNEL_NONE; channel < CHANNEL_COUNT; channel++) {
		if (standing_objected(standing, 1, true, channel, &at))
			must(standing->objection_count > 0);
		(void)standing_permission(standing, 1, channel);
	}
	(void)standing_ground(standing, 1, BASIS_CONSENT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(buf_release) struct buf once = { .max = 4 * LIMIT_RECORD_BYTES };
	OWNED(buf_release) struct buf again = { .max = 4 * LIMIT_RECORD_BYTES };
	struct standing standing, same;

	if (standing_decode(&job, (bytes){ data, size }, &standing) != OK) {
		must(job.failure.err == ERR_CORRUPT);
		return 0;
	}
	standing_encode(&standing, &once);
	must(buf_ok(&once) && once.len == size);
	must(standing_decode(&job, buf_bytes(&once), &same) == OK);
	standing_encode(&same, &again);
	must(str_eq(buf_str(&once), buf_str(&again)));
	check_questions(&job, &standing, (time_us)1795435200 * TIME_SECOND);
	return 0;
}
