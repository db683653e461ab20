/* scim/schema.c -- contract and N1: schema.h.  Texts are the server's own; kinds, case and uniqueness
 * are those of RFC 7643 section 8.7 but where a text says otherwise. */
#include "scim/schema.h"

#define TEXT(s) { s, sizeof(s) - 1 }
#define NONE { "", 0 }
#define ATTR(name, type, flags, text) { TEXT(name), type, flags, TEXT(text), NULL, 0, NONE }
#define WORDS(name, type, flags, text, words) { TEXT(name), type, flags, TEXT(text), NULL, 0, TEXT(words) }
#define PARTS(name, flags, text, sub) { TEXT(name), SCIM_COMPLEX, flags, TEXT(text), sub, COUNT(sub), NONE }

#define FORGET(name, text) ATTR(name, SCIM_TEXT, SCIM_FORGOTTEN, text " " NOT_KEPT)
#define NOT_KEPT "Taken and not kept: Valv has no use for it."

/* --- common to all resources ------------------------------------------------------------------- */

static const struct scim_attr meta_parts[] = {
	ATTR("resourceType", SCIM_TEXT, SCIM_READ_ONLY | SCIM_EXACT, "User or Group."),
	ATTR("created", SCIM_TIME, SCIM_READ_ONLY, "When it was made."),
	ATTR("lastModified", SCIM_TIME, SCIM_READ_ONLY, "When it last changed."),
	ATTR("location", SCIM_REFERENCE, SCIM_READ_ONLY | SCIM_EXACT, "Its address on this server."),
	ATTR("version", SCIM_TEXT, SCIM_READ_ONLY | SCIM_EXACT, "Its entity tag, for If-Match and If-None-Match."),
};

static const struct scim_attr common[] = {
	ATTR("id", SCIM_TEXT, SCIM_READ_ONLY | SCIM_EXACT | SCIM_ALWAYS | SCIM_UNIQUE, "Given by the server, never to another."),
	ATTR("externalId", SCIM_TEXT, SCIM_EXACT, "The provider's own name for it."),
	PARTS("meta", SCIM_READ_ONLY, "About the resource.", meta_parts),
};

/* --- users ------------------------------------------------------------------------------------- */

static const struct scim_attr name_parts[] = {
	ATTR("formatted", SCIM_TEXT, 0, "The whole name, as it is shown."),
	ATTR("familyName", SCIM_TEXT, 0, "Family name."),
	ATTR("givenName", SCIM_TEXT, 0, "Given name."),
	FORGET("middleName", "Middle name."),
	FORGET("honorificPrefix", "Title before the name."),
	FORGET("honorificSuffix", "Title after the name."),
};

static const struct scim_attr email_parts[] = {
	ATTR("value", SCIM_TEXT, SCIM_STAYS, "The address."),
	ATTR("display", SCIM_TEXT, 0, "A name for it."),
	WORDS("type", SCIM_TEXT, 0, "What it is for.", "work home other"),
	ATTR("primary", SCIM_BOOLEAN, 0, "The one to write to: of one address at most."),
};

static const struct scim_attr plural_parts[] = {
	FORGET("value", "The value."),
	FORGET("display", "A name for it."),
	FORGET("type", "What it is for."),
	ATTR("primary", SCIM_BOOLEAN, SCIM_FORGOTTEN, "The first to use. " NOT_KEPT),
};

static const struct scim_attr address_parts[] = {
	FORGET("formatted", "The whole address."),
	FORGET("streetAddress", "Street."),
	FORGET("locality", "City."),
	FORGET("region", "Region."),
	FORGET("postalCode", "Postal code."),
	FORGET("country", "Country."),
	FORGET("type", "What it is for."),
	ATTR("primary", SCIM_BOOLEAN, SCIM_FORGOTTEN, "The first to use. " NOT_KEPT),
};

static const struct scim_attr group_parts[] = {
	ATTR("value", SCIM_TEXT, SCIM_READ_ONLY | SCIM_EXACT, "The group's id."),
	WORDS("$ref", SCIM_REFERENCE, SCIM_READ_ONLY | SCIM_EXACT, "The group's address.", "Group"),
	ATTR("display", SCIM_TEXT, SCIM_READ_ONLY, "The group's name."),
	WORDS("type", SCIM_TEXT, SCIM_READ_ONLY, "Always direct.", "direct"),
};

