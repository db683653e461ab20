/* crypto/root.h -- where the root key comes from.
 *
 *   key file     32 random octets as 64 hex digits and a newline, mode 0600; refused when others
 *                may read it.  Lines that begin with # are comments.
 *   passphrase   Argon2id (MODERATE) over salt and parameters kept in a descriptor file
 *                (`root.passphrase`, JSON-free: "argon2id <opslimit> <memlimit> <salt hex>").
 *                The passphrase comes from a file descriptor, a terminal prompt or
 *                $VALV_PASSPHRASE_FILE; never from an argument or the environment itself.
 *   credential   systemd: $CREDENTIALS_DIRECTORY/valv-root, in the key file's format.
 */
#ifndef CRYPTO_ROOT_H
#define CRYPTO_ROOT_H

#include "crypto/secret.h"

enum root_source { ROOT_KEY_FILE, ROOT_PASSPHRASE, ROOT_CREDENTIAL };

/* Make a new root for a data directory (path of an existing directory).
 *   ERR_CONFLICT there is one already   ERR_ROOT no passphrase given / too short (< 12 octets)
 *   ERR_IO, ERR_FULL */
must_check enum err root_create(struct job *job, const char *dir, enum root_source source,
                                struct secret **ret_root);

/* Find and read the root that the data directory uses: credential, else key file
 * (`root.key`, or $VALV_ROOT_KEY_FILE), else passphrase descriptor.
 *   ERR_ROOT none found, file readable by others, malformed   ERR_IO */
must_check enum err root_read(struct job *job, const char *dir, struct secret **ret_root,
                              enum root_source *ret_source);

#endif
