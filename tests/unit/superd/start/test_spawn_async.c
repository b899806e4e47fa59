/* Starts that take their time in a process of their own: what of superd they keep open meanwhile. */
#include "starts.h"
#include "tests/unit/rows.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "superd/start/start.h"
#include "tests/unit/hang.h"

static struct plan *plan;
static char run[80];

static void begin(void)
{
	set_up();
	snprintf(run, sizeof(run), "%s/run", folder);
	process_defaults.runtime_directory = run;
}

static void finish(void)
{
	plan_free(plan);
	plan = NULL;
	tear_down();
}

TestSuite(spawn_async, .init = begin, .fini = finish, .timeout = 120);

static const char *below(const char *name)
{
	static char path[2][192];
	static unsigned turn;

	snprintf(path[++turn & 1], sizeof(*path), "%s/%s", folder, name);
	return path[turn & 1];
}

static bool ends_within(int fd, int patience)
{
	struct pollfd end = { fd, POLLIN, 0 };
	char byte;

	return poll(&end, 1, patience) == 1 && read(fd, &byte, 1) == 0;
}

static void make_pipe(int ends[2])
{
	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
}

/* Nobody has opened the fifo's other end, so the child stands still before its first stage. */
Test(spawn_async, a_start_that_waits_keeps_nothing_of_other_clients)
{
	int other[2], own[2], wanted[] = { 0, 1, 2, -1 }, status;
	struct spawn_request launch = { .remote_port = -1, .wanted = wanted, .wanted_count = 4 };
	const char *fifo = below("slow");

	cr_assert_eq(mkfifo(fifo, 0600), 0);
	make_pipe(other);
	make_pipe(own);
	wanted[3] = own[1];
	plan = row_plan("exec = \"/bin/true\"\nload_credential = \"k:%s\"", fifo);
	launch.plan = plan;
	start(&launch);
	cr_assert_gt(launch.pid, 0);
	close(other[1]);
	close(own[1]);
	cr_expect(ends_within(other[0], HANG_MS), "the child has the other client's connection");
	cr_expect_not(ends_within(own[0], 0), "the child has its own");
	cr_expect_eq(kill(launch.pid, SIGKILL), 0);
	cr_assert_eq(waitpid(launch.pid, &status, 0), launch.pid);
	cr_expect(ends_within(own[0], HANG_MS));
	close(other[0]);
	close(own[0]);
	close(launch.report);
}

static bool shares_memory(pid_t pid, const void *at)
{
	char path[64], line[512], start[40];
	bool shares = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%ld/maps", (long)pid);
	snprintf(start, sizeof(start), "%lx-", (unsigned long)(uintptr_t)at);
	maps = fopen(path, "re");
	cr_assert_not_null(maps);
	while (fgets(line, sizeof(line), maps))
		shares |= !strncmp(line, start, strlen(start)) && strstr(line, " rw-s ");
	fclose(maps);
	return shares;
}

/* Of an ordinary user's superd it may be traced by the service's processes, as it must write below /proc/self. */
Test(spawn_async, a_start_that_waits_has_a_copy_of_what_superd_shares_with_its_guard)
{
	int wanted[] = { 0, 1, 2 }, other[2];
	struct spawn_request launch = { .remote_port = -1, .wanted = wanted, .wanted_count = 3 };
	void *shared = mmap(NULL, 5000, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *fifo = below("slow");

	cr_assert_neq(shared, MAP_FAILED);
	cr_assert(shares_memory(getpid(), shared));
	fork_memory_note(shared, 5000);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	make_pipe(other);
	plan = row_plan("exec = \"/bin/true\"\nload_credential = \"k:%s\"", fifo);
	launch.plan = plan;
	start(&launch);
	cr_assert_gt(launch.pid, 0);
	close(other[1]);
	cr_assert(ends_within(other[0], HANG_MS));      /* it has closed what is not its own */
	cr_expect_not(shares_memory(launch.pid, shared));
	cr_expect_eq(kill(launch.pid, SIGKILL), 0);
	cr_assert_eq(waitpid(launch.pid, NULL, 0), launch.pid);
	fork_memory_note(NULL, 0);
	munmap(shared, 5000);
	close(other[0]);
	close(launch.report);
}

/* In a process of its own: 0, or the number of the first descriptor that is not as it should be. */
static int find_wrong(const int *kept, int count, int also, unsigned most)
{
	fork_fds_close_others(kept, count, also, -1);
	for (int fd = 3; fd < (int)most; fd++) {
		bool is_kept = fd == also;

		for (int n = 0; n < count; n++)
			is_kept |= kept[n] == fd;
		if (is_kept != (fcntl(fd, F_GETFD) >= 0))
			return fd;
	}
	return 0;
}

/* As the filter of a container may. */
static bool deny_close_range(void)
{
	static struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_close_range, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void expect_kept(const int *kept, int count, int also)
{
	for (int denied = 0; denied < 2; denied++) {
		int status = 0;
		pid_t pid = fork();

		cr_assert_geq(pid, 0);
		if (pid == 0) {
			for (int fd = 3; fd < 40; fd++)
				dup2(0, fd);
			_exit(denied && !deny_close_range() ? 99 : find_wrong(kept, count, also, 40));
		}
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_expect_eq(status, 0, "wait status %x%s", (unsigned)status, denied ? ", without close_range(2)" : "");
	}
}

Test(spawn_async, what_is_kept_may_be_in_any_order_and_more_than_once)
{
	expect_kept((int[]){ 0, 1, 2 }, 3, -1);
	expect_kept((int[]){ 0, -1, 2, 3 }, 4, 39);
	expect_kept((int[]){ 20, 5, 5, 21, -1, 0, 39 }, 7, 22);
	expect_kept((int[]){ 7, 6, 5, 4 }, 4, 3);
	expect_kept(NULL, 0, 10);
	expect_kept(NULL, 0, -1);
}

Test(spawn_async, a_report_lies_behind_what_the_child_arranges)
{
	int ends[2];

	cr_assert(fork_fds_open_report(ends, 30));
	cr_expect_geq(ends[1], 30);
	cr_expect_eq(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
	close(ends[1]);
	cr_expect(ends_within(ends[0], HANG_MS));
	close(ends[0]);
}
