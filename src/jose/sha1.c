/* jose/sha1.c -- contract: sha1.h. */
#include <openssl/evp.h>

#include "jose/sha1.h"

#include "base/must.h"

void
sha1_of(bytes content, uint8_t ret[SHA1_BYTES])
{
	unsigned len = 0;

	must(EVP_Digest(content.ptr, content.len, ret, &len, EVP_sha1(), NULL) == 1 && len == SHA1_BYTES);
}
