/* store/facts.c -- the file of the ledger; contract, format and G1-G4: facts.h. */
#include "store/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/seal.h"
#include "os/file.h"
#include "store/fault.h"

#define MAGIC "valv facts 1\n"
#define MAGIC_LEN (sizeof(MAGIC) - 1)
#define AHEAD_BYTES (1024 * 1024) /* room that is taken before it is needed: a full disk must not
                                   * keep anybody from withdrawing */

struct facts {
	int fd;
	struct secret *sign, *seal, *digest;
	uint8_t public_key[SIGN_PUBLIC_BYTES];
	struct facts_head head;
	int64_t size;  /* up to where it is whole and durable */
	int64_t taken; /* up to where there is room */
	bool torn;
	bool unclear;  /* a write failed: what follows `size` is cut before the next */
	uint64_t parts;
	struct buf part;
};

/* --- keys ------------------------------------------------------------------------------------- */

static struct secret *
derived(struct secret *key, str use)
{
	struct secret *secret = secret_new();
	bytes parts[] = { str_bytes(S("valv facts")), str_bytes(use) };

	digest_keyed(secret_octets(key), parts, COUNT(parts), secret_octets(secret));
	return secret;
}

static void
keys_derive(struct facts *facts, struct secret *key)
{
	facts->sign = derived(key, S("sign"));
	facts->seal = derived(key, S("seal"));
	facts->digest = derived(key, S("digest"));
	sign_public(secret_octets(facts->sign), facts->public_key);
}

static struct facts *
facts_new(struct secret *key)
{
	struct facts *facts = calloc(1, sizeof(*facts));

	must(facts);
	facts->fd = -1;
	facts->part.max = FACTS_PART_MAX;
	keys_derive(facts, key);
	return facts;
}

void
facts_close(struct facts **at)
{
	struct facts *facts = *at;

	if (!facts)
		return;
	if (facts->fd >= 0)
		close(facts->fd);
	secret_free(&facts->sign);
	secret_free(&facts->seal);
	secret_free(&facts->digest);
	buf_release(&facts->part);
	free(facts);
	*at = NULL;
}

const struct facts_head *
facts_head(const struct facts *facts)
{
	return &facts->head;
}

bool
facts_torn(const struct facts *facts)
{
	return facts->torn;
}

uint64_t
facts_parts(const struct facts *facts)
{
	return facts->parts;
}

/* --- layout ----------------------------------------------------------------------------------- */

static bool
eat_i64(bytes *rest, int64_t *ret)
{
	uint64_t value;

	if (!eat_le64(rest, &value) || value > INT64_MAX)
		return false;
	*ret = (int64_t)value;
	return true;
}

static bool
eat_numbers(bytes *rest, time_us *at, struct facts_numbers *bound)
{
	return eat_i64(rest, at) && eat_i64(rest, &bound->subjects) && eat_i64(rest, &bound->entries);
}

bool
facts_head_read(bytes b, struct facts_head *ret, bytes *ret_public, bytes *ret_signature)
{
	struct facts_head head = { 0 };
	bytes magic, id;

	if (!eat_bytes(&b, MAGIC_LEN, &magic) || !str_eq(bytes_str(magic), S(MAGIC)) ||
	    !eat_bytes(&b, sizeof(head.ledger), &id) || !uid_from_bytes(id, &head.ledger) ||
	    !eat_i64(&b, &head.no) || !eat_numbers(&b, &head.at, &head.bound) ||
	    !eat_bytes(&b, SIGN_PUBLIC_BYTES, ret_public) || !eat_bytes(&b, SIGN_BYTES, ret_signature))
		return false;
	*ret = head;
	return true;
}

static bool
blocks_are(bytes blocks, uint32_t count)
{
	bytes block;

	for (uint32_t i = 0; i < count; i++)
		if (!eat_block(&blocks, &block) || block.len > FACT_BYTES + SEAL_OVERHEAD)
			return false;
	return blocks.len == 0;
}

static uint32_t
size_check(uint32_t size, bytes before)
{
	OWNED(buf_release) struct buf input = { .max = 64 };
	uint8_t digest[32];
	bytes rest = { digest, sizeof(digest) };
	uint32_t check = 0;

	buf_le32(&input, size);
	buf_data(&input, before);
	digest_public(buf_bytes(&input), digest);
	must(eat_le32(&rest, &check));
	return check;
}

