/* vault/token.c -- contract, E1-E4: token.h. */
#include "vault/token.h"

#define SEALED_MAX (SEAL_OVERHEAD + DIGEST_BYTES + 16 + 4 + 1 + 8 + 8 + 4 + TOKEN_EXTRA_MAX)

_Static_assert(TOKEN_KIND_COUNT <= VAULT_TOKEN_KEYS, "a key for each kind");

static const int days_of[TOKEN_KIND_COUNT] = {
#define X(e, no, days) [e] = days,
	TOKEN_KIND_TABLE(X)
#undef X
};

void
token_keys_make(struct vault *vault, const uint8_t *link_key)
{
	for (int kind = TOKEN_NONE + 1; kind < TOKEN_KIND_COUNT; kind++) {
		const uint8_t number = (uint8_t)kind;
		const bytes use[] = { str_bytes(S("valv link key 1")), { &number, 1 } };
		vault->token_key[kind] = secret_new();
		digest_keyed(link_key, use, COUNT(use), secret_octets(vault->token_key[kind]));
	}
}

void
token_keys_free(struct vault *vault)
{
	for (int kind = TOKEN_NONE + 1; kind < TOKEN_KIND_COUNT; kind++)
		secret_free(&vault->token_key[kind]);
}

static bytes
associated_of(enum token_kind kind, uint8_t into[2])
{
	into[0] = 1; /* the form below */
	into[1] = (uint8_t)kind;
	return (bytes){ into, 2 };
}

str
token_make(struct job *job, const struct vault *vault, enum token_kind kind, const struct token_body *body)
{
	OWNED(buf_release) struct buf plain = { .max = SEALED_MAX }, sealed = { .max = SEALED_MAX };
	OWNED(buf_release) struct buf text = { .max = TOKEN_CHARS_MAX };
	time_us until_at = body->until_at;
	uint8_t associated[2];

	must(body->extra.len <= TOKEN_EXTRA_MAX);
	if (!until_at)
		until_at = days_of[kind] ? job->now + days_of[kind] * TIME_DAY : TIME_NEVER;
	buf_data(&plain, (bytes){ body->digest, DIGEST_BYTES });
	buf_data(&plain, uid_bytes(&body->subject));
	buf_le32(&plain, body->purpose);
	buf_u8(&plain, (uint8_t)body->channel);
	buf_le64(&plain, (uint64_t)(job->now / TIME_SECOND * TIME_SECOND));
	buf_le64(&plain, (uint64_t)until_at);
	buf_block(&plain, body->extra);
	seal(secret_octets(vault->token_key[kind]), associated_of(kind, associated), buf_bytes(&plain), &sealed);
	buf_base64url(&text, buf_bytes(&sealed));
	must(buf_ok(&sealed) && buf_ok(&text));
	return arena_str(&job->arena, buf_str(&text));
}

static bool
body_read(struct job *job, bytes plain, struct token_body *ret)
{
	bytes digest, subject, extra;
	uint64_t made, until;
	uint32_t purpose;
	uint8_t channel;

	if (!eat_bytes(&plain, DIGEST_BYTES, &digest) || !eat_bytes(&plain, sizeof(uid), &subject) ||
	    !eat_le32(&plain, &purpose) || !eat_u8(&plain, &channel) || !eat_le64(&plain, &made) ||
	    !eat_le64(&plain, &until) || !eat_block(&plain, &extra) || plain.len || channel >= CHANNEL_COUNT)
		return false;
	*ret = (struct token_body){ .purpose = purpose, .channel = (enum channel)channel, .made_at = (time_us)made,
		                    .until_at = (time_us)until, .extra = arena_bytes(&job->arena, extra) };
	memcpy(ret->digest, digest.ptr, DIGEST_BYTES);
	memcpy(&ret->subject, subject.ptr, sizeof(uid));
	return true;
}

/* E1: what is no base64url, or is too short or too long, is opened all the same, as octets that nobody sealed. */
bool
token_open(struct job *job, const struct vault *vault, enum token_kind kind, str token, struct token_body *ret)
{
	static const uint8_t nothing[SEAL_OVERHEAD];
	OWNED(buf_release) struct buf sealed = { .max = SEALED_MAX };
	uint8_t associated[2], plain[SEALED_MAX];
	bytes tried = { nothing, sizeof(nothing) };
	bool good;

	if (token.len <= TOKEN_CHARS_MAX && buf_from_base64url(&sealed, token) && buf_ok(&sealed) && sealed.len >= SEAL_OVERHEAD)
		tried = buf_bytes(&sealed);
	good = seal_open_into(secret_octets(vault->token_key[kind]), associated_of(kind, associated), tried, plain) &&
	       body_read(job, (bytes){ plain, tried.len - SEAL_OVERHEAD }, ret) && job->now < ret->until_at;
	explicit_bzero(plain, sizeof(plain));
	if (!good)
		*ret = (struct token_body){ 0 };
	return good;
}
