/* What /proc tells, of processes this test makes. */
#include <linux/capability.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "os/proc/proc.h"
#include "tests/unit/hang.h"
#include "tests/unit/unit.h"

/* A child that has done what it had to and waits; it keeps the descriptor it is given. */
static pid_t begin(void (*act)(void))
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		if (act)
			act();
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void own_session(void)
{
	setsid();
}

static void own_group(void)
{
	setpgid(0, 0);
}

Test(process, tells_session_and_group)
{
	pid_t leader = begin(own_session), member = begin(own_group);
	struct process process;

	cr_assert(process_read(leader, &process));
	cr_expect_eq(process.pid, leader);
	cr_expect_eq(process.session, leader);
	cr_expect_eq(process.group, leader);
	cr_expect(!process.ended);
	cr_assert(process_read(member, &process));
	cr_expect_eq(process.session, getsid(0));
	cr_expect_eq(process.group, member);
	end(leader);
	end(member);
}

Test(process, tells_when_it_began)
{
	int64_t before = process_now(), after;
	pid_t pid = begin(NULL);
	struct process process, own;

	after = process_now();
	cr_assert(process_read(pid, &process));
	cr_expect_geq(process.start_time, before);
	cr_expect_leq(process.start_time, after);
	cr_assert(process_read(getpid(), &own));
	cr_expect_leq(own.start_time, process.start_time);
	end(pid);
}

static void odd_name(void)
{
	int fd = open("/proc/self/comm", O_WRONLY);

	(void)!write(fd, "a) Z 1 (b", 9);
}

Test(process, is_not_misled_by_a_name)
{
	pid_t pid = begin(odd_name);
	struct process process;

	cr_assert(process_read(pid, &process));
	cr_expect(!process.ended);
	cr_expect_eq(process.group, getpgrp());
	end(pid);
}

Test(process, knows_those_that_ended)
{
	pid_t pid = begin(NULL);
	struct process process;
	siginfo_t info;

	kill(pid, SIGKILL);
	cr_assert_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	cr_assert(process_read(pid, &process));
	cr_expect(process.ended);
	waitpid(pid, NULL, 0);
	cr_expect(!process_read(pid, &process));
}

static bool lists(pid_t *list, pid_t pid)
{
	bool found = false;

	cr_assert_not_null(list);
	for (pid_t *at = list; *at; at++)
		found = found || *at == pid;
	free(list);
	return found;
}

Test(process, lists_children_and_all)
{
	pid_t pid = begin(NULL);

	cr_expect(lists(process_list_children(0), pid));
	cr_expect(!lists(process_list_children(0), getpid()));
	cr_expect(lists(process_list_all(), pid));
	cr_expect(lists(process_list_all(), getpid()));
	end(pid);
	cr_expect(!lists(process_list_children(0), pid));
	cr_expect(!lists(process_list_all(), pid));
}

/* First for the folder, then for a file in it. */
Test(process, lists_no_part_of_them_where_descriptors_are_short)
{
	pid_t pid = begin(NULL);
	int next = dup(STDIN_FILENO);

	cr_assert_geq(next, 0);
	close(next);
	for (int most = next; most <= next + 1; most++) {
		struct pids below = { 0 };

		cr_assert(pids_add(&below, getpid()));
		cr_assert_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ (rlim_t)most, (rlim_t)next + 8 }), 0);
		cr_expect_null(process_list_children(0));
		cr_expect_eq(errno, EMFILE);
		cr_expect_not(pids_add_below(&below));
		free(below.list);
	}
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ (rlim_t)next + 8, (rlim_t)next + 8 }), 0);
	cr_expect(lists(process_list_children(0), pid));
	end(pid);
}

/* Starts that overlap are made by threads, and the kernel lists children by thread. */
struct beside {
	sem_t begun;
	pid_t pid;
};

_Noreturn static void *begin_beside(void *context)
{
	struct beside *beside = context;

	beside->pid = begin(NULL);
	sem_post(&beside->begun);
	for (;;)
		pause();
}

