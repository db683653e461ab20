/* Aims at scim_filter_parse, scim_path_parse, scim_filter_match, scim_filter_print, scim_resolve.
 *
 * The first octet chooses users or groups.  What is read and printed reads back as the same, and answers the
 * same of a resource; what is refused is refused with the errors that the header lists. */
#include "base/limits.h"
#include "scim/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct scim_node *
sample(struct job *job, const struct scim_resource *resource)
{
	struct scim_node *root = scim_node_new(job, NULL), *value;
	bool user = resource == &scim_user_resource;

	scim_put_text(job, resource, root, S("id"), S("1"));
	scim_put_text(job, resource, root, S("displayName"), S("\xc3\x85sa Berg"));
	value = scim_put_complex(job, resource, root, S("meta"));
	scim_put_time(job, resource, value, S("created"), 1795435200 * TIME_SECOND);
	for (int i = 0; i < 2; i++) {
		value = scim_put_complex(job, resource, root, user ? S("emails") : S("members"));
		scim_put_text(job, resource, value, S("value"), i ? S("asa@example.com") : S("a"));
		if (user && i)
			scim_put_bool(job, resource, value, S("primary"), true);
	}
	if (user)
		scim_put_bool(job, resource, root, S("active"), false);
	return root;
}

static void
check_again(struct job *job, const struct scim_resource *resource, const struct scim_filter *filter)
{
	OWNED(buf_release) struct buf text = { .max = 1 << 20 };
	OWNED(buf_release) struct buf twice = { .max = 1 << 20 };
	const struct scim_node *root = sample(job, resource), *empty = scim_node_new(job, NULL);
	struct scim_filter *again;

	scim_filter_print(filter, &text);
	must(buf_ok(&text));
	if (text.len > LIMIT_SCIM_FILTER_BYTES) /* emails has become emails.value */
		return;
	must(scim_filter_parse(job, resource, buf_str(&text), &again) == OK);
	scim_filter_print(again, &twice);
	must(str_eq(buf_str(&text), buf_str(&twice)));
	must(scim_filter_match(job, filter, root) == scim_filter_match(job, again, root));
	must(scim_filter_match(job, filter, empty) == scim_filter_match(job, again, empty));
}

static void
check_path(struct job *job, const struct scim_resource *resource, str text)
{
	struct scim_path path;
	enum err err = scim_path_parse(job, resource, text, &path);

	must(!err || err == ERR_PATH || err == ERR_FILTER);
	if (!err)
		must((path.at.attr || path.at.extension) && (!path.at.sub || path.at.attr) &&
		     (!path.which || scim_has(path.at.attr, SCIM_MANY)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(job_release) struct job job = { 0 };
	const struct scim_resource *resource;
	struct scim_filter *filter;
	enum err err;
	str text;

	if (!size || size > LIMIT_SCIM_FILTER_BYTES + 2)
		return -1;
	resource = data[0] & 1 ? &scim_user_resource : &scim_group_resource;
	text = bytes_str((bytes){ data + 1, size - 1 });
	check_path(&job, resource, text);
	job_forgive(&job);
	err = scim_filter_parse(&job, resource, text, &filter);
	must(!err || err == ERR_FILTER);
	if (!err)
		check_again(&job, resource, filter);
	return 0;
}
