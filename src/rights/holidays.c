/* rights/holidays.c -- public holidays of the EU and the EEA as rules, from 2018 on, nation-wide ones
 * only; and to whom one complains.  What is left out on purpose, and why: docs/decisions/0120. */
#include "rights/country.h"

#include "base/must.h"

#define ON(month, day) { HOLIDAY_DATE, month, day, 0, 0, 0 }
#define ON_FROM(month, day, year) { HOLIDAY_DATE, month, day, 0, year, 0 }
#define ON_UNTIL(month, day, year) { HOLIDAY_DATE, month, day, 0, 0, year }
#define ONCE(month, day, year) { HOLIDAY_DATE, month, day, 0, year, year }
#define EASTER(day) { HOLIDAY_EASTER, 0, day, 0, 0, 0 }
#define ORTHODOX(day) { HOLIDAY_ORTHODOX, 0, day, 0, 0, 0 }
#define FIRST(weekday, month, day) { HOLIDAY_WEEKDAY, month, day, weekday, 0, 0 }
#define MONDAY 1
#define THURSDAY 4
#define SATURDAY 6

/* Days from Easter Sunday. */
#define CLEAN_MONDAY (-48)
#define MAUNDY_THURSDAY (-3)
#define GOOD_FRIDAY (-2)
#define EASTER_MONDAY 1
#define PRAYER_DAY 26
#define ASCENSION 39
#define WHIT_MONDAY 50
#define CORPUS_CHRISTI 60

#define NEW_YEAR ON(1, 1)
#define EPIPHANY ON(1, 6)
#define LABOUR_DAY ON(5, 1)
#define ASSUMPTION ON(8, 15)
#define ALL_SAINTS ON(11, 1)
#define IMMACULATE ON(12, 8)
#define CHRISTMAS ON(12, 25)
#define BOXING_DAY ON(12, 26)

