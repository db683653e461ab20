/* vault/presets.c -- contract: see presets.h.
 *
 * Names are compared folded: no case, accents, spaces or punctuation, so that "E-mail Address" and
 * "email_address" are one name. */
#include "vault/presets.h"

#include "base/limits.h"
#include "base/must.h"
#include "type/type.h"

struct column {
	const char *name; /* folded; a final * stands for any ending */
	enum import_role role;
};

/* Columns that only this program's exports have together. */
struct signature {
	enum import_preset preset;
	const char *name[3];
};

static const struct signature signatures[] = {
	{ PRESET_MAILCHIMP, { "emailaddress", "memberrating" } },
	{ PRESET_MAILCHIMP, { "emailaddress", "optintime", "leid" } },
	{ PRESET_MAILCHIMP, { "emailaddress", "optintime", "optinip" } },
	{ PRESET_MAILCHIMP, { "emailaddress", "unsubtime" } },
	{ PRESET_MAILCHIMP, { "emailaddress", "cleantime" } },
	{ PRESET_BREVO, { "email", "doubleoptin" } },
	{ PRESET_BREVO, { "email", "emailblacklisted" } },
	{ PRESET_BREVO, { "email", "smsblacklisted" } },
	{ PRESET_BREVO, { "email", "sms", "optin" } },
	{ PRESET_HUBSPOT, { "email", "marketingcontactstatus" } },
	{ PRESET_HUBSPOT, { "email", "unsubscribedfromallemail" } },
	{ PRESET_HUBSPOT, { "email", "recordid" } },
	{ PRESET_HUBSPOT, { "email", "recordidcontact" } },
	{ PRESET_HUBSPOT, { "email", "legalbasisforprocessingcontactsdata" } },
	{ PRESET_LISTMONK, { "uuid", "email", "status" } },
	{ PRESET_LISTMONK, { "email", "subscriptionstatus" } },
	{ PRESET_SALESFORCE, { "email", "hasoptedoutofemail" } },
	{ PRESET_SALESFORCE, { "email", "emailoptout" } },
	{ PRESET_SALESFORCE, { "lastname", "email", "mailingstreet" } },
	{ PRESET_SALESFORCE, { "lastname", "email", "donotcall" } },
	{ PRESET_GOOGLE, { "email1value" } },
	{ PRESET_GOOGLE, { "phone1value" } },
};

/* Mailchimp writes CONFIRM_TIME also for those whom an administrator added, so it counts only beside
 * OPTIN_TIME, which is blank for them.  CC, REGION and TIMEZONE are guessed from an IP number. */
static const struct column mailchimp[] = {
	{ "emailaddress", ROLE_EMAIL },
	{ "firstname", ROLE_GIVEN_NAME },
	{ "lastname", ROLE_FAMILY_NAME },
	{ "phonenumber", ROLE_PHONE },
	{ "address", ROLE_IGNORED }, /* all of it in one cell: not taken apart */
	{ "birthday", ROLE_IGNORED }, /* without the year */
	{ "optintime", ROLE_CONSENT_AT },
	{ "confirmtime", ROLE_CONFIRMED_AT },
	{ "unsubtime", ROLE_UNSUBSCRIBED_AT },
	{ "cleantime", ROLE_BOUNCED_AT },
	{ "optinip", ROLE_IGNORED },
	{ "confirmip", ROLE_IGNORED },
	{ "memberrating", ROLE_IGNORED },
	{ "latitude", ROLE_IGNORED },
	{ "longitude", ROLE_IGNORED },
	{ "gmtoff", ROLE_IGNORED },
	{ "dstoff", ROLE_IGNORED },
	{ "timezone", ROLE_IGNORED },
	{ "cc", ROLE_IGNORED },
	{ "region", ROLE_IGNORED },
	{ "lastchanged", ROLE_IGNORED },
	{ "leid", ROLE_IGNORED },
	{ "euid", ROLE_IGNORED },
	{ "notes", ROLE_IGNORED },
	{ "tags", ROLE_IGNORED },
	{ "unsubcampaign*", ROLE_IGNORED },
	{ "unsubreason*", ROLE_IGNORED },
	{ "cleancampaign*", ROLE_IGNORED },
	{ 0 },
};

