/* System calls that a container's filter, or the kernel, may deny. superd goes on without each of them: a row says what is
 * lost then. What a service needs of them is an error or a warning of the service (superd/machine/preflight). */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"

enum denied_call {
	DENIED_SECCOMP,
	DENIED_LANDLOCK,
	DENIED_CLOSE_RANGE,
	DENIED_CLONE3,
	DENIED_PIDFD_GETFD,
	DENIED_PROCESS_MADVISE,
	DENIED_BPF,
	DENIED_MEMFD_CREATE,
	DENIED_OPENAT2,
	DENIED_CALLS
};

extern const struct denied_call_row {
	const char *name;               /* "clone3" */
	bool (*is_possible)(void);      /* tries the call; nothing is changed */
	const char *lost;               /* what superd does without it */
} denied_calls[DENIED_CALLS];

/* Adds a line for each call that is denied here: "This machine lacks clone3: a process joins …". */
void denied_calls_describe(struct buf *out);
