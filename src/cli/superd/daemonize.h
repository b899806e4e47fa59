/* Going to the background. */
#pragma once

#include <stdbool.h>

/* Forks; the parent waits until daemonize_ready or the child's end, and exits with 0 or the child's status. In the
 * child: a session of its own. -1 and errno when it can't fork. */
int daemonize_enter(void);

/* The table stands and its sockets are bound: lets the parent go, and 0 to 2 to /dev/null but where the log is
 * stderr. */
void daemonize_ready(bool keep_stderr);