/* DOUBLE_OPT-IN and OPT_IN say that, not when: no evidence alone.  ADDED_TIME is when the row came
 * into Brevo, by whatever way. */
static const struct column brevo[] = {
	{ "email", ROLE_EMAIL },
	{ "firstname", ROLE_GIVEN_NAME },
	{ "prenom", ROLE_GIVEN_NAME },
	{ "lastname", ROLE_FAMILY_NAME },
	{ "nom", ROLE_FAMILY_NAME },
	{ "sms", ROLE_PHONE },
	{ "optin", ROLE_CONSENT },
	{ "doubleoptin", ROLE_IGNORED },
	{ "emailblacklisted", ROLE_NO_EMAIL },
	{ "blacklisted", ROLE_NO_EMAIL },
	{ "blocklisted", ROLE_NO_EMAIL },
	{ "emailblocklisted", ROLE_NO_EMAIL },
	{ "smsblacklisted", ROLE_NO_SMS },
	{ "smsblocklisted", ROLE_NO_SMS },
	{ "contactid", ROLE_IGNORED },
	{ "extid", ROLE_IGNORED },
	{ "addedtime", ROLE_IGNORED },
	{ "addedon", ROLE_IGNORED },
	{ "modifiedtime", ROLE_IGNORED },
	{ "lastmodifiedon", ROLE_IGNORED },
	{ "whatsapp", ROLE_IGNORED },
	{ "landlinenumber", ROLE_IGNORED },
	{ "lists", ROLE_IGNORED },
	{ 0 },
};

/* The legal basis that HubSpot names has neither time nor words: no evidence alone. */
static const struct column hubspot[] = {
	{ "email", ROLE_EMAIL },
	{ "firstname", ROLE_GIVEN_NAME },
	{ "lastname", ROLE_FAMILY_NAME },
	{ "phonenumber", ROLE_PHONE },
	{ "mobilephonenumber", ROLE_PHONE },
	{ "streetaddress", ROLE_STREET },
	{ "city", ROLE_CITY },
	{ "stateregion", ROLE_REGION },
	{ "postalcode", ROLE_POSTCODE },
	{ "countryregion", ROLE_COUNTRY },
	{ "preferredlanguage", ROLE_LANGUAGE },
	{ "dateofbirth", ROLE_BIRTH_DATE },
	{ "companyname", ROLE_COMPANY },
	{ "websiteurl", ROLE_URL },
	{ "unsubscribedfromallemail", ROLE_NO_EMAIL },
	{ "optedoutofemail*", ROLE_UNSUBSCRIBED },
	{ "hardbouncereason", ROLE_BOUNCED },
	{ "emailhardbouncereason", ROLE_BOUNCED },
	{ "globallyhardbounced", ROLE_BOUNCED },
	{ "marketingcontactstatus*", ROLE_IGNORED },
	{ "legalbasis*", ROLE_IGNORED },
	{ "recordid*", ROLE_IGNORED },
	{ "contactowner", ROLE_IGNORED },
	{ "createdate", ROLE_IGNORED },
	{ "lastactivitydate", ROLE_IGNORED },
	{ "lastmodifieddate", ROLE_IGNORED },
	{ "leadstatus", ROLE_IGNORED },
	{ "lifecyclestage", ROLE_IGNORED },
	{ "associatedcompany*", ROLE_IGNORED },
	{ 0 },
};

