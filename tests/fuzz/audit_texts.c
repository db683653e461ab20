/* Aims at: tile_path_read, checkpoint_read, proof_read, eat_bundle, leaf_read.
 *
 * What is read says the same when it is printed again. */
#include "audit/leaf.h"
#include "audit/texts.h"

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
	return 0;
}
