/* base/limits.h -- every limit that a caller can run into, with its unit and reason (I8).
 * The problem for an exceeded limit names it by the name given here, in lower case. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* HTTP */
#define LIMIT_HEADER_BYTES (16 * 1024)         /* one request's header section */
#define LIMIT_HEADER_FIELDS 64                 /* header fields in one request */
#define LIMIT_TARGET_BYTES (4 * 1024)          /* request target */
#define LIMIT_BODY_BYTES (256 * 1024)          /* an ordinary JSON body */
#define LIMIT_BULK_BODY_BYTES (8 * 1024 * 1024) /* NDJSON batch, a piece of an import */
#define LIMIT_ANSWER_BYTES (16 * 1024 * 1024)  /* an answer's body */
#define LIMIT_PIECE_BYTES (16 * 1024)          /* of an answer that leaves in pieces; so much is under way at most */
#define LIMIT_STREAMS 8                        /* answers at once that are made while they leave; a quarter of the workers at most */
#define LIMIT_STREAM_SECONDS 3600              /* one of them, from its first octet to its last */
#define LIMIT_CONNECTIONS 1024                 /* open at once on one listener */
#define LIMIT_QUEUE 512                        /* requests waiting for a worker */
#define LIMIT_QUEUE_RESERVED 64                /* of those, kept for revoke, withdraw, erase, health */
#define LIMIT_IDLE_SECONDS 30                  /* a connection without a byte */

/* Pages for people */
#define LIMIT_PAGE_BYTES (256 * 1024)          /* one page, or one text of a mail */
#define LIMIT_FORM_BYTES (128 * 1024)          /* a form that is sent, whichever way */
#define LIMIT_FORM_FIELDS 2048                 /* names with their values in it */
#define LIMIT_LOGO_BYTES (32 * 1024)           /* the company's logo */

/* JSON */
#define LIMIT_JSON_DEPTH 32
#define LIMIT_JSON_NODES 20000                 /* members, elements and values in one body */
#define LIMIT_STRING_BYTES (64 * 1024)         /* one JSON string */

/* Registry */
#define LIMIT_FIELDS 500                       /* fields in one vault */
#define LIMIT_PURPOSES 200                     /* purposes in one vault */
#define LIMIT_NAME_BYTES 64                    /* name of a field, purpose, key: [a-z][a-z0-9_-]* */
#define LIMIT_NOTICE_BYTES (32 * 1024)         /* one notice text in one language */
#define LIMIT_LANGUAGES 24
#define LIMIT_RECIPIENTS 100                   /* of one purpose version */
#define LIMIT_ENUM_OPTIONS 200

/* One person */
#define LIMIT_VALUES 200                       /* values of one person */
#define LIMIT_VALUE_BYTES (16 * 1024)          /* one value, canonical form */
#define LIMIT_STATEMENT_BYTES (4 * 1024)       /* what a person adds to one value (Article 16) */
#define LIMIT_GROUNDS 200                      /* grounds of one person */
#define LIMIT_LEDGER 10000                     /* acts in one person's ledger */
#define LIMIT_EVIDENCE_BYTES (8 * 1024)        /* evidence of one act, canonical JSON */
#define LIMIT_RECORD_BYTES (4 * 1024 * 1024)   /* one sealed record */
#define LIMIT_HOLDERS 64                       /* persons that one address is searched among */

/* A package with all that is held about one person: what is over stands in further parts */
#define LIMIT_PACKAGE_ENTRIES 5000             /* audit entries in one part */
#define LIMIT_PACKAGE_ACTS_BYTES (2 * 1024 * 1024) /* acts with their evidence in one part */

#define LIMIT_PACKAGES 8                       /* packages that wait behind a link for one person */
#define LIMIT_PACKAGE_DAYS 30                  /* so long at most */

/* Requests */
#define LIMIT_REQUEST_EVENTS 1000              /* steps and messages of one request */
#define LIMIT_REQUEST_RESERVED 100             /* of these, not for letters nor for what answers it: it can always be closed */
#define LIMIT_MESSAGE_BYTES (32 * 1024)        /* what is written in one of them */
#define LIMIT_RECEIPT_STATES 1000              /* acts about one purpose in one receipt */

/* Bulk */
#define LIMIT_BATCH_LINES 100000               /* lines in one NDJSON batch */
#define LIMIT_BATCH_PIECE 1000                 /* decisions under one audit entry */
#define LIMIT_PAGE 1000                        /* items on one page of a list */
#define LIMIT_CSV_COLUMNS 512
#define LIMIT_CSV_CELL_BYTES (64 * 1024)
#define LIMIT_CSV_ROW_BYTES (1024 * 1024)

/* Recipients and what leaves */
#define LIMIT_DISCLOSURES 10000                /* in one person's ledger of disclosures */
#define LIMIT_DISCLOSURES_CALL 1000            /* recorded by one call */
#define LIMIT_ENDS_CALL 1000                   /* grounds ended by one call */
#define LIMIT_RECIPIENTS_KNOWN 1000            /* in the register */
#define LIMIT_URL_BYTES 2000                   /* of a webhook */
#define LIMIT_EVENT_BYTES (20 * 1000)          /* a webhook's body, as Standard Webhooks asks */
#define LIMIT_REPLY_BYTES (32 * 1024)          /* text of a reply to a person */
#define LIMIT_REPLY_TITLE_BYTES 300
#define LIMIT_REPLY_ADDRESS_BYTES 1000
#define LIMIT_CLAIM 100                        /* rows of the outbox taken at once */
#define LIMIT_CLAIM_SECONDS (24 * 3600)        /* how long they may be kept */

