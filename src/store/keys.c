/* store/keys.c -- contract and invariants N1, N2: see keys.h. */
#include "store/keys.h"

#include <pthread.h>
#include <stdatomic.h>

#include "store/driver.h"
#include "store/fault.h"

#define NAMED_MAX 2048
#define NAMED_BYTES 80
#define REWRAP_BATCH 1000

struct named {
	char name[NAMED_BYTES];
	size_t name_len;
	struct secret *secret;
};

struct keys {
	struct keyring *ring;
	pthread_rwlock_t lock;
	struct named named[NAMED_MAX];
	size_t named_count;
	pthread_mutex_t rotating;
	uint32_t epoch_tried; /* under rotating: the last number that was given to an epoch */
};

/* --- life cycle ------------------------------------------------------------------------------- */

static enum err
kek_put(struct job *job, struct db *db, uint32_t epoch, bytes wrapped)
{
	return db_run(job, db, SQL_KEYS_KEK_PUT,
	              ARGS(sql_i64(epoch), sql_bytes(wrapped), sql_i64(job->now)), NULL);
}

/* The ring takes its root over, and this one is borrowed: give it a copy. */
static struct secret *
secret_copy(struct secret *from)
{
	struct secret *copy = secret_new();

	memcpy(secret_octets(copy), secret_octets(from), KEY_BYTES);
	return copy;
}

static void
keyring_end(struct keyring **ring)
{
	keyring_free(ring);
}

enum err
keys_create(struct job *job, const char *dir, struct secret *root)
{
	OWNED(db_close) struct db *db = NULL;
	OWNED(secret_free) struct secret *copy = secret_copy(root);
	OWNED(keyring_end) struct keyring *ring = NULL;
	OWNED(buf_release) struct buf wrapped = { .max = 4096 };

	keyring_new(&copy, &ring);
	keyring_epoch_new(ring, 1, &wrapped);
	TRY(db_open(job, dir, true, false, &db));
	TRY(db_begin(job, db, SIDE_KEYS));
	TRY(kek_put(job, db, 1, buf_bytes(&wrapped)));
	return db_commit(job, db, SIDE_KEYS);
}

static void
named_add(struct keys *keys, str name, struct secret **secret)
{
	struct named *named = &keys->named[keys->named_count];

	must(keys->named_count < NAMED_MAX && name.len <= NAMED_BYTES);
	memcpy(named->name, name.ptr, name.len);
	named->name_len = name.len;
	named->secret = *secret;
	*secret = NULL;
	keys->named_count++;
}

static enum err
epochs_load(struct job *job, struct keys *keys, struct db *db)
{
	OWNED(rows_end) struct rows rows = { 0 };
	uint32_t newest = 0;
	bool there;

	TRY(db_query(job, db, SQL_KEYS_KEK_ALL, NO_ARGS, &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		newest = (uint32_t)rows_i64(&rows, 0);
		TRY(keyring_epoch_load(job, keys->ring, newest, rows_bytes(&rows, 1)));
	}
	if (!newest)
		return fail(job, ERR_CORRUPT, "keys.db holds no key epoch");
	keyring_use(keys->ring, newest);
	return OK;
}

static enum err
named_load(struct job *job, struct keys *keys, struct db *db)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_KEYS_NAMED_ALL, NO_ARGS, &rows));
	for (;;) {
		OWNED(secret_free) struct secret *secret = NULL;
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		TRY(keyring_named_open(job, keys->ring, rows_text(&rows, 0), rows_bytes(&rows, 1), &secret));
		named_add(keys, rows_text(&rows, 0), &secret);
	}
}

enum err
keys_open(struct job *job, struct store *store, struct secret **root, struct keys **ret)
{
	OWNED(keys_close) struct keys *keys = calloc(1, sizeof(*keys));
	OWNED(reader_end) struct db *db = NULL;

	must(keys);
	pthread_rwlock_init(&keys->lock, NULL);
	pthread_mutex_init(&keys->rotating, NULL);
	keyring_new(root, &keys->ring);
	TRY(store_reader(job, store, &db));
	TRY(epochs_load(job, keys, db));
	TRY(named_load(job, keys, db));
	*ret = keys;
	keys = NULL;
	return OK;
}

void
keys_close(struct keys **at)
{
	struct keys *keys = *at;

	if (!keys)
		return;
	for (size_t i = 0; i < keys->named_count; i++)
		secret_free(&keys->named[i].secret);
	keyring_free(&keys->ring);
	pthread_rwlock_destroy(&keys->lock);
	pthread_mutex_destroy(&keys->rotating);
	free(keys);
	*at = NULL;
}

struct keyring *
keys_ring(struct keys *keys)
{
	return keys->ring;
}

