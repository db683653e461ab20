/* benchmarks/audit.c -- contract: audit.h. */
#include "benchmarks/audit.h"

#include <sys/stat.h>
#include <time.h>

#include "audit/tree.h"
#include "crypto/mac.h"
#include "os/clock.h"

#define AT_ONCE 5000 /* entries or persons in one write */

struct run {
	struct store *store;
	struct keys *keys;
	uint64_t persons, random;
	uint64_t from, to;
};

static uint64_t
draw(struct run *run)
{
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return run->random;
}

static enum err
persons_steps(struct job *job, struct db *db, void *arg)
{
	struct run *run = arg;

	for (uint64_t no = run->from; no < run->to; no++) {
		OWNED(buf_release) struct buf wrapped = { .max = 4096 };
		OWNED(keyset_end) struct keyset *keyset = keyset_begin(keys_ring(run->keys));
		for (uint32_t section = 0; section < 3; section++)
			must(keyset_renew(keyset, section));
		keyring_wrap(keys_ring(run->keys), (int64_t)no, keyset, &wrapped);
		TRY(db_keys_put(job, db, (int64_t)no, keyring_current(keys_ring(run->keys)), buf_bytes(&wrapped)));
	}
	return OK;
}

/* As a read of five fields leaves it. */
static enum err
entries_steps(struct job *job, struct db *db, void *arg)
{
	static const uint8_t fields[10] = { 1, 0, 2, 0, 3, 0, 4, 0, 5, 0 };
	struct run *run = arg;

	for (uint64_t i = run->from; i < run->to; i++)
		TRY(entry_append(job, db,
		                 &(struct entry){ .act = ENTRY_SUBJECT_READ, .subject = (int64_t)(1 + draw(run) % run->persons),
		                                  .purpose = 1, .body = { fields, sizeof(fields) } },
		                 NULL));
	return OK;
}

static enum err
in_writes(struct job *job, struct run *run, uint64_t from, uint64_t to, write_steps *steps)
{
	for (uint64_t at = from; at < to; at += AT_ONCE) {
		run->from = at;
		run->to = at + AT_ONCE < to ? at + AT_ONCE : to;
		TRY(store_write(job, run->store, WRITE_ONE, steps, run));
		arena_reset(&job->arena);
	}
	return OK;
}

static enum err
sequence(struct job *job, struct run *run)
{
	bool more = true;

	while (more) {
		TRY(tree_step(job, run->store, run->keys, &TREE_BATCH, &more));
		arena_reset(&job->arena);
	}
	return OK;
}

/* An entry with five fields: r, the commitment over its content, the leaf, and a node for each leaf. */
static double
hashing(double seconds, double *ret_cpu_us)
{
	clock_t cpu = clock();
	uint8_t octet[128] = { 0 }, r[32] = { 0 };
	struct merkle_hash leaf = { 0 }, node;
	int64_t began = os_monotonic_us(), now;
	uint64_t count = 0;

	do {
		for (int i = 0; i < 1000; i++) {
			bytes part[2] = { { octet, 11 }, { octet, 10 } };
			memcpy(octet, &count, sizeof(count));
			digest_keyed(leaf.octet, part, COUNT(part), r);
			mac_sha256((bytes){ r, sizeof(r) }, (bytes){ octet, 72 }, octet + 46);
			merkle_leaf((bytes){ octet, 78 }, &leaf);
			merkle_node(&leaf, &leaf, &node);
			count++;
		}
		now = os_monotonic_us();
	} while ((double)(now - began) < seconds * 1e6);
	*ret_cpu_us = (double)(clock() - cpu) * 1e6 / CLOCKS_PER_SEC / (double)count;
	return (double)count / ((double)(now - began) / 1e6);
}

enum err
audit_rate_measure(struct job *job, const char *dir, uint64_t entries, uint64_t persons, struct audit_rate *ret)
{
	struct run run = { .persons = persons, .random = 0x9e3779b97f4a7c15u };
	OWNED(secret_free) struct secret *root = NULL;
	double before;
	int64_t began;
	clock_t cpu;

	must(mkdir(dir, 0700) == 0);
	TRY(crypto_start(job));
	root = secret_random();
	TRY(store_create(job, dir));
	TRY(keys_create(job, dir, root));
	TRY(store_open(job, &(struct store_config){ .dir = dir }, &run.store));
	TRY(keys_open(job, run.store, &root, &run.keys));
	TRY(store_reader(job, run.store, &job->db));
	TRY(in_writes(job, &run, 1, persons + 1, persons_steps));
	TRY(in_writes(job, &run, 0, entries, entries_steps));
	before = hashing(1.0, &ret->limit_cpu_us);
	began = os_monotonic_us();
	cpu = clock();
	TRY(sequence(job, &run));
	ret->cpu_us = (double)(clock() - cpu) * 1e6 / CLOCKS_PER_SEC / (double)entries; /* of all threads */
	ret->sequenced = (double)entries / ((double)(os_monotonic_us() - began) / 1e6);
	ret->entries = entries;
	ret->persons = persons;
	ret->limit = (before + hashing(1.0, &ret->limit_cpu_us)) / 2;
	keys_close(&run.keys);
	reader_end(&job->db);
	store_close(&run.store);
	return OK;
}
