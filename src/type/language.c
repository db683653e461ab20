/* type/language.c -- language tags by BCP 47 (RFC 5646 2.1); what is accepted: see type.h. */
#include "base/must.h"
#include "type/read.h"

/* ISO 639: two letters, then the three that say the same; of the two the shorter is used. */
static const char languages[] =
	"aaaarababkaeaveafafrakakaamamhanargararaasasmavavaayaymazazebabakbebelbgbulbhbih"
	"bibisbmbambnbenbobodbrbrebsboscacatcechechchacocoscrcrecscescuchucvchvcycymdadan"
	"dedeudvdivdzdzoeeeweelellenengeoepoesspaetesteueusfafasfffulfifinfjfijfofaofrfra"
	"fyfrygaglegdglaglglggngrngugujgvglvhahauhehebhihinhohmohrhrvhthathuhunhyhyehzher"
	"iainaidindieileigiboiiiiiikipkioidoisislititaiuikujajpnjvjavkakatkgkonkikikkjkua"
	"kkkazklkalkmkhmknkankokorkrkaukskaskukurkvkomkwcorkykirlalatlbltzlgluglilimlnlin"
	"lolaoltlitlulublvlavmgmlgmhmahmimrimkmkdmlmalmnmonmrmarmsmsamtmltmymyananaunbnob"
	"ndndenenepngndonlnldnnnnononornrnblnvnavnynyaocociojojiomormororiososspapanpipli"
	"plpolpspusptporququermrohrnrunroronrurusrwkinsasanscsrdsdsndsesmesgsagsisinskslk"
	"slslvsmsmosnsnasosomsqsqisrsrpsssswstsotsusunsvsweswswatatamteteltgtgkththatitir"
	"tktuktltgltntsntotontrturtstsotttattwtwitytahuguigukukrururduzuzbvevenvivievovol"
	"wawlnwowolxhxhoyiyidyoyorzazhazhzhozuzul";
#define ROW 5
#define VARIANTS 4

static bool
all(str text, bool letters, bool digits)
{
	for (size_t i = 0; i < text.len; i++)
		if (!(letters && is_letter(text.ptr[i])) && !(digits && is_digit(text.ptr[i])))
			return false;
	return text.len > 0;
}

static void
put_lower(struct buf *buf, str text)
{
	for (size_t i = 0; i < text.len; i++)
		buf_char(buf, to_lower(text.ptr[i]));
}

static bool
put_language(str part, struct buf *ret)
{
	if ((part.len != 2 && part.len != 3) || !all(part, true, false))
		return false;
	for (size_t i = 0; i + ROW < sizeof(languages); i += ROW) {
		str row = { languages + i, ROW };
		str same = part.len == 2 ? str_first(row, 2) : str_from(row, 2);

		if (!str_eq_fold(part, same))
			continue;
		buf_put(ret, str_first(row, 2));
		return true;
	}
	put_lower(ret, part);
	return part.len == 3;
}

/* The next part, between hyphens; an underscore is taken for one (sv_SE, as systems write it). */
static str
next_part(str rest)
{
	size_t len = 0;

	while (len < rest.len && rest.ptr[len] != '-' && rest.ptr[len] != '_')
		len++;
	return str_first(rest, len);
}

static void
take_part(str *rest)
{
	str part = next_part(*rest);

	*rest = str_from(*rest, part.len + 1);
}

static void
put_script(str *rest, struct buf *ret)
{
	str part = next_part(*rest);

	if (part.len != 4 || !all(part, true, false))
		return;
	buf_char(ret, '-');
	buf_char(ret, to_upper(part.ptr[0]));
	put_lower(ret, str_from(part, 1));
	take_part(rest);
}

static void
put_region(str *rest, struct buf *ret)
{
	str part = next_part(*rest);

	if (!(part.len == 2 && all(part, true, false)) && !(part.len == 3 && all(part, false, true)))
		return;
	buf_char(ret, '-');
	for (size_t i = 0; i < part.len; i++)
		buf_char(ret, to_upper(part.ptr[i]));
	take_part(rest);
}

static bool
put_variants(str rest, struct buf *ret)
{
	for (int count = 0; rest.len; count++) {
		str part = next_part(rest);
		bool whole = part.len >= 5 && part.len <= 8;

		if (count == VARIANTS || !all(part, true, true))
			return false;
		if (!whole && !(part.len == 4 && is_digit(part.ptr[0])))
			return false;
		buf_char(ret, '-');
		put_lower(ret, part);
		take_part(&rest);
	}
	return true;
}

#define WHY_TAG "write the language as a tag, such as sv or en"

bool
language_read(const struct type_context *context UNUSED, str text, struct buf *ret,
              const char **ret_why)
{
	str rest = text;

	if (text.len && (text.ptr[text.len - 1] == '-' || text.ptr[text.len - 1] == '_'))
		return refuse(ret_why, WHY_TAG);
	if (!put_language(next_part(rest), ret))
		return refuse(ret_why, WHY_TAG);
	take_part(&rest);
	put_script(&rest, ret);
	put_region(&rest, ret);
	return put_variants(rest, ret) || refuse(ret_why, WHY_TAG);
}