/* --- key sets --------------------------------------------------------------------------------- */

enum err
keys_get(struct job *job, struct keys *keys, struct db *db, int64_t subject, struct keyset **ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_KEYS_SUBJECT_GET, ARGS(sql_i64(subject)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (!there)
		return fail(job, ERR_ABSENT, "the person's keys are gone");
	return keyring_unwrap(job, keys->ring, subject, rows_bytes(&rows, 0), ret);
}

/* --- named keys ------------------------------------------------------------------------------- */

static struct named *
named_find(struct keys *keys, str name)
{
	for (size_t i = 0; i < keys->named_count; i++)
		if (str_eq((str){ keys->named[i].name, keys->named[i].name_len }, name))
			return &keys->named[i];
	return NULL;
}

struct named_plan {
	struct keys *keys;
	str name;
	struct secret *secret;
};

/* Wrapped here and not before: the epoch is then the one that this commit belongs to (N1). */
static enum err
named_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf wrapped = { .max = 4096 };
	struct named_plan *plan = arg;

	keyring_named_wrap(plan->keys->ring, plan->name, plan->secret, &wrapped);
	TRY(db_keys_begin(job, db));
	return db_run(job, db, SQL_KEYS_NAMED_PUT,
	              ARGS(sql_text(plan->name), sql_i64(keyring_current(plan->keys->ring)),
	                   sql_bytes(buf_bytes(&wrapped))),
	              NULL);
}

static enum err
named_make(struct job *job, struct keys *keys, struct store *store, str name)
{
	OWNED(secret_free) struct secret *secret = secret_random();
	struct named_plan plan = { keys, name, secret };

	if (keys->named_count == NAMED_MAX || name.len > NAMED_BYTES)
		return fail(job, ERR_LIMIT, "too many named keys");
	TRY(store_write(job, store, WRITE_RESERVED, named_steps, &plan));
	named_add(keys, name, &secret);
	return OK;
}

/* Inside the lock: when another key is dropped, rows move. */
static const uint8_t *
named_octets(struct keys *keys, str name)
{
	struct named *named = named_find(keys, name);

	return named ? secret_octets(named->secret) : NULL;
}

enum err
keys_named(struct job *job, struct keys *keys, struct store *store, str name, const uint8_t **ret)
{
	const uint8_t *octets;
	enum err err = OK;

	pthread_rwlock_rdlock(&keys->lock);
	octets = named_octets(keys, name);
	pthread_rwlock_unlock(&keys->lock);
	if (!octets) {
		pthread_rwlock_wrlock(&keys->lock);
		if (!named_find(keys, name))
			err = named_make(job, keys, store, name);
		octets = err ? NULL : named_octets(keys, name);
		pthread_rwlock_unlock(&keys->lock);
	}
	if (err)
		return err;
	*ret = octets;
	return OK;
}

enum err
keys_named_find(struct job *job, struct keys *keys, str name, struct secret **ret)
{
	struct secret *copy = NULL;
	struct named *named;

	pthread_rwlock_rdlock(&keys->lock);
	named = named_find(keys, name);
	if (named)
		copy = secret_copy(named->secret);
	pthread_rwlock_unlock(&keys->lock);
	if (!copy)
		return fail(job, ERR_ABSENT, "the key is not there");
	*ret = copy;
	return OK;
}

enum err
keys_named_copy(struct job *job, struct keys *keys, struct store *store, str name, struct secret **ret)
{
	const uint8_t *octets;

	if (keys_named_find(job, keys, name, ret) == OK)
		return OK;
	job_forgive(job);
	TRY(keys_named(job, keys, store, name, &octets)); /* makes it; may be dropped before we look */
	return keys_named_find(job, keys, name, ret);
}

static enum err
named_drop_steps(struct job *job, struct db *db, void *arg)
{
	const str *name = arg;

	TRY(db_keys_begin(job, db));
	return db_run(job, db, SQL_KEYS_NAMED_DROP, ARGS(sql_text(*name)), NULL);
}

/* Nobody may make, copy or rewrap it between the row and the memory: the lock is held over both. */
enum err
keys_named_drop(struct job *job, struct keys *keys, struct store *store, str name)
{
	struct named *named;
	enum err err;

	pthread_rwlock_wrlock(&keys->lock);
	err = store_write(job, store, WRITE_RESERVED, named_drop_steps, &name);
	named = err ? NULL : named_find(keys, name);
	if (named) {
		secret_free(&named->secret);
		*named = keys->named[--keys->named_count];
	}
	pthread_rwlock_unlock(&keys->lock);
	TRY(err);
	return store_checkpoint(job, store); /* it leaves the log, too */
}

