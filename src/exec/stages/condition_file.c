/* Reads small files for the conditions. */
#include "exec/stages/condition_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/stages/condition.h"

bool condition_read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t length = 0;
	ssize_t got = 0;

	if (fd < 0)
		return false;
	while (length + 1 < size) {
		got = read(fd, text + length, size - 1 - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	close(fd);
	text[length] = '\0';
	return got >= 0;
}

bool condition_path_exists(const char *path)
{
	struct stat state;

	return stat(path, &state) == 0;
}

const char *condition_first_line(const char *path, char *text, unsigned size)
{
	if (!condition_read_file(path, text, size))
		*text = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}
