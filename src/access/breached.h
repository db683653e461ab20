/* access/breached.h -- passwords that were found in breaches: a file that an operator gives, looked at and never loaded.
 *
 * The format is that of "Pwned Passwords", ordered by hash, in one file, as its downloader writes it
 * (github.com/HaveIBeenPwned/PwnedPasswordsDownloader):
 *
 *     000000005AD76BD555C1D6D771DE417A4B87E4B4:10
 *     SHA-1 of the password in UTF-8, 40 capitals of hex, a colon, how often it was found; LF or CR LF; ascending
 *
 * Tens of gigabytes: one password costs about 35 reads of 128 octets.  No password leaves the machine for it
 * (ASVS 5.0 6.2.12, NIST SP 800-63B-4 section 3.1.1.2).
 */
#ifndef ACCESS_BREACHED_H
#define ACCESS_BREACHED_H

#include "base/job.h"

struct breached;

/* Opens the file and looks at its ends and a thousand places between them, so that another kind of file is found out
 * at start, not when somebody chooses a password.  The file stays open: one that is put in its place counts from the next start.
 *   ERR_ABSENT, ERR_IO   ERR_INVALID it is not of that format, and why */
must_check enum err breached_open(struct job *job, const char *path, struct breached **ret);
void breached_close(struct breached **breached); /* accepts NULL inside */

/* `prepared` as it is hashed (type/precis.h).  breached NULL: there is no list, and nothing is in it.
 *   ERR_IO, ERR_INVALID  the file cannot be read there */
must_check enum err breached_has(struct job *job, const struct breached *breached, str prepared, bool *ret);

#endif
