/* rights/package_html.c -- the package as one page to read, print and keep. */
#include "rights/package.h"
#include "rights/page.h"

#define DEPTH_MAX 8

struct page {
	struct job *job;
	const struct package *package;
	struct buf *out;
	enum language language;
};

static void
put(const struct page *page, str sv, str en)
{
	buf_put(page->out, page->language == SWEDISH ? sv : en);
}

static void
put_time(const struct page *page, time_us at)
{
	buf_put(page->out, S("<time datetime=\""));
	buf_time(page->out, at);
	buf_put(page->out, S("\">"));
	speak_time(page->out, at, page->package->zone_minutes, page->language);
	buf_put(page->out, S("</time>"));
}

/* --- evidence: JSON of the caller's, as names and values --------------------------------------- */

static void put_json(const struct page *page, struct json value, int depth);

static void
put_object(const struct page *page, struct json object, int depth)
{
	void *iterator = NULL;
	struct json value;
	str name;

	buf_put(page->out, S("<dl>"));
	while (json_each(page->job, object, &iterator, &name, &value)) {
		buf_put(page->out, S("<dt>"));
		page_text(page->out, name);
		buf_put(page->out, S("</dt><dd>"));
		put_json(page, value, depth + 1);
		buf_put(page->out, S("</dd>"));
	}
	buf_put(page->out, S("</dl>"));
}

static void
put_json(const struct page *page, struct json value, int depth)
{
	str text;

	if (json_kind(value) == JSON_OBJECT && depth < DEPTH_MAX) {
		put_object(page, value, depth);
		return;
	}
	if (json_kind(value) == JSON_ARRAY && depth < DEPTH_MAX) {
		for (size_t i = 0; i < json_count(value); i++) {
			buf_put(page->out, i ? S("<br>") : S(""));
			put_json(page, json_element(page->job, value, i), depth + 1);
		}
		return;
	}
	if (json_kind(value) == JSON_NULL)
		return;
	if (json_scalar(page->job, value, page->out->max, &text)) {
		job_forgive(page->job);
		if (json_canonical(page->job, value, page->out->max, &text)) {
			job_forgive(page->job);
			return;
		}
	}
	page_text(page->out, text);
}

static enum err
put_evidence(const struct page *page, str json)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct json root;

	TRY(json_parse(page->job, json, &document, &root));
	put_json(page, root, 0);
	return OK;
}

/* --- cells ------------------------------------------------------------------------------------ */

static void
put_list(const struct page *page, const struct column *column, const struct cell *cell)
{
	for (size_t i = 0; i < cell->count; i++) {
		buf_put(page->out, i ? S(", ") : S(""));
		page_text(page->out, column->words ? speak(column->words, cell->list[i], page->language)
		                                   : cell->list[i]);
	}
}

static enum err
put_cell(const struct page *page, const struct column *column, const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_NULL:
		break;
	case CELL_TEXT:
		page_text(page->out, cell->text);
		break;
	case CELL_PROSE:
		buf_put(page->out, S("<span class=\"words\">"));
		page_text(page->out, cell->text);
		buf_put(page->out, S("</span>"));
		break;
	case CELL_CODE:
		buf_put(page->out, S("<code>"));
		page_text(page->out, cell->text);
		buf_put(page->out, S("</code>"));
		break;
	case CELL_WORD:
		page_text(page->out, speak(column->words, cell->text, page->language));
		break;
	case CELL_WORDS:
	case CELL_TEXTS:
		put_list(page, column, cell);
		break;
	case CELL_NUMBER:
		buf_dec(page->out, cell->number);
		break;
	case CELL_TIME:
		put_time(page, cell->number);
		break;
	case CELL_YES:
		put(page, cell->number ? S("ja") : S("nej"), cell->number ? S("yes") : S("no"));
		break;
	case CELL_JSON:
		return put_evidence(page, cell->text);
	}
	return OK;
}

static bool
is_empty(const struct cell *cell)
{
	return cell->kind == CELL_NULL ||
	       ((cell->kind == CELL_TEXTS || cell->kind == CELL_WORDS) && !cell->count);
}

