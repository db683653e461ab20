/* backup/pair.c -- contract: pair.h. */
#include "backup/pair.h"

#include "store/fault.h"

void
pair_end(struct pair *pair)
{
	secret_free(&pair->root);
	secret_free(&pair->key);
}

/* --- the two ---------------------------------------------------------------------------------- */

static enum err
pair_check(struct job *job, const struct pair *pair, bool expired_keys)
{
	const struct manifest *data = &pair->data.manifest, *keys = &pair->keys.manifest;

	if (!uid_eq(data->moment, keys->moment) || !uid_eq(data->ledger, keys->ledger) ||
	    data->made_at != keys->made_at || data->fact != keys->fact)
		return fail(job, ERR_CONFLICT, "the backup of data and the one of keys are not of the same moment");
	if (keys->until_at && keys->until_at <= job->now && !expired_keys)
		return fail(job, ERR_GONE, "the life of the key backup is over: it should have been destroyed; --expired-keys uses it all the same");
	return OK;
}

enum err
pair_open(struct job *job, const char *data, const char *keys, bool expired_keys, struct pair *ret)
{
	TRY(source_open(job, data, DUMP_DATA, &ret->data));
	TRY(source_open_of(job, keys, DUMP_KEYS, ret->data.manifest.moment, &ret->keys));
	return pair_check(job, ret, expired_keys);
}

/* --- believing -------------------------------------------------------------------------------- */

static void
ring_end(struct keyring **ring)
{
	keyring_free(ring);
}

static enum err
key_unwrap(struct job *job, struct pair *pair)
{
	OWNED(ring_end) struct keyring *ring = NULL;
	struct secret *copy = secret_new();
	bytes wrapped;

	memcpy(secret_octets(copy), secret_octets(pair->root), KEY_BYTES);
	keyring_new(&copy, &ring);
	TRY(source_escrow(job, &pair->keys, S("facts"), &wrapped));
	return keyring_escrow_open(job, ring, S("facts"), wrapped, &pair->key);
}

enum err
pair_believe(struct job *job, const char *root_dir, struct pair *pair)
{
	enum root_source source;

	TRY(root_read(job, root_dir, &pair->root, &source));
	TRY(key_unwrap(job, pair));
	TRY(source_believe(job, pair->key, &pair->data));
	return source_believe(job, pair->key, &pair->keys);
}

/* --- the ledger of facts ---------------------------------------------------------------------- */

static void
ledger_end(struct facts **facts)
{
	facts_close(facts);
}

enum err
pair_ledger(struct job *job, const struct pair *pair, const char *dir, struct facts **ret)
{
	OWNED(ledger_end) struct facts *facts = NULL;
	int64_t newest;

	TRY(facts_open(job, dir, pair->key, NULL, FACTS_READ, &facts));
	if (!uid_eq(facts_head(facts)->ledger, pair->data.manifest.ledger))
		return fail(job, ERR_CRYPTO, "the ledger of facts is not the one that this backup goes with");
	TRY(source_newest_fact(job, pair->key, &pair->data, &newest));
	if (facts_head(facts)->no < pair->data.manifest.fact)
		return fail(job, ERR_STALE, "the ledger of facts is older than the backup");
	if (facts_head(facts)->no < newest)
		return fail(job, ERR_STALE, "the ledger of facts is older than a newer backup beside this one");
	*ret = facts;
	facts = NULL;
	return OK;
}

/* --- loading ---------------------------------------------------------------------------------- */

struct loading {
	struct loader *loader;
	enum dump_side side;
	const struct manifest *manifest;
	uint64_t rows[DUMP_TABLES_MAX]; /* as the manifest's tables */
};

static void
loading_end(struct loading *loading)
{
	loader_close(&loading->loader);
}

static enum err
piece_load(struct job *job, const struct piece *piece, bytes octets, void *ctx)
{
	struct loading *loading = ctx;
	uint64_t rows;
	str table;

	TRY(loader_put(job, loading->loader, loading->side, octets, &table, &rows));
	if (rows != piece->rows || !str_eq(table, piece->table))
		return fail(job, ERR_CORRUPT, "a piece of the backup is not what its list says");
	for (size_t i = 0; i < loading->manifest->table_count; i++)
		if (str_eq(loading->manifest->table[i].name, table))
			loading->rows[i] += rows;
	fault_point("restore-piece");
	return OK;
}

static enum err
side_load(struct job *job, struct loading *loading, const struct source *source)
{
	const struct manifest *manifest = loading->manifest = &source->manifest;

	loading->side = manifest->kind;
	memset(loading->rows, 0, sizeof(loading->rows));
	TRY(source_each(job, source, piece_load, loading));
	for (size_t i = 0; i < manifest->table_count; i++)
		if (loading->rows[i] != manifest->table[i].rows)
			return fail(job, ERR_CORRUPT, "the backup has other rows than its manifest says");
	return OK;
}

/* The ledger was open before; this is about the part that the backup knew last: is it still there? */
static enum err
known_check(struct job *job, struct loading *loading, struct secret *key, const char *facts_dir)
{
	OWNED(ledger_end) struct facts *facts = NULL;
	struct facts_head known;
	bool there;

	TRY(loader_facts_known(job, loading->loader, &known, &there));
	return there ? facts_open(job, facts_dir, key, &known, FACTS_READ, &facts) : OK;
}

enum err
pair_load(struct job *job, const struct pair *pair, const char *dir, struct secret *key, const char *facts_dir,
          const struct facts_head *head)
{
	const int64_t schema[2] = { [DUMP_DATA] = pair->data.manifest.schema, [DUMP_KEYS] = pair->keys.manifest.schema };
	OWNED(loading_end) struct loading loading = { 0 };

	TRY(loader_open(job, dir, schema, &loading.loader));
	TRY(side_load(job, &loading, &pair->keys));
	TRY(side_load(job, &loading, &pair->data));
	if (facts_dir)
		TRY(known_check(job, &loading, key, facts_dir));
	if (head)
		TRY(loader_facts_set(job, loading.loader, head));
	return loader_finish(job, loading.loader);
}

uint64_t
manifest_rows(const struct manifest *manifest, str table)
{
	for (size_t i = 0; i < manifest->table_count; i++)
		if (str_eq(manifest->table[i].name, table))
			return manifest->table[i].rows;
	return 0;
}
