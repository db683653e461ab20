/* cli/reason.h -- why a decision is what it is, in a sentence. */
#ifndef CLI_REASON_H
#define CLI_REASON_H

#include "base/str.h"

const char *reason_sentence(str reason); /* "" for one that is not known here */

#endif
