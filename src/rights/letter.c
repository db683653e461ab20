/* rights/letter.c -- contract: letter.h.  The two languages stand side by side, sentence by sentence,
 * so that nobody changes one and forgets the other. */
#include "rights/letter.h"

struct said {
	const char *sv, *en;
};

static const struct said titles[LETTER_COUNT] = {
	[LETTER_ACKNOWLEDGEMENT] = { "Vi har tagit emot din begäran", "We have received your request" },
	[LETTER_IDENTITY] = { "Vi behöver veta att det är du som frågar", "We need to know that it is you" },
	[LETTER_EXTENSION] = { "Vi behöver mer tid för att svara dig", "We need more time to answer you" },
	[LETTER_REFUSAL] = { "Svar på din begäran", "Answer to your request" },
	[LETTER_FULFILLED] = { "Svar på din begäran", "Answer to your request" },
	[LETTER_PARTLY] = { "Svar på din begäran", "Answer to your request" },
};

static const struct said asked[RIGHT_COUNT] = {
	[RIGHT_ACCESS] = { "Du har bett att få veta vilka personuppgifter vi har om dig.",
	                   "You asked which personal data we hold about you." },
	[RIGHT_RECTIFICATION] = { "Du har bett oss att rätta personuppgifter om dig.",
	                          "You asked us to correct personal data about you." },
	[RIGHT_ERASURE] = { "Du har bett oss att radera personuppgifter om dig.",
	                    "You asked us to erase personal data about you." },
	[RIGHT_RESTRICTION] = { "Du har bett oss att begränsa hur vi använder dina personuppgifter.",
	                        "You asked us to restrict how we use your personal data." },
	[RIGHT_PORTABILITY] = { "Du har bett att få ut dina personuppgifter så att du kan ta dem med dig.",
	                        "You asked for your personal data in a form that you can take with you." },
	[RIGHT_OBJECTION] = { "Du har invänt mot att vi använder dina personuppgifter.",
	                      "You objected to our use of your personal data." },
	[RIGHT_WITHDRAWAL] = { "Du har tagit tillbaka ett samtycke.", "You withdrew a consent." },
	[RIGHT_HUMAN] = { "Du har bett att en människa ska pröva ett beslut som fattades automatiskt.",
	                  "You asked for a person to review a decision that was made automatically." },
	[RIGHT_INFORMATION] = { "Du har frågat hur vi behandlar personuppgifter.",
	                        "You asked how we process personal data." },
};

static const struct said done[RIGHT_COUNT] = {
	[RIGHT_ACCESS] = { "Med det här svaret får du de uppgifter som vi har om dig, och vad vi använder dem till.",
	                   "With this answer you get the data that we hold about you, and what we use it for." },
	[RIGHT_RECTIFICATION] = { "Uppgifterna är rättade, och det som var fel finns inte kvar.",
	                          "The data is corrected, and what was wrong is gone." },
	[RIGHT_ERASURE] = { "Uppgifterna är raderade.", "The data is erased." },
	[RIGHT_RESTRICTION] = { "Vi sparar uppgifterna men använder dem inte till något. Innan det ändras hör vi av oss.",
	                        "We keep the data and use it for nothing. We will tell you before that changes." },
	[RIGHT_PORTABILITY] = { "Med det här svaret får du uppgifterna i ett format som andra tjänster kan läsa.",
	                        "With this answer you get the data in a format that other services can read." },
	[RIGHT_OBJECTION] = { "Vi har slutat använda uppgifterna till det som du invände mot.",
	                      "We have stopped using the data for what you objected to." },
	[RIGHT_WITHDRAWAL] = { "Vi har slutat använda uppgifterna till det som du hade samtyckt till.",
	                       "We have stopped using the data for what you had consented to." },
	[RIGHT_HUMAN] = { "En människa har nu prövat beslutet.", "A person has now reviewed the decision." },
	[RIGHT_INFORMATION] = { "Här är svaret på din fråga.", "Here is the answer to your question." },
};

