/* Opens files for a backend (open_file). superd must never wait for what a path leads to. It opens a fifo for both
 * ends, or read-only, without waiting for a writer as systemd does, so a reader may find its end at once. A unix
 * socket whose queue is full counts as unavailable. */
#include "superd/launch/passed_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/unix_connect.h"
#include "os/foreign/foreign_path.h"
#include "os/foreign/path_walk.h"
#include "table/option/option_name.h"
#include "table/option/service_mark.h"
#include "table/words/passed_fds.h"

/* Connects to a unix socket of any type. */
static int connect_to(const char *path, const struct open_file_word *file)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	int fd = -1;

	errno = EPROTOTYPE;
	for (size_t n = 0; fd < 0 && errno == EPROTOTYPE && n < sizeof(types) / sizeof(*types); n++)
		fd = unix_connect(path, types[n]);
	if (fd >= 0 && file->read_only && shutdown(fd, SHUT_WR) < 0)
		fd_close(&fd);
	return fd;
}

static int open_here(const char *path, const struct open_file_word *file, int links)
{
	int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (file->read_only ? O_RDONLY : O_RDWR) | links;
	int fd;

	if (file->append)
		flags |= O_APPEND;
	if (file->truncate)
		flags |= O_TRUNC;
	fd = open(path, flags);
	if (fd < 0 && errno == ENXIO)
		fd = connect_to(path, file);
	if (fd >= 0)
		fd_set_nonblocking(fd, false);
	return fd;
}

struct passed_files_opening {
	const char *path;
	const struct open_file_word *file;
	const struct account *account;
};

static int open_as_user(const void *with, struct buf *why, struct buf *warnings)
{
	const struct passed_files_opening *opening = with;
	struct path_walk walk = { .account = opening->account, .folder = -1 };

	(void)why, (void)warnings;
	if (path_walk(&walk, -1, opening->path, PATH_STAYS_MISSING) < 0 || fchdir(walk.folder) < 0)
		return -1;
	return open_here(walk.name, opening->file, O_NOFOLLOW);
}

/* In a folder of another user only a socket or fifo is opened, with the rights of that user. EINVAL: it is neither. */
static int open_file(const struct service *service, const char *path, const struct open_file_word *file)
{
	const struct passed_files_opening opening = { .path = path, .file = file, .account = service->account };
	struct path_finding finding;
	struct buf none = { 0 };
	int fd, error;

	if (!path_leads_to_foreign(path, &finding))
		return open_here(path, file, 0);
	fd = foreign_fork(path, open_as_user, &opening, -1, &none, &none);
	error = errno;
	buf_free(&none);
	errno = error;
	return fd;
}

static bool add_file(struct fd_map *fd_map, const struct service *service, const char *word, struct buf *names,
		     struct buf *why)
{
	struct open_file_word file;
	const char *wrong = open_file_word_read(word, &file);
	char *path = wrong ? NULL : strndup(file.path, file.path_length);
	int fd = path ? open_file(service, path, &file) : -1;
	int low = fd < 0 ? -1 : fd_map_low(fd_map, fd_map_own(fd_map, fd));
	bool left_out = fd < 0 && path && file.graceful;

	if (low >= 0) {
		fd_map->wanted[fd_map->count++] = low;
		buf_addf(names, ":%.*s", (int)file.name_length, file.name);
	} else if (!left_out) {
		if (!wrong)
			wrong = errno == EINVAL ? "in a directory of a user other than root, it must be a socket or a "
						  "fifo"
						: strerror(errno);
		buf_addf(why, "%s: %s: %s", option_name_of(service, "open_file"), path ? path : word, wrong);
		origin_cite(service_origin(service, "open_file"), why);
	}
	free(path);
	return low >= 0 || left_out;
}

bool passed_files_open(struct fd_map *fd_map, const struct service *service, struct buf *why)
{
	struct buf names = { 0 };
	bool good = true;

	for (words word = service->groups->passed_fds->open_file; good && word && *word; word++)
		good = add_file(fd_map, service, *word, &names, why);
	if (good && names.failed) {
		buf_text(why, "out of memory");
		good = false;
	}
	if (good && names.length)
		fd_map->file_names = buf_take(&names);
	buf_free(&names);
	return good;
}
