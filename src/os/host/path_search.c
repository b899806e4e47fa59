/* The search of execvp(3), done before the fork, so that the child only has to exec. */
#include "os/host/path_search.h"

#include <string.h>

#include "os/host/foreign_file.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

bool path_search(const char *name, const char *path, struct buf *out)
{
	bool found = strchr(name, '/') != NULL;

	for (const char *at = path ? path : DEFAULT_PATH; !found && at && *at;
	     at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
		size_t length = strcspn(at, ":");

		buf_clear(out);
		if (length)
			buf_addf(out, "%.*s/%s", (int)length, at, name);
		else
			buf_addf(out, "./%s", name);
		found = foreign_is_program(buf_string(out));
		if (found)
			return true;
	}
	buf_clear(out);
	buf_text(out, name);
	return found;
}
