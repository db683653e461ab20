/* cli/words.h -- the closed lists of words as option tables want them: apart by spaces. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "access/key.h"
#include "vault/presets.h"
#include "vault/words.h"

#define WORD_OF(e, no, name, ...) name " "
#define PRESET_WORD_OF(e, name, ...) name " "

#define CHANNEL_WORDS CHANNEL_TABLE(WORD_OF)
#define METHOD_WORDS METHOD_TABLE(WORD_OF)
#define CLASS_WORDS CLASS_TABLE(WORD_OF)
#define SCOPE_WORDS SCOPE_KEY_TABLE(WORD_OF)
#define SUPPRESSION_WORDS SUPPRESSION_SCOPE_TABLE(WORD_OF)
#define SOURCE_WORDS SUPPRESSION_SOURCE_TABLE(WORD_OF)
#define PRESET_WORDS "auto " PRESET_TABLE(PRESET_WORD_OF)
#define CONSENT_ACT_WORDS "requested given confirmed refused withdrawn"
#define CONTROL_WORDS "unticked_box button signature spoken written"

/* An option of whatever answers a request of a person. */
#define REQUEST_OPTION                                                                             \
	{ "request", "REQUEST", "The request of the register that this answers: it keeps the audit entry." }

#endif
