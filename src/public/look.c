/* public/look.c -- contract, K1: look.h. */
#include "public/look.h"

#include "page/colour.h"
#include "public/visit.h"

struct scheme {
	struct rgb paper, raised, ink; /* ink: what may stand on the colour, besides white */
};

static const struct scheme light = { { { 0xfb, 0xfa, 0xf7 } }, { { 0xff, 0xff, 0xff } }, { { 0x1c, 0x21, 0x27 } } };
static const struct scheme dark = { { { 0x14, 0x17, 0x1a } }, { { 0x1c, 0x20, 0x24 } }, { { 0x14, 0x17, 0x1a } } };
static const struct rgb white = { { 0xff, 0xff, 0xff } };

static bool
put_scheme(struct buf *out, const struct scheme *scheme, struct rgb colour)
{
	struct rgb on = colour_contrast(colour, white) >= colour_contrast(colour, scheme->ink) ? white : scheme->ink;

	if (colour_contrast(colour, scheme->paper) < COLOUR_CONTRAST || colour_contrast(colour, scheme->raised) < COLOUR_CONTRAST ||
	    colour_contrast(colour, on) < COLOUR_CONTRAST)
		return false;
	buf_put(out, S(":root{--accent:"));
	colour_put(out, colour);
	buf_put(out, S(";--on-accent:"));
	colour_put(out, on);
	buf_put(out, S("}"));
	return true;
}

bool
look_print(str text, struct buf *out)
{
	OWNED(buf_release) struct buf on_dark = { .max = 200 }, on_light = { .max = 200 };
	struct rgb colour;
	bool any;

	if (!colour_read(text, &colour))
		return false;
	any = put_scheme(&on_light, &light, colour);
	any |= put_scheme(&on_dark, &dark, colour);
	if (on_light.len) {
		buf_put(out, S("@media(prefers-color-scheme:light){"));
		buf_put(out, buf_str(&on_light));
		buf_put(out, S("}"));
	}
	if (on_dark.len) {
		buf_put(out, S("@media(prefers-color-scheme:dark){"));
		buf_put(out, buf_str(&on_dark));
		buf_put(out, S("}"));
	}
	return any;
}

static str
address(struct job *job, str name, str mark, str ending)
{
	OWNED(buf_release) struct buf text = { .max = 128 };

	buf_put(&text, S("/look/"));
	buf_put(&text, name);
	buf_put(&text, mark);
	buf_put(&text, ending);
	return arena_str(&job->arena, buf_str(&text));
}

str
look_sheet(struct job *job, const struct company_look *look)
{
	OWNED(buf_release) struct buf sheet = { .max = 512 };

	return look_print(look->colour, &sheet) ? address(job, S("colour-"), str_from(look->colour, 1), S(".css")) : S("");
}

str
look_logo(struct job *job, const struct company_look *look)
{
	return look->logo_mark.len ? address(job, S("logo-"), look->logo_mark, look->logo_svg ? S(".svg") : S(".png")) : S("");
}

/* Both are named by what they hold, so they may be kept. */
enum err
public_look_get(struct job *job, struct visit *visit)
{
	const struct company_look *look = &visit->registry->look;
	struct response *response = visit->response;
	OWNED(buf_release) struct buf asked = { .max = 300 };

	buf_put(&asked, S("/look/"));
	buf_put(&asked, visit->param);
	response->status = 200;
	if (str_eq(buf_str(&asked), look_sheet(job, look))) {
		response->content_type = S("text/css; charset=utf-8");
		(void)look_print(look->colour, &response->body);
	} else if (look->logo_mark.len && str_eq(buf_str(&asked), look_logo(job, look))) {
		response->content_type = look->logo_svg ? S("image/svg+xml") : S("image/png");
		TRY(look_logo_get(job, visit->vault, &response->body));
		/* Opened by itself it is a page, in which nothing may run. */
		response_header(response, S("Content-Security-Policy"), S("default-src 'none'; style-src 'unsafe-inline'; sandbox"));
		response_header(response, S("Cross-Origin-Resource-Policy"), S("cross-origin")); /* mails show it, too */
	} else {
		return fail(job, ERR_ABSENT, "there is no such file");
	}
	response_header(response, S("Cache-Control"), S("public, max-age=31536000, immutable"));
	return OK;
}
