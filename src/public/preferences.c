/* public/preferences.c -- the page with all that a person may say yes or no to, behind a link of their own.
 *
 * GET shows, and leaves its entry (I4).  POST turns what was changed into acts of the person's ledger, in one
 * transaction with the entry, and shows the page again as it is then: what was changed stands at its top.  What was
 * not touched is not said anew. */
#include "audit/entry.h"
#include "base/limits.h"
#include "public/visit.h"
#include "vault/suppress.h"
#include "vault/token.h"

#define STOPS_MAX 128 /* of one address, looked at */
#define ACTS_OF_ONE_MAX 5 /* of one purpose: given, confirmed, withdrawn, objected, refused */
#define CHANGES_MAX (LIMIT_PURPOSES * CHANNEL_COUNT + 8)

/* What one purpose in one channel stands at, as the person sees it. */
struct answer {
	bool yes, no, waits;
	const char *locked; /* a word: yes cannot be chosen here; a no to what there is always can */
};

/* All that the page is made of. */
struct prefs {
	struct job *job;
	struct visit *visit;
	struct token_body token;
	const struct registry *registry;
	const struct subject *subject;
	struct suppression *stop[CHANNEL_COUNT]; /* of the address of that channel */
	size_t stop_count[CHANNEL_COUNT];
	struct page_object *change; /* what was changed, sentences; NULL: nothing was sent */
	size_t change_count;
	bool child;
};

/* --- what there is to say ------------------------------------------------------------------------- */

static const char *const by_itself[CHANNEL_COUNT] = {
	[CHANNEL_NONE] = "That we use it", [CHANNEL_EMAIL] = "By e-mail", [CHANNEL_SMS] = "By text message",
	[CHANNEL_CALL] = "By telephone",   [CHANNEL_POST] = "By post",    [CHANNEL_PUSH] = "In the app",
};
static const char *const behind[CHANNEL_COUNT] = {
	[CHANNEL_NONE] = "in any way",   [CHANNEL_EMAIL] = "by e-mail", [CHANNEL_SMS] = "by text message",
	[CHANNEL_CALL] = "by telephone", [CHANNEL_POST] = "by post",    [CHANNEL_PUSH] = "in the app",
};

struct option {
	const char *value, *name;
};
static const struct option pauses[] = { { "30", "One month" }, { "91", "Three months" }, { "182", "Six months" } };
static const struct {
	const char *value, *name, *changed;
	uint16_t at_most, days;
} oftens[] = {
	{ "any", "As often as it comes", "How often: as often as it comes", 0, 0 },
	{ "week", "At most once a week", "How often: at most once a week", 1, 7 },
	{ "month", "At most once a month", "How often: at most once a month", 1, 30 },
};

/* Purposes of consent, and marketing whatever it rests on, that are in force. */
static bool
is_choice(const struct purpose *purpose)
{
	return purpose->active && (purpose->active->basis == BASIS_CONSENT || purpose->active->marketing);
}

static bool
is_given(const struct permission *permission, time_us now)
{
	return permission && permission->state == PERMISSION_GIVEN && now < permission->until_at;
}

/* Marketing on another ground than consent (a sale, an interest) that nobody said no to. */
static bool
comes_anyway(const struct prefs *prefs, const struct purpose *purpose, enum channel channel)
{
	const struct standing *standing = &prefs->subject->standing;
	time_us objected_at;

	if (!purpose->active->marketing || standing_objected(standing, purpose->no, true, channel, &objected_at))
		return false;
	for (size_t i = 0; i < standing->ground_count; i++)
		if (standing->ground[i].purpose == purpose->no && standing->ground[i].basis != BASIS_CONSENT &&
		    ground_usable(&standing->ground[i], prefs->job->now))
			return true;
	return false;
}

static bool
is_own(const struct prefs *prefs, enum channel channel)
{
	return channel_address(channel) == channel_address(prefs->token.channel);
}

static bool
stopped_for_all(const struct prefs *prefs, enum channel channel)
{
	for (size_t i = 0; i < prefs->stop_count[channel]; i++)
		if (prefs->stop[channel][i].scope == SCOPE_ALL)
			return true;
	return false;
}

