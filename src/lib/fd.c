/* File descriptors: opened with close-on-exec, moved to high numbers, read up to a limit.
 *
 * A path in a table may name a fifo without a writer, whose open(2) would block. Files are therefore opened with
 * O_NONBLOCK, and only regular ones are read. */
#include "lib/lib.h"

#include <sys/mman.h>
#include <sys/syscall.h>

int fd_raise(int fd, int least)
{
	int saved = errno, raised, flags;

	if (fd < 0)
		return fd;
	raised = fd < least ? fcntl(fd, F_DUPFD_CLOEXEC, least) : -1;
	if (raised >= 0)
		close(fd);
	else if ((flags = fcntl(fd, F_GETFD)) >= 0 && !(flags & FD_CLOEXEC))
		fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
	errno = saved;
	return raised >= 0 ? raised : fd;
}

void fd_make_room(int most)
{
	int highest = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, most - 1);

	fd_close(&highest);
}

int fd_set_nonblocking(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);
	int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;

	if (flags < 0)
		return -1;
	return wanted == flags ? 0 : fcntl(fd, F_SETFL, wanted);
}

int fd_pipe(int ends[2])
{
	return pipe2(ends, O_CLOEXEC | O_NONBLOCK);
}

bool fd_wait(int fd, int milliseconds)
{
	struct pollfd ask = { .fd = fd, .events = POLLIN };
	int64_t until = clock_ms() + milliseconds, left = milliseconds;
	int ready;

	while ((ready = poll(&ask, 1, (int)left)) < 0 && errno == EINTR) {
		left = until - clock_ms();
		left = left > 0 ? left : 0;
	}
	return ready > 0;
}

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

void fd_close_range(unsigned first, unsigned last)
{
	uint32_t most = FD_MOST;
	char text[1024], *size;
	ssize_t length;
	int status;

	if (first > last || syscall(__NR_close_range, first, last, 0u) == 0)
		return;
	status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	length = status < 0 ? -1 : read(status, text, sizeof(text) - 1);
	fd_close(&status);
	text[length > 0 ? length : 0] = '\0';
	size = strstr(text, "\nFDSize:\t"); /* numbers that its table has room for */
	if (size)
		scan_unsigned(size + 9, strcspn(size + 9, "\n"), FD_MOST, &most);
	for (; first <= last && first < most; first++)
		close((int)first);
}

/* Reads to the end of the file, whatever fstat(2) has as its size: a file may grow while it is read, and files of /proc
 * have size 0. With `waits`, it also waits for a descriptor that is non-blocking. */
static char *read_to_end(int fd, bool waits, size_t most, size_t *length)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	size_t capacity = 4096, have = 0;
	char *text = NULL, *larger;
	ssize_t got;

	for (;;) {
		larger = realloc(text, capacity + 1);
		if (!larger)
			goto fail;
		text = larger;
		while ((got = read(fd, text + have, capacity - have)) < 0) {
			if (errno == EAGAIN && waits)
				poll(&wait, 1, -1);
			else if (errno != EINTR)
				goto fail;
		}
		if (!got)
			break;
		have += (size_t)got;
		if (have > most) {
			errno = EFBIG;
			goto fail;
		}
		if (have == capacity)
			capacity *= 2;
	}
	text[have] = '\0';
	*length = have;
	return text;
fail:
	free(text);
	return NULL;
}

char *fd_read_all(int fd, size_t most, size_t *length)
{
	return read_to_end(fd, true, most, length);
}

bool fd_has_path(int fd)
{
	struct sockaddr_un own = { .sun_family = AF_UNSPEC };
	socklen_t size = sizeof(own);

	return getsockname(fd, (struct sockaddr *)&own, &size) == 0 && own.sun_family == AF_UNIX && own.sun_path[0];
}

/* Does not wait in read(2) either: /proc/kmsg is a regular file that blocks until there is more. */
char *fd_read_file(const char *path, size_t most, size_t *length)
{
	return fd_read_regular(open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), most, length);
}

char *fd_read_regular(int fd, size_t most, size_t *length)
{
	struct stat status;
	char *text = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) < 0)
		goto out;
	if (!S_ISREG(status.st_mode)) {
		errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
		goto out;
	}
	text = read_to_end(fd, false, most, length);
out:
	fd_close(&fd);
	return text;
}

off_t fd_make_rewindable(int fd, size_t most)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	int memory = at < 0 ? memfd_create("input", MFD_CLOEXEC) : -1;
	size_t length = 0;
	char *text;

	if (memory < 0)
		return at;
	text = fd_read_all(fd, most, &length);
	if (text && write(memory, text, length) == (ssize_t)length && dup2(memory, fd) >= 0)
		at = lseek(fd, 0, SEEK_SET);
	free(text);
	fd_close(&memory);
	return at;
}

void fd_make_parents(const char *path, mode_t mode)
{
	char folder[PATH_MAX];
	mode_t before;

	if (strlen(path) >= sizeof(folder))
		return;
	strcpy(folder, path);
	before = umask(0);
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(folder, mode);
		*slash = '/';
	}
	umask(before);
}

/* Without /dev, the root folder takes the number: it is enough that a write fails. Only these three descriptors are not
 * close-on-exec. */
bool fd_ensure_standard(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (open("/dev/null", O_RDWR | O_NOCTTY) < 0 && open("/", O_RDONLY | O_DIRECTORY) < 0)
			return false;
	}
	return true;
}

/* The loop around write(2), which may write a part, or nothing if a signal comes. */

bool write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		text += written;
		length -= (size_t)written;
	}
	return true;
}

bool fd_write_file(int folder, const char *path, const char *text)
{
	int fd = openat(folder, path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) >= 0;

	fd_close(&fd);
	return good;
}

bool fd_read_number(const char *path, int64_t *number)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[64], *end;
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	long long value;

	fd_close(&fd);
	text[length > 0 ? length : 0] = '\0';
	value = strtoll(text, &end, 10);
	if (end == text)
		return false;
	*number = value;
	return true;
}
