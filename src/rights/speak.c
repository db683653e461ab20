/* rights/speak.c -- contract: speak.h. */
#include "rights/speak.h"

#include "base/must.h"

struct spoken {
	enum speak list;
	str word;
	str text[LANGUAGE_COUNT];
};

#define TEXT(literal) { literal, sizeof(literal) - 1 }
static const struct spoken spoken[] = {
#define W(list, word, sv, en) { SPEAK_##list, TEXT(word), { TEXT(sv), TEXT(en) } },
#include "rights/speak.def"
#undef W
};

bool
language_find(str code, enum language *ret)
{
	bool swedish = str_eq(code, S("sv"));

	if (!swedish && !str_eq(code, S("en")))
		return false;
	*ret = swedish ? SWEDISH : ENGLISH;
	return true;
}

str
language_code(enum language language)
{
	return language == SWEDISH ? S("sv") : S("en");
}

static const struct spoken *
find(enum speak list, str word)
{
	for (size_t i = 0; i < COUNT(spoken); i++)
		if (spoken[i].list == list && str_eq(spoken[i].word, word))
			return &spoken[i];
	return NULL;
}

bool
speak_known(enum speak list, str word)
{
	return find(list, word);
}

str
speak(enum speak list, str word, enum language language)
{
	const struct spoken *row = find(list, word);

	return row ? row->text[language] : word;
}

/* --- times ------------------------------------------------------------------------------------ */

static const str months[LANGUAGE_COUNT][12] = {
	{ TEXT("januari"), TEXT("februari"), TEXT("mars"), TEXT("april"), TEXT("maj"), TEXT("juni"),
	  TEXT("juli"), TEXT("augusti"), TEXT("september"), TEXT("oktober"), TEXT("november"), TEXT("december") },
	{ TEXT("January"), TEXT("February"), TEXT("March"), TEXT("April"), TEXT("May"), TEXT("June"),
	  TEXT("July"), TEXT("August"), TEXT("September"), TEXT("October"), TEXT("November"), TEXT("December") },
};

void
speak_time(struct buf *out, time_us at, int64_t zone_minutes, enum language language)
{
	time_us local = at + zone_minutes * 60 * TIME_SECOND;
	struct date date = date_of(local);
	int64_t minute = (local - date_time(date)) / (60 * TIME_SECOND);

	buf_dec(out, date.day);
	buf_char(out, ' ');
	buf_put(out, months[language][date.month - 1]);
	buf_char(out, ' ');
	buf_dec(out, date.year);
	buf_put(out, language == SWEDISH ? S(" kl. ") : S(", "));
	buf_pad(out, (uint64_t)minute / 60, 2);
	buf_char(out, language == SWEDISH ? '.' : ':');
	buf_pad(out, (uint64_t)minute % 60, 2);
}

struct unit {
	uint32_t number;
	const char *name[LANGUAGE_COUNT][2]; /* one, several */
};

void
speak_duration(struct buf *out, struct duration duration, enum language language)
{
	struct unit unit[] = {
		{ duration.months / 12, { { " år", " år" }, { " year", " years" } } },
		{ duration.months % 12, { { " månad", " månader" }, { " month", " months" } } },
		{ duration.days, { { " dag", " dagar" }, { " day", " days" } } },
		{ duration.seconds / 3600, { { " timme", " timmar" }, { " hour", " hours" } } },
		{ duration.seconds % 3600 / 60, { { " minut", " minuter" }, { " minute", " minutes" } } },
	};
	bool first = true;

	for (size_t i = 0; i < COUNT(unit); i++) {
		if (!unit[i].number)
			continue;
		if (!first)
			buf_put(out, language == SWEDISH ? S(" och ") : S(" and "));
		buf_udec(out, unit[i].number);
		buf_put(out, str_from_c(unit[i].name[language][unit[i].number != 1]));
		first = false;
	}
}