static bool
stop_reaches(const struct suppression *stop, const struct purpose *purpose, enum channel channel)
{
	if (stop->scope == SCOPE_PURPOSE)
		return stop->purpose == purpose->no && (stop->channel == channel || stop->channel == CHANNEL_NONE);
	return purpose->active->marketing && (stop->scope == SCOPE_MARKETING || stop->channel == channel);
}

/* A stop is lifted here only for the address that the link came to (U1): another may be somebody else's, too. */
static bool
is_stopped(const struct prefs *prefs, const struct purpose *purpose, enum channel channel)
{
	const struct permission *permission = standing_permission(&prefs->subject->standing, purpose->no, channel);

	/* Unless it was their own no to this. */
	if (permission && (permission->state == PERMISSION_WITHDRAWN || permission->state == PERMISSION_OBJECTED))
		return stopped_for_all(prefs, channel);
	for (size_t i = 0; i < prefs->stop_count[channel]; i++) {
		const struct suppression *stop = &prefs->stop[channel][i];
		if (stop->scope == SCOPE_ALL || (stop_reaches(stop, purpose, channel) && !is_own(prefs, channel)))
			return true;
	}
	return false;
}

/* What stands in the ledger as a yes is none while the address is stopped for it: a press on yes lifts that. */
static bool
is_stopped_here(const struct prefs *prefs, const struct purpose *purpose, enum channel channel)
{
	for (size_t i = 0; i < prefs->stop_count[channel]; i++)
		if (stop_reaches(&prefs->stop[channel][i], purpose, channel))
			return true;
	return false;
}

/* The address that the link came to may be gone with the last yes: then nothing can be begun here. */
static bool
has_address(const struct prefs *prefs)
{
	const struct subject *subject = prefs->subject;

	return subject->tagged[ADDRESS_EMAIL] || subject->tagged[ADDRESS_PHONE] || subject->tagged[ADDRESS_POST];
}

static struct answer
answer_of(const struct prefs *prefs, const struct purpose *purpose, enum channel channel)
{
	const struct permission *permission = standing_permission(&prefs->subject->standing, purpose->no, channel);
	enum address address = channel_address(channel);
	struct answer answer = { 0 };

	answer.yes = is_given(permission, prefs->job->now) || comes_anyway(prefs, purpose, channel);
	answer.waits = !answer.yes && permission && permission->pending_until_at > prefs->job->now;
	answer.no = !answer.yes && !answer.waits && permission && permission->state != PERMISSION_REQUESTED;
	if (!answer.yes && !answer.no)
		answer.no = standing_objected(&prefs->subject->standing, purpose->no, purpose->active->marketing, channel,
		                              &(time_us){ 0 }) && !answer.waits;
	if (!has_address(prefs) || (address != ADDRESS_NONE && !prefs->subject->tagged[address]))
		answer.locked = "We have no such address of yours.";
	else if (is_stopped(prefs, purpose, channel))
		answer.locked = "This address is stopped. Write to us to begin again.";
	else if (!answer.yes && purpose->active->basis != BASIS_CONSENT)
		answer.locked = "You have said no. Write to us to begin again.";
	else if (answer.yes && is_stopped_here(prefs, purpose, channel))
		answer.yes = false;
	return answer;
}

/* --- words ----------------------------------------------------------------------------------------- */

static str
text_of(struct job *job, const char *a, str b, const char *c, str d)
{
	OWNED(buf_release) struct buf text = { .max = 256 };

	buf_put(&text, str_from_c(a));
	buf_put(&text, b);
	buf_put(&text, str_from_c(c));
	buf_put(&text, d);
	return arena_str(&job->arena, buf_str(&text));
}

static str
field_name(struct job *job, const struct purpose *purpose, enum channel channel)
{
	return text_of(job, "c.", purpose->name, ".", channel_name(channel));
}