static const struct said reasons[CAUSE_COUNT] = {
	[CAUSE_COMPLEXITY] = { "Din begäran är komplicerad att besvara.", "Your request is complex to answer." },
	[CAUSE_HIGH_VOLUME] = { "Vi har fått ovanligt många begäranden.", "We have an unusual number of requests." },
	[CAUSE_IDENTITY_FAILURE] = { "Vi har inte kunnat fastställa att det är du som frågar.",
	                           "We could not establish that it is you who asks." },
	[CAUSE_INFORMATION] = { "Vi saknar en uppgift från dig som vi behöver för att kunna hitta det du menar.",
	                      "We lack information from you that we need to find what you mean." },
	[CAUSE_UNFOUNDED] = { "Vi bedömer att begäran är uppenbart ogrundad.",
	                    "We find the request to be manifestly unfounded." },
	[CAUSE_EXCESSIVE] = { "Vi bedömer att begäran är uppenbart orimlig.",
	                    "We find the request to be manifestly excessive." },
	[CAUSE_MALICIOUS] = { "Vi bedömer att begäran är gjord för att skada.",
	                    "We find the request to be made in order to do harm." },
	[CAUSE_NO_INTENT] = { "Vi bedömer att syftet med begäran är ett annat än att ta till vara din rätt.",
	                    "We find that the request is not meant to exercise the right." },
	[CAUSE_LEGALLY_REQUIRED] = { "Vi är enligt lag skyldiga att spara uppgifterna.",
	                           "The law obliges us to keep the data." },
	[CAUSE_LEGAL_CLAIMS] = { "Uppgifterna behövs för ett rättsligt anspråk.",
	                       "The data is needed for a legal claim." },
	[CAUSE_EXPRESSION] = { "Uppgifterna behövs för yttrande- och informationsfriheten.",
	                     "The data is needed for freedom of expression and information." },
	[CAUSE_PUBLIC_HEALTH] = { "Uppgifterna behövs för folkhälsan.", "The data is needed for public health." },
	[CAUSE_ARCHIVING] = { "Uppgifterna behövs för arkiv, forskning eller statistik i allmänt intresse.",
	                    "The data is needed for archives, research or statistics in the public interest." },
	[CAUSE_AUTHORITY] = { "Uppgifterna behövs för en uppgift av allmänt intresse eller för myndighetsutövning.",
	                    "The data is needed for a task in the public interest or for official authority." },
	[CAUSE_RIGHTS_OF_OTHERS] = { "Det skulle kränka någon annans rätt.",
	                           "It would infringe the rights of somebody else." },
	[CAUSE_COMPELLING] = { "Våra skäl för att använda uppgifterna väger i det här fallet tyngre.",
	                     "Our grounds for using the data are compelling and weigh more in this case." },
	[CAUSE_CONDITIONS] = { "Det som lagen kräver för den här rätten är inte uppfyllt.",
	                     "What the law requires for this right is not met." },
};

static const struct said methods[IDENTITY_COUNT] = {
	[IDENTITY_NO_DOUBT] = { "", "" },
	[IDENTITY_SIGNED_IN] = { "Logga in på ditt konto hos oss och bekräfta begäran där.",
	                         "Sign in to your account with us and confirm the request there." },
	[IDENTITY_MAILBOX] = { "Öppna länken som vi skickar till den e-postadress som vi redan har.",
	                       "Open the link that we send to the e-mail address that we already have." },
	[IDENTITY_CALL_BACK] = { "Vi ringer upp dig på det telefonnummer som vi redan har.",
	                         "We will call you on the telephone number that we already have." },
	[IDENTITY_KNOWLEDGE] = { "Svara på några frågor om sådant som bara du känner till, till exempel ett tidigare köp.",
	                         "Answer a few questions about what only you know, such as an earlier purchase." },
	[IDENTITY_E_ID] = { "Legitimera dig med e-legitimation, till exempel BankID.",
	                    "Identify yourself with an electronic identification, such as BankID." },
	[IDENTITY_IN_PERSON] = { "Besök oss, så kan vi göra kontrollen på plats.",
	                         "Visit us, so that we can check on the spot." },
	[IDENTITY_DOCUMENT] = { "Visa en legitimationshandling för oss. Vi tar ingen kopia av den.",
	                        "Show us an identity document. We take no copy of it." },
};

/* --- writing ---------------------------------------------------------------------------------- */

static void
say(const struct letter *letter, struct buf *out, const char *sv, const char *en)
{
	buf_put(out, str_from_c(letter->swedish ? sv : en));
}

static void
say_of(const struct letter *letter, struct buf *out, const struct said *said)
{
	say(letter, out, said->sv, said->en);
}

static void
say_date(const struct letter *letter, struct buf *out, struct date date)
{
	static const struct said month[] = {
		{ "januari", "January" }, { "februari", "February" }, { "mars", "March" },
		{ "april", "April" },     { "maj", "May" },           { "juni", "June" },
		{ "juli", "July" },       { "augusti", "August" },    { "september", "September" },
		{ "oktober", "October" }, { "november", "November" }, { "december", "December" },
	};

	buf_dec(out, date.day);
	buf_char(out, ' ');
	say_of(letter, out, &month[date.month - 1]);
	buf_char(out, ' ');
	buf_dec(out, date.year);
}

static void
paragraph(struct buf *out)
{
	buf_put(out, S("\n\n"));
}

static void
say_words(const struct letter *letter, struct buf *out)
{
	str words = str_trim(letter->words);

	if (!words.len)
		return;
	paragraph(out);
	buf_put(out, words);
}

static void
say_reason(const struct letter *letter, struct buf *out)
{
	if (!letter->reason)
		return;
	buf_char(out, ' ');
	say_of(letter, out, &reasons[letter->reason]);
}

static void
say_due(const struct letter *letter, struct buf *out, bool extended)
{
	say(letter, out, "Du får ett svar senast den ", "You will have an answer by ");
	say_date(letter, out, request_last_day(letter->request, extended));
	buf_char(out, '.');
}

/*= gdpr 12(4)
 *# ... and on the possibility of lodging a complaint with a supervisory authority and seeking a
 *# judicial remedy. */
