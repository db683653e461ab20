/* api/guard.c -- contract: guard.h. */
#include "api/guard.h"

#include "api/call.h"
#include "base/limits.h"

/* Calls by which people end what is their own must be answered: these give no personal data. */
#define SCOPES_TAKING_BACK (SCOPE_KEYS | SCOPE_STAFF | SCOPE_POLICY | SCOPE_SCIM)

enum guarded { GUARDED_SESSION = 1, GUARDED_KEY, GUARDED_TWO };
enum { WORD_KIND, WORD_ONE, WORD_ONE_EPOCH, WORD_TWO, WORD_TWO_EPOCH };
_Static_assert(WORD_TWO_EPOCH < GATE_WORDS && sizeof(uid) <= GATE_TOKEN_BYTES, "room");

static bool
gives_personal_data(const struct route *route)
{
	if (route->method == METHOD_GET)
		return route->scopes;
	return route->scopes && !(route->scopes & SCOPES_TAKING_BACK);
}

/* Never 0.  By its id, which stays when a fresh proof gives it another token. */
static int64_t
tag_of_session(uid id)
{
	int64_t tag;

	memcpy(&tag, id.octet + sizeof(id) - sizeof(tag), sizeof(tag)); /* random to the last bit */
	return tag | 1;
}

static void
gate_of_principal(const struct job *job, const struct principal *principal, struct gate *gate)
{
	*gate = (struct gate){ .word = { [WORD_ONE] = principal->staff, [WORD_ONE_EPOCH] = principal->epoch } };
	if (principal->person) {
		gate->word[WORD_KIND] = GUARDED_SESSION;
		gate->tag[0] = tag_of_session(principal->session.id);
		memcpy(gate->token, principal->session.id.octet, sizeof(uid));
	} else {
		gate->word[WORD_KIND] = GUARDED_KEY;
		gate->word[WORD_TWO] = job->actor.no;
		gate->tag[0] = job->actor.no << 1; /* even, and so of no session */
	}
}

enum err
guard_answer(struct job *job, struct call *call)
{
	if (call->principal.operator || !gives_personal_data(call->route) || !call->response->exchange)
		return OK;
	gate_of_principal(job, &call->principal, &call->response->gate);
	response_guard(call->response);
	/* Whoever takes the word back after this finds the answer; whoever did before is found here. */
	return principal_still(job, &call->vault->access, job->db, &call->principal);
}

void
guard_with_two(struct response *response, int64_t tag, const struct two_words *words)
{
	response->gate = (struct gate){
		.tag = { tag },
		.word = { [WORD_KIND] = GUARDED_TWO,
		          [WORD_ONE] = words->asked_by.kind == ACTOR_STAFF ? words->asked_by.no : 0,
		          [WORD_ONE_EPOCH] = words->asked_epoch, [WORD_TWO] = words->approver,
		          [WORD_TWO_EPOCH] = words->approver_epoch },
	};
	response_guard(response);
}

/* --- when a word was touched ------------------------------------------------------------------- */

static enum err
word_holds(struct job *job, int64_t staff, int64_t epoch, bool *ret)
{
	enum staff_state state;
	int64_t now;

	if (!staff)
		return OK;
	TRY(staff_word(job, job->db, staff, &state, &now));
	*ret &= state == STAFF_ACTIVE && now == epoch;
	return OK;
}

static enum err
principal_holds_still(struct job *job, struct api *api, const struct gate *gate)
{
	struct principal principal = { .staff = gate->word[WORD_ONE], .epoch = gate->word[WORD_ONE_EPOCH],
		                       .person = gate->word[WORD_KIND] == GUARDED_SESSION, .generation = UINT64_MAX };
	struct actor actor = job->actor;
	enum err err;

	memcpy(principal.session.id.octet, gate->token, sizeof(uid));
	job->actor = (struct actor){ .kind = ACTOR_KEY, .no = gate->word[WORD_TWO] };
	err = principal_still(job, &api->vault->access, job->db, &principal);
	job->actor = actor;
	return err;
}

/* Whatever cannot be told is a no. */
static bool
gate_holds(struct job *job, struct api *api, const struct gate *gate)
{
	struct failure failure = job->failure;
	bool holds = true;
	enum err err;

	job_forgive(job);
	if (gate->word[WORD_KIND] == GUARDED_TWO) {
		err = word_holds(job, gate->word[WORD_ONE], gate->word[WORD_ONE_EPOCH], &holds);
		if (!err)
			err = word_holds(job, gate->word[WORD_TWO], gate->word[WORD_TWO_EPOCH], &holds);
	} else {
		err = principal_holds_still(job, api, gate);
	}
	job_forgive(job);
	job->failure = failure;
	return !err && holds;
}

static void
reviewed_until(struct api *api, uint64_t generation)
{
	uint64_t before = atomic_load(&api->reviewed);

	while (before < generation && !atomic_compare_exchange_weak(&api->reviewed, &before, generation))
		;
}

enum err
guard_review(struct job *job, struct api *api)
{
	struct gate *gate;
	uint64_t generation;
	size_t count;

	TRY(store_generation(job, api->vault->store, TOPIC_PRINCIPALS, &generation));
	if (!api->server || atomic_load(&api->reviewed) >= generation)
		return OK;
	gate = arena_array(&job->arena, 2 * LIMIT_CONNECTIONS, sizeof(*gate)); /* of both listeners */
	count = server_gates(api->server, gate, 2 * LIMIT_CONNECTIONS);
	must(count <= 2 * LIMIT_CONNECTIONS);
	for (size_t i = 0; i < count; i++)
		if (!gate_holds(job, api, &gate[i]))
			server_cut(api->server, gate[i].tag[0]);
	reviewed_until(api, generation); /* only now: who comes meanwhile looks themselves */
	return OK;
}
