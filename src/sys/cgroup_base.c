/* The folder of a superd's groups. The hard thing is one that is there already: the pid in its name comes again, and
 * what an earlier superd left may be frozen, or somebody's still. */
#include "sys/cgroup_base.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/cgroup.h"
#include "sys/cgroup_place.h"

#define BASES_MOST 100 /* of the same pid that somebody lives on in */

/* What an earlier superd has left. Who is in there still goes on, frozen or not, and whoever got in next would stand
 * still where nobody is. */
static bool clear(const char *path)
{
	cgroup_thaw(path);
	return cgroup_remove(path);
}

/* What stands behind the pid: of this namespace, maybe not the first of its name. */
static bool is_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(suffix);

	return !strncmp(text, suffix, length) && (!text[length] || text[length] == '.');
}

/* Of a superd that was killed: folders whose process is gone. Only empty ones go. */
void cgroup_base_sweep(const char *own)
{
	DIR *stream = opendir(own);
	struct dirent *entry;
	char path[PATH_MAX], suffix[24], *end;

	cgroup_base_suffix(suffix, sizeof(suffix));
	while (stream && (entry = readdir(stream))) {
		long pid;

		if (strncmp(entry->d_name, CGROUP_BASE, sizeof(CGROUP_BASE) - 1) != 0)
			continue;
		pid = strtol(entry->d_name + sizeof(CGROUP_BASE) - 1, &end, 10);
		if (pid < 1 || !is_suffix(end, suffix) || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", own, entry->d_name) < (int)sizeof(path))
			clear(path);
	}
	if (stream)
		closedir(stream);
}

/* A pid comes again, in a container always the same: then a folder of its name is an earlier superd's. */
char *cgroup_base_claim(const char *own)
{
	char path[PATH_MAX - 64 - CGROUP_NAME_MOST], suffix[24];
	int length;

	cgroup_base_suffix(suffix, sizeof(suffix));
	length = snprintf(path, sizeof(path) - 8, "%s/" CGROUP_BASE "%ld%s", own, (long)getpid(), suffix);
	if (length < 0 || (size_t)length >= sizeof(path) - 8) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	for (unsigned n = 2; mkdir(path, 0755) < 0; n++) {
		if (errno != EEXIST || n > BASES_MOST)
			return NULL;
		if (!clear(path))
			snprintf(path + length, sizeof(path) - (size_t)length, ".%u", n);
	}
	return strdup(path);
}
