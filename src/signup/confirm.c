/* signup/confirm.c -- the press behind the link: a person comes to be, or says yes to more; contract and Q1-Q8: signup.h. */
#include "audit/entry.h"
#include "os/random.h"
#include "signup/pending.h"
#include "vault/rows.h"
#include "vault/subject.h"

#define TRIES 5
#define EVIDENCE_MAX 1024

/* One press. */
struct press {
	struct vault *vault;
	struct pending pending;
	const uint8_t *key;      /* of its day */
	const char *form_name;
	const struct field *mail;
	str address;
	uint8_t digest[DIGEST_BYTES]; /* of it, as subjects have it (vault/suppress.h) */
	int64_t *holder;         /* numbers of those who have the address */
	size_t holder_count;
	struct subject person;   /* the one who is there already; version 0: none */
	struct change_done done;
	struct change_result result;
};

/* --- looking ---------------------------------------------------------------------------------- */

static enum err
answer_of(struct job *job, const struct registry *registry, const struct pending *pending, struct confirm_answer *ret)
{
	str *label = arena_array(&job->arena, pending->yes_count + 1, sizeof(*label));
	enum err err;

	ret->person = pending->person;
	memcpy(ret->digest, pending->digest, DIGEST_BYTES);
	ret->language = pending->language;
	ret->state = pending->state == PENDING_CONFIRMED ? CONFIRM_DONE : CONFIRM_WAITS;
	if (pending->state == PENDING_CONFIRMED)
		return OK;
	for (size_t i = 0; i < pending->yes_count; i++)
		if (pending->yes[i].yes)
			label[ret->label_count++] = pending->yes[i].label;
	ret->label = label;
	err = form_get_no(job, registry, pending->form, &ret->form);
	if (err != ERR_ABSENT)
		return err;
	job_forgive(job);
	ret->state = CONFIRM_NO_LINK;
	return OK;
}

/* The waiting sign-up behind a link.  *ret_there false: no link. */
static enum err
waiting_find(struct job *job, struct vault *vault, str token, struct pending *ret, bool *ret_there)
{
	uid id = { 0 };

	*ret_there = pending_of_token(job, vault, token, &id);
	if (!*ret_there)
		return OK;
	TRY(pending_find(job, vault, id, ret, ret_there));
	*ret_there = *ret_there && job->now < ret->until_at;
	return OK;
}

enum err
signup_look(struct job *job, struct vault *vault, const struct registry *registry, str token, struct confirm_answer *ret)
{
	struct pending pending;
	bool there;

	*ret = (struct confirm_answer){ .state = CONFIRM_NO_LINK };
	TRY(waiting_find(job, vault, token, &pending, &there));
	return there ? answer_of(job, registry, &pending, ret) : OK;
}

/* --- acts ------------------------------------------------------------------------------------- */

static str
evidence_of(struct job *job, const struct press *press, const struct pending_yes *yes, str control)
{
	OWNED(buf_release) struct buf text = { .max = EVIDENCE_MAX }, hash = { .max = 80 };
	struct json_out out;

	buf_put(&hash, S("sha256:"));
	buf_hex(&hash, (bytes){ yes->words, 32 });
	json_out_begin(&out, &text);
	json_open(&out, '{');
	json_pair_str(&out, S("control"), control);
	json_name(&out, S("evidence"));
	json_open(&out, '{');
	json_pair_str(&out, S("form"), str_from_c(press->form_name));
	json_pair_i64(&out, S("form_version"), press->pending.form_version);
	json_pair_str(&out, S("words"), buf_str(&hash));
	json_close(&out, '}');
	json_pair_str(&out, S("language"), press->pending.language);
	json_close(&out, '}');
	must(buf_ok(&text));
	return arena_str(&job->arena, buf_str(&text));
}

