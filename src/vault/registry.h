/* vault/registry.h -- fields, purposes and notices: what may be held, and why (V1).
 *
 *   R1  A purpose version that was activated never changes; a change is a new version with new
 *       notices (basis is immutable: law.md C1.10).
 *   R2  A version is activated only when it states everything Articles 13 and 30 ask: why, basis,
 *       retention and the event it counts from, fields, recipients, controller, and a notice in
 *       each language in use.
 *   R3  A snapshot is never older than the store at the moment it was held (I9).
 *
 * Definitions are kept as the canonical JSON that was put; a snapshot holds them parsed.
 */
#ifndef VAULT_REGISTRY_H
#define VAULT_REGISTRY_H

#include "crypto/seal.h"
#include "json/json.h"
#include "type/type.h"
#include "vault/look.h"
#include "vault/words.h"

struct vault;

#define PROOF_YEARS 3 /* unless the setting proof_years says otherwise */

enum lookup_kind { LOOKUP_NONE, LOOKUP_EXACT, LOOKUP_FOLDED };
enum sensitivity { SENSITIVITY_ORDINARY, SENSITIVITY_SENSITIVE, SENSITIVITY_SPECIAL };

struct field {
	uint16_t no;
	str name;
	enum type type;
	enum sensitivity sensitivity;
	enum lookup_kind lookup;
	enum address address;   /* the field that holds this kind of address, or ADDRESS_NONE */
	str region;             /* for national numbers and post codes */
	const str *options;     /* TYPE_ENUM */
	size_t option_count;
	str definition;         /* canonical JSON */
	const uint8_t *lookup_key; /* borrowed from keys; NULL when not searched */
};

/* The event that a retention period counts from. */
enum retention_event {
	RETENTION_GIVEN,    /* "given": the consent was given or renewed, the ground established */
	RETENTION_ENDED,    /* "ended": the act `ended` (contract ended, account closed); open until then */
	RETENTION_YEAR_END, /* "year_end": end of the calendar year in which it was established */
};

enum version_state { VERSION_DRAFT = 1, VERSION_ACTIVE = 2, VERSION_REPLACED = 3, VERSION_ENDED = 4 };

/* As people read it: the purpose's title and why. */
struct purpose_words {
	str language;
	str title, why;
};

struct notice {
	str language;
	uint8_t hash[32];
	str text;
};

struct purpose_version {
	uint32_t purpose;
	uint32_t version;
	enum version_state state;
	time_us activated_at;      /* TIME_NEVER: not yet */
	enum basis basis;
	bool marketing;            /* direct marketing: Article 21(2)-(3) */
	bool soft_opt_in;          /* consent purposes: the exception may stand in for consent */
	bool double_opt_in;
	bool assessed;             /* a balancing assessment is stated */
	bool explicit_basis;       /* a point of Article 9(2) is stated */
	bool tell_first;           /* may be used for telling and asking those brought in by an import */
	struct duration retention;
	enum retention_event retention_event;
	uint32_t channels;         /* mask; CHANNEL_NONE's bit when it contacts nobody */
	const uint16_t *field;     /* numbers, ascending */
	size_t field_count;
	bool quiet;                /* quiet hours are set, in minutes of the day, in the vault's zone */
	int quiet_from, quiet_to;
	int64_t cap_count;         /* frequency cap: 0 none */
	struct duration cap_period;
	const struct notice *notice;
	size_t notice_count;
	const struct purpose_words *words; /* of each language of the title or of why */
	size_t words_count;
	const str *recipient;      /* names or titles of those who receive the data (vault/recipient.h) */
	size_t recipient_count;
	str definition;            /* canonical JSON */
};

struct purpose {
	uint32_t no;
	str name;
	const struct purpose_version *version; /* ascending by version */
	size_t version_count;
	const struct purpose_version *active;  /* NULL: none */
};

struct registry {
	struct arena arena;
	uint64_t generation; /* of TOPIC_REGISTRY when it was read */
	_Atomic unsigned holders;
	struct field *field; /* ascending by no */
	size_t field_count;
	struct purpose *purpose; /* ascending by no */
	size_t purpose_count;
	const str *language; /* in use: each purpose needs a notice in each */
	size_t language_count;
	/* Settings that use cases need at every call. */
	int64_t age_of_consent;  /* years; 13 in Sweden (Article 8(1), dataskyddslagen 2 kap. 4 §) */
	int64_t proof_years;     /* proofs of consent after the year of the erasure (vault/proof.h) */
	int64_t budget_per_hour; /* lookups by value per key */
	int64_t zone_minutes;    /* the company's offset from UTC, for quiet hours */
	str country;             /* ISO 3166-1: whose holidays and authority; SE unless it was put */
	struct company_look look;
	time_us nix_checked_at;  /* when the do-not-call list was last brought in; TIME_NEVER: never */
};

/* A snapshot as of now; give it back with registry_drop (OWNED). */
must_check enum err registry_hold(struct job *job, struct vault *vault,
                                  const struct registry **ret);
void registry_drop(const struct registry **registry); /* accepts NULL inside */

const struct field *registry_field(const struct registry *registry, str name);
const struct field *registry_field_no(const struct registry *registry, uint16_t no);
const struct field *registry_address(const struct registry *registry, enum address address,
                                     size_t nth); /* NULL past the last */
const struct purpose *registry_purpose(const struct registry *registry, str name);
const struct purpose *registry_purpose_no(const struct registry *registry, uint32_t no);
const struct purpose_version *registry_version(const struct registry *registry, uint32_t purpose,
                                               uint32_t version);
bool version_has_field(const struct purpose_version *version, uint16_t field);
/* In that language, else in the first that there is; never NULL. */
const struct purpose_words *version_words(const struct purpose_version *version, str language);
const struct notice *version_notice_in(const struct purpose_version *version, str language); /* NULL: none */
const struct notice *version_notice(const struct purpose_version *version, const uint8_t hash[32]);

/* PUT a field: create, or change its title, mask and options.  Type, lookup and sensitivity of a
 * field do not change once it is there (ERR_CONFLICT).
 *   ERR_INVALID, naming the member   ERR_LIMIT limit_fields */
must_check enum err field_put(struct job *job, struct vault *vault, str name,
                              struct json definition, bool *ret_created);

/* PUT a purpose: makes or replaces the draft, the version after the newest activated one. */
must_check enum err purpose_put(struct job *job, struct vault *vault, str name,
                                struct json definition, uint32_t *ret_version, bool *ret_created);

/* Put the draft in force (R2).  ERR_PURPOSE_UNREADY names what is missing; ERR_ABSENT no draft. */
must_check enum err purpose_activate(struct job *job, struct vault *vault, str name,
                                     uint32_t *ret_version);

/* No new grounds from now on; what there is runs out. */
must_check enum err purpose_end(struct job *job, struct vault *vault, str name);

/* The starter set of fields and purposes, Swedish and English (docs/starter.md).  The controller
 * is what `company` says.  What is there already is left as it is. */
must_check enum err starter_load(struct job *job, struct vault *vault, str company, str contact);

bool name_valid(str name); /* [a-z][a-z0-9_-]*, at most LIMIT_NAME_BYTES */

#endif
