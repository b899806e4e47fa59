/* Processes left under superd besides those it knows: as PID 1 all in the namespace, else its adopted children. Each
 * gets SIGTERM only once, as many programs take a second one for "at once". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Zeroed, nobody was asked yet. */
struct stray_processes {
	pid_t *asked;
	size_t count, room;
	bool all_asked;                 /* as PID 1, by one kill(2) */
};

/* Asks those who came to us, but not whom is_known names, as its time is yet to come. */
void stray_processes_terminate_unknown(struct stray_processes *strays, bool (*is_known)(void *context, pid_t pid),
				       void *context);

bool stray_processes_terminate(struct stray_processes *strays); /* everybody; true: there is anybody */
bool stray_processes_kill(void);                        /* the same */
void stray_processes_free(struct stray_processes *strays);
