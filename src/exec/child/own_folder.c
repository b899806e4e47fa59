/* Reads the link of a folder, for superd and for superd-exec. */
#include "exec/child/own_folder.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

bool own_folder_leads_to(int at, const char *link, const char *target)
{
	char there[PATH_MAX];
	ssize_t length = readlinkat(at, link, there, sizeof(there) - 1);

	if (length < 0)
		return false;
	there[length] = '\0';
	return !strcmp(there, target);
}
