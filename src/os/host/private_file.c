/* Files of superd's own, at paths that others know.
 *
 * Another user may have prepared the path: with a link that leads elsewhere, or with a file of his own. So the text is
 * written to a new file in a folder that only superd and root can change, and rename(2) replaces whatever is at the
 * path, even a link. */
#include "os/host/host.h"

#include <sys/mman.h>

bool private_folder_is_safe(const char *path, struct buf *why)
{
	struct path_finding finding;

	if (path_folder_is_trusted(path, PATH_OPEN_FLAWS, &finding))
		return true;
	path_finding_describe(&finding, why);
	errno = finding.error;
	if (errno)
		return false;
	buf_text(why, ": other users can change its directory: this and all above must belong to superd or root, with "
		      "a mode such as 0755");
	errno = EPERM;
	return false;
}

bool private_file_put(const char *path, const char *text, size_t length, struct buf *why)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX], new[PATH_MAX];
	struct stat status;
	bool good;
	int fd;

	/* A read-only file system refuses unlink(2) even if there is no such file. */
	if (!length && lstat(path, &status) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return true;
	if (!slash || snprintf(new, sizeof(new), "%s.new", path) >= (int)sizeof(new)) {
		buf_text(why, strerror(ENAMETOOLONG));
		return false;
	}
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	if (length && mkdir(folder, 0755) < 0 && errno != EEXIST) {
		buf_addf(why, "creating the directory: %s", strerror(errno));
		return false;
	}
	if (length && !private_folder_is_safe(path, why))
		return false;
	if (length) {
		unlink(new);
		fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		good = fd >= 0 && fchmod(fd, 0600) == 0 && write_all(fd, text, length) && fsync(fd) == 0 &&
		       rename(new, path) == 0;
		fd_close(&fd);
	} else {
		good = unlink(path) == 0;
	}
	if (good) {                     /* the kernel writes the name to the disk */
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		good = fd >= 0 && fsync(fd) == 0;
		fd_close(&fd);
	}
	if (good)
		return true;
	buf_text(why, strerror(errno));
	unlink(new);
	return false;
}

char *private_file_get(const char *path, size_t most, size_t *length, struct buf *why)
{
	struct path_finding finding;
	char limit[SIZE_TEXT_MOST];
	struct stat status;
	char *text;
	int saved;

	if (lstat(path, &status) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return NULL;            /* its folder may not exist either */
	if (!path_is_trusted(path, PATH_ANY_FLAW, &finding)) {
		path_finding_describe(&finding, why);
		errno = finding.error ? finding.error : EPERM;
		return NULL;
	}
	text = fd_read_file(path, most, length);
	saved = errno;
	if (!text && errno == EFBIG)
		buf_addf(why, "it is larger than %s", size_write(limit, (double)most));
	else if (!text && errno != ENOENT)
		buf_text(why, errno == EINVAL ? "it is no regular file" : strerror(errno));
	errno = saved;
	return text;
}

int memory_file(const char *text, size_t length)
{
	int fd = memfd_create("superd", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (!write_all(fd, text, length) || lseek(fd, 0, SEEK_SET) < 0 ||
			fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0))
		fd_close(&fd);
	return fd;
}
