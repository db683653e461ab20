/* vault/words.h -- the closed lists of words: bases, channels, acts, methods, origins, reasons.
 *
 * The numbers are stored and never change their meaning; the names are what JSON, CSV and the
 * documents say.  DPV and article codes are those of ../docs/law.md.
 */
#ifndef VAULT_WORDS_H
#define VAULT_WORDS_H

#include "base/str.h"

/* Article 6(1)(a)-(f), the soft opt-in of Article 13(2) of Directive 2002/58, and grounds that
 * allow keeping only (legal hold, restriction, pending access request).
 *      enum                        no name                   code */
#define BASIS_TABLE(X) \
	X(BASIS_CONSENT,             1, "consent",             "eu-gdpr:A6-1-a") \
	X(BASIS_CONTRACT,            2, "contract",            "eu-gdpr:A6-1-b") \
	X(BASIS_LEGAL_OBLIGATION,    3, "legal_obligation",    "eu-gdpr:A6-1-c") \
	X(BASIS_VITAL_INTEREST,      4, "vital_interest",      "eu-gdpr:A6-1-d") \
	X(BASIS_PUBLIC_TASK,         5, "public_task",         "eu-gdpr:A6-1-e") \
	X(BASIS_LEGITIMATE_INTEREST, 6, "legitimate_interest", "eu-gdpr:A6-1-f") \
	X(BASIS_SOFT_OPT_IN,         7, "soft_opt_in",         "eprivacy:13-2") \
	X(BASIS_STORAGE_ONLY,        8, "storage_only",        "storage-only")

/* How a person is reached; the address that it needs.  A purpose that contacts nobody has none:
 * its consents stand under CHANNEL_NONE. */
#define CHANNEL_TABLE(X) \
	X(CHANNEL_NONE,  0, "none",  ADDRESS_NONE) \
	X(CHANNEL_EMAIL, 1, "email", ADDRESS_EMAIL) \
	X(CHANNEL_SMS,   2, "sms",   ADDRESS_PHONE) \
	X(CHANNEL_CALL,  3, "call",  ADDRESS_PHONE) \
	X(CHANNEL_POST,  4, "post",  ADDRESS_POST) \
	X(CHANNEL_PUSH,  5, "push",  ADDRESS_NONE)

enum address { ADDRESS_NONE, ADDRESS_EMAIL, ADDRESS_PHONE, ADDRESS_POST, ADDRESS_COUNT };

/* Acts in the ledger.  `raises` 1: may raise what is allowed; -1: lowers it.  At the same instant
 * a lowering act counts as the later one. */
#define ACT_TABLE(X) \
	X(ACT_REQUESTED,      1, "requested",      0) /* consent asked for */ \
	X(ACT_GIVEN,          2, "given",          1) \
	X(ACT_CONFIRMED,      3, "confirmed",      1) /* second step of a double opt-in */ \
	X(ACT_REFUSED,        4, "refused",       -1) \
	X(ACT_WITHDRAWN,      5, "withdrawn",     -1) \
	X(ACT_EXPIRED,        6, "expired",       -1) /* written by the sweep */ \
	X(ACT_ESTABLISHED,    7, "established",    1) /* a ground other than consent begins */ \
	X(ACT_ENDED,          8, "ended",         -1) /* the event that retention counts from */ \
	X(ACT_STOPPED,        9, "stopped",       -1) /* the ground is given up at once */ \
	X(ACT_OBJECTED,      10, "objected",      -1) /* Article 21 */ \
	X(ACT_RESTRICTED,    12, "restricted",    -1) /* Article 18 */ \
	X(ACT_UNRESTRICTED,  13, "unrestricted",   1) \
	X(ACT_HELD,          14, "held",           0) /* storage-only ground begins */ \
	X(ACT_RELEASED,      15, "released",      -1) \
	X(ACT_ERASED,        16, "erased",        -1) /* fields, at the person's request: Article 17 */ \
	X(ACT_UPHELD,        17, "upheld",        -1) /* an objection was weighed: it holds */ \
	X(ACT_OVERRULED,     18, "overruled",      1) /* compelling grounds outweigh it (21(1)) */ \
	X(ACT_CORRECTED,     19, "corrected",      0) /* Article 16, on somebody's request */ \
	X(ACT_COMPLETED,     20, "completed",      0) /* by a supplementary statement */ \
	X(ACT_TOLD,          21, "told",           0) /* that a restriction will be lifted (18(3)) */ \
	X(ACT_EXCEPTED,      22, "excepted",       0) /* restricted data was used under 18(2) */ \
	X(ACT_CONTESTED,     23, "contested",     -1) /* a decision by a machine alone (22(3)) */ \
	X(ACT_CHOSEN,        24, "chosen",        -1) /* a pause, how often, which language: by the person */

