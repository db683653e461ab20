/* vault/vault.c -- opening and closing; contract: vault.h. */
#include "vault/vault.h"

#include "audit/entry.h"
#include "crypto/root.h"
#include "os/file.h"
#include "store/facts.h"
#include "vault/sweep.h"
#include "vault/token.h"

#include <stdio.h>

#define FACTS_SETTING "facts"

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

/* --- the ledger of facts ---------------------------------------------------------------------- */

static const char *
with_ending(struct job *job, const char *path, str ending)
{
	OWNED(buf_release) struct buf text = { .max = 4096 };
	str name = str_from_c(path);

	while (name.len > 1 && name.ptr[name.len - 1] == '/')
		name.len--;
	buf_put(&text, name);
	buf_put(&text, ending);
	must(buf_ok(&text));
	return arena_c(&job->arena, buf_str(&text));
}

static void
path_free(char **path)
{
	free(*path);
}

/* DIR may be "." or end in ".."; one that is not there yet has a name. */
const char *
facts_dir_default(struct job *job, const char *dir)
{
	OWNED(path_free) char *real = realpath(dir, NULL);

	return with_ending(job, real ? real : dir, S(".facts"));
}

const char *
facts_dir_making(struct job *job, const char *facts)
{
	return file_exists(facts) ? facts : with_ending(job, facts, S(".making"));
}

static bool
ledger_in(struct job *job, const char *dir)
{
	return file_exists(with_ending(job, dir, S("/ledger")));
}

/* A vault was made and put in its place, and then its ledger was not. */
static enum err
making_finish(struct job *job, const char *facts)
{
	const char *making = with_ending(job, facts, S(".making"));

	if (ledger_in(job, facts) || !ledger_in(job, making))
		return OK;
	if (rename(making, facts))
		return fail(job, ERR_IO, "the ledger of facts cannot be put in its place");
	return dir_sync(job, facts);
}

enum err
facts_key(struct job *job, struct vault *vault, struct secret **ret)
{
	return keys_escrowed(job, vault->keys, vault->store, S("facts"), ret);
}

static enum err
facts_place(struct job *job, struct vault *vault, const struct vault_place *place, const char **ret)
{
	bool there = false;
	str told;

	if (!place->facts)
		TRY(setting_get(job, vault, S(FACTS_SETTING), &told, &there));
	*ret = place->facts ? place->facts : there ? arena_c(&job->arena, told)
	                                           : facts_dir_default(job, place->dir);
	return OK;
}

/* Beside the data it is found wherever the two are moved to. */
static bool
is_default(struct job *job, const struct vault *vault, const char *real)
{
	OWNED(path_free) char *beside = realpath(facts_dir_default(job, store_dir(vault->store)), NULL);

	return beside && strcmp(beside, real) == 0;
}

static enum err
facts_remember(struct job *job, struct vault *vault, const char *facts)
{
	OWNED(path_free) char *real = realpath(facts, NULL);
	bool there;
	str told;

	if (!real)
		return fail(job, ERR_IO, "the directory of the ledger of facts has no path");
	TRY(setting_get(job, vault, S(FACTS_SETTING), &told, &there));
	if (there ? str_eq(told, str_from_c(real)) : is_default(job, vault, real))
		return OK;
	return setting_put(job, vault, S(FACTS_SETTING), str_from_c(real));
}

enum err
vault_facts_open(struct job *job, struct vault *vault, const struct vault_place *place)
{
	OWNED(secret_free) struct secret *key = NULL;
	const char *facts;

	TRY(facts_key(job, vault, &key));
	TRY(facts_place(job, vault, place, &facts));
	TRY(making_finish(job, facts));
	TRY(store_facts_open(job, vault->store, facts, key));
	vault->facts = arena_c(&vault->own.arena, str_from_c(facts));
	return place->remember && place->facts ? facts_remember(job, vault, place->facts) : OK;
}

/* --- opening and closing ---------------------------------------------------------------------- */

