/* rights/export.h -- what a person may take along (Article 20): what they provided, or what was
 * observed of their use (WP242), on a live ground of consent or contract.  What was obtained
 * elsewhere or derived, and what is held on other bases, is in the access package only. */
#ifndef RIGHTS_EXPORT_H
#define RIGHTS_EXPORT_H

#include "rights/package.h"

struct request_row;

struct export {
	struct subject subject;
	const struct registry *registry; /* borrowed */
	enum language language;
	time_us made_at;
	const struct request_row *answers; /* as of a package */
	struct exported {
		const struct field *field;
		str title;
		const struct value *value;
		const str *purpose; /* names of those whose grounds give the right */
		size_t purpose_count;
	} *value;
	size_t count;
};

/* language NULL: the vault's first.   ERR_ABSENT, ERR_GONE */
must_check enum err export_make(struct job *job, struct vault *vault, const struct registry *registry,
                                uid id, const enum language *language, struct export *ret);
/* Its entry (ENTRY_EXPORT, purpose `rights`, body: le16 field numbers), durable before it returns. */
must_check enum err export_record(struct job *job, struct vault *vault, const struct export *export);

/* FORMAT_JSON, FORMAT_CSV (as package_csv()) or FORMAT_VCARD. */
must_check enum err export_print(struct job *job, const struct export *export,
                                 enum package_format format, struct buf *out);
void export_schema(struct buf *out);

/* vCard 4.0 (RFC 6350): what has a property of its own there, the rest as a NOTE. */
void export_vcard(const struct export *export, struct buf *out);

/* One content line: folded at 75 octets, never inside a character. */
void vcard_line(struct buf *out, str line);
/* A TEXT value: backslash, comma, semicolon and line ends escaped. */
void vcard_text(struct buf *out, str text);

#endif
