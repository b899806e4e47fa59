/* A start that hangs on its way to its program, by a lease that somebody holds on it, is ended in time. */
#include "starts.h"
#include "tests/unit/rows.h"

#include <limits.h>
#include <mntent.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/ptrace.h>

#include "superd/start/spawn.h"
#include "superd/start/spawn_timeout.h"
#include "tests/unit/own_clock.h"

static struct plan *plan;
static char program[300];

static void begin(void)
{
	set_up();
	snprintf(program, sizeof(program), "%s/program", folder);
	spawn_timeout_seconds = 0.2;
}

static void finish(void)
{
	plan_free(plan);
	spawn_end();
	unlink(program);
	tear_down();
}

TestSuite(spawn_patience, .init = begin, .fini = finish, .timeout = 120);

static void write_program(void)
{
	static const char text[] = "#!/bin/sh\nexit 0\n";
	int fd = open(program, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	close(fd);
	plan = row_plan("exec = \"%s\"", program);
}

/* Whoever opens the file then waits until it is let go of. */
static int take_lease(void)
{
	int fd = open(program, O_RDONLY | O_CLOEXEC);

	signal(SIGIO, SIG_IGN);
	cr_assert_geq(fd, 0);
	if (fcntl(fd, F_SETLEASE, F_WRLCK) == 0)
		return fd;
	close(fd);
	finish();
	cr_skip_test("no lease can be had on this file system");
	return -1;
}

/* into: an open control group; 0: none. */
static struct spawn_request start_into(int into)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), wanted[3] = { null, null, null };
	struct spawn_request launch = { .plan = plan, .wanted = wanted, .wanted_count = 3, .into = into };

	spawn_start(&launch);
	close(null);
	return launch;
}

static struct spawn_request start(void)
{
	return start_into(0);
}

Test(spawn_patience, ends_what_hangs_before_its_program)
{
	struct spawn_request launch;
	int fd;

	write_program();
	fd = take_lease();
	launch = start();
	cr_expect_eq(launch.pid, -1);
	cr_expect_eq(launch.fault.error, ETIMEDOUT, "%s: %s", stage_name(launch.fault.stage),
		     fault_reason(&launch.fault));
	settle(&launch);
	cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "nobody is left");
	close(fd);
	spawn_timeout_seconds = HANG_MS / 1000;
	launch = start();
	cr_expect_gt(launch.pid, 0, "%s", fault_reason(&launch.fault));
	cr_expect_eq(waitpid(launch.pid, NULL, 0), launch.pid);
}

static int32_t *noted;                  /* in shared memory, as a superd that starts by fork notes it in the child */

/* Stops the start as soon as it has a pid. */
static void *stop_start(void *unused)
{
	pid_t pid;

	while ((pid = __atomic_load_n(noted, __ATOMIC_SEQ_CST)) <= 0)
		usleep(1000);
	kill(pid, SIGSTOP);
	return unused;
}

/* By a lease it is not at its program yet. */
Test(spawn_patience, ends_what_its_user_has_stopped)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), wanted[3] = { null, null, null }, fd;
	struct spawn_request launch = { .wanted = wanted, .wanted_count = 3 };
	pthread_t thread;

	launch.noted = noted = mmap(NULL, sizeof(*noted), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq((void *)noted, MAP_FAILED);
	write_program();
	fd = take_lease();
	spawn_timeout_seconds = 1000;
	launch.plan = plan;
	cr_assert_eq(pthread_create(&thread, NULL, stop_start, NULL), 0);
	spawn_start(&launch);
	cr_expect_eq(launch.fault.error, ETIMEDOUT, "%s", fault_reason(&launch.fault));
	pthread_join(thread, NULL);
	settle(&launch);
	close(fd);
	close(null);
}