static enum err
put_retention(const struct prefs *prefs, const struct purpose_version *version, struct page_object *row)
{
	static const char *const from[] = {
		[RETENTION_GIVEN] = "@long@ from your latest yes", [RETENTION_ENDED] = "@long@ after it has ended",
		[RETENTION_YEAR_END] = "@long@ from the end of the year",
	};
	const char *pattern = version->basis == BASIS_CONSENT || version->retention_event != RETENTION_GIVEN
	                      ? from[version->retention_event] : "@long@";
	struct page_value values[] = { PAGE_PUT("long", S("")), PAGE_END };
	str text;

	TRY(page_duration(prefs->job, prefs->visit->language, version->retention, &values[0].text));
	TRY(page_word(prefs->job, &public_pages, str_from_c(pattern), prefs->visit->language, values, &text));
	page_put(row, S("long"), text);
	return OK;
}

static enum err
put_terms(const struct prefs *prefs, const struct purpose *purpose, const struct purpose_version *version,
          struct page_object *row)
{
	const struct purpose_words *words = version_words(version, prefs->visit->language);
	OWNED(buf_release) struct buf recipients = { .max = LIMIT_ANSWER_BYTES };

	for (size_t i = 0; i < version->recipient_count; i++) {
		if (i)
			buf_put(&recipients, S(", "));
		buf_put(&recipients, version->recipient[i]);
	}
	page_put(row, S("title"), words->title.len ? words->title : purpose->name);
	page_put(row, S("why"), words->why);
	page_put(row, S("recipients"), arena_str(&prefs->job->arena, buf_str(&recipients)));
	return put_retention(prefs, version, row);
}

static const struct notice *
notice_shown(const struct prefs *prefs, const struct purpose_version *version)
{
	const struct notice *notice = version_notice_in(version, prefs->visit->language);

	return notice || !version->notice_count ? notice : &version->notice[0];
}

/* --- the page ----------------------------------------------------------------------------------------- */

static const struct page_value *
channel_row(const struct prefs *prefs, const struct purpose *purpose, enum channel channel)
{
	struct answer answer = answer_of(prefs, purpose, channel);
	struct page_object row = page_new(&prefs->job->arena, 8);

	page_say(&row, S("how"), str_from_c(by_itself[channel]));
	page_put(&row, S("field"), field_name(prefs->job, purpose, channel));
	if (answer.locked)
		page_say(&row, S("locked"), str_from_c(answer.locked));
	page_if(&row, S("open"), answer.yes || answer.waits);
	page_if(&row, S("yes"), answer.yes);
	page_if(&row, S("no"), answer.no);
	page_if(&row, S("waits"), answer.waits);
	page_if(&row, S("explicit"), purpose->active->explicit_basis);
	return row.values;
}

static enum err
purpose_row(const struct prefs *prefs, const struct purpose *purpose, const struct page_value **ret)
{
	const struct page_value **channels = arena_array(&prefs->job->arena, CHANNEL_COUNT, sizeof(*channels));
	struct page_object row = page_new(&prefs->job->arena, 7);
	const struct notice *notice = notice_shown(prefs, purpose->active);
	size_t count = 0;

	for (enum channel channel = CHANNEL_NONE; channel < CHANNEL_COUNT; channel++)
		if (purpose->active->channels & CHANNEL_BIT(channel))
			channels[count++] = channel_row(prefs, purpose, channel);
	page_put(&row, S("key"), purpose->name);
	page_put(&row, S("notice"), notice ? notice->text : S(""));
	page_rows(&row, S("channels"), channels, count);
	*ret = row.values;
	return put_terms(prefs, purpose, purpose->active, &row);
}

static enum err
put_purposes(const struct prefs *prefs, struct page_object *page)
{
	const struct registry *registry = prefs->registry;
	const struct page_value **rows = arena_array(&prefs->job->arena, registry->purpose_count, sizeof(*rows));
	size_t count = 0;

	for (size_t i = 0; i < registry->purpose_count; i++) {
		const struct purpose *purpose = &registry->purpose[i];
		bool shown = is_choice(purpose);
		if (shown && purpose->active->basis != BASIS_CONSENT)
			shown = standing_ground(&prefs->subject->standing, purpose->no, purpose->active->basis) != NULL;
		if (shown)
			TRY(purpose_row(prefs, purpose, &rows[count++]));
	}
	page_rows(page, S("purposes"), rows, count);
	return OK;
}

