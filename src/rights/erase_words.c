/* rights/erase_words.c -- contract: erase_words.h.  Both languages are written, none is translated. */
#include "rights/erase_words.h"

#include "base/limits.h"

/* The purpose's or field's title in the language, else its name. */
static str
title_of(struct job *job, str definition, str name, enum words_language language)
{
	OWNED(json_free) struct json_document *document = NULL;
	str title = name;
	struct json root;
	bool there;

	if (json_parse(job, definition, &document, &root) ||
	    json_str(job, json_member(job, root, "title"), language == LANGUAGE_SV ? "sv" : "en",
	             LIMIT_STRING_BYTES, &title, &there))
		job_forgive(job);
	return arena_str(&job->arena, title);
}

static str
purpose_title(struct job *job, const struct registry *registry, uint32_t no, enum words_language language)
{
	const struct purpose *purpose = registry_purpose_no(registry, no);

	if (!purpose || !purpose->version_count)
		return S("-");
	return title_of(job, purpose->version[purpose->version_count - 1].definition, purpose->name, language);
}

static void
fields_put(struct job *job, const struct registry *registry, const struct kept *kept,
           enum words_language language, struct buf *out)
{
	for (size_t i = 0; i < kept->field_count; i++) {
		const struct field *field = registry_field_no(registry, kept->field[i]);
		if (i)
			buf_put(out, S(", "));
		if (field)
			buf_put(out, title_of(job, field->definition, field->name, language));
	}
}

/* --- Swedish ---------------------------------------------------------------------------------- */

static void
sv_why(struct job *job, const struct registry *registry, const struct kept *kept, struct buf *out)
{
	switch (kept->keep) {
	case KEEP_LAW:
		buf_put(out, S("lagen kräver det"));
		break;
	case KEEP_AUTHORITY:
		buf_put(out, S("de behövs för en uppgift av allmänt intresse"));
		break;
	case KEEP_CLAIMS:
		buf_put(out, S("de behövs för ett rättsligt anspråk eller har spärrats från radering"));
		break;
	case KEEP_CONTRACT:
		buf_put(out, S("avtalet med dig inte har upphört"));
		break;
	case KEEP_OTHER:
		buf_put(out, S("de också används för ett annat ändamål, som din begäran inte gällde"));
		break;
	case KEEP_NOTHING:
	case KEEP_COUNT:
		break;
	}
	if (kept->statute.len) {
		buf_put(out, S(" ("));
		buf_put(out, kept->statute);
		buf_char(out, ')');
	}
	if (kept->purpose) {
		buf_put(out, S(". De används bara för: "));
		buf_put(out, purpose_title(job, registry, kept->purpose, LANGUAGE_SV));
	}
}

static void
sv_kept(struct job *job, const struct registry *registry, const struct kept *kept, struct buf *out)
{
	buf_put(out, S("\n\nVi behåller dessa uppgifter: "));
	fields_put(job, registry, kept, LANGUAGE_SV, out);
	buf_put(out, S(". Skälet är att "));
	sv_why(job, registry, kept, out);
	if (kept->until_at != TIME_NEVER) {
		buf_put(out, S(". De raderas senast "));
		buf_date(out, date_of(kept->until_at));
	}
	buf_char(out, '.');
}

static void
sv_outlives(const struct erased *done, struct buf *out)
{
	if (done->stops)
		buf_put(out, S("\n\nFör att du inte ska få reklam från oss igen sparar vi ett avtryck av din adress. "
		               "Adressen går inte att läsa ur avtrycket; det används bara för att stoppa utskick."));
	if (done->proofs) {
		buf_put(out, S("\n\nFör att kunna visa vad du har samtyckt till, om någon frågar, sparar vi till och med utgången av "));
		buf_dec(out, date_of(done->proof_until_at).year - 1);
		buf_put(out, S(" uppgift om när och hur det skedde. Den är krypterad och utan ditt namn, och den går bara "
		               "att hitta för den som redan har din adress."));
	}
	buf_put(out, S("\n\nI vår logg står att en radering gjordes och när, utan personuppgifter."));
}

/* --- English ---------------------------------------------------------------------------------- */

static void
en_why(struct job *job, const struct registry *registry, const struct kept *kept, struct buf *out)
{
	switch (kept->keep) {
	case KEEP_LAW:
		buf_put(out, S("the law requires it"));
		break;
	case KEEP_AUTHORITY:
		buf_put(out, S("they are needed for a task in the public interest"));
		break;
	case KEEP_CLAIMS:
		buf_put(out, S("they are needed for a legal claim or are under a hold"));
		break;
	case KEEP_CONTRACT:
		buf_put(out, S("our contract with you has not ended"));
		break;
	case KEEP_OTHER:
		buf_put(out, S("they also serve another purpose, which your request was not about"));
		break;
	case KEEP_NOTHING:
	case KEEP_COUNT:
		break;
	}
	if (kept->statute.len) {
		buf_put(out, S(" ("));
		buf_put(out, kept->statute);
		buf_char(out, ')');
	}
	if (kept->purpose) {
		buf_put(out, S(". We use them only for: "));
		buf_put(out, purpose_title(job, registry, kept->purpose, LANGUAGE_EN));
	}
}

static void
en_kept(struct job *job, const struct registry *registry, const struct kept *kept, struct buf *out)
{
	buf_put(out, S("\n\nWe keep these: "));
	fields_put(job, registry, kept, LANGUAGE_EN, out);
	buf_put(out, S(". The reason is that "));
	en_why(job, registry, kept, out);
	if (kept->until_at != TIME_NEVER) {
		buf_put(out, S(". They will be erased by "));
		buf_date(out, date_of(kept->until_at));
	}
	buf_char(out, '.');
}

static void
en_outlives(const struct erased *done, struct buf *out)
{
	if (done->stops)
		buf_put(out, S("\n\nSo that you get no more advertising from us we keep a fingerprint of your address. "
		               "The address cannot be read from it; it serves only to stop messages."));
	if (done->proofs) {
		buf_put(out, S("\n\nTo be able to show what you agreed to, should somebody ask, we keep until the end of "));
		buf_dec(out, date_of(done->proof_until_at).year - 1);
		buf_put(out, S(" when and how you did. That is encrypted and without your name, and can be found only by "
		               "who already has your address."));
	}
	buf_put(out, S("\n\nOur log says that an erasure was done and when, without personal data."));
}

str
erase_words(struct job *job, const struct registry *registry, const struct erased *done,
            enum words_language language)
{
	OWNED(buf_release) struct buf out = { .max = LIMIT_STRING_BYTES };
	bool swedish = language == LANGUAGE_SV;

	if (done->buried)
		buf_put(&out, swedish ? S("Alla uppgifter om dig har raderats.") : S("All data about you has been erased."));
	else
		buf_put(&out, swedish ? S("De uppgifter om dig som du bad om har raderats, utom det som står här.")
		                      : S("What you asked for has been erased, except what follows."));
	for (size_t i = 0; i < done->kept_count; i++)
		(swedish ? sv_kept : en_kept)(job, registry, &done->kept[i], &out);
	(swedish ? sv_outlives : en_outlives)(done, &out);
	return buf_ok(&out) ? arena_str(&job->arena, buf_str(&out)) : S("");
}
