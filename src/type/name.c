/* type/name.c -- names of people; contract: see type.h. */
#include "base/must.h"
#include "type/read.h"
#include "type/text.h"

bool
name_read(const struct type_context *context, str text, struct buf *ret, const char **ret_why)
{
	uint32_t c;
	str rest;

	if (!text_read_line(context, text, ret, ret_why))
		return false;
	for (rest = buf_str(ret); text_next(&rest, &c);)
		if (text_letter(c))
			return true;
	return refuse(ret_why, "a name has at least one letter");
}

static bool
in_list(str word, const str *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq_fold(word, list[i]))
			return true;
	return false;
}

static bool
is_particle(str word)
{
	static const str particles[] = {
		{ "von", 3 }, { "af", 2 },  { "av", 2 },  { "de", 2 },   { "van", 3 },  { "der", 3 },
		{ "den", 3 }, { "ter", 3 }, { "ten", 3 }, { "het", 3 },  { "la", 2 },   { "le", 2 },
		{ "du", 2 },  { "des", 3 }, { "di", 2 },  { "da", 2 },   { "do", 2 },   { "dos", 3 },
		{ "das", 3 }, { "del", 3 }, { "dal", 3 }, { "della", 5 }, { "vom", 3 }, { "zu", 2 },
		{ "zum", 3 }, { "zur", 3 }, { "til", 3 },
	};

	return in_list(word, particles, COUNT(particles));
}

static bool
is_suffix(str word)
{
	static const str suffixes[] = {
		{ "jr", 2 }, { "jr.", 3 }, { "sr", 2 }, { "sr.", 3 }, { "ii", 2 }, { "iii", 3 },
	};

	return in_list(word, suffixes, COUNT(suffixes));
}

/* The last word of *rest, taken off its end; false when there is none. */
static bool
take_last(str *rest, str *ret)
{
	str text = str_trim(*rest);
	size_t at = text.len;

	if (!text.len)
		return false;
	while (at && text.ptr[at - 1] != ' ')
		at--;
	*ret = str_from(text, at);
	*rest = str_first(text, at);
	return true;
}

static str
family_of_words(str name)
{
	str word, rest = name, family = { 0 };
	size_t end;

	if (!take_last(&rest, &family))
		return (str){ 0 };
	if (is_suffix(family) && take_last(&rest, &word))
		family = word;
	end = (size_t)(family.ptr - name.ptr) + family.len;
	while (take_last(&rest, &word) && is_particle(word)) {
		/* A capital in front is somebody's given name: Van Morrison, not van Morrison. */
		if (!str_trim(rest).len && is_upper(word.ptr[0]))
			break;
		family.ptr = word.ptr;
	}
	family.len = end - (size_t)(family.ptr - name.ptr);
	return family;
}

str
name_family(str name)
{
	str front, rest = str_trim(name);

	if (!eat_until(&rest, ',', &front))
		return family_of_words(name);
	if (is_suffix(str_trim(rest)) || !str_trim(rest).len)
		return family_of_words(front);
	return str_trim(front);
}
