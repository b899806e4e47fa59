/* Queries that may block on a process: its environment and command line are in its memory, and one of its threads may
 * hold the lock of that memory for as long as it likes (munmap(2) of a mapped file whose file system does not answer).
 * So a helper process makes the queries, several at once, and superd waits a tenth of a second at most. Processes that
 * were not queried by then count as unknown, and are not queried again for a minute.
 *
 * These queries are rare: for orphans that neither their parents nor their sockets assign to a service. All of them
 * together may take a fiftieth of superd's time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "os/proc/process.h"

/* Sets found[n] if process n was started with this NAME=value (process_has_variable). */
void process_query_variable(const struct process *processes, size_t count, const char *variable, bool *found);

/* As process_has_command; false if unknown. */
bool process_query_command(const struct process *process, const char *const *command);
