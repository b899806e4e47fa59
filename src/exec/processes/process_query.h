/* Looks into a process that may keep whoever looks waiting: its environment and its command line lie in its memory,
 * whose lock one of its threads may hold for as long as it likes (a munmap of a mapped file whose file system does not
 * answer). So they are made in a process of superd's own, for several at once, and waited for a tenth of a second at
 * most; who was not looked at by then counts as not known, and is not asked about again for a minute.
 *
 * What is asked here is rare: an orphan that neither its place nor its sockets tell the owner of. All such waits
 * together take at most a fiftieth of superd's time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "os/proc/process.h"

/* Sets told[n] where process n was started with this NAME=value (process_has_variable). */
void process_query_variable(const struct process *processes, size_t count, const char *variable, bool *told);

/* process_has_command; false where it isn't known. */
bool process_query_command(const struct process *process, const char *const *command);
