/* The tracer's loop has a limit of time, which waitpid(2) has not: it waits for SIGCHLD, which is blocked, as superd
 * blocks all signals for its workers. */
#include "hold/trace.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/ptrace.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"

#define X32_CALL 0x40000000             /* __X32_SYSCALL_BIT */
#define CALL_STOP (SIGTRAP | 0x80)      /* PTRACE_O_TRACESYSGOOD */

long hold_ptrace(int request, pid_t program, uint64_t address, void *data)
{
	return syscall(SYS_ptrace, (long)request, (long)program, (long)address, data);
}

/* A signal that is ignored is not queued, so the default action must be there, whatever superd's loop has. */
static void watch_children(void)
{
	const struct sigaction plain = { .sa_handler = SIG_DFL };

	sigaction(SIGCHLD, &plain, NULL);
}

bool hold_trace_begin(struct hold_trace *trace, pid_t program, int64_t until)
{
	uintptr_t options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC;

	*trace = (struct hold_trace){ .program = program, .until = until };
	watch_children();
	return hold_ptrace(PTRACE_SEIZE, program, 0, (void *)options) == 0;
}

/* Waits until the program's state changes. 1: it has; 0: the time is over; -1 and errno. */
static int wait_for_change(const struct hold_trace *trace, int *status)
{
	sigset_t only;

	sigemptyset(&only);
	sigaddset(&only, SIGCHLD);
	for (;;) {
		int64_t left = trace->until - clock_ms();
		struct timespec time = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
		pid_t changed;

		if (left > 0)
			sigtimedwait(&only, NULL, &time);
		changed = waitpid(trace->program, status, __WALL | WNOHANG);
		if (changed > 0)
			return 1;
		if (changed < 0 && errno != EINTR)
			return -1;
		if (left <= 0)
			return 0;
	}
}

/* Goes on from a stop that is none of the caller's. */
static bool pass_stop(const struct hold_trace *trace, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);
	int on = trace->has_executed ? PTRACE_SYSCALL : PTRACE_CONT;

	if (event == PTRACE_EVENT_STOP && signal != SIGTRAP)
		on = PTRACE_LISTEN;     /* stopped by a signal, until SIGCONT */
	if (event)
		signal = 0;
	return hold_ptrace(on, trace->program, 0, (void *)(intptr_t)signal) == 0;
}

/* A program that is killed while it stands at a stop makes every request fail with ESRCH, and its end follows. */
static enum hold_stop note_call(struct hold_trace *trace)
{
	struct ptrace_syscall_info info;

	if (hold_ptrace(PTRACE_GET_SYSCALL_INFO, trace->program, sizeof(info), &info) < 0)
		return errno == ESRCH ? HOLD_AT_END : HOLD_AT_FAILURE;
	if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return HOLD_AT_RETURN;
	trace->call = (struct hold_call){
		.number = info.entry.nr,
		.is_64_bit = info.arch == AUDIT_ARCH_X86_64 && !(info.entry.nr & X32_CALL),
	};
	for (int n = 0; n < 6; n++)
		trace->call.arguments[n] = info.entry.args[n];
	return HOLD_AT_CALL;
}

enum hold_stop hold_trace_wait(struct hold_trace *trace)
{
	for (;;) {
		int status, changed = wait_for_change(trace, &status);

		if (changed <= 0)
			return changed == 0 ? HOLD_AT_LIMIT : errno == ECHILD ? HOLD_AT_END : HOLD_AT_FAILURE;
		if (!WIFSTOPPED(status))
			return HOLD_AT_END;
		if (status >> 16 == PTRACE_EVENT_EXEC) {
			trace->has_executed = true;
			return HOLD_AT_EXEC;
		}
		if (WSTOPSIG(status) == CALL_STOP)
			return note_call(trace);
		if (!pass_stop(trace, status) && errno != ESRCH)
			return HOLD_AT_FAILURE;
	}
}

enum hold_stop hold_trace_run(struct hold_trace *trace)
{
	int on = trace->has_executed ? PTRACE_SYSCALL : PTRACE_CONT;

	if (hold_ptrace(on, trace->program, 0, NULL) < 0 && errno != ESRCH)
		return HOLD_AT_FAILURE;
	return hold_trace_wait(trace);
}
