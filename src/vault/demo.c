/* vault/demo.c -- contract and G1: see demo.h.
 *
 * A person is a name and a story; a story is a set of deeds, and each deed brings its acts with
 * their evidence and the values that they cover.  Everything goes in by the calls that anybody's
 * data goes in by.  What takes something back (withdrawals, objections) is a second change, so
 * that it finds values to erase and an address to stop. */
#include "vault/demo.h"

#include "base/limits.h"
#include "vault/evidence.h"
#include "vault/suppress.h"

#define PIECE 100 /* persons in one commit */
#define VALUES_MAX 16
#define ACTS_MAX 12

/* --- lists ------------------------------------------------------------------------------------ */

static const char *const given_sv[] = {
	"Alice",  "Anders", "Anna",   "Arvid",   "Astrid", "Axel",    "Birgitta", "Carina", "Daniel", "Ebba",
	"Elias",  "Elin",   "Emma",   "Erik",    "Eva",    "Fanny",   "Filip",    "Gunilla", "Gustav", "Hans",
	"Helena", "Hugo",   "Ida",    "Ingrid",  "Isak",   "Jenny",   "Jonas",    "Josefin", "Karin",  "Karl",
	"Kerstin", "Lars",  "Lena",   "Linnea",  "Lovisa", "Ludvig",  "Magnus",   "Malin",  "Margareta", "Maria",
	"Mats",   "Mikael", "Moa",    "Nils",    "Ola",    "Olivia",  "Oskar",    "Per",    "Peter",  "Rasmus",
	"Rolf",   "Sara",   "Signe",  "Simon",   "Sofia",  "Stefan",  "Stina",    "Sven",   "Tove",   "Ulla",
	"Vera",   "Viktor", "Wilma",  "Åke",     "Åsa",    "Örjan",
};
static const char *const family_sv[] = {
	"Andersson", "Johansson", "Karlsson", "Nilsson",  "Eriksson",  "Larsson",   "Olsson",   "Persson",
	"Svensson",  "Gustafsson", "Pettersson", "Jonsson", "Jansson", "Hansson",   "Bengtsson", "Lindberg",
	"Lindström", "Lindgren",  "Berglund", "Axelsson", "Bergström", "Lundberg",  "Lundgren", "Mattsson",
	"Fredriksson", "Berg",    "Sjöberg",  "Forsberg", "Engström",  "Danielsson", "Håkansson", "Lundin",
	"Björk",     "Bergman",   "Wallin",   "Fransson", "Holmberg",  "Arvidsson", "Söderberg", "Nyberg",
	"Åberg",     "Öhman",     "Blomqvist", "Sandström", "Norberg", "Ekström",   "Hedlund",  "von Sagen",
};
static const char *const given_en[] = {
	"Adam",   "Amelia",  "Arthur", "Beatrice", "Charles", "Charlotte", "Daniel", "Edith",   "Edward", "Eleanor",
	"Emily",  "Florence", "Frank", "George",   "Grace",   "Hannah",    "Harriet", "Harry",  "Henry",  "Isabel",
	"Jack",   "James",   "Jane",   "Joseph",   "Laura",   "Lucy",      "Martha", "Matthew", "Olive",  "Oliver",
	"Rachel", "Robert",  "Rose",   "Ruth",     "Samuel",  "Sophie",    "Thomas", "Walter",  "William", "Zoe",
};
static const char *const family_en[] = {
	"Adams",  "Bailey", "Baker",   "Bennett", "Brown",  "Campbell", "Carter",   "Clarke",  "Collins", "Cooper",
	"Davies", "Edwards", "Evans",  "Foster",  "Graham", "Green",    "Hall",     "Harris",  "Hill",    "Jackson",
	"Jones",  "Kelly",  "King",    "Lewis",   "Martin", "Mitchell", "Morgan",   "Murphy",  "O'Brien", "Parker",
	"Price",  "Roberts", "Scott",  "Shaw",    "Smith",  "Taylor",   "Thompson", "Turner",  "Walker",  "Wright",
};
static const char *const street_sv[] = {
	"Björkgatan", "Brunnsgatan", "Ekvägen", "Fågelvägen", "Granstigen", "Hantverkargatan", "Järnvägsgatan",
	"Kyrkogatan", "Lingonvägen", "Nygatan", "Parkvägen", "Ringvägen", "Skolgatan", "Storgatan", "Tallvägen",
	"Ängsvägen", "Östra Hamngatan",
};
static const char *const street_en[] = {
	"Chapel Lane", "Church Street", "Elm Close", "Green Lane", "High Street", "Mill Road", "Orchard Way",
	"Park Avenue", "Queen's Road", "Station Road", "The Crescent", "Victoria Street",
};
/* No such places. */
static const char *const city_sv[] = {
	"Diktsjö", "Exempelviken", "Fabelberga", "Lillpåhitt", "Norrtänkta", "Sagköping", "Tänkeby", "Östra Saga",
};
static const char *const city_en[] = {
	"Fableham", "Inventon", "Little Fiction", "Madeup-on-Sea", "Storyford", "Talebury",
};
static const char *const domain[] = {
	"example.com", "example.com", "example.org", "example.net", "post.example", "mejl.example", "brev.test",
};
static const char *const firm[] = {
	"Bergslid", "Dalkulle", "Fjordlund", "Havslyckan", "Klockarp", "Lövhaga", "Skogsbacken", "Älvdraget",
};
static const char *const category[] = { "tents", "jackets", "boots", "stoves", "backpacks" };

