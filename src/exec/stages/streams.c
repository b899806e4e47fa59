/* Opens the files that are a service's input, output or error: with superd's rights if no other user can lead the path
 * elsewhere, else as the service's user. A service of root is refused then.
 *
 * That is judged here, as the folder may be one that this start has made, or given to its user.
 *
 * The service's user may not be allowed to write a file that superd created earlier as root. superd then opens it with
 * its own privileges, but only by its name in a folder of that user's own: links of his can lead to any other. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/child/child.h"
#include "exec/stages/stages.h"
#include "lib/fd.h"
#include "lib/unix_socket.h"
#include "os/foreign/foreign.h"
#include "os/fs/fs.h"

#define STREAM_FILE_MODE 0640           /* mode of a file that superd creates */

static int stream_file_open(const struct stream_file *file)
{
	int fd = open(file->path, file->flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, STREAM_FILE_MODE);

	if (fd < 0 && errno == ENXIO)
		fd = unix_connect(file->path, SOCK_STREAM);
	if (fd >= 0)
		fd_set_nonblocking(fd, false);
	return fd;
}

/* Opens the folder of a path, with the rights that the process has at the moment. */
static int open_parent_folder(const char *path, const char **name)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;

	if (!length || length >= sizeof(folder))
		return -1;
	memcpy(folder, path, length);
	folder[length] = '\0';
	*name = slash + 1;
	return open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool is_folder_of(int folder, const struct account *account)
{
	struct stat status;

	return fstat(folder, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == account->uid;
}

/* Whether it is a regular file of superd's own with one name. What the folder's user can have put here he has taken out
 * of another folder of his. */
static bool is_file_of_ours(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() && status.st_nlink == 1;
}

static int open_file_of_ours(int folder, const char *name, int flags)
{
	int fd = openat(folder, name,
			(flags & ~(O_CREAT | O_TRUNC)) | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd >= 0 && (!is_file_of_ours(fd) || (flags & O_TRUNC && ftruncate(fd, 0) < 0)))
		fd_close(&fd);
	if (fd >= 0)
		fd_set_nonblocking(fd, false);
	else
		errno = EACCES;
	return fd;
}

static int open_for_start(const struct stream_file *file, mode_t mode, const struct account *account)
{
	const char *name = NULL;
	struct path_finding finding;
	struct act_as before;
	int fd, folder = -1, error;

	switch (path_opener(file->path, mode, account, &finding)) {
	case PATH_OPENED_BY_SUPERD:
		return stream_file_open(file);
	case PATH_REFUSED:
		errno = EPERM;
		return -1;
	case PATH_OPENED_BY_CHILD:
		break;
	}
	if (!act_as_begin(&before, account))
		return -1;
	fd = stream_file_open(file);
	error = errno;
	if (fd < 0 && error == EACCES && account && (file->flags & O_ACCMODE) != O_RDONLY)
		folder = open_parent_folder(file->path, &name);
	if (!act_as_end(&before))
		return -1;
	if (folder >= 0 && is_folder_of(folder, account))
		fd = open_file_of_ours(folder, name, file->flags);
	fd_close(&folder);
	if (error)
		errno = error;
	return fd;
}

int streams_open(struct job *job)
{
	static int wanted[CHILD_DESCRIPTORS];

	if (job->wanted_count > CHILD_DESCRIPTORS) {
		errno = EMFILE;
		return -1;
	}
	memcpy(wanted, job->wanted, (size_t)job->wanted_count * sizeof(*wanted));
	job->wanted = wanted;
	for (int n = 0; n <= STDERR_FILENO; n++) {
		const struct stream_file *file = &job->files[n];

		if (!file->path)
			continue;
		wanted[n] = file->is_same ? wanted[n - 1]
					  : open_for_start(file, n == STDIN_FILENO ? 0 : STREAM_FILE_MODE,
							   job->plan->account);
		job->fault.resource = n;
		if (wanted[n] < 0)
			return -1;
	}
	return 0;
}
