/* Foreseeable random numbers for the property tests: one seed, printed, gives one run.
 * VALV_SEED=n runs it again; VALV_ROUNDS=n runs more or fewer rounds. */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include "base/str.h"
#include "os/random.h"

struct random {
	uint64_t state;
};

static inline uint64_t
number_from_environment(const char *name, uint64_t otherwise)
{
	uint64_t number;

	return str_u64(str_from_c(getenv(name)), &number) ? number : otherwise;
}

static inline uint64_t
seed_of_run(const char *test)
{
	uint64_t fresh, seed;

	os_random(&fresh, sizeof(fresh));
	seed = number_from_environment("VALV_SEED", fresh % 1000000000);
	printf("# %s: VALV_SEED=%llu\n", test, (unsigned long long)seed);
	fflush(stdout);
	return seed;
}

/* splitmix64: every seed is a good one. */
static inline uint64_t
random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline uint32_t
random_below(struct random *random, uint32_t below)
{
	return (uint32_t)(random_next(random) % below);
}

static inline bool
random_one_in(struct random *random, uint32_t n)
{
	return random_below(random, n) == 0;
}

#endif
