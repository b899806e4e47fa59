/* Finds a folder below another root, for superd and for superd-exec. */
#include "exec/child/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/fd.h"

int credentials_open_below(const char *root, const char *path, bool make)
{
	int at = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC), next;
	char part[NAME_MAX + 1];
	size_t length;

	for (; at >= 0 && *(path += strspn(path, "/")); path += length) {
		length = strcspn(path, "/");
		if (length > NAME_MAX) {
			fd_close(&at);
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(part, path, length);
		part[length] = '\0';
		if (make)
			mkdirat(at, part, 0755);
		next = openat(at, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		fd_close(&at);
		at = next;
	}
	return at;
}