/* --- sections --------------------------------------------------------------------------------- */

static enum err
put_card(const struct page *page, const struct section_kind *kind, const struct cell *cell)
{
	buf_put(page->out, S("<div class=\"card\"><dl>\n"));
	for (size_t i = 0; i < kind->column_count; i++) {
		const struct column *column = &kind->column[i];
		if (column->flags & COLUMN_DATA || is_empty(&cell[i]))
			continue;
		buf_put(page->out, S("<dt>"));
		page_text(page->out, column->label[page->language]);
		buf_put(page->out, S("</dt><dd>"));
		TRY(put_cell(page, column, &cell[i]));
		buf_put(page->out, S("</dd>\n"));
	}
	buf_put(page->out, S("</dl></div>\n"));
	return OK;
}

/* Does any row say something in this column?  One that is empty throughout only takes room. */
static bool
column_used(const struct section *section, const struct section_kind *kind, size_t column)
{
	if (kind->column[column].flags & COLUMN_DATA)
		return false;
	for (size_t row = 0; row < section->row_count; row++)
		if (!is_empty(&section->cell[row * kind->column_count + column]))
			return true;
	return false;
}

static void
put_headings(const struct page *page, const struct section_kind *kind, const bool *used)
{
	buf_put(page->out, S("<table>\n<thead><tr>"));
	for (size_t i = 0; i < kind->column_count; i++) {
		if (!used[i])
			continue;
		buf_put(page->out, S("<th scope=\"col\">"));
		page_text(page->out, kind->column[i].label[page->language]);
		buf_put(page->out, S("</th>"));
	}
	buf_put(page->out, S("</tr></thead>\n<tbody>\n"));
}

static enum err
put_table(const struct page *page, const struct section_kind *kind, const struct section *section)
{
	bool used[32] = { 0 };

	must(kind->column_count <= COUNT(used));
	for (size_t i = 0; i < kind->column_count; i++)
		used[i] = column_used(section, kind, i);
	put_headings(page, kind, used);
	for (size_t row = 0; row < section->row_count && buf_ok(page->out); row++) {
		buf_put(page->out, S("<tr>"));
		for (size_t i = 0; i < kind->column_count; i++) {
			if (!used[i])
				continue;
			buf_put(page->out, S("<td data-label=\""));
			page_text(page->out, kind->column[i].label[page->language]);
			buf_put(page->out, S("\">"));
			TRY(put_cell(page, &kind->column[i], &section->cell[row * kind->column_count + i]));
			buf_put(page->out, S("</td>"));
		}
		buf_put(page->out, S("</tr>\n"));
	}
	buf_put(page->out, S("</tbody>\n</table>\n"));
	return OK;
}

/* The notices: a title, and the words as they were shown. */
static enum err
put_prose(const struct page *page, const struct section_kind *kind, const struct cell *cell)
{
	const struct cell *text = &cell[kind->column_count - 1];

	buf_put(page->out, S("<article class=\"card long\"><dl>\n"));
	for (size_t i = 0; i + 1 < kind->column_count; i++) {
		const struct column *column = &kind->column[i];
		if (column->flags & COLUMN_DATA || is_empty(&cell[i]))
			continue;
		buf_put(page->out, S("<dt>"));
		page_text(page->out, column->label[page->language]);
		buf_put(page->out, S("</dt><dd>"));
		TRY(put_cell(page, column, &cell[i]));
		buf_put(page->out, S("</dd>\n"));
	}
	buf_put(page->out, S("</dl>\n<div class=\"words\">"));
	page_text(page->out, text->text);
	buf_put(page->out, S("</div></article>\n"));
	return OK;
}

static enum err
put_rows(const struct page *page, enum section_id id)
{
	const struct section_kind *kind = section_kind(id);
	const struct section *section = &page->package->section[id];

	if (!section->row_count) {
		put(page, S("<p>Inget.</p>\n"), S("<p>Nothing.</p>\n"));
		return OK;
	}
	if (kind->layout == LAYOUT_TABLE)
		return put_table(page, kind, section);
	for (size_t row = 0; row < section->row_count && buf_ok(page->out); row++) {
		const struct cell *cell = &section->cell[row * kind->column_count];
		TRY(kind->layout == LAYOUT_CARDS ? put_card(page, kind, cell) : put_prose(page, kind, cell));
	}
	return OK;
}

