/* Aims at scim_patch, scim_read, scim_merge, scim_primary, scim_print, through json_parse.
 *
 * The body is read as a resource, and as a PATCH of a sample.  Whatever a PATCH did: of an attribute with one
 * value there is one, required ones are there, no more than one value is primary, nothing of what is not kept
 * or read only appeared, and what is printed can be put back and is then the same. */
#include "base/limits.h"
#include "scim/patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char user[] =
	"{\"schemas\":[\"" URN_USER "\"],\"userName\":\"asa\",\"externalId\":\"7\",\"active\":true,\"name\":{\"givenName\":\"A\"},"
	"\"emails\":[{\"value\":\"a@example.com\",\"type\":\"work\",\"primary\":true},{\"value\":\"b@example.com\",\"type\":\"home\"}]}";
static const char group[] =
	"{\"schemas\":[\"" URN_GROUP "\"],\"displayName\":\"Shop\",\"members\":[{\"value\":\"a\"},{\"value\":\"b\"}]}";

static void
check_nodes(const struct scim_node *parent)
{
	for (const struct scim_node *node = parent->child; node; node = node->next) {
		size_t same = 0, primary = 0;
		must(!scim_has(node->attr, SCIM_FORGOTTEN | SCIM_READ_ONLY));
		must(node->attr->type == SCIM_COMPLEX || node->attr->type == SCIM_BOOLEAN ||
		     (node->text.len && node->text.len <= LIMIT_SCIM_TEXT_BYTES && str_printable(node->text)));
		must(node->attr->type != SCIM_COMPLEX || node->child);
		for (const struct scim_node *other = parent->child; other; other = other->next) {
			const struct scim_attr *flag = scim_sub(other->attr, S("primary"));
			const struct scim_node *set = flag ? scim_node_find(other, flag) : NULL;
			if (other->attr != node->attr)
				continue;
			same++;
			primary += set && set->truth;
		}
		must(same == 1 || scim_has(node->attr, SCIM_MANY));
		must(primary <= 1);
		check_nodes(node);
	}
}

static void
print(const struct scim_resource *resource, const struct scim_node *root, struct buf *text)
{
	const struct scim_picks all = { 0 };
	struct json_out out;

	json_out_begin(&out, text);
	scim_print(&out, resource, root, &all);
	must(buf_ok(text));
}

static struct scim_node *
read(struct job *job, const struct scim_resource *resource, str text, enum err *ret_err)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct scim_node *root = NULL;
	struct json body;

	must(json_parse(job, text, &document, &body) == OK);
	*ret_err = scim_read(job, resource, body, &root);
	return root;
}

static void
check_resource(struct job *job, const struct scim_resource *resource, const struct scim_node *root)
{
	OWNED(buf_release) struct buf text = { .max = LIMIT_ANSWER_BYTES };
	OWNED(buf_release) struct buf again = { .max = LIMIT_ANSWER_BYTES };
	enum err err;

	check_nodes(root);
	print(resource, root, &text);
	root = read(job, resource, buf_str(&text), &err);
	must(!err);
	print(resource, root, &again);
	must(str_eq(buf_str(&text), buf_str(&again)));
}

static void
check_patch(struct job *job, const struct scim_resource *resource, str text)
{
	OWNED(json_free) struct json_document *document = NULL;
	struct scim_patched patched = { 0 };
	struct scim_node *root;
	struct json body;
	enum err err;

	root = read(job, resource, str_from_c(resource == &scim_user_resource ? user : group), &err);
	must(!err && json_parse(job, text, &document, &body) == OK);
	err = scim_patch(job, resource, body, S("1"), root, &patched);
	must(!err || err == ERR_MALFORMED || err == ERR_INVALID || err == ERR_FILTER || err == ERR_PATH ||
	     err == ERR_TARGET || err == ERR_MUTABILITY || err == ERR_LIMIT);
	job_forgive(job);
	if (err)
		return;
	must(scim_text(resource, root, resource == &scim_user_resource ? "userName" : "displayName", NULL).len);
	if (resource == &scim_user_resource) {
		const struct scim_node *active = scim_node_find(root, scim_attr(resource, S("active")));
		must(active && (active->truth || patched.was_inactive));
	}
	check_resource(job, resource, root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	OWNED(job_release) struct job job = { 0 };
	OWNED(json_free) struct json_document *document = NULL;
	const struct scim_resource *resource[] = { &scim_user_resource, &scim_group_resource };
	str text = bytes_str((bytes){ data, size });
	struct json body;

	if (size > LIMIT_BODY_BYTES || json_parse(&job, text, &document, &body))
		return 0;
	for (size_t i = 0; i < COUNT(resource); i++) {
		enum err err;
		struct scim_node *root = read(&job, resource[i], text, &err);
		must(!err || err == ERR_MALFORMED || err == ERR_INVALID);
		job_forgive(&job);
		if (!err)
			check_resource(&job, resource[i], root);
		check_patch(&job, resource[i], text);
	}
	return 0;
}
