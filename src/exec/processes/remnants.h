/* Processes left under superd besides those it knows: as PID 1 all in the namespace, else its adopted children. Each
 * gets SIGTERM only once, as many programs take a second one for "at once". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Zeroed, nobody was asked yet. */
struct remnants {
	pid_t *asked;
	size_t count, room;
	bool all_asked;                 /* as PID 1, by one kill(2) */
};

/* Asks those who came to us, but not whom is_known names, as its time is yet to come. */
void remnants_ask_strangers(struct remnants *remnants, bool (*is_known)(void *context, pid_t pid), void *context);

bool remnants_ask(struct remnants *remnants);           /* everybody; true: there is anybody */
bool remnants_kill(void);                               /* the same */
void remnants_free(struct remnants *remnants);