static enum err
vault_finish(struct job *job, struct vault *vault, const struct vault_place *place)
{
	const uint8_t *link_key = NULL;

	if (!place->sealed)
		TRY(vault_facts_open(job, vault, place));
	TRY(keys_named(job, vault->keys, vault->store, S("suppression"), &vault->suppression_key));
	TRY(keys_named(job, vault->keys, vault->store, S("signing"), &vault->signing_key));
	TRY(keys_named(job, vault->keys, vault->store, S("link"), &link_key));
	token_keys_make(vault, link_key);
	TRY(access_open(job, vault->store, vault->keys, &vault->access));
	sign_public(vault->signing_key, vault->signing_public);
	return keys_sweep(job, vault); /* what a crash left between data and keys */
}

static enum err
vault_begin(struct job *job, const struct vault_place *place, struct vault *vault)
{
	OWNED(secret_free) struct secret *root = NULL;
	OWNED(reader_end) struct db *db = NULL;
	enum root_source source;
	struct db *before = job->db;
	enum err err;

	TRY(crypto_start(job));
	TRY(store_open(job, &(struct store_config){ .dir = place->dir, .sealed = place->sealed },
	               &vault->store));
	if (place->root) {
		root = *place->root;
		*place->root = NULL;
	} else {
		TRY(root_read(job, place->dir, &root, &source));
	}
	TRY(keys_open(job, vault->store, &root, &vault->keys));
	TRY(store_reader(job, vault->store, &db));
	job->db = db;
	err = vault_finish(job, vault, place);
	job->db = before;
	return err;
}

enum err
vault_open_at(struct job *job, const struct vault_place *place, struct vault **ret)
{
	OWNED(vault_close) struct vault *vault = calloc(1, sizeof(*vault));

	must(vault);
	pthread_mutex_init(&vault->registry_mutex, NULL);
	pthread_mutex_init(&vault->clock.mutex, NULL);
	pthread_mutex_init(&vault->sweep_mutex, NULL);
	TRY(vault_begin(job, place, vault));
	*ret = vault;
	vault = NULL;
	return OK;
}

enum err
vault_open(struct job *job, const char *dir, struct vault **ret)
{
	return vault_open_at(job, &(struct vault_place){ .dir = dir }, ret);
}

void
vault_close(struct vault **at)
{
	struct vault *vault = *at;

	if (!vault)
		return;
	registry_drop((const struct registry **)&vault->registry);
	token_keys_free(vault);
	keys_close(&vault->keys);
	store_end(&vault->store);
	pthread_mutex_destroy(&vault->registry_mutex);
	pthread_mutex_destroy(&vault->clock.mutex);
	pthread_mutex_destroy(&vault->sweep_mutex);
	job_release(&vault->own);
	free(vault);
	*at = NULL;
}

/* --- a lost ledger ---------------------------------------------------------------------------- */

static enum err
renew_begin(struct job *job, struct vault *vault, const struct vault_place *place, const char **ret_facts)
{
	const struct entry entry = { .act = ENTRY_SETTING_PUT, .body = str_bytes(S("facts.renew")) };
	OWNED(secret_free) struct secret *key = NULL;
	struct vault_place there = *place;

	TRY(facts_key(job, vault, &key));
	TRY(facts_place(job, vault, place, &there.facts));
	TRY(making_finish(job, there.facts));
	TRY(store_facts_renew(job, vault->store, there.facts, key));
	TRY(vault_facts_open(job, vault, &there));
	*ret_facts = there.facts;
	return entry_write(job, vault->store, &entry, NULL);
}

enum err
vault_facts_renew(struct job *job, const struct vault_place *place, const char **ret_facts)
{
	OWNED(vault_close) struct vault *vault = NULL;
	OWNED(reader_end) struct db *db = NULL;
	struct vault_place without = { .dir = place->dir, .sealed = true };
	enum err err;

	if (file_exists(with_ending(job, place->dir, S("/sealed"))))
		return fail(job, ERR_SEALED, "this store is being restored, and that is not finished: run valv restore again");
	TRY(vault_open_at(job, &without, &vault));
	TRY(store_reader(job, vault->store, &db));
	job->db = db;
	err = renew_begin(job, vault, place, ret_facts);
	job->db = NULL;
	return err;
}
