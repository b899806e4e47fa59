/* contrib/doc/privileges.md has the same table. */
#include "worker/record/kinds.h"

#include "os/rights/required_caps.h"

#define RIGHTS_TO_LOOK (MAY_LOOK | MAY_READ_FILES)

const struct work_kind work_kinds[WORKERS] = {
	[WORKER_CLOSE] = { .name = "superd-close", .word = "close" },
	[WORKER_OUTPUT] = { .name = "superd-output", .word = "output", .rights = MAY_START_THREADS | MAY_WRITE_FILES },
	[WORKER_RECEIVE] = { .name = "superd-receive",
			     .word = "receive",
			     .rights = MAY_READ_PROC | MAY_SEND,
			     .passes_fds = true },
	[WORKER_RESTORE] = { .name = "superd-restore",
			     .word = "restore",
			     .rights = MAY_RESTORE,
			     .capabilities = CAPS_TO_SET_OPTIONS },
	[WORKER_ACCEPT] = { .name = "superd-accept",
			    .word = "accept",
			    .rights = MAY_TAKE_CLIENTS | MAY_SEND,
			    .passes_fds = true },
	[WORKER_COUNT] = { .name = "superd-count", .word = "count", .rights = MAY_READ_PROC | MAY_QUERY },
	[WORKER_COUNT_OWN] = { .name = "superd-count",
			       .word = "count-own",
			       .rights = RIGHTS_TO_LOOK | MAY_QUERY,
			       .capabilities = CAPS_TO_LOOK },
	[WORKER_COPY] = { .name = "superd-copy",
			  .word = "copy",
			  .rights = RIGHTS_TO_LOOK | MAY_QUERY,
			  .capabilities = CAPS_TO_LOOK },
	[WORKER_PAGE_OUT] = { .name = "superd-page-out",
			      .word = "page-out",
			      .rights = RIGHTS_TO_LOOK,
			      .capabilities = CAPS_TO_LOOK | CAPS_TO_RECLAIM },
	[WORKER_BIND] = { .name = "superd-bind",
			  .word = "bind",
			  .rights = RIGHTS_TO_LOOK | MAY_CHANGE_USER | MAY_QUERY | MAY_CONTROL,
			  .capabilities = CAPS_TO_LOOK,
			  .follows_user = true },
	[WORKER_BIND_LEFT] = { .name = "superd-bind", .word = "bind-left", .rights = MAY_CONTROL },
	[WORKER_HOLD] = { .name = "superd-hold",
			  .rights = RIGHTS_TO_LOOK | MAY_CHANGE_USER | MAY_TRACE,
			  .capabilities = CAPS_TO_LOOK,
			  .follows_user = true },
};
