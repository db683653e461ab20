/* rights/package_purposes.c -- why data is held, in the words of the definitions and notices. */
#include "base/limits.h"
#include "rights/package_parts.h"

/* The versions that grounds, permissions and acts of this person refer to, each once. */
struct versions {
	const struct purpose_version **version;
	size_t count, room;
};

static void
versions_add(struct package *package, struct versions *versions, uint32_t purpose, uint32_t version)
{
	const struct purpose_version *is = registry_version(package->registry, purpose, version);

	if (!is)
		return;
	for (size_t i = 0; i < versions->count; i++)
		if (versions->version[i] == is)
			return;
	if (versions->count == versions->room) {
		size_t room = versions->room ? versions->room * 2 : 8;
		const struct purpose_version **grown = arena_array(&package->job->arena, room, sizeof(*grown));
		if (versions->count)
			memcpy(grown, versions->version, versions->count * sizeof(*grown));
		versions->version = grown;
		versions->room = room;
	}
	versions->version[versions->count++] = is;
}

static void
versions_find(struct package *package, struct versions *versions)
{
	const struct standing *standing = &package->subject.standing;

	for (size_t i = 0; i < standing->ground_count; i++)
		versions_add(package, versions, standing->ground[i].purpose, standing->ground[i].version);
	for (size_t i = 0; i < standing->permission_count; i++)
		versions_add(package, versions, standing->permission[i].purpose,
		             standing->permission[i].version);
	for (size_t i = 0; i < package->act_count; i++)
		versions_add(package, versions, package->act[i].purpose, package->act[i].version);
}

/* --- one purpose ------------------------------------------------------------------------------ */

static str
member_text(struct job *job, struct json object, const char *name)
{
	str text = S("");

	if (json_str(job, object, name, LIMIT_STRING_BYTES, &text, NULL))
		job_forgive(job);
	return text;
}

static str
retention_word(enum retention_event event)
{
	return event == RETENTION_ENDED      ? S("ended")
	       : event == RETENTION_YEAR_END ? S("year_end")
	                                     : S("given");
}

/* Three cells: the duration, what it counts from, and both in words. */
static void
put_retention(struct row *row, const struct purpose_version *version)
{
	OWNED(buf_release) struct buf text = { .max = 256 };
	struct arena *arena = &row->package->job->arena;
	str word = retention_word(version->retention_event), code;

	buf_duration(&text, version->retention);
	code = arena_str(arena, buf_str(&text));
	buf_clear(&text);
	speak_duration(&text, version->retention, row->package->language);
	buf_char(&text, ' ');
	buf_put(&text, speak(SPEAK_RETENTION, word, row->package->language));
	row_text(row, code);
	row_text(row, word);
	row_text(row, arena_str(arena, buf_str(&text)));
}

static void
put_purpose(struct package *package, const struct purpose_version *version, struct json root)
{
	struct job *job = package->job;
	struct row row;

	row_begin(&row, package, SECTION_PURPOSES);
	row_purpose(&row, version->purpose, S(""));
	row_number(&row, version->version);
	row_text(&row, text_in(job, root, "why", package->language));
	row_text(&row, basis_name(version->basis));
	row_text(&row, basis_code(version->basis));
	row_text(&row, member_text(job, root, "statute"));
	row_text(&row, member_text(job, json_member(job, root, "assessment"), "purpose"));
	row_yes(&row, version->marketing);
	row_channels(&row, version->channels & ~CHANNEL_BIT(CHANNEL_NONE));
	row_fields_of(&row, version->field, version->field_count, false);
	row_fields_of(&row, version->field, version->field_count, true);
	put_retention(&row, version);
	row_text(&row, member_text(job, json_member(job, root, "duty"), "consequence"));
	row_text(&row, member_text(job, root, "automated_decisions"));
	row_end(&row);
}

/* --- recipients, by name (C-154/21) ------------------------------------------------------------ */

static enum err
put_recipients(struct package *package, const struct purpose_version *version, struct json root)
{
	struct job *job = package->job;
	struct json list;

	TRY(json_array(job, root, "recipients", LIMIT_RECIPIENTS, &list));
	for (size_t i = 0; i < json_count(list); i++) {
		struct json recipient = json_element(job, list, i);
		struct row row;
		row_begin(&row, package, SECTION_RECIPIENTS);
		row_text(&row, member_text(job, recipient, "name"));
		row_text(&row, member_text(job, recipient, "role"));
		row_text(&row, member_text(job, recipient, "country"));
		row_text(&row, member_text(job, recipient, "safeguard"));
		row_purpose(&row, version->purpose, S(""));
		row_end(&row);
	}
	return OK;
}

