/* The thread that hands memory back. The hard thing is to stop soon: a client is there, and each page that goes now
 * must come back for it. So it is done in pieces, and before each of them somebody looks whether it is still wanted. */
#include "sys/page_out.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#ifdef HAVE_SYS_SYSCALL_H
#include <sys/syscall.h>
#endif

#include "base/fd.h"
#include "base/scan.h"
#include "sys/cgroup_place.h"
#include "sys/pidfd.h"

#define PIECE (16u << 20)
#define MAPS_MOST (8u << 20)
#define NUMBER_MOST 64

/* Shared by who began it and the thread; the last of them frees it. */
struct page_out {
	struct page_out *next;
	atomic_int users;
	atomic_bool unwanted;
	atomic_int error;
	char *group;
	size_t count;
	pid_t pids[];
};

static struct {
	pthread_mutex_t lock;
	struct page_out *first, **last;
	bool runs;
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER, .last = &queue.first };

#if defined(SYS_process_madvise) && defined(MADV_PAGEOUT)
static bool advise(int pidfd, void *at, size_t length)
{
	struct iovec piece = { at, length };

	return syscall(SYS_process_madvise, pidfd, &piece, length ? 1 : 0, MADV_PAGEOUT, 0) >= 0;
}
#else
static bool advise(int pidfd, void *at, size_t length)
{
	(void)pidfd, (void)at, (void)length;
	errno = ENOSYS;
	return false;
}
#endif

bool page_out_is_possible(void)
{
	int pidfd = pidfd_of(getpid());
	bool possible = pidfd >= 0 && advise(pidfd, NULL, 0);

	fd_close(&pidfd);
	return possible;
}

/* true: go on. What a piece is refused for, as it is locked or no memory at all, is no matter. */
static bool put_out(struct page_out *job, int pidfd, unsigned long from, unsigned long to)
{
	size_t length;

	for (; from < to; from += length) {     /* not beyond it: the last mapping ends where addresses do */
		length = to - from < PIECE ? to - from : PIECE;
		if (atomic_load(&job->unwanted))
			return false;
		if (advise(pidfd, (void *)from, length))        // NOLINT(performance-no-int-to-ptr)
			atomic_store(&job->error, 0);
		else if (errno == EPERM || errno == ENOSYS || errno == ESRCH)
			return false;
	}
	return true;
}

static void put_out_process(struct page_out *job, pid_t pid)
{
	int pidfd = pidfd_of(pid);
	char path[64], *maps, *rest, *line;
	unsigned long from, to;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%ld/maps", (long)pid);
	rest = maps = pidfd < 0 ? NULL : fd_read_file(path, MAPS_MOST, &length);
	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && !put_out(job, pidfd, from, to))
			break;
	}
	free(maps);
	fd_close(&pidfd);
}

static int64_t read_size(const char *group)
{
	char path[PATH_MAX], *text;
	int64_t size = 0;
	size_t length;

	if (snprintf(path, sizeof(path), "%s/memory.current", group) >= (int)sizeof(path))
		return 0;
	text = fd_read_file(path, NUMBER_MOST, &length);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	if (!text || scan_count(text, &size))
		size = 0;
	free(text);
	return size;
}

/* false: the group can't, or not any more. The kernel says EAGAIN when it finds less than it was asked for. */
static bool put_out_group(struct page_out *job)
{
	bool any = false;

	for (int64_t left = read_size(job->group); left > 0 && !atomic_load(&job->unwanted); left -= PIECE) {
		char text[32];

		snprintf(text, sizeof(text), "%lld", (long long)(left < PIECE ? left : PIECE));
		if (!cgroup_write(job->group, "memory.reclaim", text))
			return any || errno == EAGAIN;
		any = true;
	}
	return any;
}

static void put_out_all(struct page_out *job)
{
	if (job->group && put_out_group(job))
		return;
	atomic_store(&job->error, EPERM);
	if (!page_out_is_possible())
		atomic_store(&job->error, errno);
	for (size_t n = 0; n < job->count && !atomic_load(&job->unwanted); n++)
		put_out_process(job, job->pids[n]);
}

static void release(struct page_out *job)
{
	if (atomic_fetch_sub(&job->users, 1) > 1)
		return;
	free(job->group);
	free(job);
}

static struct page_out *take_next(void)
{
	struct page_out *job = queue.first;

	if (!job)
		return NULL;
	queue.first = job->next;
	if (!queue.first)
		queue.last = &queue.first;
	return job;
}

static void *run(void *unused)
{
	struct page_out *job;

	(void)unused;
	pthread_mutex_lock(&queue.lock);
	while ((job = take_next())) {
		pthread_mutex_unlock(&queue.lock);
		put_out_all(job);
		release(job);
		pthread_mutex_lock(&queue.lock);
	}
	queue.runs = false;
	pthread_mutex_unlock(&queue.lock);
	return NULL;
}

/* The lock is held. */
static bool start_thread(void)
{
	sigset_t all, before;
	pthread_t thread;

	if (queue.runs)
		return true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	queue.runs = pthread_create(&thread, NULL, run, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (queue.runs)
		pthread_detach(thread);
	return queue.runs;
}

static bool put_in_queue(struct page_out *job)
{
	bool good;

	pthread_mutex_lock(&queue.lock);
	good = start_thread();
	if (good) {
		*queue.last = job;
		queue.last = &job->next;
	}
	pthread_mutex_unlock(&queue.lock);
	return good;
}

static struct page_out *make(const pid_t *pids, const char *group)
{
	struct page_out *job;
	size_t count = 0;

	while (pids[count])
		count++;
	job = calloc(1, sizeof(*job) + count * sizeof(*pids));
	if (!job)
		return NULL;
	memcpy(job->pids, pids, count * sizeof(*pids));
	job->count = count;
	job->group = group ? strdup(group) : NULL;
	atomic_store(&job->users, 2);
	return job;
}

struct page_out *page_out_begin(const pid_t *pids, const char *group)
{
	struct page_out *job = make(pids, group);

	if (job && !put_in_queue(job)) {
		free(job->group);
		free(job);
		job = NULL;
	}
	return job;
}

int page_out_end(struct page_out *job)
{
	int error;

	if (!job)
		return 0;
	atomic_store(&job->unwanted, true);
	error = atomic_load(&job->error);
	release(job);
	return error;
}
