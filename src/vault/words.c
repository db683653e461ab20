/* vault/words.c -- names and numbers, printed from the tables in words.h. */
#include "vault/words.h"

#include "base/must.h"

#define NAME2(e, no, name, ...) [no] = { name, sizeof(name) - 1 },

#define WORDS(prefix, type, count, TABLE) \
	static const str prefix##_names[count] = { TABLE(NAME2) }; \
	str prefix##_name(type value) \
	{ \
		return (size_t)value < count ? prefix##_names[value] : (str){ "", 0 }; \
	} \
	bool prefix##_find(str name, type *ret) \
	{ \
		for (size_t i = 0; i < count && name.len; i++) \
			if (str_eq(prefix##_names[i], name)) { \
				*ret = (type)i; \
				return true; \
			} \
		return false; \
	}

#define ADDRESS_TABLE(X) X(ADDRESS_EMAIL, 1, "email") X(ADDRESS_PHONE, 2, "phone") X(ADDRESS_POST, 3, "post")

WORDS(basis, enum basis, BASIS_COUNT, BASIS_TABLE)
WORDS(channel, enum channel, CHANNEL_COUNT, CHANNEL_TABLE)
WORDS(act, enum act, ACT_COUNT, ACT_TABLE)
WORDS(method, enum act_method, METHOD_COUNT, METHOD_TABLE)
WORDS(origin, enum origin, ORIGIN_COUNT, ORIGIN_TABLE)
WORDS(kind, enum subject_kind, KIND_COUNT, KIND_TABLE)
WORDS(class, enum message_class, CLASS_COUNT, CLASS_TABLE)
WORDS(scope, enum suppression_scope, SCOPE_COUNT, SUPPRESSION_SCOPE_TABLE)
WORDS(source, enum suppression_source, SOURCE_COUNT, SUPPRESSION_SOURCE_TABLE)
WORDS(restriction, enum restriction_reason, RESTRICTION_COUNT, RESTRICTION_TABLE)
WORDS(exception, enum exception, EXCEPTION_COUNT, EXCEPTION_TABLE)
WORDS(address, enum address, ADDRESS_COUNT, ADDRESS_TABLE)

#define REASON_NAME(e, no, name, says_no) [no] = { name, sizeof(name) - 1 },
#define REASON_NO(e, no, name, says_no) [no] = says_no,
static const str reason_names[REASON_COUNT] = { REASON_TABLE(REASON_NAME) };
static const bool reason_noes[REASON_COUNT] = { REASON_TABLE(REASON_NO) };

str
reason_name(enum reason reason)
{
	return (size_t)reason < REASON_COUNT ? reason_names[reason] : (str){ "", 0 };
}

bool
reason_is_no(enum reason reason)
{
	return (size_t)reason < REASON_COUNT && reason_noes[reason];
}

#define RESTRICTION_KEEPS(e, no, name, keeps) [no] = keeps,
static const bool restriction_keeping[RESTRICTION_COUNT] = { RESTRICTION_TABLE(RESTRICTION_KEEPS) };

bool
restriction_keeps(enum restriction_reason reason)
{
	return (size_t)reason < RESTRICTION_COUNT && restriction_keeping[reason];
}

#define BASIS_CODE(e, no, name, code) [no] = { code, sizeof(code) - 1 },
static const str basis_codes[BASIS_COUNT] = { BASIS_TABLE(BASIS_CODE) };

str
basis_code(enum basis basis)
{
	return (size_t)basis < BASIS_COUNT ? basis_codes[basis] : (str){ "", 0 };
}

#define CHANNEL_ADDRESS(e, no, name, address) [no] = address,
static const enum address channel_addresses[CHANNEL_COUNT] = { CHANNEL_TABLE(CHANNEL_ADDRESS) };

enum address
channel_address(enum channel channel)
{
	return (size_t)channel < CHANNEL_COUNT ? channel_addresses[channel] : ADDRESS_NONE;
}

#define ACT_RAISES(e, no, name, raises) [no] = raises,
static const int act_raising[ACT_COUNT] = { ACT_TABLE(ACT_RAISES) };

int
act_raises(enum act act)
{
	return (size_t)act < ACT_COUNT ? act_raising[act] : 0;
}
