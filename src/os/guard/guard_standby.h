/* What has superd's descriptors while there is no guard: from the death of one until superd is the next one, a process
 * shares them that becomes the guard if superd dies. Does nothing where there is no guard. */
#pragma once

/* Starts the standby, if it does not run. program, arguments: what it executes, and what superd was started with;
 * environment: of the guard. Without memory there is none, and the next call tries again. */
void guard_standby_begin(const char *program, char *const *arguments, char *const *environment);

/* Ends it, as superd ends. */
void guard_standby_end(void);
