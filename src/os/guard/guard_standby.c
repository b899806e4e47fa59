/* The standby makes system calls alone: it is a copy of superd, in which threads may have held locks.
 *
 * It cannot be superd's parent, so superd's children are not its own if it becomes the guard: the next superd
 * follows them by their pids. It passes on every descriptor: those that the state does not name the next superd closes,
 * as behind each death. */
#include "os/guard/guard_link.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "os/guard/guard.h"
#include "os/guard/guard_page.h"
#include "os/rights/own_privileges.h"

#define ARGUMENTS_MOST 256              /* of superd's command line; there is no standby for a longer one */
#define LOOK_INTERVAL 20000000          /* nanoseconds between two looks whether the next superd serves */
#define LOOKED_AT_MOST 65536            /* where there is no /proc */

/* struct linux_dirent64 (getdents64(2)). */
struct entry {
	uint64_t node;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

static int number_of(const char *name)
{
	int number = 0;

	for (; *name >= '0' && *name <= '9'; name++)
		number = number * 10 + (*name - '0');
	return *name ? -1 : number;
}

static void pass_all(void)
{
	union {
		struct entry first;
		char bytes[4096];
	} buffer;
	int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long got;

	for (int fd = 3; folder < 0 && fd < LOOKED_AT_MOST; fd++)
		fcntl(fd, F_SETFD, 0);
	while (folder >= 0 && (got = syscall(SYS_getdents64, folder, buffer.bytes, sizeof(buffer.bytes))) > 0) {
		for (long at = 0; at < got; at += ((struct entry *)(void *)(buffer.bytes + at))->length) {
			int fd = number_of(((struct entry *)(void *)(buffer.bytes + at))->name);

			if (fd > STDERR_FILENO && fd != folder)
				fcntl(fd, F_SETFD, 0);
		}
	}
	if (folder >= 0)
		close(folder);
}

/* Whether the guard that superd has become has started the next superd, which lives: it has all descriptors, and starts
 * another guard if it has none. */
static bool has_next(const struct guard_page *page, pid_t superd)
{
	return page->successor > 0 && page->successor != superd && kill(page->successor, 0) == 0;
}

static _Noreturn void stand_by(struct guard_page *page, pid_t superd, const char *program, char *const *arguments,
			       char *const *environment)
{
	const struct timespec moment = { .tv_nsec = LOOK_INTERVAL };
	char name[GUARD_NAME_MOST];
	sigset_t all, child;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	prctl(PR_GET_NAME, name);
	prctl(PR_SET_NAME, "superd-standby");
	prctl(PR_SET_PDEATHSIG, SIGCHLD);
	while (getppid() == superd) {
		if (page->guard == superd && page->has_begun)
			_exit(0);
		sigtimedwait(&child, NULL, &moment);
	}
	if (has_next(page, superd) || (page->area < 0 && page->successor_state < 0))
		_exit(0);               /* superd has ended by itself, if there is no state */
	page->cause = GUARD_RESTARTS;
	page->death = SIGKILL;
	page->predecessor = page->standby = 0;
	memcpy(page->name, name, sizeof(name));
	atomic_store(&page->succession, SUCCESSION_NONE);
	pass_all();
	own_privileges_restore_inheritable();
	execve(program, arguments, environment);
	_exit(127);
}

static bool set_arguments(char *const *from, char *arguments[ARGUMENTS_MOST], char *flag, size_t size)
{
	size_t count = 0;

	while (from[count])
		count++;
	if (!count || count + 2 > ARGUMENTS_MOST)
		return false;
	snprintf(flag, size, GUARD_AGAIN "%d", guard_page_fd());
	arguments[0] = from[0];
	arguments[1] = flag;
	for (size_t n = 1; n <= count; n++)
		arguments[n + 1] = from[n];
	return true;
}

/* Its pid is another process's as soon as it was reaped, or where it is a child of the superd before. */
static bool is_running(const struct guard_page *page)
{
	return page->standby > 0 && waitpid(page->standby, NULL, WNOHANG) == 0;
}

void guard_standby_begin(const char *program, char *const *arguments, char *const *environment)
{
	char flag[sizeof(GUARD_AGAIN) + 16], *own[ARGUMENTS_MOST];
	struct guard_page *page = guard_shared_page();
	pid_t superd = getpid();

	if (!page || is_running(page) || !set_arguments(arguments, own, flag, sizeof(flag)))
		return;
	if (guard_clone(&page->standby) == 0)
		stand_by(page, superd, program, own, environment);
}

void guard_standby_end(void)
{
	struct guard_page *page = guard_shared_page();

	if (page && is_running(page))
		kill(page->standby, SIGKILL);
	if (page)
		page->standby = 0;
}
