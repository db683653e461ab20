/* Aims at hook_retry_after, hook_url_fits and networks_read.
 * The first octet chooses; what is read must keep what the callers rely on. */
#include "hook/hook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_wait(str text)
{
	time_us wait;

	if (hook_retry_after(text, 1700000000 * TIME_SECOND, &wait))
		must(wait >= 0 && wait <= HOOK_WAIT_MAX);
}

static void
check_url(str text)
{
	struct networks own;
	const char *why = NULL;
	bool fits;

	must(networks_read(S("127.0.0.0/8"), &own));
	fits = hook_url_fits(text, &(struct networks){ 0 }, &why);
	must(fits || why);
	if (!fits)
		return;
	must(str_starts(text, S("https://")) && text.len > 8);
	must(hook_url_fits(text, &own, &why)); /* what strangers may, one's own may */
	for (size_t i = 0; i < text.len; i++)
		must(text.ptr[i] > 0x20 && text.ptr[i] < 0x7f);
}

static void
check_networks(str text)
{
	struct networks networks;

	if (!networks_read(text, &networks))
		return;
	must(networks.count <= NETWORKS_MAX);
	for (size_t i = 0; i < networks.count; i++) {
		const struct network *network = &networks.network[i];
		must(network->bits <= (network->v6 ? 128u : 32u));
		must(address_in(&networks, network->address, network->v6 ? 16 : 4));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str text = size ? (str){ (const char *)data + 1, size - 1 } : S("");

	switch (size ? data[0] % 3 : 0) {
	case 0:
		check_wait(text);
		break;
	case 1:
		check_url(text);
		break;
	default:
		check_networks(text);
		break;
	}
	return 0;
}