/* What the person's data is used for without a yes. */
static enum err
put_others(const struct prefs *prefs, struct page_object *page)
{
	const struct registry *registry = prefs->registry;
	const struct standing *standing = &prefs->subject->standing;
	const struct page_value **rows = arena_array(&prefs->job->arena, registry->purpose_count, sizeof(*rows));
	size_t count = 0;

	for (size_t i = 0; i < registry->purpose_count; i++) {
		const struct purpose *purpose = &registry->purpose[i];
		struct page_object row = page_new(&prefs->job->arena, 4);
		const struct purpose_version *version = NULL;
		for (size_t n = 0; n < standing->ground_count && !version; n++)
			if (standing->ground[n].purpose == purpose->no && !is_choice(purpose) &&
			    ground_live(&standing->ground[n], prefs->job->now))
				version = registry_version(registry, purpose->no, standing->ground[n].version);
		if (!version)
			continue;
		TRY(put_terms(prefs, purpose, version, &row));
		rows[count++] = row.values;
	}
	page_rows(page, S("others"), rows, count);
	return OK;
}

static const struct page_value *
option_row(struct job *job, str value, str name, bool said, bool chosen)
{
	struct page_object row = page_new(&job->arena, 3);

	page_put(&row, S("value"), value);
	if (said)
		page_put(&row, S("name"), name);
	else
		page_say(&row, S("name"), name);
	page_if(&row, S("chosen"), chosen);
	return row.values;
}

static enum err
put_rest(const struct prefs *prefs, struct page_object *page)
{
	const struct choices *choice = &prefs->subject->standing.choice;
	struct job *job = prefs->job;
	const struct page_value **pause = arena_array(&job->arena, COUNT(pauses) + 2, sizeof(*pause));
	const struct page_value **often = arena_array(&job->arena, COUNT(oftens), sizeof(*often));
	const struct page_value **tongue = arena_array(&job->arena, public_pages.language_count, sizeof(*tongue));
	bool paused = job->now < choice->paused_until_at;
	struct page_value until[] = { PAGE_PUT("date", S("")), PAGE_END };
	size_t count = 0;
	str text = S("");

	pause[count++] = option_row(job, S("none"), S("No pause"), false, !paused);
	if (paused) {
		TRY(page_date(job, prefs->visit->language, choice->paused_until_at, prefs->registry->zone_minutes, &until[0].text));
		TRY(page_word(job, &public_pages, S("Until @date@"), prefs->visit->language, until, &text));
		pause[count++] = option_row(job, S("keep"), text, true, true);
	}
	for (size_t i = 0; i < COUNT(pauses); i++)
		pause[count++] = option_row(job, str_from_c(pauses[i].value), str_from_c(pauses[i].name), false, false);
	for (size_t i = 0; i < COUNT(oftens); i++)
		often[i] = option_row(job, str_from_c(oftens[i].value), str_from_c(oftens[i].name), false,
		                      choice->at_most_days == oftens[i].days);
	for (size_t i = 0; i < public_pages.language_count; i++)
		tongue[i] = option_row(job, public_pages.languages[i].code, public_pages.languages[i].name, true,
		                       str_eq(public_pages.languages[i].code, prefs->visit->language));
	page_put(page, S("paused"), until[0].text);
	page_rows(page, S("pauses"), pause, count);
	page_rows(page, S("oftens"), often, COUNT(oftens));
	page_rows(page, S("tongues"), tongue, public_pages.language_count);
	return OK;
}

static enum err
put_changes(const struct prefs *prefs, struct page_object *page)
{
	const struct page_value **rows = arena_array(&prefs->job->arena, prefs->change_count, sizeof(*rows));

	for (size_t i = 0; i < prefs->change_count; i++)
		rows[i] = prefs->change[i].values;
	page_if(page, S("saved"), prefs->change && (!prefs->child || prefs->change_count));
	page_if(page, S("child"), prefs->child);
	page_rows(page, S("changes"), rows, prefs->change_count);
	return OK;
}

