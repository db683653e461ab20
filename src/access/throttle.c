/* access/throttle.c -- contract and R1-R4: throttle.h. */
#include "access/throttle.h"

#include "base/limits.h"
#include "type/precis.h"

#define WAIT_DOUBLED_MAX 20
#define KEPT (30 * TIME_DAY) /* what nobody has tried for so long is forgotten */
#define FEW_KEPT TIME_DAY /* and sooner where it was only few times: names that do not exist are many */
#define ADDRESS_KEPT (3600 * TIME_SECOND)

static const struct lane_rule {
	int64_t free;
	time_us wait_max;
	bool closes;
	time_us forgets;
} rules[] = {
	[LANE_ACCOUNT] = { 5, 15 * 60 * TIME_SECOND, true, KEPT },
	[LANE_DEVICE] = { 5, 15 * 60 * TIME_SECOND, true, KEPT },
	[LANE_ADDRESS] = { 20, 5 * 60 * TIME_SECOND, false, ADDRESS_KEPT },
};

time_us
attempt_wait(enum lane lane, int64_t count)
{
	const struct lane_rule *rule = &rules[lane];
	int64_t over = count - rule->free;
	time_us wait;

	if (rule->closes && count >= ATTEMPTS_MAX)
		return TIME_NEVER;
	if (over < 0)
		return 0;
	wait = TIME_SECOND << (over < WAIT_DOUBLED_MAX ? over : WAIT_DOUBLED_MAX);
	return wait < rule->wait_max ? wait : rule->wait_max;
}

/* --- who tries ---------------------------------------------------------------------------------- */

/* R4.  What is no name at all is counted as it was sent. */
static void
account_digest(const uint8_t *key, str name, uint8_t ret[DIGEST_BYTES])
{
	OWNED(buf_release) struct buf normal = { .max = LIMIT_USER_NAME_BYTES };
	const char *why;
	bool is_name = precis_name(name, &normal, &why);
	const bytes parts[] = { str_bytes(is_name ? S("name") : S("no name")),
		                is_name ? buf_bytes(&normal) : str_bytes(name) };

	digest_keyed(key, parts, COUNT(parts), ret);
}

/* IPv4 counts whole, mapped as it is; of IPv6 the half that a network gives to one customer. */
static void
address_digest(const uint8_t *key, const uint8_t *peer, uint8_t ret[DIGEST_BYTES])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t len = !peer ? 0 : digest_equal((bytes){ peer, 12 }, (bytes){ mapped, 12 }) ? 16 : 8;
	const bytes parts[] = { str_bytes(S("address")), { peer, len } };

	digest_keyed(key, parts, COUNT(parts), ret);
}

void
attempt_of(const uint8_t *key, str name, const uint8_t *peer, struct attempt *ret)
{
	*ret = (struct attempt){ .known = false };
	account_digest(key, name, ret->account);
	address_digest(key, peer, ret->address);
}

uint64_t
attempt_caller(const struct attempt *attempt)
{
	bytes rest = { attempt->address, sizeof(attempt->address) };
	uint64_t caller = 0;

	(void)eat_le64(&rest, &caller);
	return caller;
}

/* --- counting ----------------------------------------------------------------------------------- */

struct counted {
	int64_t count;
	time_us at;
};

