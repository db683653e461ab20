/* access/scope.c -- contract: scope.h. */
#include "access/scope.h"

#include "base/must.h"

static const struct scope_word {
	enum scope scope;
	str name;
} scope_words[] = {
#define X(scope, bit, name, what) { scope, { name, sizeof(name) - 1 } },
	SCOPE_TABLE(X)
#undef X
};

bool
scope_of_name(str name, enum scope *ret)
{
	for (size_t i = 0; i < COUNT(scope_words); i++) {
		if (str_eq(scope_words[i].name, name)) {
			*ret = scope_words[i].scope;
			return true;
		}
	}
	return false;
}

str
scope_text(enum scope scope)
{
	for (size_t i = 0; i < COUNT(scope_words); i++)
		if (scope_words[i].scope == scope)
			return scope_words[i].name;
	return S("");
}
