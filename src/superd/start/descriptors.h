/* How superd shares out its descriptors (RLIMIT_NOFILE): those of its own, one for each listening socket, and some for
 * each service that runs. What one start takes stays free beside all of these: superd opens no listener and accepts no
 * client without it, so it can start a process for each client that it has accepted. */
#pragma once

/* Standard streams, /dev/null, the loop, the set of listeners, superd's own programs, the control socket with its
 * reserve, and two for superd-output. */
#define DESCRIPTORS_OWN 27
#define DESCRIPTORS_START 11            /* at most, for a start that prepares all that its service keeps while it runs */
#define DESCRIPTORS_SERVICE 3           /* that a service keeps while it runs: both ends of its pipe, and who reads it */