static const struct column listmonk[] = {
	{ "uuid", ROLE_IGNORED },
	{ "email", ROLE_EMAIL },
	{ "name", ROLE_FULL_NAME },
	{ "status", ROLE_STATUS },
	{ "subscriptionstatus", ROLE_STATUS },
	{ "attributes", ROLE_IGNORED },
	{ "attribs", ROLE_IGNORED },
	{ "lists", ROLE_IGNORED },
	{ "createdat", ROLE_IGNORED },
	{ "updatedat", ROLE_IGNORED },
	{ 0 },
};

static const struct column salesforce[] = {
	{ "email", ROLE_EMAIL },
	{ "firstname", ROLE_GIVEN_NAME },
	{ "lastname", ROLE_FAMILY_NAME },
	{ "name", ROLE_FULL_NAME },
	{ "mobilephone", ROLE_PHONE },
	{ "mobile", ROLE_PHONE },
	{ "phone", ROLE_PHONE },
	{ "mailingstreet", ROLE_STREET },
	{ "mailingcity", ROLE_CITY },
	{ "mailingstate*", ROLE_REGION },
	{ "mailingpostalcode", ROLE_POSTCODE },
	{ "mailingzip*", ROLE_POSTCODE },
	{ "mailingcountry", ROLE_COUNTRY },
	{ "mailingcountrycode", ROLE_COUNTRY },
	{ "birthdate", ROLE_BIRTH_DATE },
	{ "hasoptedoutofemail", ROLE_NO_EMAIL },
	{ "emailoptout", ROLE_NO_EMAIL },
	{ "donotcall", ROLE_NO_CALLS },
	{ "emailbouncedreason", ROLE_BOUNCED },
	{ "emailbounceddate", ROLE_BOUNCED_AT },
	{ "isemailbounced", ROLE_BOUNCED },
	{ "hasoptedoutoffax", ROLE_IGNORED },
	{ "faxoptout", ROLE_IGNORED },
	{ "id", ROLE_IGNORED },
	{ "accountid", ROLE_IGNORED },
	{ "ownerid", ROLE_IGNORED },
	{ "salutation", ROLE_IGNORED },
	{ "title", ROLE_IGNORED },
	{ "createddate", ROLE_IGNORED },
	{ "lastmodifieddate", ROLE_IGNORED },
	{ "leadsource", ROLE_IGNORED },
	{ "accountname", ROLE_COMPANY },
	{ "company", ROLE_COMPANY },
	{ 0 },
};

/* The older form has Given Name and Name, the newer First Name and Label. */
static const struct column google[] = {
	{ "name", ROLE_FULL_NAME },
	{ "givenname", ROLE_GIVEN_NAME },
	{ "firstname", ROLE_GIVEN_NAME },
	{ "familyname", ROLE_FAMILY_NAME },
	{ "lastname", ROLE_FAMILY_NAME },
	{ "email1value", ROLE_EMAIL },
	{ "phone1value", ROLE_PHONE },
	{ "address1street", ROLE_STREET },
	{ "address1city", ROLE_CITY },
	{ "address1region", ROLE_REGION },
	{ "address1postalcode", ROLE_POSTCODE },
	{ "address1country", ROLE_COUNTRY },
	{ "organization1name", ROLE_COMPANY },
	{ "organizationname", ROLE_COMPANY },
	{ "birthday", ROLE_BIRTH_DATE },
	{ "website1value", ROLE_URL },
	{ "language", ROLE_LANGUAGE },
	{ "address1*", ROLE_IGNORED },
	{ "email*", ROLE_IGNORED },
	{ "phone*", ROLE_IGNORED },
	{ "organization*", ROLE_IGNORED },
	{ "website*", ROLE_IGNORED },
	{ "relation*", ROLE_IGNORED },
	{ "event*", ROLE_IGNORED },
	{ "customfield*", ROLE_IGNORED },
	{ "im1*", ROLE_IGNORED },
	{ "additionalname", ROLE_IGNORED },
	{ "middlename", ROLE_IGNORED },
	{ "yomi*", ROLE_IGNORED },
	{ "phonetic*", ROLE_IGNORED },
	{ "givennameyomi", ROLE_IGNORED },
	{ "familynameyomi", ROLE_IGNORED },
	{ "nameprefix", ROLE_IGNORED },
	{ "namesuffix", ROLE_IGNORED },
	{ "initials", ROLE_IGNORED },
	{ "nickname", ROLE_IGNORED },
	{ "shortname", ROLE_IGNORED },
	{ "maidenname", ROLE_IGNORED },
	{ "fileas", ROLE_IGNORED },
	{ "gender", ROLE_IGNORED },
	{ "location", ROLE_IGNORED },
	{ "occupation", ROLE_IGNORED },
	{ "notes", ROLE_IGNORED },
	{ "photo", ROLE_IGNORED },
	{ "labels", ROLE_IGNORED },
	{ "groupmembership", ROLE_IGNORED },
	{ 0 },
};

