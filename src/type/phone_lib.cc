// type/phone_lib.cc -- contract: see phone_lib.h.  The only C++ in Valv.
#include "type/phone_lib.h"

#include <phonenumbers/phonenumberutil.h>

#include <cstring>
#include <string>

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

static enum phone_verdict
ask(const std::string &digits, const std::string &region, std::string *ret)
{
	const PhoneNumberUtil *util = PhoneNumberUtil::GetInstance();
	PhoneNumber number;

	switch (util->Parse(digits, region, &number)) {
	case PhoneNumberUtil::NO_PARSING_ERROR:
		break;
	case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
		return digits[0] == '+' ? PHONE_UNREADABLE : PHONE_NO_REGION;
	default:
		return PHONE_UNREADABLE;
	}
	if (!util->IsPossibleNumber(number))
		return PHONE_UNREADABLE;
	util->Format(number, PhoneNumberUtil::E164, ret);
	if (ret->size() > PHONE_E164_MAX)
		return PHONE_UNREADABLE;
	return util->IsValidNumber(number) ? PHONE_VALID : PHONE_POSSIBLE;
}

static void
wipe(std::string *text)
{
	explicit_bzero(&(*text)[0], text->size());
}

/* noexcept: running out of memory ends the process, as in the rest of Valv. */
static enum phone_verdict
read_number(const char *digits, size_t digits_len, const char *region, size_t region_len, char *ret,
            size_t *ret_len) noexcept
{
	std::string text(digits, digits_len), out;
	std::string where = region_len == 2 ? std::string(region, region_len) : std::string("ZZ");
	enum phone_verdict verdict = ask(text, where, &out);

	if (verdict == PHONE_POSSIBLE || verdict == PHONE_VALID) {
		memcpy(ret, out.data(), out.size());
		*ret_len = out.size();
	}
	wipe(&text);
	wipe(&out);
	return verdict;
}

enum phone_verdict
phone_lib_read(const char *digits, size_t digits_len, const char *region, size_t region_len,
               char *ret, size_t *ret_len)
{
	return read_number(digits, digits_len, region, region_len, ret, ret_len);
}
