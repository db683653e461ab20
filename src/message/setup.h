/* message/setup.h -- how mail leaves: the server, who sends, the keys that sign.
 *
 *   U1  Passwords and signing keys lie sealed under a named key of the vault ("mail"), and no call gives them back.
 *   U2  Without a server and a sender's address nothing is sent; what waits, waits, as long as it is of use.
 *   U3  What is in use is never older than the store: it is compared at each batch (I9).
 *
 * One JSON object in the setting `mail`, beside `mail_password`, `mail_key_rsa`, `mail_key_ed25519`.
 */
#ifndef MESSAGE_SETUP_H
#define MESSAGE_SETUP_H

#include "mail/dkim.h"
#include "mail/smtp.h"
#include "vault/vault.h"

#define SETUP_CONNECTIONS 4           /* unless said */
#define SETUP_DOMAIN_CONNECTIONS 4
#define SETUP_DOMAIN_RATE 3000        /* a minute */
#define SETUP_PATH_BYTES_MAX 1000
#define SETUP_USER_BYTES_MAX 320
#define SETUP_PASSWORD_BYTES_MAX 512

/*      enum                no                  name */
#define SETUP_TLS_TABLE(X) \
	X(SETUP_TLS_NONE,     WIRE_TLS_NONE,      "none")  /* to a server on this machine or network */ \
	X(SETUP_TLS_MAY,      WIRE_STARTTLS_MAY,  "starttls_if_offered") \
	X(SETUP_TLS_MUST,     WIRE_STARTTLS_MUST, "starttls") \
	X(SETUP_TLS_FIRST,    WIRE_TLS_FIRST,     "tls")

/* In the arena; "" where nothing is said. */
struct setup {
	str host;            /* of the server; "": mail is not set up */
	uint16_t port;
	enum wire_tls tls;
	str ca_file;
	str hello;           /* "": the sender's domain */
	str user;
	str from, from_name; /* from_name "": the company's */
	str reply_to;
	str return_prefix;   /* bounces come back to PREFIX+…@DOMAIN */
	str return_domain;   /* "": the sender's */
	str maildir;         /* where bounces lie; "": nobody looks */
	int64_t connections, domain_connections, domain_rate;
	bool password_there;
	bool replies; /* answers to requests go by mail, too (message/replies.h); yes unless said */
};

/* As it stands; what was never said has its default. */
must_check enum err setup_get(struct job *job, struct vault *vault, struct setup *ret);
/* password: NULL: as it is; "": there is none any more.
 *   ERR_INVALID, ERR_LIMIT at the member, names as in the API: nothing was written */
must_check enum err setup_put(struct job *job, struct vault *vault, const struct setup *setup, const str *password);
str setup_domain(const struct setup *setup); /* of the sender's address */
str setup_return_domain(const struct setup *setup);
bool setup_ready(const struct setup *setup); /* U2 */

/* --- keys that sign ------------------------------------------------------------------------------ */

/* A fresh key of that kind; the one before is destroyed.  The domain is the sender's.
 *   ERR_INVALID at /selector   ERR_CONFLICT  no sender yet */
must_check enum err setup_key_make(struct job *job, struct vault *vault, enum dkim_kind kind, str selector);
/* ERR_ABSENT */
must_check enum err setup_key_drop(struct job *job, struct vault *vault, enum dkim_kind kind);
/* Those that there are, Ed25519 after RSA: each verifier takes what it knows.  Close each. */
must_check enum err setup_keys(struct job *job, struct vault *vault, const struct setup *setup,
                               struct dkim_key *ret[DKIM_KEYS_MAX], size_t *ret_count);
str setup_kind_name(enum dkim_kind kind);
bool setup_kind_find(str name, enum dkim_kind *ret);

/* Opens a connection's state (mail/smtp.h) to the server.  stop: borrowed. */
must_check enum err setup_smtp(struct job *job, struct vault *vault, const struct setup *setup,
                               const _Atomic bool *stop, struct smtp **ret);

/* Connects as a sender would, and says goodbye: for who looks whether it works. */
must_check enum err setup_knock(struct job *job, struct vault *vault, const struct setup *setup, long connect_ms,
                                enum wire_end *ret);

/* --- tokens of bounces (mail/mailbox.h, A3) -------------------------------------------------------- */

#define RETURN_TOKEN_BYTES 24 /* a message's id and eight octets that only the vault can make */
must_check enum err return_token(struct job *job, struct vault *vault, uid id, uint8_t ret[RETURN_TOKEN_BYTES]);
/* *ret_good: it is one of ours; compared in constant time. */
must_check enum err return_token_read(struct job *job, struct vault *vault, bytes token, uid *ret_id, bool *ret_good);

#endif
