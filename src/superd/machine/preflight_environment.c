/* Checks a service's environment: directories, CPUs, files of variables, memory reclaim.
 *
 * The check predicts what a start would find, without changing anything: a missing folder is judged by the closest
 * existing folder above it. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "superd/machine/denied_calls.h"
#include "superd/machine/preflight_internal.h"
#include "superd/start/environment.h"
#include "superd/start/directories.h"
#include "superd/start/scheduling.h"

/* Writes to `wrong` why the path cannot be created; false: it exists or can be created. */
static bool cannot_create(const char *path, char wrong[PATH_MAX + 64])
{
	char above[PATH_MAX];
	struct stat status;
	bool exists;

	if (snprintf(above, sizeof(above), "%s", path) >= (int)sizeof(above)) {
		strcpy(wrong, strerror(ENAMETOOLONG));
		return true;
	}
	while (!(exists = stat(above, &status) == 0) && errno == ENOENT && strrchr(above, '/') > above)
		*strrchr(above, '/') = '\0';
	if (!exists && errno == ENOENT)
		exists = stat(strcpy(above, "/"), &status) == 0;
	if (!exists)
		snprintf(wrong, PATH_MAX + 64, "%s: %s", above, strerror(errno));
	else if (!S_ISDIR(status.st_mode))
		snprintf(wrong, PATH_MAX + 64, "%s is not a directory", above);
	else if (strcmp(above, path) && access(above, W_OK | X_OK) < 0)
		snprintf(wrong, PATH_MAX + 64, "it cannot be created in %s: %s", above, strerror(errno));
	else
		return false;
	return true;
}

/* Only a warning, as /run may be mounted later. Called for a folder, so that a service without any is spared these
 * arrays, which -ftrivial-auto-var-init zeroes. */
static void check_directory(struct preflight *preflight, const struct service *service,
			    const struct directory_kind *kind, const char *name)
{
	char path[PATH_MAX], wrong[PATH_MAX + 64];

	if (snprintf(path, sizeof(path), "%s/%.*s", kind->base, (int)directory_name_length(name), name) >=
	    (int)sizeof(path))
		preflight_report(preflight, SEVERITY_ERROR, service, kind->option, name, "%s", strerror(ENAMETOOLONG));
	else if (directory_has_control(preflight->defaults, kind->base, name))
		preflight_report(preflight, SEVERITY_ERROR, service, kind->option, name,
				 "it contains superd's control socket %s", preflight->defaults->control);
	else if (preflight_may_look(preflight, path) && cannot_create(path, wrong))
		preflight_report(preflight, SEVERITY_WARNING, service, kind->option, name, "%s", wrong);
}

/* preflight_files reports files that cannot be read. */
static void check_variables_in(struct preflight *preflight, const struct service *service, const char *path)
{
	struct variables variables = { 0 };
	struct buf ignored = { 0 }, why = { 0 };
	bool good = variables_read_file(&variables, path, service->account, &ignored, &why);
	const char *line = good ? buf_string(&ignored) : "";

	for (; *line; line += strcspn(line, "\n") + 1)
		preflight_report(preflight, SEVERITY_WARNING, service, "environment_file", path, "%.*s",
				 (int)strcspn(line, "\n"), line);
	variables_free(&variables);
	buf_free(&ignored);
	buf_free(&why);
}

/* A file that many services share is read once. */
static void check_variables(struct preflight *preflight, const struct service *service)
{
	for (words path = service->groups->environment->environment_file; path && *path; path++) {
		const char *key = pool_text(preflight->table->pool, *path);
		const void *known;

		if (key && ptr_map_get(&preflight->variables, key, NULL, &known))
			continue;
		if (key)
			ptr_map_put(&preflight->variables, key, NULL, key);
		if (preflight_may_look(preflight, *path + (**path == '-')))
			check_variables_in(preflight, service, *path);
	}
}

/* Only a warning, as the service's control group may have memory.reclaim. */
static void check_reclaim(struct preflight *preflight, const struct service *service)
{
	const struct denied_call_row *row = &denied_calls[DENIED_PROCESS_MADVISE];

	if (!service->groups->lifecycle->freeze_reclaim || preflight->reclaim_reported || row->is_possible())
		return;
	preflight->reclaim_reported = true;
	preflight_report(preflight, SEVERITY_WARNING, service, "freeze_reclaim", "yes",
			 "this machine lacks %s, as a container does whose filter of system calls denies it (many "
			 "allow it with the capability sys_ptrace): %s", row->name, row->lost);
}

void preflight_environment(struct preflight *preflight, const struct service *service)
{
	struct directory_kind kinds[DIRECTORY_KINDS];

	directories_of(service, preflight->defaults, kinds);
	for (size_t n = 0; n < DIRECTORY_KINDS; n++) {
		for (words name = kinds[n].names; kinds[n].base && name && *name; name++)
			check_directory(preflight, service, &kinds[n], *name);
	}
	check_variables(preflight, service);
	check_reclaim(preflight, service);
}
