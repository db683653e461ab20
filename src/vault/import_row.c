/* vault/import_row.c -- one row of a list: values, the evidence of a yes, and noes (M1, M3).
 *
 * The two are read with opposite care: for a yes everything must be there and clear, for a no it is
 * enough that the list does not clearly say otherwise. */
#include "vault/import_parts.h"

#include "base/limits.h"

#define EVIDENCE_TEXT_MAX 2000
#define YEAR_OLDEST 1990 /* nobody consented to electronic mail before */

/* --- times ------------------------------------------------------------------------------------ */

static bool
eat_number(str *rest, size_t digits_max, uint64_t *ret)
{
	size_t digits = 0;

	while (digits < rest->len && digits < digits_max && rest->ptr[digits] >= '0' &&
	       rest->ptr[digits] <= '9')
		digits++;
	return digits && eat_digits(rest, digits, ret);
}

static bool
eat_mark(str *rest, char *mark)
{
	if (!rest->len || (*mark && rest->ptr[0] != *mark))
		return false;
	*mark = rest->ptr[0];
	*rest = str_from(*rest, 1);
	return *mark == '-' || *mark == '/' || *mark == '.';
}

static bool
eat_day(str *rest, enum date_order order, struct date *ret)
{
	uint64_t part[3];
	char mark = 0;

	if (!eat_number(rest, 4, &part[0]) || !eat_mark(rest, &mark) || !eat_number(rest, 4, &part[1]) ||
	    !eat_mark(rest, &mark) || !eat_number(rest, 4, &part[2]))
		return false;
	if (part[0] > 999)
		*ret = (struct date){ (int)part[0], (int)part[1], (int)part[2] };
	else if (order == ORDER_DAY_FIRST)
		*ret = (struct date){ (int)part[2], (int)part[1], (int)part[0] };
	else if (order == ORDER_MONTH_FIRST)
		*ret = (struct date){ (int)part[2], (int)part[0], (int)part[1] };
	else
		return false; /* 3/4/2024 is two days: somebody has to say which */
	return date_valid(*ret);
}

static bool
eat_clock(str *rest, time_us *ret)
{
	uint64_t hour, minute, second = 0, fraction;
	bool pm, am;

	if (!eat_number(rest, 2, &hour) || !eat_char(rest, ':') || !eat_digits(rest, 2, &minute))
		return false;
	if (eat_char(rest, ':') && !eat_digits(rest, 2, &second))
		return false;
	if (eat_char(rest, '.') && !eat_number(rest, 9, &fraction))
		return false;
	*rest = str_trim(*rest);
	pm = str_eq_fold(str_first(*rest, 2), S("PM"));
	am = str_eq_fold(str_first(*rest, 2), S("AM"));
	if (pm || am) {
		*rest = str_trim(str_from(*rest, 2));
		if (!hour || hour > 12)
			return false;
		hour = hour % 12 + (pm ? 12 : 0);
	}
	*ret = (time_us)(hour * 3600 + minute * 60 + second) * TIME_SECOND;
	return hour < 24 && minute < 60 && second < 60;
}

bool
list_time(str text, enum date_order order, time_us *ret, bool *ret_whole_day)
{
	struct date day;
	time_us clock = 0;

	text = str_trim(text);
	*ret_whole_day = false;
	if (time_parse(text, ret))
		return true;
	if (!eat_day(&text, order, &day))
		return false;
	*ret_whole_day = !text.len;
	if (text.len) {
		if (!eat_char(&text, ' ') && !eat_char(&text, 'T'))
			return false;
		text = str_trim(text);
		if (!eat_clock(&text, &clock))
			return false;
		if (text.len && !str_eq(text, S("Z")) && !str_eq_fold(text, S("UTC")) &&
		    !str_eq_fold(text, S("GMT")) && !str_eq(text, S("+0000")))
			return false; /* other zones by name mean different things to different people */
	}
	*ret = date_time(day) + clock;
	return true;
}

/* --- words ------------------------------------------------------------------------------------ */

static bool
one_of(str word, const char *const *list)
{
	for (; *list; list++)
		if (str_eq_fold(word, str_from_c(*list)))
			return true;
	return false;
}