bool
facts_part_read(bytes b, struct facts_part *ret, bool *ret_short)
{
	struct facts_part part = { 0 };
	bytes all = b, body;
	uint32_t size, check;

	*ret_short = b.len < sizeof(size);
	if (!eat_le32(&b, &size) || size < FACTS_PART_FIXED || size > FACTS_PART_MAX)
		return false;
	*ret_short = size > all.len;
	if (*ret_short)
		return false;
	part.size = size;
	part.is_signed = (bytes){ all.ptr, size - SIGN_BYTES };
	part.signature = (bytes){ all.ptr + size - SIGN_BYTES, SIGN_BYTES };
	body = (bytes){ b.ptr, size - sizeof(size) - SIGN_BYTES };
	if (!eat_le32(&body, &check) || !eat_i64(&body, &part.first) || !eat_le32(&body, &part.count) ||
	    !eat_numbers(&body, &part.at, &part.bound) ||
	    !eat_bytes(&body, FACTS_HASH_BYTES, &part.before) || !blocks_are(body, part.count) ||
	    check != size_check(size, part.before))
		return false;
	part.blocks = body;
	*ret = part;
	return true;
}

static void
numbers_put(struct buf *out, time_us at, struct facts_numbers bound)
{
	buf_le64(out, (uint64_t)at);
	buf_le64(out, (uint64_t)bound.subjects);
	buf_le64(out, (uint64_t)bound.entries);
}

static void
signature_put(const struct facts *facts, struct buf *out)
{
	uint8_t signature[SIGN_BYTES];

	sign(secret_octets(facts->sign), buf_bytes(out), signature);
	buf_data(out, (bytes){ signature, sizeof(signature) });
}

/* --- making ----------------------------------------------------------------------------------- */

static const char *
ledger_path(struct job *job, const char *dir)
{
	OWNED(buf_release) struct buf path = { .max = 4096 };

	buf_put(&path, str_from_c(dir));
	buf_put(&path, S("/ledger"));
	must(buf_ok(&path));
	return arena_c(&job->arena, buf_str(&path));
}

enum err
facts_create(struct job *job, const char *dir, struct secret *key, const struct facts_head *begin)
{
	OWNED(facts_close) struct facts *facts = facts_new(key);
	OWNED(buf_release) struct buf head = { .max = FACTS_HEAD_BYTES };

	buf_put(&head, S(MAGIC));
	buf_data(&head, uid_bytes(&begin->ledger));
	buf_le64(&head, (uint64_t)begin->no);
	numbers_put(&head, job->now, begin->bound);
	buf_data(&head, (bytes){ facts->public_key, sizeof(facts->public_key) });
	signature_put(facts, &head);
	must(buf_ok(&head) && head.len == FACTS_HEAD_BYTES);
	TRY(dir_make(job, dir, 0700));
	return file_create(job, ledger_path(job, dir), 0600, buf_bytes(&head));
}

/* --- reading ---------------------------------------------------------------------------------- */

