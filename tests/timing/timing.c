/* Whether secrets show in time: the method of dudect (Reparaz, Balasch, Verbauwhede 2017).
 *
 *     timing [SAMPLES] [PAIRS]
 *
 * Each case is measured for two classes of input, mixed at random; Welch's t-test says whether the two
 * distributions of time differ.  What the machine does beside makes long tails in both, so that the test is made
 * for all samples and for those below some percentiles of both together, and the largest |t| counts.  Below
 * T_MAX there is no sign of a leak in so many samples; that is not a proof that there is none.
 *
 *     compare    digests: equal against differing somewhere
 *     token      a session's token: one whose digest nearly is that of one that is there, against any other
 *     totp       a code of an app: the right one against a wrong one
 *     recovery   a recovery code: right but for the last character against any other
 *     sign-in    the whole: a name that there is against one that there is not, with a wrong password (PAIRS)
 *
 * Prints one line of TAP for each.  Times decide here and nowhere else.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "access/invitation.h"
#include "access/own.h"
#include "access/throttle.h"
#include "crypto/recovery.h"
#include "crypto/totp.h"
#include "os/random.h"

#define T_MAX 5.0
#define CROPS 12

/* --- Welch's t ------------------------------------------------------------------------------------ */

struct class {
	double n, mean, m2; /* Welford */
};

static void
class_add(struct class *class, double x)
{
	double delta = x - class->mean;

	class->n++;
	class->mean += delta / class->n;
	class->m2 += delta * (x - class->mean);
}

static double
welch(const struct class class[2])
{
	double variance = 0;

	if (class[0].n < 100 || class[1].n < 100)
		return 0;
	for (int i = 0; i < 2; i++)
		variance += class[i].m2 / (class[i].n - 1) / class[i].n;
	return variance > 0 ? (class[0].mean - class[1].mean) / sqrt(variance) : 0;
}

struct sample {
	uint32_t class;
	uint32_t time;
};

