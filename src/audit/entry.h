/* audit/entry.h -- the audit log: one entry for each use and each refusal (I4).
 *
 * An entry says who did what to which subject for which purpose, with which outcome, and holds no
 * personal data.  It is appended inside the transaction of what it records; a read appends it
 * before the answer leaves.  `body` is act-specific and binary:
 *
 *   decision   entry_decision, one per decision; a batch packs up to LIMIT_BATCH_PIECE in one entry
 *   read       le16 field numbers that were given out, ENTRY_MASKED set where the value was masked
 *   reveal     u8 why, le16 length of the sealed reference, the reference, and then as read
 *   change     le64 the subject's new version | digest of the sealed record (32) | le16 fields changed
 *   others     see where they are written
 *
 * What an entry is to others stands in the Merkle tree over the log (leaf.h); the column `commitment` is not used.
 */
#ifndef AUDIT_ENTRY_H
#define AUDIT_ENTRY_H

#include "store/db.h"
#include "store/store.h"

/*      enum                        name in JSON */
#define ENTRY_TABLE(X) \
	X(ENTRY_START,              "start") \
	X(ENTRY_STOP,               "stop") \
	X(ENTRY_REFUSED,            "refused") \
	X(ENTRY_FIELD_PUT,          "field.put") \
	X(ENTRY_PURPOSE_PUT,        "purpose.put") \
	X(ENTRY_PURPOSE_ACTIVATE,   "purpose.activate") \
	X(ENTRY_PURPOSE_END,        "purpose.end") \
	X(ENTRY_SETTING_PUT,        "setting.put") \
	X(ENTRY_SUBJECT_CREATE,     "subject.create") \
	X(ENTRY_SUBJECT_READ,       "subject.read") \
	X(ENTRY_SUBJECT_CHANGE,     "subject.change") \
	X(ENTRY_SUBJECT_SEARCH,     "subject.search") \
	X(ENTRY_LEDGER_READ,        "ledger.read") \
	X(ENTRY_ACT,                "ledger.act") \
	X(ENTRY_EXPIRE,             "ledger.expire") \
	X(ENTRY_TOLD,               "subject.told") \
	X(ENTRY_DECISION,           "decision") \
	X(ENTRY_DECISIONS,          "decision.batch") \
	X(ENTRY_SUPPRESS,           "suppression.put") \
	X(ENTRY_SUPPRESSION_LIFT,   "suppression.lift") \
	X(ENTRY_SUPPRESSION_READ,   "suppression.read") \
	X(ENTRY_IMPORT_START,       "import.start") \
	X(ENTRY_IMPORT_PIECE,       "import.piece") \
	X(ENTRY_IMPORT_FINISH,      "import.finish") \
	X(ENTRY_IMPORT_UNDO,        "import.undo") \
	X(ENTRY_IMPORT_READ,        "import.read") \
	X(ENTRY_KEY_MAKE,           "key.make") \
	X(ENTRY_KEY_REVOKE,         "key.revoke") \
	X(ENTRY_ROTATE,             "keys.rotate") \
	X(ENTRY_SWEEP,              "sweep") \
	X(ENTRY_AUDIT_READ,         "audit.read") \
	X(ENTRY_VERIFY,             "verify") \
	X(ENTRY_ACCESS,             "subject.access")      /* Article 15: everything, for the person */ \
	X(ENTRY_EXPORT,             "subject.export")      /* Article 20 */ \
	X(ENTRY_DOWNLOAD,           "package.download") \
	X(ENTRY_ERASE,              "subject.erase")       /* Article 17 */ \
	X(ENTRY_PROOF_READ,         "proof.read") \
	X(ENTRY_RECEIPT,            "consent.receipt") \
	X(ENTRY_REQUEST_OPEN,       "request.open") \
	X(ENTRY_REQUEST_CHANGE,     "request.change") \
	X(ENTRY_REQUEST_READ,       "request.read") \
	X(ENTRY_RECIPIENT_PUT,      "recipient.put") \
	X(ENTRY_DISCLOSE,           "subject.disclose") \
	X(ENTRY_DISCLOSURES_READ,   "disclosures.read") \
	X(ENTRY_OUTBOX_READ,        "outbox.read") \
	X(ENTRY_DELIVERY,           "outbox.delivery") \
	X(ENTRY_SWEEP_PREVIEW,      "sweep.preview") \
	X(ENTRY_CLOCK_ACCEPT,       "clock.accept") \
	X(ENTRY_BACKUP,             "backup") \
	X(ENTRY_RESTORE,            "restore") \
	X(ENTRY_ERASE_PREVIEW,      "erasure.preview") \
	X(ENTRY_BACKUP_PRUNE,       "backup.prune") \
	X(ENTRY_STAFF_MAKE,         "staff.make")          /* these five: the account's id */ \
	X(ENTRY_STAFF_CHANGE,       "staff.change") \
	X(ENTRY_STAFF_END,          "staff.end")           /* and what was ended: access/leave.c */ \
	X(ENTRY_STAFF_RETURN,       "staff.return") \
	X(ENTRY_STAFF_ROLES,        "staff.roles") \
	X(ENTRY_ROLE_PUT,           "role.put")            /* le64 number of the role | u8 1: taken away */ \
	X(ENTRY_SIGN_IN,            "session.begin")       /* account's id | le32 method */ \
	X(ENTRY_SIGN_IN_FAILED,     "session.refused") \
	X(ENTRY_STEP_UP,            "session.prove") \
	X(ENTRY_SIGN_OUT,           "session.end")         /* account's id | le32 how many sessions */ \
	X(ENTRY_STAFF_READ,         "staff.read") \
	X(ENTRY_REVEAL,             "subject.reveal")      /* as read; the reason is under the log's key */ \
	X(ENTRY_APPROVAL_ASK,       "approval.ask")        /* these four: the approval's id */ \
	X(ENTRY_APPROVAL_GIVE,      "approval.give") \
	X(ENTRY_APPROVAL_REFUSE,    "approval.refuse") \
	X(ENTRY_APPROVAL_USE,       "approval.use") \
	X(ENTRY_GLASS_BREAK,        "glass.break")         /* these two: the exception's id */ \
	X(ENTRY_GLASS_REVIEW,       "glass.review") \
	X(ENTRY_LOOK_STEP_UP,       "look.step-up")        /* the hourly line of distinct persons is passed: le32 how many */ \
	X(ENTRY_LOOK_BLOCK,         "look.block") \
	X(ENTRY_ALERT_SEEN,         "alert.seen")          /* le64 its number */ \
	X(ENTRY_ACCESS_REVIEW,      "access.review") \
	X(ENTRY_PROVIDER_PUT,       "provider.put")        /* set up, changed or taken away */ \
	X(ENTRY_PROVIDER_LOGOUT,    "provider.logout")     /* these two: account's id or zeros | le32 sessions ended */ \
	X(ENTRY_PROVIDER_SIGNAL,    "provider.signal") \
	X(ENTRY_PROVIDER_LATE,      "provider.late")       /* access/provider_signal.c: what lay between the event and its coming */ \
	X(ENTRY_STAFF_INVITE,       "staff.invite")        /* account's id | u8 1: a reset */ \
	X(ENTRY_CREDENTIAL,         "credential.change")   /* account's id | u8 which: access/own.c */ \
	X(ENTRY_PASSKEY_ADD,        "passkey.add")         /* these two: account's id | passkey's id */ \
	X(ENTRY_PASSKEY_REMOVE,     "passkey.remove") \
	X(ENTRY_PASSKEY_REFUSED,    "passkey.refused")     /* account's id, zeros: not known | u8 webauthn_fault */ \
	X(ENTRY_GROUP,              "group")               /* id of the group | u8 1 made, 2 changed, 3 taken away, 4 mapped to roles: scim/group.c */ \
	X(ENTRY_BULK_ASK,           "export.ask")          /* these five begin with the export's id; fields as le16 */ \
	X(ENTRY_BULK_LINK,          "export.link") \
	X(ENTRY_BULK_START,         "export.start") \
	X(ENTRY_BULK_END,           "export.end")          /* le64 persons given out */ \
	X(ENTRY_BULK_CANCEL,        "export.cancel") \
	X(ENTRY_BULK_PIECE,         "export.piece")        /* who was in it, packed; then the id: vault/bulk_run.c */ \
	X(ENTRY_WITNESS_ADD,        "witness.add")         /* these two: the verifier key */ \
	X(ENTRY_WITNESS_REMOVE,     "witness.remove") \
	X(ENTRY_MESSAGE_SEND,       "message.send")        /* it may leave now: message/message.c on what the body is */ \
	X(ENTRY_MESSAGE_END,        "message.end")         /* what became of it */ \
	X(ENTRY_MAIL_RETURN,        "message.return")      /* a bounce or a complaint that was ours: message/returned.c */ \
	X(ENTRY_FORM_PUT,           "form.put")            /* these three: le64 the form, le64 its version */ \
	X(ENTRY_FORM_END,           "form.end") \
	X(ENTRY_SIGN_UP,            "form.sign_up")        /* somebody asked; who it is nobody knows yet */

