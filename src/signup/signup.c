/* signup/signup.c -- from what was typed to a row that waits and a mail; contract and Q1-Q8: signup.h. */
#include "signup/signup.h"

#include "audit/entry.h"
#include "message/message.h"
#include "os/random.h"
#include "signup/pending.h"
#include "vault/subject.h"

/* Everything that the steps write. */
struct begin_plan {
	const struct signup *signup;
	const struct form_words *words; /* by control */
	struct pending pending;
	struct message_plan message;
	uint8_t network[DIGEST_BYTES], hour[DIGEST_BYTES], address[DIGEST_BYTES];
	bool too_many;
};

/* --- reading ---------------------------------------------------------------------------------- */

static bool
under_age(const struct job *job, const struct registry *registry, str birth_date)
{
	struct duration years = { .months = (uint32_t)registry->age_of_consent * 12 };
	struct date birth;

	return date_parse(birth_date, &birth) && date_time(date_add(birth, years)) > job->now;
}

static enum err
values_take(struct job *job, const struct registry *registry, const struct signup *signup, struct pending *pending,
            struct signup_answer *ret)
{
	const struct signup_form *form = signup->form;
	enum signup_fault *fault = arena_array(&job->arena, form->input_count + 1, sizeof(*fault));

	pending->value = arena_array(&job->arena, form->input_count + 1, sizeof(*pending->value));
	ret->fault = fault;
	for (size_t i = 0; i < form->input_count; i++) {
		const struct form_input *input = &form->input[i];
		str text = str_trim(signup->text[i]), canonical;
		fault[i] = SIGNUP_FAULT_NONE;
		if (!text.len) {
			fault[i] = input->required ? SIGNUP_FAULT_MISSING : SIGNUP_FAULT_NONE;
		} else if (value_read(job, input->field, text, &canonical)) {
			job_forgive(job);
			fault[i] = SIGNUP_FAULT_UNREADABLE;
		} else {
			pending->value[pending->value_count++] = (struct pending_value){ input->field->no, canonical };
			if (input->field->type == TYPE_BIRTH_DATE && under_age(job, registry, canonical))
				ret->state = SIGNUP_CHILD; /* Q8 */
		}
		if (fault[i])
			ret->state = SIGNUP_WRONG;
	}
	return OK;
}

static enum err
controls_take(struct job *job, const struct registry *registry, const struct signup *signup, struct begin_plan *plan,
              struct signup_answer *ret)
{
	const struct signup_form *form = signup->form;
	struct form_words *words = arena_array(&job->arena, form->control_count, sizeof(*words));
	struct pending *pending = &plan->pending;

	pending->yes = arena_array(&job->arena, form->control_count, sizeof(*pending->yes));
	pending->yes_count = form->control_count;
	ret->no_yes = true;
	for (size_t i = 0; i < form->control_count; i++) {
		const struct form_control *control = &form->control[i];
		struct pending_yes *yes = &pending->yes[i];
		TRY(form_words(job, registry, form, control, signup->language, &words[i]));
		*yes = (struct pending_yes){ .purpose = control->purpose->no, .version = control->purpose->active->version,
			                     .channels = control->channels, .yes = signup->yes[i], .label = words[i].label };
		memcpy(yes->notice, words[i].notice_hash, 32);
		memcpy(yes->words, words[i].hash, 32);
		ret->no_yes &= !signup->yes[i];
	}
	plan->words = words;
	if (ret->no_yes)
		ret->state = SIGNUP_WRONG;
	return OK;
}

/* What no yes of theirs is for does not wait, either (5(1)(c)). */
static void
values_keep(const struct signup *signup, struct pending *pending)
{
	size_t kept = 0;

	for (size_t i = 0; i < pending->value_count; i++) {
		bool wanted = false;
		for (size_t n = 0; n < signup->form->control_count; n++)
			wanted |= signup->yes[n] &&
			          version_has_field(signup->form->control[n].purpose->active, pending->value[i].field);
		if (wanted)
			pending->value[kept++] = pending->value[i];
	}
	pending->value_count = kept;
}

