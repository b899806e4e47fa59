/* Whether the two files of hosts_access(5) contain any rule. superd asks this for each client of a service with
 * libwrap, so it reads a file only after stat(2) shows that the file has changed. */
#include "os/host/hosts_access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/fd.h"

#define TABLE_MOST (1 << 20)
#define TICK_MOST 2                     /* seconds */

static const char *const paths[] = { "/etc/hosts.allow", "/etc/hosts.deny" };

static bool has_rule(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (*text != '#' && strspn(text, " \t\r") < length)
			return true;
		text += length + (text[length] == '\n');
	}
	return false;
}

static bool file_has_rule(const char *path)
{
	size_t length;
	char *text = fd_read_file(path, TABLE_MOST, &length);
	bool has = text ? has_rule(text) : errno != ENOENT;

	free(text);
	return has;
}

/* A file system keeps times by ticks of up to two seconds (FAT), so a change right after the reading may show no new
 * time. A time in the future is that of another machine's clock. */
static bool is_settled(const struct stat *status)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - status->st_ctim.tv_sec > TICK_MOST;
}

static bool is_as_seen(const struct seen_file *seen, const struct stat *status)
{
	return seen->known && seen->settled && seen->device == status->st_dev && seen->inode == status->st_ino &&
	       seen->size == status->st_size && seen->changed.tv_sec == status->st_ctim.tv_sec &&
	       seen->changed.tv_nsec == status->st_ctim.tv_nsec;
}

static bool check_file(struct hosts_access *cache, struct seen_file *seen, const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0) {
		cache->changes += seen->known;
		seen->known = false;
		return errno != ENOENT && errno != ENOTDIR;
	}
	if (is_as_seen(seen, &status))
		return seen->has_rule;
	cache->changes++;
	*seen = (struct seen_file){
		.device = status.st_dev, .inode = status.st_ino, .size = status.st_size, .changed = status.st_ctim,
		.settled = is_settled(&status), .known = true, .has_rule = file_has_rule(path),
	};
	return seen->has_rule;
}

bool hosts_access_has_rules(struct hosts_access *cache)
{
	bool allows = check_file(cache, &cache->files[0], paths[0]),
	     denies = check_file(cache, &cache->files[1], paths[1]);

	return allows || denies;
}