/* More than are looked at: what was not read may be the one, so the address counts as stopped (decide.h, Q1). */
static enum err
stops_read(struct prefs *prefs)
{
	for (enum channel channel = CHANNEL_EMAIL; channel < CHANNEL_COUNT; channel++) {
		enum address address = channel_address(channel);
		struct suppression *all;
		size_t count = 0;
		prefs->stop_count[channel] = 0;
		if (address == ADDRESS_NONE || !prefs->subject->tagged[address])
			continue;
		all = arena_array(&prefs->job->arena, STOPS_MAX, sizeof(*all));
		TRY(suppressions_get(prefs->job, prefs->job->db, prefs->subject->tag[address], all, STOPS_MAX, &count));
		if (count == STOPS_MAX)
			all[0].scope = SCOPE_ALL;
		prefs->stop[channel] = all;
		prefs->stop_count[channel] = count;
	}
	return OK;
}

static enum err
prefs_show(struct prefs *prefs)
{
	struct page_object page = page_new(&prefs->job->arena, 10);

	visit_language(prefs->visit, str_from_c(prefs->subject->standing.choice.language));
	TRY(stops_read(prefs));
	TRY(put_changes(prefs, &page));
	page_if(&page, S("addressless"), !has_address(prefs));
	TRY(put_purposes(prefs, &page));
	TRY(put_others(prefs, &page));
	TRY(put_rest(prefs, &page));
	return visit_page(prefs->job, prefs->visit, 200, S("preferences.html"), &page);
}

/* --- finding the person ---------------------------------------------------------------------------- */

/* The link is for who has that address now: for nobody else who has it later, nor for this person once it is another's. */
static bool
still_theirs(const struct token_body *token, const struct subject *subject)
{
	enum address address = channel_address(token->channel);

	if (address != ADDRESS_NONE && !subject->tagged[address]) /* the last yes is told of, and nothing else */
		return !subject->tagged[ADDRESS_EMAIL] && !subject->tagged[ADDRESS_PHONE] && !subject->tagged[ADDRESS_POST];
	return address == ADDRESS_NONE ||
	       digest_equal((bytes){ subject->tag[address], DIGEST_BYTES }, (bytes){ token->digest, DIGEST_BYTES });
}

static enum err
prefs_find(struct job *job, struct visit *visit, struct prefs *prefs, struct subject *subject, bool *ret_there)
{
	enum err err;

	*ret_there = false;
	prefs->job = job;
	prefs->visit = visit;
	prefs->registry = visit->registry;
	prefs->subject = subject;
	if (!token_open(job, visit->vault, TOKEN_PREFERENCES, visit->param, &prefs->token))
		return OK;
	err = subject_get(job, visit->vault, prefs->token.subject, subject);
	if (err == ERR_ABSENT || err == ERR_GONE) {
		job_forgive(job);
		return OK;
	}
	TRY(err);
	*ret_there = still_theirs(&prefs->token, subject);
	return OK;
}

enum err
public_preferences_get(struct job *job, struct visit *visit)
{
	struct prefs *prefs = arena_alloc(&job->arena, sizeof(*prefs));
	struct subject subject;
	bool there;

	TRY(prefs_find(job, visit, prefs, &subject, &there));
	if (!there)
		return visit_no_link(job, visit);
	TRY(entry_write(job, visit->vault->store, &(struct entry){ .act = ENTRY_LEDGER_READ, .subject = subject.no }, NULL));
	return prefs_show(prefs);
}

/* --- what was sent ------------------------------------------------------------------------------------ */

/* The acts of one change, and the sentences that tell of them. */
struct wish {
	struct prefs *prefs;
	struct change *change;
	struct act_new *act;
	size_t count, room;
};

static struct act_new *
act_add(struct wish *wish, enum act act, const struct purpose_version *version, uint32_t channels)
{
	struct act_new *new = &wish->act[wish->count];

	must(wish->count < wish->room);
	wish->count++;
	*new = (struct act_new){ .act = act, .version = version, .channels = channels, .at = wish->prefs->job->now,
		                 .until_at = TIME_NEVER, .method = METHOD_PREFERENCES };
	if (act == ACT_GIVEN || act == ACT_CONFIRMED || act == ACT_WITHDRAWN || act == ACT_REFUSED)
		new->basis = BASIS_CONSENT;
	return new;
}

static struct page_object *
change_add(struct prefs *prefs, const char *word)
{
	struct page_object *row = &prefs->change[prefs->change_count++];

	*row = page_new(&prefs->job->arena, 4);
	page_say(row, S("change"), str_from_c(word));
	return row;
}

