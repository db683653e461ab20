/* rights/package_told.c -- who was told what (Article 15(1)(c), C-154/21), and what was sent about or
 * to the person (Article 19). */
#include "base/limits.h"
#include "rights/package_parts.h"
#include "vault/outbox.h"

static enum err
recipient_title(struct package *package, int64_t no, str *ret)
{
	struct recipient recipient;
	enum err err;

	*ret = S("");
	if (!no)
		return OK;
	err = recipient_get_no(package->job, package->job->db, no, &recipient);
	if (err == ERR_ABSENT) {
		job_forgive(package->job);
		return OK;
	}
	TRY(err);
	*ret = recipient.title;
	return OK;
}

static enum err
put_disclosure(struct package *package, const struct disclosure *disclosure)
{
	struct row row;
	str title;

	TRY(recipient_title(package, disclosure->recipient, &title));
	row_begin(&row, package, SECTION_DISCLOSURES);
	row_number(&row, disclosure->seq);
	row_time(&row, disclosure->at);
	row_time(&row, disclosure->recorded_at);
	row_text(&row, title);
	row_purpose(&row, disclosure->purpose, S(""));
	row_fields(&row, disclosure->fields);
	row_text(&row, disclosure->reference);
	row_text(&row, actor_word(disclosure->actor.kind));
	row_end(&row);
	return OK;
}

static enum err
put_disclosures(struct package *package, struct vault *vault)
{
	OWNED(keyset_end) struct keyset *keyset = NULL;
	struct subject *subject = &package->subject;
	struct disclosure *disclosure;
	size_t count;

	TRY(keys_get(package->job, vault->keys, package->job->db, subject->no, &keyset));
	TRY(disclosures_read(package->job, subject->no, subject->id, keyset, &disclosure, &count));
	for (size_t i = 0; i < count; i++)
		TRY(put_disclosure(package, &disclosure[i]));
	return OK;
}

/* --- what was sent ---------------------------------------------------------------------------- */

/* As outbox_of_subject gives it: 2 kind, 6 recipient, 8 purpose, 9 state, 11 made_at, 15 last_at. */
static enum err
put_message(struct package *package, const struct rows *rows)
{
	struct row row;
	str title;

	TRY(recipient_title(package, rows_i64(rows, 6), &title));
	row_begin(&row, package, SECTION_MESSAGES);
	row_time(&row, rows_i64(rows, 11));
	row_text(&row, outbox_kind_name((enum outbox_kind)rows_i64(rows, 2)));
	row_text(&row, title.len ? title : speak(SPEAK_MESSAGE, S("(you)"), package->language));
	row_purpose(&row, rows_i64(rows, 8), S(""));
	row_text(&row, outbox_state_name((enum outbox_state)rows_i64(rows, 9)));
	row_time(&row, rows_time(rows, 15));
	row_end(&row);
	return OK;
}

static enum err
put_messages(struct package *package)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct job *job = package->job;
	bool there;

	TRY(db_query(job, job->db, SQL_OUTBOX_OF_SUBJECT,
	             ARGS(sql_i64(package->subject.no), sql_i64(LIMIT_PACKAGE_ENTRIES)), &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			return OK;
		TRY(put_message(package, &rows));
	}
}

enum err
package_told(struct package *package, struct vault *vault)
{
	TRY(put_disclosures(package, vault));
	return put_messages(package);
}