/* What programs write for "nothing", zero dates of databases included. */
static bool
is_nothing(str cell)
{
	static const char *const words[] = { "null", "\\N", "n/a", "na", "none", "nil", "-", "--", NULL };
	bool digit = false;

	if (!cell.len || one_of(cell, words))
		return true;
	for (size_t i = 0; i < cell.len; i++) {
		if (!memchr("0-/.: T", cell.ptr[i], 7))
			return false;
		digit |= cell.ptr[i] == '0';
	}
	return digit;
}

static bool
is_yes(str cell)
{
	static const char *const words[] = { "yes", "y", "true", "t", "1", "x", "on", "ja", "j", "sant",
		                             "opted in", "opted-in", "subscribed", "given", NULL };

	return one_of(cell, words);
}

static bool
is_clear_no(str cell)
{
	static const char *const words[] = { "no", "n", "false", "f", "0", "off", "nej", "falskt", NULL };

	return is_nothing(cell) || one_of(cell, words);
}

enum status { STATUS_YES, STATUS_UNCLEAR, STATUS_UNSUBSCRIBED, STATUS_BLOCKED, STATUS_BOUNCED,
	      STATUS_COMPLAINED };

static enum status
status_of(str cell)
{
	static const struct {
		const char *word;
		enum status status;
	} words[] = {
		{ "subscribed", STATUS_YES },
		{ "active", STATUS_YES },
		{ "enabled", STATUS_YES },
		{ "confirmed", STATUS_YES },
		{ "given", STATUS_YES },
		{ "opted in", STATUS_YES },
		{ "prenumererar", STATUS_YES },
		{ "aktiv", STATUS_YES },
		{ "unsubscribed", STATUS_UNSUBSCRIBED },
		{ "unsubscribe", STATUS_UNSUBSCRIBED },
		{ "opted out", STATUS_UNSUBSCRIBED },
		{ "opted-out", STATUS_UNSUBSCRIBED },
		{ "withdrawn", STATUS_UNSUBSCRIBED },
		{ "avregistrerad", STATUS_UNSUBSCRIBED },
		{ "avslutad", STATUS_UNSUBSCRIBED },
		{ "blocklisted", STATUS_BLOCKED },
		{ "blacklisted", STATUS_BLOCKED },
		{ "blocked", STATUS_BLOCKED },
		{ "suppressed", STATUS_BLOCKED },
		{ "cleaned", STATUS_BOUNCED },
		{ "bounced", STATUS_BOUNCED },
		{ "hard bounced", STATUS_BOUNCED },
		{ "hard_bounced", STATUS_BOUNCED },
		{ "undeliverable", STATUS_BOUNCED },
		{ "studsad", STATUS_BOUNCED },
		{ "complained", STATUS_COMPLAINED },
		{ "complaint", STATUS_COMPLAINED },
		{ "spam", STATUS_COMPLAINED },
		{ "abuse", STATUS_COMPLAINED },
	};

	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq_fold(cell, str_from_c(words[i].word)))
			return words[i].status;
	return STATUS_UNCLEAR;
}

str
cell_first(str cell)
{
	size_t at;

	return str_find(cell, S(" ::: "), &at) ? str_trim(str_first(cell, at)) : cell;
}

/* --- a row being read ------------------------------------------------------------------------- */

/* A time column: nothing, a time, or something else. */
struct time_cell {
	bool there, readable, whole_day;
	time_us at;
};

struct reading {
	struct job *job;
	const struct import_run *run;
	struct import_row *row;
	uint64_t line;
	str region;          /* from the row's own country */
	str given, family;
	bool email_bad, phone_bad;
	/* what the special columns say */
	bool says_not_yes, says_yes;
	bool flag[NO_KINDS]; /* a flag or a word, not only a time */
	struct time_cell consent_at, confirmed_at, unsubscribed_at, bounced_at;
	str source, words, reference;
};

static void
note(struct reading *reading, enum import_reason reason)
{
	reading->row->reasons |= WHY_BIT(reason);
}