/* Easter Sunday and Whit Sunday are Sundays and stand nowhere. */
static const struct holiday se[] = { /* lag (1989:253) om allmänna helgdagar; no eves */
	NEW_YEAR, EPIPHANY, EASTER(GOOD_FRIDAY), EASTER(EASTER_MONDAY), LABOUR_DAY, EASTER(ASCENSION),
	ON(6, 6), FIRST(SATURDAY, 6, 20), FIRST(SATURDAY, 10, 31), CHRISTMAS, BOXING_DAY,
};
static const struct holiday no[] = {
	NEW_YEAR, EASTER(MAUNDY_THURSDAY), EASTER(GOOD_FRIDAY), EASTER(EASTER_MONDAY), LABOUR_DAY,
	ON(5, 17), EASTER(ASCENSION), EASTER(WHIT_MONDAY), CHRISTMAS, BOXING_DAY,
};
static const struct holiday dk[] = { /* store bededag: the last one was in 2023 */
	NEW_YEAR, EASTER(MAUNDY_THURSDAY), EASTER(GOOD_FRIDAY), EASTER(EASTER_MONDAY),
	{ HOLIDAY_EASTER, 0, PRAYER_DAY, 0, 0, 2023 }, EASTER(ASCENSION), EASTER(WHIT_MONDAY),
	CHRISTMAS, BOXING_DAY,
};
static const struct holiday fi[] = {
	NEW_YEAR, EPIPHANY, EASTER(GOOD_FRIDAY), EASTER(EASTER_MONDAY), LABOUR_DAY, EASTER(ASCENSION),
	FIRST(SATURDAY, 6, 20), FIRST(SATURDAY, 10, 31), ON(12, 6), CHRISTMAS, BOXING_DAY,
};
static const struct holiday is[] = { /* the first day of summer; Commerce Day */
	NEW_YEAR, EASTER(MAUNDY_THURSDAY), EASTER(GOOD_FRIDAY), EASTER(EASTER_MONDAY),
	FIRST(THURSDAY, 4, 19), LABOUR_DAY, EASTER(ASCENSION), EASTER(WHIT_MONDAY), ON(6, 17),
	FIRST(MONDAY, 8, 1), CHRISTMAS, BOXING_DAY,
};
static const struct holiday li[] = {
	NEW_YEAR, EPIPHANY, EASTER(EASTER_MONDAY), LABOUR_DAY, EASTER(ASCENSION), EASTER(WHIT_MONDAY),
	EASTER(CORPUS_CHRISTI), ASSUMPTION, ON(9, 8), ALL_SAINTS, IMMACULATE, CHRISTMAS, BOXING_DAY,
};
static const struct holiday de[] = { /* of the federation; each Land has more */
	NEW_YEAR, EASTER(GOOD_FRIDAY), EASTER(EASTER_MONDAY), LABOUR_DAY, EASTER(ASCENSION),
	EASTER(WHIT_MONDAY), ON(10, 3), CHRISTMAS, BOXING_DAY,
};
static const struct holiday fr[] = {
	NEW_YEAR, EASTER(EASTER_MONDAY), LABOUR_DAY, ON(5, 8), EASTER(ASCENSION), EASTER(WHIT_MONDAY),
	ON(7, 14), ASSUMPTION, ALL_SAINTS, ON(11, 11), CHRISTMAS,
};
static const struct holiday nl[] = { /* Algemene termijnenwet 3(1); Good Friday is not in it */
	NEW_YEAR, EASTER(EASTER_MONDAY), { HOLIDAY_KING, 4, 27, 0, 0, 0 }, ON(5, 5), EASTER(ASCENSION),
	EASTER(WHIT_MONDAY), CHRISTMAS, BOXING_DAY,
};
static const struct holiday be[] = {
	NEW_YEAR, EASTER(EASTER_MONDAY), LABOUR_DAY, EASTER(ASCENSION), EASTER(WHIT_MONDAY), ON(7, 21),
	ASSUMPTION, ALL_SAINTS, ON(11, 11), CHRISTMAS,
};
static const struct holiday lu[] = {
	NEW_YEAR, EASTER(EASTER_MONDAY), LABOUR_DAY, ON_FROM(5, 9, 2019), EASTER(ASCENSION),
	EASTER(WHIT_MONDAY), ON(6, 23), ASSUMPTION, ALL_SAINTS, CHRISTMAS, BOXING_DAY,
};
static const struct holiday at[] = {
	NEW_YEAR, EPIPHANY, EASTER(EASTER_MONDAY), LABOUR_DAY, EASTER(ASCENSION), EASTER(WHIT_MONDAY),
	EASTER(CORPUS_CHRISTI), ASSUMPTION, ON(10, 26), ALL_SAINTS, IMMACULATE, CHRISTMAS, BOXING_DAY,
};
static const struct holiday ie[] = {
	NEW_YEAR, { HOLIDAY_BRIGID, 2, 1, 0, 2023, 0 }, ON(3, 17), ONCE(3, 18, 2022),
	EASTER(EASTER_MONDAY), FIRST(MONDAY, 5, 1), FIRST(MONDAY, 6, 1), FIRST(MONDAY, 8, 1),
	FIRST(MONDAY, 10, 25), CHRISTMAS, BOXING_DAY,
};
static const struct holiday pl[] = {
	NEW_YEAR, EPIPHANY, EASTER(EASTER_MONDAY), LABOUR_DAY, ON(5, 3), EASTER(CORPUS_CHRISTI),
	ASSUMPTION, ALL_SAINTS, ON(11, 11), ON_FROM(12, 24, 2025), CHRISTMAS, BOXING_DAY,
};
static const struct holiday es[] = { /* those that no region may exchange for another */
	NEW_YEAR, EASTER(GOOD_FRIDAY), LABOUR_DAY, ASSUMPTION, ON(10, 12), ALL_SAINTS, ON(12, 6),
	IMMACULATE, CHRISTMAS,
};
static const struct holiday it[] = {
	NEW_YEAR, EPIPHANY, EASTER(EASTER_MONDAY), ON(4, 25), LABOUR_DAY, ON(6, 2), ASSUMPTION,
	ON_FROM(10, 4, 2026), ALL_SAINTS, IMMACULATE, CHRISTMAS, BOXING_DAY,
};
static const struct holiday pt[] = {
	NEW_YEAR, EASTER(GOOD_FRIDAY), ON(4, 25), LABOUR_DAY, EASTER(CORPUS_CHRISTI), ON(6, 10),
	ASSUMPTION, ON(10, 5), ALL_SAINTS, ON(12, 1), IMMACULATE, CHRISTMAS,
};
static const struct holiday cz[] = {
	NEW_YEAR, EASTER(GOOD_FRIDAY), EASTER(EASTER_MONDAY), LABOUR_DAY, ON(5, 8), ON(7, 5), ON(7, 6),
	ON(9, 28), ON(10, 28), ON(11, 17), ON(12, 24), CHRISTMAS, BOXING_DAY,
};
static const struct holiday sk[] = { /* three were made working days, one after the other */
	NEW_YEAR, EPIPHANY, EASTER(GOOD_FRIDAY), EASTER(EASTER_MONDAY), LABOUR_DAY, ON_UNTIL(5, 8, 2025),
	ON(7, 5), ON(8, 29), ON_UNTIL(9, 1, 2023), ON_UNTIL(9, 15, 2025), ALL_SAINTS,
	ON_UNTIL(11, 17, 2024), ON(12, 24), CHRISTMAS, BOXING_DAY,
};
static const struct holiday hu[] = {
	NEW_YEAR, ON(3, 15), EASTER(GOOD_FRIDAY), EASTER(EASTER_MONDAY), LABOUR_DAY,
	EASTER(WHIT_MONDAY), ON(8, 20), ON(10, 23), ALL_SAINTS, CHRISTMAS, BOXING_DAY,
};
static const struct holiday si[] = {
	NEW_YEAR, ON(1, 2), ON(2, 8), EASTER(EASTER_MONDAY), ON(4, 27), LABOUR_DAY, ON(5, 2), ON(6, 25),
	ASSUMPTION, ON(10, 31), ALL_SAINTS, CHRISTMAS, BOXING_DAY,
};
static const struct holiday hr[] = {
	NEW_YEAR, EPIPHANY, EASTER(EASTER_MONDAY), LABOUR_DAY, ON_FROM(5, 30, 2020),
	EASTER(CORPUS_CHRISTI), ON(6, 22), ON_UNTIL(6, 25, 2019), ON(8, 5), ASSUMPTION,
	ON_UNTIL(10, 8, 2019), ALL_SAINTS, ON_FROM(11, 18, 2020), CHRISTMAS, BOXING_DAY,
};
static const struct holiday ee[] = {
	NEW_YEAR, ON(2, 24), EASTER(GOOD_FRIDAY), LABOUR_DAY, ON(6, 23), ON(6, 24), ON(8, 20),
	ON(12, 24), CHRISTMAS, BOXING_DAY,
};
static const struct holiday lv[] = {
	NEW_YEAR, EASTER(GOOD_FRIDAY), EASTER(EASTER_MONDAY), LABOUR_DAY,
	{ HOLIDAY_MONDAY, 5, 4, 0, 0, 0 }, ON(6, 23), ON(6, 24), { HOLIDAY_MONDAY, 11, 18, 0, 0, 0 },
	ON(12, 24), CHRISTMAS, BOXING_DAY, ON(12, 31),
};
static const struct holiday lt[] = {
	NEW_YEAR, ON(2, 16), ON(3, 11), EASTER(EASTER_MONDAY), LABOUR_DAY, ON(6, 24), ON(7, 6),
	ASSUMPTION, ALL_SAINTS, ON_FROM(11, 2, 2020), ON(12, 24), CHRISTMAS, BOXING_DAY,
};
static const struct holiday ro[] = {
	NEW_YEAR, ON(1, 2), ON_FROM(1, 6, 2024), ON_FROM(1, 7, 2024), ON(1, 24), ORTHODOX(GOOD_FRIDAY),
	ORTHODOX(EASTER_MONDAY), LABOUR_DAY, ON(6, 1), ORTHODOX(WHIT_MONDAY), ASSUMPTION, ON(11, 30),
	ON(12, 1), CHRISTMAS, BOXING_DAY,
};
static const struct holiday bg[] = { /* days moved on from a weekend are not in it */
	NEW_YEAR, ON(3, 3), ORTHODOX(GOOD_FRIDAY), ORTHODOX(EASTER_MONDAY), LABOUR_DAY, ON(5, 6),
	ON(5, 24), ON(9, 6), ON(9, 22), ON(12, 24), CHRISTMAS, BOXING_DAY,
};
static const struct holiday gr[] = { /* 1 May 2024 lay in Holy Week and was moved */
	NEW_YEAR, EPIPHANY, ORTHODOX(CLEAN_MONDAY), ON(3, 25), ORTHODOX(GOOD_FRIDAY),
	ORTHODOX(EASTER_MONDAY), ON_UNTIL(5, 1, 2023), ON_FROM(5, 1, 2025), ORTHODOX(WHIT_MONDAY), ASSUMPTION, ON(10, 28), CHRISTMAS,
	BOXING_DAY,
};
static const struct holiday cy[] = {
	NEW_YEAR, EPIPHANY, ORTHODOX(CLEAN_MONDAY), ON(3, 25), ON(4, 1), ORTHODOX(GOOD_FRIDAY),
	ORTHODOX(EASTER_MONDAY), LABOUR_DAY, ORTHODOX(WHIT_MONDAY), ASSUMPTION, ON(10, 1), ON(10, 28),
	CHRISTMAS, BOXING_DAY,
};
static const struct holiday mt[] = {
	NEW_YEAR, ON(2, 10), ON(3, 19), ON(3, 31), EASTER(GOOD_FRIDAY), LABOUR_DAY, ON(6, 7), ON(6, 29),
	ASSUMPTION, ON(9, 8), ON(9, 21), IMMACULATE, ON(12, 13), CHRISTMAS,
};

