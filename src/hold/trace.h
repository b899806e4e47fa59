/* ptrace(2) of one program with one thread, from stop to stop. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "worker/record/hold_request.h"

/* A system call at its entry. */
struct hold_call {
	uint64_t number;
	uint64_t arguments[6];
	bool is_64_bit;                 /* of x86-64, neither i386 nor x32 */
};

/* A program that is traced. */
struct hold_trace {
	pid_t program;
	int64_t until;                  /* time on clock_ms at which HOLD_TOO_LATE is seen */
	bool has_executed;              /* its system calls are stops from its first execve(2) on */
	struct hold_call call;          /* at HOLD_AT_CALL */
};

/* The place where it is stopped. */
enum hold_stop {
	HOLD_AT_EXEC,                   /* its new program has not run yet */
	HOLD_AT_CALL,                   /* at the entry of a system call */
	HOLD_AT_RETURN,                 /* at the end of one */
	HOLD_AT_END,                    /* it has ended */
	HOLD_AT_LIMIT,                  /* it still runs, and its time is over */
	HOLD_AT_FAILURE                 /* the tracer cannot continue: errno */
};

/* A raw ptrace(2); -1 and errno. */
long hold_ptrace(int request, pid_t program, uint64_t address, void *data);

/* Attaches to a program that runs, and ends with this process from now on. false and errno. */
bool hold_trace_begin(struct hold_trace *trace, pid_t program, int64_t until);

/* Waits for the next stop, of a program that runs. */
enum hold_stop hold_trace_wait(struct hold_trace *trace);

/* Lets it run from one stop to the next. It gets signals, and stops by signals, as usual. */
enum hold_stop hold_trace_run(struct hold_trace *trace);