/* --- counting --------------------------------------------------------------------------------- */

/* H3 */
static void
digests_make(struct job *job, const struct secret *key, str address, struct begin_plan *plan)
{
	const uint8_t *octets = secret_octets((struct secret *)(uintptr_t)key);
	uint8_t network[16], hour[8];
	OWNED(buf_release) struct buf number = { .max = 8 };

	buf_le64(&number, (uint64_t)(job->now / (3600 * TIME_SECOND)));
	memcpy(hour, number.ptr, sizeof(hour));
	network_of(plan->signup->peer, network);
	digest_keyed(octets, (const bytes[]){ str_bytes(S("network")), { network, 16 }, { hour, 8 } }, 3, plan->network);
	digest_keyed(octets, (const bytes[]){ str_bytes(S("everybody")), { hour, 8 } }, 2, plan->hour);
	digest_keyed(octets, (const bytes[]){ str_bytes(S("address")), str_bytes(address) }, 2, plan->address);
}

static enum err
count_take(struct job *job, struct db *db, const uint8_t digest[DIGEST_BYTES], time_us until_at, int64_t cost, int64_t max,
           bool *ret_over)
{
	OWNED(rows_end) struct rows rows = { 0 };
	bool there;

	TRY(db_query(job, db, SQL_PENDING_COUNT_TAKE, ARGS(sql_bytes((bytes){ digest, DIGEST_BYTES }), sql_i64(until_at), sql_i64(cost)),
	             &rows));
	TRY(rows_next(job, &rows, &there));
	*ret_over = there && rows_i64(&rows, 0) > max;
	return OK;
}

/* --- writing ---------------------------------------------------------------------------------- */

static enum err
waiting_steps(struct job *job, struct db *db, struct begin_plan *plan)
{
	const struct pending *pending = &plan->pending;
	OWNED(buf_release) struct buf body = { .max = 32 };

	TRY(db_run(job, db, SQL_PENDING_ADD,
	           ARGS(sql_bytes(uid_bytes(&pending->id)), sql_i64(pending->day), sql_i64(pending->until_at),
	                sql_bytes(pending->sealed)),
	           NULL));
	for (size_t i = 0; i < pending->yes_count; i++)
		TRY(form_words_steps(job, db, plan->signup->form, plan->signup->language, &plan->words[i]));
	TRY(message_steps(job, db, &plan->message));
	buf_le64(&body, (uint64_t)pending->form);
	buf_le64(&body, (uint64_t)pending->form_version);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_SIGN_UP, .body = buf_bytes(&body) }, NULL);
}

/* Who signs up too often for an address is answered as the first time: it is the owner of the address who is spared. */
static enum err
begin_steps(struct job *job, struct db *db, void *arg)
{
	struct begin_plan *plan = arg;
	const time_us hour_end = (job->now / (3600 * TIME_SECOND) + 1) * 3600 * TIME_SECOND;
	const time_us day_end = (plan->pending.day + 1) * TIME_DAY;
	bool network, everybody = false, address;

	TRY(count_take(job, db, plan->network, hour_end, (int64_t)plan->signup->cost, LIMIT_SIGNUP_NETWORK_HOUR, &network));
	if (!network) /* who is over their own limit uses up nobody else's */
		TRY(count_take(job, db, plan->hour, hour_end, 1, LIMIT_SIGNUP_HOUR, &everybody));
	plan->too_many = network || everybody;
	if (plan->too_many)
		return OK;
	TRY(count_take(job, db, plan->address, day_end, 1, LIMIT_SIGNUP_ADDRESS_DAY, &address));
	return address ? OK : waiting_steps(job, db, plan);
}

/* --- the mail --------------------------------------------------------------------------------- */

static enum err
link_of(struct job *job, struct vault *vault, const struct registry *registry, const struct pending *pending, str *ret)
{
	OWNED(buf_release) struct buf text = { .max = 1024 };

	buf_put(&text, registry->look.origin.len ? registry->look.origin : S("http://localhost"));
	buf_put(&text, S("/confirm/"));
	buf_put(&text, pending_token(job, vault, pending));
	if (!buf_ok(&text))
		return fail(job, ERR_LIMIT, "the address of the pages is too long");
	*ret = arena_str(&job->arena, buf_str(&text));
	return OK;
}