/* --- chance ----------------------------------------------------------------------------------- */

/* Splitmix64 (Steele, Lea, Flood 2014): each person has a stream of their own, so that how many
 * there are changes nothing about anybody. */
struct chance {
	uint64_t state;
};

static uint64_t
draw(struct chance *chance)
{
	uint64_t z = chance->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static int64_t
between(struct chance *chance, int64_t least, int64_t most)
{
	return least + (int64_t)(draw(chance) % (uint64_t)(most - least + 1));
}

#define PICK(chance, list) str_from_c((list)[draw(chance) % COUNT(list)])

/* --- stories ---------------------------------------------------------------------------------- */

#define D_NEWSLETTER 1u    /* said yes to the newsletter */
#define D_CONFIRMED 2u     /* and confirmed it */
#define D_ORDER 4u         /* bought something: order and bookkeeping */
#define D_OFFERS 8u        /* and was offered a way to say no to offers */
#define D_BOOKS 16u        /* bought something long ago: bookkeeping only */
#define D_SUPPORT 32u
#define D_STATISTICS 64u
#define D_ASK 128u         /* stood on an old list */
#define D_REFUSED 256u     /* said no to the newsletter when asked */
#define D_EXPIRED 512u     /* a yes that ran out */
#define D_RESTRICTED 1024u
#define D_WITHDRAWS 2048u  /* second change */
#define D_OBJECTS 4096u    /* second change */

struct story {
	unsigned share; /* of all that are not named */
	unsigned deeds;
	enum subject_kind kind;
};

static const struct story stories[] = {
	{ 26, D_NEWSLETTER | D_CONFIRMED, KIND_NATURAL },
	{ 6, D_NEWSLETTER | D_CONFIRMED | D_STATISTICS, KIND_NATURAL },
	{ 10, D_NEWSLETTER | D_CONFIRMED | D_ORDER, KIND_NATURAL },
	{ 7, D_NEWSLETTER, KIND_NATURAL },
	{ 7, D_NEWSLETTER | D_CONFIRMED | D_WITHDRAWS, KIND_NATURAL },
	{ 2, D_NEWSLETTER | D_CONFIRMED | D_ORDER | D_WITHDRAWS, KIND_NATURAL },
	{ 5, D_ORDER | D_REFUSED, KIND_NATURAL },
	{ 12, D_ORDER | D_OFFERS, KIND_NATURAL },
	{ 2, D_ORDER | D_OFFERS | D_OBJECTS, KIND_NATURAL },
	{ 2, D_ORDER | D_OFFERS, KIND_SOLE_TRADER },
	{ 7, D_BOOKS, KIND_NATURAL },
	{ 4, D_SUPPORT, KIND_NATURAL },
	{ 4, D_ASK, KIND_NATURAL },
	{ 2, D_ASK, KIND_LEGAL_ROLE },
	{ 2, D_ASK, KIND_EMPLOYEE },
	{ 2, D_EXPIRED | D_BOOKS, KIND_NATURAL },
};

struct named {
	const char *given, *family;
	bool english;
	unsigned deeds;
	enum subject_kind kind;
	unsigned flags;
	const char *email;
};

#define YES (D_NEWSLETTER | D_CONFIRMED)
static const struct named named[] = { /* in the order of enum demo_person */
	{ "Anna", "Lindqvist", false, YES, KIND_NATURAL, 0, "anna.lindqvist@example.com" },
	{ "Björn", "Sandberg", false, D_ORDER | D_OFFERS, KIND_NATURAL, 0, "bjorn.sandberg@example.com" },
	{ "Cecilia", "Wikström", false, D_NEWSLETTER, KIND_NATURAL, 0, "cecilia.wikstrom@example.org" },
	{ "David", "Hughes", true, YES | D_ORDER | D_WITHDRAWS, KIND_NATURAL, 0, "david.hughes@example.com" },
	{ "Elsa", "Ek", false, YES, KIND_NATURAL, 0, "familjen.ek@example.com" },
	{ "Fredrik", "Ek", false, D_ORDER | D_OFFERS | D_OBJECTS, KIND_NATURAL, 0, "familjen.ek@example.com" },
	{ "Greta", "Öberg", false, YES | D_RESTRICTED, KIND_NATURAL, 0, "greta.oberg@example.net" },
	{ "Hanna", "Nyström", false, YES | D_ORDER, KIND_NATURAL, FLAG_PROTECTED, "hanna.nystrom@example.org" },
	{ "Ivar", "Blom", false, D_ORDER | D_OFFERS, KIND_SOLE_TRADER, 0, "ivar@bloms-tradgard.example" },
	{ "Johan", "Ström", false, D_EXPIRED | D_BOOKS, KIND_NATURAL, 0, NULL },
	{ "Katarina", "Falk", false, D_ORDER | D_OFFERS | D_OBJECTS, KIND_NATURAL, 0, "katarina.falk@example.com" },
	{ "Linda", "Moore", true, D_BOOKS, KIND_NATURAL, 0, NULL },
	{ "Maja", "Holm", false, D_ORDER | D_REFUSED, KIND_NATURAL, 0, "maja.holm@example.org" },
	{ "", "Nordanvik Friluft", false, D_ASK, KIND_LEGAL_ROLE, 0, "info@nordanvik.example" },
	{ "Oscar", "Lund", false, D_ASK, KIND_NATURAL, 0, "oscar.lund@example.com" },
};
_Static_assert(COUNT(named) == DEMO_NAMED, "enum demo_person says who they are");

/* --- one person ------------------------------------------------------------------------------- */

struct person {
	size_t index; /* 0 and up; the named ones come first */
	struct chance chance;
	uid id;
	unsigned deeds;
	enum subject_kind kind;
	unsigned flags;
	bool english;
	bool fixed; /* one of the named: no days by chance where documents speak of them */
	str name, company, email;
	int64_t bought_ago, asked_ago; /* days */
};

/* What the calls of one piece of work share; its job's arena lives as long as the piece. */
struct desk {
	struct job *job;
	struct vault *vault;
	const struct registry *registry;
};

uid
demo_id(enum demo_person person)
{
	uid id = { { 0xd0, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0 } };

	id.octet[15] = (uint8_t)((int)person / 10 * 16 + (int)person % 10); /* read as decimal */
	return id;
}

static uid
random_id(struct chance *chance)
{
	uid id;

	for (size_t i = 0; i < sizeof(id.octet); i++)
		id.octet[i] = (uint8_t)(draw(chance) >> 32);
	id.octet[6] = (uint8_t)((id.octet[6] & 0x0f) | 0x40); /* version 4 */
	id.octet[8] = (uint8_t)((id.octet[8] & 0x3f) | 0x80);
	return id;
}

/* Parts with a separator between those that are not empty. */
static str
join(struct job *job, str a, char between_them, str b)
{
	OWNED(buf_release) struct buf text = { .max = 256 };

	buf_put(&text, a);
	if (a.len && b.len)
		buf_char(&text, between_them);
	buf_put(&text, b);
	return arena_str(&job->arena, buf_str(&text));
}

static str
number_after(struct job *job, const char *before, int64_t number)
{
	OWNED(buf_release) struct buf text = { .max = 256 };

	buf_put(&text, str_from_c(before));
	buf_dec(&text, number);
	return arena_str(&job->arena, buf_str(&text));
}

/* In letters a to z, with dots for spaces. */
static void
put_plain(struct buf *out, str text)
{
	OWNED(buf_release) struct buf folded = { .max = 256 };

	text_fold(text, &folded);
	for (size_t i = 0; i < folded.len; i++)
		buf_char(out, folded.ptr[i] == ' ' ? '.' : folded.ptr[i]);
}

/* asa.von.sagen57@example.com, info@lovhaga57.example: the number makes it one person's. */
static str
email_of(struct job *job, const struct person *person, str private_domain)
{
	OWNED(buf_release) struct buf text = { .max = 256 };
	bool at_work = person->kind == KIND_LEGAL_ROLE || person->kind == KIND_EMPLOYEE;

	put_plain(&text, person->name.len ? person->name : S("info"));
	if (!at_work)
		buf_udec(&text, person->index);
	buf_char(&text, '@');
	if (at_work) {
		put_plain(&text, person->company);
		buf_udec(&text, person->index);
		buf_put(&text, S(".example"));
	} else {
		buf_put(&text, private_domain);
	}
	return arena_str(&job->arena, buf_str(&text));
}

static unsigned
story_draw(struct person *person)
{
	unsigned all = 0, left;

	for (size_t i = 0; i < COUNT(stories); i++)
		all += stories[i].share;
	left = (unsigned)(draw(&person->chance) % all);
	for (size_t i = 0;; i++) {
		if (left < stories[i].share) {
			person->kind = stories[i].kind;
			return stories[i].deeds;
		}
		left -= stories[i].share;
	}
}

static void
person_named(struct job *job, struct person *person)
{
	const struct named *one = &named[person->index];

	person->id = demo_id((enum demo_person)(person->index + 1));
	person->fixed = true;
	person->english = one->english;
	person->deeds = one->deeds;
	person->kind = one->kind;
	person->flags = one->flags;
	person->name = join(job, str_from_c(one->given), ' ', str_from_c(one->family));
	person->email = str_from_c(one->email);
	if (person->kind == KIND_LEGAL_ROLE) {
		person->company = person->name;
		person->name = S("");
	}
	person->bought_ago = 40;
	person->asked_ago = person->deeds & D_CONFIRMED || person->deeds & D_REFUSED ? 120 : 2;
}

static str
name_draw(struct job *job, struct chance *chance, bool english)
{
	str given = english ? PICK(chance, given_en) : PICK(chance, given_sv);
	str family = english ? PICK(chance, family_en) : PICK(chance, family_sv);

	return join(job, given, ' ', family);
}

static void
person_drawn(struct job *job, struct person *person)
{
	struct chance *chance = &person->chance;
	bool answered;

	person->id = random_id(chance);
	person->english = between(chance, 1, 100) <= 25;
	person->deeds = story_draw(person);
	if (person->kind != KIND_LEGAL_ROLE)
		person->name = name_draw(job, chance, person->english);
	if (person->kind != KIND_NATURAL)
		person->company = PICK(chance, firm);
	person->email = email_of(job, person, PICK(chance, domain));
	person->bought_ago = between(chance, 5, person->deeds & D_OFFERS ? 300 : 900);
	answered = person->deeds & (D_CONFIRMED | D_REFUSED);
	person->asked_ago = answered ? between(chance, 60, 500) : between(chance, 0, 5);
}

static void
person_make(struct job *job, uint64_t seed, size_t index, struct person *ret)
{
	*ret = (struct person){ .index = index };
	ret->chance.state = seed * 0xd1342543de82ef95 + index * 0x632be59bd9b4e019;
	if (index < DEMO_NAMED)
		person_named(job, ret);
	else
		person_drawn(job, ret);
}

/* --- values ----------------------------------------------------------------------------------- */

static enum err
give(struct desk *desk, struct change *change, str name, str raw)
{
	const struct field *field = registry_field(desk->registry, name);
	struct value_set *set = &change->value[change->value_count];

	if (!raw.len)
		return OK;
	must(field && change->value_count < VALUES_MAX);
	*set = (struct value_set){ .field = field,
		                   .origin = change->set_tell_by ? ORIGIN_OBTAINED : ORIGIN_PROVIDED };
	TRY(value_read(desk->job, field, raw, &set->text));
	change->value_count++;
	return OK;
}

/* 070-1740605 to -1740699 (PTS) and 07700 900000 to 900999 (Ofcom) belong to nobody; each is given
 * to one person, and the rest have none. */
static str
phone_of(struct job *job, const struct person *person)
{
	int64_t index = (int64_t)person->index;

	if (person->english)
		return index < 1000 ? number_after(job, "+", 447700900000 + index) : S("");
	return index < 95 ? number_after(job, "+", 46701740605 + index) : S("");
}

static enum err
give_post(struct desk *desk, struct change *change, struct person *person)
{
	struct chance *chance = &person->chance;
	bool english = person->english;
	str street = english ? PICK(chance, street_en) : PICK(chance, street_sv);
	str city = english ? PICK(chance, city_en) : PICK(chance, city_sv);
	str number = number_after(desk->job, "", between(chance, 1, 99));
	/* Swedish numbers end at 984 99, and no British ones begin with ZZ. */
	str area = english ? S("ZZ99") : number_after(desk->job, "99", between(chance, 0, 9));
	str round = number_after(desk->job, "", between(chance, 10, 99));
	str postcode = english ? join(desk->job, area, ' ', str_first(round, 1)) : join(desk->job, area, ' ', round);

	if (english)
		postcode = join(desk->job, postcode, 'Z', S("Z"));
	TRY(give(desk, change, S("street"), english ? join(desk->job, number, ' ', street)
	                                            : join(desk->job, street, ' ', number)));
	TRY(give(desk, change, S("postcode"), postcode));
	TRY(give(desk, change, S("city"), city));
	return give(desk, change, S("country"), english ? S("GB") : S("SE"));
}

static enum err
give_values(struct desk *desk, struct change *change, struct person *person)
{
	struct job *job = desk->job;
	unsigned deeds = person->deeds;
	int64_t index = (int64_t)person->index;

	TRY(give(desk, change, S("name"), person->name));
	if (deeds & (D_NEWSLETTER | D_ORDER | D_SUPPORT | D_ASK)) {
		TRY(give(desk, change, S("email"), person->email));
		TRY(give(desk, change, S("language"), person->english ? S("en") : S("sv")));
	}
	if (deeds & (D_ORDER | D_SUPPORT))
		TRY(give(desk, change, S("phone"), phone_of(job, person)));
	if (deeds & (D_ORDER | D_BOOKS | D_ASK)) {
		TRY(give_post(desk, change, person));
		TRY(give(desk, change, S("company"), person->company));
	}
	if (deeds & (D_ORDER | D_BOOKS)) {
		TRY(give(desk, change, S("customer_number"), number_after(job, "K-", 10000 + index)));
		TRY(give(desk, change, S("order_reference"), number_after(job, "D-", 20000 + index)));
		TRY(give(desk, change, S("invoice_reference"), number_after(job, "F-", 30000 + index)));
	}
	if (deeds & D_SUPPORT)
		TRY(give(desk, change, S("case_reference"), number_after(job, "S-", 40000 + index)));
	if (deeds & D_STATISTICS) {
		TRY(give(desk, change, S("ip"), number_after(job, "203.0.113.", index % 255)));
		change->value[change->value_count - 1].origin = ORIGIN_OBSERVED;
	}
	return OK;
}

/* --- acts ------------------------------------------------------------------------------------- */

/* What is told of an act, as a caller of the interface would. */
struct telling {
	const char *purpose;
	enum act act;
	time_us at;
	const char *method;   /* NULL: not said */
	const char *control;  /* NULL: not said */
	bool noticed;         /* the words of the person's language were shown */
	str category;         /* empty: none */
	str evidence;         /* JSON; empty: none */
};

static str
telling_text(struct job *job, const struct person *person, const struct telling *telling)
{
	OWNED(buf_release) struct buf text = { .max = 4096 };
	struct json_out out;

	json_out_begin(&out, &text);
	json_open(&out, '{');
	if (telling->method)
		json_pair_str(&out, S("method"), str_from_c(telling->method));
	if (telling->control)
		json_pair_str(&out, S("control"), str_from_c(telling->control));
	if (telling->noticed)
		json_pair_str(&out, S("language"), person->english ? S("en") : S("sv"));
	if (telling->category.len) {
		json_name(&out, S("categories"));
		json_open(&out, '[');
		json_put_str(&out, telling->category);
		if (person->fixed && !str_eq(telling->category, S("jackets")))
			json_put_str(&out, S("jackets"));
		json_close(&out, ']');
	}
	if (telling->evidence.len) {
		json_name(&out, S("evidence"));
		json_put_raw(&out, telling->evidence);
	}
	json_close(&out, '}');
	must(buf_ok(&text));
	return arena_str(&job->arena, buf_str(&text));
}

static enum err
tell(struct desk *desk, struct change *change, const struct person *person, struct telling telling)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct act_new *act = &change->act[change->act_count];
	const struct purpose *purpose = registry_purpose(desk->registry, str_from_c(telling.purpose));
	struct json body;

	must(change->act_count < ACTS_MAX);
	if (!purpose || !purpose->active)
		return fail(desk->job, ERR_PURPOSE_INACTIVE, "the demo needs the purposes of the starter set");
	*act = (struct act_new){ .act = telling.act, .basis = purpose->active->basis, .at = telling.at,
		                 .until_at = TIME_NEVER };
	TRY(json_parse(desk->job, telling_text(desk->job, person, &telling), &document, &body));
	TRY(act_evidence(desk->job, desk->registry, purpose->active, body, act));
	change->act_count++;
	return OK;
}

