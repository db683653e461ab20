/* base/job.h -- one piece of work: a request, a sweep, a command.
 *
 * A job is the first parameter of every use case.  It carries the arena that its memory comes
 * from, who acts, the one clock reading that all its decisions use, the store connection of the
 * worker that runs it, and the first failure.
 *
 * fail() takes a string literal and nothing else, so personal data cannot enter a log or an
 * answer through an error.  What else an answer may name goes into typed members: `where`, a JSON
 * pointer or line built of names from schemas and the registry, never of what the caller sent.
 */
#ifndef BASE_JOB_H
#define BASE_JOB_H

#include "base/arena.h"
#include "base/err.h"
#include "base/time.h"

struct db;

enum actor_kind {
	ACTOR_NOBODY = 0,   /* not known: before or without a key */
	ACTOR_SYSTEM = 1,   /* Valv itself: sweep, start */
	ACTOR_OPERATOR = 2, /* a Unix user on the server's socket; no = uid */
	ACTOR_KEY = 3,      /* an API key; no = api_key.no */
	ACTOR_STAFF = 4,    /* a staff member who signed in; no = staff.no */
	ACTOR_PERSON = 5,   /* a person on the public pages; no is 0: who it is stands in the entry, if anywhere */
};

struct actor {
	enum actor_kind kind;
	int64_t no;
	int64_t staff; /* the staff member behind it: themselves, or whose own key it is; 0: none */
	bool fresh;    /* a staff member who showed just now who they are */
};

struct failure {
	enum err err;
	const char *why;  /* literal; never personal data */
	const char *file;
	int line;
	char where[160];  /* "" or a JSON pointer of known names, e.g. /values/email */
};

struct job {
	struct arena arena;
	struct actor actor;
	time_us now;
	struct db *db; /* this worker's connection for reading; set by store/, borrowed */
	struct failure failure;
};

/* Remember the failure (the first of a job wins until job_forgive) and return err. */
enum err job_fail(struct job *job, enum err err, const char *why, const char *file, int line);
#define fail(job, err, why) job_fail(job, err, "" why "", __FILE__, __LINE__)

/* As fail(), naming the member: `where` must be made of names that Valv defines. */
enum err job_fail_at(struct job *job, enum err err, str where, const char *why, const char *file,
                     int line);
#define fail_at(job, err, where, why) job_fail_at(job, err, where, "" why "", __FILE__, __LINE__)

void job_forgive(struct job *job); /* the caller has dealt with the failure; forget it */
void job_release(struct job *job); /* wipes and frees; the db is the store's */

#endif
