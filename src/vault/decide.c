/* vault/decide.c -- contract and Q1-Q3: see decide.h.
 *
 * decide_person() follows the decision order of docs/law.md step by step; the numbers in the
 * comments are its steps.  Everything around it gathers facts and records the verdict. */
#include "vault/decide.h"

#include "base/limits.h"
#include "vault/rows.h"

#define NIX_FRESH (31 * TIME_DAY) /* a do-not-call list older than this does not count as checked */
#define SUPPRESSIONS_MAX (LIMIT_PURPOSES * CHANNEL_COUNT + CHANNEL_COUNT + 2) /* all there can be of one address */

/* --- the order -------------------------------------------------------------------------------- */

struct decision {
	const struct registry *registry;
	const struct facts *facts;
	const struct question *question;
	const struct standing *standing;
	const struct purpose_version *newest; /* of the purpose: active, or the last that was */
	bool marketing;                       /* this message is marketing */
	struct verdict *out;
};

static bool
deny(struct decision *d, enum reason reason)
{
	*d->out = (struct verdict){ .reason = reason, .retry_at = TIME_NEVER };
	return true;
}

static bool
allow(struct decision *d, enum reason reason, enum basis basis, uint32_t version, int64_t seq)
{
	*d->out = (struct verdict){ .allowed = true, .reason = reason, .basis = basis,
		                    .version = version, .consent_seq = seq, .retry_at = TIME_NEVER };
	return true;
}

/* A field that holds an address of the channel's kind is restricted: which of several is the address
 * cannot be told from the row, so any of them counts. */
static bool
address_restricted(const struct decision *d)
{
	enum address address = channel_address(d->question->channel);
	const struct field *field;

	if (!d->standing->restriction_count || address == ADDRESS_NONE)
		return false;
	for (size_t nth = 0; (field = registry_address(d->registry, address, nth)); nth++)
		if (standing_restricts(d->standing, field->no))
			return true;
	return false;
}

static const struct purpose_version *
newest_version(const struct purpose *purpose)
{
	if (purpose->active)
		return purpose->active;
	for (size_t i = purpose->version_count; i-- > 0;)
		if (purpose->version[i].state != VERSION_DRAFT)
			return &purpose->version[i];
	return NULL;
}

/* Step 1. */
static bool
step_person(struct decision *d)
{
	const struct subject *subject = d->facts->subject;

	if (subject->erased)
		return deny(d, REASON_ERASED);
	if (d->standing->restricted || address_restricted(d))
		return deny(d, REASON_RESTRICTED);
	if (subject->flags & FLAG_DECEASED)
		return deny(d, REASON_DECEASED);
	return false;
}

static bool
suppression_hits(const struct decision *d, const struct suppression *suppression)
{
	const struct question *question = d->question;

	switch (suppression->scope) {
	case SCOPE_ALL:
		return true;
	case SCOPE_MARKETING:
		return d->marketing;
	case SCOPE_CHANNEL:
		return d->marketing && suppression->channel == question->channel;
	case SCOPE_PURPOSE:
		return suppression->purpose == question->purpose->no &&
		       (suppression->channel == CHANNEL_NONE || suppression->channel == question->channel);
	case SCOPE_NONE:
	case SCOPE_COUNT:
		break;
	}
	return true; /* Q1: what is not understood is a no */
}

/* When the newest yes for this purpose and channel began: what an objection must be newer than. */
static time_us
newest_yes(const struct decision *d, const struct permission *permission)
{
	uint32_t purpose = d->question->purpose->no;
	time_us newest = INT64_MIN;

	if (permission && permission->state == PERMISSION_GIVEN && d->facts->now < permission->until_at)
		newest = permission->since_at;
	for (size_t i = 0; i < d->standing->ground_count; i++) {
		const struct ground *ground = &d->standing->ground[i];
		if (ground->purpose == purpose && ground->basis != BASIS_CONSENT &&
		    ground_usable(ground, d->facts->now) && !d->marketing && ground->since_at > newest)
			newest = ground->since_at;
	}
	return newest;
}

/* Article 21(1): somebody has to weigh it first.  An objection to marketing is not weighed. */
static bool
undecided(const struct decision *d)
{
	return !d->marketing && standing_undecided(d->standing, d->question->purpose->no, d->facts->now);
}