/* Q4: a box that was left alone takes nothing away. */
static uint32_t
unsaid(const struct subject *person, uint32_t purpose, uint32_t channels)
{
	uint32_t left = 0;

	for (enum channel channel = CHANNEL_NONE; channel < CHANNEL_COUNT; channel++) {
		const struct permission *permission = standing_permission(&person->standing, purpose, channel);
		bool open = !permission || permission->state == PERMISSION_REQUESTED || permission->state == PERMISSION_EXPIRED;
		if (channels & CHANNEL_BIT(channel) && open)
			left |= CHANNEL_BIT(channel);
	}
	return left;
}

static void
act_add(struct job *job, const struct press *press, struct change *change, const struct pending_yes *yes,
        const struct purpose_version *version, enum act act, uint32_t channels)
{
	bool confirmed = act == ACT_CONFIRMED;
	struct act_new *new = &change->act[change->act_count];

	if (!channels)
		return;
	change->act_count++;
	*new = (struct act_new){
		.act = act,
		.basis = BASIS_CONSENT,
		.version = version,
		.channels = channels,
		.at = confirmed ? job->now : press->pending.made_at,
		.until_at = TIME_NEVER,
		.notice = arena_bytes(&job->arena, (bytes){ yes->notice, 32 }),
		.method = confirmed ? METHOD_DOUBLE_OPT_IN : METHOD_WEB_FORM,
		.evidence = evidence_of(job, press, yes, confirmed ? S("button") : S("unticked_box")),
	};
}

/* The words that were shown belong to the version that was in force then; one that has ended since starts nothing. */
static void
acts_make(struct job *job, const struct press *press, struct change *change)
{
	const struct pending *pending = &press->pending;
	const uint32_t proven = CHANNEL_BIT(CHANNEL_EMAIL) | CHANNEL_BIT(CHANNEL_NONE);

	change->act = arena_array(&job->arena, 2 * pending->yes_count + 1, sizeof(*change->act));
	for (size_t i = 0; i < pending->yes_count; i++) {
		const struct pending_yes *yes = &pending->yes[i];
		const struct purpose_version *version = registry_version(change->registry, yes->purpose, yes->version);
		if (!version || version->state == VERSION_ENDED)
			continue;
		if (!yes->yes) {
			act_add(job, press, change, yes, version, ACT_REFUSED, unsaid(&change->subject, yes->purpose, yes->channels));
			continue;
		}
		act_add(job, press, change, yes, version, ACT_GIVEN, yes->channels);
		act_add(job, press, change, yes, version, ACT_CONFIRMED, yes->channels & proven);
	}
}

static bool
any_given(const struct change *change)
{
	for (size_t i = 0; i < change->act_count; i++)
		if (change->act[i].act == ACT_GIVEN)
			return true;
	return false;
}

/* --- values ----------------------------------------------------------------------------------- */

