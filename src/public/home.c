/* public/home.c -- the first page, and the files of all pages. */
#include "public/visit.h"

enum err
public_home_get(struct job *job, struct visit *visit)
{
	struct page_object page = page_new(&job->arena, 0);

	return visit_page(job, visit, 200, S("index.html"), &page);
}

enum err
public_asset_get(struct job *job, struct visit *visit)
{
	const struct page_asset *asset = page_asset(&public_pages, visit->param);

	if (!asset)
		return fail(job, ERR_ABSENT, "there is no such file");
	visit->response->status = 200;
	visit->response->content_type = asset->type;
	buf_put(&visit->response->body, asset->content);
	response_header(visit->response, S("Cache-Control"), S("public, max-age=31536000, immutable"));
	return OK;
}
