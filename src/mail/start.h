/* mail/start.h -- once in a process, before there are threads: GMime's and GLib's own tables. */
#ifndef MAIL_START_H
#define MAIL_START_H

void mail_start(void);

#endif