/* At most max octets from `at`; fewer at the end. */
static enum err
read_at(struct job *job, struct facts *facts, int64_t at, size_t max, bytes *ret)
{
	uint8_t *into;

	buf_clear(&facts->part);
	into = buf_room(&facts->part, max);
	must(into);
	while (facts->part.len < max) {
		ssize_t got = pread(facts->fd, into + facts->part.len, max - facts->part.len,
		                    at + (int64_t)facts->part.len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(job, ERR_IO, "the ledger of facts cannot be read");
		if (got == 0)
			break;
		facts->part.len += (size_t)got;
	}
	*ret = buf_bytes(&facts->part);
	return OK;
}

/* The part at `at`, its layout read.  *ret_there false: there is no whole one.  *ret_end: and no more
 * than a beginning of one follows. */
static enum err
part_at(struct job *job, struct facts *facts, int64_t at, struct facts_part *ret, bool *ret_there,
        bool *ret_end)
{
	bytes b;
	uint32_t size = 0;
	bytes peek;

	*ret_there = false;
	TRY(read_at(job, facts, at, sizeof(size), &b));
	peek = b;
	if (!eat_le32(&peek, &size)) {
		*ret_end = true;
		return OK;
	}
	*ret_end = false;
	if (size < FACTS_PART_FIXED || size > FACTS_PART_MAX)
		return OK;
	TRY(read_at(job, facts, at, size, &b));
	*ret_there = facts_part_read(b, ret, ret_end);
	return OK;
}

static void
part_hash(const struct facts_part *part, uint8_t ret[FACTS_HASH_BYTES])
{
	digest_public((bytes){ part->is_signed.ptr, part->size }, ret);
}

static bool
part_holds(const struct facts *facts, const struct facts_part *part)
{
	const struct facts_head *head = &facts->head;

	return part->first == head->no + 1 && part->bound.subjects >= head->bound.subjects &&
	       part->bound.entries >= head->bound.entries &&
	       memcmp(part->before.ptr, head->hash, FACTS_HASH_BYTES) == 0 &&
	       sign_holds(facts->public_key, part->is_signed, part->signature.ptr);
}

static void
head_move(struct facts *facts, const struct facts_part *part)
{
	struct facts_head *head = &facts->head;

	part_hash(part, head->hash);
	head->no += part->count;
	head->at = part->at;
	head->bound = part->bound;
	head->at_byte = facts->size;
	facts->size += (int64_t)part->size;
}

static enum err
head_check(struct job *job, struct facts *facts)
{
	struct facts_head head;
	bytes b, public_key, signature;

	TRY(read_at(job, facts, 0, FACTS_HEAD_BYTES, &b));
	if (!facts_head_read(b, &head, &public_key, &signature))
		return fail(job, ERR_CORRUPT, "the ledger of facts does not begin as one");
	if (memcmp(public_key.ptr, facts->public_key, SIGN_PUBLIC_BYTES) != 0)
		return fail(job, ERR_CRYPTO, "the ledger of facts is of another vault, or the key is not its own");
	if (!sign_holds(facts->public_key, (bytes){ b.ptr, FACTS_HEAD_BYTES - SIGN_BYTES }, signature.ptr))
		return fail(job, ERR_CORRUPT, "the head of the ledger of facts was changed");
	digest_public(b, head.hash);
	facts->head = head;
	facts->size = FACTS_HEAD_BYTES;
	return OK;
}

/* Go on from a part that is known: it must be there, as it was. */
static enum err
known_check(struct job *job, struct facts *facts, const struct facts_head *known)
{
	uint8_t hash[FACTS_HASH_BYTES];
	struct facts_part part;
	bool there, end;

	if (!uid_eq(known->ledger, facts->head.ledger))
		return fail(job, ERR_CRYPTO, "the ledger of facts is of another vault");
	if (known->at_byte == 0)
		return memcmp(known->hash, facts->head.hash, sizeof(hash)) == 0
		               ? OK : fail(job, ERR_CORRUPT, "the head of the ledger of facts was changed");
	TRY(part_at(job, facts, known->at_byte, &part, &there, &end));
	if (!there && end)
		return fail(job, ERR_STALE, "the ledger of facts is older than what it belongs to");
	if (there)
		part_hash(&part, hash);
	if (!there || memcmp(hash, known->hash, sizeof(hash)) != 0)
		return fail(job, ERR_CORRUPT, "the ledger of facts is not the one that was written");
	facts->head.no = part.first - 1;
	facts->size = known->at_byte;
	head_move(facts, &part);
	return OK;
}

/* An unfinished part begins with a size that goes with what stands before it, or with less. */
static enum err
beginning_check(struct job *job, struct facts *facts, bool *ret_holds)
{
	uint32_t size, check;
	bytes b;

	TRY(read_at(job, facts, facts->size, sizeof(size) + sizeof(check), &b));
	*ret_holds = !eat_le32(&b, &size) || !eat_le32(&b, &check) ||
	             check == size_check(size, (bytes){ facts->head.hash, FACTS_HASH_BYTES });
	return OK;
}

/* Part after part.  To append, what does not hold is what a crash left: all that was acknowledged
 * after `known` stands in the queue too, and is written again.  To read, only an unfinished end is. */
static enum err
tail_check(struct job *job, struct facts *facts, enum facts_mode mode)
{
	struct facts_part part;
	bool there, end;
	struct stat st;

	for (;;) {
		TRY(part_at(job, facts, facts->size, &part, &there, &end));
		if (!there || !part_holds(facts, &part))
			break;
		head_move(facts, &part);
		facts->parts++;
	}
	if (fstat(facts->fd, &st) < 0)
		return fail(job, ERR_IO, "the ledger of facts cannot be read");
	facts->torn = st.st_size > facts->size;
	if (!there && end)
		TRY(beginning_check(job, facts, &end));
	if (facts->torn && mode == FACTS_READ && (there || !end))
		return fail(job, ERR_CORRUPT, "a part of the ledger of facts does not hold");
	facts->unclear = facts->torn;
	return OK;
}

static enum err
ledger_lock(struct job *job, struct facts *facts, enum facts_mode mode)
{
	if (mode == FACTS_APPEND && flock(facts->fd, LOCK_EX | LOCK_NB) < 0)
		return fail(job, ERR_LOCKED, "another process appends to the ledger of facts");
	return OK;
}

enum err
facts_open(struct job *job, const char *dir, struct secret *key, const struct facts_head *known,
           enum facts_mode mode, struct facts **ret)
{
	OWNED(facts_close) struct facts *facts = facts_new(key);

	facts->fd = open(ledger_path(job, dir), (mode == FACTS_APPEND ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (facts->fd < 0)
		return errno == ENOENT ? fail(job, ERR_ABSENT, "the ledger of facts is not there")
		                       : fail(job, ERR_IO, "the ledger of facts cannot be opened");
	TRY(ledger_lock(job, facts, mode));
	TRY(head_check(job, facts));
	if (known)
		TRY(known_check(job, facts, known));
	TRY(tail_check(job, facts, mode));
	*ret = facts;
	facts = NULL;
	return OK;
}

/* --- appending -------------------------------------------------------------------------------- */

static enum err
append_error(struct job *job)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return fail(job, ERR_FULL, "the disk that holds the ledger of facts is full");
	return fail(job, ERR_IO, "the ledger of facts cannot be written");
}

/* Where the file system cannot do it, there is simply no room taken. */
static void
room_take(struct facts *facts, int64_t end)
{
	if (end <= facts->taken)
		return;
	if (fallocate(facts->fd, FALLOC_FL_KEEP_SIZE, end, AHEAD_BYTES) == 0)
		facts->taken = end + AHEAD_BYTES;
}

static enum err
part_write(struct job *job, struct facts *facts, bytes part)
{
	int64_t at = facts->size;

	if (facts->unclear && ftruncate(facts->fd, at) < 0)
		return append_error(job);
	facts->unclear = true;
	while (part.len) {
		ssize_t put = pwrite(facts->fd, part.ptr, part.len, at);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return append_error(job);
		part.ptr += put;
		part.len -= (size_t)put;
		at += put;
	}
	fault_point("facts-written");
	if (fdatasync(facts->fd) < 0)
		stop_after_failed_sync(); /* I3 */
	facts->unclear = false;
	fault_point("facts-durable");
	return OK;
}

static void
part_make(struct facts *facts, time_us now, struct facts_numbers bound, const struct fact_sealed *fact,
          size_t count)
{
	struct buf *out = &facts->part;
	size_t size = FACTS_PART_FIXED;

	for (size_t i = 0; i < count; i++)
		size += sizeof(uint32_t) + fact[i].sealed.len;
	must(size <= FACTS_PART_MAX);
	buf_clear(out);
	buf_le32(out, (uint32_t)size);
	buf_le32(out, size_check((uint32_t)size, (bytes){ facts->head.hash, FACTS_HASH_BYTES }));
	buf_le64(out, (uint64_t)facts->head.no + 1);
	buf_le32(out, (uint32_t)count);
	numbers_put(out, now, bound);
	buf_data(out, (bytes){ facts->head.hash, FACTS_HASH_BYTES });
	for (size_t i = 0; i < count; i++) {
		must(fact[i].no == facts->head.no + 1 + (int64_t)i);
		buf_block(out, fact[i].sealed);
	}
	signature_put(facts, out);
	must(buf_ok(out) && out->len == size);
}

enum err
facts_append(struct job *job, struct facts *facts, struct facts_numbers bound,
             const struct fact_sealed *fact, size_t count)
{
	struct facts_part part;
	time_us now = job->now > facts->head.at ? job->now : facts->head.at;
	bool is_short;

	if (bound.subjects < facts->head.bound.subjects)
		bound.subjects = facts->head.bound.subjects;
	if (bound.entries < facts->head.bound.entries)
		bound.entries = facts->head.bound.entries;
	part_make(facts, now, bound, fact, count);
	TRY(part_write(job, facts, buf_bytes(&facts->part)));
	must(facts_part_read(buf_bytes(&facts->part), &part, &is_short));
	head_move(facts, &part);
	room_take(facts, facts->size);
	return OK;
}

/* --- content ---------------------------------------------------------------------------------- */

static void
fact_associated(const struct facts *facts, int64_t no, struct buf *out)
{
	buf_put(out, S("valv fact 1"));
	buf_data(out, uid_bytes(&facts->head.ledger));
	buf_le64(out, (uint64_t)no);
}

void
facts_seal(const struct facts *facts, int64_t no, bytes plain, struct buf *out)
{
	OWNED(buf_release) struct buf associated = { .max = 64 };

	must(plain.len <= FACT_BYTES);
	fact_associated(facts, no, &associated);
	seal(secret_octets(facts->seal), buf_bytes(&associated), plain, out);
}

void
facts_digest(const struct facts *facts, str kind, bytes what, uint8_t ret[FACTS_DIGEST_BYTES])
{
	bytes parts[] = { str_bytes(kind), what };
	uint8_t digest[DIGEST_BYTES];

	digest_keyed(secret_octets(facts->digest), parts, COUNT(parts), digest);
	memcpy(ret, digest, FACTS_DIGEST_BYTES);
}

struct walk {
	int64_t at_byte, no;
};

/* The next part that was checked when the ledger was opened. */
static enum err
walk_next(struct job *job, struct facts *facts, struct walk *walk, struct facts_part *ret, bool *ret_there)
{
	bool end;

	*ret_there = false;
	if (walk->at_byte >= facts->size)
		return OK;
	TRY(part_at(job, facts, walk->at_byte, ret, ret_there, &end));
	if (!*ret_there || ret->first != walk->no + 1)
		return fail(job, ERR_CORRUPT, "the ledger of facts was changed while it was read");
	walk->at_byte += (int64_t)ret->size;
	walk->no += ret->count;
	return OK;
}

static enum err
walk_begin(struct job *job, struct facts *facts, struct walk *walk)
{
	struct facts_head head;
	bytes b, public_key, signature;

	TRY(read_at(job, facts, 0, FACTS_HEAD_BYTES, &b));
	if (!facts_head_read(b, &head, &public_key, &signature))
		return fail(job, ERR_CORRUPT, "the ledger of facts does not begin as one");
	*walk = (struct walk){ FACTS_HEAD_BYTES, head.no };
	return OK;
}

static enum err
part_visit(struct job *job, struct facts *facts, const struct facts_part *part, int64_t after,
           facts_visit *visit, void *ctx)
{
	OWNED(buf_release) struct buf copy = { .max = FACTS_PART_MAX }; /* visit may use the ledger */
	bytes blocks, block, plain;

	buf_data(&copy, part->blocks);
	blocks = buf_bytes(&copy);
	for (int64_t no = part->first; eat_block(&blocks, &block); no++) {
		OWNED(buf_release) struct buf associated = { .max = 64 };
		if (no <= after)
			continue;
		fact_associated(facts, no, &associated);
		TRY(seal_open(job, secret_octets(facts->seal), buf_bytes(&associated), block, &plain));
		TRY(visit(job, no, part->at, plain, ctx));
	}
	return OK;
}

enum err
facts_each(struct job *job, struct facts *facts, int64_t after, facts_visit *visit, void *ctx)
{
	struct facts_part part;
	struct walk walk = { 0 };
	bool there;

	TRY(walk_begin(job, facts, &walk));
	for (;;) {
		TRY(walk_next(job, facts, &walk, &part, &there));
		if (!there)
			return OK;
		if (walk.no > after)
			TRY(part_visit(job, facts, &part, after, visit, ctx));
	}
}

enum err
facts_hash_at(struct job *job, struct facts *facts, int64_t no, bool *ret_there,
              uint8_t ret[FACTS_HASH_BYTES])
{
	struct facts_part part;
	struct walk walk = { 0 };
	bool there;
	bytes b;

	*ret_there = false;
	TRY(walk_begin(job, facts, &walk));
	if (walk.no == no) {
		TRY(read_at(job, facts, 0, FACTS_HEAD_BYTES, &b));
		digest_public(b, ret);
		*ret_there = true;
	}
	for (;;) { /* the last of those that end there: parts without facts follow others */
		TRY(walk_next(job, facts, &walk, &part, &there));
		if (!there || walk.no > no)
			return OK;
		if (walk.no == no) {
			part_hash(&part, ret);
			*ret_there = true;
		}
	}
}

/* --- notes ------------------------------------------------------------------------------------ */

void
facts_note_sign(const struct facts *facts, str name, str text, struct buf *out)
{
	note_sign(secret_octets(facts->sign), name, text, out);
}

enum err
facts_note_open(struct job *job, struct secret *key, str name, str note, str *ret_text)
{
	OWNED(secret_free) struct secret *seed = derived(key, S("sign"));
	OWNED(buf_release) struct buf vkey = { .max = 512 };

	note_vkey(secret_octets(seed), name, &vkey);
	return note_open(job, buf_str(&vkey), note, ret_text);
}