/* Step 2.  A sale or another ground never outweighs an objection to marketing: only a consent that
 * is newer does (L2), which is why newest_yes() looks at grounds for messages that are not marketing. */
static bool
step_no(struct decision *d)
{
	const struct permission *permission =
		standing_permission(d->standing, d->question->purpose->no, d->question->channel);
	time_us objected_at;

	for (size_t i = 0; i < d->facts->suppression_count; i++)
		if (suppression_hits(d, &d->facts->suppression[i]))
			return deny(d, REASON_SUPPRESSED);
	if (standing_objected(d->standing, d->question->purpose->no, d->marketing, d->question->channel,
	                      &objected_at) &&
	    objected_at >= newest_yes(d, permission))
		return deny(d, undecided(d) ? REASON_OBJECTION_PENDING : REASON_OBJECTED);
	if (!permission)
		return false;
	if (permission->state == PERMISSION_OBJECTED)
		return deny(d, REASON_OBJECTED);
	if (permission->state == PERMISSION_WITHDRAWN)
		return deny(d, REASON_WITHDRAWN);
	if (permission->state == PERMISSION_REFUSED)
		return deny(d, REASON_REFUSED);
	return false;
}

/*= gdpr 22(3)
 *# The data controller shall implement suitable measures, at least the right to obtain human
 *# intervention, to express his or her point of view and to contest the decision. */
static bool
step_contested(struct decision *d)
{
	if (d->question->channel == CHANNEL_NONE && standing_contested(d->standing, d->question->purpose->no))
		return deny(d, REASON_HUMAN);
	return false;
}

/*= gdpr 14(3)
 *# Who was not collected from is told within a month at the latest; until then, and not after it
 *# without having been told, the data may be used. */
static bool
step_told(struct decision *d)
{
	const struct subject *subject = d->facts->subject;
	bool late = subject->tell_by_at != TIME_NEVER && subject->told_at == TIME_NEVER &&
	            d->facts->now > subject->tell_by_at;

	if (late && !d->newest->tell_first)
		return deny(d, REASON_NOT_TOLD);
	return false;
}

static const struct ground *
usable_ground(const struct decision *d, enum basis basis)
{
	const struct ground *ground = standing_ground(d->standing, d->question->purpose->no, basis);

	return ground && ground_usable(ground, d->facts->now) ? ground : NULL;
}

/* Step 3. */
static bool
step_service(struct decision *d)
{
	static const enum basis bases[] = { BASIS_CONTRACT, BASIS_LEGAL_OBLIGATION };

	if (d->marketing)
		return false;
	for (size_t i = 0; i < COUNT(bases); i++) {
		const struct ground *ground = usable_ground(d, bases[i]);
		if (ground)
			return allow(d, REASON_CONTRACT_OR_LAW, bases[i], ground->version, ground->seq);
	}
	return false;
}

static bool
electronic(enum channel channel)
{
	return channel == CHANNEL_EMAIL || channel == CHANNEL_SMS || channel == CHANNEL_PUSH;
}

static bool
natural(const struct decision *d)
{
	enum subject_kind kind = d->facts->subject->kind;

	return kind == KIND_NATURAL || kind == KIND_SOLE_TRADER;
}

/*= mfl 20 §
 *# Electronic marketing carries a valid address for saying no, to legal persons too. */
static bool
step_stop_address(struct decision *d)
{
	if (natural(d) || !d->marketing || !electronic(d->question->channel) || d->question->opt_out)
		return false;
	return deny(d, REASON_NO_OPT_OUT);
}

/* Step 4: consent for this purpose in this channel. */
static bool
step_consent(struct decision *d)
{
	const struct permission *permission =
		standing_permission(d->standing, d->question->purpose->no, d->question->channel);

	if (!permission || permission->state != PERMISSION_GIVEN || d->facts->now >= permission->until_at)
		return false;
	return allow(d, REASON_CONSENT, BASIS_CONSENT, permission->version, permission->seq);
}

