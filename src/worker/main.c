/* superd-worker: does for superd what may hang, beside its loop. superd starts a process for each piece of work, with
 * the rights that this needs and no others. The process enters its sandbox before it reads anything, and then serves
 * the requests that come through its standard input, a channel. It has nothing else of superd's. */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "os/host/program_begin.h"
#include "os/host/self_sandbox.h"
#include "worker/bind/serve.h"
#include "worker/record/kinds.h"
#include "worker/work.h"

static void (*const works[WORKERS])(int channel) = {
	[WORKER_BIND] = work_bind,
	[WORKER_BIND_LEFT] = work_bind_left,
	[WORKER_CLOSE] = work_close,
	[WORKER_COPY] = work_copy,
	[WORKER_COUNT] = work_count,
	[WORKER_COUNT_OWN] = work_count,
	[WORKER_OUTPUT] = work_output,
	[WORKER_PAGE_OUT] = work_page_out,
	[WORKER_RECEIVE] = work_receive,
	[WORKER_RESTORE] = work_restore,
	[WORKER_ACCEPT] = work_restore,
};

int main(int argc, char **argv)
{
	program_begin("superd-worker", false, &argc, argv);
	for (int n = 0; argc == 2 && n < WORKERS; n++) {
		if (!works[n] || strcmp(work_kinds[n].word, argv[1]) != 0)
			continue;
		prctl(PR_SET_NAME, work_kinds[n].name);
		self_sandbox_enter(&(const struct self_sandbox){ .rights = work_kinds[n].rights });
		works[n](STDIN_FILENO);
		_exit(0);
	}
	fprintf(stderr, "superd-worker: superd starts it, for what may hang\n");
	return 2;
}