Test(process, lists_children_of_other_threads_too)
{
	struct beside beside;
	pthread_t thread;

	cr_assert_eq(sem_init(&beside.begun, 0, 0), 0);
	cr_assert_eq(pthread_create(&thread, NULL, begin_beside, &beside), 0);
	while (sem_wait(&beside.begun) < 0)
		;
	cr_expect(lists(process_list_children(0), beside.pid));
	end(beside.pid);
	cr_expect(!lists(process_list_children(0), beside.pid));
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

static ino_t node_of(int fd)
{
	struct stat status;

	cr_assert_eq(fstat(fd, &status), 0);
	return status.st_ino;
}

Test(process, sees_which_sockets_it_holds)
{
	int mine = socket(AF_INET, SOCK_STREAM, 0), other;
	pid_t pid = begin(NULL);

	other = socket(AF_INET, SOCK_STREAM, 0);        /* after the fork: the child has none of it */
	cr_expect_eq(process_holds(pid, node_of(other)), HOLDS_NONE);
	cr_expect_eq(process_holds(pid, node_of(mine)), HOLDS);
	end(pid);
}

/* A fresh program, as a backend is: one that only changes its user is hidden from that user, too. */
static void become_nobody(void)
{
	if (setgid(65534) < 0 || setuid(65534) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0)
		_exit(100);
}

static bool drop_tracing(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return false;
	sets[0].effective &= ~(1u << CAP_SYS_PTRACE);
	sets[0].permitted &= ~(1u << CAP_SYS_PTRACE);
	return syscall(SYS_capset, &header, sets) == 0;
}

static bool is_shown(pid_t pid)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%ld/fd/0", (long)pid);
	return stat(path, &status) == 0;
}

Test(process, says_so_when_it_is_not_shown)
{
	int socket_fd = socket(AF_INET, SOCK_STREAM, 0), status;
	ino_t node = node_of(socket_fd);
	pid_t pid, looker;

	if (getuid() != 0)
		cr_skip_test("needs another user to be");
	pid = begin(NULL);
	looker = fork();
	if (looker == 0)
		_exit(setuid(65534) < 0 ? 100 : (int)process_holds(pid, node));
	cr_assert_eq(waitpid(looker, &status, 0), looker);
	cr_expect_eq(status, HOLDING_HIDDEN << 8);
	end(pid);
}

/* As root in a container: without CAP_SYS_PTRACE. */
Test(process, looks_as_the_user_of_a_process)
{
	int socket_fd = socket(AF_INET, SOCK_STREAM, 0), status;
	ino_t node = node_of(socket_fd);
	pid_t pid, looker;

	if (getuid() != 0)
		cr_skip_test("needs root");
	pid = begin(become_nobody);
	looker = fork();
	if (looker == 0) {
		int first, second;

		if (!drop_tracing() || is_shown(pid))
			_exit(100);
		first = process_holds(pid, node) == HOLDS;
		second = process_holds(pid, 1) == HOLDS_NONE;
		_exit(first && second && access("/root", W_OK) == 0 ? 42 : 101);
	}
	cr_assert_eq(waitpid(looker, &status, 0), looker);
	cr_expect_eq(status, 42 << 8);
	end(pid);
}

Test(process, knows_its_parent)
{
	struct process process;

	cr_assert(process_read(getpid(), &process));
	cr_expect_eq(process.parent, getppid());
}

static void on_signal(int number)
{
	(void)number;
}

Test(process, survives_what_it_catches_ignores_or_blocks)
{
	sigset_t blocked;

	signal(SIGUSR1, SIG_DFL);
	cr_expect_not(process_survives(getpid(), SIGUSR1));
	signal(SIGUSR1, on_signal);
	cr_expect(process_survives(getpid(), SIGUSR1));
	signal(SIGUSR1, SIG_IGN);
	cr_expect(process_survives(getpid(), SIGUSR1));
	signal(SIGUSR2, SIG_DFL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	cr_expect(process_survives(getpid(), SIGUSR2));
	cr_expect(process_survives(INT32_MAX, SIGUSR1), "of whom nothing is known");
}
