/* main/root_notice.h -- says what a root key that lies beside the data means. */
#ifndef MAIN_ROOT_NOTICE_H
#define MAIN_ROOT_NOTICE_H

#include "base/job.h"

/* On stderr: loud when the root key file is in the data directory, a line when it is on the same
 * file system, nothing otherwise. */
void root_notice(struct job *job, const char *dir);

#endif
