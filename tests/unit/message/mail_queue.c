/* mail_queue -- puts confirmations into the queue of a vault that nobody serves.
 *
 *   mail_queue DIR COUNT FIRST
 *
 * They go to pN@example.org, N from FIRST on, each a transaction of its own kind of act: some are written together, as
 * sign-ups at the same time would be. */
#include <stdio.h>
#include <stdlib.h>

#include "message/message.h"
#include "os/clock.h"

#define TOGETHER 250

struct some {
	struct message_plan plan[TOGETHER];
	size_t count;
};

static enum err
write_some(struct job *job, struct db *db, void *arg)
{
	struct some *some = arg;

	for (size_t i = 0; i < some->count; i++)
		TRY(message_steps(job, db, &some->plan[i]));
	return OK;
}

static enum err
plan_one(struct job *job, struct vault *vault, uint64_t number, struct message_plan *ret)
{
	static const str purposes[] = { S("Nyhetsbrev, med e-post"), S("Erbjudanden, med e-post") };
	static const struct message_value values[] = {
		{ .name = S("url"), .text = S("https://example.com/c/AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJKKKKLLLLMMMM") },
		{ .name = S("purposes"), .item = purposes, .item_count = 2 },
	};
	char address[64];

	snprintf(address, sizeof(address), "p%llu@example.org", (unsigned long long)number);
	return message_plan(job, vault,
	                    &(struct message_new){ .kind = MESSAGE_CONFIRM, .language = S("sv"), .address = str_from_c(address),
	                                           .value = values, .value_count = COUNT(values) },
	                    ret);
}

static enum err
put_all(struct job *job, struct vault *vault, uint64_t first, uint64_t count)
{
	struct some some;

	for (uint64_t done = 0; done < count; done += some.count) {
		job->now = os_now();
		some.count = 0;
		while (some.count < TOGETHER && done + some.count < count) {
			TRY(plan_one(job, vault, first + done + some.count, &some.plan[some.count]));
			some.count++;
		}
		TRY(store_write(job, vault->store, WRITE_ORDINARY, write_some, &some));
		arena_reset(&job->arena);
	}
	return OK;
}

int
main(int argc, char **argv)
{
	OWNED(job_release) struct job job = { .actor = { .kind = ACTOR_SYSTEM } };
	OWNED(vault_close) struct vault *vault = NULL;
	uint64_t count, first;
	enum err err;

	if (argc != 4 || !str_u64(str_from_c(argv[2]), &count) || !str_u64(str_from_c(argv[3]), &first))
		return 2;
	job.now = os_now();
	err = vault_open(&job, argv[1], &vault);
	if (!err)
		err = put_all(&job, vault, first, count);
	if (err)
		fprintf(stderr, "%s: %s\n", err_info(err)->name, job.failure.why ? job.failure.why : "");
	return err ? 1 : 0;
}
