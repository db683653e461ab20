/* audit/leaf.c -- contract, form and L1-L4: leaf.h. */
#include "audit/leaf.h"

#include "crypto/mac.h"
#include "crypto/seal.h"
#include "os/random.h"

#define VERSION 1
#define CHANGE_HEAD (8 + 32) /* of a change's body, before its fields: audit/entry.h */
#define OPEN_TRIES 3
#define VIEW_PERSONS 200
#define ITEM_MAX 64          /* what a packed item is committed to in */

/* --- the clear part --------------------------------------------------------------------------- */

bytes
leaf_fields(const struct entry_row *row)
{
	bytes rest = row->body, fields = { 0 };

	switch (row->act) {
	case ENTRY_SUBJECT_READ:
	case ENTRY_EXPORT:
		fields = rest;
		break;
	case ENTRY_SUBJECT_CREATE:
	case ENTRY_SUBJECT_CHANGE:
		if (eat_bytes(&rest, CHANGE_HEAD, &fields))
			fields = rest;
		break;
	case ENTRY_REVEAL:
		fields = entry_revealed(rest);
		break;
	case ENTRY_SUBJECT_SEARCH:
		if (!eat_bytes(&rest, 2, &fields))
			fields = (bytes){ 0 };
		break;
	default:
		break;
	}
	return fields.len % 2 || fields.len > 2 * LEAF_FIELDS_MAX ? (bytes){ 0 } : fields;
}

static void
clear_put(const struct entry_row *row, struct buf *out)
{
	bytes fields = leaf_fields(row);

	buf_u8(out, VERSION);
	buf_le64(out, (uint64_t)row->seq);
	buf_le64(out, (uint64_t)(row->at / TIME_SECOND));
	buf_u8(out, (uint8_t)row->actor.kind);
	buf_le64(out, (uint64_t)row->actor.no);
	buf_le16(out, (uint16_t)row->act);
	buf_le16(out, (uint16_t)row->outcome);
	buf_le32(out, (uint32_t)row->purpose);
	buf_le16(out, (uint16_t)(fields.len / 2));
	buf_data(out, fields);
}

static bool
eat_number(bytes *rest, int64_t *ret)
{
	uint64_t number;

	if (!eat_le64(rest, &number))
		return false;
	*ret = (int64_t)number;
	return true;
}

bool
leaf_read(bytes octets, struct leaf *ret)
{
	uint16_t act, outcome, fields;
	uint8_t version, kind;
	uint32_t purpose;
	bytes commitment;

	if (!eat_u8(&octets, &version) || version != VERSION || !eat_number(&octets, &ret->seq) ||
	    !eat_number(&octets, &ret->second) || !eat_u8(&octets, &kind) || !eat_number(&octets, &ret->actor.no) ||
	    !eat_le16(&octets, &act) || !eat_le16(&octets, &outcome) || !eat_le32(&octets, &purpose) ||
	    !eat_le16(&octets, &fields) || !eat_bytes(&octets, 2 * (size_t)fields, &ret->fields) ||
	    !eat_bytes(&octets, COMMITMENT_BYTES, &commitment) || octets.len)
		return false;
	ret->actor.kind = (enum actor_kind)kind;
	ret->act = (enum entry_act)act;
	ret->outcome = (enum err)outcome;
	ret->purpose = purpose;
	memcpy(ret->commitment, commitment.ptr, COMMITMENT_BYTES);
	return true;
}

