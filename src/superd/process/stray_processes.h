/* Ends unknown processes that are left under superd: for PID 1 all in the namespace, else its adopted children. Each
 * gets SIGTERM only once, as many programs take a second one for "at once". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The processes that got SIGTERM. A zeroed struct has none. */
struct stray_processes {
	pid_t *terminated;
	size_t count, room;
	bool all_terminated;            /* for PID 1: all got it by one kill(2) */
};

/* Sends SIGTERM to adopted children, except those for which is_known returns true, which end later. */
void stray_processes_terminate_unknown(struct stray_processes *strays, bool (*is_known)(void *context, pid_t pid),
				       void *context);

bool stray_processes_terminate(struct stray_processes *strays); /* to all; true: there is any */
bool stray_processes_kill(void);                        /* SIGKILL to all; true: there is any */
void stray_processes_free(struct stray_processes *strays);
