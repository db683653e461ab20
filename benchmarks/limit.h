/* benchmarks/limit.h -- limits measured in the same run: bare SQLite, the same files and settings as
 * store/sqlite.c, with nothing of Valv around it. */
#ifndef BENCH_LIMIT_H
#define BENCH_LIMIT_H

#include "base/str.h"

/* Rows a second: one audit entry a row, committed in groups of `group`, for `seconds`. */
double limit_entries(const char *dir, int group, double seconds);

/* Creates a second: for each the rows that one create with 8 values, 2 lookups and 2 grounds writes
 * (subject with a record of record_bytes, 2 lookups, 2 acts, 1 entry; 1 key set in a second file),
 * in groups of `group`. */
double limit_creates(const char *dir, int group, size_t record_bytes, double seconds);

/* Erasures a second: for each the rows that burying such a person (one act) deletes and writes: the
 * person's row emptied, 2 lookups and 1 act deleted, 1 stop, 1 proof, 1 entry and 1 certificate written; the key
 * set deleted in the second file, whose log is then copied and cut, once a group. */
double limit_erases(const char *dir, int group, size_t record_bytes, double seconds);

/* Sweeps a second: for each the rows that the sweep of one person with three values, one of them
 * searched for, writes (subject, lookup dropped, act, entry, reminder; key set in a second file,
 * whose log is then emptied; reminder dropped), in groups of `group`. */
double limit_sweeps(const char *dir, int group, double seconds);

/* The least that any server does which answers over HTTP once the entry is durable: a process with
 * one thread that receives what has come on its connections, inserts an entry for each, commits, and
 * sends each the same answer.  It parses nothing, asks nobody and decides nothing.  Its port, and its
 * process, which ends with the caller or by bare_stop(). */
struct bare {
	int pid;
	uint16_t port;
};
void bare_start(const char *dir, struct bare *ret);
void bare_stop(struct bare *bare);

#endif