static int
by_time(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

/* The largest |t| over all samples and those below each percentile. */
static double
largest_t(struct sample *sample, size_t count, double ret_mean[2])
{
	double largest = 0;

	qsort(sample, count, sizeof(*sample), by_time);
	for (int crop = 0; crop <= CROPS; crop++) {
		struct class class[2] = { 0 };
		double kept = crop ? 1 - pow(0.5, 10.0 * crop / CROPS) : 1; /* as dudect has them */
		size_t limit = (size_t)(kept * (double)count);

		for (size_t i = 0; i < limit; i++)
			class_add(&class[sample[i].class], sample[i].time);
		if (fabs(welch(class)) > fabs(largest))
			largest = welch(class);
		if (!crop) {
			ret_mean[0] = class[0].mean;
			ret_mean[1] = class[1].mean;
		}
	}
	return largest;
}

/* --- measuring ------------------------------------------------------------------------------------ */

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#define SET 256 /* inputs are made before the measuring of a set, and touched alike */

struct bench {
	const char *name;
	void (*input)(void *ctx, int class, void *ret);
	void (*run)(void *ctx, const void *input);
	size_t size;
	unsigned times; /* within one sample: what is quicker than the clock's step is done again */
};

static volatile unsigned sink;
static int failed;

static void
report(int number, const char *name, size_t count, const double mean[2], double t)
{
	bool good = fabs(t) < T_MAX;

	failed += !good;
	printf("%sok %d %s: %zu samples, means %.1f and %.1f ns, t %+.2f\n", good ? "" : "not ", number, name, count,
	       mean[0], mean[1], t);
	fflush(stdout);
}

static void
measure(int number, const struct bench *bench, void *ctx, size_t count)
{
	struct sample *sample = calloc(count, sizeof(*sample));
	uint8_t *input = calloc(SET, bench->size), class[SET];
	double mean[2];

	must(sample && input);
	for (size_t done = 0; done < count; done += SET) {
		size_t set = count - done < SET ? count - done : SET;

		os_random(class, sizeof(class));
		for (size_t i = 0; i < set; i++)
			bench->input(ctx, class[i] & 1, input + i * bench->size);
		for (size_t i = 0; i < set; i++) {
			uint64_t from = now_ns();
			for (unsigned k = 0; k < bench->times; k++)
				bench->run(ctx, input + i * bench->size);
			sample[done + i] = (struct sample){ class[i] & 1, (uint32_t)(now_ns() - from) };
		}
	}
	report(number, bench->name, count, mean, largest_t(sample, count, mean));
	free(sample);
	free(input);
}

/* --- a vault with people ---------------------------------------------------------------------------- */

#define PASSWORD S("sju r\xc3\xb6" "da stugor vid havet")
#define STAFF_COUNT 36 /* pairs of two different figures */

struct world {
	char dir[200];
	struct store *store;
	struct keys *keys;
	struct access access;
	struct desk desk;
	struct job job;
	uint8_t secret[TOTP_SECRET_BYTES];
	str token;      /* of a session */
	str recovery;   /* of the first account */
	int64_t first;
};

#define done(call) must((call) == OK)

struct make {
	struct world *world;
	struct staff *staff;
};

static enum err
make_steps(struct job *job, struct db *db, void *arg)
{
	struct make *make = arg;

	return staff_make_steps(job, &make->world->access, db, make->staff);
}

/* Names that are made of the same figures: 12 is there, 21 is not.  What letters and figures cost is no secret. */
static unsigned
name_number(int class, unsigned random)
{
	unsigned pair = random % STAFF_COUNT, low = 1, high;

	while (pair >= 9 - low)
		pair -= 9 - low++;
	high = low + 1 + pair;
	return class ? high * 10 + low : low * 10 + high;
}

static void
person_make(struct world *world, unsigned place)
{
	char name[40];
	struct staff staff = { .issuer = ISSUER_LOCAL, .state = STAFF_INVITED, .display_name = S("Made Up") };
	struct invitation invitation;
	struct recovery_codes codes;
	struct session session;
	str token, uri;

	snprintf(name, sizeof(name), "staff%02u@example.com", name_number(0, place));
	staff.user_name = str_from_c(name);
	done(store_write(&world->job, world->store, WRITE_ORDINARY, make_steps, &(struct make){ world, &staff }));
	done(invitation_make(&world->job, &world->desk, staff.no, 0, &invitation));
	done(invitation_accept(&world->job, &world->desk, invitation.token, PASSWORD, NULL, &staff, &session, &token));
	if (place == 0) {
		OWNED(credentials_end) struct credentials have = { 0 };
		char code[TOTP_DIGITS + 1];
		struct signed_in in;

		done(own_totp_begin(&world->job, &world->desk, staff.no, &uri));
		done(credentials_get(&world->job, world->desk.credential_key, world->job.db, staff.no, &have));
		totp_code(have.totp_secret, world->job.now / (TOTP_STEP_SECONDS * TIME_SECOND), code);
		done(own_totp_confirm(&world->job, &world->desk, &session, str_from_c(code), &codes, &in));
		memcpy(world->secret, have.totp_secret, TOTP_SECRET_BYTES);
		world->token = in.token;
		world->recovery = codes.text[0];
		world->first = staff.no;
	}
	world->job.actor = (struct actor){ .kind = ACTOR_OPERATOR };
}

static void
world_begin(struct world *world)
{
	OWNED(secret_free) struct secret *root = NULL;
	const char *tmp = getenv("TMPDIR");

	world->job = (struct job){ .now = 20780 * TIME_DAY, .actor = { .kind = ACTOR_OPERATOR } };
	snprintf(world->dir, sizeof(world->dir), "%s/valv-timing-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	must(mkdtemp(world->dir));
	done(crypto_start(&world->job));
	root = secret_random();
	done(store_create(&world->job, world->dir));
	done(keys_create(&world->job, world->dir, root));
	done(store_open(&world->job, &(struct store_config){ .dir = world->dir }, &world->store));
	done(keys_open(&world->job, world->store, &root, &world->keys));
	done(store_reader(&world->job, world->store, &world->job.db));
	done(access_open(&world->job, world->store, world->keys, &world->access));
	done(desk_open(&world->job, &world->access, &world->desk));
	for (unsigned i = 0; i < STAFF_COUNT; i++)
		person_make(world, i);
}

static void
world_end(struct world *world)
{
	struct dirent *entry;
	char path[500];
	DIR *dir;

	desk_close(&world->desk);
	reader_end(&world->job.db);
	keys_close(&world->keys);
	store_close(&world->store);
	dir = opendir(world->dir);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", world->dir, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(world->dir);
	job_release(&world->job);
}

/* --- cases ------------------------------------------------------------------------------------------ */

static uint8_t stored[DIGEST_BYTES];

static void
compare_input(void *ctx UNUSED, int class, void *ret)
{
	uint8_t *digest = ret, at;

	memcpy(digest, stored, DIGEST_BYTES);
	os_random(&at, 1);
	digest[at % DIGEST_BYTES] ^= (uint8_t)(class ? 1 : 0);
}

static void
compare_run(void *ctx UNUSED, const void *input)
{
	sink += digest_equal((bytes){ input, DIGEST_BYTES }, (bytes){ stored, DIGEST_BYTES });
}

#define TOKEN_MAX 64

static void
random_chars(char *out, size_t len)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t random[TOKEN_MAX];

	os_random(random, len);
	for (size_t i = 0; i < len; i++)
		out[i] = alphabet[random[i] % 32];
}

/* Class 0 is right but for its last characters. */
static void
token_input(void *ctx, int class, void *ret)
{
	const struct world *world = ctx;
	size_t len = world->token.len;

	memcpy(ret, world->token.ptr, len);
	random_chars((char *)ret + (class ? SESSION_PREFIX.len : len - 6), class ? len - SESSION_PREFIX.len : 6);
}

static void
token_run(void *ctx, const void *input)
{
	struct world *world = ctx;
	struct session session;
	bool there;

	done(session_find(&world->job, world->job.db, (str){ input, world->token.len }, &session, &there));
	must(!there);
}

static void
totp_input(void *ctx, int class, void *ret)
{
	struct world *world = ctx;
	char code[TOTP_DIGITS + 1];
	uint8_t change;

	totp_code(world->secret, world->job.now / (TOTP_STEP_SECONDS * TIME_SECOND), code);
	os_random(&change, 1);
	if (class)
		code[change % TOTP_DIGITS] = (char)('0' + (code[change % TOTP_DIGITS] - '0' + 1 + change % 9) % 10);
	memcpy(ret, code, TOTP_DIGITS);
}

static void
totp_run(void *ctx, const void *input)
{
	struct world *world = ctx;
	int64_t step = 0;

	sink += totp_valid(world->secret, (str){ input, TOTP_DIGITS }, world->job.now, TOTP_NEVER, &step);
}

static void
recovery_input(void *ctx, int class, void *ret)
{
	const struct world *world = ctx;

	memcpy(ret, world->recovery.ptr, RECOVERY_CHARS);
	for (size_t i = class ? 0 : RECOVERY_CHARS - 3; i < RECOVERY_CHARS; i++)
		if (((char *)ret)[i] != '-')
			random_chars((char *)ret + i, 1);
}

static void
recovery_run(void *ctx, const void *input)
{
	struct world *world = ctx;
	uint8_t digest[DIGEST_BYTES];
	bool there;

	must(recovery_read((str){ input, RECOVERY_CHARS }, digest));
	done(recovery_there(&world->job, world->job.db, world->first, digest, &there));
	sink += there;
}

/* As somebody who has been here and somebody who has not would see it. */
static void
whole(int number, struct world *world, size_t count)
{
	struct sample *sample = calloc(2 * count, sizeof(*sample));
	double mean[2];
	size_t taken = 0;

	must(sample);
	for (size_t i = 0; i < count; i++) {
		uint8_t random[2], peer[PEER_BYTES];

		os_random(random, sizeof(random));
		os_random(peer, sizeof(peer)); /* of one network there would be few */
		for (int k = 0; k < 2; k++) {
			char name[40];
			uint32_t class = (random[0] & 1) ^ (uint32_t)k;
			struct job job = { .now = world->job.now, .db = world->job.db };
			struct proofs proofs = { .password = S("not the password, surely"), .code = S("123456"),
				                 .peer = peer };
			struct signed_in in;
			uint64_t from;
			enum err err;

			snprintf(name, sizeof(name), "staff%02u@example.com", name_number((int)class, random[1]));
			proofs.user_name = str_from_c(name);
			from = now_ns();
			err = sign_in(&job, &world->desk, &proofs, &in);
			sample[taken++] = (struct sample){ class, (uint32_t)(now_ns() - from) };
			must(err == ERR_SIGN_IN);
			job_release(&job);
		}
	}
	report(number, "sign-in, known name against unknown", taken, mean, largest_t(sample, taken, mean));
	free(sample);
}

int
main(int argc, char **argv)
{
	uint64_t samples = 1000000, pairs = 1000;
	static const struct bench bench[] = {
		{ "compare, equal against differing", compare_input, compare_run, DIGEST_BYTES, 50 },
		{ "token, nearly one that is there against any", token_input, token_run, TOKEN_MAX, 1 },
		{ "totp, right against wrong", totp_input, totp_run, TOTP_DIGITS, 4 },
		{ "recovery code, nearly right against any", recovery_input, recovery_run, RECOVERY_CHARS, 1 },
	};
	struct world world = { .store = NULL };

	must(argc < 2 || str_u64(str_from_c(argv[1]), &samples));
	must(argc < 3 || str_u64(str_from_c(argv[2]), &pairs));
	printf("1..%zu\n", COUNT(bench) + 1);
	world_begin(&world);
	os_random(stored, sizeof(stored));
	for (size_t i = 0; i < COUNT(bench); i++)
		measure((int)i + 1, &bench[i], &world, samples);
	whole((int)COUNT(bench) + 1, &world, pairs);
	world_end(&world);
	return failed != 0;
}
