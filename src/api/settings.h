/* api/settings.h -- the settings that may be put through the interface, and what each may be. */
#ifndef API_SETTINGS_H
#define API_SETTINGS_H

#include <stdbool.h>

#include "audit/texts.h"

enum setting_kind {
	SETTING_TEXT,      /* one line, 1 to 200 octets */
	SETTING_NUMBER,    /* min to max */
	SETTING_TIME,      /* RFC 3339, not in the future */
	SETTING_COUNTRY_CODE, /* two capitals */
	SETTING_LOG_ORIGIN, /* of a log: a URL without scheme */
	SETTING_LANGUAGES, /* a list of two- or three-letter codes */
	SETTING_ISSUER,    /* https://…, never this vault itself */
	SETTING_SUBJECT,   /* externalId or userName */
	SETTING_FLAG,      /* true or false; stored as 1 or 0 */
	SETTING_COLOUR,    /* #rrggbb */
	SETTING_URL_ORIGIN, /* https://host, or http://localhost with a port for trying it out */
};

/*      enum                      name               kind               min   max */
#define SETTING_TABLE(X) \
	X(SETTING_AGE_OF_CONSENT,  "age_of_consent",  SETTING_NUMBER,    13,   16) /* Article 8(1) */ \
	X(SETTING_LOG_NAME,        "audit_origin",    SETTING_LOG_ORIGIN, 1,   ORIGIN_MAX) /* before the tree's own name */ \
	X(SETTING_LOG_YEARS,       "audit_years",     SETTING_NUMBER,    1,    100) /* how long the audit log is kept */ \
	X(SETTING_BUDGET_PER_HOUR, "budget_per_hour", SETTING_NUMBER,    0,    1000000000) \
	X(SETTING_COMPANY,         "company",         SETTING_TEXT,      1,    200) \
	X(SETTING_CONTACT,         "contact",         SETTING_TEXT,      1,    200) \
	X(SETTING_COUNTRY,         "country",         SETTING_COUNTRY_CODE, 2, 2) /* holidays, authority */ \
	X(SETTING_DPO,             "dpo",             SETTING_TEXT,      1,    200) \
	X(SETTING_IN_USE,          "languages",       SETTING_LANGUAGES, 1,    24) \
	X(SETTING_NIX_CHECKED_AT,  "nix_checked_at",  SETTING_TIME,      0,    0) \
	X(SETTING_PROOF_YEARS,     "proof_years",     SETTING_NUMBER,    1,    10) /* proofs of consent after erasure */ \
	X(SETTING_LOOK_COLOUR,     "look_colour",     SETTING_COLOUR,    7,    7) /* the company's, on the pages for persons */ \
	X(SETTING_PUBLIC_ORIGIN,   "public_origin",   SETTING_URL_ORIGIN, 9,   200) /* where links in mails lead */ \
	X(SETTING_ZONE_MINUTES,    "zone_minutes",    SETTING_NUMBER,    -720, 840) \
	X(SETTING_SESSION_IDLE,    "session_idle_minutes", SETTING_NUMBER, 1,  60) /* guarded: from here on */ \
	X(SETTING_SESSION_LIFE,    "session_hours",   SETTING_NUMBER,    1,    24) \
	X(SETTING_LOOKS_1,         "looks_step_up",   SETTING_NUMBER,    1,    100000) \
	X(SETTING_LOOKS_2,         "looks_block",     SETTING_NUMBER,    1,    100000) \
	X(SETTING_SCIM_ISSUER,     "scim_issuer",     SETTING_ISSUER,    9,    200) /* scim/user.h, K1, K2 */ \
	X(SETTING_SCIM_SUBJECT,    "scim_subject",    SETTING_SUBJECT,   0,    0) \
	X(SETTING_TWO_FACTORS,     "second_factor_required", SETTING_FLAG, 0,  0) /* access/policy.h O4 */

enum setting {
#define X(e, ...) e,
	SETTING_TABLE(X)
#undef X
	SETTING_COUNT
};

/* What holds staff in: to change it takes the scope policy, and two people. */
bool setting_guarded(enum setting setting);

#endif