static bool
category_listed(bytes detail, str category)
{
	str rest = bytes_str(detail), line;

	while (rest.len) {
		if (!eat_until(&rest, '\n', &line)) {
			line = rest;
			rest = S("");
		}
		if (line.len && str_eq(line, category))
			return true;
	}
	return false;
}

/* Every sale is a ground with the categories of its own. */
static const struct ground *
sale_of_category(const struct decision *d)
{
	for (size_t i = 0; i < d->standing->ground_count; i++) {
		const struct ground *ground = &d->standing->ground[i];
		if (ground->purpose == d->question->purpose->no && ground->basis == BASIS_SOFT_OPT_IN &&
		    ground_usable(ground, d->facts->now) && category_listed(ground->detail, d->question->category))
			return ground;
	}
	return NULL;
}

/*= eprivacy 13(2)
 *# The seller may use the address obtained in the sale for its own similar products, if the
 *# customer can object, free and easily, at collection and with each message. */
static bool
step_soft_opt_in(struct decision *d)
{
	const struct ground *ground = usable_ground(d, BASIS_SOFT_OPT_IN);

	if (!ground || !natural(d) || !electronic(d->question->channel))
		return false;
	ground = sale_of_category(d);
	if (!ground)
		return deny(d, REASON_CATEGORY);
	if (!d->question->opt_out)
		return deny(d, REASON_NO_OPT_OUT);
	return allow(d, REASON_SOFT_OPT_IN, BASIS_SOFT_OPT_IN, ground->version, ground->seq);
}

static bool
assessed(const struct decision *d, const struct ground *ground)
{
	const struct purpose_version *version =
		registry_version(d->registry, ground->purpose, ground->version);

	return version && version->assessed;
}

/* Step 6: post and calls by people, to people, on a balanced interest. */
static bool
step_interest(struct decision *d)
{
	const struct ground *ground = usable_ground(d, BASIS_LEGITIMATE_INTEREST);
	time_us nix = d->registry->nix_checked_at;

	if (!ground || !natural(d) ||
	    (d->question->channel != CHANNEL_POST && d->question->channel != CHANNEL_CALL))
		return false;
	if (!assessed(d, ground))
		return deny(d, REASON_NO_ASSESSMENT);
	if (d->question->channel == CHANNEL_CALL && (nix == TIME_NEVER || d->facts->now - nix > NIX_FRESH))
		return deny(d, REASON_NIX);
	return allow(d, REASON_LEGITIMATE_INTEREST, BASIS_LEGITIMATE_INTEREST, ground->version, ground->seq);
}

/* Step 7: addresses of legal persons; a named employee needs a balanced interest as well. */
static bool
step_legal_person(struct decision *d)
{
	enum subject_kind kind = d->facts->subject->kind;
	const struct ground *ground = usable_ground(d, BASIS_LEGITIMATE_INTEREST);

	if (kind != KIND_LEGAL_ROLE && kind != KIND_EMPLOYEE)
		return false;
	if (kind == KIND_EMPLOYEE && !ground)
		return deny(d, REASON_NO_GROUND);
	if (kind == KIND_EMPLOYEE && !assessed(d, ground))
		return deny(d, REASON_NO_ASSESSMENT);
	return allow(d, REASON_LEGAL_PERSON, ground ? BASIS_LEGITIMATE_INTEREST : BASIS_NONE,
	             ground ? ground->version : d->newest->version, ground ? ground->seq : 0);
}

/* No contact: using the data for the purpose needs a usable ground for it, whichever. */
static bool
step_use(struct decision *d)
{
	if (d->question->channel != CHANNEL_NONE)
		return false;
	for (size_t i = 0; i < d->standing->ground_count; i++) {
		const struct ground *ground = &d->standing->ground[i];
		if (ground->purpose == d->question->purpose->no && ground_usable(ground, d->facts->now))
			return allow(d, REASON_GROUND, ground->basis, ground->version, ground->seq);
	}
	return deny(d, undecided(d) ? REASON_OBJECTION_PENDING : REASON_NO_GROUND);
}