/* {"reference":"D-20031"} */
static str
reference(struct job *job, const char *letter, const struct person *person, int64_t from)
{
	OWNED(buf_release) struct buf text = { .max = 256 };

	buf_put(&text, S("{\"reference\":\""));
	buf_put(&text, number_after(job, letter, from + (int64_t)person->index));
	buf_put(&text, S("\"}"));
	return arena_str(&job->arena, buf_str(&text));
}

static str
sale(struct job *job, const struct person *person, time_us at)
{
	OWNED(buf_release) struct buf text = { .max = 512 };

	buf_put(&text, S("{\"opt_out_offered\":\"box and link at the checkout\",\"sale\":\""));
	buf_put(&text, number_after(job, "D-", 20000 + (int64_t)person->index));
	buf_put(&text, S("\",\"sold_at\":\""));
	buf_time(&text, at);
	buf_put(&text, S("\"}"));
	return arena_str(&job->arena, buf_str(&text));
}

static time_us
days_ago(struct desk *desk, int64_t days)
{
	return desk->job->now - days * TIME_DAY - 2 * 3600 * TIME_SECOND;
}

static enum err
tell_newsletter(struct desk *desk, struct change *change, const struct person *person)
{
	time_us at = days_ago(desk, person->asked_ago);

	if (person->deeds & D_EXPIRED)
		at = days_ago(desk, 1000);
	if (person->deeds & D_REFUSED)
		return tell(desk, change, person,
		            (struct telling){ .purpose = "newsletter", .act = ACT_REFUSED, .at = at,
		                              .method = "web_form", .noticed = true });
	TRY(tell(desk, change, person,
	         (struct telling){ .purpose = "newsletter", .act = ACT_GIVEN, .at = at, .method = "web_form",
	                           .control = "unticked_box", .noticed = true,
	                           .evidence = S("{\"form\":\"footer, version 3\"}") }));
	if (!(person->deeds & (D_CONFIRMED | D_EXPIRED)))
		return OK;
	TRY(tell(desk, change, person,
	         (struct telling){ .purpose = "newsletter", .act = ACT_CONFIRMED,
	                           .at = at + 7 * 60 * TIME_SECOND, .method = "double_opt_in" }));
	if (!(person->deeds & D_EXPIRED))
		return OK;
	at = time_add(at + 7 * 60 * TIME_SECOND, change->act[0].version->retention);
	return tell(desk, change, person,
	            (struct telling){ .purpose = "newsletter", .act = ACT_EXPIRED, .at = at, .method = "system" });
}

