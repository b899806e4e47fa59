/* The pid file, which also ensures that only one superd runs with it.
 *
 * The owner may exit and unlink the file between our open(2) and flock(2); we would then lock a file without a name. So
 * superd compares the path with the open file once it holds the lock. A flock(2) lock belongs to the open file
 * description: the daemon inherits it over fork(2), and a backend closes its copy at exec. */
#include "superd/main/pid_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/scan.h"
#include "os/foreign/foreign_path.h"
#include "os/guard/guard_link.h"

#define TRIES 100                       /* attempts, if each time an owner unlinks the file before it is locked */

/* The first line of the file, as far as it fits. */
static void read_line(int fd, char *text, size_t size)
{
	ssize_t length = pread(fd, text, size - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static void say_owner(int fd, struct buf *why)
{
	char text[32];
	int64_t pid;

	read_line(fd, text, sizeof(text));
	if (!scan_count(text, &pid) && pid > 0)
		buf_addf(why, "superd is running with it already, pid %s", text);
	else
		buf_text(why, "superd is starting with it already");
}

/* Whether the file holds more than a pid, as a table that was named by mistake and must not be overwritten. Blanks and
 * NUL bytes, which a crash may leave, do not count. */
static bool holds_text(int fd)
{
	char text[32];

	read_line(fd, text, sizeof(text));
	for (const char *at = text; *at; at++) {
		if (isgraph((unsigned char)*at) && !isdigit((unsigned char)*at))
			return true;
	}
	return false;
}

/* Whether the path still leads to this file. */
static bool is_at(const char *path, int fd)
{
	struct stat named, open;

	return lstat(path, &named) == 0 && fstat(fd, &open) == 0 && named.st_dev == open.st_dev &&
		named.st_ino == open.st_ino;
}

/* Opens and locks the file. -1: it failed, with the reason in `why`; without a reason the file was unlinked before it
 * was locked. */
static int open_locked(const char *path, struct buf *why, bool *is_taken)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0644);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0) {
		buf_text(why, strerror(errno));
	} else if (!S_ISREG(status.st_mode)) {
		buf_text(why, "it is no regular file");
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		*is_taken = errno == EWOULDBLOCK;
		if (*is_taken)
			say_owner(fd, why);
		else
			buf_addf(why, "locking it: %s", strerror(errno));
	} else if (holds_text(fd)) {
		buf_text(why, "it holds something else than a pid: name another file, or remove it");
	} else if (is_at(path, fd)) {
		return fd;
	}
	fd_close(&fd);
	return -1;
}

bool pid_file_claim(struct pid_file *file, const char *path, struct buf *why)
{
	*file = (struct pid_file){ .path = path, .fd = -1 };
	buf_clear(why);
	if (!own_file_is_safe(path, 0644, why))
		return false;
	for (int n = 0; file->fd < 0 && !why->length && n < TRIES; n++)
		file->fd = open_locked(path, why, &file->is_taken);
	if (file->fd < 0 && !why->length)
		buf_text(why, "it is taken away again and again");
	file->fd = fd_raise(file->fd, FD_HIGH);
	return file->fd >= 0;
}

bool pid_file_write(struct pid_file *file)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%ld\n", (long)guard_first_pid());
	ssize_t written = pwrite(file->fd, text, (size_t)length, 0);

	if (written >= 0 && written < length)
		errno = ENOSPC;
	return written == length && ftruncate(file->fd, length) == 0;
}

/* Whether another daemon has written its pid there: the inetd that follows superd opens the same file, and
 * asks for no lock. */
static bool holds_other_pid(int fd)
{
	char text[32];
	int64_t pid;

	read_line(fd, text, sizeof(text));
	return !scan_count(text, &pid) && pid > 0 && pid != guard_first_pid();
}

void pid_file_remove(struct pid_file *file)
{
	if (file->fd >= 0 && is_at(file->path, file->fd) && !holds_other_pid(file->fd))
		unlink(file->path);
	fd_close(&file->fd);
}
