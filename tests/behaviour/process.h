/* Processes as /proc shows them: who descends from whom, and what they have open. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Descendants of pid, zombies too, up to most of them into out (may be NULL); gives how many there are. A zombie
 * below superd is an end that superd has not noticed yet. */
size_t process_descendants(pid_t pid, pid_t *out, size_t most);

bool process_lives(pid_t pid);                  /* there, and no zombie */
bool process_is_stopped(pid_t pid);             /* by a signal, which takes a moment */
bool process_is_frozen(pid_t pid);              /* by a signal, or its control group */
bool process_blocks(pid_t pid, int signal);
size_t process_fd_count(pid_t pid);
bool process_is_called(pid_t pid, const char *name);            /* by the name that it may give itself (prctl(2)) */
bool process_name(pid_t pid, char *out, size_t size);           /* its command line, for messages */

/* Whether superd has made it of itself for what may hang, of this name if it is given: it is no backend, and ends when
 * it likes. One that was just forked is still called superd: waits shortly for its name. One that is gone is none. */
bool process_is_beside(pid_t pid, const char *wanted);

/* Whether all its threads sleep, or stand still. Adds to *switches how often they have given their processor away: if
 * that stays, none has run. */
bool process_rests(pid_t pid, unsigned long *switches);

/* What a process, or a thread of it, is called in its own namespace; 0: there is none. */
pid_t process_own_number(pid_t pid, pid_t thread);
pid_t process_find_thread(pid_t pid, pid_t own_number); /* as this test sees it; 0: there is none */
