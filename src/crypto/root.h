/* crypto/root.h -- where the root key comes from.
 *
 *   key file     32 random octets as 64 hex digits and a newline, mode 0600; refused when group or
 *                others may touch it.  Lines that begin with # are comments.
 *   passphrase   Argon2id (MODERATE) over salt and parameters kept in a descriptor file
 *                (`root.passphrase`, JSON-free: "argon2id <opslimit> <memlimit> <salt hex>").
 *                The passphrase is the first line of the file that $VALV_PASSPHRASE_FILE names
 *                (/dev/fd/N for an open descriptor; refused when others may touch it, too),
 *                else it is asked for at the terminal; never an argument or the environment itself.
 *   credential   systemd: $CREDENTIALS_DIRECTORY/valv-root, in the key file's format; its mode is
 *                systemd's to answer for.
 *
 * A wrong passphrase derives a wrong root, and a wrong key file is one: neither can be seen here.
 * keyring_epoch_load() is where it shows (ERR_ROOT), so load an epoch before serving.
 */
#ifndef CRYPTO_ROOT_H
#define CRYPTO_ROOT_H

#include "crypto/secret.h"

enum root_source { ROOT_KEY_FILE, ROOT_PASSPHRASE, ROOT_CREDENTIAL };

/* Make a new root for a data directory (path of an existing directory).  A credential is not made
 * but taken as it is given.  May ask, twice, at the terminal.
 *   ERR_CONFLICT there is one already, of whatever source
 *   ERR_ROOT     no passphrase given, too short (< 12 octets), or no such credential
 *   ERR_ABSENT no such directory   ERR_IO   ERR_FULL */
must_check enum err root_create(struct job *job, const char *dir, enum root_source source,
                                struct secret **ret_root);

/* Find and read the root that the data directory uses: credential, else key file
 * (`root.key`, or $VALV_ROOT_KEY_FILE, which must then be there), else passphrase descriptor.
 * May ask at the terminal, and takes about a second and 256 MiB for a passphrase.
 *   ERR_ROOT none found, file readable by others, malformed   ERR_IO */
must_check enum err root_read(struct job *job, const char *dir, struct secret **ret_root,
                              enum root_source *ret_source);

#endif