static void
tell_answer(struct prefs *prefs, const struct purpose *purpose, enum channel channel, bool yes)
{
	struct page_object *row = change_add(prefs, yes ? "@title@, @how@: yes" : "@title@, @how@: no");
	str title = version_words(purpose->active, prefs->visit->language)->title;

	page_put(row, S("title"), arena_str(&prefs->job->arena, title.len ? title : purpose->name)); /* the registry may go */
	page_say(row, S("how"), str_from_c(behind[channel]));
}

/* {"control":…,"explicit":…,"language":…}: which words were shown, and what was acted on. */
static str
evidence_of(struct job *job, const struct purpose_version *version, str language)
{
	return text_of(job, version->explicit_basis ? "{\"control\":\"unticked_box\",\"explicit\":true,\"language\":\""
	                                            : "{\"control\":\"unticked_box\",\"language\":\"",
	               language, "\"}", S(""));
}

/*= gdpr 7(1)
 *# The controller shall be able to demonstrate that the data subject has consented. */
static void
say_yes(struct wish *wish, const struct purpose *purpose, uint32_t channels)
{
	const struct purpose_version *version = purpose->active;
	const struct notice *notice = notice_shown(wish->prefs, version);
	enum address own = channel_address(wish->prefs->token.channel);
	struct act_new *act = act_add(wish, ACT_GIVEN, version, channels);
	uint32_t shown = 0;

	if (notice) {
		act->notice = (bytes){ notice->hash, sizeof(notice->hash) };
		act->evidence = evidence_of(wish->prefs->job, version, notice->language);
	}
	act->explicit_act = version->explicit_basis;
	for (enum channel channel = CHANNEL_EMAIL; channel < CHANNEL_COUNT; channel++)
		if (channels & CHANNEL_BIT(channel) && channel_address(channel) == own)
			shown |= CHANNEL_BIT(channel);
	/* The link came to that address: pressing here is the confirmation, and lifts what they stopped there (U1). */
	if (shown || channels & CHANNEL_BIT(CHANNEL_NONE))
		act_add(wish, ACT_CONFIRMED, version, shown | (channels & CHANNEL_BIT(CHANNEL_NONE)));
}

/* What there is of a yes is taken back; other marketing is objected to; who never said anything has now refused. */
static void
say_no(struct wish *wish, const struct purpose *purpose, uint32_t channels)
{
	const struct standing *standing = &wish->prefs->subject->standing;
	uint32_t withdrawn = 0, objected = 0, refused = 0;

	for (enum channel channel = CHANNEL_NONE; channel < CHANNEL_COUNT; channel++) {
		const struct permission *permission = standing_permission(standing, purpose->no, channel);
		uint32_t bit = CHANNEL_BIT(channel);
		bool open = permission && (permission->state == PERMISSION_GIVEN || permission->pending_until_at != INT64_MIN);
		if (!(channels & bit))
			continue;
		if (open)
			withdrawn |= bit;
		if (comes_anyway(wish->prefs, purpose, channel))
			objected |= bit;
		else if (!open)
			refused |= bit;
	}
	if (withdrawn)
		act_add(wish, ACT_WITHDRAWN, purpose->active, withdrawn);
	if (objected)
		act_add(wish, ACT_OBJECTED, purpose->active, objected);
	if (refused)
		act_add(wish, purpose->active->basis == BASIS_CONSENT ? ACT_REFUSED : ACT_OBJECTED, purpose->active, refused);
}

static void
wish_answers(struct wish *wish, const struct purpose *purpose)
{
	struct prefs *prefs = wish->prefs;
	uint32_t yes = 0, no = 0;

	for (enum channel channel = CHANNEL_NONE; channel < CHANNEL_COUNT; channel++) {
		struct answer answer;
		bool said_yes, said_no;
		str said;
		if (!(purpose->active->channels & CHANNEL_BIT(channel)))
			continue;
		said = form_text(&prefs->visit->form, field_name(prefs->job, purpose, channel));
		said_yes = str_eq(said, S("yes"));
		said_no = str_eq(said, S("no"));
		answer = answer_of(prefs, purpose, channel);
		if ((!said_yes && !said_no) || (said_yes && (answer.yes || answer.locked)) || 
		    (said_no && (answer.no || (answer.locked && !answer.yes && !answer.waits))) || (said_yes && prefs->child))
			continue;
		if (said_yes)
			yes |= CHANNEL_BIT(channel);
		else
			no |= CHANNEL_BIT(channel);
		tell_answer(prefs, purpose, channel, said_yes);
	}
	if (yes && purpose->active->basis == BASIS_CONSENT)
		say_yes(wish, purpose, yes);
	if (no)
		say_no(wish, purpose, no);
}