/* Step 9, with the nearest reason. */
static bool
step_nothing(struct decision *d)
{
	const struct permission *permission =
		standing_permission(d->standing, d->question->purpose->no, d->question->channel);

	if (permission && permission->state == PERMISSION_UNCONFIRMED)
		return deny(d, REASON_UNCONFIRMED);
	if (permission && (permission->state == PERMISSION_EXPIRED || permission->state == PERMISSION_GIVEN))
		return deny(d, REASON_EXPIRED);
	if (d->question->promotional && d->question->message_class != CLASS_MARKETING)
		return deny(d, REASON_PROMOTIONAL);
	if (d->newest->basis == BASIS_CONSENT)
		return deny(d, REASON_NO_CONSENT);
	return deny(d, undecided(d) ? REASON_OBJECTION_PENDING : REASON_NO_GROUND);
}

static int64_t
minute_of_day(const struct decision *d)
{
	int64_t minutes = d->facts->now / (60 * TIME_SECOND) + d->registry->zone_minutes;

	return (minutes % 1440 + 1440) % 1440;
}

/* Step 8: limits on whatever was allowed; first what the person wished for. */
static void
step_limits(struct decision *d)
{
	const struct purpose_version *version =
		registry_version(d->registry, d->question->purpose->no, d->out->version);
	enum channel channel = d->question->channel;
	int64_t now = minute_of_day(d), wait;

	if (channel != CHANNEL_NONE && channel_address(channel) != ADDRESS_NONE &&
	    !d->facts->subject->tagged[channel_address(channel)]) {
		deny(d, REASON_NO_ADDRESS);
		return;
	}
	if (d->facts->subject->flags & FLAG_PROTECTED &&
	    (channel == CHANNEL_POST || channel == CHANNEL_SMS || channel == CHANNEL_CALL)) {
		deny(d, REASON_PROTECTED);
		return;
	}
	if (d->marketing && channel != CHANNEL_NONE && d->facts->now < d->standing->choice.paused_until_at) {
		deny(d, REASON_PAUSED);
		d->out->retry_at = d->standing->choice.paused_until_at;
		return;
	}
	if (!version || !version->quiet || channel == CHANNEL_POST || channel == CHANNEL_NONE)
		return;
	/* Quiet from 21:00 to 08:00 runs over midnight. */
	if (version->quiet_from <= version->quiet_to
	            ? now < version->quiet_from || now >= version->quiet_to
	            : now < version->quiet_from && now >= version->quiet_to)
		return;
	wait = (version->quiet_to - now + 1440) % 1440;
	deny(d, REASON_QUIET_HOURS);
	d->out->retry_at = d->facts->now + wait * 60 * TIME_SECOND;
}

void
decide_person(const struct registry *registry, const struct facts *facts,
              const struct question *question, struct verdict *ret)
{
	struct decision d = {
		.registry = registry, .facts = facts, .question = question,
		.standing = &facts->subject->standing, .newest = newest_version(question->purpose),
		.out = ret,
	};

	if (!d.newest) {
		deny(&d, REASON_PURPOSE);
		return;
	}
	d.marketing = question->message_class == CLASS_MARKETING || question->promotional ||
	              d.newest->marketing;
	if (step_person(&d) || step_no(&d) || step_contested(&d) || step_told(&d))
		return;
	if (!(d.newest->channels & CHANNEL_BIT(question->channel)) && question->channel != CHANNEL_NONE) {
		deny(&d, REASON_CHANNEL);
		return;
	}
	if (step_use(&d) || step_service(&d) || step_stop_address(&d) || step_consent(&d) ||
	    step_soft_opt_in(&d) || step_interest(&d) || step_legal_person(&d) || step_nothing(&d))
		if (d.out->allowed)
			step_limits(&d);
}

/* --- facts ------------------------------------------------------------------------------------ */

static enum err
subject_for_decision(struct job *job, enum sql sql, struct sql_arg key, struct subject *ret,
                     bool *ret_there)
{
	OWNED(rows_end) struct rows rows = { 0 };

	TRY(db_query(job, job->db, sql, &key, 1, &rows));
	TRY(rows_next(job, &rows, ret_there));
	if (!*ret_there)
		return OK;
	return subject_row(job, &rows, false, ret);
}

