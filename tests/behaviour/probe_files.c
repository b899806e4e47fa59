/* What the probe tries with files. The hard thing is to leave all as it was. */
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "probe_attempts.h"

int try_write(const char *folder)
{
	char path[1024];
	int fd;

	snprintf(path, sizeof(path), "%s/.probe-%d", folder, getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	return unlink(path);
}

int try_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -1 : close(fd);
}

/* For what is to be changed by writing, without writing anything. */
int try_open_to_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -1 : close(fd);
}

int try_list(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	long count = 0;

	if (!folder)
		return -1;
	while ((entry = readdir(folder)))
		count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(folder);
	return probe_tell(count);
}

int try_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, probe_found, sizeof(probe_found) - 1);

	if (fd >= 0)
		close(fd);
	if (length < 0)
		return -1;
	probe_found[length] = '\0';
	for (char *c = probe_found; *c; c++) {
		if (*c == '\n' || *c == '\t')
			*c = c[1] ? ' ' : '\0';
	}
	return 0;
}

int try_run(const char *path)
{
	execl(path, path, (char *)NULL);
	return -1;
}

int try_namespace(const char *kind)
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	length = readlink(path, probe_found, sizeof(probe_found) - 1);
	if (length < 0)
		return -1;
	probe_found[length] = '\0';
	return 0;
}

int try_interfaces(const char *nothing)
{
	struct if_nameindex *list = if_nameindex();
	long count = 0;

	(void)nothing;
	while (list && list[count].if_index)
		count++;
	if_freenameindex(list);
	return probe_tell(count);
}
