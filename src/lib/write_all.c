/* The loop around write(2), which may write a part, or nothing if a signal comes. */
#include "lib/write_all.h"

#include <errno.h>
#include <unistd.h>

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