static enum err
tell_purchase(struct desk *desk, struct change *change, struct person *person)
{
	int64_t days = person->deeds & D_BOOKS ? person->bought_ago + 1200 : person->bought_ago;
	time_us at = days_ago(desk, days);
	str sold = person->fixed ? S("tents") : PICK(&person->chance, category);

	TRY(tell(desk, change, person,
	         (struct telling){ .purpose = "bookkeeping", .act = ACT_ESTABLISHED, .at = at, .noticed = true,
	                           .evidence = reference(desk->job, "F-", person, 30000) }));
	if (person->deeds & D_BOOKS)
		return OK;
	TRY(tell(desk, change, person,
	         (struct telling){ .purpose = "order", .act = ACT_ESTABLISHED, .at = at, .method = "web_form",
	                           .noticed = true, .evidence = reference(desk->job, "D-", person, 20000) }));
	if (days > 30) /* delivered and paid */
		TRY(tell(desk, change, person,
		         (struct telling){ .purpose = "order", .act = ACT_ENDED, .at = at + 12 * TIME_DAY }));
	if (!(person->deeds & D_OFFERS))
		return OK;
	return tell(desk, change, person,
	            (struct telling){ .purpose = "offers", .act = ACT_ESTABLISHED, .at = at, .method = "web_form",
	                              .noticed = true, .category = sold,
	                              .evidence = sale(desk->job, person, at) });
}

