/* rights/package_rights.c -- what the person may ask (Article 15(1)(e)), and whom to complain to
 * (15(1)(f)). */
#include "rights/package_parts.h"

static const struct right {
	const char *article;
	const char *name[LANGUAGE_COUNT];
	const char *text[LANGUAGE_COUNT];
} rights[] = {
	{ "15", { "Få veta", "Know" },
	  { "Du får en kopia av det vi har om dig. Det här är den.",
	    "You get a copy of what we hold about you. This is it." } },
	{ "16", { "Rätta", "Correct" },
	  { "Är något fel eller ofullständigt rättar vi det.",
	    "If something is wrong or incomplete, we correct it." } },
	{ "17", { "Radera", "Erase" },
	  { "Du kan be oss radera uppgifterna. Det som lagen kräver att vi sparar blir kvar, men används inte till något annat.",
	    "You can ask us to erase the data. What the law requires us to keep stays, and is used for nothing else." } },
	{ "18", { "Begränsa", "Restrict" },
	  { "Du kan be oss att bara spara uppgifterna och inte använda dem, till exempel medan vi kontrollerar om de stämmer.",
	    "You can ask us to keep the data without using it, for example while we check whether it is right." } },
	{ "20", { "Ta med dig", "Take along" },
	  { "Det du själv har lämnat, med samtycke eller för ett avtal, får du i ett format som andra program kan läsa.",
	    "What you gave us yourself, by consent or for a contract, you get in a form that other programs can read." } },
	{ "21", { "Säga stopp", "Say stop" },
	  { "Till marknadsföring kan du alltid säga stopp, och då slutar vi. Även annan användning som bygger på vårt intresse kan du invända mot.",
	    "You can always say stop to marketing, and then we stop. You can also object to other uses that rest on our interest." } },
	{ "7.3", { "Ta tillbaka ett ja", "Take a yes back" },
	  { "Ett samtycke kan du ta tillbaka när du vill, lika lätt som du gav det. Det vi gjorde innan dess var ändå tillåtet.",
	    "You can take consent back whenever you like, as easily as you gave it. What we did before that was still lawful." } },
	{ "77", { "Klaga", "Complain" },
	  { "Tycker du att vi gör fel kan du klaga hos Integritetsskyddsmyndigheten (IMY), imy.se, imy@imy.se, Box 8114, 104 20 Stockholm, eller hos tillsynsmyndigheten i det EU-land där du bor.",
	    "If you think that we do wrong, you can complain to the Swedish Authority for Privacy Protection (IMY), imy.se, imy@imy.se, Box 8114, 104 20 Stockholm, or to the supervisory authority of the EU country where you live." } },
};

void
package_rights(struct package *package)
{
	for (size_t i = 0; i < COUNT(rights); i++) {
		struct row row;
		row_begin(&row, package, SECTION_RIGHTS);
		row_text(&row, str_from_c(rights[i].name[package->language]));
		row_text(&row, str_from_c(rights[i].article));
		row_text(&row, str_from_c(rights[i].text[package->language]));
		row_end(&row);
	}
}
