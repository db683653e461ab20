/* scim/discover.h -- what this server says of itself: /ServiceProviderConfig, /ResourceTypes, /Schemas
 * (RFC 7643 sections 5 to 7), printed from the tables of schema.h and the limits that hold. */
#ifndef SCIM_DISCOVER_H
#define SCIM_DISCOVER_H

#include "json/json.h"
#include "scim/schema.h"

void scim_print_config(struct json_out *out);
void scim_print_resource_type(struct json_out *out, const struct scim_resource *resource);
void scim_print_schema(struct json_out *out, const struct scim_schema *schema);

#endif