static bool
bytes_eq(bytes a, bytes b)
{
	return a.len == b.len && (!a.len || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
leaf_fits(const struct leaf *leaf, const struct entry_row *row)
{
	return leaf->seq == row->seq && leaf->second == row->at / TIME_SECOND &&
	       leaf->actor.kind == row->actor.kind && leaf->actor.no == row->actor.no && leaf->act == row->act &&
	       leaf->outcome == row->outcome && leaf->purpose == row->purpose &&
	       bytes_eq(leaf->fields, leaf_fields(row));
}

/* --- r, and what it commits to ------------------------------------------------------------------ */

static void
opening_secret(const uint8_t *key, int64_t seq, size_t place, uint8_t ret[32])
{
	OWNED(buf_release) struct buf where = { .max = 16 };
	bytes part[2] = { str_bytes(S("audit entry")) };

	buf_le64(&where, (uint64_t)seq);
	buf_le16(&where, (uint16_t)place);
	part[1] = buf_bytes(&where);
	digest_keyed(key, part, COUNT(part), ret);
}

static bool
is_packed(const struct entry_row *row)
{
	return entry_is_packed(row->act);
}

static size_t
item_count(const struct entry_row *row)
{
	return is_packed(row) ? entry_items(row->body) : 1;
}

static bytes
item_octets(const struct entry_row *row, size_t item)
{
	return (bytes){ row->body.ptr + item * ENTRY_DECISIONS_ITEM, ENTRY_DECISIONS_ITEM };
}

/* Whom it is about; 0: nobody. */
static int64_t
item_subject(const struct entry_row *row, size_t item)
{
	uint64_t subject;
	bytes octets;

	if (!is_packed(row))
		return row->subject;
	octets = item_octets(row, item);
	return eat_le64(&octets, &subject) ? (int64_t)subject : 0;
}

static void
item_content(const struct entry_row *row, size_t item, struct buf *out)
{
	buf_le64(out, (uint64_t)row->seq);
	buf_le16(out, (uint16_t)item);
	buf_data(out, item_octets(row, item));
}

static void
content_put(const struct entry_row *row, bytes packed, struct buf *out)
{
	clear_put(row, out);
	buf_le64(out, (uint64_t)row->at);
	buf_le64(out, is_packed(row) ? 0 : (uint64_t)row->subject);
	buf_data(out, is_packed(row) ? packed : row->body);
	if (is_packed(row))
		buf_data(out, entry_behind_items(row->body));
}

static size_t
content_max(const struct entry_row *row, bytes packed)
{
	return LEAF_BYTES_MAX + 16 + row->body.len + packed.len;
}

static void
commit(const uint8_t r[32], bytes content, uint8_t ret[COMMITMENT_BYTES])
{
	mac_sha256((bytes){ r, 32 }, content, ret);
}

/* --- making ------------------------------------------------------------------------------------- */

/* One commitment to be made: the whole of an entry, or an item of a packed one. */
struct part {
	int64_t subject;
	uint32_t entry, item;
};

struct making {
	struct job *job;
	struct keys *keys;
	const uint8_t *log_key;
	const struct entry_row *row;
	struct leaf_made *made;
	struct part *part;
	size_t part_count;
	struct buf content; /* used again for each */
};

static void
making_end(struct making *making)
{
	buf_release(&making->content);
}

static int
part_order(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

static void
parts_list(struct making *making, size_t count)
{
	struct arena *arena = &making->job->arena;
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += item_count(&making->row[i]);
	making->part = arena_array(arena, total + 1, sizeof(*making->part));
	for (size_t i = 0; i < count; i++) {
		size_t items = item_count(&making->row[i]);
		if (is_packed(&making->row[i]))
			making->made[i].commitments =
				(bytes){ arena_array(arena, items + 1, COMMITMENT_BYTES), items * COMMITMENT_BYTES };
		for (size_t n = 0; n < items; n++)
			making->part[making->part_count++] =
				(struct part){ item_subject(&making->row[i], n), (uint32_t)i, (uint32_t)n };
	}
	if (making->part_count)
		qsort(making->part, making->part_count, sizeof(*making->part), part_order);
}

static void
leaf_finish(struct making *making, size_t entry, const uint8_t r[32], bytes packed)
{
	const struct entry_row *row = &making->row[entry];
	struct buf *content = &making->content;
	OWNED(buf_release) struct buf leaf = { .max = LEAF_BYTES_MAX };
	uint8_t commitment[COMMITMENT_BYTES];
	size_t clear;

	content->len = 0;
	content->max = content_max(row, packed);
	clear_put(row, content);
	clear = content->len;
	content->len = 0;
	content_put(row, packed, content);
	must(buf_ok(content));
	commit(r, buf_bytes(content), commitment);
	buf_data(&leaf, (bytes){ (const uint8_t *)content->ptr, clear });
	buf_data(&leaf, (bytes){ commitment, sizeof(commitment) });
	must(buf_ok(&leaf));
	making->made[entry].octets = arena_bytes(&making->job->arena, buf_bytes(&leaf));
}

static void
part_make(struct making *making, const struct part *part, const uint8_t r[32])
{
	const struct entry_row *row = &making->row[part->entry];
	OWNED(buf_release) struct buf content = { .max = ITEM_MAX };
	uint8_t *at;

	if (!is_packed(row)) {
		leaf_finish(making, part->entry, r, (bytes){ 0 });
		return;
	}
	item_content(row, part->item, &content);
	must(buf_ok(&content));
	at = (uint8_t *)(uintptr_t)making->made[part->entry].commitments.ptr + part->item * COMMITMENT_BYTES;
	commit(r, buf_bytes(&content), at);
}

/* What is about a buried person from before that number is nobody's; 0: not buried. */
static enum err
unlinked_below(struct job *job, int64_t subject, int64_t *ret)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, job->db, SQL_ENTRY_UNLINK_GET, ARGS(sql_i64(subject)), &rows));
	TRY(rows_next(job, &rows, &there));
	*ret = there ? rows_i64(&rows, 0) : 0;
	return OK;
}

