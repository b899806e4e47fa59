/* A process of superd's own that gives the memory of frozen processes back to the kernel: by memory.reclaim of their
 * control group, else by process_madvise(2), MADV_PAGEOUT.
 *
 * It may block for ever, as maps and process_madvise(2) take the lock of the other process's memory. So it reports each
 * piece before it starts on it, and superd sees by these reports whether it makes progress. */
#include "exec/processes/memory_reclaim.h"

#include <errno.h>
#include <limits.h>
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
#include "exec/spawn/spawn.h"
#include "os/cgroup/cgroup_delegation.h"
#include "os/proc/pidfd.h"
#include "os/rights/required_caps.h"

#define PIECE (16u << 20)               /* bytes between two reports, or a multiple */
#define PIECES_MOST 256                 /* of a mapping: some reserve a million times what they use */
#define MAPS_MOST (8u << 20)
#define NUMBER_MOST 64
#define WENT_ON 0xff                    /* a byte a piece; the last one is errno, or 0 */

struct paging {
	const pid_t *pids;
	const char *group;
	int report, error;
};

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

bool memory_reclaim_is_possible(void)
{
	int pidfd = pidfd_of(getpid());
	bool possible = pidfd >= 0 && advise(pidfd, NULL, 0);

	fd_close(&pidfd);
	return possible;
}

/* Nobody may be there to hear it, or have heard enough. */
static void tell(const struct paging *paging, int error)
{
	unsigned char byte = (unsigned char)error;
	ssize_t written = write(paging->report, &byte, 1);

	if (written < 0 && errno == EPIPE)
		_exit(1);
}

/* true: go on. What a piece is refused for, as it is locked or no memory at all, is no matter. */
static bool put_out(struct paging *paging, int pidfd, unsigned long from, unsigned long to)
{
	size_t piece = ((to - from) / PIECES_MOST / PIECE + 1) * PIECE, length;

	for (; from < to; from += length) {     /* not beyond it: the last mapping ends where addresses do */
		length = to - from < piece ? to - from : piece;
		tell(paging, WENT_ON);
		if (advise(pidfd, (void *)from, length))        // NOLINT(performance-no-int-to-ptr)
			paging->error = 0;
		else if (errno == EPERM || errno == ENOSYS || errno == ESRCH)
			return false;
	}
	return true;
}

static void put_out_process(struct paging *paging, pid_t pid)
{
	int pidfd = pidfd_of(pid);
	char path[64], *maps, *rest, *line;
	unsigned long from, to;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%ld/maps", (long)pid);
	rest = maps = pidfd < 0 ? NULL : fd_read_file(path, MAPS_MOST, &length);
	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && !put_out(paging, pidfd, from, to))
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
static bool put_out_group(struct paging *paging)
{
	bool any = false;

	for (int64_t left = read_size(paging->group); left > 0; left -= PIECE) {
		char text[32];

		snprintf(text, sizeof(text), "%lld", (long long)(left < PIECE ? left : PIECE));
		tell(paging, WENT_ON);
		if (!cgroup_write(paging->group, "memory.reclaim", text))
			return any || errno == EAGAIN;
		any = true;
	}
	return any;
}

static void put_out_all(const void *with)
{
	struct paging paging = *(const struct paging *)with;

	if (!paging.group || !put_out_group(&paging)) {
		paging.error = memory_reclaim_is_possible() ? EPERM : errno;
		for (const pid_t *pid = paging.pids; *pid; pid++)
			put_out_process(&paging, *pid);
	}
	fd_set_nonblocking(paging.report, false);       /* a full pipe may lose what went before, not the last word */
	tell(&paging, paging.error);
}

pid_t memory_reclaim_begin(const pid_t *pids, const char *group, int *report)
{
	struct paging paging = { .pids = pids, .group = group };
	int ends[2];
	pid_t pid;

	if (fd_pipe(ends) < 0)
		return -1;
	paging.report = ends[1];
	pid = spawn_worker("superd-page-out", CAPS_TO_LOOK | CAPS_TO_RECLAIM, put_out_all, &paging, &ends[1], 1);
	fd_close(&ends[1]);
	if (pid < 0) {
		fd_close(&ends[0]);
		return -1;
	}
	*report = fd_raise(ends[0], FD_HIGH);
	return pid;
}

bool memory_reclaim_hear(int report, int *error)
{
	unsigned char bytes[256];
	ssize_t got;

	for (;;) {
		got = read(report, bytes, sizeof(bytes));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return false;
		if (got <= 0) {
			*error = ECHILD;
			return true;
		}
		if (bytes[got - 1] != WENT_ON) {
			*error = bytes[got - 1];
			return true;
		}
	}
}
