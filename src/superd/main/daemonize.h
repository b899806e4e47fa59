/* Goes to the background (daemon(7), SysV daemons). */
#pragma once

#include <stdbool.h>

/* Forks. The child returns 0, in a session of its own (setsid(2)). The parent waits until the child calls
 * daemonize_ready, and exits with 0; if the child ends first, with the child's status. -1 and errno: it failed. */
int daemonize_enter(void);

/* The socket to the waiting parent; -1: no parent waits. */
int daemonize_channel(void);

/* Lets the parent exit. Called once the sockets are bound. Descriptors 0 to 2 become /dev/null, but 2 stays if
 * keep_stderr, as the log is stderr. Does nothing if superd is not in the background. */
void daemonize_ready(bool keep_stderr);
