/* type/precis.h -- names that people sign in with, and passwords, prepared as RFC 8265 asks.
 *
 * One account has one spelling: whoever counts failures or looks an account up does so by this form, so
 * that neither capitals, nor full-width letters, nor letters put together from parts are another name.
 *
 *   name      UsernameCaseMapped (section 3.3) over the IdentifierClass of RFC 8264: width mapped, lower
 *             case, NFC, the Bidi Rule of RFC 5893; single spaces inside.  Stricter than the RFC:
 *             what needs a context (joiners, middle dots) is refused, and so are letters of several
 *             scripts in one name (аnna with a Cyrillic а), but for those that are written together.
 *   password  OpaqueString (section 4.2) over the FreeformClass: other spaces are the ASCII one, NFC;
 *             nothing else is changed, no case and no white space at the ends.
 *
 * Any bytes may come in; the work is linear in their number.  Both forms, read again, give themselves.
 */
#ifndef TYPE_PRECIS_H
#define TYPE_PRECIS_H

#include "base/buf.h"
#include "base/must.h"

/* Appends to ret; or appends nothing, *ret_why is a literal, and the answer is false.  Longer than
 * LIMIT_USER_NAME_BYTES, before or after, is refused; white space around it is not significant. */
must_check bool precis_name(str raw, struct buf *ret, const char **ret_why);

/* At most LIMIT_PASSWORD_BYTES. */
must_check bool precis_password(str raw, struct buf *ret, const char **ret_why);

#endif