/* Where the r of one person's entries come from; a key that is NULL is none that can be found again. */
struct source {
	struct keyset *keyset;      /* owned; NULL: none */
	const uint8_t *key, *after; /* of entries below `below`, and of those from there on */
	int64_t below;
};

static void
source_end(struct source *source)
{
	keyset_end(&source->keyset);
}

/* No keys, no burial: from before that was recorded.  Or the caller looks at a moment before the burial, at which the
 * person is alive still; then their entries have no key. */
static enum err
older_moment(struct job *job, int64_t subject, struct source *source)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool lives;

	TRY(db_query(job, job->db, SQL_ENTRY_SUBJECT_LIVES, ARGS(sql_i64(subject)), &rows));
	TRY(rows_next(job, &rows, &lives));
	if (lives)
		source->after = NULL;
	return OK;
}

/* A rotation may take the epoch away between our reading of the row and its opening: once more finds the
 * row that it left.  A damaged key set is like a destroyed one.
 * Which key an entry of somebody who was buried has goes by its number and never by whether the keys are there still:
 * they are destroyed a moment after the burial, and between the two the entry of the burial itself may be sequenced.
 * So the keys are looked for first: where they are gone, the burial is seen, unless the caller looks at a moment before.
 * `view` is ended if one must look again; it may lead to NULL. */
static enum err
source_find(struct job *job, struct keys *keys, const uint8_t *log_key, int64_t subject, struct db **view,
            struct source *ret)
{
	enum err err = ERR_CRYPTO;

	*ret = (struct source){ .after = subject < 0 ? NULL : log_key };
	if (subject <= 0)
		return OK;
	for (int i = 0; i < OPEN_TRIES && err == ERR_CRYPTO; i++) {
		if (i) {
			db_keys_view_end(job->db);
			db_view_end(view);
		}
		err = keys_get(job, keys, job->db, subject, &ret->keyset);
		if (err && err != ERR_ABSENT && err != ERR_CRYPTO)
			return err;
		job_forgive(job);
	}
	TRY(unlinked_below(job, subject, &ret->below));
	ret->key = err ? NULL : keyset_find(ret->keyset, 0);
	if (!ret->below && err != ERR_ABSENT)
		ret->below = INT64_MAX; /* not buried */
	return ret->below ? OK : older_moment(job, subject, ret);
}

/* False: there is none. */
static bool
source_secret(const struct source *source, int64_t seq, size_t place, uint8_t ret[32])
{
	const uint8_t *key = seq < source->below ? source->key : source->after;

	if (!key)
		return false;
	opening_secret(key, seq, place, ret);
	return true;
}

/* All parts about one person. */
static enum err
person_make(struct making *making, struct db **view, const struct part *part, size_t count)
{
	OWNED(source_end) struct source source = { 0 };
	uint8_t r[32];

	TRY(source_find(making->job, making->keys, making->log_key, part->subject, view, &source));
	for (size_t i = 0; i < count; i++) {
		const struct entry_row *row = &making->row[part[i].entry];
		if (!source_secret(&source, row->seq, is_packed(row) ? part[i].item : LEAF_WHOLE, r))
			os_random(r, sizeof(r)); /* L2 */
		part_make(making, &part[i], r);
	}
	wipe(r, sizeof(r));
	return OK;
}

static enum err
some_persons_make(struct making *making, struct db **view, size_t *at)
{
	for (int persons = 0; persons < VIEW_PERSONS && *at < making->part_count; persons++) {
		size_t from = *at, end = from + 1;
		while (end < making->part_count && making->part[end].subject == making->part[from].subject)
			end++;
		TRY(person_make(making, view, making->part + from, end - from));
		*at = end;
	}
	return OK;
}

/* As many as one look into the keys is long enough for; a look for each statement costs more than all that is done
 * with what it finds. */
static enum err
persons_make(struct making *making, size_t *at)
{
	OWNED(db_view_end) struct db *view = NULL;
	struct job *job = making->job;
	enum err err;

	TRY(db_keys_view_begin(job, job->db));
	err = db_view_begin(job, job->db, &view);
	if (!err)
		err = some_persons_make(making, &view, at);
	db_keys_view_end(job->db);
	return err;
}

