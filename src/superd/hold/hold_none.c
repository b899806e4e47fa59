/* For machines whose registers superd does not know, and systems without PTRACE_GET_SYSCALL_INFO. */
#include "superd/hold/hold.h"

#include <errno.h>

bool hold_is_supported(void)
{
	return false;
}

bool hold_start(struct worker_process *worker, const struct hold_work *work)
{
	(void)worker, (void)work;
	errno = ENOTSUP;
	return false;
}

bool hold_hear(struct worker_process *worker, struct hold_report *report)
{
	(void)worker, (void)report;
	errno = EPIPE;
	return false;
}