/* Q2, Q6: what differs is its kind. */
static enum err
mail_plan(struct job *job, struct vault *vault, const struct registry *registry, const struct signup *signup, str address, bool known,
          struct begin_plan *plan)
{
	const struct pending *pending = &plan->pending;
	str *label = arena_array(&job->arena, pending->yes_count, sizeof(*label)), link;
	size_t count = 0;

	for (size_t i = 0; i < pending->yes_count; i++)
		if (pending->yes[i].yes)
			label[count++] = pending->yes[i].label;
	TRY(link_of(job, vault, registry, pending, &link));
	{
		const struct message_value values[] = { { .name = S("url"), .text = link },
			                                { .name = S("purposes"), .item = label, .item_count = count } };
		const struct message_new message = {
			.kind = known ? MESSAGE_KNOWN : MESSAGE_CONFIRM,
			.language = signup->language,
			.address = address,
			.value = values,
			.value_count = COUNT(values),
			.until_at = pending->until_at,
		};
		return message_plan(job, vault, &message, &plan->message);
	}
}

static enum err
pending_make(struct job *job, struct vault *vault, const struct registry *registry, const struct signup *signup,
             const struct field *mail, struct begin_plan *plan, struct signup_answer *ret)
{
	OWNED(secret_free) struct secret *key = NULL;
	struct pending *pending = &plan->pending;
	int64_t holder[LIMIT_HOLDERS];
	size_t holders = 0;
	str address = S("");
	enum err err;

	for (size_t i = 0; i < pending->value_count; i++)
		if (pending->value[i].field == mail->no)
			address = pending->value[i].text;
	err = subject_find(job, vault, mail, address, holder, &holders);
	if (err == ERR_LIMIT)
		job_forgive(job); /* Q5 */
	else
		TRY(err);
	pending->id = os_uid();
	pending->day = pending_day(job->now);
	pending->state = PENDING_WAITING;
	pending->until_at = job->now + LIMIT_SIGNUP_WAIT_DAYS * TIME_DAY;
	pending->made_at = job->now;
	pending->form = signup->form->no;
	pending->form_version = signup->form->version;
	pending->language = signup->language;
	TRY(pending_key(job, vault, pending->day, &key));
	pending_seal(job, secret_octets(key), pending);
	digests_make(job, key, address, plan);
	err = mail_plan(job, vault, registry, signup, address, holders == 1, plan);
	if (err != ERR_INVALID)
		return err;
	job_forgive(job); /* an address, but none that mail can go to */
	for (size_t i = 0; i < signup->form->input_count; i++)
		if (signup->form->input[i].field == mail)
			((enum signup_fault *)(uintptr_t)ret->fault)[i] = SIGNUP_FAULT_UNREADABLE;
	ret->state = SIGNUP_WRONG;
	return OK;
}

enum err
signup_begin(struct job *job, struct vault *vault, const struct registry *registry, const struct signup *signup,
             struct signup_answer *ret)
{
	const struct field *mail = registry_address(registry, ADDRESS_EMAIL, 0);
	struct begin_plan plan = { .signup = signup };

	*ret = (struct signup_answer){ .state = SIGNUP_TAKEN };
	if (!signup->form->open || !mail)
		return fail(job, ERR_CONFLICT, "the form takes no sign-ups now");
	TRY(values_take(job, registry, signup, &plan.pending, ret));
	TRY(controls_take(job, registry, signup, &plan, ret));
	if (ret->state != SIGNUP_TAKEN)
		return OK;
	values_keep(signup, &plan.pending);
	TRY(pending_make(job, vault, registry, signup, mail, &plan, ret));
	if (ret->state != SIGNUP_TAKEN)
		return OK;
	TRY(store_write(job, vault->store, WRITE_ORDINARY, begin_steps, &plan));
	if (plan.too_many)
		ret->state = SIGNUP_TOO_MANY;
	return OK;
}