/* Messages to persons */
#define LIMIT_MESSAGE_VALUES 32                /* values of one message */
#define LIMIT_MESSAGE_ITEMS 200                /* lines of one value that is a list */
#define LIMIT_MESSAGE_CONTENT_BYTES (64 * 1024) /* address, name and values of one message */
#define LIMIT_MESSAGE_TRIES 12                 /* of one message; with the pauses between them, about a day */
#define LIMIT_MESSAGE_PAUSE_SECONDS (4 * 3600) /* the longest pause between two tries */
#define LIMIT_MAIL_CONNECTIONS 8               /* to the server at once */
#define LIMIT_MAIL_DOMAIN_CONNECTIONS 8        /* of these, with messages for one and the same domain */
#define LIMIT_MAIL_DOMAIN_RATE 1000000         /* messages a minute for one domain */
#define LIMIT_SOFT_BOUNCES 5                   /* so many within 30 days each, and no more marketing goes there */
#define LIMIT_RETURN_BYTES (1024 * 1024)       /* one mail that came back */

/* Staff and keys */
#define LIMIT_STAFF 10000                      /* accounts, those that were ended among them */
#define LIMIT_SESSIONS 20                      /* of one staff member at once: the oldest gives way */
#define LIMIT_ROLES 100                        /* of the company's own */
#define LIMIT_ROLE_GRANTS 32                   /* lines in one role */
#define LIMIT_STAFF_ROLES 20                   /* roles of one staff member */
#define LIMIT_APPROVALS 200                    /* waiting at once */
#define LIMIT_GLASS_STAFF 20                   /* people who may break the glass */
#define LIMIT_GLASS_MINUTES 30                 /* one break-glass */
#define LIMIT_API_KEYS 10000
#define LIMIT_KEY_NETWORKS 16                  /* networks that one key is good from */
#define LIMIT_IDEMPOTENCY_BYTES 255            /* an Idempotency-Key */

/* Witnesses of the audit log */
#define LIMIT_WITNESSES 15                     /* registered at once: with the log's own, 16 lines, which every reader of notes takes */
#define LIMIT_WITNESS_AHEAD_SECONDS 300        /* so far may a witness's clock be ahead of ours */

/* Signing in */
#define LIMIT_USER_NAME_BYTES 320              /* a name to sign in with; an e-mail address fits */
#define LIMIT_PASSWORD_CHARS 256               /* code points of a password */
#define LIMIT_PASSWORD_BYTES (4 * LIMIT_PASSWORD_CHARS)
#define LIMIT_DEVICES 20                       /* browsers in which one staff member has signed in lately */
#define LIMIT_SIGN_INS 20                      /* of the last sign-ins that one staff member is shown */
#define LIMIT_INVITATION_HOURS 48              /* so long a one-time link is good at most */

/* Identity provider */
#define LIMIT_PROVIDER_GROUPS 500              /* groups that give a role */
#define LIMIT_PROVIDER_SECRET_BYTES 512        /* a client secret */
#define LIMIT_EVENT_STAFF 100                  /* accounts that one security event may mean */
#define LIMIT_PASSKEYS 20                      /* of one account */
#define LIMIT_PASSKEY_NAME_BYTES 100           /* what its owner calls one */

/* Sign-ups */
#define LIMIT_FORMS 1000                       /* forms, those that were ended among them */
#define LIMIT_SIGNUP_TEXT_BYTES 2000           /* one text of a form, in one language */
#define LIMIT_SIGNUP_CONTROLS 20               /* boxes on one form */
#define LIMIT_SIGNUP_INPUTS 30                 /* fields that it asks for */
#define LIMIT_SIGNUP_ORIGINS 50                /* sites that it may stand on */
#define LIMIT_SIGNUP_FILL_SECONDS 3            /* nobody fills one in faster */
#define LIMIT_SIGNUP_FORM_HOURS 24             /* how old a page may be that is sent */
#define LIMIT_SIGNUP_NETWORK_HOUR 120          /* points an hour of one network; what a sign-up costs: signup/guard.h */
#define LIMIT_SIGNUP_ADDRESS_DAY 3             /* mails a day for one address */
#define LIMIT_SIGNUP_HOUR 20000                /* sign-ups an hour, of everybody together */
#define LIMIT_SIGNUP_WAIT_DAYS 2               /* so long one waits for its confirmation, as its link works */

/* SCIM (staff accounts kept by an identity provider) */
#define LIMIT_SCIM_FILTER_BYTES 2048           /* a filter, or a path of PATCH */
#define LIMIT_SCIM_FILTER_TERMS 64             /* comparisons and brackets in it */
#define LIMIT_SCIM_FILTER_DEPTH 16             /* brackets within brackets */
#define LIMIT_SCIM_TEXT_BYTES 1024             /* one value */
#define LIMIT_SCIM_VALUES 16                   /* e-mail addresses of one user */
#define LIMIT_SCIM_OPERATIONS 1000             /* in one PATCH */
#define LIMIT_SCIM_GROUPS 5000                 /* in one vault */
#define LIMIT_SCIM_MEMBERS 50000               /* of one group */
#define LIMIT_SCIM_PAGE 200                    /* resources on one page of a list */

#endif
