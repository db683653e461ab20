/* api/schema.c -- contract: schema.h. */
#include "api/schema.h"

#include "base/must.h"

/* A sentinel ends each list, since a schema may have no members. */
#define M(name, type, of, flags, text) { name, type, (int)(of), flags, text },
#define ASKED(id, name, text, ...) \
	static const struct member member_##id[] = { __VA_ARGS__ { NULL, T_ANY, 0, 0, NULL } };
#define STATED ASKED
#define ANSWER ASKED
#define OPEN ASKED
#include "api/schema.def"
#undef ASKED
#undef STATED
#undef ANSWER
#undef OPEN
#undef M

#define M(name, type, of, flags, text) name,
#define ASKED(id, name, text, ...) static const char *const names_##id[] = { __VA_ARGS__ NULL };
#define STATED ASKED
#define ANSWER ASKED
#define OPEN ASKED
#include "api/schema.def"
#undef ASKED
#undef STATED
#undef ANSWER
#undef OPEN
#undef M

#define ROW(id, name, text, use) \
	[SCHEMA_##id] = { name, text, use, member_##id, COUNT(member_##id) - 1, names_##id },

static const struct schema schemas[SCHEMA_COUNT] = {
	[SCHEMA_NONE] = { .name = "", .text = "" },
#define M(...)
#define ASKED(id, name, text, ...) ROW(id, name, text, USE_ASKED)
#define STATED(id, name, text, ...) ROW(id, name, text, USE_STATED)
#define ANSWER(id, name, text, ...) ROW(id, name, text, USE_ANSWER)
#define OPEN(id, name, text, ...) ROW(id, name, text, USE_OPEN)
#include "api/schema.def"
#undef ASKED
#undef STATED
#undef ANSWER
#undef OPEN
#undef M
};

const struct schema *
schema_get(enum schema_id id)
{
	return &schemas[id];
}

enum err
schema_check(struct job *job, enum schema_id id, struct json place)
{
	return json_object(job, place, schemas[id].names);
}
