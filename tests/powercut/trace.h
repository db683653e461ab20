/* tests/powercut/trace.h -- the trace: everything that happened to the files of the recorded
 * directories, and every answer, in one order.
 *
 *   record   le32 size of the whole record | u8 kind | u8 x 3 zero | le64 inode | le64 at
 *            | le64 len | octets
 *
 * `recorder.c` writes it from inside the server, the driver adds its marks; both append whole records,
 * which the kernel keeps apart.  A record is written while the recorder's lock is held around the call
 * itself, so that the order of records is the order of what happened: a sync stands behind all writes
 * that it made durable, and before any write that came after it. */
#ifndef POWERCUT_TRACE_H
#define POWERCUT_TRACE_H

#include <stdint.h>

/* Paths are "0/valv.db": the number of the recorded directory, and the rest. */
enum trace_kind {
	TRACE_OPEN = 1,  /* inode, path: which file an inode is; nothing happened to it */
	TRACE_CREATE,    /* inode, path: a new, empty file */
	TRACE_WRITE,     /* inode, at, octets */
	TRACE_TRUNCATE,  /* inode, len */
	TRACE_ALLOCATE,  /* inode, len: at least so long, with zeros */
	TRACE_SYNC,      /* inode: of a file, fsync or fdatasync */
	TRACE_RENAME,    /* path, zero octet, path */
	TRACE_UNLINK,    /* path */
	TRACE_MKDIR,     /* path */
	TRACE_RMDIR,     /* path */
	TRACE_SYNC_DIR,  /* path */
	TRACE_SEND,      /* at: the port of the client that is about to be answered; 0: the server's own socket */
	TRACE_MARK,      /* octets: what the driver says, see powercut.c */
	TRACE_KIND_COUNT
};

struct trace_head {
	uint32_t size;
	uint8_t kind, zero[3];
	uint64_t inode;
	int64_t at, len;
};

#endif
