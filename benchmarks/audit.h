/* benchmarks/audit.h -- how fast audit entries come into the Merkle tree, without a server around it. */
#ifndef BENCH_AUDIT_H
#define BENCH_AUDIT_H

#include "base/job.h"

struct audit_rate {
	double sequenced;  /* entries a second, to durable tiles and a signed checkpoint for each batch */
	double limit;      /* entries a second of nothing but hashing: the same leaves, commitments and nodes */
	double cpu_us, limit_cpu_us; /* of the processor, for one entry */
	uint64_t entries, persons;
};

/* In an empty directory: a store with so many persons and reads of one each, drawn by chance; then the tree. */
must_check enum err audit_rate_measure(struct job *job, const char *dir, uint64_t entries, uint64_t persons,
                                       struct audit_rate *ret);

#endif
