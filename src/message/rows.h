/* message/rows.h -- what message.c and send.c share; internal to message/. */
#ifndef MESSAGE_ROWS_H
#define MESSAGE_ROWS_H

#include "message/message.h"

/* What is sealed in a row, opened. */
struct message_content {
	str address, name, language;
	struct message_value *value;
	size_t value_count;
};

must_check enum err message_rows(struct job *job, struct db *db, enum sql sql, const struct sql_arg *arg,
                                 size_t arg_count, struct message_row **ret, size_t *ret_count);
/* The key that the last row was opened with, for the rows of one batch: a copy costs more than all else of opening.  It
 * is not kept beyond.  { 0 } at first; OWNED(message_key_end). */
struct message_key {
	int64_t day;
	struct secret *secret;
};
void message_key_end(struct message_key *key);

/* ERR_GONE  its content or the key of its day is gone   ERR_CRYPTO, ERR_CORRUPT */
must_check enum err message_open(struct job *job, struct vault *vault, struct message_key *key,
                                 const struct message_row *row, struct message_content *ret);

/* le64 number of the decision's entry, 0: none was needed | u8 kind | u8 state | u8 why | le16 status | le32 tries |
 * id.  outcome: OK while it may leave or has left. */
must_check enum err message_entry(struct job *job, struct db *db, enum entry_act act, const struct message_row *row,
                                  int64_t decision);
/* It is not sent at all: state and why of the row are written, its content goes, and an entry is left. */
must_check enum err message_drop_steps(struct job *job, struct db *db, struct message_row *row,
                                       enum message_state state, enum message_why why);

#endif
