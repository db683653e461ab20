/* backup/manifest.c -- contract and form: manifest.h. */
#include "backup/manifest.h"

#define FIRST_LINE "valv backup 1\n"

/* --- writing ---------------------------------------------------------------------------------- */

static void
put_hex(struct buf *out, str word, bytes octets)
{
	buf_put(out, word);
	buf_char(out, ' ');
	buf_hex(out, octets);
	buf_char(out, '\n');
}

static void
put_number(struct buf *out, str word, int64_t number)
{
	buf_put(out, word);
	buf_char(out, ' ');
	buf_udec(out, (uint64_t)number);
	buf_char(out, '\n');
}

void
manifest_put(const struct manifest *manifest, struct buf *out)
{
	buf_put(out, S(FIRST_LINE));
	buf_put(out, manifest->kind == DUMP_KEYS ? S("kind keys\n") : S("kind data\n"));
	put_hex(out, S("moment"), uid_bytes(&manifest->moment));
	put_number(out, S("made"), manifest->made_at);
	put_number(out, S("until"), manifest->until_at);
	put_hex(out, S("ledger"), uid_bytes(&manifest->ledger));
	put_number(out, S("fact"), manifest->fact);
	put_number(out, S("entry"), manifest->entry);
	put_number(out, S("subjects"), manifest->bound.subjects);
	put_number(out, S("entries"), manifest->bound.entries);
	put_number(out, S("schema"), manifest->schema);
	buf_put(out, S("list "));
	buf_hex(out, (bytes){ manifest->list, sizeof(manifest->list) });
	buf_char(out, ' ');
	buf_udec(out, manifest->pieces);
	buf_char(out, '\n');
	for (size_t i = 0; i < manifest->table_count; i++) {
		buf_put(out, S("table "));
		buf_put(out, manifest->table[i].name);
		put_number(out, S(""), (int64_t)manifest->table[i].rows);
	}
}

void
piece_put(const struct piece *piece, struct buf *out)
{
	buf_hex(out, (bytes){ piece->hash, sizeof(piece->hash) });
	buf_char(out, ' ');
	buf_udec(out, piece->size);
	buf_char(out, ' ');
	buf_udec(out, piece->rows);
	buf_char(out, ' ');
	buf_put(out, piece->table);
	buf_char(out, '\n');
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool
eat_hex(str *rest, char stop, uint8_t *ret, size_t len)
{
	str digits;

	return eat_until(rest, stop, &digits) && str_hex(digits, ret, len);
}

static bool
eat_count(str *rest, char stop, uint64_t *ret)
{
	str digits;

	return eat_until(rest, stop, &digits) && str_u64(digits, ret) && *ret <= INT64_MAX;
}

static bool
eat_i64_line(str *rest, str word, int64_t *ret)
{
	uint64_t value;

	if (!eat_str(rest, word) || !eat_char(rest, ' ') || !eat_count(rest, '\n', &value))
		return false;
	*ret = (int64_t)value;
	return true;
}

static bool
eat_uid_line(str *rest, str word, uid *ret)
{
	return eat_str(rest, word) && eat_char(rest, ' ') && eat_hex(rest, '\n', ret->octet, sizeof(ret->octet));
}

/* As the store names its tables: never a path, nothing to escape. */
static bool
table_name(str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!((name.ptr[i] >= 'a' && name.ptr[i] <= 'z') || name.ptr[i] == '_' ||
		      (name.ptr[i] >= '0' && name.ptr[i] <= '9')))
			return false;
	return name.len > 0 && name.len <= 64;
}

static bool
eat_table_name(str *rest, char stop, str *ret)
{
	return eat_until(rest, stop, ret) && table_name(*ret);
}

static bool
eat_kind(str *rest, enum dump_side *ret)
{
	*ret = DUMP_DATA;
	if (eat_str(rest, S("kind data\n")))
		return true;
	*ret = DUMP_KEYS;
	return eat_str(rest, S("kind keys\n"));
}

static bool
eat_tables(str *rest, struct manifest *ret)
{
	while (rest->len) {
		struct manifest_table *table = &ret->table[ret->table_count];
		if (ret->table_count == COUNT(ret->table) || !eat_str(rest, S("table ")) ||
		    !eat_table_name(rest, ' ', &table->name) || !eat_count(rest, '\n', &table->rows))
			return false;
		ret->table_count++;
	}
	return true;
}

bool
manifest_read(str text, struct manifest *ret)
{
	memset(ret, 0, sizeof(*ret));
	return eat_str(&text, S(FIRST_LINE)) && eat_kind(&text, &ret->kind) &&
	       eat_uid_line(&text, S("moment"), &ret->moment) &&
	       eat_i64_line(&text, S("made"), &ret->made_at) &&
	       eat_i64_line(&text, S("until"), &ret->until_at) &&
	       eat_uid_line(&text, S("ledger"), &ret->ledger) &&
	       eat_i64_line(&text, S("fact"), &ret->fact) && eat_i64_line(&text, S("entry"), &ret->entry) &&
	       eat_i64_line(&text, S("subjects"), &ret->bound.subjects) &&
	       eat_i64_line(&text, S("entries"), &ret->bound.entries) &&
	       eat_i64_line(&text, S("schema"), &ret->schema) && eat_str(&text, S("list ")) &&
	       eat_hex(&text, ' ', ret->list, sizeof(ret->list)) && eat_count(&text, '\n', &ret->pieces) &&
	       eat_tables(&text, ret);
}

bool
eat_piece(str *rest, struct piece *ret)
{
	return eat_hex(rest, ' ', ret->hash, sizeof(ret->hash)) && eat_count(rest, ' ', &ret->size) &&
	       ret->size <= DUMP_PIECE_MAX && eat_count(rest, ' ', &ret->rows) &&
	       eat_table_name(rest, '\n', &ret->table);
}
