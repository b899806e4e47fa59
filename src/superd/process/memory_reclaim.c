/* Each report says that the process makes progress; the last one is its result. */
#include "superd/process/memory_reclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "lib/fd.h"
#include "worker/record/request.h"

#define REPORTS_MOST 64                 /* that superd reads in one turn */

struct worker_process memory_reclaim_begin(const pid_t *pids, const char *group, uint64_t owner)
{
	char path[PATH_MAX];
	bool named = group && snprintf(path, sizeof(path), "%s/memory.reclaim", group) < (int)sizeof(path);
	int file = named ? open(path, O_WRONLY | O_CLOEXEC) : -1;
	struct page_out_request request = { .pids = pids, .group = group };
	struct worker_process process;
	struct record record = { 0 };

	while (pids[request.pid_count])
		request.pid_count++;
	page_out_request_record(&record, &request);
	process = worker_process_begin(WORKER_PAGE_OUT, owner, &record, &file, file >= 0);
	fd_close(&file);
	return process;
}

bool memory_reclaim_hear(const struct worker_process *process, int *error)
{
	static const struct answer_form form = { .process = "superd-page-out", .size = 1 };
	unsigned char byte;
	ssize_t got;

	for (int n = 0; n < REPORTS_MOST; n++) {
		got = worker_process_hear(process, &form, &byte, NULL, NULL);
		if (got < 0)
			return false;
		*error = got > 0 ? byte : ECHILD;
		if (*error != PAGE_OUT_PROGRESS)
			return true;
	}
	return false;
}