static enum err
lane_get(struct job *job, struct db *db, enum lane lane, const uint8_t *digest, struct counted *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	*ret = (struct counted){ .count = 0 };
	TRY(db_query(job, db, SQL_ATTEMPT_GET, ARGS(sql_i64(lane), sql_bytes((bytes){ digest, DIGEST_BYTES })),
	             &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return OK;
	*ret = (struct counted){ rows_i64(&rows, 0), rows_i64(&rows, 1) };
	if (ret->at + rules[lane].forgets <= job->now)
		ret->count = 0;
	return OK;
}

static enum err
lane_put(struct job *job, struct db *db, enum lane lane, const uint8_t *digest, struct counted counted)
{
	return db_run(job, db, SQL_ATTEMPT_PUT,
	              ARGS(sql_i64(lane), sql_bytes((bytes){ digest, DIGEST_BYTES }), sql_i64(counted.count),
	                   sql_i64(counted.at), sql_i64(job->now)),
	              NULL);
}

/* A clock that was set back keeps nobody out for longer than the wait. */
static bool
lane_open(const struct job *job, enum lane lane, struct counted counted)
{
	time_us wait = attempt_wait(lane, counted.count);

	return wait != TIME_NEVER && (job->now >= counted.at + wait || job->now < counted.at);
}

/* Two lanes, either way. */
struct lanes {
	enum lane lane[2];
	const uint8_t *digest[2];
	size_t count;
};

static struct lanes
lanes_of(const struct attempt *attempt)
{
	if (attempt->known) /* R2 */
		return (struct lanes){ { LANE_DEVICE }, { attempt->device }, 1 };
	return (struct lanes){ { LANE_ACCOUNT, LANE_ADDRESS }, { attempt->account, attempt->address }, 2 };
}

static enum err
count_steps(struct job *job, struct db *db, void *arg)
{
	struct attempt *attempt = arg;
	struct counted counted[2];
	struct lanes lanes;

	if (attempt->known) {
		TRY(lane_get(job, db, LANE_DEVICE, attempt->device, &counted[0]));
		attempt->known = counted[0].count < ATTEMPTS_MAX;
	}
	lanes = lanes_of(attempt);
	attempt->allowed = true;
	for (size_t i = 0; i < lanes.count; i++) {
		TRY(lane_get(job, db, lanes.lane[i], lanes.digest[i], &counted[i]));
		attempt->allowed &= lane_open(job, lanes.lane[i], counted[i]);
	}
	for (size_t i = 0; i < lanes.count; i++) {
		if (attempt->allowed)
			counted[i] = (struct counted){ counted[i].count + 1, job->now };
		if (counted[i].count) /* the names that a closed address tries leave nothing */
			TRY(lane_put(job, db, lanes.lane[i], lanes.digest[i], counted[i]));
	}
	return OK;
}

enum err
attempt_count(struct job *job, struct store *store, struct attempt *attempt)
{
	return store_write(job, store, WRITE_ORDINARY, count_steps, attempt);
}

static enum err
lane_drop(struct job *job, struct db *db, enum lane lane, const uint8_t *digest)
{
	return db_run(job, db, SQL_ATTEMPT_DROP, ARGS(sql_i64(lane), sql_bytes((bytes){ digest, DIGEST_BYTES })),
	              NULL);
}

/* An address is only given back its own try: who has an account could otherwise clear what they did to others. */
enum err
attempt_right_steps(struct job *job, struct db *db, const struct attempt *attempt)
{
	struct counted counted;

	TRY(lane_drop(job, db, LANE_ACCOUNT, attempt->account));
	if (attempt->known)
		return lane_drop(job, db, LANE_DEVICE, attempt->device);
	TRY(lane_get(job, db, LANE_ADDRESS, attempt->address, &counted));
	counted.count -= counted.count > 0;
	return lane_put(job, db, LANE_ADDRESS, attempt->address, counted);
}

enum err
attempt_open_steps(struct job *job, struct db *db, const uint8_t *key, str user_name)
{
	uint8_t digest[DIGEST_BYTES];

	account_digest(key, user_name, digest);
	return lane_drop(job, db, LANE_ACCOUNT, digest);
}

/* --- time ---------------------------------------------------------------------------------------- */

struct forget_plan {
	size_t max;
	int64_t count;
};

static enum err
forget_steps(struct job *job, struct db *db, void *arg)
{
	struct forget_plan *plan = arg;

	return db_run(job, db, SQL_ATTEMPT_FORGET, ARGS(sql_i64(job->now - FEW_KEPT), sql_i64(rules[LANE_ACCOUNT].free), sql_i64(job->now - KEPT),
	                   sql_i64((int64_t)plan->max)),
	              &plan->count);
}

enum err
attempts_forget(struct job *job, struct store *store, size_t max, uint64_t *ret_count)
{
	struct forget_plan plan = { .max = max };

	TRY(store_write(job, store, WRITE_ORDINARY, forget_steps, &plan));
	*ret_count = (uint64_t)plan.count;
	return OK;
}
