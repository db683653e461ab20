/* access/policy.h -- every decision about who may do what, as pure functions: facts in, verdict out.
 *
 * Nothing is read, written or remembered here; who calls gathers the facts from the store and acts on the
 * verdict.  Each function begins by refusing and ends by refusing: what no line allows is denied (I7).
 * `./test mcdc` shows that the tests take every branch, and that every condition decides alone.
 *
 *   O1  A token is good only while its staff member's word is the one it was made under (V4, I5).
 *   O2  Who asks for something that takes two people is never the second of them.
 *   O3  What is seen of a value is the clearest view that a grant gives for this purpose, and hidden where none does.
 *   O4  Where two factors are required, whoever has shown one does nothing but show another, or set one up where the account
 *       has none, and sign out: who has the password of somebody with a passkey makes no passkey with it.
 */
#ifndef ACCESS_POLICY_H
#define ACCESS_POLICY_H

#include "base/str.h"
#include "base/time.h"

enum access_verdict {
	VERDICT_REFUSED = 0,    /* whatever is not one of these */
	VERDICT_ALLOWED,
	VERDICT_STEP_UP,        /* with a fresh proof of who they are */
	VERDICT_SECOND_FACTOR,  /* with a second factor, or once they have one (O4) */
	VERDICT_SECOND_PERSON,  /* when somebody else approved of it */
	VERDICT_OTHER_PURPOSE,  /* not for this purpose */
	VERDICT_SPENT,          /* not before the hour is over */
};

/* --- is the token good? ----------------------------------------------------------------------- */

struct token_facts {
	bool known;         /* the store has it */
	bool revoked;
	bool owned;         /* it hangs on a staff member, and these are theirs: */
	bool active;        /* works here now */
	bool same_epoch;    /* nothing was taken away since it was made */
	time_us made_at, used_at, expires_at; /* TIME_NEVER: it does not end by itself */
	time_us idle;       /* it rests at most so long; TIME_NEVER: any time */
	bool network_fits;
	time_us now;
};
#define POLICY_CLOCK_SLACK (60 * TIME_SECOND)
bool policy_token(const struct token_facts *facts);

/* --- how was it shown? ------------------------------------------------------------------------ */

/* NIST SP 800-63B-4 section 2.2 (AAL2): two different factors, or one authenticator that is both. */
struct factor_facts {
	bool required;       /* two, of all staff here */
	bool passkey;        /* the device, and whose it is: Valv takes none without user verification */
	bool provider;       /* the identity provider says that it saw several (RFC 8176, amr "mfa") */
	bool password, code; /* code: of an app, or one on paper in its place */
};
bool policy_factors(const struct factor_facts *facts);

/* --- may it make this call? ------------------------------------------------------------------- */

struct call_facts {
	bool operator_only, operator;  /* on the server's own socket */
	bool person_only, person;      /* a staff member who signed in, not a program */
	bool half;                     /* a person for whom policy_factors() says no; then: */
	bool half_may;                 /* the call shows a second factor, says what there is, or signs out */
	bool enrols, other_there;      /* the call sets one up; the account has one already */
	bool scope_needed, scope_held;
	bool fresh_needed, fresh;      /* only asked of persons */
	bool second_needed, second_given; /* somebody else approved of exactly this */
};
enum access_verdict policy_call(const struct call_facts *facts);

/* --- for which purpose, and how clear? -------------------------------------------------------- */

enum view { VIEW_HIDDEN = 0, VIEW_MASKED = 1, VIEW_CLEAR = 2 };

/* One line of what a role gives or a key carries: these scopes, for these purposes, with these views. */
struct grant {
	uint32_t scopes;
	bool all_purposes;
	bytes purposes;   /* le16 numbers */
	enum view view;           /* of ordinary fields */
	enum view view_sensitive; /* of fields that the registry calls sensitive */
	bytes views;              /* le16 field, u8 view: these as it says here, whatever they are */
};

struct grants {
	const struct grant *grant;
	size_t count;
};

/* needed: any of these scopes will do; 0: any grant. */
bool policy_purpose(struct grants grants, uint32_t needed, uint32_t purpose);
/* A grant for every purpose there is or will be. */
bool policy_any_purpose(struct grants grants, uint32_t needed);
enum view policy_view(struct grants grants, uint32_t needed, uint32_t purpose, uint32_t field, bool sensitive);
uint32_t policy_scopes(struct grants grants);

/* --- two people ------------------------------------------------------------------------------- */

struct approval_facts {
	bool waiting;            /* nobody decided yet */
	bool in_time;
	bool same_person;        /* who decides is who asked (O2) */
	bool asker_holds;        /* the asker's word is still the one it was asked under; operators': always */
	bool may_approve;        /* who decides has that scope */
};
bool policy_approve(const struct approval_facts *facts);

struct approved_facts {
	bool approved, in_time;
	bool same_operation;     /* exactly what was asked for */
	bool same_asker;         /* by who asked for it */
	bool asker_holds, approver_holds;
};
bool policy_approved(const struct approved_facts *facts);

/* --- exceptions and budgets ------------------------------------------------------------------- */

struct glass_facts {
	bool may;                /* has that scope */
	bool reason_given;
	bool one_open;           /* already */
	bool one_unreviewed;     /* an earlier one waits for its review: no next one */
};
bool policy_break_glass(const struct glass_facts *facts);

struct review_facts {
	bool may;
	bool own;                /* one's own exception */
	bool over, reviewed;
};
bool policy_review(const struct review_facts *facts);

/* distinct: persons looked at in this hour with this one. */
struct look_facts {
	int64_t distinct, step_up_at, block_at; /* 0: no such line */
	bool fresh;
};
enum access_verdict policy_look(const struct look_facts *facts);

#endif