static enum err
tell_rest(struct desk *desk, struct change *change, const struct person *person)
{
	time_us at = days_ago(desk, person->asked_ago);

	if (person->deeds & D_STATISTICS)
		TRY(tell(desk, change, person,
		         (struct telling){ .purpose = "statistics", .act = ACT_GIVEN, .method = "web_form",
		                           .at = days_ago(desk, person->asked_ago % 300), .control = "button",
		                           .noticed = true }));
	if (person->deeds & D_SUPPORT)
		TRY(tell(desk, change, person,
		         (struct telling){ .purpose = "support", .act = ACT_ESTABLISHED, .method = "mail",
		                           .at = days_ago(desk, person->bought_ago % 300), .noticed = true,
		                           .evidence = reference(desk->job, "S-", person, 40000) }));
	if (person->deeds & D_ASK)
		TRY(tell(desk, change, person,
		         (struct telling){ .purpose = "ask_consent", .act = ACT_ESTABLISHED, .at = at,
		                           .method = "import",
		                           .evidence = S("{\"source\":\"customer list of 2021\"}") }));
	if (person->deeds & D_RESTRICTED)
		change->act[change->act_count++] =
			(struct act_new){ .act = ACT_RESTRICTED, .at = days_ago(desk, 3), .until_at = TIME_NEVER,
			                  .method = METHOD_MAIL, .evidence = S("{\"reason\":\"accuracy\"}") };
	return OK;
}

