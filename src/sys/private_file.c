/* Writing a file at a place that is known to all.
 *
 * The hard thing is that somebody may have prepared the place: a link there leads elsewhere, a file there is theirs. So
 * the text is written to a new file in a folder that only its owner can change, and rename(2) puts it over whatever
 * lies there, a link itself included. */
#include "sys/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define NEW_FILE "new"

static int open_folder(int parent, struct buf *why)
{
	struct stat status;
	int fd;

	if (mkdirat(parent, "superd", 0755) < 0 && errno != EEXIST) {
		buf_addf(why, "making the folder superd: %s", strerror(errno));
		return -1;
	}
	fd = openat(parent, "superd", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0) {
		buf_addf(why, "the folder superd: %s", strerror(errno));
	} else if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH))) {
		buf_text(why, "the folder superd can be changed by others: it must be superd's own, as by mode 0755");
	} else {
		return fd;
	}
	fd_close(&fd);
	return -1;
}

static bool write_new(int folder, const char *text, size_t length)
{
	ssize_t written;
	int fd;

	unlinkat(folder, NEW_FILE, 0);
	fd = openat(folder, NEW_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	written = write(fd, text, length);
	if (written >= 0 && written != (ssize_t)length)
		errno = ENOSPC;
	fd_close(&fd);
	return written == (ssize_t)length;
}

bool private_file_replace(const char *folder, const char *name, const char *text, size_t length, struct buf *why)
{
	int parent = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), own = -1;
	bool ok = false;

	if (parent < 0)
		buf_text(why, strerror(errno));
	else
		own = open_folder(parent, why);
	if (own >= 0) {
		ok = write_new(own, text, length) && renameat(own, NEW_FILE, parent, name) == 0;
		if (!ok) {
			buf_text(why, strerror(errno));
			unlinkat(own, NEW_FILE, 0);
		}
	}
	fd_close(&own);
	fd_close(&parent);
	return ok;
}
