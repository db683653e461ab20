/* api/words.c -- contract: words.h. */
#include "api/words.h"

#include "access/alert.h"
#include "access/approval.h"
#include "access/glass.h"
#include "access/key.h"
#include "access/passkey.h"
#include "access/provider.h"
#include "access/role.h"
#include "audit/entry.h"
#include "backup/backup.h"
#include "base/must.h"
#include "message/doctor.h"
#include "message/message.h"
#include "message/returned.h"
#include "message/setup.h"
#include "rights/package.h"
#include "rights/letter.h"
#include "rights/receipt.h"
#include "type/type.h"
#include "rights/erase.h"
#include "signup/form.h"
#include "vault/bulk.h"
#include "vault/clock.h"
#include "vault/registry.h"
#include "vault/standing.h"
#include "vault/evidence.h"
#include "vault/import.h"
#include "vault/outbox.h"
#include "vault/words.h"
#include "api/settings.h"

#define WORD(no, name) { (int)(no), { name, sizeof(name) - 1 } }
#define THIRD(e, no, name, ...) WORD(e, name),
#define LOGOUT_WORD(e, no, name) WORD(no, name),
#define MAIL_TLS(e, no, name) WORD(no, name),
#define SECOND(e, name, ...) WORD(e, name),
#define CODE(e, no, name, code) WORD(e, code),
#define PROBLEM(e, status, slug, sentence) WORD(e, "/problems/" slug),

static const struct word act[] = { ACT_TABLE(THIRD) };
static const struct word basis[] = { BASIS_TABLE(THIRD) };
static const struct word basis_code_words[] = { BASIS_TABLE(CODE) };
static const struct word channel[] = { CHANNEL_TABLE(THIRD) };
static const struct word class[] = { CLASS_TABLE(THIRD) };
static const struct word entry[] = { ENTRY_TABLE(SECOND) };
static const struct word erase_reason[] = { ERASE_REASON_TABLE(THIRD) };
static const struct word keep[] = { KEEP_TABLE(THIRD) };
static const struct word kind[] = { KIND_TABLE(THIRD) };
static const struct word method[] = { METHOD_TABLE(THIRD) };
static const struct word mail_check[] = { DOCTOR_RESULT_TABLE(THIRD) };
static const struct word mail_key[] = { WORD(1, "rsa"), WORD(2, "ed25519") };
static const struct word mail_kind[] = { MESSAGE_KIND_TABLE(THIRD) };
static const struct word mail_return[] = { WORD(1, "bounce"), WORD(2, "complaint") };
static const struct word mail_returned[] = { RETURNED_TABLE(THIRD) };
static const struct word mail_state[] = { MESSAGE_STATE_TABLE(THIRD) };
static const struct word mail_tls[] = { SETUP_TLS_TABLE(MAIL_TLS) };
static const struct word mail_why[] = { MESSAGE_WHY_TABLE(THIRD) };
static const struct word outbox_kind[] = { OUTBOX_KIND_TABLE(THIRD) };
static const struct word outbox_outcome[] = { OUTBOX_OUTCOME_TABLE(THIRD) };
static const struct word outbox_state[] = { OUTBOX_STATE_TABLE(THIRD) };
static const struct word outbox_via[] = { OUTBOX_VIA_TABLE(THIRD) };
static const struct word origin[] = { ORIGIN_TABLE(THIRD) };
static const struct word problem[] = { ERR_TABLE(PROBLEM) };
static const struct word reason[] = { REASON_TABLE(THIRD) };
static const struct word scope[] = { SCOPE_TABLE(THIRD) };
static const struct word suppression_scope[] = { SUPPRESSION_SCOPE_TABLE(THIRD) };
static const struct word suppression_source[] = { SUPPRESSION_SOURCE_TABLE(THIRD) };
static const struct word type[] = { TYPE_TABLE(SECOND) };
static const struct word clock_state[] = { CLOCK_STATE_TABLE(SECOND) };
static const struct word control[] = { CONTROL_TABLE(SECOND) };
static const struct word import_outcome[] = { OUTCOME_TABLE(SECOND) };
static const struct word import_preset[] = { PRESET_TABLE(SECOND) };
static const struct word import_preset_asked[] = { WORD(-1, "auto"), PRESET_TABLE(SECOND) };
static const struct word import_reason[] = { IMPORT_REASON_TABLE(THIRD) };
static const struct word import_role[] = { ROLE_TABLE(SECOND) };
static const struct word identity_words[] = { IDENTITY_TABLE(THIRD) };
static const struct word identity_result_words[] = { IDENTITY_RESULT_TABLE(THIRD) };
static const struct word letter[] = { LETTER_TABLE(THIRD) };
static const struct word request_channel_words[] = { REQUEST_CHANNEL_TABLE(THIRD) };
static const struct word request_event_words[] = { REQUEST_EVENT_TABLE(THIRD) };
static const struct word request_reason_words[] = { REQUEST_REASON_TABLE(THIRD) };
static const struct word request_state_words[] = { REQUEST_STATE_TABLE(THIRD) };
static const struct word right[] = { RIGHT_TABLE(THIRD) };
static const struct word setting[] = { SETTING_TABLE(SECOND) };

