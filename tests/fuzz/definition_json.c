/* Aims at field_read, version_read, version_ready, field_parse, version_parse, through json_parse.
 * What is read is read again from its canonical form, with the same result: that is what the store
 * keeps (registry.h). */
#include "base/limits.h"
#include "vault/definition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct field fields[] = {
	{ .no = 1, .name = { "email", 5 }, .type = TYPE_EMAIL, .address = ADDRESS_EMAIL },
	{ .no = 2, .name = { "name", 4 }, .type = TYPE_NAME },
	{ .no = 3, .name = { "diet", 4 }, .type = TYPE_TEXT, .sensitivity = SENSITIVITY_SPECIAL },
	{ .no = 9, .name = { "phone", 5 }, .type = TYPE_PHONE, .address = ADDRESS_PHONE },
};
static const str languages[] = { { "sv", 2 }, { "en", 2 } };
static const struct registry registry = {
	.field = fields, .field_count = COUNT(fields), .language = languages,
	.language_count = COUNT(languages), .age_of_consent = 13,
};

static void
check_refusal(const struct job *job, enum err err)
{
	must(err == ERR_INVALID || err == ERR_LIMIT || err == ERR_PURPOSE_UNREADY || err == ERR_SPECIAL);
	must(job->failure.why && str_utf8(str_from_c(job->failure.where)));
}

static void
check_field(struct job *job, struct json root, str canonical)
{
	struct field once = { 0 }, again = { 0 };
	enum err err = field_read(job, root, &once);

	if (err) {
		check_refusal(job, err);
		job_forgive(job);
		return;
	}
	must(field_parse(job, canonical, &again) == OK);
	must(once.type == again.type && once.lookup == again.lookup && once.address == again.address &&
	     once.sensitivity == again.sensitivity && once.option_count == again.option_count);
	must(once.type < TYPE_COUNT && once.option_count <= LIMIT_ENUM_OPTIONS);
	must((once.type == TYPE_ENUM) == (once.option_count > 0));
}

static void
check_version(struct job *job, struct json root, str canonical)
{
	struct purpose_version once = { .definition = canonical }, again = { .definition = canonical };
	enum err err = version_read(job, &registry, root, &once);

	if (err) {
		check_refusal(job, err);
		job_forgive(job);
		return;
	}
	must(version_parse(job, &registry, canonical, &again) == OK);
	must(once.basis == again.basis && once.channels == again.channels &&
	     once.field_count == again.field_count && once.notice_count == again.notice_count &&
	     once.retention.months == again.retention.months && once.quiet == again.quiet);
	must(once.basis > BASIS_NONE && once.basis < BASIS_STORAGE_ONLY);
	must(!(once.channels & ~CHANNELS_ALL));
	for (size_t i = 0; i < once.field_count; i++) {
		must(registry_field_no(&registry, once.field[i]));
		must(!i || once.field[i - 1] < once.field[i]);
	}
	for (size_t i = 0; i < once.notice_count; i++)
		must(version_notice(&once, once.notice[i].hash));
	err = version_ready(job, &registry, &once);
	if (err)
		check_refusal(job, err);
	must(err || (once.field_count && once.notice_count >= registry.language_count));
	job_forgive(job);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(job_release) struct job job = { .now = (time_us)1795435200 * TIME_SECOND };
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;
	str canonical;

	if (size > LIMIT_BODY_BYTES || json_parse(&job, (str){ (const char *)data, size }, &document, &root))
		return 0;
	must(json_canonical(&job, root, LIMIT_BODY_BYTES * 6, &canonical) == OK);
	check_field(&job, root, canonical);
	check_version(&job, root, canonical);
	return 0;
}