static enum err
decide_one(struct job *job, const struct registry *registry, const struct subject *subject,
           const struct question *question, struct verdict *ret)
{
	enum address address = channel_address(question->channel);
	struct suppression suppression[SUPPRESSIONS_MAX];
	struct facts facts = { .subject = subject, .suppression = suppression, .now = job->now };

	if (address != ADDRESS_NONE && subject->tagged[address])
		TRY(suppressions_get(job, job->db, subject->tag[address], suppression, SUPPRESSIONS_MAX,
		                     &facts.suppression_count));
	if (facts.suppression_count == SUPPRESSIONS_MAX) /* Q1: what was not read may be the one */
		suppression[0].scope = SCOPE_ALL;
	decide_person(registry, &facts, question, ret);
	return OK;
}

struct answered {
	struct verdict verdict;
	int64_t subject; /* 0: nobody, or several */
	struct choices choice; /* of the subject */
};

static enum err
answer_subject(struct job *job, const struct registry *registry, uid id,
               const struct question *question, struct answered *ret)
{
	struct subject subject;
	bool there;

	*ret = (struct answered){ .verdict = { .reason = REASON_UNKNOWN, .retry_at = TIME_NEVER } };
	TRY(subject_for_decision(job, SQL_SUBJECT_DECIDE, sql_bytes(uid_bytes(&id)), &subject, &there));
	if (!there)
		return OK;
	ret->subject = subject.no;
	ret->choice = subject.standing.choice;
	return decide_one(job, registry, &subject, question, &ret->verdict);
}

/* Q3 */
static enum err
answer_holders(struct job *job, const struct registry *registry, const int64_t *no, size_t count,
               const struct question *question, struct answered *ret)
{
	bool found = false;

	for (size_t i = 0; i < count; i++) {
		struct subject subject;
		struct verdict verdict;
		bool there;

		TRY(subject_for_decision(job, SQL_SUBJECT_DECIDE_NO, sql_i64(no[i]), &subject, &there));
		if (!there)
			continue;
		TRY(decide_one(job, registry, &subject, question, &verdict));
		if (count > 1 && reason_is_no(verdict.reason)) {
			ret->verdict = (struct verdict){ .reason = REASON_SHARED_NO, .retry_at = TIME_NEVER };
			ret->subject = 0;
			return OK;
		}
		if (!found || (verdict.allowed && !ret->verdict.allowed)) {
			ret->verdict = verdict;
			ret->subject = subject.no;
			ret->choice = subject.standing.choice;
		}
		found = true;
	}
	return OK;
}

/* Holders by a value in canonical form. */
static enum err
answer_value(struct job *job, struct vault *vault, const struct registry *registry,
             const struct field *field, str canonical, const struct question *question,
             struct answered *ret)
{
	int64_t no[LIMIT_HOLDERS];
	size_t count;
	enum err err;

	*ret = (struct answered){ .verdict = { .reason = REASON_UNKNOWN, .retry_at = TIME_NEVER } };
	err = subject_find(job, vault, field, canonical, no, &count);
	if (err == ERR_LIMIT) { /* more holders than can be asked: somebody may have said no (Q1) */
		job_forgive(job);
		ret->verdict.reason = REASON_SHARED_NO;
		return OK;
	}
	TRY(err);
	return answer_holders(job, registry, no, count, question, ret);
}

/* --- not recorded here ------------------------------------------------------------------------- */

/* So many messages in such a time: the company's cap, and what the person wished for. */
struct cap {
	int64_t count; /* 0: none */
	time_us from;  /* contacts after this are counted */
};
enum { CAP_PURPOSE, CAP_PERSON, CAP_COUNT };

static bool
is_marketing(const struct question *question)
{
	const struct purpose_version *newest = newest_version(question->purpose);

	return question->message_class == CLASS_MARKETING || question->promotional || (newest && newest->marketing);
}