static void
problem(struct reading *reading, enum import_reason reason, const struct field *field)
{
	struct import_row *row = reading->row;

	row->problem[row->problem_count++] =
		(struct row_problem){ reading->line, reason, field ? field->no : 0 };
	note(reading, reason);
	row->bad |= why_kind(reason) == REASON_BAD;
}

/* --- values ----------------------------------------------------------------------------------- */

static bool
parse(struct reading *reading, enum type type, const struct field *field, str cell, str *ret)
{
	OWNED(buf_release) struct buf out = { .max = LIMIT_VALUE_BYTES };
	struct type_context context = { .region = reading->region, .now = reading->job->now };
	const char *why = NULL;

	if (!context.region.len)
		context.region = reading->run->settings->region;
	if (field) {
		context.options = field->options;
		context.option_count = field->option_count;
		if (!context.region.len)
			context.region = field->region;
	}
	if (!type_parse(type, &context, cell, &out, &why))
		return false;
	*ret = arena_str(&reading->job->arena, buf_str(&out));
	return true;
}

static bool
has_value(const struct import_row *row, const struct field *field)
{
	for (size_t i = 0; i < row->value_count; i++)
		if (row->value[i].field == field)
			return true;
	return false;
}

static void
value_put(struct reading *reading, const struct field *field, str text)
{
	struct import_row *row = reading->row;

	if (!field || has_value(row, field))
		return; /* of two columns for one field the first that is filled wins */
	row->value[row->value_count++] =
		(struct value_set){ field, text, reading->run->settings->origin };
	if (field == reading->run->key_field)
		row->key = text;
}

static enum type
value_type(const struct column_use *column)
{
	if (column->role == ROLE_EMAIL || column->role == ROLE_PHONE)
		return column->role == ROLE_EMAIL ? TYPE_EMAIL : TYPE_PHONE;
	return column->field->type;
}

/* Brevo writes international numbers without their plus. */
static bool
phone_without_plus(struct reading *reading, const struct field *field, str cell, str *ret)
{
	OWNED(buf_release) struct buf number = { .max = 32 };

	if (reading->run->preset != PRESET_BREVO || cell.len < 8)
		return false;
	buf_char(&number, '+');
	buf_put(&number, cell);
	return buf_ok(&number) && parse(reading, TYPE_PHONE, field, buf_str(&number), ret);
}

static void
value_read_cell(struct reading *reading, const struct column_use *column, str cell)
{
	struct import_row *row = reading->row;
	enum type type = value_type(column);
	bool is_email = type == TYPE_EMAIL && (column->role == ROLE_EMAIL || column->field->address == ADDRESS_EMAIL);
	bool is_phone = type == TYPE_PHONE && (column->role == ROLE_PHONE || column->field->address == ADDRESS_PHONE);
	str text;

	if ((column->field && has_value(row, column->field)) || (is_email && row->email.len))
		return;
	cell = cell_first(cell);
	if (!parse(reading, type, column->field, cell, &text) &&
	    !(is_phone && phone_without_plus(reading, column->field, cell, &text))) {
		reading->email_bad |= is_email;
		reading->phone_bad |= is_phone;
		if (!is_email)
			problem(reading, WHY_VALUE, column->field);
		return;
	}
	if (is_email)
		row->email = text;
	if (is_phone && !row->phone.len)
		row->phone = text;
	value_put(reading, column->field, text);
}

/* A vault that keeps whole names gets one from its parts. */
static void
name_compose(struct reading *reading)
{
	OWNED(buf_release) struct buf whole = { .max = 4096 };
	const struct import_run *run = reading->run;
	str text;

	if ((run->given_name && run->family_name) || !run->full_name ||
	    has_value(reading->row, run->full_name) || (!reading->given.len && !reading->family.len))
		return;
	buf_put(&whole, reading->given);
	if (reading->given.len && reading->family.len)
		buf_char(&whole, ' ');
	buf_put(&whole, reading->family);
	if (buf_ok(&whole) && parse(reading, TYPE_NAME, run->full_name, buf_str(&whole), &text))
		value_put(reading, run->full_name, text);
	else
		problem(reading, WHY_VALUE, run->full_name);
}

