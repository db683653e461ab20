/* api/outbox.h -- a row of the outbox as answers show it; internal to api/. */
#ifndef API_OUTBOX_H
#define API_OUTBOX_H

#include "json/json.h"
#include "vault/outbox.h"

/* Without its content. */
void outbox_row_write(struct json_out *out, const struct registry *registry,
                      const struct outbox_row *row);

#endif
