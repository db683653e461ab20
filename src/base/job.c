#include "base/job.h"

#include <string.h>

enum err
job_fail_at(struct job *job, enum err err, str where, const char *why, const char *file, int line)
{
	must(err != OK);
	if (job->failure.err)
		return err;
	job->failure = (struct failure){ .err = err, .why = why, .file = file, .line = line };
	if (where.len > sizeof(job->failure.where) - 1)
		where.len = sizeof(job->failure.where) - 1;
	if (where.len)
		memcpy(job->failure.where, where.ptr, where.len);
	return err;
}

enum err
job_fail(struct job *job, enum err err, const char *why, const char *file, int line)
{
	return job_fail_at(job, err, S(""), why, file, line);
}

void
job_forgive(struct job *job)
{
	job->failure = (struct failure){ 0 };
}

void
job_release(struct job *job)
{
	arena_release(&job->arena);
	*job = (struct job){ 0 };
}
