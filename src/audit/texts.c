/* audit/texts.c -- contract and forms: texts.h. */
#include "audit/texts.h"

#include "base/must.h"
#include "crypto/sign.h"

#define PROOF_HEAD S("c2sp.org/tlog-proof@v1\n")
#define NUMBER_MAX 999999999999u /* of a tile: four groups */

/* --- checkpoints ------------------------------------------------------------------------------ */

void
checkpoint_put(const struct checkpoint *checkpoint, struct buf *out)
{
	buf_put(out, checkpoint->origin);
	buf_char(out, '\n');
	buf_udec(out, checkpoint->size);
	buf_char(out, '\n');
	buf_base64(out, (bytes){ checkpoint->root.octet, MERKLE_BYTES });
	buf_char(out, '\n');
}

bool
checkpoint_read(str text, struct checkpoint *ret)
{
	str size, root;

	return text.len <= CHECKPOINT_MAX && eat_until(&text, '\n', &ret->origin) && ret->origin.len &&
	       eat_until(&text, '\n', &size) && str_u64(size, &ret->size) && eat_until(&text, '\n', &root) &&
	       base64_read(root, ret->root.octet, MERKLE_BYTES);
}

/* --- tiles ------------------------------------------------------------------------------------ */

void
tile_path_put(const struct tile_path *path, struct buf *out)
{
	uint64_t group = 1;

	must(path->no <= NUMBER_MAX && path->width >= 1 && path->width <= MERKLE_WIDTH);
	if (path->level == TILE_ENTRIES)
		buf_put(out, S("entries"));
	else
		buf_udec(out, path->level);
	while (path->no / group >= 1000)
		group *= 1000;
	for (; group > 1; group /= 1000) {
		buf_put(out, S("/x"));
		buf_pad(out, path->no / group % 1000, 3);
	}
	buf_char(out, '/');
	buf_pad(out, path->no % 1000, 3);
	if (path->width == MERKLE_WIDTH)
		return;
	buf_put(out, S(".p/"));
	buf_udec(out, path->width);
}

static bool
level_read(str *rest, unsigned *ret)
{
	uint64_t level;

	if (eat_str(rest, S("entries/"))) {
		*ret = TILE_ENTRIES;
		return true;
	}
	if (!eat_u64(rest, &level) || !eat_char(rest, '/') || level >= MERKLE_LEVELS)
		return false;
	*ret = (unsigned)level;
	return true;
}

bool
tile_path_read(str text, struct tile_path *ret)
{
	uint64_t group, no = 0, width;

	if (text.len > TILE_PATH_MAX || !level_read(&text, &ret->level))
		return false;
	while (eat_char(&text, 'x')) {
		if (!eat_digits(&text, 3, &group) || !eat_char(&text, '/') || (no == 0 && group == 0))
			return false;
		no = no * 1000 + group;
		if (no > NUMBER_MAX / 1000)
			return false;
	}
	if (!eat_digits(&text, 3, &group))
		return false;
	ret->no = no * 1000 + group;
	ret->width = MERKLE_WIDTH;
	if (!text.len)
		return true;
	if (!eat_str(&text, S(".p/")) || !eat_u64(&text, &width) || text.len || !width || width >= MERKLE_WIDTH)
		return false;
	ret->width = (size_t)width;
	return true;
}

void
bundle_put(bytes entry, struct buf *out)
{
	must(entry.len <= UINT16_MAX);
	buf_u8(out, (uint8_t)(entry.len >> 8));
	buf_u8(out, (uint8_t)entry.len);
	buf_data(out, entry);
}

bool
eat_bundle(bytes *rest, bytes *ret)
{
	bytes at = *rest;
	uint8_t high, low;

	if (!eat_u8(&at, &high) || !eat_u8(&at, &low) || !eat_bytes(&at, (size_t)high << 8 | low, ret))
		return false;
	*rest = at;
	return true;
}

/* --- proofs ----------------------------------------------------------------------------------- */

static void
base64_line(bytes octets, struct buf *out)
{
	buf_base64(out, octets);
	buf_char(out, '\n');
}

void
proof_put(const struct proof_text *proof, struct buf *out)
{
	buf_put(out, PROOF_HEAD);
	if (proof->extra.len) {
		buf_put(out, S("extra "));
		base64_line(proof->extra, out);
	}
	buf_put(out, S("index "));
	buf_udec(out, proof->index);
	buf_char(out, '\n');
	for (size_t i = 0; i < proof->proof.count; i++)
		base64_line((bytes){ proof->proof.hash[i].octet, MERKLE_BYTES }, out);
	buf_char(out, '\n');
	buf_put(out, proof->checkpoint);
}

static bool
extra_read(struct job *job, str line, bytes *ret)
{
	size_t size = line.len / 4 * 3;
	uint8_t *octets;

	if (!line.len || line.len % 4 || size > PROOF_EXTRA_MAX)
		return false;
	size -= (size_t)(line.ptr[line.len - 1] == '=') + (line.ptr[line.len - 2] == '=');
	octets = arena_alloc(&job->arena, size + 1);
	*ret = (bytes){ octets, size };
	return base64_read(line, octets, size);
}

bool
proof_read(struct job *job, str text, struct proof_text *ret)
{
	str line;

	*ret = (struct proof_text){ 0 };
	if (text.len > PROOF_TEXT_MAX || !eat_str(&text, PROOF_HEAD))
		return false;
	if (eat_str(&text, S("extra ")) && (!eat_until(&text, '\n', &line) || !extra_read(job, line, &ret->extra)))
		return false;
	if (!eat_str(&text, S("index ")) || !eat_until(&text, '\n', &line) || !str_u64(line, &ret->index))
		return false;
	while (eat_until(&text, '\n', &line)) {
		if (!line.len) {
			ret->checkpoint = text;
			return text.len > 0;
		}
		if (ret->proof.count == MERKLE_PROOF_MAX ||
		    !base64_read(line, ret->proof.hash[ret->proof.count].octet, MERKLE_BYTES))
			return false;
		ret->proof.count++;
	}
	return false;
}