static void
choose(struct wish *wish, const struct buf *detail)
{
	act_add(wish, ACT_CHOSEN, NULL, CHANNELS_ALL)->detail = arena_bytes(&wish->prefs->job->arena, buf_bytes(detail));
}

static enum err
wish_pause(struct wish *wish)
{
	OWNED(buf_release) struct buf detail = { .max = 16 };
	struct prefs *prefs = wish->prefs;
	struct job *job = prefs->job;
	str said = form_text(&prefs->visit->form, S("pause")), date;
	bool paused = job->now < prefs->subject->standing.choice.paused_until_at;
	time_us until = 0;

	for (size_t i = 0; i < COUNT(pauses); i++) {
		uint64_t days;
		if (str_eq(said, str_from_c(pauses[i].value)) && str_u64(said, &days))
			until = job->now + (time_us)days * TIME_DAY;
	}
	if (!until && !(paused && str_eq(said, S("none"))))
		return OK;
	buf_u8(&detail, CHOICE_PAUSE);
	buf_le64(&detail, (uint64_t)until);
	choose(wish, &detail);
	if (!until) {
		change_add(prefs, "The pause is over");
		return OK;
	}
	TRY(page_date(job, prefs->visit->language, until, prefs->registry->zone_minutes, &date));
	page_put(change_add(prefs, "No news or offers before @date@"), S("date"), date);
	return OK;
}

static void
wish_often(struct wish *wish)
{
	str said = form_text(&wish->prefs->visit->form, S("often"));

	for (size_t i = 0; i < COUNT(oftens); i++) {
		OWNED(buf_release) struct buf detail = { .max = 16 };
		if (!str_eq(said, str_from_c(oftens[i].value)) || wish->prefs->subject->standing.choice.at_most_days == oftens[i].days)
			continue;
		buf_u8(&detail, CHOICE_OFTEN);
		buf_le16(&detail, oftens[i].at_most);
		buf_le16(&detail, oftens[i].days);
		choose(wish, &detail);
		change_add(wish->prefs, oftens[i].changed);
	}
}

/* Only what differs from the language that the page was in: who never touched it chose nothing. */
static void
wish_language(struct wish *wish)
{
	OWNED(buf_release) struct buf detail = { .max = 16 };
	struct prefs *prefs = wish->prefs;
	str said = form_text(&prefs->visit->form, S("language"));

	if (!said.len || !page_language_known(&public_pages, said) ||
	    str_eq(said, str_from_c(prefs->subject->standing.choice.language)) || str_eq(said, form_text(&prefs->visit->form, S("shown"))))
		return;
	buf_u8(&detail, CHOICE_LANGUAGE);
	buf_put(&detail, said);
	choose(wish, &detail);
	prefs->visit->language = page_language(&public_pages, said);
	for (size_t i = 0; i < public_pages.language_count; i++)
		if (str_eq(public_pages.languages[i].code, said))
			page_put(change_add(prefs, "Language: @name@"), S("name"), public_pages.languages[i].name);
}

/*= gdpr 21(2)
 *# The data subject shall have the right to object at any time to processing of personal data
 *# concerning him or her for direct marketing. */
