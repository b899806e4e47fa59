/* The guard: the parent of superd, which restarts superd when it dies by a signal, and loses no client meanwhile.
 * superd(8) says what else is lost. What was frozen runs again, for a whole idle_timeout. The time limits of the end of
 * an instance go on, as that of timeout_stop; those of the phases before, in which it serves its clients
 * (superd/stop/stop.h), begin anew, unless it ends beside a successor.
 *
 * It shares its table of descriptors with superd (CLONE_FILES, clone(2)): listeners, pipes and clients stay open,
 * whenever superd dies, as the kernel drops them only with the last process that has the table. It is the parent of
 * last resort of all backends (PR_SET_CHILD_SUBREAPER, or process 1), which become its children when superd dies. It
 * reports their ends to the next superd, and reaps each when that superd orders it. It passes on the signals that it
 * gets.
 *
 * It reads no data and accepts no requests: superd's saved state describes the descriptors (superd/reload).
 *
 * Without a guard, nothing keeps superd's descriptors when it is killed, but for listeners in a service manager's store
 * (superd/socket/socket_store). Instances run on with the sockets that they have, frozen ones stay frozen, and clients
 * in the queue of a listener that only superd had are lost. The next superd has no saved state: it tries to open the
 * addresses, names the process that has one, thaws it if its control group proves its origin, and ends it with
 * --take-over (superd/reload, superd(8), WHEN SUPERD IS KILLED). */
#pragma once

#include <stdbool.h>

#define GUARD_AGAIN "--guard-again="    /* first argument of a guard after an upgrade, with the descriptor of its page */

/* Becomes the guard, and starts superd as a child of it: this returns in that child alone. page: the descriptor that
 * GUARD_AGAIN names; -1: this is the first guard. false and errno: there is no guard, and the process continues as
 * superd. Call it before superd opens anything, or has more than one thread. name: the guard's, for ps; NULL:
 * superd-guard. */
bool guard_begin(int page, char *const *arguments, const char *name);