/* --- the controller, once for all purposes that state the same --------------------------------- */

static bool
same_controller(const struct cell *cell, const str *text)
{
	for (size_t i = 0; i < 4; i++)
		if (!str_eq(cell[i].text, text[i]))
			return false;
	return true;
}

static void
title_add(struct package *package, struct cell *cell, str title)
{
	str *list;

	for (size_t i = 0; i < cell->count; i++)
		if (str_eq(cell->list[i], title))
			return;
	list = arena_array(&package->job->arena, cell->count + 1, sizeof(*list));
	for (size_t i = 0; i < cell->count; i++)
		list[i] = cell->list[i];
	list[cell->count++] = title;
	cell->list = list;
}

static void
put_controller(struct package *package, const struct purpose_version *version, struct json root)
{
	struct job *job = package->job;
	struct json controller = json_member(job, root, "controller"), dpo = json_member(job, root, "dpo");
	const str text[] = { member_text(job, controller, "name"), member_text(job, controller, "contact"),
		             member_text(job, dpo, "name"), member_text(job, dpo, "contact") };
	struct section *section = &package->section[SECTION_CONTROLLERS];
	size_t columns = section_kind(SECTION_CONTROLLERS)->column_count;
	str title = purpose_title(package, version->purpose);
	struct row row;

	for (size_t i = 0; i < section->row_count; i++) {
		struct cell *cell = &section->cell[i * columns];
		if (same_controller(cell, text)) {
			title_add(package, &cell[4], title);
			return;
		}
	}
	row_begin(&row, package, SECTION_CONTROLLERS);
	for (size_t i = 0; i < COUNT(text); i++)
		row_text(&row, text[i]);
	row_texts(&row, NULL, 0);
	row_end(&row);
	title_add(package, &section->cell[(section->row_count - 1) * columns + 4], title);
}

/* --- notices ---------------------------------------------------------------------------------- */

static bool
was_shown(const struct package *package, const struct notice *notice)
{
	for (size_t i = 0; i < package->act_count; i++)
		if (package->act[i].notice.len == sizeof(notice->hash) &&
		    memcmp(package->act[i].notice.ptr, notice->hash, sizeof(notice->hash)) == 0)
			return true;
	return false;
}

str
hash_text(struct job *job, bytes hash)
{
	OWNED(buf_release) struct buf text = { .max = 80 };

	buf_put(&text, S("sha256:"));
	buf_hex(&text, hash);
	return arena_str(&job->arena, buf_str(&text));
}

static void
put_notice(struct package *package, const struct purpose_version *version, const struct notice *notice,
           bool shown)
{
	struct row row;

	row_begin(&row, package, SECTION_NOTICES);
	row_text(&row, hash_text(package->job, (bytes){ notice->hash, sizeof(notice->hash) }));
	row_text(&row, notice->language);
	row_purpose(&row, version->purpose, S(""));
	row_number(&row, version->version);
	row_yes(&row, shown);
	row_text(&row, notice->text);
	row_end(&row);
}

/* The words that were shown, in the language they were shown in; where none were, those of the
 * version, so that the person has them now. */
static void
put_notices(struct package *package, const struct purpose_version *version)
{
	const struct notice *mine = version->notice_count ? &version->notice[0] : NULL;
	bool any = false;

	for (size_t i = 0; i < version->notice_count; i++) {
		const struct notice *notice = &version->notice[i];
		if (str_eq(notice->language, language_code(package->language)))
			mine = notice;
		if (!was_shown(package, notice))
			continue;
		put_notice(package, version, notice, true);
		any = true;
	}
	if (!any && mine)
		put_notice(package, version, mine, false);
}

enum err
package_purposes(struct package *package)
{
	struct versions versions = { 0 };

	versions_find(package, &versions);
	for (size_t i = 0; i < versions.count; i++) {
		OWNED(json_free) struct json_document *document = NULL;
		const struct purpose_version *version = versions.version[i];
		struct json root;
		TRY(json_parse(package->job, version->definition, &document, &root));
		put_purpose(package, version, root);
		TRY(put_recipients(package, version, root));
		put_controller(package, version, root);
		put_notices(package, version);
	}
	return OK;
}