static const struct scim_attr user[] = {
	ATTR("userName", SCIM_TEXT, SCIM_REQUIRED | SCIM_UNIQUE, "What the person signs in as. Of one account in the whole vault."),
	PARTS("name", 0, "The person's name.", name_parts),
	ATTR("displayName", SCIM_TEXT, 0, "The name that colleagues see."),
	ATTR("preferredLanguage", SCIM_TEXT, 0, "Language of pages and letters, as sv or en-GB."),
	ATTR("active", SCIM_BOOLEAN, SCIM_STAYS,
	     "false ends everything of the person's before the answer: sessions, keys, approvals, exports, links. "
	     "true again begins anew: what was ended stays so. The strings True and False are taken too."),
	PARTS("emails", SCIM_MANY, "Addresses of the person, at most 16.", email_parts),
	PARTS("groups", SCIM_MANY | SCIM_READ_ONLY, "Groups that the person is in; changed through the groups.", group_parts),
	FORGET("nickName", "Casual name."),
	FORGET("profileUrl", "A page about the person."),
	FORGET("title", "Title."),
	FORGET("userType", "Kind of employment."),
	FORGET("locale", "Locale for numbers and dates."),
	FORGET("timezone", "Time zone."),
	ATTR("password", SCIM_TEXT, SCIM_FORGOTTEN | SCIM_EXACT,
	     "Taken and not kept: staff sign in at the provider, or with a passkey or a password that they chose here."),
	PARTS("phoneNumbers", SCIM_MANY | SCIM_FORGOTTEN, "Telephone numbers. " NOT_KEPT, plural_parts),
	PARTS("ims", SCIM_MANY | SCIM_FORGOTTEN, "Instant messaging addresses. " NOT_KEPT, plural_parts),
	PARTS("photos", SCIM_MANY | SCIM_FORGOTTEN, "Pictures. " NOT_KEPT, plural_parts),
	PARTS("addresses", SCIM_MANY | SCIM_FORGOTTEN, "Postal addresses. " NOT_KEPT, address_parts),
};

static const struct scim_attr manager_parts[] = {
	FORGET("value", "The manager's id."),
	FORGET("$ref", "The manager's address."),
	FORGET("displayName", "The manager's name."),
};

static const struct scim_attr enterprise[] = {
	FORGET("employeeNumber", "Number in the company."),
	FORGET("costCenter", "Cost centre."),
	FORGET("organization", "Organisation."),
	FORGET("division", "Division."),
	FORGET("department", "Department."),
	PARTS("manager", SCIM_FORGOTTEN, "The person's manager. " NOT_KEPT, manager_parts),
};

/* --- groups ------------------------------------------------------------------------------------ */

static const struct scim_attr member_parts[] = {
	ATTR("value", SCIM_TEXT, SCIM_IMMUTABLE | SCIM_EXACT | SCIM_STAYS, "The user's id."),
	WORDS("$ref", SCIM_REFERENCE, SCIM_READ_ONLY | SCIM_EXACT, "The user's address.", "User"),
	WORDS("type", SCIM_TEXT, SCIM_IMMUTABLE, "Always User: groups in groups are refused.", "User"),
	FORGET("display", "The user's name."),
};

static const struct scim_attr group[] = {
	ATTR("displayName", SCIM_TEXT, SCIM_REQUIRED | SCIM_UNIQUE, "The group's name."),
	PARTS("members", SCIM_MANY, "Users in the group.", member_parts),
};

static const struct scim_attr valv_group[] = {
	ATTR("roles", SCIM_TEXT, SCIM_MANY | SCIM_READ_ONLY,
	     "Roles that members get by being in the group: what an administrator of Valv mapped it to; none at first."),
};

/* --- all of them ------------------------------------------------------------------------------- */