static const struct word actor[] = {
	WORD(ACTOR_NOBODY, "nobody"),
	WORD(ACTOR_SYSTEM, "system"),
	WORD(ACTOR_OPERATOR, "operator"),
	WORD(ACTOR_KEY, "key"),
	WORD(ACTOR_STAFF, "staff"),
	WORD(ACTOR_PERSON, "person"),
};
static const struct word alert_words[] = { ALERT_TABLE(THIRD) };
static const struct word approval_state[] = {
	WORD(APPROVAL_WAITING, "waiting"), WORD(APPROVAL_APPROVED, "approved"),   WORD(APPROVAL_REFUSED, "refused"),
	WORD(APPROVAL_USED, "used"),       WORD(APPROVAL_CANCELLED, "cancelled"), WORD(100, "over"),
};
#define BULK_WORD(e, no, text) WORD(no, text),
static const struct word bulk_state[] = { BULK_STATE_TABLE(BULK_WORD) };
static const struct word bulk_format[] = { BULK_FORMAT_TABLE(BULK_WORD) };
static const struct word auth[] = { AUTH_TABLE(THIRD) };
static const struct word ceremony[] = { WEBAUTHN_TABLE(SECOND) };
static const struct word transport[] = { TRANSPORT_TABLE(THIRD) };
static const struct word logout_ends[] = { LOGOUT_ENDS_TABLE(LOGOUT_WORD) };
static const struct word glass_verdict[] = {
	WORD(GLASS_UNREVIEWED, "unreviewed"),
	WORD(GLASS_JUSTIFIED, "justified"),
	WORD(GLASS_NOT_JUSTIFIED, "not_justified"),
};
static const struct word glass_verdict_given[] = {
	WORD(GLASS_JUSTIFIED, "justified"),
	WORD(GLASS_NOT_JUSTIFIED, "not_justified"),
};
/* Why somebody looks at a masked value; the numbers stand in entries. */
static const struct word reveal_reason[] = {
	WORD(1, "person_asked"), WORD(2, "identity_check"), WORD(3, "complaint"),
	WORD(4, "error_search"), WORD(5, "legal_claim"),    WORD(6, "request"),
};
static const struct word role_source[] = { WORD(ROLE_GIVEN, "given"), WORD(ROLE_BY_GROUP, "group"), WORD(ROLE_BY_CLAIM, "claim") };
static const struct word staff_state_words[] = {
	WORD(STAFF_INVITED, "invited"),
	WORD(STAFF_ACTIVE, "active"),
	WORD(STAFF_ENDED, "ended"),
};
static const struct word view_words[] = { WORD(VIEW_HIDDEN, "hidden"), WORD(VIEW_MASKED, "masked"), WORD(VIEW_CLEAR, "clear") };
static const struct word address[] = {
	WORD(ADDRESS_EMAIL, "email"),
	WORD(ADDRESS_PHONE, "phone"),
	WORD(ADDRESS_POST, "post"),
};
static const struct word backup_kind[] = { WORD(DUMP_DATA, "data"), WORD(DUMP_KEYS, "keys") };
static const struct word clock_words[] = { WORD(1, "running"), WORD(2, "standing"), WORD(3, "ended") };
static const struct word direction[] = { WORD(EVENT_MESSAGE_IN, "in"), WORD(EVENT_MESSAGE_OUT, "out") };
static const struct word letter_language[] = { WORD(1, "sv"), WORD(2, "en") };
static const struct word consent_act[] = {
	WORD(ACT_REQUESTED, "requested"), WORD(ACT_GIVEN, "given"),
	WORD(ACT_CONFIRMED, "confirmed"), WORD(ACT_REFUSED, "refused"),
	WORD(ACT_WITHDRAWN, "withdrawn"),
};
static const struct word date_order[] = { WORD(1, "dmy"), WORD(2, "mdy") };
static const struct word delivery[] = { WORD(0, "inline"), WORD(1, "link") };
static const struct word export_format[] = {
	WORD(FORMAT_JSON, "json"),
	WORD(FORMAT_CSV, "csv"),
	WORD(FORMAT_VCARD, "vcard"),
};
static const struct word language[] = { WORD(SWEDISH, "sv"), WORD(ENGLISH, "en") };
static const struct word package_format[] = {
	WORD(FORMAT_JSON, "json"),
	WORD(FORMAT_CSV, "csv"),
	WORD(FORMAT_HTML, "html"),
};
static const struct word encoding[] = {
	WORD(CSV_UTF8, "utf-8"),
	WORD(CSV_UTF16LE, "utf-16le"),
	WORD(CSV_UTF16BE, "utf-16be"),
	WORD(CSV_WINDOWS1252, "windows-1252"),
};
static const struct word import_state[] = {
	WORD(IMPORT_OPEN, "open"),
	WORD(IMPORT_FINISHED, "finished"),
	WORD(IMPORT_UNDONE, "undone"),
};
static const struct word flag[] = {
	WORD(FLAG_PROTECTED, "protected_identity"),
	WORD(FLAG_DECEASED, "deceased"),
	WORD(FLAG_CHILD, "child"),
};
static const struct word ground_act[] = {
	WORD(ACT_ESTABLISHED, "established"),
	WORD(ACT_ENDED, "ended"),
	WORD(ACT_STOPPED, "stopped"),
};
/* How a ground may begin together with the person. */
static const struct word ground_first_act[] = {
	WORD(ACT_REQUESTED, "requested"),     WORD(ACT_GIVEN, "given"),
	WORD(ACT_CONFIRMED, "confirmed"),     WORD(ACT_REFUSED, "refused"),
	WORD(ACT_ESTABLISHED, "established"),
};
static const struct word ground_state[] = {
	WORD(GROUND_LIVE, "live"),
	WORD(GROUND_PENDING, "pending"),
	WORD(GROUND_RESTRICTED, "restricted"),
	WORD(GROUND_OVER, "over"),
};
static const struct word justification[] = {
	WORD(1, "purpose"),
	WORD(2, "identification"),
	WORD(3, "other"),
	WORD(4, "consent"),
};
static const struct word lookup[] = {
	WORD(LOOKUP_NONE, "none"),
	WORD(LOOKUP_EXACT, "exact"),
	WORD(LOOKUP_FOLDED, "folded"),
};
static const struct word outlives[] = {
	WORD(1, "suppression"),
	WORD(2, "proof_of_consent"),
	WORD(3, "audit"),
};
static const struct word ok[] = { WORD(0, "ok") };
/* What a program may say of what it took. */
static const struct word outbox_said[] = {
	WORD(OUTCOME_DONE, "done"),
	WORD(OUTCOME_IMPOSSIBLE, "impossible"),
	WORD(OUTCOME_DISPROPORTIONATE, "disproportionate"),
	WORD(OUTCOME_RETURNED, "returned"),
};
static const struct word form_state[] = {
	WORD(FORM_IN_USE, "in_use"),
	WORD(FORM_ENDED, "ended"),
};
static const struct word recipient_state[] = {
	WORD(RECIPIENT_IN_USE, "in_use"),
	WORD(RECIPIENT_GONE, "webhook_gone"),
};
static const struct word receipt_format[] = { RECEIPT_FORMAT_TABLE(SECOND) };
static const struct word restriction_act[] = {
	WORD(ACT_RESTRICTED, "restricted"),
	WORD(ACT_TOLD, "told"),
	WORD(ACT_UNRESTRICTED, "unrestricted"),
};
/* Article 18(1)(a)-(d). */
static const struct word restriction_reason[] = { RESTRICTION_TABLE(THIRD) };
static const struct word exception[] = { EXCEPTION_TABLE(THIRD) };
/* Who asked for a correction. */
static const struct word requester[] = {
	WORD(1, "person"),
	WORD(2, "representative"),
	WORD(3, "authority"),
	WORD(4, "controller"),
};
static const struct word ruling[] = {
	WORD(RULING_UPHELD, "upheld"),
	WORD(RULING_OVERRULED, "overruled"),
};
static const struct word retention_event[] = {
	WORD(RETENTION_GIVEN, "given"),
	WORD(RETENTION_ENDED, "ended"),
	WORD(RETENTION_YEAR_END, "year_end"),
};
static const struct word sensitivity[] = {
	WORD(SENSITIVITY_ORDINARY, "ordinary"),
	WORD(SENSITIVITY_SENSITIVE, "sensitive"),
	WORD(SENSITIVITY_SPECIAL, "special"),
};
static const struct word version_state[] = {
	WORD(VERSION_DRAFT, "draft"),
	WORD(VERSION_ACTIVE, "active"),
	WORD(VERSION_REPLACED, "replaced"),
	WORD(VERSION_ENDED, "ended"),
};