static void
say_complaint(const struct letter *letter, struct buf *out)
{
	struct calendar calendar = request_calendar(letter->request);

	paragraph(out);
	if (calendar.country) {
		say(letter, out, "Om du inte är nöjd kan du klaga hos ",
		    "If you are not satisfied you may complain to ");
		buf_put(out, country_authority(&calendar));
		buf_put(out, S(", "));
	} else {
		say(letter, out,
		    "Om du inte är nöjd kan du klaga hos dataskyddsmyndigheten i det land där du bor. Du hittar den på ",
		    "If you are not satisfied you may complain to the data protection authority where you live. Find it at ");
	}
	buf_put(out, country_authority_at(&calendar));
	say(letter, out, ". Du kan också vända dig till domstol.", ". You may also go to court.");
}

/* --- letters ---------------------------------------------------------------------------------- */

static void
acknowledgement(const struct letter *letter, struct buf *out)
{
	bool extended = letter->request->extended_at != TIME_NEVER;

	say_due(letter, out, extended);
	say(letter, out,
	    " Behöver vi mer tid, eller något mer från dig, hör vi av oss innan dess. Det kostar dig ingenting.",
	    " If we need more time, or anything more from you, you will hear from us before that. It costs you nothing.");
	say_words(letter, out);
}

static void
identity(const struct letter *letter, struct buf *out)
{
	say(letter, out,
	    "För att inte lämna ut eller ändra dina uppgifter åt någon annan behöver vi vara säkra på att det är du som frågar. ",
	    "So that we neither give your data to somebody else nor change it for them, we need to be sure that it is you. ");
	say_of(letter, out, &methods[letter->method]);
	say_words(letter, out);
	paragraph(out);
	say(letter, out,
	    "Skicka ingen kopia av en legitimation. Vi sparar bara hur kontrollen gjordes och vad den visade. Tiden för vårt svar står stilla tills vi har hört från dig.",
	    "Please send no copy of an identity document. We keep only how we checked and what came of it. The time for our answer stands still until we have heard from you.");
}

static void
extension(const struct letter *letter, struct buf *out)
{
	say(letter, out, "Vi behöver mer tid än en månad för att svara dig.",
	    "We need more than a month to answer you.");
	say_reason(letter, out);
	say_words(letter, out);
	paragraph(out);
	say_due(letter, out, true);
	say_complaint(letter, out);
}

static void
refusal(const struct letter *letter, struct buf *out)
{
	say(letter, out, "Vi gör inte det som du har bett om.", "We will not do what you asked for.");
	say_reason(letter, out);
	say_words(letter, out);
	say_complaint(letter, out);
}

static void
fulfilled(const struct letter *letter, struct buf *out)
{
	say_of(letter, out, &done[letter->request->right]);
	say_words(letter, out);
	say_complaint(letter, out);
}

static void
partly(const struct letter *letter, struct buf *out)
{
	say(letter, out, "Vi har gjort en del av det som du bad om, men inte allt.",
	    "We have done some of what you asked for, but not all.");
	say_reason(letter, out);
	say_words(letter, out);
	say_complaint(letter, out);
}

static void
say_contact(const struct letter *letter, struct buf *out)
{
	paragraph(out);
	if (letter->contact.len) {
		say(letter, out, "Har du frågor når du oss på ", "If you have questions you reach us at ");
		buf_put(out, letter->contact);
		buf_char(out, '.');
	}
	if (letter->dpo.len) {
		say(letter, out, " Vårt dataskyddsombud: ", " Our data protection officer: ");
		buf_put(out, letter->dpo);
		buf_char(out, '.');
	}
	say(letter, out, " Ange gärna ärendets nummer: ", " Please give the number of the case: ");
	buf_uid(out, letter->request->id);
	buf_char(out, '.');
}

static void
say_opening(const struct letter *letter, struct buf *out)
{
	struct calendar calendar = request_calendar(letter->request);

	say(letter, out, "Hej!\n\n", "Hello,\n\n");
	say_of(letter, out, &asked[letter->request->right]);
	say(letter, out, " Vi tog emot det den ", " We received that on ");
	say_date(letter, out, calendar_day(&calendar, letter->request->received_at));
	buf_put(out, S(".\n\n"));
}

void
letter_write(const struct letter *letter, struct buf *ret_title, struct buf *ret_text)
{
	static void (*const body[LETTER_COUNT])(const struct letter *, struct buf *) = {
		[LETTER_ACKNOWLEDGEMENT] = acknowledgement, [LETTER_IDENTITY] = identity,
		[LETTER_EXTENSION] = extension,             [LETTER_REFUSAL] = refusal,
		[LETTER_FULFILLED] = fulfilled,             [LETTER_PARTLY] = partly,
	};

	say_of(letter, ret_title, &titles[letter->kind]);
	say_opening(letter, ret_text);
	body[letter->kind](letter, ret_text);
	say_contact(letter, ret_text);
	if (letter->company.len) {
		say(letter, ret_text, "\n\nVänliga hälsningar\n", "\n\nKind regards\n");
		buf_put(ret_text, letter->company);
	}
	buf_char(ret_text, '\n');
}
