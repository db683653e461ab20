/* main/first_staff.c -- contract: first_staff.h. */
#include "main/first_staff.h"

#include <unistd.h>

#include "access/invitation.h"
#include "cli/data_dir.h"
#include "main/log.h"

static void
link_say(const struct invitation *invitation, const char *url)
{
	printf("\nNobody works here yet. The first administrator opens the account `administrator` with this link, which is\n"
	       "good once, for 48 hours:\n\n    %s/welcome#%.*s\n\n",
	       url, SPRINT(invitation->token));
}

enum err
first_staff(struct job *job, const struct cli *cli, const struct access *access, const char *dir, const char *url)
{
	OWNED(desk_close) struct desk desk = { 0 };
	struct invitation invitation;
	int64_t active;
	bool made;

	TRY(staff_count(job, job->db, &active));
	if (active)
		return OK;
	if (!isatty(STDOUT_FILENO) || !*url) {
		log_info("start", "staff=0 why=\"nobody works here yet: %s staff invite NAME --role administrator%s\"",
		         cli->program, data_option(job, dir));
		return OK;
	}
	TRY(desk_open(job, access, &desk));
	TRY(administrator_first(job, &desk, &invitation, &made));
	if (made)
		link_say(&invitation, url);
	return OK;
}
