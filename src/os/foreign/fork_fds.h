/* The descriptors of a start by fork: the pipe that tells of its failure, and what it lets go of before it may wait. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* A pipe, both ends close-on-exec and non-blocking, the one for writing from `least` on: it must not lie where the
 * child arranges its own, or a fault would go to a client. false and errno. */
bool fork_fds_open_report(int ends[2], int least);

/* Closes all from 3 on but those kept, of which any may be -1, and `also`; -1: none. For a child that waits: what it
 * has a copy of does not end for whoever is at its other end. A kernel without the call (close_range, Linux 5.9) leaves
 * them open. */
void fork_fds_close_others(const int *kept, int count, int also);

/* Waits a moment, at most so many milliseconds, for a child that is ending, and takes its status where that is wanted.
 * false: it hangs on its way, and whoever waits for strangers reaps it. */
bool waitpid_timeout(pid_t pid, int milliseconds, int *status);
