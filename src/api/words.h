/* api/words.h -- the closed lists of words that bodies and answers use, each list once: the readers
 * and the API description both go by these tables.  Lists that the vault owns are printed from its
 * own (vault/words.h, type/type.h); the rest stand in words.c. */
#ifndef API_WORDS_H
#define API_WORDS_H

#include "base/str.h"

enum words {
	WORDS_NONE,
	WORDS_ACT,
	WORDS_ACTOR,
	WORDS_ADDRESS,
	WORDS_BASIS,
	WORDS_BASIS_CODE,
	WORDS_CHANNEL,
	WORDS_CLASS,
	WORDS_CLOCK_STATE,
	WORDS_CONSENT_ACT,
	WORDS_CONTROL,
	WORDS_DATE_ORDER,
	WORDS_DELIVERY,
	WORDS_ENCODING,
	WORDS_ENTRY,
	WORDS_EXPORT_FORMAT,
	WORDS_FLAG,
	WORDS_GROUND_ACT,
	WORDS_GROUND_FIRST_ACT,
	WORDS_GROUND_STATE,
	WORDS_IMPORT_OUTCOME,
	WORDS_IMPORT_PRESET,
	WORDS_IMPORT_PRESET_ASKED,
	WORDS_IMPORT_REASON,
	WORDS_IMPORT_ROLE,
	WORDS_IMPORT_STATE,
	WORDS_JUSTIFICATION,
	WORDS_KIND,
	WORDS_LANGUAGE,
	WORDS_LOOKUP,
	WORDS_METHOD,
	WORDS_OK,
	WORDS_ORIGIN,
	WORDS_PACKAGE_FORMAT,
	WORDS_OUTBOX_KIND,
	WORDS_OUTBOX_OUTCOME,
	WORDS_OUTBOX_SAID,
	WORDS_OUTBOX_STATE,
	WORDS_OUTBOX_VIA,
	WORDS_PROBLEM,
	WORDS_REASON,
	WORDS_RECIPIENT_STATE,
	WORDS_RESTRICTION_ACT,
	WORDS_RESTRICTION_REASON,
	WORDS_RETENTION_EVENT,
	WORDS_SCOPE,
	WORDS_SENSITIVITY,
	WORDS_SETTING,
	WORDS_SUPPRESSION_SCOPE,
	WORDS_SUPPRESSION_SOURCE,
	WORDS_TYPE,
	WORDS_VERSION_STATE,
	WORDS_COUNT
};

struct word {
	int no;
	str name;
};

struct word_list {
	const struct word *word;
	size_t count;
};

/* Borrowed, static. */
const struct word_list *words_list(enum words words);
bool words_find(enum words words, str name, int *ret_no);
str words_name(enum words words, int no); /* "" when it is not listed */

#endif