/* Of an allowed contact.  False: it is not counted. */
static bool
caps_of(time_us now, const struct registry *registry, const struct question *question,
        const struct verdict *verdict, const struct choices *choice, struct cap cap[CAP_COUNT])
{
	const struct purpose_version *version = registry_version(registry, question->purpose->no, verdict->version);

	memset(cap, 0, CAP_COUNT * sizeof(*cap));
	if (!verdict->allowed)
		return false;
	if (version && version->cap_count)
		cap[CAP_PURPOSE] = (struct cap){ version->cap_count, now - (time_add(now, version->cap_period) - now) };
	if (choice->at_most && question->channel != CHANNEL_NONE && is_marketing(question))
		cap[CAP_PERSON] = (struct cap){ choice->at_most, now - choice->at_most_days * TIME_DAY };
	return cap[CAP_PURPOSE].count || cap[CAP_PERSON].count;
}

static enum err
cap_full(struct job *job, struct db *db, int64_t subject, const struct question *question,
         const struct cap cap[CAP_COUNT], bool *ret)
{
	*ret = false;
	for (int i = 0; i < CAP_COUNT && !*ret; i++) {
		OWNED(rows_end) struct rows rows = { 0 };
		bool there;
		if (!cap[i].count)
			continue;
		TRY(db_query(job, db, SQL_CONTACT_COUNT,
		             ARGS(sql_i64(subject), sql_i64(question->purpose->no), sql_i64(question->channel), sql_i64(cap[i].from)),
		             &rows));
		TRY(rows_next(job, &rows, &there));
		*ret = there && rows_i64(&rows, 0) >= cap[i].count;
	}
	return OK;
}

static enum err
cap_look(struct job *job, const struct registry *registry, const struct subject *subject,
         const struct question *question, struct verdict *verdict)
{
	struct cap cap[CAP_COUNT];
	bool full;

	if (!caps_of(job->now, registry, question, verdict, &subject->standing.choice, cap))
		return OK;
	TRY(cap_full(job, job->db, subject->no, question, cap, &full));
	if (full)
		*verdict = (struct verdict){ .reason = REASON_FREQUENCY, .retry_at = TIME_NEVER };
	return OK;
}

enum err
decide_now(struct job *job, const struct registry *registry, const struct subject *subject,
           const struct question *question, struct verdict *ret)
{
	TRY(decide_one(job, registry, subject, question, ret));
	return cap_look(job, registry, subject, question, ret);
}

/* --- recording -------------------------------------------------------------------------------- */

static void
put_decision(struct buf *body, const struct question *question, const struct verdict *verdict)
{
	buf_u8(body, (uint8_t)question->channel);
	buf_u8(body, (uint8_t)question->message_class);
	buf_u8(body, (uint8_t)((question->promotional ? 1 : 0) | (question->opt_out ? 2 : 0)));
	buf_u8(body, (uint8_t)verdict->reason);
	buf_u8(body, (uint8_t)verdict->basis);
	buf_le16(body, (uint16_t)verdict->version);
	buf_le32(body, (uint32_t)verdict->consent_seq);
}

/* Inside steps, so that two at the same time cannot both be the last one allowed. */
static enum err
cap_steps(struct job *job, struct db *db, const struct registry *registry,
          const struct question *question, struct answered *answered)
{
	struct verdict *verdict = &answered->verdict;
	struct cap cap[CAP_COUNT];
	time_us from = job->now;
	bool full;

	if (!answered->subject || !caps_of(job->now, registry, question, verdict, &answered->choice, cap))
		return OK;
	TRY(cap_full(job, db, answered->subject, question, cap, &full));
	if (full) {
		*verdict = (struct verdict){ .reason = REASON_FREQUENCY, .retry_at = TIME_NEVER };
		return OK;
	}
	for (int i = 0; i < CAP_COUNT; i++)
		if (cap[i].count && cap[i].from < from)
			from = cap[i].from;
	TRY(db_run(job, db, SQL_CONTACT_FORGET,
	           ARGS(sql_i64(answered->subject), sql_i64(question->purpose->no),
	                sql_i64(question->channel), sql_i64(from)),
	           NULL));
	return db_run(job, db, SQL_CONTACT_ADD,
	              ARGS(sql_i64(answered->subject), sql_i64(question->purpose->no),
	                   sql_i64(question->channel), sql_i64(job->now)),
	              NULL);
}

/* One question to the writer.  The answer is found inside the very transaction that records it
 * (law.md, rules around the decision order): nothing can come between the two, and the writer's own
 * pages are always warm, where a reader's are thrown away by every commit. */
