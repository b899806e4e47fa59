/* Names and removes the folders for private_tmp.
 *
 * Any user may create files in /tmp, so the names contain a random number: another user could take a predictable name
 * in advance. The folders' contents belong to another user, so no symlink in them is followed. */
#include "superd/start/private_tmp.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "exec/child/sandbox.h"
#include "superd/start/directories.h"
#include "superd/start/removal.h"

#define NAME_MOST 64

uint64_t private_tmp_new(const struct service *service)
{
	if (!service_prepared(service)->sandbox || !service_prepared(service)->sandbox->private_tmp)
		return 0;
	return directories_number();    /* the child still refuses a folder that another user has created */
}

/* Characters that are unsafe in a path become dashes. */
static void add_safe_name(const char *name, struct buf *out)
{
	for (size_t n = 0; n < NAME_MOST && name[n]; n++) {
		bool plain = (name[n] >= 'a' && name[n] <= 'z') || (name[n] >= 'A' && name[n] <= 'Z') ||
			     (name[n] >= '0' && name[n] <= '9') || strchr("@_.", name[n]);

		buf_char(out, plain ? name[n] : '-');
	}
}

void private_tmp_prefix(const char *above, const char *service, struct buf *out)
{
	buf_addf(out, "%s/superd-", above);
	add_safe_name(service, out);
	buf_char(out, '-');
}

bool private_tmp_remove(const char *service, uint64_t number)
{
	struct buf path = { 0 };
	bool good;

	if (!number)
		return true;
	private_tmp_prefix("", service, &path);
	buf_addf(&path, "%016" PRIx64, number);
	errno = ENOMEM;
	good = !path.failed && removal_of_tmp(buf_string(&path) + 1);
	buf_free(&path);
	return good;
}
