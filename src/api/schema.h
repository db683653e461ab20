/* api/schema.h -- bodies and answers as tables (schema.def): the readers take from them which members
 * a body may have, and openapi.c prints them. */
#ifndef API_SCHEMA_H
#define API_SCHEMA_H

#include "json/json.h"
#include "api/words.h"

enum schema_id {
	SCHEMA_NONE,
#define M(name, type, of, flags, text)
#define ASKED(id, name, text, ...) SCHEMA_##id,
#define STATED(id, name, text, ...) SCHEMA_##id,
#define ANSWER(id, name, text, ...) SCHEMA_##id,
#define OPEN(id, name, text, ...) SCHEMA_##id,
#include "api/schema.def"
#undef ASKED
#undef STATED
#undef ANSWER
#undef OPEN
#undef M
	SCHEMA_COUNT
};

enum member_type {
	T_ANY,      /* any value */
	T_BOOLEAN,
	T_DATE,     /* 2026-11-23 */
	T_DURATION, /* ISO 8601 */
	T_FREE,     /* an object with members of the caller's own */
	T_HASH,     /* sha256: and 64 hexadecimal digits */
	T_ID,       /* UUID */
	T_MAP,      /* an object: name of a field to the schema `of` */
	T_NAME,     /* [a-z][a-z0-9_-]* */
	T_OBJECT,   /* the schema `of` */
	T_PATCH,    /* an object: name of a field to a scalar, or null to take it away */
	T_PURPOSES, /* a list of names, or "*" */
	T_TEXT,     /* at most `of` octets */
	T_TEXTS,    /* an object: language to text */
	T_TIME,     /* RFC 3339 */
	T_VALUES,   /* an object: name of a field to a scalar */
	T_WHOLE,    /* an integer */
	T_WORD,     /* one of the list `of` */
};

enum member_flags {
	NEED = 1,     /* always there */
	LIST = 2,     /* a list of these */
	NULLABLE = 4, /* null is an answer */
	NOT_NULL = 8, /* an optional member of a body for which null means something else */
};

struct member {
	const char *name;
	enum member_type type;
	int of;
	unsigned flags;
	const char *text;
};

/* OPEN: may have other members, which somebody else reads or writes. */
enum schema_use { USE_ASKED, USE_STATED, USE_ANSWER, USE_OPEN };

struct schema {
	const char *name; /* "" for SCHEMA_NONE */
	const char *text;
	enum schema_use use;
	const struct member *member;
	size_t count;
	const char *const *names; /* of the members, NULL at the end: for json_object() */
};

/* Borrowed, static. */
const struct schema *schema_get(enum schema_id id);

/* ERR_INVALID, naming the place, unless it is an object with no members but those of the schema. */
must_check enum err schema_check(struct job *job, enum schema_id id, struct json place);

#endif