/* --- changes ---------------------------------------------------------------------------------- */

static void
change_begin(struct desk *desk, struct change *change)
{
	*change = (struct change){
		.registry = desk->registry,
		.value = arena_array(&desk->job->arena, VALUES_MAX, sizeof(*change->value)),
		.act = arena_array(&desk->job->arena, ACTS_MAX, sizeof(*change->act)),
		.tell_by_at = TIME_NEVER,
	};
}

static enum err
first_change(struct desk *desk, struct person *person, struct change *change)
{
	change_begin(desk, change);
	change->subject.id = person->id;
	change->entry = ENTRY_SUBJECT_CREATE;
	change->set_kind = change->set_flags = true;
	change->kind = person->kind;
	change->flags = person->flags;
	if (person->deeds & D_ASK) {
		change->set_tell_by = true;
		change->tell_by_at = time_add(days_ago(desk, person->asked_ago), (struct duration){ .months = 1 });
	}
	TRY(give_values(desk, change, person));
	if (person->deeds & (D_NEWSLETTER | D_REFUSED | D_EXPIRED))
		TRY(tell_newsletter(desk, change, person));
	if (person->deeds & (D_ORDER | D_BOOKS))
		TRY(tell_purchase(desk, change, person));
	return tell_rest(desk, change, person);
}

