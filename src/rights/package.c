/* rights/package.c -- contract and A1-A4: see package.h. */
#include "rights/package.h"

#include "audit/entry.h"
#include "base/limits.h"
#include "rights/package_parts.h"

#define READ_TRIES 5

#define TEXT(literal) { literal, sizeof(literal) - 1 }
#define NEED COLUMN_NEED
#define DATA COLUMN_DATA

#define C(name, kind, words, flags, sv, en, text) \
	{ TEXT(name), CELL_##kind, SPEAK_##words, flags, { TEXT(sv), TEXT(en) }, TEXT(text) },
#define SECTION(id, name, layout, sv, en, about_sv, about_en, ...) \
	static const struct column columns_##id[] = { __VA_ARGS__ };
#include "rights/package.def"
#include "rights/request.h"
#undef SECTION
#undef C

static const struct section_kind kinds[SECTION_COUNT] = {
#define C(...)
#define SECTION(id, name, layout, sv, en, about_sv, about_en, ...) \
	[SECTION_##id] = { TEXT(name), LAYOUT_##layout, { TEXT(sv), TEXT(en) }, \
		           { TEXT(about_sv), TEXT(about_en) }, columns_##id, COUNT(columns_##id) },
#include "rights/package.def"
#undef SECTION
#undef C
};

const struct section_kind *
section_kind(enum section_id id)
{
	must(id < SECTION_COUNT);
	return &kinds[id];
}

/* --- places ----------------------------------------------------------------------------------- */

void
package_place_put(struct buf *out, const struct package_place *place)
{
	buf_dec(out, place->act);
	buf_char(out, '.');
	buf_dec(out, place->entry);
}

bool
package_place_parse(str text, struct package_place *ret)
{
	str act;

	return text.len < PACKAGE_PLACE_BYTES && eat_until(&text, '.', &act) && str_i64(act, &ret->act) &&
	       str_i64(text, &ret->entry) && ret->act >= 0 && ret->entry >= 0;
}

/* --- making ----------------------------------------------------------------------------------- */

/* The language of the words that the person was shown last. */
static bool
language_shown(const struct package *package, enum language *ret)
{
	for (size_t i = package->act_count; i-- > 0;) {
		const struct act_row *act = &package->act[i];
		const struct purpose_version *version =
			registry_version(package->registry, act->purpose, act->version);
		const struct notice *notice = version && act->notice.len == 32
		                                      ? version_notice(version, act->notice.ptr)
		                                      : NULL;
		if (notice && language_find(notice->language, ret))
			return true;
	}
	return false;
}

static enum language
language_choose(const struct package *package, const enum language *asked)
{
	enum language language = SWEDISH;

	if (asked)
		return *asked;
	if (language_shown(package, &language))
		return language;
	for (size_t i = 0; i < package->registry->language_count; i++)
		if (language_find(package->registry->language[i], &language))
			return language;
	return SWEDISH;
}

static enum err
sections_make(struct package *package, struct vault *vault)
{
	TRY(package_acts(package, vault));
	TRY(package_person(package));
	TRY(package_purposes(package));
	TRY(package_entries(package));
	TRY(package_tables(package, vault));
	TRY(package_told(package, vault));
	TRY(package_requests(package, vault));
	package_rights(package);
	return OK;
}

/* Values and keys lie in two databases and are read first; the rest in one view of the data, if the
 * person is still as they were read. */
static enum err
make_once(struct package *package, struct vault *vault, uid id, const enum language *language,
          bool *ret_again)
{
	OWNED(db_view_end) struct db *view = NULL;
	struct job *job = package->job;
	struct subject now;

	*ret_again = false;
	TRY(subject_values(job, vault, id, &package->subject, &package->value, &package->value_count));
	TRY(db_view_begin(job, job->db, &view));
	TRY(subject_get(job, vault, id, &now));
	*ret_again = now.version != package->subject.version;
	if (*ret_again)
		return OK;
	TRY(subject_acts(job, vault, &package->subject, 0, 0, &package->act, &package->act_count));
	package->language = language_choose(package, language);
	return sections_make(package, vault);
}

enum err
package_make(struct job *job, struct vault *vault, const struct registry *registry, uid id,
             const enum language *language, struct package_place begin, struct package *ret)
{
	bool again = true;
	enum err err;

	for (int try = 0; again; try++) {
		if (try == READ_TRIES)
			return fail(job, ERR_BUSY, "the person is being changed; ask again");
		*ret = (struct package){ .job = job, .registry = registry, .made_at = job->now,
			                 .zone_minutes = registry->zone_minutes, .begin = begin };
		err = make_once(ret, vault, id, language, &again);
		/* A key that is gone although the row was there: erased in between, which the next
		 * reading tells. */
		again = again || ((err == ERR_CRYPTO || err == ERR_ABSENT) && !try);
		if (!again)
			return err;
		job_forgive(job);
	}
	return OK;
}

/* --- recording -------------------------------------------------------------------------------- */

struct record_plan {
	const struct package *package;
	struct entry entry;
};

static enum err
there_still(struct job *job, struct db *db, int64_t no)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_SUBJECT_STATE, ARGS(sql_i64(no)), &rows));
	TRY(rows_next(job, &rows, &there));
	return there && rows_i64(&rows, 0) == 1 ? OK : fail(job, ERR_GONE, "this person was erased");
}

void
package_entry_body(struct buf *out, enum package_format format, time_us expires_at)
{
	buf_u8(out, (uint8_t)format);
	buf_le64(out, (uint64_t)expires_at);
}

enum err
package_record_steps(struct job *job, struct db *db, const struct package *package, enum entry_act act,
                     bytes body)
{
	int64_t entry;

	TRY(there_still(job, db, package->subject.no));
	TRY(entry_append(job, db,
	                 &(struct entry){ .act = act, .subject = package->subject.no,
	                                  .purpose = PURPOSE_RIGHTS, .body = body },
	                 &entry));
	return package->answers ? request_done_steps(job, db, package->answers, entry) : OK;
}

static enum err
record_steps(struct job *job, struct db *db, void *arg)
{
	const struct record_plan *plan = arg;

	return package_record_steps(job, db, plan->package, plan->entry.act, plan->entry.body);
}

enum err
package_record(struct job *job, struct vault *vault, const struct package *package, enum entry_act act,
               bytes body)
{
	struct record_plan plan = { package, { .act = act, .body = body } };

	return store_write(job, vault->store, WRITE_ORDINARY, record_steps, &plan);
}

enum err
package_print(struct job *job, const struct package *package, enum package_format format,
              struct buf *out)
{
	switch (format) {
	case FORMAT_JSON:
		package_json(package, out);
		break;
	case FORMAT_CSV:
		package_csv(package, out);
		break;
	case FORMAT_HTML:
		TRY(package_html(job, package, out));
		break;
	case FORMAT_VCARD:
		return fail(job, ERR_INVALID, "an access package is no business card");
	}
	return buf_ok(out) ? OK : fail(job, ERR_TOO_LARGE, "limit_answer_bytes: the package is too large in this format");
}
