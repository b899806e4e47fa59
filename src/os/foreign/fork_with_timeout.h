/* Runs work that may block in a process of its own, for a limited time. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "lib/run_limit.h"

#define WORK_TEXT_MOST (128 << 10)          /* bytes of a work's reason at most */

/* The work. Returns a descriptor (a socket or a FIFO), or -1 and errno. It runs in a copy of superd's memory without
 * superd's descriptors. */
typedef int timed_work(const void *with, struct buf *why, struct buf *warnings);

/* Work under way; the owner begins it, waits until `answer` is readable or the limit is over, and ends it. */
struct timed_job {
	pid_t pid;
	bool reaped;                    /* as its owner has learned */
	int answer;                     /* -1: none is under way */
	bool passes_fd;                 /* the work of a fork may; what a program passes is refused */
	struct run_limit limit;
};

/* Begins the work with one descriptor kept open (-1: none). false and errno. */
bool timed_job_begin(struct timed_job *job, timed_work *work, const void *with, int kept, int milliseconds);

/* The same by a program of superd's own (os/host/program), with this standard input. Its standard output is where it
 * answers, by timed_job_answer, without a descriptor. */
bool timed_job_execute(struct timed_job *job, int program, char *const *argv, int input, int milliseconds);

/* Sends what work would return, with errno, and exits. */
_Noreturn void timed_job_answer(int to, int result, struct buf *why, struct buf *warnings);

/* Waits for what is left of the limit. Returns the work's descriptor, which the caller owns, or -1 and the work's
 * errno, with its reason in why. ETIMEDOUT: it took longer, and was killed (lib/run_limit). */
int timed_job_end(struct timed_job *job, struct buf *why, struct buf *warnings);

void timed_job_drop(struct timed_job *job);     /* kills it, if it is under way */

/* Both in one: the caller waits. */
int fork_with_timeout(timed_work *work, const void *with, int kept, int milliseconds, struct buf *why,
		      struct buf *warnings);