/* --- evidence --------------------------------------------------------------------------------- */

static void
time_cell(const struct reading *reading, str cell, struct time_cell *ret)
{
	if (is_nothing(cell) || ret->there)
		return;
	ret->there = true;
	ret->readable = list_time(cell, reading->run->settings->date_order, &ret->at, &ret->whole_day);
}

static bool
text_usable(str cell)
{
	return !is_nothing(cell) && cell.len <= EVIDENCE_TEXT_MAX && str_printable(cell);
}

/* A time of consent that may be believed. */
static bool
time_believed(struct reading *reading, const struct time_cell *cell)
{
	if (!cell->readable)
		problem(reading, WHY_TIME, NULL);
	else if (cell->at > reading->job->now)
		problem(reading, WHY_TIME_FUTURE, NULL);
	else if (date_of(cell->at).year < YEAR_OLDEST)
		problem(reading, WHY_TIME_ABSURD, NULL);
	else
		return true;
	return false;
}

/* Names in the order that makes it canonical. */
static str
evidence_put(struct reading *reading, str source, str words, str reference)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_EVIDENCE_BYTES };
	const struct import_run *run = reading->run;
	struct json_out out;

	json_out_begin(&out, &text);
	json_open(&out, '{');
	json_name(&out, S("evidence"));
	json_open(&out, '{');
	if (reading->confirmed_at.there)
		json_pair_time(&out, S("confirmed_at"), reading->confirmed_at.at);
	json_pair_str(&out, S("imported_from"), run->settings->source);
	if (reference.len)
		json_pair_str(&out, S("reference"), reference);
	json_pair_str(&out, S("source"), source);
	if (words.len)
		json_pair_str(&out, S("words"), words);
	json_close(&out, '}');
	json_close(&out, '}');
	return buf_ok(&text) ? arena_str(&reading->job->arena, buf_str(&text)) : S("");
}

static bool
confirmation_read(struct reading *reading)
{
	const struct time_cell *given = &reading->consent_at, *confirmed = &reading->confirmed_at;
	time_us day_end = confirmed->at + (confirmed->whole_day ? TIME_DAY - 1 : 0);

	if (!confirmed->there)
		return true;
	if (!time_believed(reading, confirmed))
		return false;
	if (day_end < given->at) {
		problem(reading, WHY_TIME_ORDER, NULL);
		return false;
	}
	reading->row->consent.confirmed_at = confirmed->at < given->at ? given->at : confirmed->at;
	return true;
}

/*= gdpr 7(1)
 *# The controller shall be able to demonstrate that the data subject has consented. */
static void
consent_read(struct reading *reading)
{
	const struct import_settings *settings = reading->run->settings;
	struct import_row *row = reading->row;
	str source = reading->source.len ? reading->source : settings->evidence_source;
	str words = reading->words.len ? reading->words : settings->evidence_words;
	str reference = reading->reference.len ? reading->reference : settings->evidence_reference;
	bool complete = !reading->says_not_yes;

	if (!settings->consent_count)
		return;
	if (reading->consent_at.there && !time_believed(reading, &reading->consent_at))
		return;
	row->consent.confirmed_at = TIME_NEVER;
	if (reading->consent_at.there && !confirmation_read(reading))
		return;
	if (reading->says_not_yes)
		note(reading, WHY_NOT_YES);
	if (!reading->consent_at.there) /* M1: a time that is everybody's is nobody's */
		note(reading, WHY_NO_TIME);
	if (!source.len)
		note(reading, WHY_NO_SOURCE);
	if (!words.len && !reference.len && !settings->notice_given)
		note(reading, WHY_NO_WORDS);
	complete &= reading->consent_at.there && source.len &&
	            (words.len || reference.len || settings->notice_given);
	if (!complete)
		return;
	row->consent.at = reading->consent_at.at;
	row->consent.evidence = evidence_put(reading, source, words, reference);
	row->consents = row->consent.evidence.len > 0;
}

/* --- noes ------------------------------------------------------------------------------------- */

