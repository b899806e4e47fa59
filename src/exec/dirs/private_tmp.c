/* Names and removes the folders for private_tmp.
 *
 * Any user may create files in /tmp, so the names contain a random number: another user could take a predictable name
 * in advance. The folders' contents belong to another user, so no symlink in them is followed. */
#include "exec/dirs/private_tmp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exec/child/sandbox.h"
#include "exec/dirs/directories.h"
#include "exec/spawn/spawn.h"

#define NAME_MOST 64

static const char *const folders[] = { "/tmp", "/var/tmp" };

struct tmp_folders {
	char names[2][sizeof("superd-") + NAME_MOST + 24];
};

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

static void remove_folders(const void *with)
{
	const struct tmp_folders *removed = with;

	for (size_t n = 0; n < 2; n++)
		directories_remove_tree(folders[n], removed->names[n]);
}

void private_tmp_remove(const char *service, uint64_t number, bool at_once)
{
	struct tmp_folders removed = { 0 };

	if (!number)
		return;
	for (size_t n = 0; n < 2; n++) {
		struct buf path = { 0 };

		private_tmp_prefix("", service, &path);
		buf_addf(&path, "%016" PRIx64, number);
		if (!path.failed)
			snprintf(removed.names[n], sizeof(removed.names[n]), "%s", buf_string(&path) + 1);
		buf_free(&path);
	}
	if (at_once || !spawn_background(remove_folders, &removed, NULL, 0))
		remove_folders(&removed);
}
