/* Stands in for one of superd's own programs, which superd executes by a descriptor: that cannot be a script. It lets a
 * shell run the file beside it that has its name and ".sh", with its arguments. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build-id.h"

int main(int argc, char **argv)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 4);
	char **words = calloc((size_t)argc + 2, sizeof(*words));

	if (argc < 2 || strcmp(argv[1], "--build=" BUILD_ID) != 0)
		return 99;
	if (length <= 0 || !words)
		return 126;
	memcpy(path + length, ".sh", 4);
	words[0] = argv[0];
	words[1] = path;
	memcpy(words + 2, argv + 1, (size_t)argc * sizeof(*words));
	execv("/bin/bash", words);
	perror(path);
	return 127;
}
