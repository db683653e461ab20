/* signup/signup.h -- somebody signs up, and confirms it.
 *
 *   Q1  Nobody is a person in the vault before the press on the button behind the link in the mail; what was sent waits
 *       under the key of its day, which is destroyed when the day's deadline is past, and with it what nobody confirmed.
 *   Q2  The form tells nobody who is known: for a known address and another the work, the rows and the answer are the
 *       same.  Only the mail differs, which goes to the address itself.
 *   Q3  One transaction makes or changes the person: the values, for each box ticked the consent and its confirmation,
 *       for each other box a refusal, the words' hashes, and that the sign-up is done.  Pressing again changes nothing.
 *   Q4  Of a person who is there already nothing is overwritten: what stood there stays, what was missing comes in, and a
 *       box that was left alone takes no earlier yes away.  Of protected persons no value is stored.
 *   Q5  An address of several persons identifies none of them: the sign-up makes a person of its own.
 *   Q6  No mail repeats what was typed: whoever types may be anybody.
 *   Q7  What stops an address for everything stops the mail, too (message.h, M3); what stopped it for a purpose, a channel
 *       or marketing is lifted by the confirmed act alone (vault/suppress.h, U1).
 *   Q8  A child's sign-up is refused without a guardian's consent (Article 8), which a form cannot take.
 */
#ifndef SIGNUP_SIGNUP_H
#define SIGNUP_SIGNUP_H

#include "signup/guard.h"

/* --- signing up ------------------------------------------------------------------------------------ */

/* What was typed, as it came.  Arrays as long as those of the form. */
struct signup {
	const struct signup_form *form;
	str language;      /* of the form */
	const bool *yes;   /* by control */
	const str *text;   /* by input; "" where nothing was typed */
	uint8_t peer[16];
	enum signup_cost cost;
};

enum signup_state {
	SIGNUP_TAKEN,    /* the answer is the same, whoever it is (Q2) */
	SIGNUP_WRONG,    /* `wrong` says what */
	SIGNUP_CHILD,    /* Q8 */
	SIGNUP_TOO_MANY, /* of this network, or of everybody: in an hour */
};

enum signup_fault { SIGNUP_FAULT_NONE, SIGNUP_FAULT_MISSING, SIGNUP_FAULT_UNREADABLE };

struct signup_answer {
	enum signup_state state;
	bool no_yes;                    /* no box is ticked: there is nothing to sign up for */
	const enum signup_fault *fault; /* by input */
};

/* ERR_CONFLICT  the form is closed */
must_check enum err signup_begin(struct job *job, struct vault *vault, const struct registry *registry,
                                 const struct signup *signup, struct signup_answer *ret);

/* --- confirming ------------------------------------------------------------------------------------ */

enum confirm_state {
	CONFIRM_NO_LINK, /* forged, too old, gone, of a form that went: all alike */
	CONFIRM_WAITS,   /* signup_look(): a press does it */
	CONFIRM_DONE,    /* now, or before */
	CONFIRM_CHILD,   /* Q8 */
	CONFIRM_DECLINED, /* signup_decline() */
	CONFIRM_CLOSED,  /* what was asked for has ended meanwhile; nothing was stored */
};

struct confirm_answer {
	enum confirm_state state;
	uid person;            /* CONFIRM_DONE */
	uint8_t digest[DIGEST_BYTES]; /* CONFIRM_DONE: of the address that the link went to */
	str language;          /* in which they signed up */
	struct signup_form form;
	const str *label;      /* what they said yes to, in that language */
	size_t label_count;
};

/* Changes nothing. */
must_check enum err signup_look(struct job *job, struct vault *vault, const struct registry *registry, str token,
                                struct confirm_answer *ret);
must_check enum err signup_confirm(struct job *job, struct vault *vault, const struct registry *registry, str token,
                                   struct confirm_answer *ret);

/* The no behind the link: what was sent goes at once.  Again, or when it was confirmed before: CONFIRM_NO_LINK. */
must_check enum err signup_decline(struct job *job, struct vault *vault, str token, struct confirm_answer *ret);

/* --- upkeep ----------------------------------------------------------------------------------------- */

/* Keys of days that are over, and the rows under them (Q1). */
must_check enum err signup_expire(struct job *job, struct vault *vault);
/* Inside the steps of a restore: what waited has to be asked for again, as it may have been answered since. */
must_check enum err signup_restored_steps(struct job *job, struct db *db);

#endif