#define ROW(code, table, zone, summer, name, at) \
	{ code, zone, summer, table, COUNT(table), { name, sizeof(name) - 1 }, { at, sizeof(at) - 1 } }

static const struct country countries[] = {
	ROW("AT", at, 60, true, "Österreichische Datenschutzbehörde", "www.dsb.gv.at"),
	ROW("BE", be, 60, true, "Gegevensbeschermingsautoriteit / Autorité de protection des données",
	    "www.dataprotectionauthority.be"),
	ROW("BG", bg, 120, true, "Комисия за защита на личните данни", "www.cpdp.bg"),
	ROW("CY", cy, 120, true, "Commissioner for Personal Data Protection", "www.dataprotection.gov.cy"),
	ROW("CZ", cz, 60, true, "Úřad pro ochranu osobních údajů", "www.uoou.gov.cz"),
	ROW("DE", de, 60, true, "Datenschutzaufsichtsbehörde des Bundeslandes", "www.bfdi.bund.de"),
	ROW("DK", dk, 60, true, "Datatilsynet", "www.datatilsynet.dk"),
	ROW("EE", ee, 120, true, "Andmekaitse Inspektsioon", "www.aki.ee"),
	ROW("ES", es, 60, true, "Agencia Española de Protección de Datos", "www.aepd.es"),
	ROW("FI", fi, 120, true, "Tietosuojavaltuutetun toimisto / Dataombudsmannens byrå",
	    "www.tietosuoja.fi"),
	ROW("FR", fr, 60, true, "Commission nationale de l'informatique et des libertés (CNIL)",
	    "www.cnil.fr"),
	ROW("GR", gr, 120, true, "Αρχή Προστασίας Δεδομένων Προσωπικού Χαρακτήρα", "www.dpa.gr"),
	ROW("HR", hr, 60, true, "Agencija za zaštitu osobnih podataka", "www.azop.hr"),
	ROW("HU", hu, 60, true, "Nemzeti Adatvédelmi és Információszabadság Hatóság", "www.naih.hu"),
	ROW("IE", ie, 0, true, "Data Protection Commission", "www.dataprotection.ie"),
	ROW("IS", is, 0, false, "Persónuvernd", "www.personuvernd.is"),
	ROW("IT", it, 60, true, "Garante per la protezione dei dati personali", "www.garanteprivacy.it"),
	ROW("LI", li, 60, true, "Datenschutzstelle", "www.datenschutzstelle.li"),
	ROW("LT", lt, 120, true, "Valstybinė duomenų apsaugos inspekcija", "vdai.lrv.lt"),
	ROW("LU", lu, 60, true, "Commission nationale pour la protection des données", "www.cnpd.lu"),
	ROW("LV", lv, 120, true, "Datu valsts inspekcija", "www.dvi.gov.lv"),
	ROW("MT", mt, 60, true, "Information and Data Protection Commissioner", "www.idpc.org.mt"),
	ROW("NL", nl, 60, true, "Autoriteit Persoonsgegevens", "www.autoriteitpersoonsgegevens.nl"),
	ROW("NO", no, 60, true, "Datatilsynet", "www.datatilsynet.no"),
	ROW("PL", pl, 60, true, "Urząd Ochrony Danych Osobowych", "www.uodo.gov.pl"),
	ROW("PT", pt, 0, true, "Comissão Nacional de Proteção de Dados", "www.cnpd.pt"),
	ROW("RO", ro, 120, true,
	    "Autoritatea Națională de Supraveghere a Prelucrării Datelor cu Caracter Personal",
	    "www.dataprotection.ro"),
	ROW("SE", se, 60, true, "Integritetsskyddsmyndigheten (IMY)", "www.imy.se"),
	ROW("SI", si, 60, true, "Informacijski pooblaščenec", "www.ip-rs.si"),
	ROW("SK", sk, 60, true, "Úrad na ochranu osobných údajov", "www.dataprotection.gov.sk"),
};

const struct country *
country_find(str code)
{
	for (size_t i = 0; i < COUNT(countries); i++)
		if (str_eq(str_from_c(countries[i].code), code))
			return &countries[i];
	return NULL;
}

const struct country *
country_at(size_t index)
{
	return index < COUNT(countries) ? &countries[index] : NULL;
}
