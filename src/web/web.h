/* web/web.h -- the pages for staff, as they leave: one style sheet, small scripts, two languages.
 *
 * All is made when Valv is built, from src/web/files and the catalogue sv.po (tools/gen-web): a page
 * holds no data, what it shows it fetches from the interface, with the session of who looks.
 *
 *   P1  A page runs and shows nothing but our own files: no script, style or handler within it, nothing from
 *       elsewhere (web_policy).
 *   P2  An asset's name changes with its content, so that it may be kept for good.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/str.h"

enum web_language { WEB_SWEDISH, WEB_ENGLISH };

/* Static. */
struct web_file {
	const char *type; /* media type */
	const char *content;
	size_t len;
};

/* "sign-in", "account", "staff", "member", "welcome".  NULL: there is none. */
const struct web_file *web_page(str name, enum web_language language);
const struct web_file *web_asset(str name); /* as the pages name it, without /assets/ */

str web_policy(void); /* Content-Security-Policy of a page */

#endif
