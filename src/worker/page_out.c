/* Returns the memory of frozen processes to the kernel: by memory.reclaim of their control group, else by
 * process_madvise(2) with MADV_PAGEOUT.
 *
 * It may block for ever, as maps and process_madvise(2) take the lock of the other process's memory. So it reports each
 * piece before it begins with it, and superd sees by these reports whether it makes progress. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fd.h"
#include "lib/scan.h"
#include "os/proc/pidfd.h"
#include "worker/work.h"

#define PIECE (16u << 20)               /* bytes between two reports, or a multiple of it */
#define PIECES_MOST 256                 /* pieces of a mapping: some reserve a million times what they use */
#define MAPS_MOST (8u << 20)
#define NUMBER_MOST 64

struct reclaim_task {
	const char *group;
	int file;                       /* memory.reclaim of the group */
	int channel, error;
};

/* Sends a report. A full channel may lose one of progress. Exits if superd has closed its end. */
static void report_byte(const struct reclaim_task *reclaim, int error, int flags)
{
	unsigned char byte = (unsigned char)error;

	if (send(reclaim->channel, &byte, 1, MSG_NOSIGNAL | flags) < 0 && (errno == EPIPE || errno == ECONNRESET))
		_exit(1);
}

/* Reclaims a range in pieces. true: go on. Other errors of a single piece do not matter: it is locked, or no memory at
 * all. */
static bool reclaim_range(struct reclaim_task *reclaim, int pidfd, unsigned long from, unsigned long to)
{
	size_t piece = ((to - from) / PIECES_MOST / PIECE + 1) * PIECE, length;

	for (; from < to; from += length) {     /* never beyond `to`, as the last mapping ends where addresses do */
		length = to - from < piece ? to - from : piece;
		report_byte(reclaim, PAGE_OUT_PROGRESS, MSG_DONTWAIT);
		if (pidfd_page_out(pidfd, (void *)from, length))        // NOLINT(performance-no-int-to-ptr)
			reclaim->error = 0;
		else if (errno == EPERM || errno == ENOSYS || errno == ESRCH)
			return false;
	}
	return true;
}

static void reclaim_process(struct reclaim_task *reclaim, pid_t pid)
{
	int pidfd = pidfd_of(pid);
	char path[64], *maps, *rest, *line;
	unsigned long from, to;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%ld/maps", (long)pid);
	rest = maps = pidfd < 0 ? NULL : fd_read_file(path, MAPS_MOST, &length);
	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && !reclaim_range(reclaim, pidfd, from, to))
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

/* Reclaims by the group. false: the group cannot. EAGAIN: the kernel found less than it was asked for. */
static bool reclaim_group(struct reclaim_task *reclaim)
{
	bool any = false;

	for (int64_t left = read_size(reclaim->group); left > 0; left -= PIECE) {
		char text[32];

		snprintf(text, sizeof(text), "%lld", (long long)(left < PIECE ? left : PIECE));
		report_byte(reclaim, PAGE_OUT_PROGRESS, MSG_DONTWAIT);
		if (write(reclaim->file, text, strlen(text)) < 0)
			return any || errno == EAGAIN;
		any = true;
	}
	return any;
}

void work_page_out(int channel)
{
	struct page_out_request request = { 0 };
	struct reclaim_task reclaim = { .channel = channel };
	struct record record;
	size_t count = 1;

	if (!request_receive(channel, &record, &reclaim.file, &count))
		return;
	page_out_request_record(&record, &request);
	if (!record_is_read(&record))
		return;
	reclaim.group = request.group;
	if (!count || !request.group || !reclaim_group(&reclaim)) {
		reclaim.error = pidfd_can_page_out() ? EPERM : errno;
		for (size_t n = 0; n < request.pid_count; n++)
			reclaim_process(&reclaim, request.pids[n]);
	}
	report_byte(&reclaim, reclaim.error, 0);
}
