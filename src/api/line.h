/* api/line.h -- reading one question of a batch without building a tree.
 *
 *   Y1  What line_read() accepts, json_parse() and the schema accept too, and with the same meaning.
 *       Whatever is not plain (escapes, null, numbers, a name that is not known, one that is there
 *       twice, text that is not UTF-8) it leaves to them.
 */
#ifndef API_LINE_H
#define API_LINE_H

#include "base/str.h"

/* A question as text; borrowed. A NULL ptr: it is not there. */
struct question_text {
	str subject, field, value, purpose, channel, message_class, category;
	bool promotional, opt_out;
};

/* False: to be read by json_parse(). */
bool line_read(str line, struct question_text *ret);

#endif