static const struct scim_attr as_enterprise = PARTS(URN_ENTERPRISE, SCIM_FORGOTTEN, "", enterprise);
static const struct scim_attr as_valv_group = PARTS(URN_VALV_GROUP, SCIM_READ_ONLY, "", valv_group);

static const struct scim_schema schemas[] = {
	{ TEXT(URN_USER), TEXT("User"), TEXT("A person who works here"), user, COUNT(user), NULL },
	{ TEXT(URN_ENTERPRISE), TEXT("EnterpriseUser"), TEXT("The company's own data about a person who works here"),
	  enterprise, COUNT(enterprise), &as_enterprise },
	{ TEXT(URN_GROUP), TEXT("Group"), TEXT("People who get roles together"), group, COUNT(group), NULL },
	{ TEXT(URN_VALV_GROUP), TEXT("ValvGroup"), TEXT("What a group gives in Valv"), valv_group, COUNT(valv_group),
	  &as_valv_group },
};

const struct scim_resource scim_user_resource = {
	TEXT("User"), TEXT(SCIM_PATH "/Users"), TEXT("Accounts of staff"), &schemas[0], &schemas[1],
};
const struct scim_resource scim_group_resource = {
	TEXT("Group"), TEXT(SCIM_PATH "/Groups"), TEXT("Groups of staff, which roles are mapped to"), &schemas[2],
	&schemas[3],
};

const struct scim_schema *
scim_schema_at(size_t index)
{
	return index < COUNT(schemas) ? &schemas[index] : NULL;
}

const struct scim_schema *
scim_schema_find(str urn)
{
	for (size_t i = 0; i < COUNT(schemas); i++)
		if (str_eq_fold(schemas[i].urn, urn))
			return &schemas[i];
	return NULL;
}

const struct scim_attr *
scim_common_at(size_t index)
{
	return index < COUNT(common) ? &common[index] : NULL;
}

/* --- names ------------------------------------------------------------------------------------- */

static const struct scim_attr *
find(const struct scim_attr *attr, size_t count, str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq_fold(attr[i].name, name)) /* N1 */
			return &attr[i];
	return NULL;
}

const struct scim_attr *
scim_sub(const struct scim_attr *of, str name)
{
	return find(of->sub, of->sub_count, name);
}

const struct scim_attr *
scim_attr(const struct scim_resource *resource, str name)
{
	const struct scim_attr *attr = find(resource->core->attr, resource->core->count, name);

	return attr ? attr : find(common, COUNT(common), name);
}

/* The URN and the colon after it. */
static bool
eat_urn(str *rest, str urn)
{
	if (rest->len <= urn.len || rest->ptr[urn.len] != ':' || !str_eq_fold(str_first(*rest, urn.len), urn))
		return false;
	*rest = str_from(*rest, urn.len + 1);
	return true;
}

bool
scim_resolve(const struct scim_resource *resource, str name, struct scim_at *ret)
{
	const struct scim_schema *extension = resource->extension;
	struct scim_at at = { 0 };
	str first = name, rest = S("");

	if (str_eq_fold(name, extension->urn)) {
		*ret = (struct scim_at){ .extension = extension->as };
		return true;
	}
	if (eat_urn(&name, extension->urn))
		at.extension = extension->as;
	else
		(void)eat_urn(&name, resource->core->urn);
	rest = name;
	if (!eat_until(&rest, '.', &first))
		first = name;
	at.attr = at.extension ? scim_sub(at.extension, first) : scim_attr(resource, first);
	if (!at.attr)
		return false;
	if (first.len < name.len) {
		at.sub = scim_sub(at.attr, rest);
		if (!at.sub)
			return false;
	}
	*ret = at;
	return true;
}

static bool
any_has(const struct scim_at *at, unsigned flag)
{
	return (at->extension && scim_has(at->extension, flag)) || (at->attr && scim_has(at->attr, flag)) ||
	       (at->sub && scim_has(at->sub, flag));
}

bool
scim_forgotten(const struct scim_at *at)
{
	return any_has(at, SCIM_FORGOTTEN);
}

bool
scim_read_only(const struct scim_at *at)
{
	return any_has(at, SCIM_READ_ONLY);
}
