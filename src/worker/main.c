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
#include "worker/work.h"

/* SECURITY.md has the same table, and superd/spawn/worker_process.c the capabilities. */
static const struct work_kind {
	const char *word;               /* of the command line */
	const char *name;               /* of the process, as comm(5) shows it */
	enum self_profile profile;
	void (*work)(int channel);
} kinds[] = {
	{ "bind", "superd-bind", PROFILE_LOOKS, work_bind },
	{ "bind-left", "superd-bind", PROFILE_DESCRIPTORS, work_bind_left },
	{ "close", "superd-close", PROFILE_DESCRIPTORS, work_close },
	{ "console", "superd-console", PROFILE_DESCRIPTORS, work_console },
	{ "copy", "superd-copy", PROFILE_LOOKS, work_copy },
	{ "count", "superd-count", PROFILE_SOCKETS, work_count },
	{ "count-own", "superd-count", PROFILE_LOOKS, work_count },
	{ "output", "superd-output", PROFILE_OUTPUT, work_output },
	{ "page-out", "superd-page-out", PROFILE_LOOKS, work_page_out },
	{ "receive", "superd-receive", PROFILE_PROC, work_receive },
	{ "restore", "superd-restore", PROFILE_RESTORES, work_restore },
};

int main(int argc, char **argv)
{
	program_begin("superd-worker", false, &argc, argv);
	for (size_t n = 0; argc == 2 && n < sizeof(kinds) / sizeof(*kinds); n++) {
		if (strcmp(kinds[n].word, argv[1]) != 0)
			continue;
		prctl(PR_SET_NAME, kinds[n].name);
		self_sandbox_enter(&(const struct self_sandbox){ .profile = kinds[n].profile });
		kinds[n].work(STDIN_FILENO);
		_exit(0);
	}
	fprintf(stderr, "superd-worker: superd starts it, for what may hang\n");
	return 2;
}
