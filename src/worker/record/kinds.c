/* SECURITY.md has the same table. */
#include "worker/record/kinds.h"

#include "os/rights/required_caps.h"

const struct work_kind work_kinds[WORKERS] = {
	[WORKER_CLOSE] = { .name = "superd-close", .word = "close", .profile = PROFILE_DESCRIPTORS },
	[WORKER_OUTPUT] = { .name = "superd-output", .word = "output", .profile = PROFILE_OUTPUT },
	[WORKER_CONSOLE] = { .name = "superd-console", .word = "console", .profile = PROFILE_DESCRIPTORS },
	[WORKER_RECEIVE] = { .name = "superd-receive", .word = "receive", .profile = PROFILE_PROC, .passes_fds = true },
	[WORKER_RESTORE] = { .name = "superd-restore",
			     .word = "restore",
			     .profile = PROFILE_RESTORES,
			     .capabilities = CAPS_TO_SET_OPTIONS },
	[WORKER_COUNT] = { .name = "superd-count", .word = "count", .profile = PROFILE_SOCKETS },
	[WORKER_COUNT_OWN] = { .name = "superd-count",
			       .word = "count-own",
			       .profile = PROFILE_LOOKS,
			       .capabilities = CAPS_TO_LOOK },
	[WORKER_COPY] = { .name = "superd-copy",
			  .word = "copy",
			  .profile = PROFILE_LOOKS,
			  .capabilities = CAPS_TO_LOOK },
	[WORKER_PAGE_OUT] = { .name = "superd-page-out",
			      .word = "page-out",
			      .profile = PROFILE_LOOKS,
			      .capabilities = CAPS_TO_LOOK | CAPS_TO_RECLAIM },
	[WORKER_BIND] = { .name = "superd-bind",
			  .word = "bind",
			  .profile = PROFILE_LOOKS,
			  .capabilities = CAPS_TO_LOOK,
			  .follows_user = true },
	[WORKER_BIND_LEFT] = { .name = "superd-bind", .word = "bind-left", .profile = PROFILE_DESCRIPTORS },
	[WORKER_HOLD] = { .name = "superd-hold",
			  .profile = PROFILE_TRACES,
			  .capabilities = CAPS_TO_LOOK,
			  .follows_user = true },
};
