/* vault/vault.c -- opening and closing; contract: vault.h. */
#include "vault/vault.h"

#include "crypto/root.h"
#include "os/file.h"
#include "vault/sweep.h"

enum err
vault_create(struct job *job, const char *dir, enum root_source source)
{
	OWNED(secret_free) struct secret *root = NULL;

	TRY(crypto_start(job));
	TRY(store_create(job, dir));
	TRY(root_create(job, dir, source, &root));
	return keys_create(job, dir, root);
}

static void
store_end(struct store **store)
{
	store_close(store);
}

static enum err
vault_begin(struct job *job, const char *dir, struct vault *vault)
{
	OWNED(secret_free) struct secret *root = NULL;
	OWNED(reader_end) struct db *db = NULL;
	enum root_source source;
	struct db *before = job->db;
	enum err err;

	TRY(crypto_start(job));
	TRY(store_open(job, &(struct store_config){ .dir = dir }, &vault->store));
	TRY(root_read(job, dir, &root, &source));
	TRY(keys_open(job, vault->store, &root, &vault->keys));
	TRY(keys_named(job, vault->keys, vault->store, S("suppression"), &vault->suppression_key));
	TRY(store_reader(job, vault->store, &db));
	job->db = db;
	err = keys_sweep(job, vault); /* what a crash left between data and keys */
	job->db = before;
	return err;
}

enum err
vault_open(struct job *job, const char *dir, struct vault **ret)
{
	OWNED(vault_close) struct vault *vault = calloc(1, sizeof(*vault));

	must(vault);
	pthread_mutex_init(&vault->registry_mutex, NULL);
	pthread_mutex_init(&vault->clock.mutex, NULL);
	TRY(vault_begin(job, dir, vault));
	*ret = vault;
	vault = NULL;
	return OK;
}

void
vault_close(struct vault **at)
{
	struct vault *vault = *at;

	if (!vault)
		return;
	registry_drop((const struct registry **)&vault->registry);
	keys_close(&vault->keys);
	store_end(&vault->store);
	pthread_mutex_destroy(&vault->registry_mutex);
	pthread_mutex_destroy(&vault->clock.mutex);
	free(vault);
	*at = NULL;
}
