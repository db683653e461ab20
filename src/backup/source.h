/* backup/source.h -- a backup on a disk that is read: its manifest, its list and its pieces; internal to
 * backup/.
 *
 *   O1  No octet of a piece is used before its hash was compared with the list, and the list's with
 *       the manifest.
 *   O2  What the manifest says is only believed after source_believe(): it is signed with the key of the
 *       ledger of facts, which stands, wrapped by the root, in the key backup itself.
 */
#ifndef BACKUP_SOURCE_H
#define BACKUP_SOURCE_H

#include "backup/manifest.h"
#include "crypto/secret.h"

struct source {
	const char *path;
	struct manifest manifest;
	str note, text; /* the manifest as signed, and as it reads */
	str list;
};

/* path: a backup, or a place where there are some: then the newest of that kind.
 *   ERR_ABSENT   there is none       ERR_CORRUPT  it is not whole, or was changed
 *   ERR_INVALID  of the other kind */
must_check enum err source_open(struct job *job, const char *path, enum dump_side kind, struct source *ret);
/* The one in a place that is of that moment; where path is a backup itself, that one, whatever its moment. */
must_check enum err source_open_of(struct job *job, const char *path, enum dump_side kind, uid moment,
                                   struct source *ret);

/* ERR_CRYPTO  signed with another key, or changed */
must_check enum err source_believe(struct job *job, struct secret *key, const struct source *source);

/* Each piece in the order of the list; borrowed for the call.  The job's arena holds one at a time. */
typedef enum err source_piece(struct job *job, const struct piece *piece, bytes octets, void *ctx);
must_check enum err source_each(struct job *job, const struct source *source, source_piece *visit, void *ctx);

/* A named escrowed key of a key backup, as it is wrapped.   ERR_ABSENT */
must_check enum err source_escrow(struct job *job, const struct source *keys, str name, bytes *ret_wrapped);

/* The highest fact that any backup of that ledger beside this one knows of.  Their manifests must be signed
 * by the key; others are passed over. */
must_check enum err source_newest_fact(struct job *job, struct secret *key, const struct source *source,
                                       int64_t *ret);

/* How a person names a moment: 20261127T091605Z-4f1c9a02, as the backup's name ends. */
void source_moment(const struct manifest *manifest, struct buf *out);

#endif
