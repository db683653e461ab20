/* tests/powercut/model.h -- what a disk may hold after the power went: the persistence model.
 *
 *   M1  Operations on data (write, change of size) belong to a file.  Until the file is synced any
 *       subset of them may have reached the disk, applied in their order; a write may be torn at
 *       512 octets, with any of its pieces missing.
 *   M2  Operations on names (create, rename, unlink, mkdir, rmdir) of one recorded directory tree
 *       persist as a prefix in their order, until a directory is synced: then all of them up to the
 *       last one in that directory.  Trees may lie on different disks: each has a prefix of its own.
 *   M3  A sync of a file makes durable its data and, if its name is new, that name with everything
 *       that was done to names before it.
 *   M4  What happened after a sync has returned is not made durable by it, and a sync that had not
 *       returned makes nothing durable: any subset includes all.
 *   M5  What was never written reads as zeros.
 *
 * It is as hostile as ext4, XFS and Btrfs in their usual modes allow, and not more: a model in which an
 * unlink may overtake a later create of the same name finds faults that no disk shows.
 *
 * Walk with model_step() over the trace; between two steps, model_image() builds what may be left. */
#ifndef POWERCUT_MODEL_H
#define POWERCUT_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "trace.h"

#define ROOTS_MAX 4

struct op {
	enum trace_kind kind;
	uint64_t inode;
	int64_t at, len;
	const uint8_t *octets; /* borrowed from the trace */
	size_t octets_len;
};

/* The trace, parsed; lives until the process ends. */
struct trace {
	struct op *op;
	size_t count;
};
void trace_read(const char *path, struct trace *ret);

struct content {
	uint8_t *ptr;
	size_t len, cap;
};
void content_size(struct content *content, size_t len); /* grows with zeros (M5) */

/* One file of an image. */
struct image_file {
	char path[512]; /* "0/valv.db" */
	const struct content *content;
	uint64_t hash;  /* of the content */
};
struct image {
	struct image_file *file;
	size_t count, cap;
	uint64_t hash;     /* of everything */
	size_t ops_lost;   /* how many operations are not in it */
	size_t writes_torn;
};

/* How an image is chosen. */
enum choosing {
	CHOICE_ALL,        /* a kill: the system goes on and writes everything */
	CHOICE_NOTHING,    /* nothing that was not synced */
	CHOICE_NAMES,      /* names, and no data */
	CHOICE_DATA,       /* data, and no names */
	CHOICE_LAST,       /* of the data nothing but the last operation */
	CHOICE_NOT_FIRST,  /* all data but the first operation */
	CHOICE_RANDOM,     /* any subset, any prefix */
	CHOICE_TORN,       /* the same, with half of the writes torn */
	CHOICE_COUNT
};
extern const char *const choice_word[CHOICE_COUNT];

struct model;
/* root[i]: the directories as they were when the recording began, all of it durable. */
struct model *model_new(const char *const *root, size_t root_count);
void model_step(struct model *model, const struct op *op);
bool model_settled(const struct model *model); /* nothing waits: there is but one image */
/* The image stays valid until the next call.  random: state of a generator, moved on. */
const struct image *model_image(struct model *model, enum choosing choice, uint64_t *random);
/* Of a file in the image that holds all; NULL when there is none. */
const struct content *image_find(const struct image *image, const char *path);

uint64_t random_next(uint64_t *state); /* splitmix64 */
uint64_t octets_hash(const void *octets, size_t len);

#endif
