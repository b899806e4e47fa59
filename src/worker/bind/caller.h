/* Whether superd's listeners are for the task that made a stopped call. Whatever a program starts inherits its filter,
 * also a session of another user, or a container. superd gives a listener to what the service's own processes are: the
 * main process, which may have given up root's user, and its root, before it binds, and processes of the user and group
 * that it was started with. All must be in its user and network namespace, and for a path in its mount namespace and
 * root. As soon as the program has all its sockets and is ready, only the main process and its children get one again.
 *
 * A task that waits in a call cannot change what it is. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "worker/bind/target.h"
#include "worker/record/bind_request.h"

/* The namespaces and the root directory of a process. */
struct caller_place {
	ino_t user, network, mount;
	dev_t root_device;
	ino_t root;
};

enum caller_kind {
	CALLER_IS_OWN,
	CALLER_HAS_NO_PATHS,            /* it gets no unix socket with a path */
	CALLER_IS_LATE,                 /* the program has all its sockets */
	CALLER_IS_OTHER_USER,
	CALLER_IS_ELSEWHERE,            /* in another user or network namespace */
	CALLER_IS_HIDDEN,               /* superd may not inspect it; errno */
};

/* Reads the place of this process, for caller_find. */
void caller_place_read_own(struct caller_place *own);

/* Finds out what the caller is, and prepares the target for the other functions of target.h. uid: its user, where that
 * is another's. */
enum caller_kind caller_find(struct target_process *target, const struct caller_rule *rule,
			     const struct caller_place *own, uid_t *uid);
