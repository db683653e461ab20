/* json/json.h -- reading JSON strictly (jansson underneath), and printing it by appending.
 *
 * Reading: RFC 8259, UTF-8 only, no BOM, no duplicate members, no trailing bytes, depth and node
 * limits of base/limits.h, no U+0000 in strings, integers within 64 bits.  Real numbers are read as
 * doubles, and refused where that would lose something (more than 17 digits, beyond the range);
 * json_i64() refuses them all.  A `struct json` is a cursor that knows where it stands, so that
 * every error can name its member by JSON pointer (RFC 6901) without the caller composing text.
 * Only names that the reader asks for enter the pointer, never names that the caller sent; the
 * exception is json_at_name(), for names that were first found in the registry.
 *
 * All text handed out lives in the job's arena.  The parsed tree is freed (and wiped) with the document.
 */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include "base/job.h"
#include "base/uid.h"

struct json_document; /* owns the tree */

struct json {           /* a place in a document; passed by value; NULL node = absent */
	void *node;
	const char *at;     /* JSON pointer, in the arena */
};

/* jansson has functions of these two names, so ours have another one for the linker. */
#define JSON_LINK_NAME(name) __asm__("valv_" name)

/* ERR_MALFORMED with a literal that says what is wrong (jansson's own text is never passed on: it
 * quotes the input).  ERR_TOO_LARGE never: the edge bounds bodies. */
must_check enum err json_parse(struct job *job, str text, struct json_document **ret,
                               struct json *ret_root);
void json_free(struct json_document **document); /* wipes; accepts NULL inside; for OWNED */

enum json_kind { JSON_ABSENT, JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };
enum json_kind json_kind(struct json place);

/* ERR_INVALID, naming the place, unless it is an object with no members beyond those listed
 * (NULL-terminated list of C strings).  An unknown member is not named: it is the caller's text. */
must_check enum err json_object(struct job *job, struct json place, const char *const *members)
	JSON_LINK_NAME("json_object");

/* Member of an object; absent (node NULL) when it is not there. */
struct json json_member(struct job *job, struct json object, const char *name);

/* Optional reads: absent or null leaves *ret as it was and sets *ret_there (may be NULL) to false.
 * Wrong kind, too long, out of range: ERR_INVALID naming the place. */
must_check enum err json_str(struct job *job, struct json object, const char *name, size_t len_max,
                             str *ret, bool *ret_there);
must_check enum err json_i64(struct job *job, struct json object, const char *name, int64_t min,
                             int64_t max, int64_t *ret, bool *ret_there);
must_check enum err json_bool(struct job *job, struct json object, const char *name, bool *ret,
                              bool *ret_there);
must_check enum err json_time(struct job *job, struct json object, const char *name, time_us *ret,
                              bool *ret_there); /* RFC 3339 */
must_check enum err json_uid(struct job *job, struct json object, const char *name, uid *ret,
                             bool *ret_there);
/* Required reads: as above, and ERR_INVALID ("is required") when absent or null. */
must_check enum err json_need_str(struct job *job, struct json object, const char *name,
                                  size_t len_max, str *ret);

/* Arrays and free-form objects.  Order of objects is that of the text. */
size_t json_count(struct json place); /* elements or members; 0 for anything else */
struct json json_element(struct job *job, struct json array, size_t index);
must_check enum err json_array(struct job *job, struct json object, const char *name,
                               size_t count_max, struct json *ret) /* absent gives count 0 */
	JSON_LINK_NAME("json_array");
/* Walk the members of an object: false at the end. *ret_name is the caller's text (arena). */
bool json_each(struct job *job, struct json object, void **iterator, str *ret_name,
               struct json *ret_value);
/* The same place with `name`, a registry name, as the last part of its pointer. */
struct json json_at_name(struct job *job, struct json parent, struct json value, str name);

/* Text of a scalar: string as is, number in its shortest form, true/false.  ERR_INVALID for others.
 * Shortest: 1.50 gives 1.5, and 1e3 gives 1000 (json/number.h). */
must_check enum err json_scalar(struct job *job, struct json place, size_t len_max, str *ret);
/* Canonical bytes of a subtree, for evidence and fingerprints: RFC 8785, except that integers are
 * exact to 64 bits where ECMAScript rounds past 2^53, and see json/number.h on 2^63 to 1e21.
 * json_parse() reads it back, and its canonical bytes are then the same. */
must_check enum err json_canonical(struct job *job, struct json place, size_t len_max, str *ret);

/* fail() at a place. */
#define json_fail(job, err, place, why) \
	job_fail_at(job, err, str_from_c((place).at), "" why "", __FILE__, __LINE__)

/* --- printing -------------------------------------------------------------------------------- *
 * An append-only writer: it puts commas and escapes by itself, and must() fails on misuse:
 * a value without its name, a second value at the top, text that is not UTF-8, deeper than 63. */
struct json_out {
	struct buf *buf;
	unsigned depth;
	uint64_t has_items; /* bit per depth */
	uint64_t is_object; /* bit per depth */
	bool after_name;
};
void json_out_begin(struct json_out *out, struct buf *buf);
void json_open(struct json_out *out, char bracket); /* '{' or '[' */
void json_close(struct json_out *out, char bracket); /* '}' or ']' */
void json_name(struct json_out *out, str name);
void json_put_str(struct json_out *out, str s); /* must be UTF-8; escapes by RFC 8259 */
void json_put_i64(struct json_out *out, int64_t value);
void json_put_bool(struct json_out *out, bool value);
void json_put_null(struct json_out *out);
void json_put_time(struct json_out *out, time_us at); /* TIME_NEVER gives null */
void json_put_uid(struct json_out *out, uid id);
void json_put_raw(struct json_out *out, str json); /* already JSON */
/* name and value in one call */
void json_pair_str(struct json_out *out, str name, str value);
void json_pair_i64(struct json_out *out, str name, int64_t value);
void json_pair_bool(struct json_out *out, str name, bool value);
void json_pair_time(struct json_out *out, str name, time_us at);
void json_pair_uid(struct json_out *out, str name, uid id);

#endif
