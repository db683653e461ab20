/* main/make.c -- contract: make.h. */
#include "main/make.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/file.h"
#include "os/clock.h"

const char *
path_in(struct job *job, const char *dir, const char *name)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };

	buf_put(&path, str_from_c(dir));
	buf_char(&path, '/');
	buf_put(&path, str_from_c(name));
	must(buf_ok(&path));
	return arena_c(&job->arena, buf_str(&path));
}

bool
vault_there(struct job *job, const char *dir)
{
	return file_exists(path_in(job, dir, "valv.db"));
}

/* DIR.making, whatever slashes DIR ends with. */
static const char *
making_path(struct job *job, const char *dir)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };
	str name = str_from_c(dir);

	while (name.len > 1 && name.ptr[name.len - 1] == '/')
		name.len--;
	buf_put(&path, name);
	buf_put(&path, S(".making"));
	must(buf_ok(&path));
	return arena_c(&job->arena, buf_str(&path));
}

static void
dir_end(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* What an interruption left.  Vaults are flat: only files. */
static enum err
leftover_drop(struct job *job, const char *path)
{
	OWNED(dir_end) DIR *dir = opendir(path);
	struct dirent *each;

	if (!dir)
		return errno == ENOENT ? OK : fail(job, ERR_IO, "the directory cannot be read");
	while ((each = readdir(dir)))
		if (strcmp(each->d_name, ".") != 0 && strcmp(each->d_name, "..") != 0)
			unlinkat(dirfd(dir), each->d_name, 0);
	if (rmdir(path))
		return fail(job, ERR_IO, "what an interrupted start left cannot be removed");
	return OK;
}

static enum err
fill_it(struct job *job, const struct vault_place *place, make_fill *fill, void *ctx)
{
	OWNED(vault_close) struct vault *vault = NULL;
	OWNED(reader_end) struct db *db = NULL;
	enum err err;

	TRY(vault_open_at(job, place, &vault));
	TRY(store_reader(job, vault->store, &db));
	job->db = db;
	job->actor = (struct actor){ .kind = ACTOR_OPERATOR, .no = geteuid() };
	err = fill(job, vault, place->dir, ctx);
	job->db = NULL;
	return err;
}

static enum err
make_at(struct job *job, const struct vault_place *place, enum root_source source, make_fill *fill, void *ctx)
{
	TRY(dir_make(job, place->dir, 0700));
	TRY(vault_create(job, place->dir, source));
	return fill_it(job, place, fill, ctx);
}

/* The data first: a vault whose ledger still waits beside its place finds it there. */
static enum err
facts_put(struct job *job, const char *making, const char *facts)
{
	if (strcmp(making, facts) == 0)
		return OK;
	if (rename(making, facts))
		return fail(job, ERR_IO, "the ledger of facts cannot be put in its place");
	return dir_sync(job, facts);
}

static enum err
make_beside(struct job *job, const char *dir, const char *facts, enum root_source source,
            make_fill *fill, void *ctx)
{
	struct vault_place place = { .dir = making_path(job, dir), .facts = facts };

	TRY(leftover_drop(job, place.dir));
	TRY(make_at(job, &place, source, fill, ctx));
	if (rename(place.dir, dir))
		return fail(job, ERR_IO, "the finished vault cannot be put in its place");
	return dir_sync(job, dir);
}

enum err
vault_make(struct job *job, const char *dir, const char *facts, enum root_source source,
           make_fill *fill, void *ctx)
{
	const char *place = facts ? facts : facts_dir_default(job, dir);
	const char *making = facts_dir_making(job, place);

	if (vault_there(job, dir))
		return fail(job, ERR_CONFLICT, "there is a vault in this directory already");
	if (file_exists(path_in(job, place, "ledger")))
		return fail(job, ERR_SEALED, "there is a ledger of facts of another vault in that place: move it away, or name another place with --facts");
	if (making != place)
		TRY(leftover_drop(job, making));
	if (file_exists(dir) && rmdir(dir))
		TRY(make_at(job, &(struct vault_place){ .dir = dir, .facts = making }, source, fill, ctx));
	else
		TRY(make_beside(job, dir, making, source, fill, ctx));
	return facts_put(job, making, place);
}
