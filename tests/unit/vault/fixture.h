/* A vault of its own for each test, in a new directory under $TMPDIR (else /tmp), with a job that
 * has a reader, an operator as its actor, and a clock that is moved by setting job.now.
 *
 *     OWNED(fixture_end) struct fixture f = { 0 };
 *     fixture_begin(&f);
 *     fixture_newsletter(&f);
 *     edit_new(&edit, &f.job, f.vault);
 *     edit_value(&edit, "email", "anna@example.com");
 *     edit_act(&edit, ACT_GIVEN, "newsletter");
 *     assert_ok(edit_commit(&edit, &result));
 */
#ifndef VAULT_FIXTURE_H
#define VAULT_FIXTURE_H

#include "vault_test.h"

#include "vault/decide.h"
#include "vault/suppress.h"
#include "vault/sweep.h"
#include "vault/verify.h"

#define FIXTURE_NOW (20780 * TIME_DAY + 9 * 3600 * TIME_SECOND) /* 2026-11-23T09:00:00Z */

struct fixture {
	char dir[200];
	struct vault *vault;
	struct job job;
	struct db *db; /* job's reader */
};

/* The key file's source; fast. */
void fixture_begin(struct fixture *fixture);
void fixture_end(struct fixture *fixture); /* removes the directory */
void fixture_close(struct fixture *fixture); /* as a stop of the server would */
void fixture_open(struct fixture *fixture);
void fixture_reopen(struct fixture *fixture);
const char *fixture_path(struct fixture *fixture, const char *name); /* of a file; in the arena */

/* A job for another thread, with a reader and a clock of its own (FIXTURE_NOW). */
void worker_begin(struct fixture *fixture, struct job *job);
void worker_end(struct job *job);

/* --- definitions ------------------------------------------------------------------------------- */

enum err field_put_text(struct fixture *fixture, const char *name, const char *definition);
enum err purpose_put_text(struct fixture *fixture, const char *name, const char *definition);
void define_field(struct fixture *fixture, const char *name, const char *definition);
/* Puts and activates a purpose that states all that it must: `members` adds the others, as
 * "basis":"consent","fields":["email"],"channels":["email"].  Retention P2Y from given unless named. */
uint32_t define_purpose(struct fixture *fixture, const char *name, const char *members);
/* A whole definition, with and without which activation is tried. */
const char *purpose_text(struct job *job, const char *members);
/* Fields email, phone, name, city, birth, notes, allergy (special); purposes newsletter (consent,
 * marketing, soft opt-in; e-mail and SMS), club (double opt-in), order (contract, 90 days from its
 * end), bookkeeping (statute, seven years from year's end), survey (legitimate interest). */
void fixture_registry(struct fixture *fixture);

/* --- changes ----------------------------------------------------------------------------------- */

struct edit {
	struct job *job;
	struct vault *vault;
	const struct registry *registry;
	struct change change;
	struct value_set value[64];
	struct act_new act[16];
	struct change_result result;
};

void edit_new(struct edit *edit, struct job *job, struct vault *vault);
void edit_person(struct edit *edit, struct job *job, struct vault *vault, uid id);
void edit_end(struct edit *edit); /* edit_commit does it too */
void edit_value(struct edit *edit, const char *field, const char *raw); /* NULL drops it */
/* In the purpose's active version (else its newest), in all its channels, now, by an API call. */
struct act_new *edit_act(struct edit *edit, enum act act, const char *purpose);
struct act_new *edit_act_in(struct edit *edit, enum act act, const char *purpose, uint32_t channels);
enum err edit_commit(struct edit *edit); /* fills result; releases the registry */

/* A person with these values ("field=value" …, NULL last) who consented to `purpose` (or for whom it
 * was established, by its basis). */
uid person_make(struct fixture *fixture, const char *purpose, ...);
enum err person_act(struct fixture *fixture, uid id, enum act act, const char *purpose);
enum err person_value(struct fixture *fixture, uid id, const char *field, const char *raw);

/* --- looking ----------------------------------------------------------------------------------- */

int64_t person_no(struct fixture *fixture, uid id);
/* The value of a field, "" when there is none; must be readable. */
const char *person_has(struct fixture *fixture, uid id, const char *field);
size_t person_values(struct fixture *fixture, uid id);
size_t holders_of(struct fixture *fixture, const char *field, const char *raw);
/* Sections that have a key in keys.db, the evidence key not counted. */
size_t person_keys(struct fixture *fixture, uid id);
size_t person_sections(struct fixture *fixture, uid id);
struct verdict ask(struct fixture *fixture, uid id, const char *purpose, enum channel channel);
size_t suppression_count(struct fixture *fixture, const char *email);
void assert_verified(struct fixture *fixture); /* no finding */
/* The only kind of finding, and how often. */
void assert_found(struct fixture *fixture, enum finding finding, uint64_t times);

/* --- behind the vault's back -------------------------------------------------------------------- */

/* Run SQL on valv.db or keys.db while the vault is open; returns the first column of the first row
 * (0: none).  Bound parameters ?1 ?2 are numbers. */
int64_t sql(struct fixture *fixture, const char *file, const char *text, int64_t one, int64_t two);
bytes sql_blob(struct fixture *fixture, const char *file, const char *text, int64_t one, int64_t two);
void sql_put_blob(struct fixture *fixture, const char *file, const char *text, bytes blob, int64_t one,
                  int64_t two); /* ?1 is the blob, ?2 ?3 the numbers */
/* Is it anywhere in the files of the directory whose names begin so? */
bool files_hold(struct fixture *fixture, const char *prefix, bytes needle);

#endif
