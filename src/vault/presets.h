/* vault/presets.h -- what the columns of a contact list mean: the exports of well-known programs,
 * and column names in Swedish and English for everything else.
 *
 * Knows header rows only, never a cell.  A column that no table knows has no role, and is left out
 * of the vault.  A new program is a row of PRESET_TABLE and a table of columns in presets.c.
 */
#ifndef VAULT_PRESETS_H
#define VAULT_PRESETS_H

#include "base/str.h"

/* What a column is taken for.  Names are what reports and mappings say; a mapping may also name a
 * field of the registry, which is ROLE_FIELD.
 *      enum                  name */
#define ROLE_TABLE(X) \
	X(ROLE_UNKNOWN,       "unknown")       /* left out */ \
	X(ROLE_IGNORED,       "ignored")       /* known, and not needed: left out */ \
	X(ROLE_FIELD,         "field")         /* a field that the mapping names */ \
	/* values */ \
	X(ROLE_EMAIL,         "email") \
	X(ROLE_PHONE,         "phone") \
	X(ROLE_FULL_NAME,     "full_name") \
	X(ROLE_GIVEN_NAME,    "given_name") \
	X(ROLE_FAMILY_NAME,   "family_name") \
	X(ROLE_STREET,        "street") \
	X(ROLE_POSTCODE,      "postcode") \
	X(ROLE_CITY,          "city") \
	X(ROLE_REGION,        "region") \
	X(ROLE_COUNTRY,       "country") \
	X(ROLE_BIRTH_DATE,    "birth_date") \
	X(ROLE_LANGUAGE,      "language") \
	X(ROLE_COMPANY,       "company") \
	X(ROLE_URL,           "url") \
	X(ROLE_PERSONNUMMER,  "personnummer")  /* never taken by itself: needs a mapping */ \
	/* evidence of a yes */ \
	X(ROLE_CONSENT,       "consent")       /* yes or no; anything but a clear yes is no consent */ \
	X(ROLE_CONSENT_AT,    "consent_at") \
	X(ROLE_CONSENT_SOURCE, "consent_source") \
	X(ROLE_CONSENT_WORDS, "consent_words") \
	X(ROLE_CONSENT_REFERENCE, "consent_reference") \
	X(ROLE_CONFIRMED_AT,  "confirmed_at")  /* second step of a double opt-in */ \
	/* a no; anything but a clear no is taken for it */ \
	X(ROLE_STATUS,        "status")        /* a word: subscribed, unsubscribed, cleaned ... */ \
	X(ROLE_UNSUBSCRIBED,  "unsubscribed")  /* from what this list is for */ \
	X(ROLE_UNSUBSCRIBED_AT, "unsubscribed_at") \
	X(ROLE_NO_EMAIL,      "no_email")      /* from all marketing by e-mail */ \
	X(ROLE_NO_SMS,        "no_sms") \
	X(ROLE_NO_CALLS,      "no_calls") \
	X(ROLE_BOUNCED,       "bounced")       /* a flag, or the reason in words */ \
	X(ROLE_BOUNCED_AT,    "bounced_at") \
	X(ROLE_COMPLAINED,    "complained")    /* reported as spam */ \
	/* other grounds */ \
	X(ROLE_REFERENCE,     "reference")     /* customer, contract or order number */ \
	X(ROLE_SINCE,         "since")         /* when the ground of the others began */

enum import_role {
#define X(name, text) name,
	ROLE_TABLE(X)
#undef X
	ROLE_COUNT
};

/*      enum                name         program */
#define PRESET_TABLE(X) \
	X(PRESET_GENERIC,   "generic",   "any list: columns by their names, addresses by their look") \
	X(PRESET_MAILCHIMP, "mailchimp", "Mailchimp, audience export") \
	X(PRESET_BREVO,     "brevo",     "Brevo, contacts export") \
	X(PRESET_HUBSPOT,   "hubspot",   "HubSpot, contacts export") \
	X(PRESET_LISTMONK,  "listmonk",  "listmonk, subscribers export") \
	X(PRESET_SALESFORCE, "salesforce", "Salesforce, leads or contacts") \
	X(PRESET_GOOGLE,    "google",    "Google Contacts, Google CSV")

enum import_preset {
#define X(name, text, program) name,
	PRESET_TABLE(X)
#undef X
	PRESET_COUNT
};

str role_name(enum import_role role);
bool role_find(str name, enum import_role *ret);
str preset_name(enum import_preset preset);
str preset_program(enum import_preset preset);
bool preset_find(str name, enum import_preset *ret);

/* The program whose signature the header row bears, or PRESET_GENERIC. */
enum import_preset preset_recognise(const str *header, size_t count);

/* What a column of that name means; ROLE_UNKNOWN when nobody knows.  Programs let people add columns
 * of their own, so names that a preset does not list are looked up among the general ones. */
enum import_role preset_role(enum import_preset preset, str column);

#endif