void
keys_named_list(struct job *job, struct keys *keys, str prefix, str **ret, size_t *ret_count)
{
	size_t count = 0;

	pthread_rwlock_rdlock(&keys->lock);
	*ret = arena_array(&job->arena, keys->named_count + 1, sizeof(**ret));
	for (size_t i = 0; i < keys->named_count; i++) {
		str name = { keys->named[i].name, keys->named[i].name_len };
		if (str_starts(name, prefix))
			(*ret)[count++] = arena_str(&job->arena, name);
	}
	pthread_rwlock_unlock(&keys->lock);
	*ret_count = count;
}

/* --- escrowed keys ---------------------------------------------------------------------------- */

struct escrow_plan {
	str name;
	bytes wrapped;
};

static enum err
escrow_steps(struct job *job, struct db *db, void *arg)
{
	struct escrow_plan *plan = arg;

	TRY(db_keys_begin(job, db));
	return db_run(job, db, SQL_KEYS_ESCROW_PUT, ARGS(sql_text(plan->name), sql_bytes(plan->wrapped)), NULL);
}

static enum err
escrow_make(struct job *job, struct keys *keys, struct store *store, str name, struct secret **ret)
{
	OWNED(secret_free) struct secret *secret = secret_random();
	OWNED(buf_release) struct buf wrapped = { .max = 4096 };
	struct escrow_plan plan = { .name = name };

	keyring_escrow_wrap(keys->ring, name, secret, &wrapped);
	plan.wrapped = buf_bytes(&wrapped);
	TRY(store_write(job, store, WRITE_RESERVED, escrow_steps, &plan));
	*ret = secret;
	secret = NULL;
	return OK;
}

enum err
keys_escrowed(struct job *job, struct keys *keys, struct store *store, str name, struct secret **ret)
{
	OWNED(reader_end) struct db *db = NULL;
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(store_reader(job, store, &db));
	TRY(db_query(job, db, SQL_KEYS_ESCROW_GET, ARGS(sql_text(name)), &rows));
	TRY(rows_next(job, &rows, &there));
	if (there)
		return keyring_escrow_open(job, keys->ring, name, rows_bytes(&rows, 0), ret);
	return escrow_make(job, keys, store, name, ret);
}

/* --- rotation --------------------------------------------------------------------------------- */

struct rotate_plan {
	struct keys *keys;
	uint32_t epoch;
	bytes wrapped_kek;
	int64_t after;   /* cursor over subjects */
	uint64_t done;
	bool complete;
};

/* Step 1: the new epoch is durable before anything is wrapped by it. */
static enum err
epoch_steps(struct job *job, struct db *db, void *arg)
{
	struct rotate_plan *plan = arg;

	TRY(db_keys_begin(job, db));
	return kek_put(job, db, plan->epoch, plan->wrapped_kek);
}

struct older {
	int64_t subject;
	bytes wrapped;
};

static enum err
older_list(struct job *job, struct db *db, struct rotate_plan *plan, struct older *older,
           size_t *ret_count)
{
	OWNED(rows_end) struct rows rows = { 0 };
	size_t count = 0, seen = 0;
	bool there;

	TRY(db_query(job, db, SQL_KEYS_SUBJECT_AFTER, ARGS(sql_i64(plan->after), sql_i64(REWRAP_BATCH)),
	             &rows));
	for (;; seen++) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		plan->after = rows_i64(&rows, 0);
		if (rows_i64(&rows, 1) < plan->epoch)
			older[count++] = (struct older){
				plan->after, arena_bytes(&job->arena, rows_bytes(&rows, 2))
			};
	}
	plan->complete = seen < REWRAP_BATCH;
	*ret_count = count;
	return OK;
}

static enum err
rewrap_one(struct job *job, struct db *db, struct rotate_plan *plan, const struct older *older)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	OWNED(buf_release) struct buf wrapped = { .max = 64 * 1024 };

	TRY(keyring_unwrap(job, plan->keys->ring, older->subject, older->wrapped, &keyset));
	keyring_wrap(plan->keys->ring, older->subject, keyset, &wrapped);
	TRY(db_keys_put(job, db, older->subject, plan->epoch, buf_bytes(&wrapped)));
	plan->done++;
	return OK;
}

/* Step 2, again and again: on the writer's thread, so that no write can come between reading a
 * set and putting it back. */
static enum err
rewrap_steps(struct job *job, struct db *db, void *arg)
{
	struct rotate_plan *plan = arg;
	struct older *older = arena_array(&job->arena, REWRAP_BATCH, sizeof(*older));
	size_t count = 0;

	TRY(older_list(job, db, plan, older, &count));
	for (size_t i = 0; i < count; i++)
		TRY(rewrap_one(job, db, plan, &older[i]));
	fault_point("rotate-batch");
	return OK;
}