static enum err
second_change(struct desk *desk, const struct person *person, struct change *change)
{
	change_begin(desk, change);
	change->entry = ENTRY_ACT;
	TRY(subject_get(desk->job, desk->vault, person->id, &change->subject));
	if (person->deeds & D_WITHDRAWS)
		TRY(tell(desk, change, person,
		         (struct telling){ .purpose = "newsletter", .act = ACT_WITHDRAWN, .method = "one_click",
		                           .at = days_ago(desk, person->asked_ago / 3) }));
	if (person->deeds & D_OBJECTS)
		change->act[change->act_count++] =
			(struct act_new){ .act = ACT_OBJECTED, .at = days_ago(desk, person->bought_ago / 2),
			                  .until_at = TIME_NEVER, .method = METHOD_PREFERENCES };
	return OK;
}

static enum err
commit(struct desk *desk, struct change *change, size_t count)
{
	struct change_result *result = arena_array(&desk->job->arena, count + 1, sizeof(*result));
	enum err *err = arena_array(&desk->job->arena, count + 1, sizeof(*err));

	if (!count)
		return OK;
	TRY(change_commit_many(desk->job, desk->vault, change, count, result, err));
	for (size_t i = 0; i < count; i++)
		if (err[i])
			return fail(desk->job, err[i], "a demo person was refused");
	return OK;
}

