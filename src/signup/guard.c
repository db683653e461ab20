/* signup/guard.c -- contract and H1-H3: guard.h. */
#include "signup/guard.h"

#define SEAL_KEY S("signup-page")
#define SEALED_BYTES (8 + 8 + SEAL_OVERHEAD)

static enum err
seal_key(struct job *job, struct vault *vault, const uint8_t **ret)
{
	return keys_named(job, vault->keys, vault->store, SEAL_KEY, ret);
}

enum err
page_seal(struct job *job, struct vault *vault, const struct signup_form *form, str *ret)
{
	OWNED(buf_release) struct buf plain = { .max = 64 }, sealed = { .max = 128 }, text = { .max = 256 };
	const uint8_t *key;

	TRY(seal_key(job, vault, &key));
	buf_le64(&plain, (uint64_t)form->no);
	buf_le64(&plain, (uint64_t)job->now);
	seal(key, str_bytes(SEAL_KEY), buf_bytes(&plain), &sealed);
	buf_base64url(&text, buf_bytes(&sealed));
	must(buf_ok(&text));
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}

static bool
work_done(str seal, str work)
{
	OWNED(buf_release) struct buf text = { .max = 512 };
	uint8_t digest[32];

	if (!work.len || work.len > 20 || !seal.len || seal.len > 256)
		return false;
	buf_put(&text, seal);
	buf_char(&text, '.');
	buf_put(&text, work);
	digest_public(buf_bytes(&text), digest);
	_Static_assert(SIGNUP_WORK_BITS == 16, "two octets");
	return digest[0] == 0 && digest[1] == 0;
}

enum err
page_seal_look(struct job *job, struct vault *vault, const struct signup_form *form, str seal_text, str work,
               enum page_seal_state *ret, enum signup_cost *ret_cost)
{
	OWNED(buf_release) struct buf sealed = { .max = SEALED_BYTES };
	uint8_t plain[SEALED_BYTES];
	bytes rest = { plain, 16 };
	const uint8_t *key;
	uint64_t no, at;

	*ret = PAGE_SEAL_NONE;
	*ret_cost = SIGNUP_COST_BARE;
	TRY(seal_key(job, vault, &key));
	if (!buf_from_base64url(&sealed, seal_text) || !buf_ok(&sealed) || sealed.len != SEALED_BYTES ||
	    !seal_open_into(key, str_bytes(SEAL_KEY), buf_bytes(&sealed), plain))
		return OK;
	must(eat_le64(&rest, &no) && eat_le64(&rest, &at));
	if ((int64_t)no != form->no)
		return OK;
	*ret_cost = work_done(seal_text, work) ? SIGNUP_COST_WORK : SIGNUP_COST_PAGE;
	*ret = job->now - (time_us)at < LIMIT_SIGNUP_FILL_SECONDS * TIME_SECOND          ? PAGE_SEAL_QUICK
	       : job->now - (time_us)at > LIMIT_SIGNUP_FORM_HOURS * 3600 * TIME_SECOND ? PAGE_SEAL_OLD
	                                                                                  : PAGE_SEAL_GOOD;
	return OK;
}

void
network_of(const uint8_t peer[16], uint8_t ret[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t kept = memcmp(peer, mapped, sizeof(mapped)) == 0 ? 15 : 6;

	memset(ret, 0, 16);
	memcpy(ret, peer, kept);
}
