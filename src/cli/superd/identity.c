/* The text that identifies this superd: its control socket, unless a table names that, tables and endpoints. Relative
 * paths are made absolute, because they mean other files in another folder. */
#include "cli/superd/identity.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "os/cgroup/cgroup_parent.h"
#include "os/fs/runtime_dir.h"

static void add_path(struct buf *text, const char *kind, const char *path, const char *folder)
{
	const char *colon = strchr(path, ':');
	bool is_whole = *path == '/' || (colon && colon[1] == '/');

	buf_addf(text, "%s %s%s%s\n", kind, is_whole ? "" : folder, is_whole ? "" : "/", path);
}

char *identity_make(const struct options *options)
{
	char folder[PATH_MAX] = "";
	struct buf text = { 0 };

	if (!getcwd(folder, sizeof(folder)))
		*folder = '\0';
	if (options->given.control || options->default_control)
		add_path(&text, "control", options->given.control ? options->given.control : options->default_control,
			 folder);
	else
		buf_addf(&text, "control %s\n", runtime_dir());
	for (size_t n = 0; n < options->sources.count; n++)
		add_path(&text, "table", options->sources.list[n], folder);
	for (size_t n = 0; n < options->endpoints.count; n++)
		buf_addf(&text, "endpoint %s\n", options->endpoints.list[n]);
	if (!text.failed && text.length <= CGROUP_IDENTITY_MOST)
		return buf_take(&text);
	buf_free(&text);
	return NULL;
}