static enum err
person_there(struct desk *desk, uid id, bool *ret_there)
{
	struct subject subject;
	enum err err = subject_get(desk->job, desk->vault, id, &subject);

	*ret_there = err != ERR_ABSENT;
	if (err != ERR_ABSENT && err != ERR_GONE)
		return err;
	job_forgive(desk->job);
	return OK;
}

static enum err
piece_load(struct desk *desk, uint64_t seed, size_t from, size_t count)
{
	struct change *change = arena_array(&desk->job->arena, count, sizeof(*change));
	struct person *person = arena_array(&desk->job->arena, count, sizeof(*person));
	size_t made = 0, changed = 0;
	bool there;

	for (size_t i = 0; i < count; i++) {
		person_make(desk->job, seed, from + i, &person[made]);
		TRY(person_there(desk, person[made].id, &there));
		if (there)
			continue;
		TRY(first_change(desk, &person[made], &change[made]));
		made++;
	}
	TRY(commit(desk, change, made));
	for (size_t i = 0; i < made; i++)
		if (person[i].deeds & (D_WITHDRAWS | D_OBJECTS))
			TRY(second_change(desk, &person[i], &change[changed++]));
	return commit(desk, change, changed);
}

static void
piece_end(struct job *piece)
{
	job_release(piece);
}

static enum err
people_load(struct job *job, struct vault *vault, uint64_t seed, size_t people)
{
	OWNED(registry_drop) const struct registry *registry = NULL;

	TRY(registry_hold(job, vault, &registry));
	for (size_t from = 0; from < people; from += PIECE) {
		OWNED(piece_end) struct job piece = { .actor = job->actor, .now = job->now, .db = job->db };
		struct desk desk = { &piece, vault, registry };
		size_t count = people - from < PIECE ? people - from : PIECE;
		enum err err = piece_load(&desk, seed, from, count);
		if (err) {
			job->failure = piece.failure;
			return err;
		}
	}
	return OK;
}

/* Two addresses of nobody in here: one that bounced for good, one that complained. */
static enum err
stops_load(struct job *job, struct vault *vault)
{
	struct suppression bounced = { .scope = SCOPE_ALL, .at = job->now - 90 * TIME_DAY,
		                       .source = SOURCE_BOUNCE };
	struct suppression complained = { .scope = SCOPE_MARKETING, .at = job->now - 30 * TIME_DAY,
		                          .source = SOURCE_COMPLAINT };

	TRY(suppress(job, vault, ADDRESS_EMAIL, S("flyttad@example.org"), &bounced));
	return suppress(job, vault, ADDRESS_EMAIL, S("stop.writing@example.com"), &complained);
}

/* The setting as it stands, or as it is put now. */
static enum err
setting_or(struct job *job, struct vault *vault, str name, str otherwise, str *ret)
{
	bool there;

	TRY(setting_get(job, vault, name, ret, &there));
	if (there)
		return OK;
	*ret = otherwise;
	return setting_put(job, vault, name, otherwise);
}

enum err
demo_load(struct job *job, struct vault *vault, uint64_t seed, size_t people)
{
	str company, contact;

	TRY(setting_put(job, vault, S("demo"), S("yes"))); /* G1 */
	TRY(setting_or(job, vault, S("company"), S("Demobolaget AB (påhittat)"), &company));
	TRY(setting_or(job, vault, S("contact"), S("dataskydd@demobolaget.example"), &contact));
	TRY(starter_load(job, vault, company, contact));
	TRY(people_load(job, vault, seed, people > DEMO_NAMED ? people : DEMO_NAMED));
	return stops_load(job, vault);
}
