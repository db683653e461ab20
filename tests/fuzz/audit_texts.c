/* Aims at: tile_path_read, checkpoint_read, proof_read, eat_bundle, leaf_read, note_split, eat_note_line, note_key_read,
 * cosignature_holds.
 *
 * What is read says the same when it is printed again. */
#include "audit/leaf.h"
#include "audit/texts.h"
#include "crypto/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_tile(str text)
{
	OWNED(buf_release) struct buf again = { .max = TILE_PATH_MAX };
	struct tile_path path;

	if (!tile_path_read(text, &path))
		return;
	must(path.level <= TILE_ENTRIES && path.width >= 1 && path.width <= MERKLE_WIDTH);
	tile_path_put(&path, &again);
	must(buf_ok(&again) && str_eq(buf_str(&again), text));
}

static void
check_checkpoint(str text)
{
	OWNED(buf_release) struct buf again = { .max = CHECKPOINT_MAX };
	struct checkpoint checkpoint;

	if (!checkpoint_read(text, &checkpoint))
		return;
	checkpoint_put(&checkpoint, &again);
	must(buf_ok(&again) && str_starts(text, buf_str(&again)));
}

static void
check_proof(struct job *job, str text)
{
	OWNED(buf_release) struct buf again = { .max = PROOF_TEXT_MAX };
	struct proof_text proof;

	if (!proof_read(job, text, &proof))
		return;
	must(proof.proof.count <= MERKLE_PROOF_MAX && proof.checkpoint.len);
	proof_put(&proof, &again);
	must(buf_ok(&again) && str_eq(buf_str(&again), text));
}

/* Lines are the end of the note, one behind the other; the key is one that nothing here was signed with. */
static void
check_note(str note)
{
	struct note_key key = { .name = S("witness.example"), .id = { 1, 2, 3, 4 } };
	struct note_line line;
	uint64_t second;
	str text, lines, before;

	if (!note_split(note, &text, &lines))
		return;
	must(text.len + 1 + lines.len == note.len);
	for (before = lines; eat_note_line(&lines, &line); before = lines) {
		must(line.whole.ptr == before.ptr && line.whole.len + lines.len == before.len && line.name.len);
		key.name = line.name;
		memcpy(key.id, line.id, sizeof(key.id));
		must(note_line_of(&line, &key));
		must(!cosignature_holds(&line, &key, text, &second)); /* of a key of zeros nothing is accepted */
	}
}

static void
check_key(str text)
{
	struct note_key key;

	if (note_key_read(text, NOTE_COSIGNATURE, &key))
		must(key.name.len && key.name.len <= NOTE_NAME_MAX && !note_key_read(text, NOTE_ED25519, &key));
}

static void
check_leaves(bytes rest)
{
	struct leaf leaf;
	bytes octets;

	while (eat_bundle(&rest, &octets))
		if (leaf_read(octets, &leaf))
			must(leaf.fields.len % 2 == 0 && leaf.fields.len + COMMITMENT_BYTES < octets.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(job_release) struct job job = { 0 };
	bytes octets = { data, size };

	check_tile(bytes_str(octets));
	check_checkpoint(bytes_str(octets));
	check_proof(&job, bytes_str(octets));
	check_leaves(octets);
	check_note(bytes_str(octets));
	check_key(bytes_str(octets));
	return 0;
}
