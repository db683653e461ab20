/* rights/erase_words.h -- what an erasure came to, in words for the person: what went, what stays and
 * why, what outlives it. */
#ifndef RIGHTS_ERASE_WORDS_H
#define RIGHTS_ERASE_WORDS_H

#include "rights/erase.h"

enum words_language { LANGUAGE_SV, LANGUAGE_EN };

/* Plain text, paragraphs apart by empty lines; in the arena. */
str erase_words(struct job *job, const struct registry *registry, const struct erased *done,
                enum words_language language);

#endif