/* Q4.  `held`: what is there already. */
static enum err
values_make(struct job *job, const struct press *press, struct change *change)
{
	const struct pending *pending = &press->pending;
	struct value_set *set = arena_array(&job->arena, pending->value_count + 1, sizeof(*set));
	struct subject as_read;
	struct value *held = NULL;
	size_t held_count = 0;

	change->value = set;
	change->drop_uncovered = true;
	if (change->subject.version && change->subject.flags & FLAG_PROTECTED)
		return OK;
	if (change->subject.version)
		TRY(subject_values(job, press->vault, change->subject.id, &as_read, &held, &held_count));
	for (size_t i = 0; i < pending->value_count; i++) {
		const struct field *field = registry_field_no(change->registry, pending->value[i].field);
		bool there = !field;
		for (size_t n = 0; n < held_count; n++)
			there |= held[n].field == pending->value[i].field;
		if (!there)
			set[change->value_count++] = (struct value_set){ field, pending->value[i].text, ORIGIN_PROVIDED };
	}
	return OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Two who confirm the same new address at once would each be made: the second looks again. */
static enum err
still_new(struct job *job, struct db *db, const struct press *press)
{
	OWNED(rows_end) struct rows rows = { 0 };
	struct digests digests = { 0 };
	size_t count = 0;
	bool there;

	lookup_digests(press->mail, press->address, &digests);
	TRY(db_query(job, db, SQL_LOOKUP_FIND,
	             ARGS(sql_i64(press->mail->no), sql_bytes((bytes){ digests.digest[0], LOOKUP_BYTES }),
	                  sql_i64(LIMIT_HOLDERS + 1)),
	             &rows));
	for (;;) {
		TRY(rows_next(job, &rows, &there));
		if (!there)
			break;
		count++;
	}
	return count > press->holder_count + 1 ? fail(job, ERR_STALE, "somebody has the address meanwhile") : OK;
}

/* Q3 */
static enum err
done_steps(struct job *job, struct db *db, void *arg)
{
	struct press *press = arg;
	struct pending after = { .id = press->pending.id, .state = PENDING_CONFIRMED, .person = press->person.id,
				 .language = press->pending.language };
	int64_t changed;

	if (!press->person.version)
		TRY(still_new(job, db, press));
	memcpy(after.digest, press->digest, DIGEST_BYTES);
	pending_seal(job, press->key, &after);
	TRY(db_run(job, db, SQL_PENDING_DONE, ARGS(sql_bytes(after.sealed), sql_bytes(uid_bytes(&after.id))), &changed));
	return changed == 1 ? OK : fail(job, ERR_STALE, "it is confirmed already");
}

static enum err
change_fill_in(struct job *job, struct press *press, struct change *change)
{
	OWNED(buf_release) struct buf note = { .max = 32 };

	acts_make(job, press, change);
	TRY(values_make(job, press, change));
	if (!any_given(change))
		return fail(job, ERR_PURPOSE_INACTIVE, "what was asked for has ended");
	buf_le64(&note, (uint64_t)press->pending.form);
	buf_le64(&note, (uint64_t)press->pending.form_version);
	change->entry_note = arena_bytes(&job->arena, buf_bytes(&note));
	change->entry = change->subject.version ? ENTRY_ACT : ENTRY_SUBJECT_CREATE;
	change->extra = done_steps;
	change->extra_ctx = press;
	return OK;
}

static enum err
person_fill(struct job *job, struct vault *vault UNUSED, struct change *change, void *ctx)
{
	struct press *press = ctx;

	change->if_match = true; /* stale: everything is looked at again, the sign-up too */
	change->if_version = press->person.version; /* as person_find() saw it, with the address that the link went to */
	return change_fill_in(job, press, change);
}

static enum err
person_new(struct job *job, const struct registry *registry, struct press *press)
{
	struct change change = { .registry = registry };

	press->person.id = os_uid();
	change.subject.id = press->person.id;
	TRY(change_fill_in(job, press, &change));
	return change_commit(job, press->vault, &change, &press->result);
}

/* Q5: the one living person who has the address, if it is one. */
static enum err
person_find(struct job *job, struct press *press)
{
	size_t count = 0;
	enum err err;

	press->holder = arena_array(&job->arena, LIMIT_HOLDERS, sizeof(*press->holder));
	press->person = (struct subject){ 0 };
	err = subject_find(job, press->vault, press->mail, press->address, press->holder, &press->holder_count);
	if (err == ERR_LIMIT) {
		job_forgive(job);
		press->holder_count = LIMIT_HOLDERS;
		return OK;
	}
	TRY(err);
	for (size_t i = 0; i < press->holder_count; i++) {
		struct subject one;
		err = subject_get_no(job, press->vault, press->holder[i], &one);
		if (err == ERR_ABSENT || err == ERR_GONE) {
			job_forgive(job);
			continue;
		}
		TRY(err);
		if (one.flags & FLAG_DECEASED)
			continue;
		press->person = one;
		count++;
	}
	if (count != 1)
		press->person = (struct subject){ 0 };
	return OK;
}

static enum err
address_of(struct job *job, const struct registry *registry, struct press *press)
{
	OWNED(buf_release) struct buf match = { .max = LIMIT_VALUE_BYTES };

	press->mail = registry_address(registry, ADDRESS_EMAIL, 0);
	for (size_t i = 0; press->mail && i < press->pending.value_count; i++)
		if (press->pending.value[i].field == press->mail->no) {
			press->address = press->pending.value[i].text;
			type_match(TYPE_EMAIL, press->address, &match);
			suppression_digest(press->vault, ADDRESS_EMAIL, buf_str(&match), press->digest);
			return OK;
		}
	return fail(job, ERR_CORRUPT, "a sign-up has no address");
}

static enum err
press_once(struct job *job, const struct registry *registry, struct press *press, struct confirm_answer *ret)
{
	TRY(address_of(job, registry, press));
	TRY(person_find(job, press));
	if (press->person.version)
		TRY(subject_change(job, press->vault, press->person.id, person_fill, press, &press->result));
	else
		TRY(person_new(job, registry, press));
	ret->state = CONFIRM_DONE;
	ret->person = press->result.id;
	memcpy(ret->digest, press->digest, DIGEST_BYTES);
	return OK;
}

/* False: it is to be tried again. */
static bool
ended(struct job *job, enum err *err, struct confirm_answer *ret)
{
	switch (*err) {
	case ERR_STALE:
	case ERR_GONE:   /* erased while we looked */
	case ERR_ABSENT:
		job_forgive(job);
		return false;
	case ERR_CHILD:
		ret->state = CONFIRM_CHILD;
		break;
	case ERR_PURPOSE_INACTIVE:
		ret->state = CONFIRM_CLOSED;
		break;
	default:
		return true;
	}
	job_forgive(job);
	*err = OK;
	return true;
}

static enum err
drop_steps(struct job *job, struct db *db, void *arg)
{
	int64_t dropped;

	TRY(db_run(job, db, SQL_PENDING_DROP, ARGS(sql_bytes(uid_bytes(arg))), &dropped));
	return dropped ? OK : fail(job, ERR_STALE, "it was answered meanwhile");
}

/* ERR_STALE  it was confirmed, or dropped, meanwhile */
static enum err
signup_drop(struct job *job, struct vault *vault, uid id)
{
	return store_write(job, vault->store, WRITE_RESERVED, drop_steps, &id);
}

enum err
signup_confirm(struct job *job, struct vault *vault, const struct registry *registry, str token, struct confirm_answer *ret)
{
	enum err err = OK;
	bool there;

	*ret = (struct confirm_answer){ .state = CONFIRM_NO_LINK };
	for (int try = 0; try < TRIES; try++) {
		OWNED(secret_free) struct secret *key = NULL;
		struct press press = { .vault = vault };
		TRY(waiting_find(job, vault, token, &press.pending, &there));
		if (!there)
			return OK;
		TRY(answer_of(job, registry, &press.pending, ret));
		if (ret->state != CONFIRM_WAITS)
			return OK;
		TRY(pending_key(job, vault, press.pending.day, &key));
		press.key = secret_octets(key);
		press.form_name = arena_c(&job->arena, ret->form.name);
		err = press_once(job, registry, &press, ret);
		if (err && !ended(job, &err, ret))
			continue;
		if (!err && ret->state != CONFIRM_DONE) /* what cannot become anything is not kept */
			return signup_drop(job, vault, press.pending.id);
		return err;
	}
	return fail(job, ERR_BUSY, "this person is being changed by too many at once");
}

enum err
signup_decline(struct job *job, struct vault *vault, str token, struct confirm_answer *ret)
{
	struct pending pending;
	enum err err;
	bool there;

	*ret = (struct confirm_answer){ .state = CONFIRM_NO_LINK };
	TRY(waiting_find(job, vault, token, &pending, &there));
	if (!there || pending.state != PENDING_WAITING)
		return OK;
	err = signup_drop(job, vault, pending.id);
	if (err == ERR_STALE) { /* a yes was quicker: nothing is said to be deleted that is not */
		job_forgive(job);
		return OK;
	}
	TRY(err);
	ret->state = CONFIRM_DECLINED;
	ret->language = pending.language;
	return OK;
}
