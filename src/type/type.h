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

/* What reading depends on besides the text.  Zeroed is valid: no default region, no options, and an
 * unknown time: then ten-digit personnummer are refused and no date counts as in the future. */
struct type_context {
	str region;         /* ISO 3166-1 alpha-2 for national phone numbers and post codes, e.g. "SE" */
	const str *options; /* TYPE_ENUM */
	size_t option_count;
	time_us now;        /* TYPE_BIRTH_DATE, and the century of a ten-digit personnummer */
};

/* Read `raw` and append its canonical form to ret.  On failure nothing is appended and *ret_why is
 * a literal that says what is wrong in words a caller may read (no part of the text).
 * Input: at most LIMIT_VALUE_BYTES, else refused; white space around it is not significant.
 *
 * Any bytes may come in; the work is linear in their number.  Nothing is guessed that two readers
 * could read differently.  Beyond the table above:
 *   text           line breaks become LF; embeddings and overrides of direction are refused
 *   name, street, city, region   one line, or refused; white space within becomes single spaces
 *   email          a@b.se or <a@b.se>.  Refused: a name beside it, mailto:, quotation marks, an IP
 *                  number or a single label after the @, more than 64 and 254 octets
 *   phone          digits with space - . ( ) / between them; national where context.region is set.
 *                  Numbers in ranges in use (libphonenumber's IsValidNumber), and those that Ofcom,
 *                  NANPA, Arcep and ComReg reserve for fiction.  Refused: extensions and letters
 *   personnummer   ten or twelve digits, with - + or a space before the last four.  Refused:
 *                  reserve numbers with a letter, organisation numbers, years before 1900
 *   postcode       region SE: five digits, SE- in front allowed.  Else 2 to 12 of A-Z 0-9 space -
 *   country        two letters in any case; Swedish and English names of the EU, EEA, CH, GB and US
 *   date           year first: 2026-11-23, 20261123, 2026/11/23, 2026.11.23.  Refused: all else
 *   url            host as in email, or an IP number; octets beyond ASCII in percent form, default
 *                  port off; path and query otherwise as given.  Refused: user names, spaces
 *   number         -1234.50 is -1234.5.  Refused: commas, spaces, exponents, .5 and 5.
 *   boolean        true yes ja 1, false no nej 0, in any case
 *   enum           the option itself, or the first that differs in ASCII case only
 *   iban           groups with spaces allowed; each country's own length and characters
 *   language       language-Script-REGION-variants; three letters where two exist become the two */
bool type_parse(enum type type, const struct type_context *context, str raw, struct buf *ret,
                const char **ret_why);

/* The form whose digest is looked up when a value is searched for exactly: an e-mail address with
 * its local part in lower case too (Anna@example.com finds anna@example.com), others unchanged. */
void type_match(enum type type, str canonical, struct buf *ret);

/* A form that may be shown to staff whose role sees the field masked; never shows the whole value.
 *   email a•••@e•••.com   phone +46•••••05   personnummer 19900101-••••   name A••• A•••
 *   others: first character and length class at most; boolean, enum: a single bullet run. */
void type_mask(enum type type, str canonical, struct buf *ret);

/* For search without regard to case and accents: NFKD, marks removed, lower case, Unicode letters
 * and digits kept, runs of anything else one space; ø œ æ ß ł đ ð þ spelled out as o oe ae ss l d d th.
 * What is not UTF-8 gives nothing. */
void text_fold(str text, struct buf *ret);

/* The family name inside a full name: last word with the particles before it (von, af, de, van der,
 * ...); "Andersson, Anna" gives Andersson.  A single word counts as one; Jr and the like do not
 * belong to it.  Borrowed from name; empty when there is none. */
str name_family(str name);

/* Whether the canonical personnummer is a samordningsnummer, and its date of birth. */
bool personnummer_coordination(str canonical);
bool personnummer_birth_date(str canonical, struct date *ret);

#endif
