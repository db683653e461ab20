/* rights/package_entries.c -- who looked, and what was decided: the audit entries about the person. */
#include "audit/index.h"
#include "base/limits.h"
#include "rights/package_parts.h"

/* As vault/decide.c writes one: u8 channel, class, flags, reason, basis | le16 version | le32 act. */
static enum err
put_decision(struct package *package, const struct entry_row *entry, int64_t purpose, bytes body)
{
	uint8_t word[5];
	uint16_t version;
	struct row row;

	for (size_t i = 0; i < sizeof(word); i++)
		if (!eat_u8(&body, &word[i]))
			return fail(package->job, ERR_CORRUPT, "a recorded decision cannot be read");
	if (!eat_le16(&body, &version))
		return fail(package->job, ERR_CORRUPT, "a recorded decision cannot be read");
	row_begin(&row, package, SECTION_DECISIONS);
	row_number(&row, entry->seq);
	row_time(&row, entry->at);
	row_purpose(&row, purpose, S(""));
	row_text(&row, channel_name((enum channel)word[0]));
	row_text(&row, word[1] ? class_name((enum message_class)word[1]) : S(""));
	row_yes(&row, word[3] < REASON_UNKNOWN);
	row_text(&row, reason_name((enum reason)word[3]));
	row_text(&row, word[4] ? basis_name((enum basis)word[4]) : S(""));
	row_number_or_null(&row, version);
	row_end(&row);
	return OK;
}

/* Of a batch, what is about this person; the others in it are other people's business. */
static enum err
put_packed(struct package *package, const struct entry_row *entry)
{
	bytes body = entry->body, one;
	uint64_t subject;
	uint16_t purpose;

	while (eat_bytes(&body, ENTRY_DECISIONS_ITEM, &one))
		if (eat_le64(&one, &subject) && eat_le16(&one, &purpose) &&
		    (int64_t)subject == package->subject.no)
			TRY(put_decision(package, entry, purpose, one));
	return OK;
}

/* Field numbers, where the entry's body tells: audit/entry.h. */
static bytes
entry_fields(const struct entry_row *entry)
{
	bytes body = entry->body, head;

	if (entry->act == ENTRY_SUBJECT_READ || entry->act == ENTRY_EXPORT)
		return body;
	if ((entry->act == ENTRY_SUBJECT_CREATE || entry->act == ENTRY_SUBJECT_CHANGE) &&
	    eat_bytes(&body, 8 + 32, &head))
		return body;
	return (bytes){ 0 };
}

static void
put_look(struct package *package, const struct entry_row *entry)
{
	struct row row;

	row_begin(&row, package, SECTION_LOOKS);
	row_number(&row, entry->seq);
	row_time(&row, entry->at);
	row_text(&row, entry_name(entry->act));
	row_text(&row, actor_word(entry->actor.kind));
	row_purpose(&row, entry->purpose, S(""));
	row_fields(&row, entry_fields(entry));
	row_text(&row, entry->outcome ? str_from_c(err_info(entry->outcome)->slug) : S("done"));
	row_end(&row);
}

static enum err
put_entry(struct package *package, int64_t seq)
{
	struct entry_row entry;

	TRY(entry_get(package->job, seq, &entry));
	if (entry.act == ENTRY_DECISION)
		return put_decision(package, &entry, entry.purpose, entry.body);
	if (entry.act == ENTRY_DECISIONS)
		return put_packed(package, &entry);
	put_look(package, &entry);
	return OK;
}

enum err
package_entries(struct package *package)
{
	int64_t *seq = arena_array(&package->job->arena, LIMIT_PACKAGE_ENTRIES + 1, sizeof(*seq));
	size_t count;

	package->next.entry = package->begin.entry;
	TRY(entry_find(package->job, package->subject.no, package->begin.entry, seq,
	               LIMIT_PACKAGE_ENTRIES + 1, &count));
	if (count > LIMIT_PACKAGE_ENTRIES) {
		count = LIMIT_PACKAGE_ENTRIES;
		package->more = true;
	}
	for (size_t i = 0; i < count; i++)
		TRY(put_entry(package, seq[i]));
	if (count)
		package->next.entry = seq[count - 1];
	return OK;
}
