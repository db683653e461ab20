/* Aims at record_open, record_open_for, record_sections, under fixed keys.
 *
 * The first octet picks: even, the rest is a record as it lies in the store; odd, the rest is what
 * stands inside a section, which is sealed here as record.h says, so that reading it is reached.
 * With bit 2 the sealed section bears another number: it may not open then, and never for another
 * person. */
#include "base/limits.h"
#include "vault/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VERSION 3
#define SECTION 2
#define PURPOSE 7

static const uid person = { { 1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16 } };
static const uid other = { { 9, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16 } };

static void
keys_set(struct keyset *keyset)
{
	*keyset = (struct keyset){ .count = 4 };
	for (uint32_t i = 0; i < keyset->count; i++) {
		keyset->item[i].section = i;
		memset(keyset->item[i].key, (int)i + 1, KEY_BYTES);
	}
}

static void
put_record(bytes plain, struct buf *out)
{
	OWNED(buf_release) struct buf associated = { .max = 256 };
	uint8_t key[KEY_BYTES];

	buf_put(&associated, S("valv section 1"));
	buf_data(&associated, uid_bytes(&person));
	buf_le32(&associated, SECTION);
	buf_le64(&associated, VERSION);
	buf_le16(&associated, 1);
	buf_le16(&associated, PURPOSE);
	buf_u8(out, 1);
	buf_le16(out, 1);
	buf_le32(out, SECTION);
	buf_le64(out, VERSION);
	buf_le16(out, 1);
	buf_le16(out, PURPOSE);
	buf_le32(out, (uint32_t)(plain.len + SEAL_OVERHEAD));
	memset(key, SECTION + 1, sizeof(key));
	seal(key, buf_bytes(&associated), plain, out);
}

static void
check_open(bytes record, bool may_open)
{
	OWNED(job_release) struct job job = { 0 };
	struct keyset keyset;
	struct value *value = NULL;
	uint32_t section[KEYSET_MAX];
	size_t count = 0, sections = 0;
	enum err err;

	keys_set(&keyset);
	err = record_open(&job, person, &keyset, record, &value, &count);
	must(err == OK || err == ERR_CORRUPT || err == ERR_CRYPTO);
	must(err || (count <= LIMIT_VALUES && (may_open || !count)));
	for (size_t i = 0; !err && i < count; i++) {
		must(value[i].section == SECTION);
		(void)str_utf8(value[i].text); /* all of it can be read */
	}
	job_forgive(&job);
	err = record_open_for(&job, person, &keyset, record, PURPOSE + 1, &value, &count);
	must(err || !count || !may_open);
	job_forgive(&job);
	if (record_sections(&job, record, section, &sections) == OK)
		must(sections < KEYSET_MAX);
	job_forgive(&job);
	err = record_open(&job, other, &keyset, record, &value, &count);
	must(err || !count); /* D1: another person's */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(buf_release) struct buf record = { .max = LIMIT_RECORD_BYTES };
	bytes rest = { data, size };
	uint8_t how;

	if (!eat_u8(&rest, &how))
		return 0;
	if (!(how & 1)) {
		check_open(rest, false);
		return 0;
	}
	put_record(rest, &record);
	if (how & 4)
		record.ptr[3] ^= 1; /* the number of the section, which has a key too */
	check_open(buf_bytes(&record), !(how & 4));
	return 0;
}
