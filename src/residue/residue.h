/* residue/residue.h -- is any of these texts in these octets, in whatever form?
 *
 * Each text is looked for as it is and in other cases; in hexadecimal; in base64 of both alphabets,
 * beginning at any of the three places within its groups; in UTF-16 of both byte orders; and all
 * of that again in streams that zlib or gzip packed, streams within streams included.
 *
 *   Q1  What lies wholly within one file is found wherever it lies, over the borders of the pieces
 *       that are fed, too.
 *   Q2  Where a file's own format cuts a text in two (a page of a database), neither half is the
 *       text: ask for its halves as well (residue_text with `halves`).
 */
#ifndef RESIDUE_RESIDUE_H
#define RESIDUE_RESIDUE_H

#include "base/buf.h"
#include "base/must.h"

#define RESIDUE_TEXT_MIN 4    /* octets; shorter ones are everywhere */
#define RESIDUE_TEXT_MAX 1024
#define RESIDUE_PIECE (1024 * 1024)

struct residue;

struct residue *residue_new(void);
void residue_free(struct residue **residue); /* wipes; accepts NULL inside; for OWNED */

/* A text to look for; `no` tells it in what is found.  false: too short or too long. */
must_check bool residue_text(struct residue *residue, str text, uint32_t no, bool halves);

struct residue_found {
	uint32_t no;
	bool half;        /* of the text only (Q2) */
	uint64_t at;      /* offset in the file; of a packed stream, where that begins */
	const char *form; /* "text", "hexadecimal", "base64", "utf-16le" ... */
	unsigned packed;  /* streams around it: 0 none */
};
typedef void residue_tell(const struct residue_found *found, void *ctx);

/* One file, piece by piece.  At most RESIDUE_PIECE octets in each. */
void residue_begin(struct residue *residue, residue_tell *tell, void *ctx);
void residue_feed(struct residue *residue, bytes piece);
void residue_end(struct residue *residue);

#endif
