/* Checks whether this machine has everything that a table needs: programs that exist and that the service's user may
 * execute, folders, interfaces, kinds of endpoints that the kernel knows, privileges for ports and users. Runs after
 * superd/machine/resolve. */
#pragma once

#include <sys/resource.h>

#include "lib/diag.h"
#include "superd/start/plan.h"
#include "table/services/table.h"

/* What follows. In the last two superd already serves, so that nothing is examined that may block, such as paths below
 * a user's folder. Without a start that would try them, taken ports are a warning. */
enum preflight_for { PREFLIGHT_START, PREFLIGHT_CHECK, PREFLIGHT_RELOAD, PREFLIGHT_COMPARISON };

/* Adds an error for what will certainly fail, and a warning for what may appear later (an interface, a
 * working_directory on a mount). Changes nothing. Of the process defaults it uses only the folders. */
void preflight_table(const struct table *table, const struct process_defaults *defaults, enum preflight_for purpose,
		     struct diags *diags);

/* The room for services by the limit of open files. */
struct descriptor_room {
	size_t services, sockets;       /* of the table */
	rlim_t left;                    /* descriptors that superd may have for sockets */
	size_t at_once;                 /* services that can be at work at once, each with a client in hand while it starts */
	const struct service *crowded;  /* the first one that cannot listen, at_once is 0 then; NULL: none */
};

struct descriptor_room descriptor_room(const struct table *table);
