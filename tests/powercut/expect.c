#include "expect.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/str.h"

#define COLUMNS 7
#define PROMISES_MAX 4096

static size_t
split(const struct op *op, char *column[COLUMNS])
{
	char *text = calloc(1, op->octets_len + 1), *each;
	size_t count = 0;

	must(text);
	memcpy(text, op->octets, op->octets_len);
	while (count < COLUMNS && (each = strsep(&text, "\t")))
		column[count++] = each;
	return count;
}

static int64_t
number(const char *text)
{
	uint64_t value;

	must(str_u64(str_from_c(text), &value));
	return (int64_t)value;
}

static void
promise_begin(struct promises *promises, char **column, size_t at)
{
	must(promises->count < PROMISES_MAX);
	promises->promise[promises->count++] = (struct promise){
		.number = column[1], .port = number(column[2]), .word = column[3], .kind = column[4],
		.key = column[5], .value = column[6], .kept = NEVER,
		.begun = str_starts(str_from_c(column[1]), S("before-")) ? 0 : at,
	};
}

static void
promise_known(struct promises *promises, char **column)
{
	must(promises->count < PROMISES_MAX);
	promises->promise[promises->count++] = (struct promise){
		.number = "", .word = "what was there", .kind = column[1], .key = column[2],
		.value = column[3], .begun = 0, .kept = 0,
	};
}

/* When the server began to answer, if that was seen. */
static size_t
sent_at(const struct trace *trace, const struct promise *promise, size_t mark)
{
	for (size_t at = promise->begun; at < mark; at++)
		if (trace->op[at].kind == TRACE_SEND && trace->op[at].at == promise->port)
			return at;
	return mark;
}

static void
promise_keep(const struct trace *trace, struct promises *promises, char **column, size_t at)
{
	size_t i = promises->count;

	while (i-- > 0) {
		struct promise *promise = &promises->promise[i];
		if (strcmp(promise->number, column[1]) != 0)
			continue;
		promise->kept = sent_at(trace, promise, at);
		if (strcmp(column[2], "-") != 0)
			promise->key = column[2];
		if (strcmp(column[3], "-") != 0)
			promise->value = column[3];
	}
}

void
promises_read(const struct trace *trace, struct promises *ret)
{
	*ret = (struct promises){ calloc(PROMISES_MAX, sizeof(*ret->promise)), 0 };
	must(ret->promise);
	for (size_t at = 0; at < trace->count; at++) {
		char *column[COLUMNS];
		size_t count;
		if (trace->op[at].kind != TRACE_MARK)
			continue;
		count = split(&trace->op[at], column);
		must(count);
		if (column[0][0] == 'B' && count == 7)
			promise_begin(ret, column, at);
		else if (column[0][0] == 'K' && count == 4)
			promise_known(ret, column);
		else if (column[0][0] == 'A' && count == 4)
			promise_keep(trace, ret, column, at);
		else
			must(!"a mark of the driver that cannot be read");
	}
}

bool
promises_of(const struct promises *promises, const char *kind, const char *key, size_t cut,
            struct allowed *ret)
{
	*ret = (struct allowed){ 0 };
	for (size_t i = 0; i < promises->count; i++) {
		const struct promise *promise = &promises->promise[i];
		if (promise->begun > cut || strcmp(promise->kind, kind) != 0 || strcmp(promise->key, key) != 0)
			continue;
		if (promise->kept <= cut) {
			if (!ret->due || ret->due->kept <= promise->kept)
				ret->due = promise;
		} else {
			must(ret->pending_count < COUNT(ret->pending));
			ret->pending[ret->pending_count++] = promise;
		}
	}
	return ret->due || ret->pending_count;
}

size_t
promises_kept(const struct promises *promises, size_t cut)
{
	size_t count = 0;

	for (size_t i = 0; i < promises->count; i++)
		count += promises->promise[i].kept <= cut;
	return count;
}

size_t
promises_pending(const struct promises *promises, size_t cut)
{
	size_t count = 0;

	for (size_t i = 0; i < promises->count; i++)
		count += promises->promise[i].begun <= cut && promises->promise[i].kept > cut;
	return count;
}
