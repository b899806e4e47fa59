/* Checks whether users other than root can change what root runs: the tables, and for services that run as root the
 * program and its files of variables. Folders that a group can write are accepted: on Debian /usr/local is one. */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "os/fs/path_trust.h"
#include "superd/machine/preflight_internal.h"

#define FLAWS (PATH_OWNER | PATH_WORLD | PATH_FILE)

/* Whether users other than root can change the file; how, in `what`. */
static bool is_changeable(const struct preflight *preflight, const char *path, struct buf *what)
{
	struct path_finding finding;

	if (path_is_trusted_for(path, FLAWS, NULL, preflight->mounts, &finding) || !(finding.flaw & FLAWS) ||
	    finding.is_absent)
		return false;
	path_finding_describe(&finding, what);
	return true;
}

static void check_root_file(struct preflight *preflight, const struct service *service, const char *option,
			    const char *path)
{
	struct buf what = { 0 };
	const void *known;

	if (*path != '/' || ptr_map_get(&preflight->root_files, path, NULL, &known))
		return;
	if (is_changeable(preflight, path, &what))
		preflight_report(preflight, SEVERITY_WARNING, service, option, path,
				 "other users could choose the program that runs as root: %s", buf_string(&what));
	else
		ptr_map_put(&preflight->root_files, path, NULL, NULL);
	buf_free(&what);
}

static bool make_absolute(const char *path, char whole[PATH_MAX])
{
	char here[PATH_MAX];

	if (*path == '/')
		return snprintf(whole, PATH_MAX, "%s", path) < PATH_MAX;
	return getcwd(here, sizeof(here)) && snprintf(whole, PATH_MAX, "%s/%s", here, path) < PATH_MAX;
}

/* Checks a table's file, once for all its services. */
static void check_table(struct preflight *preflight, const struct service *service)
{
	struct origin at = { .file = service->at.file };
	struct buf what = { 0 };
	char path[PATH_MAX];
	const void *known;

	if (!at.file || ptr_map_get(&preflight->tables, at.file, NULL, &known))
		return;
	ptr_map_put(&preflight->tables, at.file, NULL, NULL);
	if (make_absolute(at.file, path) && is_changeable(preflight, path, &what))
		diag_warning(preflight->diags, at, "other users can change the programs that superd runs: "
						   "%s", buf_string(&what));
	buf_free(&what);
}

void preflight_owners(struct preflight *preflight, const struct service *service)
{
	words files = service->groups->environment->environment_file;

	if (!preflight->root)
		return;
	check_table(preflight, service);
	if ((service->account && service->account->uid != 0) || service->groups->environment->root_directory)
		return;
	if (service->exec->exec)
		check_root_file(preflight, service, "exec", service->exec->exec[0]);
	for (; files && *files; files++)
		check_root_file(preflight, service, "environment_file", *files + (**files == '-'));
}