/* Names in Swedish and English that mean one thing wherever they stand. */
static const struct column generic[] = {
	{ "email", ROLE_EMAIL },
	{ "emailaddress", ROLE_EMAIL },
	{ "mail", ROLE_EMAIL },
	{ "mailaddress", ROLE_EMAIL },
	{ "epost", ROLE_EMAIL },
	{ "epostadress", ROLE_EMAIL },
	{ "eposten", ROLE_EMAIL },
	{ "mejl", ROLE_EMAIL },
	{ "mejladress", ROLE_EMAIL },
	{ "mailadress", ROLE_EMAIL },
	{ "emailadress", ROLE_EMAIL },
	{ "emailadresse", ROLE_EMAIL },
	{ "mobile", ROLE_PHONE },
	{ "mobilephone", ROLE_PHONE },
	{ "mobilenumber", ROLE_PHONE },
	{ "cell", ROLE_PHONE },
	{ "cellphone", ROLE_PHONE },
	{ "mobil", ROLE_PHONE },
	{ "mobilnr", ROLE_PHONE },
	{ "mobilnummer", ROLE_PHONE },
	{ "mobiltelefon", ROLE_PHONE },
	{ "phone", ROLE_PHONE },
	{ "phone1", ROLE_PHONE },
	{ "phonenumber", ROLE_PHONE },
	{ "telephone", ROLE_PHONE },
	{ "tel", ROLE_PHONE },
	{ "telefon", ROLE_PHONE },
	{ "telefonnr", ROLE_PHONE },
	{ "telefonnummer", ROLE_PHONE },
	{ "tfn", ROLE_PHONE },
	{ "tfnnr", ROLE_PHONE },
	{ "name", ROLE_FULL_NAME },
	{ "fullname", ROLE_FULL_NAME },
	{ "namn", ROLE_FULL_NAME },
	{ "kundnamn", ROLE_FULL_NAME },
	{ "customername", ROLE_FULL_NAME },
	{ "firstname", ROLE_GIVEN_NAME },
	{ "givenname", ROLE_GIVEN_NAME },
	{ "forename", ROLE_GIVEN_NAME },
	{ "fname", ROLE_GIVEN_NAME },
	{ "fornamn", ROLE_GIVEN_NAME },
	{ "tilltalsnamn", ROLE_GIVEN_NAME },
	{ "lastname", ROLE_FAMILY_NAME },
	{ "surname", ROLE_FAMILY_NAME },
	{ "familyname", ROLE_FAMILY_NAME },
	{ "lname", ROLE_FAMILY_NAME },
	{ "efternamn", ROLE_FAMILY_NAME },
	{ "street", ROLE_STREET },
	{ "streetaddress", ROLE_STREET },
	{ "address", ROLE_STREET },
	{ "address1", ROLE_STREET },
	{ "addressline1", ROLE_STREET },
	{ "adress", ROLE_STREET },
	{ "gata", ROLE_STREET },
	{ "gatuadress", ROLE_STREET },
	{ "postadress", ROLE_STREET },
	{ "utdelningsadress", ROLE_STREET },
	{ "postcode", ROLE_POSTCODE },
	{ "postalcode", ROLE_POSTCODE },
	{ "zip", ROLE_POSTCODE },
	{ "zipcode", ROLE_POSTCODE },
	{ "postnr", ROLE_POSTCODE },
	{ "postnummer", ROLE_POSTCODE },
	{ "city", ROLE_CITY },
	{ "town", ROLE_CITY },
	{ "ort", ROLE_CITY },
	{ "postort", ROLE_CITY },
	{ "stad", ROLE_CITY },
	{ "state", ROLE_REGION },
	{ "province", ROLE_REGION },
	{ "stateregion", ROLE_REGION },
	{ "stateprovince", ROLE_REGION },
	{ "lan", ROLE_REGION },
	{ "country", ROLE_COUNTRY },
	{ "countrycode", ROLE_COUNTRY },
	{ "land", ROLE_COUNTRY },
	{ "landskod", ROLE_COUNTRY },
	{ "birthdate", ROLE_BIRTH_DATE },
	{ "dateofbirth", ROLE_BIRTH_DATE },
	{ "dob", ROLE_BIRTH_DATE },
	{ "fodelsedatum", ROLE_BIRTH_DATE },
	{ "fodd", ROLE_BIRTH_DATE },
	{ "language", ROLE_LANGUAGE },
	{ "locale", ROLE_LANGUAGE },
	{ "sprak", ROLE_LANGUAGE },
	{ "company", ROLE_COMPANY },
	{ "companyname", ROLE_COMPANY },
	{ "organisation", ROLE_COMPANY },
	{ "organization", ROLE_COMPANY },
	{ "foretag", ROLE_COMPANY },
	{ "web", ROLE_URL },
	{ "website", ROLE_URL },
	{ "homepage", ROLE_URL },
	{ "url", ROLE_URL },
	{ "hemsida", ROLE_URL },
	{ "webbplats", ROLE_URL },
	{ "personnummer", ROLE_PERSONNUMMER },
	{ "persnr", ROLE_PERSONNUMMER },
	{ "pnr", ROLE_PERSONNUMMER },
	{ "socialsecuritynumber", ROLE_PERSONNUMMER },
	{ "ssn", ROLE_PERSONNUMMER },
	{ "consent", ROLE_CONSENT },
	{ "optin", ROLE_CONSENT },
	{ "samtycke", ROLE_CONSENT },
	{ "newsletter", ROLE_CONSENT },
	{ "nyhetsbrev", ROLE_CONSENT },
	{ "consentat", ROLE_CONSENT_AT },
	{ "consentdate", ROLE_CONSENT_AT },
	{ "consenttime", ROLE_CONSENT_AT },
	{ "consenttimestamp", ROLE_CONSENT_AT },
	{ "consentgivenat", ROLE_CONSENT_AT },
	{ "optinat", ROLE_CONSENT_AT },
	{ "optindate", ROLE_CONSENT_AT },
	{ "optintime", ROLE_CONSENT_AT },
	{ "samtyckedatum", ROLE_CONSENT_AT },
	{ "samtyckestid", ROLE_CONSENT_AT },
	{ "samtyckesdatum", ROLE_CONSENT_AT },
	{ "consentsource", ROLE_CONSENT_SOURCE },
	{ "optinsource", ROLE_CONSENT_SOURCE },
	{ "samtyckeskalla", ROLE_CONSENT_SOURCE },
	{ "consenttext", ROLE_CONSENT_WORDS },
	{ "consentwords", ROLE_CONSENT_WORDS },
	{ "consentwording", ROLE_CONSENT_WORDS },
	{ "samtyckestext", ROLE_CONSENT_WORDS },
	{ "consentreference", ROLE_CONSENT_REFERENCE },
	{ "samtyckesreferens", ROLE_CONSENT_REFERENCE },
	{ "confirmedat", ROLE_CONFIRMED_AT },
	{ "confirmtime", ROLE_CONFIRMED_AT },
	{ "confirmeddate", ROLE_CONFIRMED_AT },
	{ "doubleoptinat", ROLE_CONFIRMED_AT },
	{ "doubleoptindate", ROLE_CONFIRMED_AT },
	{ "bekraftad", ROLE_CONFIRMED_AT },
	{ "bekraftaddatum", ROLE_CONFIRMED_AT },
	{ "status", ROLE_STATUS },
	{ "emailstatus", ROLE_STATUS },
	{ "subscriptionstatus", ROLE_STATUS },
	{ "unsubscribed", ROLE_UNSUBSCRIBED },
	{ "unsubscribe", ROLE_UNSUBSCRIBED },
	{ "optedout", ROLE_UNSUBSCRIBED },
	{ "optout", ROLE_UNSUBSCRIBED },
	{ "avregistrerad", ROLE_UNSUBSCRIBED },
	{ "avanmald", ROLE_UNSUBSCRIBED },
	{ "unsubscribedat", ROLE_UNSUBSCRIBED_AT },
	{ "unsubscribedate", ROLE_UNSUBSCRIBED_AT },
	{ "unsubtime", ROLE_UNSUBSCRIBED_AT },
	{ "optoutdate", ROLE_UNSUBSCRIBED_AT },
	{ "optouttime", ROLE_UNSUBSCRIBED_AT },
	{ "avregistreraddatum", ROLE_UNSUBSCRIBED_AT },
	{ "avanmaldatum", ROLE_UNSUBSCRIBED_AT },
	{ "donotemail", ROLE_NO_EMAIL },
	{ "emailoptout", ROLE_NO_EMAIL },
	{ "noemail", ROLE_NO_EMAIL },
	{ "donotsms", ROLE_NO_SMS },
	{ "donottext", ROLE_NO_SMS },
	{ "smsoptout", ROLE_NO_SMS },
	{ "donotcall", ROLE_NO_CALLS },
	{ "ringejupp", ROLE_NO_CALLS },
	{ "nix", ROLE_NO_CALLS },
	{ "bounced", ROLE_BOUNCED },
	{ "bounce", ROLE_BOUNCED },
	{ "hardbounce", ROLE_BOUNCED },
	{ "hardbounced", ROLE_BOUNCED },
	{ "studsad", ROLE_BOUNCED },
	{ "complained", ROLE_COMPLAINED },
	{ "complaint", ROLE_COMPLAINED },
	{ "spamcomplaint", ROLE_COMPLAINED },
	{ "markedasspam", ROLE_COMPLAINED },
	{ "customerno", ROLE_REFERENCE },
	{ "customernumber", ROLE_REFERENCE },
	{ "customerid", ROLE_REFERENCE },
	{ "contractno", ROLE_REFERENCE },
	{ "contractnumber", ROLE_REFERENCE },
	{ "orderno", ROLE_REFERENCE },
	{ "ordernumber", ROLE_REFERENCE },
	{ "kundnr", ROLE_REFERENCE },
	{ "kundnummer", ROLE_REFERENCE },
	{ "avtalsnummer", ROLE_REFERENCE },
	{ "ordernr", ROLE_REFERENCE },
	{ "ordernummer", ROLE_REFERENCE },
	{ "customersince", ROLE_SINCE },
	{ "kundsedan", ROLE_SINCE },
	{ 0 },
};

