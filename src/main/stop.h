/* main/stop.h -- waiting for SIGTERM or SIGINT. */
#ifndef MAIN_STOP_H
#define MAIN_STOP_H

#include "base/must.h"

/* From here on the first of the two is remembered; SIGHUP and SIGPIPE do nothing. */
void stop_listen(void);
/* Until it has come.  A second one then ends the process at once: nothing acknowledged is lost. */
void stop_wait(void);

#endif