static void
digest_of(const struct import_run *run, enum address address, str canonical,
          uint8_t ret[DIGEST_BYTES])
{
	OWNED(buf_release) struct buf match = { .max = 4 * LIMIT_VALUE_BYTES };

	type_match(address == ADDRESS_EMAIL ? TYPE_EMAIL : TYPE_PHONE, canonical, &match);
	suppression_digest(run->vault, address, buf_str(&match), ret);
}

/* When the person said so: never in the future, and of a day its end, so that it outweighs a yes of
 * that day. */
static void
no_time(struct reading *reading, const struct time_cell *cell, struct want_no *no)
{
	time_us at = cell->at + (cell->whole_day ? TIME_DAY - 1 : 0);

	no->at = reading->run->as_of;
	no->timed = reading->run->settings->as_of != TIME_NEVER;
	if (!cell->there)
		return;
	if (!cell->readable || cell->at > reading->job->now || date_of(cell->at).year < YEAR_OLDEST) {
		problem(reading, WHY_NO_TIME_READ, NULL);
		return;
	}
	no->timed = true;
	no->at = at < reading->job->now ? at : reading->job->now;
}

static void
no_put(struct reading *reading, enum no_kind kind, enum address address,
       const struct time_cell *cell)
{
	struct import_row *row = reading->row;
	struct want_no no = { .kind = kind };
	str value = address == ADDRESS_EMAIL ? row->email : row->phone;

	no_time(reading, cell, &no);
	if (value.len) {
		no.address = address;
		digest_of(reading->run, address, value, no.digest);
	} else {
		problem(reading, WHY_NO_ADDRESS_READ, NULL);
	}
	row->no[row->no_count++] = no;
}

/* The addresses that the list's own purposes reach. */
static void
no_list_put(struct reading *reading)
{
	const struct import_settings *settings = reading->run->settings;
	uint32_t channels = 0;

	for (size_t i = 0; i < settings->consent_count; i++)
		channels |= settings->consent[i].channels;
	if (!settings->consent_count) { /* from what, nobody said: then from all marketing by e-mail */
		no_put(reading, NO_EMAIL, ADDRESS_EMAIL, &reading->unsubscribed_at);
		return;
	}
	if (channels & CHANNEL_BIT(CHANNEL_EMAIL) || !reading->row->phone.len)
		no_put(reading, NO_LIST, ADDRESS_EMAIL, &reading->unsubscribed_at);
	if (channels & (CHANNEL_BIT(CHANNEL_SMS) | CHANNEL_BIT(CHANNEL_CALL)) && reading->row->phone.len)
		no_put(reading, NO_LIST, ADDRESS_PHONE, &reading->unsubscribed_at);
}

/* Unsubscribed by its time alone, signed up again after it, and the row says so. */
static bool
came_back(const struct reading *reading)
{
	const struct time_cell *yes = &reading->consent_at, *no = &reading->unsubscribed_at;

	return no->there && no->readable && yes->there && yes->readable && reading->says_yes &&
	       !reading->says_not_yes && yes->at <= reading->job->now &&
	       yes->at > no->at + (no->whole_day ? TIME_DAY - 1 : 0);
}

static void
noes_read(struct reading *reading)
{
	static const struct time_cell untimed = { 0 };
	bool list = reading->flag[NO_LIST] || (reading->unsubscribed_at.there && !came_back(reading));

	if (list) {
		note(reading, WHY_UNSUBSCRIBED);
		no_list_put(reading);
	}
	if (reading->flag[NO_EMAIL]) {
		note(reading, WHY_UNSUBSCRIBED);
		no_put(reading, NO_EMAIL, ADDRESS_EMAIL, &untimed);
	}
	if (reading->flag[NO_SMS]) {
		note(reading, WHY_UNSUBSCRIBED);
		no_put(reading, NO_SMS, ADDRESS_PHONE, &untimed);
	}
	if (reading->flag[NO_CALLS]) {
		note(reading, WHY_NO_CALLS);
		no_put(reading, NO_CALLS, ADDRESS_PHONE, &untimed);
	}
	if (reading->flag[NO_COMPLAINT]) {
		note(reading, WHY_COMPLAINED);
		no_put(reading, NO_COMPLAINT, ADDRESS_EMAIL, &untimed);
	}
	if (reading->flag[NO_BOUNCE] || reading->bounced_at.there) {
		note(reading, WHY_BOUNCED);
		no_put(reading, NO_BOUNCE, ADDRESS_EMAIL, &reading->bounced_at);
	}
}

