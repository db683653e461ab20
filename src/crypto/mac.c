/* crypto/mac.c -- contract: mac.h. */
#include "crypto/mac.h"

#include <sodium.h>

#include "crypto/secret.h"

_Static_assert(MAC_BYTES == crypto_auth_hmacsha256_BYTES, "sizes");

void
mac_sha256(bytes key, bytes message, uint8_t ret[MAC_BYTES])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key.ptr, key.len);
	crypto_auth_hmacsha256_update(&state, message.ptr, message.len);
	crypto_auth_hmacsha256_final(&state, ret);
	wipe(&state, sizeof(state));
}
