/* Whether a process as a whole runs, waits or is stopped. The kernel reports a state for each thread: the first thread
 * may have ended while others run on, or be stopped while others are not yet. */
#include "os/proc/process_state.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fd.h"

#define STAT_MOST 4096
#define STATE_OFFSET 2          /* the state's offset from the bracket that ends the name */

/* The state of one thread (proc_pid_stat(5)). If it cannot be read, the thread has ended. */
static enum process_state read_thread_state(const char *path)
{
	enum process_state state = PROCESS_RUNS;
	size_t length;
	char *text = fd_read_file(path, STAT_MOST, &length), *name_end = text ? strrchr(text, ')') : NULL;

	switch (name_end && strlen(name_end) > STATE_OFFSET ? name_end[STATE_OFFSET] : 'X') {
	case 'Z':
	case 'X':
	case 'x':
		state = PROCESS_GONE;
		break;
	case 'T':
	case 't':
		state = PROCESS_STOPPED;
		break;
	case 'D':
		state = PROCESS_BLOCKED;
		break;
	default:
		break;
	}
	free(text);
	return state;
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
		enum process_state state;

		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%ld/task/%s/stat", (long)pid, entry->d_name);
		state = read_thread_state(path);
		most = state > most ? state : most;
	}
	if (directory)
		closedir(directory);
	return most;
}