/* --- cells ------------------------------------------------------------------------------------ */

static void
status_read(struct reading *reading, str cell)
{
	if (is_nothing(cell))
		return;
	switch (status_of(cell)) {
	case STATUS_YES:
		reading->says_yes = true;
		return;
	case STATUS_UNCLEAR:
		break;
	case STATUS_UNSUBSCRIBED:
		reading->flag[NO_LIST] = true;
		break;
	case STATUS_BLOCKED:
		reading->flag[NO_EMAIL] = true;
		break;
	case STATUS_BOUNCED:
		reading->flag[NO_BOUNCE] = true;
		break;
	case STATUS_COMPLAINED:
		reading->flag[NO_COMPLAINT] = true;
		break;
	}
	reading->says_not_yes = true;
}

static void
text_cell(str cell, str *ret)
{
	if (!ret->len && text_usable(cell))
		*ret = cell;
}

static void
since_read(struct reading *reading, str cell)
{
	struct time_cell since = { 0 };

	time_cell(reading, cell, &since);
	if (!since.there)
		return;
	if (since.readable && since.at <= reading->job->now)
		reading->row->since_at = since.at;
	else
		problem(reading, WHY_VALUE, NULL);
}

static void
cell_read(struct reading *reading, const struct column_use *column, str cell)
{
	switch (column->role) {
	case ROLE_UNKNOWN:
	case ROLE_IGNORED:
	case ROLE_COUNT:
		break;
	case ROLE_GIVEN_NAME:
		if (!reading->given.len)
			reading->given = cell;
		if (column->field && cell.len)
			value_read_cell(reading, column, cell);
		break;
	case ROLE_FAMILY_NAME:
		if (!reading->family.len)
			reading->family = cell;
		if (column->field && cell.len)
			value_read_cell(reading, column, cell);
		break;
	case ROLE_EMAIL:
	case ROLE_PHONE:
		if (!is_nothing(cell))
			value_read_cell(reading, column, cell);
		break;
	case ROLE_FIELD: /* a text that persons are found by is a number of theirs: it can show a contract */
		if (column->field && column->field->type == TYPE_TEXT && column->field->lookup == LOOKUP_EXACT)
			text_cell(cell, &reading->row->reference);
		if (column->field && cell.len)
			value_read_cell(reading, column, cell);
		break;
	case ROLE_FULL_NAME:
	case ROLE_STREET:
	case ROLE_POSTCODE:
	case ROLE_CITY:
	case ROLE_REGION:
	case ROLE_COUNTRY:
	case ROLE_BIRTH_DATE:
	case ROLE_LANGUAGE:
	case ROLE_COMPANY:
	case ROLE_URL:
	case ROLE_PERSONNUMMER:
		if (column->field && cell.len)
			value_read_cell(reading, column, cell);
		break;
	case ROLE_CONSENT:
		reading->says_yes |= is_yes(cell);
		reading->says_not_yes |= !is_yes(cell);
		break;
	case ROLE_CONSENT_AT:
		time_cell(reading, cell, &reading->consent_at);
		break;
	case ROLE_CONFIRMED_AT:
		time_cell(reading, cell, &reading->confirmed_at);
		break;
	case ROLE_CONSENT_SOURCE:
		text_cell(cell, &reading->source);
		break;
	case ROLE_CONSENT_WORDS:
		text_cell(cell, &reading->words);
		break;
	case ROLE_CONSENT_REFERENCE:
		text_cell(cell, &reading->reference);
		break;
	case ROLE_STATUS:
		status_read(reading, cell);
		break;
	case ROLE_UNSUBSCRIBED:
		reading->flag[NO_LIST] |= !is_clear_no(cell);
		break;
	case ROLE_UNSUBSCRIBED_AT:
		time_cell(reading, cell, &reading->unsubscribed_at);
		break;
	case ROLE_NO_EMAIL:
		reading->flag[NO_EMAIL] |= !is_clear_no(cell);
		break;
	case ROLE_NO_SMS:
		reading->flag[NO_SMS] |= !is_clear_no(cell);
		break;
	case ROLE_NO_CALLS:
		reading->flag[NO_CALLS] |= !is_clear_no(cell);
		break;
	case ROLE_BOUNCED:
		reading->flag[NO_BOUNCE] |= !is_clear_no(cell);
		break;
	case ROLE_BOUNCED_AT:
		time_cell(reading, cell, &reading->bounced_at);
		break;
	case ROLE_COMPLAINED:
		reading->flag[NO_COMPLAINT] |= !is_clear_no(cell);
		break;
	case ROLE_REFERENCE:
		text_cell(cell, &reading->row->reference);
		break;
	case ROLE_SINCE:
		since_read(reading, cell);
		break;
	}
}

