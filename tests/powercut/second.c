#include "second.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

#define LEDGER "1/ledger"

struct second {
	const struct promises *promises;
	size_t *len;   /* by promise: how much of the ledger was written when it was answered */
	uint8_t *last; /* the ledger at the end */
	bool holds;
};

static bool
one_at_a_time(const struct promises *promises)
{
	for (size_t i = 0; i < promises->count; i++)
		for (size_t j = i + 1; j < promises->count; j++)
			if (promises->promise[j].begun && promises->promise[j].begun < promises->promise[i].kept &&
			    promises->promise[i].begun)
				return false;
	return true;
}

static bool
is_of_ledger(const struct op *op)
{
	return op->octets_len == strlen(LEDGER) && memcmp(op->octets, LEDGER, op->octets_len) == 0;
}

struct second *
second_new(const struct trace *trace, const struct promises *promises, const char *const *root, size_t root_count)
{
	struct second *second = calloc(1, sizeof(*second));
	struct model *model = model_new(root, root_count);
	uint64_t random = 0, inode = 0;
	const struct content *ledger;
	size_t written = 0;

	must(second);
	second->promises = promises;
	second->holds = root_count > 1 && one_at_a_time(promises);
	second->len = calloc(promises->count + 1, sizeof(*second->len));
	must(second->len);
	for (size_t at = 0; at < trace->count; at++) {
		const struct op *op = &trace->op[at];
		model_step(model, op);
		if ((op->kind == TRACE_OPEN || op->kind == TRACE_CREATE) && is_of_ledger(op))
			inode = op->inode;
		if (op->kind == TRACE_WRITE && op->inode == inode && (size_t)(op->at + op->len) > written)
			written = (size_t)(op->at + op->len);
		for (size_t i = 0; i < promises->count; i++)
			if (promises->promise[i].kept == at)
				second->len[i] = written;
	}
	ledger = image_find(model_image(model, CHOICE_ALL, &random), LEDGER);
	second->holds = second->holds && ledger && ledger->len >= written;
	if (!second->holds)
		return second;
	second->last = malloc(ledger->len + 1);
	must(second->last);
	memcpy(second->last, ledger->ptr, ledger->len);
	return second;
}

const struct promise *
second_find(const struct second *second, const struct image *image, size_t cut)
{
	const struct content *ledger = image_find(image, LEDGER);
	const struct promise *newest = NULL;
	size_t len = 0;

	for (size_t i = 0; second->holds && i < second->promises->count; i++) {
		const struct promise *promise = &second->promises->promise[i];
		if (promise->kept > cut || (newest && newest->kept > promise->kept))
			continue;
		newest = promise;
		len = second->len[i];
	}
	if (!len || (ledger && ledger->len >= len && memcmp(ledger->ptr, second->last, len) == 0))
		return NULL;
	return newest;
}