static const struct column *const tables[PRESET_COUNT] = {
	[PRESET_GENERIC] = generic,   [PRESET_MAILCHIMP] = mailchimp,   [PRESET_BREVO] = brevo,
	[PRESET_HUBSPOT] = hubspot,   [PRESET_LISTMONK] = listmonk,     [PRESET_SALESFORCE] = salesforce,
	[PRESET_GOOGLE] = google,
};

/* --- names ------------------------------------------------------------------------------------ */

static const str role_names[ROLE_COUNT] = {
#define X(name, text) [name] = { text, sizeof(text) - 1 },
	ROLE_TABLE(X)
#undef X
};

static const struct {
	str name, program;
} presets[PRESET_COUNT] = {
#define X(name, text, program) [name] = { { text, sizeof(text) - 1 }, { program, sizeof(program) - 1 } },
	PRESET_TABLE(X)
#undef X
};

str
role_name(enum import_role role)
{
	must(role < ROLE_COUNT);
	return role_names[role];
}

bool
role_find(str name, enum import_role *ret)
{
	for (int i = 0; i < ROLE_COUNT; i++)
		if (i != ROLE_FIELD && str_eq(role_names[i], name)) {
			*ret = (enum import_role)i;
			return true;
		}
	return false;
}

str
preset_name(enum import_preset preset)
{
	must(preset < PRESET_COUNT);
	return presets[preset].name;
}