enum entry_act {
	ENTRY_NONE = 0,
#define X(name, text) name,
	ENTRY_TABLE(X)
#undef X
	ENTRY_COUNT
};

/* 0 done; otherwise the enum err of the refusal or failure. */
struct entry {
	enum entry_act act;
	int64_t subject;  /* 0: none; in the store also -1: somebody who is erased (forget.h) */
	int64_t purpose;  /* 0: none */
	enum err outcome;
	bytes body;
};

#define ENTRY_MASKED 0x8000

/* One decision inside the body of an ENTRY_DECISIONS: le64 subject | le16 purpose | 11 octets. */
#define ENTRY_DECISIONS_ITEM (8 + 2 + 11)
/* Entries that pack many persons: le64 subject begins each item. */
static inline bool entry_is_packed(int64_t act) { return act == ENTRY_DECISIONS || act == ENTRY_BULK_PIECE; }
/* Of the body of an ENTRY_REVEAL: le16 field numbers, as of a read; empty where it is not of that form. */
static inline bytes
entry_revealed(bytes body)
{
	uint16_t len;
	uint8_t why;
	bytes sealed;

	return eat_u8(&body, &why) && eat_le16(&body, &len) && eat_bytes(&body, len, &sealed) ? body : (bytes){ 0 };
}
/* Of the body of a packed entry: how many items, and what stands behind them, which is shorter than one. */
static inline size_t entry_items(bytes body) { return body.len / ENTRY_DECISIONS_ITEM; }
static inline bytes
entry_behind_items(bytes body)
{
	size_t at = entry_items(body) * ENTRY_DECISIONS_ITEM;

	return (bytes){ body.len > at ? body.ptr + at : NULL, body.len - at };
}

str entry_name(enum entry_act act);

/* Inside steps.  ret_seq may be NULL. */
must_check enum err entry_append(struct job *job, struct db *db, const struct entry *entry,
                                 int64_t *ret_seq);

/* On its own, for what only looks or is refused: durable before it returns. */
must_check enum err entry_write(struct job *job, struct store *store, const struct entry *entry,
                                int64_t *ret_seq);

/* The number of the newest entry; 0: none.  A restore leaves a hole, else there are so many. */
must_check enum err entry_last(struct job *job, int64_t *ret);

#endif