/* How an act reached us. */
#define METHOD_TABLE(X) \
	X(METHOD_API_CALL,       1, "api") \
	X(METHOD_WEB_FORM,       2, "web_form") \
	X(METHOD_DOUBLE_OPT_IN,  3, "double_opt_in") \
	X(METHOD_PAPER,          4, "paper") \
	X(METHOD_PHONE,          5, "phone") \
	X(METHOD_IN_PERSON,      6, "in_person") \
	X(METHOD_PREFERENCES,    7, "preference_page") \
	X(METHOD_ONE_CLICK,      8, "one_click") \
	X(METHOD_MAIL,           9, "mail") \
	X(METHOD_IMPORT,        10, "import") \
	X(METHOD_STAFF,         11, "staff") \
	X(METHOD_SYSTEM,        12, "system")

/* Why processing is restricted: the points of Article 18(1).  `keeps` 1: values are kept even where
 * nothing else covers them, since the person wants them kept. */
#define RESTRICTION_TABLE(X) \
	X(RESTRICTION_ACCURACY,   1, "accuracy",  0) /* (a) contested, until it is verified */ \
	X(RESTRICTION_UNLAWFUL,   2, "unlawful",  1) /* (b) the person opposes erasure */ \
	X(RESTRICTION_CLAIMS,     3, "claims",    1) /* (c) the person needs it for legal claims */ \
	X(RESTRICTION_OBJECTION,  4, "objection", 0) /* (d) until an objection is decided */

/* What allows a use of restricted data: Article 18(2). */
#define EXCEPTION_TABLE(X) \
	X(EXCEPTION_CONSENT,    1, "consent")         /* of the person, to this use */ \
	X(EXCEPTION_CLAIMS,     2, "claims")          /* establish, exercise or defend legal claims */ \
	X(EXCEPTION_PROTECTION, 3, "protection")      /* of another person's rights */ \
	X(EXCEPTION_PUBLIC,     4, "public_interest") /* important, of the Union or a member state */

/* Where a value came from (Article 15(1)(g), 20(1)). */
#define ORIGIN_TABLE(X) \
	X(ORIGIN_PROVIDED,  1, "provided")  /* by the person */ \
	X(ORIGIN_OBSERVED,  2, "observed")  /* from the person's use of a service */ \
	X(ORIGIN_OBTAINED,  3, "obtained")  /* from elsewhere: Article 14 */ \
	X(ORIGIN_DERIVED,   4, "derived")

#define KIND_TABLE(X) \
	X(KIND_NATURAL,      1, "natural_person") \
	X(KIND_SOLE_TRADER,  2, "sole_trader") /* a natural person for the GDPR and MFL 19 */ \
	X(KIND_LEGAL_ROLE,   3, "legal_person") /* role address of a legal person: info@ */ \
	X(KIND_EMPLOYEE,     4, "employee") /* a named person at a legal person's address */

#define CLASS_TABLE(X) \
	X(CLASS_MARKETING,      1, "marketing") \
	X(CLASS_SERVICE,        2, "service") \
	X(CLASS_TRANSACTIONAL,  3, "transactional")

#define SUPPRESSION_SCOPE_TABLE(X) \
	X(SCOPE_PURPOSE,    1, "purpose") \
	X(SCOPE_CHANNEL,    2, "channel") /* all marketing in this channel */ \
	X(SCOPE_MARKETING,  3, "marketing") \
	X(SCOPE_ALL,        4, "everything") /* never contact; hard bounce */

#define SUPPRESSION_SOURCE_TABLE(X) \
	X(SOURCE_WITHDRAWAL,   1, "withdrawal") \
	X(SOURCE_OBJECTION,    2, "objection") \
	X(SOURCE_UNSUBSCRIBE,  3, "unsubscribe") \
	X(SOURCE_BOUNCE,       4, "bounce") \
	X(SOURCE_COMPLAINT,    5, "complaint") \
	X(SOURCE_LIST,         6, "list") /* an outside list, such as NIX */ \
	X(SOURCE_STAFF,        7, "staff") \
	X(SOURCE_IMPORT,       8, "import") \
	X(SOURCE_ERASURE,      9, "erasure") /* the address of somebody who was erased */

/* Why a decision is what it is.  `no` 1: the person (or the law for this person) said no: it counts
 * against everybody who shares the address. */