str
preset_program(enum import_preset preset)
{
	must(preset < PRESET_COUNT);
	return presets[preset].program;
}

bool
preset_find(str name, enum import_preset *ret)
{
	for (int i = 0; i < PRESET_COUNT; i++)
		if (str_eq(presets[i].name, name)) {
			*ret = (enum import_preset)i;
			return true;
		}
	return false;
}

/* --- recognising ------------------------------------------------------------------------------ */

#define FOLDED_MAX 256

static void
fold(str column, struct buf *ret)
{
	OWNED(buf_release) struct buf words = { .max = 4 * FOLDED_MAX };

	text_fold(str_first(column, FOLDED_MAX), &words);
	for (size_t i = 0; i < words.len; i++)
		if (words.ptr[i] != ' ')
			buf_char(ret, words.ptr[i]);
}

static bool
fits(const char *name, str folded)
{
	str pattern = str_from_c(name);

	if (str_ends(pattern, S("*")))
		return str_starts(folded, str_first(pattern, pattern.len - 1));
	return str_eq(pattern, folded);
}

static enum import_role
role_in(const struct column *table, str folded)
{
	for (; table->name; table++)
		if (fits(table->name, folded))
			return table->role;
	return ROLE_UNKNOWN;
}

enum import_role
preset_role(enum import_preset preset, str column)
{
	OWNED(buf_release) struct buf folded = { .max = FOLDED_MAX };
	enum import_role role;

	must(preset < PRESET_COUNT);
	fold(column, &folded);
	if (!folded.len || !buf_ok(&folded))
		return ROLE_UNKNOWN;
	role = role_in(tables[preset], buf_str(&folded));
	return role || preset == PRESET_GENERIC ? role : role_in(generic, buf_str(&folded));
}

static bool
has_column(const struct buf *folded, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (fits(name, buf_str(&folded[i])))
			return true;
	return false;
}

static bool
bears(const struct signature *signature, const struct buf *folded, size_t count)
{
	for (size_t i = 0; i < COUNT(signature->name) && signature->name[i]; i++)
		if (!has_column(folded, count, signature->name[i]))
			return false;
	return true;
}

enum import_preset
preset_recognise(const str *header, size_t count)
{
	enum import_preset found = PRESET_GENERIC;
	struct buf folded[LIMIT_CSV_COLUMNS];

	must(count <= LIMIT_CSV_COLUMNS);
	for (size_t i = 0; i < count; i++) {
		buf_init(&folded[i], FOLDED_MAX);
		fold(header[i], &folded[i]);
	}
	for (size_t i = 0; i < COUNT(signatures) && !found; i++)
		if (bears(&signatures[i], folded, count))
			found = signatures[i].preset;
	for (size_t i = 0; i < count; i++)
		buf_release(&folded[i]);
	return found;
}
