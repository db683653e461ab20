/* rights/page.c -- contract: page.h.  Colours and measures: those of the other pages for people. */
#include "rights/page.h"

#include "crypto/seal.h"

/* At most 70 characters in a line of prose; a table becomes cards on a narrow screen, where each
 * cell is told by its data-label; on paper everything is ink on white. */
#define STYLE \
	":root{--paper:#fbfaf7;--raised:#fff;--ink:#1c2127;--quiet:#59636e;--line:#dfdcd4;--accent:#0f5c4c;color-scheme:light dark}" \
	"@media(prefers-color-scheme:dark){:root{--paper:#14171a;--raised:#1c2024;--ink:#e8eaed;--quiet:#9aa4af;--line:#2e343a;--accent:#6cc4ae}}" \
	"*{box-sizing:border-box}" \
	"body{margin:0;font:16px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums;color:var(--ink);background:var(--paper)}" \
	"main{max-width:64rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}" \
	"h1{font-size:1.9rem;line-height:1.2;font-weight:600;margin:0 0 .75rem}" \
	"h2{font-size:1.3rem;line-height:1.3;font-weight:600;margin:0 0 .25rem}" \
	"h3{font-size:1rem;font-weight:600;margin:0 0 .5rem}" \
	"p{margin:0 0 .75rem;max-width:42rem}.quiet{color:var(--quiet)}" \
	"a{color:var(--accent)}a:focus-visible,button:focus-visible{outline:2px solid var(--accent);outline-offset:2px}" \
	"section{margin:3rem 0 0;padding:1.5rem 0 0;border-top:1px solid var(--line)}" \
	"nav ul{list-style:none;margin:1rem 0 0;padding:0;columns:2;max-width:42rem}nav li{padding:.15rem 0;break-inside:avoid}" \
	".card{background:var(--raised);border:1px solid var(--line);border-radius:6px;padding:1rem 1.25rem;margin:0 0 .75rem}" \
	"dl{display:grid;grid-template-columns:minmax(9rem,14rem) 1fr;gap:.25rem 1.25rem;margin:0}" \
	"dt{color:var(--quiet)}dd{margin:0;max-width:42rem;overflow-wrap:anywhere}dd dl{grid-template-columns:minmax(6rem,10rem) 1fr}" \
	"table{border-collapse:collapse;width:100%;background:var(--raised);border:1px solid var(--line);border-radius:6px}" \
	"div.words{margin-top:1rem}th,td{min-width:7rem;text-align:left;vertical-align:top;padding:.5rem .75rem;border-top:1px solid var(--line)}" \
	"th{color:var(--quiet);font-weight:500;border-top:0}td{overflow-wrap:break-word}" \
	".words{white-space:pre-line;overflow-wrap:anywhere;max-width:42rem}" \
	"code{font:.85em/1.5 ui-monospace,monospace;overflow-wrap:anywhere}time{white-space:nowrap}" \
	"button{font:inherit;font-weight:600;color:var(--paper);background:var(--accent);border:0;border-radius:6px;padding:.75rem 1.5rem;cursor:pointer}" \
	"@media screen and (max-width:46rem){main{padding-top:1.5rem}nav ul{columns:1}dl,dd dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 .5rem}" \
	"table,tbody,tr,td{display:block}thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}" \
	"table{border:0;background:none}tr{background:var(--raised);border:1px solid var(--line);border-radius:6px;padding:.75rem 1rem;margin:0 0 .75rem}" \
	"td{border:0;padding:0 0 .4rem}td:first-child{font-weight:600}td:first-child::before{font-weight:400}td::before{content:attr(data-label);display:block;color:var(--quiet);font-size:.875rem}td:empty{display:none}}" \
	"@media print{:root{--paper:#fff;--raised:#fff;--ink:#000;--quiet:#444;--line:#bbb;--accent:#000}" \
	"body{font-size:10pt}main{max-width:none;padding:0}nav{display:none}section{margin-top:1.5rem;padding-top:.75rem}" \
	"th,td{padding:.2rem .4rem}h2,h3,thead,h2+p{break-after:avoid}tr,.card{break-inside:avoid}.long{break-inside:auto}}"

static void
put_style_hash(struct buf *out)
{
	uint8_t hash[32];

	digest_public(str_bytes(S(STYLE)), hash);
	buf_put(out, S("'sha256-"));
	buf_base64url(out, (bytes){ hash, sizeof(hash) });
	buf_put(out, S("='"));
}

void
page_text(struct buf *out, str text)
{
	for (size_t i = 0; i < text.len; i++) {
		switch (text.ptr[i]) {
		case '&':
			buf_put(out, S("&amp;"));
			break;
		case '<':
			buf_put(out, S("&lt;"));
			break;
		case '>':
			buf_put(out, S("&gt;"));
			break;
		case '"':
			buf_put(out, S("&quot;"));
			break;
		case '\'':
			buf_put(out, S("&#39;"));
			break;
		default:
			buf_char(out, text.ptr[i]);
		}
	}
}

void
page_begin(struct buf *out, enum language language, str title)
{
	buf_put(out, S("<!doctype html>\n<html lang=\""));
	buf_put(out, language_code(language));
	buf_put(out, S("\">\n<head>\n<meta charset=\"utf-8\">\n"
	               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	               "<meta name=\"robots\" content=\"noindex\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
	               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; "
	               "form-action 'self'; style-src "));
	put_style_hash(out);
	buf_put(out, S("\">\n<title>"));
	page_text(out, title);
	buf_put(out, S("</title>\n<style>" STYLE "</style>\n</head>\n<body>\n<main>\n<h1>"));
	page_text(out, title);
	buf_put(out, S("</h1>\n"));
}

void
page_end(struct buf *out)
{
	buf_put(out, S("</main>\n</body>\n</html>\n"));
}

str
page_policy(struct job *job, bool form)
{
	OWNED(buf_release) struct buf text = { .max = 512 };

	buf_put(&text, S("default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action "));
	buf_put(&text, form ? S("'self'") : S("'none'"));
	buf_put(&text, S("; style-src "));
	put_style_hash(&text);
	return arena_str(&job->arena, buf_str(&text));
}
