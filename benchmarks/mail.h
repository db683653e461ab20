/* benchmarks/mail.h -- how fast confirmations leave: out of the durable queue, decided, composed, signed, handed to a
 * server on this machine, written down. */
#ifndef BENCH_MAIL_H
#define BENCH_MAIL_H

#include "base/job.h"

struct mail_rate {
	double sent;   /* messages a second */
	double limit;  /* messages a second of nothing but handing over: one that is ready, on as many connections */
	double cpu_us; /* of the processor, for one message, the server's share apart */
	uint64_t messages, connections;
};

/* In an empty directory.  Signed with Ed25519, or with RSA of 2048 bits. */
must_check enum err mail_rate_measure(struct job *job, const char *dir, bool rsa, uint64_t messages, double limit_seconds,
                                      struct mail_rate *ret);

#endif