/* A child that is stopped, behind its exec or before it, or by its tracer. */
static pid_t stopped_child(bool is_program, bool is_traced)
{
	pid_t pid = fork();
	int status;

	if (pid == 0 && is_traced)
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	if (pid == 0 && is_program)
		execl("/bin/sh", "sh", "-c", "kill -STOP $$", NULL);
	while (pid == 0)
		raise(SIGSTOP);
	cr_assert(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	return pid;
}

/* superd, which was stopped together with its program, has not heard yet that it runs. A debugger follows forks. */
Test(spawn_patience, spares_what_has_reached_its_program_and_what_is_traced)
{
	pid_t program_pid = stopped_child(true, false), traced = stopped_child(false, true),
	      hanging = stopped_child(false, false);
	struct spawn_timeout of_program, of_traced, of_hanging;

	spawn_timeout_seconds = 1000;
	spawn_timeout_begin(&of_program);
	spawn_timeout_begin(&of_traced);
	spawn_timeout_begin(&of_hanging);
	of_program.pid = program_pid;
	of_traced.pid = traced;
	of_hanging.pid = hanging;
	cr_expect_eq(waitpid(hanging, NULL, 0), hanging);       /* after as many looks at the others */
	spawn_timeout_end(&of_program);
	spawn_timeout_end(&of_traced);
	spawn_timeout_end(&of_hanging);
	cr_expect(of_hanging.ended && !of_program.ended && !of_traced.ended);
	kill(program_pid, SIGKILL);
	kill(traced, SIGKILL);
	cr_expect_eq(waitpid(program_pid, NULL, 0), program_pid);
	cr_expect_eq(waitpid(traced, NULL, 0), traced);
}

static pid_t *left;

static int leave_one_behind(void)
{
	pid_t pid = fork();

	if (pid != 0)
		*left = pid;
	pause();
	return 0;
}

/* It has a copy of the channel, as one that hangs in the kernel. */
Test(spawn_patience, waits_for_no_probe_that_cannot_be_ended)
{
	left = mmap(NULL, sizeof(*left), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(left, MAP_FAILED);
	while (!*left)                  /* it may be ended before it has run */
		cr_expect_eq(spawn_probe(leave_one_behind), -1);
	kill(*left, SIGKILL);
}

/* As when somebody sets the clock back by a year while the start hangs: the kernel's is that much behind superd's. */
Test(spawn_patience, ends_what_hangs_also_when_the_clock_is_set_back)
{
	struct spawn_request launch;
	int fd;

	write_program();
	fd = take_lease();
	own_clock->wall_ahead = 365 * 24 * 3600;
	launch = start();
	cr_expect_eq(launch.fault.error, ETIMEDOUT, "%s: %s", stage_name(launch.fault.stage),
		     fault_reason(&launch.fault));
	settle(&launch);
	close(fd);
}

/* A process that is forked enters its group itself, so it runs before. */
#ifndef SPAWN_FORK
/* A control group whose processes do not run. */
static int make_frozen_group(char *path, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *mount = NULL;
	char freeze[PATH_MAX];
	int fd;

	while (mounts && (mount = getmntent(mounts)) && strcmp(mount->mnt_type, "cgroup2"))
		;
	snprintf(path, size, "%s/superd-unit-%ld", mount ? mount->mnt_dir : "", (long)getpid());
	if (mounts)
		endmntent(mounts);
	if (!mount || mkdir(path, 0755) < 0)
		return -1;
	snprintf(freeze, sizeof(freeze), "%s/cgroup.freeze", path);
	fd = open(freeze, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1) {
		rmdir(path);
		return -1;
	}
	close(fd);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* It is killed before its first stage. */
Test(spawn_patience, takes_what_has_not_run_at_all_for_no_start)
{
	struct spawn_request launch;
	char path[PATH_MAX / 2];
	int group;

	write_program();
	group = make_frozen_group(path, sizeof(path));
	if (group < 0) {
		finish();
		cr_skip_test("there are no control groups here that it may freeze");
	}
	launch = start_into(group);
	cr_expect_eq(launch.pid, -1);
	cr_expect_eq(launch.fault.error, ETIMEDOUT, "%s: %s", stage_name(launch.fault.stage),
		     fault_reason(&launch.fault));
	settle(&launch);
	close(group);
	cr_expect_eq(rmdir(path), 0);
}
#endif