static void
wish_stop(struct wish *wish)
{
	const struct registry *registry = wish->prefs->registry;

	for (size_t i = 0; i < registry->purpose_count; i++) {
		const struct purpose *purpose = &registry->purpose[i];
		uint32_t open = 0;
		for (enum channel channel = CHANNEL_NONE; is_choice(purpose) && channel < CHANNEL_COUNT; channel++) {
			const struct permission *permission = standing_permission(&wish->prefs->subject->standing, purpose->no, channel);
			if (permission && (permission->state == PERMISSION_GIVEN || permission->pending_until_at != INT64_MIN))
				open |= CHANNEL_BIT(channel);
		}
		if (open)
			act_add(wish, ACT_WITHDRAWN, purpose->active, open);
	}
	act_add(wish, ACT_OBJECTED, NULL, CHANNELS_ALL);
	change_add(wish->prefs, "Everything is stopped. You get no more news or offers from us in any way.");
}

static bool
stopped_already(const struct prefs *prefs)
{
	const struct standing *standing = &prefs->subject->standing;
	time_us objected_at = 0;

	for (size_t i = 0; i < standing->permission_count; i++)
		if (is_given(&standing->permission[i], prefs->job->now) || standing->permission[i].pending_until_at != INT64_MIN)
			return false;
	for (enum channel channel = CHANNEL_EMAIL; channel < CHANNEL_COUNT; channel++)
		if (!standing_objected(standing, 0, true, channel, &objected_at))
			return false;
	return true;
}

static enum err
prefs_fill(struct job *job, struct vault *vault, struct change *change, void *ctx)
{
	struct prefs *prefs = ctx;
	const struct registry *registry = change->registry;
	struct wish wish = { .prefs = prefs, .change = change, .room = ACTS_OF_ONE_MAX * LIMIT_PURPOSES + 4 };

	prefs->registry = registry;
	prefs->subject = &change->subject;
	prefs->change_count = 0;
	if (!still_theirs(&prefs->token, &change->subject))
		return fail(job, ERR_GONE, "the address is another's now");
	TRY(stops_read(prefs));
	wish.act = arena_array(&job->arena, wish.room, sizeof(*wish.act));
	if (str_eq(form_text(&prefs->visit->form, S("do")), S("stop"))) {
		if (stopped_already(prefs))
			change_add(prefs, "Everything is stopped. You get no more news or offers from us in any way.");
		else
			wish_stop(&wish);
	} else {
		wish_language(&wish); /* first: what is told is told in it */
		for (size_t i = 0; i < registry->purpose_count; i++)
			if (is_choice(&registry->purpose[i]))
				wish_answers(&wish, &registry->purpose[i]);
		TRY(wish_pause(&wish));
		wish_often(&wish);
	}
	change->entry = ENTRY_ACT;
	change->act = wish.act;
	change->act_count = wish.count;
	return wish.count ? OK : fail(job, ERR_CONFLICT, "nothing is to be changed");
}

enum err
public_preferences_post(struct job *job, struct visit *visit)
{
	struct prefs *prefs = arena_alloc(&job->arena, sizeof(*prefs));
	struct change_result result;
	struct subject subject;
	bool there;
	enum err err;
	str what = form_text(&visit->form, S("do"));

	TRY(prefs_find(job, visit, prefs, &subject, &there));
	if (!there)
		return visit_no_link(job, visit);
	if (!str_eq(what, S("save")) && !str_eq(what, S("stop")))
		return fail(job, ERR_MALFORMED, "the form does not say what is to be done");
	visit_language(visit, str_from_c(subject.standing.choice.language));
	prefs->change = arena_array(&job->arena, CHANGES_MAX, sizeof(*prefs->change));
	err = subject_change(job, visit->vault, prefs->token.subject, prefs_fill, prefs, &result);
	if (err == ERR_CHILD) { /* their yes does not count; their no does */
		job_forgive(job);
		prefs->child = true;
		err = subject_change(job, visit->vault, prefs->token.subject, prefs_fill, prefs, &result);
	}
	if (err == ERR_GONE)
		return visit_no_link(job, visit);
	if (err == ERR_CONFLICT) { /* nothing was changed: what is shown is a look (I4) */
		job_forgive(job);
		err = entry_write(job, visit->vault->store,
		                  &(struct entry){ .act = ENTRY_LEDGER_READ, .subject = subject.no }, NULL);
	}
	TRY(err);
	prefs->registry = visit->registry;
	TRY(subject_get(job, visit->vault, prefs->token.subject, &subject));
	prefs->subject = &subject;
	return prefs_show(prefs);
}
