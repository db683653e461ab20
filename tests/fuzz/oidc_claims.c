/* Aims at id_token_read, logout_token_read, event_read and oidc_metadata_read: what stands under a signature
 * that holds is still somebody else's text.  The first octet chooses. */
#include "oidc/event.h"
#include "oidc/provider.h"
#include "oidc/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW (1800000000 * TIME_SECOND)
#define ISSUER S("https://login.example.com")

static void
check_id_token(struct job *job, str text)
{
	const struct id_token_rules rules = { ISSUER, S("valv"), S("n"), S("a"), JOSE_RS256, NOW, false, S("groups") };
	struct id_token token;

	if (id_token_read(job, &rules, text, &token))
		return;
	must(token.subject.len && token.subject.len <= 255 && token.group_count <= OIDC_GROUPS_MAX);
	must(token.auth_at == TIME_NEVER || token.auth_at <= NOW + 60 * TIME_SECOND);
}

static void
check_logout_token(struct job *job, str text)
{
	struct logout_token token;

	if (!logout_token_read(job, ISSUER, S("valv"), text, &token))
		must(token.jti.len && (token.subject.len || token.sid.len));
}

static void
check_event(struct job *job, str text)
{
	enum event_fault fault;
	struct event event;
	enum err err = event_read(job, ISSUER, S("valv"), text, &event, &fault);

	must((err == OK) == (fault == EVENT_FAULT_NONE));
	if (!err)
		must(event.jti.len && event.happened_at <= NOW && event.kind < EVENT_KIND_COUNT);
}

static void
check_metadata(struct job *job, str text)
{
	static const struct networks none = { 0 };
	struct oidc_metadata metadata;

	if (oidc_metadata_read(job, text, ISSUER, &none, &metadata))
		return;
	must(metadata.algs && str_starts(metadata.token_endpoint, S("https://")));
	must(str_starts(metadata.jwks_uri, S("https://")) && str_starts(metadata.authorization_endpoint, S("https://")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(job_release) struct job job = { .now = NOW };
	str text = size ? (str){ (const char *)data + 1, size - 1 } : S("");

	switch (size ? data[0] % 4 : 0) {
	case 0:
		check_id_token(&job, text);
		break;
	case 1:
		check_logout_token(&job, text);
		break;
	case 2:
		check_event(&job, text);
		break;
	default:
		check_metadata(&job, text);
		break;
	}
	return 0;
}
