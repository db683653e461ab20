/* main/root_notice.c -- contract: root_notice.h.  Goes by the same places as crypto/root.c. */
#include "main/root_notice.h"

#include <sys/stat.h>

#include "main/make.h"
#include "os/file.h"

static bool
same_place(const char *a, const char *b, bool *ret_same_device)
{
	struct stat of_a, of_b;

	if (stat(a, &of_a) || stat(b, &of_b))
		return false;
	*ret_same_device = of_a.st_dev == of_b.st_dev;
	return of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

static void
warn_loudly(const char *path)
{
	fprintf(stderr,
	        "\n"
		"************************************************************************************\n"
		"*  WARNING: the root key lies beside the data: %s\n"
		"*\n"
		"*  Whoever copies this directory can read everything in it, and erased data "
		"stays\n"
		"*  readable in copies made before.  Keep the key elsewhere: set "
		"VALV_ROOT_KEY_FILE,\n"
		"*  use a passphrase or a systemd credential (valv init --help), and never back "
		"the\n"
		"*  key up together with the data.\n"
		"************************************************************************************\n"
		"\n",
	        path);
}

void
root_notice(struct job *job, const char *dir)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY"),
		   *named = getenv("VALV_ROOT_KEY_FILE");
	const char *beside = path_in(job, dir, "root.key");
	bool same_device = false;

	if (credentials && file_exists(path_in(job, credentials, "valv-root")))
		return;
	if (!named) {
		if (file_exists(beside))
			warn_loudly(beside);
		return;
	}
	if (same_place(named, beside, &same_device))
		warn_loudly(beside);
	else if (!same_place(named, dir, &same_device) && same_device)
		fputs("level=warning operation=start why=\"the root key is on the same file "
		      "system as the data\"\n",
		      stderr);
}