#define REASON_TABLE(X) \
	X(REASON_CONSENT,             1, "consent",               0) \
	X(REASON_CONTRACT_OR_LAW,     2, "service_message",       0) \
	X(REASON_SOFT_OPT_IN,         3, "soft_opt_in",           0) \
	X(REASON_LEGITIMATE_INTEREST, 4, "legitimate_interest",   0) \
	X(REASON_LEGAL_PERSON,        5, "legal_person",          0) \
	X(REASON_GROUND,              6, "ground",                0) /* no channel: use for the purpose */ \
	X(REASON_UNKNOWN,            20, "unknown",               0) \
	X(REASON_ERASED,             21, "erased",                1) \
	X(REASON_RESTRICTED,         22, "restricted",            1) \
	X(REASON_DECEASED,           23, "deceased",              1) \
	X(REASON_OBJECTED,           24, "objected",              1) \
	X(REASON_WITHDRAWN,          25, "withdrawn",             1) \
	X(REASON_REFUSED,            26, "refused",               1) \
	X(REASON_SUPPRESSED,         27, "suppressed",            1) \
	X(REASON_NO_CONSENT,         28, "no_consent",            0) \
	X(REASON_UNCONFIRMED,        29, "unconfirmed",           0) \
	X(REASON_EXPIRED,            30, "expired",               0) \
	X(REASON_NO_GROUND,          31, "no_ground",             0) \
	X(REASON_CATEGORY,           32, "other_category",        0) /* soft opt-in: not own, similar */ \
	X(REASON_NO_OPT_OUT,         33, "no_way_to_say_no",      0) /* soft opt-in, MFL 20 */ \
	X(REASON_NOT_TOLD,           34, "not_told",              0) /* Article 14(3) is past */ \
	X(REASON_NO_ADDRESS,         35, "no_address",            0) \
	X(REASON_CHANNEL,            36, "channel_not_of_purpose", 0) \
	X(REASON_PURPOSE,            37, "purpose_inactive",      0) \
	X(REASON_PROMOTIONAL,        38, "promotional_block",     0) \
	X(REASON_NO_ASSESSMENT,      39, "no_assessment",         0) \
	X(REASON_NIX,                40, "nix_not_checked",       0) \
	X(REASON_PROTECTED,          41, "protected_identity",    1) \
	X(REASON_QUIET_HOURS,        42, "quiet_hours",           0) \
	X(REASON_FREQUENCY,          43, "frequency_cap",         0) \
	X(REASON_SHARED_NO,          44, "shared_address_no",     1) \
	X(REASON_CHILD,              45, "child",                 0) \
	X(REASON_ERROR,              46, "error",                 0) \
	X(REASON_OBJECTION_PENDING,  47, "objection_pending",     1) /* Article 21(1), not decided */ \
	X(REASON_HUMAN,              48, "human_needed",          1) /* Article 22(3): not by a machine */ \
	X(REASON_PAUSED,             49, "paused",                1) /* the person wants none for a while */

#define ENUM2(e, no, ...) e = no,
enum basis { BASIS_NONE = 0, BASIS_TABLE(ENUM2) BASIS_COUNT };
enum channel { CHANNEL_TABLE(ENUM2) CHANNEL_COUNT };
enum act { ACT_NONE = 0, ACT_TABLE(ENUM2) ACT_COUNT };
enum act_method { METHOD_NONE_ = 0, METHOD_TABLE(ENUM2) METHOD_COUNT };
enum origin { ORIGIN_NONE = 0, ORIGIN_TABLE(ENUM2) ORIGIN_COUNT };
enum subject_kind { KIND_NONE = 0, KIND_TABLE(ENUM2) KIND_COUNT };
enum message_class { CLASS_NONE = 0, CLASS_TABLE(ENUM2) CLASS_COUNT };
enum suppression_scope { SCOPE_NONE = 0, SUPPRESSION_SCOPE_TABLE(ENUM2) SCOPE_COUNT };
enum suppression_source { SOURCE_NONE = 0, SUPPRESSION_SOURCE_TABLE(ENUM2) SOURCE_COUNT };
enum restriction_reason { RESTRICTION_NONE = 0, RESTRICTION_TABLE(ENUM2) RESTRICTION_COUNT };
enum exception { EXCEPTION_NONE = 0, EXCEPTION_TABLE(ENUM2) EXCEPTION_COUNT };
enum reason { REASON_NONE = 0, REASON_TABLE(ENUM2) REASON_COUNT };
#undef ENUM2

/* Flags of a subject. */
#define FLAG_PROTECTED 1u /* skyddade personuppgifter */
#define FLAG_DECEASED 2u
#define FLAG_CHILD 4u

/* Channel masks: bit n is channel n. */
#define CHANNEL_BIT(channel) (1u << (channel))
#define CHANNELS_ALL ((1u << CHANNEL_COUNT) - 1u)

str basis_name(enum basis basis);
str basis_code(enum basis basis);
str channel_name(enum channel channel);
enum address channel_address(enum channel channel);
str act_name(enum act act);
int act_raises(enum act act); /* 1, 0, -1 */
str method_name(enum act_method method);
str origin_name(enum origin origin);
str kind_name(enum subject_kind kind);
str class_name(enum message_class message_class);
str scope_name(enum suppression_scope scope);
str source_name(enum suppression_source source);
str restriction_name(enum restriction_reason reason);
bool restriction_keeps(enum restriction_reason reason);
str exception_name(enum exception exception);
str reason_name(enum reason reason);
bool reason_is_no(enum reason reason); /* counts against all holders of a shared address */
str address_name(enum address address);

bool basis_find(str name, enum basis *ret);
bool channel_find(str name, enum channel *ret);
bool act_find(str name, enum act *ret);
bool method_find(str name, enum act_method *ret);
bool origin_find(str name, enum origin *ret);
bool kind_find(str name, enum subject_kind *ret);
bool class_find(str name, enum message_class *ret);
bool scope_find(str name, enum suppression_scope *ret);
bool source_find(str name, enum suppression_source *ret);
bool restriction_find(str name, enum restriction_reason *ret);
bool exception_find(str name, enum exception *ret);
bool address_find(str name, enum address *ret);

#endif