enum err
leaves_make(struct job *job, struct keys *keys, const uint8_t *log_key, const struct entry_row *row, size_t count,
            struct leaf_made *ret)
{
	OWNED(making_end) struct making making = { .job = job, .keys = keys, .log_key = log_key, .row = row, .made = ret };
	uint8_t r[32];

	memset(ret, 0, count * sizeof(*ret));
	parts_list(&making, count);
	for (size_t at = 0; at < making.part_count;)
		TRY(persons_make(&making, &at));
	for (size_t i = 0; i < count; i++) { /* L4 */
		if (!is_packed(&row[i]))
			continue;
		opening_secret(log_key, row[i].seq, LEAF_WHOLE, r);
		leaf_finish(&making, i, r, ret[i].commitments);
	}
	wipe(r, sizeof(r));
	return OK;
}

/* --- opening and checking -------------------------------------------------------------------------- */

/* r of one part.  ERR_GONE */
static enum err
part_secret(struct job *job, struct keys *keys, const uint8_t *log_key, int64_t subject, int64_t seq, size_t place,
            uint8_t ret[32])
{
	OWNED(source_end) struct source source = { 0 };

	TRY(source_find(job, keys, log_key, subject, &(struct db *){ NULL }, &source));
	if (!source_secret(&source, seq, place, ret))
		return fail(job, ERR_GONE, "the keys of the person that it was about are destroyed");
	return OK;
}

enum err
leaf_open(struct job *job, struct keys *keys, const uint8_t *log_key, const struct entry_row *row, bytes packed,
          struct leaf_opening *ret)
{
	OWNED(buf_release) struct buf content = { .max = content_max(row, packed) };

	TRY(part_secret(job, keys, log_key, is_packed(row) ? 0 : row->subject, row->seq, LEAF_WHOLE, ret->r));
	content_put(row, packed, &content);
	must(buf_ok(&content));
	ret->content = arena_bytes(&job->arena, buf_bytes(&content));
	return OK;
}

/* Each item that can be opened is what its kept commitment says. */
static enum err
items_check(struct job *job, struct keys *keys, const uint8_t *log_key, const struct entry_row *row, bytes packed,
            enum leaf_check *ret)
{
	OWNED(source_end) struct source source = { 0 };
	uint8_t r[32], commitment[COMMITMENT_BYTES];
	int64_t of = 0;

	for (size_t i = 0; i < item_count(row); i++) {
		OWNED(buf_release) struct buf content = { .max = ITEM_MAX };
		int64_t subject = item_subject(row, i);
		if (i == 0 || subject != of) { /* a batch often asks about one person many times */
			source_end(&source);
			TRY(source_find(job, keys, log_key, subject, &(struct db *){ NULL }, &source));
			of = subject;
		}
		if (!source_secret(&source, row->seq, i, r)) {
			*ret = LEAF_CLEAR;
			continue;
		}
		item_content(row, i, &content);
		commit(r, buf_bytes(&content), commitment);
		if (memcmp(commitment, packed.ptr + i * COMMITMENT_BYTES, COMMITMENT_BYTES) != 0) {
			*ret = LEAF_WRONG;
			return OK;
		}
	}
	return OK;
}

enum err
leaf_check(struct job *job, struct keys *keys, const uint8_t *log_key, const struct leaf *leaf,
           const struct entry_row *row, bytes packed, enum leaf_check *ret)
{
	struct leaf_opening opening;
	uint8_t commitment[COMMITMENT_BYTES];
	enum err err;

	*ret = LEAF_WRONG;
	if (!leaf_fits(leaf, row) || (is_packed(row) && packed.len != item_count(row) * COMMITMENT_BYTES) ||
	    (row->act == ENTRY_DECISIONS && entry_behind_items(row->body).len))
		return OK;
	err = leaf_open(job, keys, log_key, row, packed, &opening);
	if (err == ERR_GONE) {
		job_forgive(job);
		*ret = LEAF_CLEAR;
		return OK;
	}
	TRY(err);
	commit(opening.r, opening.content, commitment);
	wipe(opening.r, sizeof(opening.r));
	if (memcmp(commitment, leaf->commitment, COMMITMENT_BYTES) != 0)
		return OK;
	*ret = LEAF_HOLDS;
	return is_packed(row) ? items_check(job, keys, log_key, row, packed, ret) : OK;
}
