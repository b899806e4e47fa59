/* The statements include and includedir.
 *
 * superd warns of a missing folder and goes on, unless a reload would lose services by that. A missing file is an
 * error, because it may have had anything in it, also defaults. xinetd goes on in all cases. */
#include "read/xinetd/entry.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool folder_is_there(struct reading *reading, const char *path, struct origin at)
{
	struct stat status;
	bool is_there = stat(path, &status) == 0;

	if (!is_there && errno == ENOENT) {
		if (!reading_refuse_lost_folder(reading, path, "includedir", at))
			diag_warning(reading->diags, at, "includedir: there is no %s", path);
	} else if (is_there && !S_ISDIR(status.st_mode)) {
		diag_error(reading->diags, at, "includedir: %s is not a directory: for a file use include", path);
	} else {
		return true;
	}
	return false;
}

void xinetd_include(struct xinetd *xinetd, struct reading *reading, const char *path, struct origin at, bool is_folder)
{
	const char *slash = strrchr(at.file, '/');
	bool has_defaults = xinetd->has_defaults;

	if (*path != '/' && slash)
		path = pool_textf(xinetd->pool, "%.*s%s", (int)(slash + 1 - at.file), at.file, path);
	else if (!strcmp(path, "-"))
		path = "./-";           /* a file, not standard input */
	if (!is_folder || folder_is_there(reading, path, at))
		reading_file(reading, xinetd->reader, path, at);
	xinetd->has_defaults = has_defaults;
}
