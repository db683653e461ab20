/* cli/residue.c -- `valv residue`: is any of these texts in any file that Valv wrote?  Reads files;
 * no server is needed, and one may be running. */
#include <unistd.h>

#include "base/limits.h"
#include "cli/data_dir.h"
#include "cli/input.h"
#include "cli/say.h"
#include "os/walk.h"
#include "residue/residue.h"

#define TEXTS_MAX 100000
#define TOLD_MAX 1000 /* lines; the rest is counted */

static const struct option residue_options[] = {
	{ "data", "DIR", "The data directory; $VALV_DATA or ./valv-data unless it is given." },
	{ "also", "DIR", "Another directory, or a file: backups, logs, the core of a process." },
	{ "json", NULL, "Print what was found as JSON." },
	{ "halves", NULL, "Find either half of a text, too: a database page may end inside of it." },
};

struct search {
	struct job *job;
	struct cli *cli;
	struct residue *residue;
	uint32_t texts;
	bool halves;
	const char *path; /* that is read now */
	uint64_t files, octets, found;
	struct buf json;
	struct json_out out;
};

/* --- the texts -------------------------------------------------------------------------------- */

static enum err
text_add(struct search *search, str text)
{
	if (search->texts == TEXTS_MAX)
		return complain(search->cli, EXIT_USAGE, "residue: at most %d texts at once", TEXTS_MAX);
	if (!residue_text(search->residue, text, ++search->texts, search->halves))
		return complain(search->cli, EXIT_USAGE, "residue: text %u is shorter than %d or longer than %d octets",
		                search->texts, RESIDUE_TEXT_MIN, RESIDUE_TEXT_MAX);
	return OK;
}

/* Values of people come on standard input, one a line, so that they do not stay in the shell's history. */
static enum err
texts_of_input(struct search *search)
{
	str all, line;

	TRY(input_file(search->job, search->cli, "-", TEXTS_MAX * 64, &all));
	while (all.len) {
		if (!eat_until(&all, '\n', &line)) {
			line = all;
			all.len = 0;
		}
		line = str_trim(line);
		if (line.len)
			TRY(text_add(search, line));
	}
	return OK;
}

static enum err
texts_read(struct search *search, const struct args *args)
{
	for (size_t i = 0; i < args->operand_count; i++) {
		if (strcmp(args->operand[i], "-") == 0)
			TRY(texts_of_input(search));
		else
			TRY(text_add(search, str_from_c(args->operand[i])));
	}
	if (!search->texts)
		return complain(search->cli, EXIT_USAGE, "residue: nothing to look for");
	return OK;
}

/* --- looking ---------------------------------------------------------------------------------- */

static void
found_json(struct search *search, const struct residue_found *found)
{
	json_open(&search->out, '{');
	json_pair_str(&search->out, S("file"), text_safe(search->job, str_from_c(search->path)));
	json_pair_i64(&search->out, S("offset"), (int64_t)found->at);
	json_pair_str(&search->out, S("form"), str_from_c(found->form));
	json_pair_i64(&search->out, S("text"), found->no);
	json_pair_bool(&search->out, S("half"), found->half);
	json_pair_i64(&search->out, S("packed"), found->packed);
	json_close(&search->out, '}');
}

/* By its number, never as it reads: this may be printed anywhere. */
static void
found_tell(const struct residue_found *found, void *ctx)
{
	struct search *search = ctx;

	if (++search->found > TOLD_MAX)
		return;
	if (search->cli->json) {
		found_json(search, found);
		return;
	}
	say_text(stdout, str_from_c(search->path));
	printf(": offset %llu: %stext %u, %s%s\n", (unsigned long long)found->at, found->half ? "half of " : "",
	       found->no, found->form, found->packed ? ", packed" : "");
}

static void
piece_look(bytes piece, void *ctx)
{
	struct search *search = ctx;

	search->octets += piece.len;
	residue_feed(search->residue, piece);
}

static enum err
file_look(struct job *job, const char *path, void *ctx)
{
	struct search *search = ctx;
	enum err err;
	bool there;

	search->path = path;
	residue_begin(search->residue, found_tell, search);
	err = file_pieces(job, path, RESIDUE_PIECE, piece_look, search, &there);
	residue_end(search->residue);
	if (err)
		return complain(search->cli, EXIT_REFUSED, "residue: %s cannot be read", path);
	search->files += there;
	return OK;
}

static enum err
place_look(struct search *search, const char *path)
{
	enum err err = walk(search->job, path, file_look, search);

	if (err == ERR_ABSENT)
		return complain(search->cli, EXIT_USAGE, "residue: there is no %s", path);
	if (err && !search->cli->status)
		return complain(search->cli, EXIT_REFUSED, "residue: %s cannot be read", path);
	return err;
}

static enum err
places_look(struct search *search, const struct args *args)
{
	TRY(place_look(search, data_dir(args)));
	return arg_given(args, "also") ? place_look(search, arg_c(args, "also")) : OK;
}

/* --- the result ------------------------------------------------------------------------------- */

static void
sum_json(struct search *search)
{
	json_close(&search->out, ']');
	json_pair_i64(&search->out, S("files"), (int64_t)search->files);
	json_pair_i64(&search->out, S("octets"), (int64_t)search->octets);
	json_pair_i64(&search->out, S("count"), (int64_t)search->found);
	json_close(&search->out, '}');
	say_line(stdout, buf_str(&search->json));
}

static enum err
sum_tell(struct search *search)
{
	if (search->cli->json)
		sum_json(search);
	else
		printf("%llu files, %llu octets read; found %llu times.\n", (unsigned long long)search->files,
		       (unsigned long long)search->octets, (unsigned long long)search->found);
	if (!search->found)
		return OK;
	search->cli->status = EXIT_REFUSED; /* all was said */
	return ERR_CONFLICT;
}

static void
search_end(struct search *search)
{
	residue_free(&search->residue);
	buf_release(&search->json);
}

static enum err
residue_run(struct job *job, struct cli *cli, const struct args *args)
{
	OWNED(search_end) struct search search = { .job = job, .cli = cli, .residue = residue_new(),
		                                   .halves = arg_given(args, "halves"),
		                                   .json = { .max = 1024 * 1024 } };

	cli->json = arg_given(args, "json");
	json_out_begin(&search.out, &search.json);
	json_open(&search.out, '{');
	json_name(&search.out, S("found"));
	json_open(&search.out, '[');
	TRY(texts_read(&search, args));
	TRY(places_look(&search, args));
	return sum_tell(&search);
}

const struct command command_residue = {
	.operands = "[STRING...]",
	.about = "Reads every file under the data directory, databases and their logs included, and looks "
	         "for each STRING: as text in any case, in Latin-1 and UTF-16, in hexadecimal, in base64 of "
	         "both alphabets wherever it begins, and inside what zlib or gzip packed. Prints file, offset and "
	         "form, and the number of the text, never the text. Exit status 1 when anything was found.\n\n"
	         "- reads more texts from standard input, one a line: they do not stay in the shell's history.",
	.examples = "valv residue - < canaries.txt\n"
	            "valv residue --also /backup kanariefagel-17",
	OPTIONS(residue_options),
	.run = residue_run,
};
