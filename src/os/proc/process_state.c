/* Whether a process as a whole runs, waits or is stopped. The kernel reports a state for each thread: the first thread
 * may have ended while others run on, or be stopped while others are not yet. */
#include "os/proc/process_state.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

#define STAT_MOST 4096
#define STATE_BEHIND 2          /* characters from the bracket that ends the name */

/* proc_pid_stat(5). Where it can't be read there is no such thread any more. */
static enum process_state thread_motion(const char *path)
{
	enum process_state motion = PROCESS_RUNS;
	size_t length;
	char *text = fd_read_file(path, STAT_MOST, &length), *name_end = text ? strrchr(text, ')') : NULL;

	switch (name_end && strlen(name_end) > STATE_BEHIND ? name_end[STATE_BEHIND] : 'X') {
	case 'Z':
	case 'X':
	case 'x':
		motion = PROCESS_GONE;
		break;
	case 'T':
	case 't':
		motion = PROCESS_STOPPED;
		break;
	case 'D':
		motion = PROCESS_BLOCKED;
		break;
	default:
		break;
	}
	free(text);
	return motion;
}

enum process_state process_state(pid_t pid)
{
	enum process_state most = PROCESS_GONE;
	struct dirent *entry;
	DIR *directory;
	char path[320];

	snprintf(path, sizeof(path), "/proc/%ld/task", (long)pid);
	directory = opendir(path);
	while (directory && most != PROCESS_RUNS && (entry = readdir(directory))) {
		enum process_state motion;

		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%ld/task/%s/stat", (long)pid, entry->d_name);
		motion = thread_motion(path);
		most = motion > most ? motion : most;
	}
	if (directory)
		closedir(directory);
	return most;
}
