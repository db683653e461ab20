/* rights/letter.h -- letters to the person about a request, in Swedish and English, for staff to send.
 *
 * Pure: what is known of the request in, text out.  Nothing of the person stands in them but what the
 * caller hands in as words.  Each says what was asked, what happens, by when, and where to complain;
 * short sentences, no statute where a plain word does.
 */
#ifndef RIGHTS_LETTER_H
#define RIGHTS_LETTER_H

#include "rights/request.h"

#define LETTER_TABLE(X) \
	X(LETTER_ACKNOWLEDGEMENT, 1, "acknowledgement") \
	X(LETTER_IDENTITY,        2, "identity") \
	X(LETTER_EXTENSION,       3, "extension") \
	X(LETTER_REFUSAL,         4, "refusal") \
	X(LETTER_FULFILLED,       5, "fulfilled") \
	X(LETTER_PARTLY,          6, "partly_fulfilled")

#define X(e, no, name) e = no,
enum letter_kind { LETTER_NONE = 0, LETTER_TABLE(X) LETTER_COUNT };
#undef X

struct letter {
	enum letter_kind kind;
	bool swedish; /* else English */
	const struct request_row *request;
	enum request_reason reason; /* CAUSE_NONE: none is told */
	enum identity method;       /* of the letter about identity */
	str words;                  /* staff's own; may be empty */
	str company, contact, dpo;  /* as the settings have them; may be empty */
};

/* Appends; both may go full. */
void letter_write(const struct letter *letter, struct buf *ret_title, struct buf *ret_text);

#endif
