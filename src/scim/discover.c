/* scim/discover.c -- contract: discover.h. */
#include "scim/discover.h"

#include "base/limits.h"

#define CORE "urn:ietf:params:scim:schemas:core:2.0:"

static void
print_schemas(struct json_out *out, str urn)
{
	json_name(out, S("schemas"));
	json_open(out, '[');
	json_put_str(out, urn);
	json_close(out, ']');
}

static void
print_meta(struct json_out *out, str type, str path, str name)
{
	OWNED(buf_release) struct buf location = { .max = 256 };

	buf_put(&location, S(SCIM_PATH));
	buf_put(&location, path);
	buf_put(&location, name);
	json_name(out, S("meta"));
	json_open(out, '{');
	json_pair_str(out, S("resourceType"), type);
	json_pair_str(out, S("location"), buf_str(&location));
	json_close(out, '}');
}

/* --- what is supported ------------------------------------------------------------------------- */

static void
print_support(struct json_out *out, str name, bool supported, str limit, int64_t most)
{
	json_name(out, name);
	json_open(out, '{');
	json_pair_bool(out, S("supported"), supported);
	if (limit.len)
		json_pair_i64(out, limit, most);
	json_close(out, '}');
}

void
scim_print_config(struct json_out *out)
{
	json_open(out, '{');
	print_schemas(out, S(CORE "ServiceProviderConfig"));
	print_support(out, S("patch"), true, S(""), 0);
	json_name(out, S("bulk"));
	json_put_raw(out, S("{\"supported\":false,\"maxOperations\":0,\"maxPayloadSize\":0}"));
	print_support(out, S("filter"), true, S("maxResults"), LIMIT_SCIM_PAGE);
	print_support(out, S("changePassword"), false, S(""), 0);
	print_support(out, S("sort"), true, S(""), 0);
	print_support(out, S("etag"), true, S(""), 0);
	json_name(out, S("authenticationSchemes"));
	json_put_raw(out, S("[{\"type\":\"oauthbearertoken\",\"name\":\"API key\",\"primary\":true,\"description\":"
	                    "\"A key of Valv with the scope scim, as a bearer token (RFC 6750).\","
	                    "\"specUri\":\"https://www.rfc-editor.org/info/rfc6750\"}]"));
	print_meta(out, S("ServiceProviderConfig"), S("/ServiceProviderConfig"), S(""));
	json_close(out, '}');
}

/* --- resource types ---------------------------------------------------------------------------- */

void
scim_print_resource_type(struct json_out *out, const struct scim_resource *resource)
{
	json_open(out, '{');
	print_schemas(out, S(CORE "ResourceType"));
	json_pair_str(out, S("id"), resource->name);
	json_pair_str(out, S("name"), resource->name);
	json_pair_str(out, S("description"), resource->text);
	json_pair_str(out, S("endpoint"), str_from(resource->path, sizeof(SCIM_PATH) - 1));
	json_pair_str(out, S("schema"), resource->core->urn);
	json_name(out, S("schemaExtensions"));
	json_open(out, '[');
	json_open(out, '{');
	json_pair_str(out, S("schema"), resource->extension->urn);
	json_pair_bool(out, S("required"), false);
	json_close(out, '}');
	json_close(out, ']');
	print_meta(out, S("ResourceType"), S("/ResourceTypes/"), resource->name);
	json_close(out, '}');
}

/* --- schemas ----------------------------------------------------------------------------------- */

static str
type_text(enum scim_type type)
{
	static const str names[] = {
		[SCIM_TEXT] = { "string", 6 },       [SCIM_BOOLEAN] = { "boolean", 7 },
		[SCIM_TIME] = { "dateTime", 8 },     [SCIM_REFERENCE] = { "reference", 9 },
		[SCIM_COMPLEX] = { "complex", 7 },
	};

	return names[type];
}

static str
mutability(const struct scim_attr *attr)
{
	if (scim_has(attr, SCIM_FORGOTTEN))
		return S("writeOnly");
	if (scim_has(attr, SCIM_READ_ONLY))
		return S("readOnly");
	return scim_has(attr, SCIM_IMMUTABLE) ? S("immutable") : S("readWrite");
}

static str
returned(const struct scim_attr *attr)
{
	if (scim_has(attr, SCIM_FORGOTTEN))
		return S("never");
	return scim_has(attr, SCIM_ALWAYS) ? S("always") : S("default");
}

static void
print_words(struct json_out *out, str name, str words)
{
	str word;

	json_name(out, name);
	json_open(out, '[');
	while (words.len) {
		if (!eat_until(&words, ' ', &word)) {
			word = words;
			words = S("");
		}
		json_put_str(out, word);
	}
	json_close(out, ']');
}

static void print_attributes(struct json_out *out, str name, const struct scim_attr *attr, size_t count);

static void
print_attribute(struct json_out *out, const struct scim_attr *attr)
{
	json_open(out, '{');
	json_pair_str(out, S("name"), attr->name);
	json_pair_str(out, S("type"), type_text(attr->type));
	json_pair_bool(out, S("multiValued"), scim_has(attr, SCIM_MANY));
	json_pair_str(out, S("description"), attr->text);
	json_pair_bool(out, S("required"), scim_has(attr, SCIM_REQUIRED));
	json_pair_bool(out, S("caseExact"), scim_has(attr, SCIM_EXACT));
	json_pair_str(out, S("mutability"), mutability(attr));
	json_pair_str(out, S("returned"), returned(attr));
	json_pair_str(out, S("uniqueness"), scim_has(attr, SCIM_UNIQUE) ? S("server") : S("none"));
	if (attr->words.len)
		print_words(out, attr->type == SCIM_REFERENCE ? S("referenceTypes") : S("canonicalValues"), attr->words);
	if (attr->sub_count)
		print_attributes(out, S("subAttributes"), attr->sub, attr->sub_count);
	json_close(out, '}');
}

static void
print_attributes(struct json_out *out, str name, const struct scim_attr *attr, size_t count)
{
	json_name(out, name);
	json_open(out, '[');
	for (size_t i = 0; i < count; i++)
		print_attribute(out, &attr[i]);
	json_close(out, ']');
}

void
scim_print_schema(struct json_out *out, const struct scim_schema *schema)
{
	json_open(out, '{');
	print_schemas(out, S(CORE "Schema"));
	json_pair_str(out, S("id"), schema->urn);
	json_pair_str(out, S("name"), schema->name);
	json_pair_str(out, S("description"), schema->text);
	print_attributes(out, S("attributes"), schema->attr, schema->count);
	print_meta(out, S("Schema"), S("/Schemas/"), schema->urn);
	json_close(out, '}');
}