struct ask_plan {
	struct vault *vault;
	const struct registry *registry;
	const struct question *question;
	uid id;
	const struct field *field; /* NULL: by id */
	str canonical;
	struct answered answered;
	int64_t entry;
	bool one;   /* a single statement is written (WRITE_ONE) */
	bool again; /* it takes more: nothing was written */
};

static enum err
ask(struct job *job, struct db *db, struct ask_plan *plan)
{
	struct db *reader = job->db;
	enum err err;

	job->db = db;
	if (plan->field)
		err = answer_value(job, plan->vault, plan->registry, plan->field, plan->canonical,
		                   plan->question, &plan->answered);
	else
		err = answer_subject(job, plan->registry, plan->id, plan->question, &plan->answered);
	job->db = reader;
	return err;
}

static enum err
ask_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf body = { .max = 64 };
	struct ask_plan *plan = arg;

	if (plan->field)
		TRY(budget_steps(job, db, plan->registry->budget_per_hour, 1));
	TRY(ask(job, db, plan));
	plan->again = plan->one && plan->answered.verdict.allowed && plan->answered.choice.at_most;
	if (plan->again)
		return OK;
	TRY(cap_steps(job, db, plan->registry, plan->question, &plan->answered));
	put_decision(&body, plan->question, &plan->answered.verdict);
	return entry_append(job, db,
	                    &(struct entry){ .act = ENTRY_DECISION, .subject = plan->answered.subject,
	                                     .purpose = plan->question->purpose->no,
	                                     .outcome = plan->answered.verdict.allowed ? OK : ERR_DENIED,
	                                     .body = buf_bytes(&body) },
	                    &plan->entry); /* Q2 */
}

enum err
decide_steps(struct job *job, struct db *db, const struct registry *registry, uid id,
             const struct question *question, struct verdict *ret)
{
	struct ask_plan plan = { .registry = registry, .question = question, .id = id };

	TRY(ask_steps(job, db, &plan));
	*ret = plan.answered.verdict;
	ret->entry = plan.entry;
	return OK;
}

static bool
has_cap(const struct purpose *purpose)
{
	for (size_t i = 0; i < purpose->version_count; i++)
		if (purpose->version[i].cap_count)
			return true;
	return false;
}

static enum err
ask_and_record(struct job *job, struct ask_plan *plan, struct verdict *ret)
{
	plan->one = !plan->field && !has_cap(plan->question->purpose);
	TRY(store_write(job, plan->vault->store, plan->one ? WRITE_ONE : WRITE_ORDINARY, ask_steps, plan));
	if (plan->again) { /* few have a wish of their own, which is counted */
		plan->one = false;
		TRY(store_write(job, plan->vault->store, WRITE_ORDINARY, ask_steps, plan));
	}
	*ret = plan->answered.verdict;
	ret->entry = plan->entry;
	return OK;
}

enum err
decide_subject(struct job *job, struct vault *vault, const struct registry *registry, uid id,
               const struct question *question, struct verdict *ret)
{
	struct ask_plan plan = { .vault = vault, .registry = registry, .question = question, .id = id };

	return ask_and_record(job, &plan, ret);
}

enum err
decide_value(struct job *job, struct vault *vault, const struct registry *registry,
             const struct field *field, str raw, const struct question *question,
             struct verdict *ret)
{
	struct ask_plan plan = { .vault = vault, .registry = registry, .question = question, .field = field };

	TRY(value_read(job, field, raw, &plan.canonical));
	return ask_and_record(job, &plan, ret);
}

/* --- batches ---------------------------------------------------------------------------------- */

struct batch_plan {
	const struct registry *registry;
	struct batch_item *item;
	struct answered *answered;
	size_t count;
	int64_t lookups;
	int64_t entry;
};

