/* type/type.h -- the types of field: reading, canonical form, masking, folding.
 *
 * Raw text comes in as people and files write it; the canonical form is the one form that is
 * stored, compared and looked up.  Reading the canonical form again gives the canonical form.
 * Nothing here knows a subject.
 */
#ifndef TYPE_TYPE_H
#define TYPE_TYPE_H

#include "base/buf.h"
#include "base/time.h"

/*      enum                  name              what is stored */
#define TYPE_TABLE(X) \
	X(TYPE_TEXT,          "text",           "printable text, NFC, trimmed") \
	X(TYPE_NAME,          "name",           "a person's name, NFC, one line, single spaces") \
	X(TYPE_EMAIL,         "email",          "address by RFC 5321/6531: domain lower case, IDNA 2008 A-labels; local part as given, NFC") \
	X(TYPE_PHONE,         "phone",          "E.164, +46701740605") \
	X(TYPE_STREET,        "street",         "street address, one line") \
	X(TYPE_POSTCODE,      "postcode",       "postal code, upper case; Swedish as 123 45") \
	X(TYPE_CITY,          "city",           "locality, one line") \
	X(TYPE_REGION,        "region",         "state, county or province, one line") \
	X(TYPE_COUNTRY,       "country",        "ISO 3166-1 alpha-2, upper case") \
	X(TYPE_DATE,          "date",           "ISO 8601 calendar date") \
	X(TYPE_BIRTH_DATE,    "birth_date",     "ISO 8601 calendar date, not in the future, at most 130 years ago") \
	X(TYPE_IP,            "ip",             "IPv4 dotted or IPv6 by RFC 5952; mapped IPv4 as IPv4") \
	X(TYPE_PERSONNUMMER,  "personnummer",   "personnummer or samordningsnummer, 12 digits") \
	X(TYPE_URL,           "url",            "http or https URL, RFC 3986, scheme and host lower case, no user info") \
	X(TYPE_NUMBER,        "number",         "decimal number, plain notation, at most 30 digits") \
	X(TYPE_BOOLEAN,       "boolean",        "true or false") \
	X(TYPE_ENUM,          "enum",           "one of the field's options") \
	X(TYPE_IBAN,          "iban",           "IBAN, no spaces, check digits verified") \
	X(TYPE_LANGUAGE,      "language",       "BCP 47 language tag, lower case language, e.g. sv or en")

enum type {
#define X(name, text, what) name,
	TYPE_TABLE(X)
#undef X
	TYPE_COUNT
};

struct type_info {
	str name;
	str what;
};
const struct type_info *type_info(enum type type);
bool type_find(str name, enum type *ret);

/* What reading depends on besides the text.  Zeroed is valid: no default region, no options. */
struct type_context {
	str region;         /* ISO 3166-1 alpha-2 for national phone numbers and post codes, e.g. "SE" */
	const str *options; /* TYPE_ENUM */
	size_t option_count;
	time_us now;        /* TYPE_BIRTH_DATE, and the century of a ten-digit personnummer */
};

/* Read `raw` and append its canonical form to ret.  On failure nothing is appended and *ret_why is
 * a literal that says what is wrong in words a caller may read (no part of the text).
 * Input: at most LIMIT_VALUE_BYTES, else refused; white space around it is not significant. */
bool type_parse(enum type type, const struct type_context *context, str raw, struct buf *ret,
                const char **ret_why);

/* A form that may be shown to staff whose role sees the field masked; never shows the whole value.
 *   email a•••@e•••.com   phone +46•••••05   personnummer 19900101-••••   name A••• A•••
 *   others: first character and length class at most; boolean, enum: a single bullet run. */
void type_mask(enum type type, str canonical, struct buf *ret);

/* For search without regard to case and accents: NFKD, marks removed, lower case, Unicode letters
 * and digits kept, runs of anything else one space; ø œ æ ß ł đ ð þ spelled out as o oe ae ss l d d th. */
void text_fold(str text, struct buf *ret);

/* The family name inside a full name: last word with the particles before it (von, af, de, van der,
 * ...); "Andersson, Anna" gives Andersson.  Borrowed from name; empty when there is none. */
str name_family(str name);

/* Whether the canonical personnummer is a samordningsnummer, and its date of birth. */
bool personnummer_coordination(str canonical);
bool personnummer_birth_date(str canonical, struct date *ret);

#endif
