/* cli/paged.h -- commands that print a list of the server, page by page, as one table. */
#ifndef CLI_PAGED_H
#define CLI_PAGED_H

#include "cli/client.h"
#include "cli/say.h"

#define PAGED_PATH_MAX 400

struct paged {
	const char *path;   /* as "/v1/keys", or with a query; at most PAGED_PATH_MAX octets */
	const char *member; /* of the answer: the list */
	const char *const *heading; /* as table_begin() wants it */
	enum err (*row)(struct job *job, struct table *table, struct json row);
};

/* The option that paged_run() reads. */
#define PAGED_OPTION { "after", "N", "With --json: go on after a page of 200, as its next says." }

/* With --json one page, as it came. */
must_check enum err paged_run(struct job *job, struct cli *cli, const struct args *args, const struct paged *paged);

#endif