#define LIST(name) { name, COUNT(name) }

static const struct word_list lists[WORDS_COUNT] = {
	[WORDS_ACT] = LIST(act),
	[WORDS_ACTOR] = LIST(actor),
	[WORDS_ADDRESS] = LIST(address),
	[WORDS_ALERT] = LIST(alert_words),
	[WORDS_APPROVAL_STATE] = LIST(approval_state),
	[WORDS_BULK_FORMAT] = LIST(bulk_format),
	[WORDS_BULK_STATE] = LIST(bulk_state),
	[WORDS_AUTH] = LIST(auth),
	[WORDS_CEREMONY] = LIST(ceremony),
	[WORDS_TRANSPORT] = LIST(transport),
	[WORDS_LOGOUT_ENDS] = LIST(logout_ends),
	[WORDS_GLASS_VERDICT] = LIST(glass_verdict),
	[WORDS_GLASS_VERDICT_GIVEN] = LIST(glass_verdict_given),
	[WORDS_REVEAL_REASON] = LIST(reveal_reason),
	[WORDS_ROLE_SOURCE] = LIST(role_source),
	[WORDS_STAFF_STATE] = LIST(staff_state_words),
	[WORDS_VIEW] = LIST(view_words),
	[WORDS_BACKUP_KIND] = LIST(backup_kind),
	[WORDS_BASIS] = LIST(basis),
	[WORDS_BASIS_CODE] = LIST(basis_code_words),
	[WORDS_CHANNEL] = LIST(channel),
	[WORDS_CLASS] = LIST(class),
	[WORDS_CLOCK] = LIST(clock_words),
	[WORDS_CLOCK_STATE] = LIST(clock_state),
	[WORDS_CONSENT_ACT] = LIST(consent_act),
	[WORDS_CONTROL] = LIST(control),
	[WORDS_DATE_ORDER] = LIST(date_order),
	[WORDS_DELIVERY] = LIST(delivery),
	[WORDS_DIRECTION] = LIST(direction),
	[WORDS_ENCODING] = LIST(encoding),
	[WORDS_ENTRY] = LIST(entry),
	[WORDS_EXCEPTION] = LIST(exception),
	[WORDS_EXPORT_FORMAT] = LIST(export_format),
	[WORDS_FLAG] = LIST(flag),
	[WORDS_ERASE_REASON] = LIST(erase_reason),
	[WORDS_GROUND_ACT] = LIST(ground_act),
	[WORDS_GROUND_FIRST_ACT] = LIST(ground_first_act),
	[WORDS_GROUND_STATE] = LIST(ground_state),
	[WORDS_IDENTITY] = LIST(identity_words),
	[WORDS_IDENTITY_RESULT] = LIST(identity_result_words),
	[WORDS_IMPORT_OUTCOME] = LIST(import_outcome),
	[WORDS_IMPORT_PRESET] = LIST(import_preset),
	[WORDS_IMPORT_PRESET_ASKED] = LIST(import_preset_asked),
	[WORDS_IMPORT_REASON] = LIST(import_reason),
	[WORDS_IMPORT_ROLE] = LIST(import_role),
	[WORDS_IMPORT_STATE] = LIST(import_state),
	[WORDS_JUSTIFICATION] = LIST(justification),
	[WORDS_KEEP] = LIST(keep),
	[WORDS_KIND] = LIST(kind),
	[WORDS_LANGUAGE] = LIST(language),
	[WORDS_LETTER] = LIST(letter),
	[WORDS_LETTER_LANGUAGE] = LIST(letter_language),
	[WORDS_LOOKUP] = LIST(lookup),
	[WORDS_METHOD] = LIST(method),
	[WORDS_OK] = LIST(ok),
	[WORDS_ORIGIN] = LIST(origin),
	[WORDS_OUTLIVES] = LIST(outlives),
	[WORDS_PACKAGE_FORMAT] = LIST(package_format),
	[WORDS_MAIL_CHECK] = LIST(mail_check),
	[WORDS_MAIL_KEY] = LIST(mail_key),
	[WORDS_MAIL_KIND] = LIST(mail_kind),
	[WORDS_MAIL_RETURN] = LIST(mail_return),
	[WORDS_MAIL_RETURNED] = LIST(mail_returned),
	[WORDS_MAIL_STATE] = LIST(mail_state),
	[WORDS_MAIL_TLS] = LIST(mail_tls),
	[WORDS_MAIL_WHY] = LIST(mail_why),
	[WORDS_OUTBOX_KIND] = LIST(outbox_kind),
	[WORDS_OUTBOX_OUTCOME] = LIST(outbox_outcome),
	[WORDS_OUTBOX_SAID] = LIST(outbox_said),
	[WORDS_OUTBOX_STATE] = LIST(outbox_state),
	[WORDS_OUTBOX_VIA] = LIST(outbox_via),
	[WORDS_PROBLEM] = LIST(problem),
	[WORDS_REASON] = LIST(reason),
	[WORDS_FORM_STATE] = LIST(form_state),
	[WORDS_RECIPIENT_STATE] = LIST(recipient_state),
	[WORDS_REQUEST_CHANNEL] = LIST(request_channel_words),
	[WORDS_REQUEST_EVENT] = LIST(request_event_words),
	[WORDS_REQUEST_REASON] = LIST(request_reason_words),
	[WORDS_REQUEST_STATE] = LIST(request_state_words),
	[WORDS_RECEIPT_FORMAT] = LIST(receipt_format),
	[WORDS_RESTRICTION_ACT] = LIST(restriction_act),
	[WORDS_RESTRICTION_REASON] = LIST(restriction_reason),
	[WORDS_RETENTION_EVENT] = LIST(retention_event),
	[WORDS_RIGHT] = LIST(right),
	[WORDS_REQUESTER] = LIST(requester),
	[WORDS_RULING] = LIST(ruling),
	[WORDS_SCOPE] = LIST(scope),
	[WORDS_SENSITIVITY] = LIST(sensitivity),
	[WORDS_SETTING] = LIST(setting),
	[WORDS_SUPPRESSION_SCOPE] = LIST(suppression_scope),
	[WORDS_SUPPRESSION_SOURCE] = LIST(suppression_source),
	[WORDS_TYPE] = LIST(type),
	[WORDS_VERSION_STATE] = LIST(version_state),
};

const struct word_list *
words_list(enum words words)
{
	return &lists[words];
}

bool
words_find(enum words words, str name, int *ret_no)
{
	const struct word_list *list = &lists[words];

	for (size_t i = 0; i < list->count; i++) {
		if (str_eq(list->word[i].name, name)) {
			*ret_no = list->word[i].no;
			return true;
		}
	}
	return false;
}

str
words_name(enum words words, int no)
{
	const struct word_list *list = &lists[words];

	for (size_t i = 0; i < list->count; i++)
		if (list->word[i].no == no)
			return list->word[i].name;
	return S("");
}
