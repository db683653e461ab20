/* rights/package_tables.c -- what other tables hold about the person: contacts that are counted, stops
 * of their addresses, imports. */
#include "base/limits.h"
#include "rights/package_parts.h"
#include "vault/suppress.h"

#define SUPPRESSIONS_MAX 256 /* of one address: scopes by purposes by channels that were really stopped */
#define IMPORTED_MAX 512

/* --- contacts --------------------------------------------------------------------------------- */

static enum err
put_contacts(struct package *package)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct job *job = package->job;
	bool there;

	TRY(db_query(job, job->db, SQL_CONTACT_LIST, ARGS(sql_i64(package->subject.no)), &rows));
	for (;;) {
		struct row row;
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		row_begin(&row, package, SECTION_CONTACTS);
		row_purpose(&row, rows_i64(&rows, 0), S(""));
		row_text(&row, channel_name((enum channel)rows_i64(&rows, 1)));
		row_time(&row, rows_i64(&rows, 2));
		row_end(&row);
	}
}

/* --- suppressions ----------------------------------------------------------------------------- */

static void
put_suppression(struct package *package, enum address address, str field,
                const struct suppression *suppression)
{
	struct row row;

	row_begin(&row, package, SECTION_SUPPRESSIONS);
	row_text(&row, address_name(address));
	row_text(&row, field);
	row_text(&row, scope_name(suppression->scope));
	row_purpose(&row, suppression->purpose, S(""));
	row_text(&row, suppression->channel ? channel_name(suppression->channel) : S(""));
	row_time(&row, suppression->at);
	row_text(&row, source_name(suppression->source));
	row_end(&row);
}

static enum err
put_suppressions_of(struct package *package, enum address address, str field,
                    const uint8_t digest[DIGEST_BYTES])
{
	struct suppression *found =
		arena_array(&package->job->arena, SUPPRESSIONS_MAX, sizeof(*found));
	size_t count;

	TRY(suppressions_get(package->job, package->job->db, digest, found, SUPPRESSIONS_MAX, &count));
	for (size_t i = 0; i < count; i++)
		put_suppression(package, address, field, &found[i]);
	return OK;
}

/* Every e-mail address and number that is held, not only the first; the postal address is one of
 * several fields together, whose digest stands in the person's row. */
static enum err
put_suppressions(struct package *package, const struct vault *vault)
{
	for (size_t i = 0; i < package->value_count; i++) {
		OWNED(buf_release) struct buf match = { .max = 4 * LIMIT_VALUE_BYTES };
		const struct field *field = registry_field_no(package->registry, package->value[i].field);
		uint8_t digest[DIGEST_BYTES];
		if (!field || field->address == ADDRESS_NONE || field->address == ADDRESS_POST)
			continue;
		type_match(field->type, package->value[i].text, &match);
		suppression_digest(vault, field->address, buf_str(&match), digest);
		TRY(put_suppressions_of(package, field->address, field->name, digest));
	}
	if (!package->subject.tagged[ADDRESS_POST])
		return OK;
	return put_suppressions_of(package, ADDRESS_POST, S(""), package->subject.tag[ADDRESS_POST]);
}

/* --- imports ---------------------------------------------------------------------------------- */

struct added_lists {
	str value[IMPORTED_MAX], ground[IMPORTED_MAX];
	size_t value_count, ground_count;
};

/* kind 1: a field; 2 a ground, 3 a consent: of a purpose (migrate/data/0001-vault.sql). */
static enum err
added_read(struct package *package, int64_t import, struct added_lists *lists)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct job *job = package->job;
	bool there;

	TRY(db_query(job, job->db, SQL_IMPORT_ADDED_LIST,
	             ARGS(sql_i64(package->subject.no), sql_i64(import)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		if (rows_i64(&rows, 0) == 1 && lists->value_count < IMPORTED_MAX)
			lists->value[lists->value_count++] = field_title(package, (uint16_t)rows_i64(&rows, 1));
		else if (rows_i64(&rows, 0) != 1 && lists->ground_count < IMPORTED_MAX)
			lists->ground[lists->ground_count++] = purpose_title(package, rows_i64(&rows, 1));
	}
}

static enum err
put_import(struct package *package, const struct rows *rows)
{
	struct added_lists *lists = arena_alloc(&package->job->arena, sizeof(*lists));
	int64_t made = rows_i64(rows, 3);
	struct row row;
	uid id;

	if (!uid_from_bytes(rows_bytes(rows, 1), &id))
		return fail(package->job, ERR_CORRUPT, "the id of an import cannot be read");
	TRY(added_read(package, rows_i64(rows, 0), lists));
	row_begin(&row, package, SECTION_IMPORTS);
	row_id(&row, id);
	row_time(&row, rows_i64(rows, 2));
	row_text(&row, made == 1 ? S("created") : made == 2 ? S("added") : S("added_then_changed"));
	row_yes(&row, rows_i64(rows, 4));
	row_texts(&row, lists->value, lists->value_count);
	row_texts(&row, lists->ground, lists->ground_count);
	row_end(&row);
	return OK;
}

static enum err
put_imports(struct package *package)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct job *job = package->job;
	bool there;

	TRY(db_query(job, job->db, SQL_IMPORT_OF_SUBJECT, ARGS(sql_i64(package->subject.no)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		TRY(put_import(package, &rows));
	}
}

enum err
package_tables(struct package *package, struct vault *vault)
{
	TRY(put_contacts(package));
	TRY(put_suppressions(package, vault));
	return put_imports(package);
}