static enum err
named_rewrap_steps(struct job *job, struct db *db, void *arg)
{
	struct rotate_plan *plan = arg;

	for (size_t i = 0; i < plan->keys->named_count; i++) {
		struct named *named = &plan->keys->named[i];
		struct named_plan one = { plan->keys, { named->name, named->name_len }, named->secret };
		TRY(named_steps(job, db, &one));
	}
	return OK;
}

/* Step 3: only when nothing is left (N2).  From here on a set wrapped by an older epoch is refused
 * (N1), which is why both happen in one step on the writer's thread. */
static enum err
retire_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct rotate_plan *plan = arg;
	bool there;

	plan->complete = false;
	if (db_trims_pending(db)) /* a smaller set of this very group is still to be put: not yet */
		return OK;
	TRY(db_query(job, db, SQL_KEYS_LEFT_BELOW, ARGS(sql_i64(plan->epoch)), &rows));
	TRY(rows_next(job, &rows, &there));
	plan->complete = there && rows_i64(&rows, 0) == 0;
	rows_end(&rows);
	if (!plan->complete)
		return OK;
	db_refuse_epochs_below(db, plan->epoch);
	TRY(db_keys_begin(job, db));
	return db_run(job, db, SQL_KEYS_KEK_DROP_BELOW, ARGS(sql_i64(plan->epoch)), NULL);
}

static enum err
rewrap_all(struct job *job, struct store *store, struct rotate_plan *plan,
           void (*progress)(uint64_t done, void *ctx), void *ctx)
{
	plan->after = INT64_MIN; /* requests have numbers below zero */
	do {
		struct arena before = job->arena;
		job->arena = (struct arena){ 0 }; /* flat memory over millions of sets */
		enum err err = store_write(job, store, WRITE_ORDINARY, rewrap_steps, plan);
		arena_release(&job->arena);
		job->arena = before;
		if (err)
			return err;
		if (progress)
			progress(plan->done, ctx);
	} while (!plan->complete);
	return OK;
}

/* A new epoch, durable and loaded.  A number is used once: whether one whose write failed is durable
 * cannot be told. */
static enum err
epoch_make(struct job *job, struct keys *keys, struct store *store, struct rotate_plan *plan)
{
	OWNED(buf_release) struct buf wrapped = { .max = 4096 };
	uint32_t current = keyring_current(keys->ring);
	enum err err;

	plan->epoch = keys->epoch_tried = (keys->epoch_tried > current ? keys->epoch_tried : current) + 1;
	keyring_epoch_new(keys->ring, plan->epoch, &wrapped);
	plan->wrapped_kek = buf_bytes(&wrapped);
	err = store_write(job, store, WRITE_ORDINARY, epoch_steps, plan);
	if (err)
		keyring_epoch_drop(keys->ring, plan->epoch);
	return err;
}

static enum err
rotate(struct job *job, struct keys *keys, struct store *store,
       void (*progress)(uint64_t done, void *ctx), void *ctx, struct rotate_plan *plan)
{
	enum err err;

	TRY(epoch_make(job, keys, store, plan));
	fault_point("rotate-epoch");
	keyring_use(keys->ring, plan->epoch);
	pthread_rwlock_rdlock(&keys->lock); /* no named key is added meanwhile */
	err = store_write(job, store, WRITE_ORDINARY, named_rewrap_steps, plan);
	pthread_rwlock_unlock(&keys->lock);
	if (err)
		return err;
	do { /* writes that were prepared before keyring_use() may still bring old sets: look again */
		TRY(rewrap_all(job, store, plan, progress, ctx));
		TRY(store_write(job, store, WRITE_ORDINARY, retire_steps, plan));
	} while (!plan->complete);
	fault_point("rotate-retired");
	TRY(store_checkpoint(job, store)); /* the old epochs leave the log and the main file */
	for (uint32_t old = plan->epoch > 1000 ? plan->epoch - 1000 : 1; old < plan->epoch; old++)
		keyring_epoch_drop(keys->ring, old);
	return OK;
}

enum err
keys_rotate(struct job *job, struct keys *keys, struct store *store,
            void (*progress)(uint64_t done, void *ctx), void *ctx, uint32_t *ret_epoch,
            uint64_t *ret_rewrapped)
{
	struct rotate_plan plan = { .keys = keys };
	enum err err;

	if (pthread_mutex_trylock(&keys->rotating) != 0)
		return fail(job, ERR_BUSY, "a rotation is under way");
	err = rotate(job, keys, store, progress, ctx, &plan);
	pthread_mutex_unlock(&keys->rotating);
	if (err)
		return err;
	*ret_epoch = plan.epoch;
	*ret_rewrapped = plan.done;
	return OK;
}
