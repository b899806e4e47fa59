/* Finds out which means of a sandbox this machine and superd's rights allow. */
#pragma once

#include <stdbool.h>

#include "exec/child/sandbox.h"
#include "lib/pool.h"
#include "table/service/service.h"

/* The features that the machine allows, filled in by the first query. A zeroed struct is empty. */
struct sandbox_support {
	bool probed;                    /* the other fields are valid */
	bool privileged;                /* superd may create namespaces without a user namespace */
	char program_flaw[512];         /* why superd-exec cannot do it, so all means are missing; "": it can */
	unsigned lacking;               /* enum sandbox_need: means that are missing */
	const struct option_groups *plain_groups; /* option groups of the last service if it needed nothing, as most do */
};

/* The means that this machine lacks (enum sandbox_need). */
unsigned sandbox_support_missing(struct sandbox_support *support);
bool sandbox_support_privileged(struct sandbox_support *support);

/* Calls `say` for each configured option that needs a missing means. */
typedef void sandbox_support_say(void *context, const struct service *service, const char *option, const char *why);
void sandbox_support_compare(struct sandbox_support *support, const struct service *service, struct pool *scratch,
			     sandbox_support_say *say, void *context);