static void
country_read(struct reading *reading, const str *cell, size_t count)
{
	const struct import_run *run = reading->run;

	for (size_t i = 0; i < run->column_count && i < count; i++)
		if (run->column[i].role == ROLE_COUNTRY && str_trim(cell[i]).len &&
		    parse(reading, TYPE_COUNTRY, NULL, cell[i], &reading->region))
			return;
}

/* A column that says yes or no and has no cell says no yes. */
static void
missing_cells(struct reading *reading, size_t count)
{
	for (size_t i = count; i < reading->run->column_count; i++)
		reading->says_not_yes |= reading->run->column[i].role == ROLE_CONSENT;
}

static bool
is_empty(const str *cell, size_t from, size_t count)
{
	for (size_t i = from; i < count; i++)
		if (str_trim(cell[i]).len)
			return false;
	return true;
}

static void
key_check(struct reading *reading)
{
	const struct import_run *run = reading->run;
	struct import_row *row = reading->row;

	if (reading->email_bad && !row->email.len)
		problem(reading, WHY_ADDRESS, run->email_field);
	else if (run->key_field ? !row->key.len : !row->email.len && !row->phone.len)
		problem(reading, WHY_NO_KEY, run->key_field);
	else if (!run->key_field && !row->email.len &&
	         !(run->phone_field && run->phone_field->lookup == LOOKUP_EXACT))
		problem(reading, WHY_NO_KEY, run->phone_field);
}

/* Beyond calls and text messages: then nobody need look for a yes in this row. */
static bool
is_no_to_all(const struct import_row *row)
{
	for (size_t i = 0; i < row->no_count; i++)
		if (row->no[i].kind != NO_SMS && row->no[i].kind != NO_CALLS)
			return true;
	return false;
}

void
row_room(struct job *job, const struct import_run *run, struct import_row *ret)
{
	*ret = (struct import_row){
		.value = arena_array(&job->arena, run->column_count + 2, sizeof(*ret->value)),
		.problem = arena_array(&job->arena, run->column_count + 16, sizeof(*ret->problem)),
	};
}

void
row_read(struct job *job, const struct import_run *run, const str *cell, size_t count,
         uint64_t line, struct import_row *ret)
{
	struct reading reading = { .job = job, .run = run, .row = ret, .line = line };

	*ret = (struct import_row){ .since_at = TIME_NEVER, .value = ret->value, .problem = ret->problem };
	if (is_empty(cell, 0, count)) {
		ret->empty = true;
		note(&reading, WHY_EMPTY);
		return;
	}
	if (count > run->column_count && !is_empty(cell, run->column_count, count)) {
		problem(&reading, WHY_COLUMNS, NULL);
		return;
	}
	country_read(&reading, cell, count);
	for (size_t i = 0; i < run->column_count && i < count; i++)
		cell_read(&reading, &run->column[i], str_trim(cell[i]));
	missing_cells(&reading, count);
	name_compose(&reading);
	key_check(&reading);
	noes_read(&reading);
	if (!is_no_to_all(ret))
		consent_read(&reading);
	/* Borrowed from the reader's row until now. */
	ret->reference = arena_str(&job->arena, ret->reference);
}