static enum err
batch_steps(struct job *job, struct db *db, void *arg)
{
	OWNED(buf_release) struct buf body = { .max = 64 * LIMIT_BATCH_PIECE };
	struct batch_plan *plan = arg;

	if (plan->lookups)
		TRY(budget_steps(job, db, plan->registry->budget_per_hour, plan->lookups));
	for (size_t i = 0; i < plan->count; i++) {
		struct batch_item *item = &plan->item[i];
		struct answered *answered = &plan->answered[i];
		if (item->err)
			continue;
		TRY(cap_steps(job, db, plan->registry, &item->question, answered));
		buf_le64(&body, (uint64_t)answered->subject);
		buf_le16(&body, (uint16_t)item->question.purpose->no);
		put_decision(&body, &item->question, &answered->verdict);
	}
	must(buf_ok(&body) && body.len % ENTRY_DECISIONS_ITEM == 0);
	return entry_append(job, db, &(struct entry){ .act = ENTRY_DECISIONS, .body = buf_bytes(&body) },
	                    &plan->entry);
}

static enum err
batch_answer(struct job *job, struct vault *vault, const struct registry *registry,
             struct batch_item *item, struct answered *ret)
{
	enum err err;

	str canonical;

	if (!item->by_value)
		return answer_subject(job, registry, item->id, &item->question, ret);
	err = value_read(job, item->field, item->raw, &canonical);
	if (!err)
		err = answer_value(job, vault, registry, item->field, canonical, &item->question, ret);
	if (err == ERR_INVALID) { /* this line's value; the others go on */
		item->failure = job->failure;
		job_forgive(job);
		item->err = err;
		return OK;
	}
	return err;
}

enum err
decide_batch(struct job *job, struct vault *vault, const struct registry *registry,
             struct batch_item *item, size_t count)
{
	OWNED(db_view_end) struct db *view = NULL;
	struct batch_plan plan = { .registry = registry, .item = item, .count = count };

	must(count <= LIMIT_BATCH_PIECE);
	plan.answered = arena_array(&job->arena, count, sizeof(*plan.answered));
	TRY(db_view_begin(job, job->db, &view));
	for (size_t i = 0; i < count; i++) {
		if (item[i].err)
			continue;
		plan.lookups += item[i].by_value;
		TRY(batch_answer(job, vault, registry, &item[i], &plan.answered[i]));
	}
	db_view_end(&view);
	TRY(store_write(job, vault->store, WRITE_ORDINARY, batch_steps, &plan));
	for (size_t i = 0; i < count; i++) {
		item[i].verdict = plan.answered[i].verdict;
		item[i].verdict.entry = plan.entry;
	}
	return OK;
}

/* --- contacts that no cap counts any more ------------------------------------------------------- */

struct forget_plan {
	const struct registry *registry;
	size_t max;
	uint64_t count;
};

/* The longest period of its versions: which one a decision went by is not kept. */
static time_us
contacts_count_from(const struct purpose *purpose, time_us now)
{
	time_us from = now;

	for (size_t i = 0; i < purpose->version_count; i++) {
		const struct purpose_version *version = &purpose->version[i];
		if (now - CHOICE_DAYS_MAX * TIME_DAY < from)
			from = now - CHOICE_DAYS_MAX * TIME_DAY; /* a person's wish may be counted so long */
		time_us counted = now - (time_add(now, version->cap_period) - now);
		if (version->cap_count && counted < from)
			from = counted;
	}
	return from;
}

static enum err
forget_steps(struct job *job, struct db *db, void *arg)
{
	struct forget_plan *plan = arg;

	plan->count = 0;
	for (size_t i = 0; i < plan->registry->purpose_count && plan->count < plan->max; i++) {
		const struct purpose *purpose = &plan->registry->purpose[i];
		int64_t gone = 0;
		TRY(db_run(job, db, SQL_CONTACT_FORGET_OLD,
		           ARGS(sql_i64(purpose->no), sql_i64(contacts_count_from(purpose, job->now)),
		                sql_i64((int64_t)(plan->max - plan->count))),
		           &gone));
		plan->count += (uint64_t)gone;
	}
	return OK;
}

enum err
contacts_forget(struct job *job, struct vault *vault, size_t max, uint64_t *ret_count)
{
	OWNED(registry_drop) const struct registry *registry = NULL;
	struct forget_plan plan = { .max = max };

	TRY(registry_hold(job, vault, &registry));
	plan.registry = registry;
	TRY(store_write(job, vault->store, WRITE_ORDINARY, forget_steps, &plan));
	*ret_count = plan.count;
	return OK;
}