static enum err
put_section(const struct page *page, enum section_id id)
{
	const struct section_kind *kind = section_kind(id);

	buf_put(page->out, S("<section id=\""));
	buf_put(page->out, kind->name);
	buf_put(page->out, S("\" aria-labelledby=\"h-"));
	buf_put(page->out, kind->name);
	buf_put(page->out, S("\">\n<h2 id=\"h-"));
	buf_put(page->out, kind->name);
	buf_put(page->out, S("\">"));
	page_text(page->out, kind->title[page->language]);
	buf_put(page->out, S("</h2>\n<p class=\"quiet\">"));
	page_text(page->out, kind->about[page->language]);
	buf_put(page->out, S("</p>\n"));
	TRY(put_rows(page, id));
	buf_put(page->out, S("</section>\n"));
	return OK;
}

/* --- the page --------------------------------------------------------------------------------- */

static void
put_contents(const struct page *page)
{
	put(page, S("<nav aria-label=\"Innehåll\"><ul>\n"), S("<nav aria-label=\"Contents\"><ul>\n"));
	for (enum section_id id = 0; id < SECTION_COUNT; id++) {
		buf_put(page->out, S("<li><a href=\"#"));
		buf_put(page->out, section_kind(id)->name);
		buf_put(page->out, S("\">"));
		page_text(page->out, section_kind(id)->title[page->language]);
		buf_put(page->out, S("</a></li>\n"));
	}
	buf_put(page->out, S("</ul></nav>\n"));
}

static void
put_zone(const struct page *page)
{
	int64_t minutes = page->package->zone_minutes;
	uint64_t size = (uint64_t)(minutes < 0 ? -minutes : minutes);

	put(page, S(" Alla tider är UTC"), S(" All times are UTC"));
	if (size) {
		buf_char(page->out, minutes < 0 ? '-' : '+');
		buf_udec(page->out, size / 60);
		if (size % 60) {
			buf_char(page->out, ':');
			buf_pad(page->out, size % 60, 2);
		}
	}
	buf_put(page->out, S("."));
}

static void
put_introduction(const struct page *page)
{
	bool first = !page->package->begin.act && !page->package->begin.entry;

	put(page, S("<p>Det här är allt som vi har om dig, och vad vi gör med det. Du har rätt att få veta det "
	            "enligt artikel 15 i dataskyddsförordningen (GDPR).</p>\n<p class=\"quiet\">Sammanställt "),
	    S("<p>This is everything we hold about you, and what we do with it. You have the right to know it "
	      "under Article 15 of the General Data Protection Regulation (GDPR).</p>\n<p class=\"quiet\">Put together "));
	put_time(page, page->package->made_at);
	buf_put(page->out, S("."));
	put_zone(page);
	buf_put(page->out, S("</p>\n"));
	if (!first)
		put(page, S("<p>Det här är en fortsättning: händelserna och loggen tar vid där förra delen slutade.</p>\n"),
		    S("<p>This is a continuation: the events and the log go on where the previous part ended.</p>\n"));
	if (page->package->more)
		put(page, S("<p>Allt fick inte plats i en del. Resten av händelserna och loggen finns i nästa del.</p>\n"),
		    S("<p>There was no room for everything in one part. The rest of the events and the log is in the next part.</p>\n"));
}

enum err
package_html(struct job *job, const struct package *package, struct buf *out)
{
	struct page page = { job, package, out, package->language };

	page_begin(out, package->language,
	           package->language == SWEDISH ? S("Dina uppgifter hos oss") : S("Your data with us"));
	put_introduction(&page);
	put_contents(&page);
	for (enum section_id id = 0; id < SECTION_COUNT; id++)
		TRY(put_section(&page, id));
	page_end(out);
	return OK;
}
