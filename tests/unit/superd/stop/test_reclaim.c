/* Memory that is handed back, of a child of this test that stands still and has a file's pages in its memory. */
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "lib/fd.h"
#include "os/proc/pidfd.h"
#include "superd/stop/reclaim.h"
#include "tests/unit/hang.h"
#include "tests/unit/unit.h"

#define SIZE (8u << 20)

/* Kilobytes of files that a process has in its memory. */
static long pages_of_files(pid_t pid)
{
	char path[64], *text, *at;
	size_t length;
	long size = -1;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	text = fd_read_file(path, 1 << 16, &length);
	at = text ? strstr(text, "RssFile:") : NULL;
	if (at)
		size = strtol(at + strlen("RssFile:"), NULL, 10);
	free(text);
	return size;
}

/* On a file system of a disk, where pages can be dropped: here, or where every user may write. */
static int make_file(void)
{
	char here[] = "page-out-XXXXXX", elsewhere[] = "/var/tmp/page-out-XXXXXX";
	int fd = mkostemp(here, O_CLOEXEC);
	char *zeros = calloc(1, SIZE);

	if (fd >= 0)
		unlink(here);
	else if ((fd = mkostemp(elsewhere, O_CLOEXEC)) >= 0)
		unlink(elsewhere);
	cr_assert(fd >= 0 && zeros, "%s", strerror(errno));
	cr_assert_eq(write(fd, zeros, SIZE), (ssize_t)SIZE);
	cr_assert_eq(fsync(fd), 0);
	free(zeros);
	return fd;
}

static pid_t start(int fd)
{
	int ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		const volatile char *map = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
		char sum = 0;

		prctl(PR_SET_PDEATHSIG, SIGKILL);       /* whatever becomes of the test */
		if (map == MAP_FAILED)
			_exit(1);
		for (size_t n = 0; n < SIZE; n += 4096)
			sum = (char)(sum + map[n]);
		(void)!write(ready[1], &sum, 1);
		for (;;)
			pause();
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void wait_handed_back(pid_t pid, long before)
{
	for (int tries = 0; pages_of_files(pid) > before / 2; tries++) {
		cr_assert_lt(tries, HANG_MS / 5, "%ld of %ld KB are still there", pages_of_files(pid), before);
		usleep(5000);
	}
}

static struct worker_process begin(const pid_t *pids, const char *group)
{
	struct worker_process job = memory_reclaim_begin(pids, group, 0);

	cr_assert_gt(job.pid, 0);
	cr_assert_geq(job.channel, 0);
	return job;
}

/* Its last word. */
static int wait_for(struct worker_process *job)
{
	struct pollfd told = { job->channel, POLLIN, 0 };
	int error = -1;

	do
		cr_assert_eq(poll(&told, 1, HANG_MS), 1);
	while (!memory_reclaim_hear(job, &error));
	close(job->channel);
	cr_assert_eq(waitpid(job->pid, NULL, 0), job->pid);
	return error;
}

Test(page_out, hands_back_what_is_of_files, .timeout = 120)
{
	int files[2] = { make_file(), make_file() };
	pid_t pids[2] = { start(files[0]), start(files[1]) };
	struct worker_process jobs[2];
	long before = pages_of_files(pids[1]);

	if (!pidfd_can_page_out() || geteuid() != 0) {
		for (int n = 0; n < 2; n++)
			end(pids[n]);
		cr_skip_test("needs root, and process_madvise with MADV_PAGEOUT");
	}
	cr_assert_geq(before, (long)(SIZE >> 10));
	for (int n = 0; n < 2; n++)
		jobs[n] = begin((pid_t[]){ pids[n], 0 }, NULL);
	for (int n = 0; n < 2; n++)
		wait_handed_back(pids[n], before);
	for (int n = 0; n < 2; n++) {
		cr_expect_eq(wait_for(&jobs[n]), 0);
		end(pids[n]);
		close(files[n]);
	}
}

Test(page_out, can_be_ended_at_any_time, .timeout = 120)
{
	int fd = make_file();
	pid_t pid = start(fd), list[] = { pid, pid, pid, 0 };

	for (int n = 0; n < 200; n++) {
		struct worker_process job = begin(list, n % 2 ? "/nowhere" : NULL);

		if (n % 3)
			usleep((unsigned)n);
		kill(job.pid, SIGKILL);
		cr_expect_eq(waitpid(job.pid, NULL, 0), job.pid);
		close(job.channel);
	}
	end(pid);
	close(fd);
}

Test(page_out, takes_no_harm_from_processes_that_are_gone, .timeout = 120)
{
	int fd = make_file();
	pid_t pid = start(fd), list[] = { pid, 0 };
	struct worker_process job;

	end(pid);
	job = begin(list, NULL);
	cr_expect_neq(wait_for(&job), 0);
	close(fd);
}

Test(page_out, is_known_to_be_over_when_its_process_is_killed, .timeout = 120)
{
	struct worker_process job = begin((pid_t[]){ 0 }, NULL);

	kill(job.pid, SIGKILL);
	wait_for(&job);
}
