/* Between the start of a process and its program: the stages a child walks, async-signal-safe, possibly in its
 * parent's memory.
 *
 * A job is one start. The parent fills it (sys/spawn does the rest); the child reports the stage that failed and
 * errno in fault, through the shared memory or through report. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "sys/plan.h"

enum stage {
	STAGE_NONE,
	STAGE_FORK, /* no child came to be */
	STAGE_DESCRIPTORS,
	STAGE_SESSION,
	STAGE_NICE,
	STAGE_OOM_SCORE,
	STAGE_CPUS,
	STAGE_IO_PRIORITY,
	STAGE_LIMITS,
	STAGE_ROOT,
	STAGE_BOUNDING,
	STAGE_GROUPS,
	STAGE_USER,     /* what the user may is what counts from here on */
	STAGE_DIRECTORY,
	STAGE_SIGNALS,
	STAGE_IDENTITY, /* the user for good; last, as from here on the user can signal us */
	STAGE_AMBIENT,
	STAGE_NO_NEW_PRIVILEGES,
	STAGE_EXEC,
	STAGES
};

struct fault {
	enum stage stage;
	int error;                      /* errno */
	int resource;                   /* STAGE_LIMITS: the RLIMIT_x that could not be set */
};

#define JOB_EXTRA 12                    /* variables that differ from start to start */

struct job {
	const struct plan *plan;
	const int *wanted;              /* wanted[n] becomes descriptor n; -1: closed; borrowed */
	int wanted_count;               /* at least 3 */
	bool listen;                    /* LISTEN_PID is to be set: the child alone knows its pid */
	char **environment;             /* NULL-terminated; the first is LISTEN_PID's where listen is set */
	char listen_pid[sizeof("LISTEN_PID=") + 20];
	bool has_handlers;              /* superd handles signals by handlers: reset them before the mask opens */
	bool shares_descriptors;        /* started with CLONE_FILES: unshare first */
	int report;                     /* pipe for fault; -1: the memory is shared */
	struct fault fault;             /* before it failed: what is known of the stage, its resource */
};

_Noreturn void child_run(struct job *job);

/* Puts wanted[n] at n for all n < count, whatever order and overlap they are in, the result not close-on-exec. 0,
 * or -1 and errno. For the child, and for tests. */
int child_arrange(const int *wanted, int count);

/* "setting user", for messages. */
const char *stage_name(enum stage stage);
