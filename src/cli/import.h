/* cli/import.h -- parts of `valv import`; internal to it. */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "cli/client.h"

struct request_body;

/* The settings of a new import, from the options.  Opens and closes nothing: the text is the
 * arena's. */
must_check enum err import_settings_text(struct job *job, struct cli *cli, const struct args *args,
                                         str *ret);

/* Sends the file from `offset` on, piece by piece, with a progress bar on a terminal.  After an
 * interruption it says how to go on, and fails. */
must_check enum err import_send_file(struct job *job, struct cli *cli, struct client *client,
                                     const char *path, const char *id, uint64_t offset);

/* What the columns were taken for, what became of the rows, and which rows were bad. */
must_check enum err import_report_print(struct job *job, struct cli *cli, struct client *client,
                                        const char *id);
/* All bad rows, by line and reason. */
must_check enum err import_report_problems(struct job *job, struct cli *cli, struct client *client,
                                           const char *id, size_t max);

must_check enum err import_list_print(struct job *job, struct cli *cli, struct client *client);
/* Those to be asked first. */
must_check enum err import_list_ask(struct job *job, struct cli *cli, struct client *client,
                                    const char *id);

#endif
