/* Descriptors of a forked child: the pipe by which it reports a failure, and the closing of descriptors that it must
 * not hold open. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Opens a pipe, both ends close-on-exec and non-blocking. The writing end gets a number of at least `least`: the child
 * arranges its own descriptors below that, and a report must never reach a client. false and errno. */
bool fork_fds_open_report(int ends[2], int least);

/* Closes all descriptors from 3 on except those in `kept` (entries of -1 are ignored), `also` and `file` (0 or -1: none). A child
 * that waits calls it: as long as it holds a copy of a socket or pipe, the other end sees no end of file. Where a filter
 * denies close_range(2) the descriptors stay open. */
void fork_fds_close_others(const int *kept, int count, int also, int file);

/* Waits for a child that is about to end, by polling waitpid(2), and writes its wait status unless status is NULL.
 * false: it did not end in time; the loop reaps it later. */
bool waitpid_timeout(pid_t pid, int milliseconds, int *status);
