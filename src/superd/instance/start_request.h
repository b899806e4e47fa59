/* Prepares the start of a service, and fills its request from the start kit: the descriptors in their order, and the
 * variables of this process. */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "os/socket/client.h"
#include "superd/instance/fd_map.h"
#include "superd/instance/runtime.h"
#include "superd/start/spawn.h"

/* Makes the parts of the kit that are missing. false: that failed, for the reason in why. */
bool runtime_prepare_start(struct service_runtime *runtime, struct buf *why);

/* Makes a plan by this row: the service's entry, or that of the commands of its sockets. instance: the value of
 * %{instance}, of one connection; NULL: for all. The caller frees the plan. NULL with the reason in why. */
struct plan *runtime_make_plan(struct service_runtime *runtime, const struct service *row, const char *instance,
			       struct buf *why);

/* Makes the plan of the service's relay, which runs as this account, which is borrowed. The same. */
struct plan *runtime_plan_relay(struct service_runtime *runtime, const struct account *account, struct buf *why);

/* Puts all descriptors in their places: the standard streams as pass says, the sockets, the fd store and the files.
 * connection: the only socket, of this name; -1: the listeners. false: that failed; why and errno are set. */
bool launch_wire(struct fd_map *fd_map, const struct service_runtime *runtime, int connection, const char *name,
		 struct buf *why);

/* The same for a command beside the main program: it has no input, and prints to the log if the main program's output
 * is a socket. */
bool launch_wire_beside(struct fd_map *fd_map, const struct service_runtime *runtime, struct buf *why);

/* Both ends of a connection, as text for the environment. */
struct caller {
	char address[128];              /* the client's end; "": it has none */
	char local[128];                /* superd's end, for tcp_environment */
};

/* Fills the request of a start with the listeners. fd_map must outlive it. */
void launch_fill(struct spawn_request *launch, const struct service_runtime *runtime, const struct fd_map *fd_map);

/* Fills the request of a start for a connection. caller and fd_map must outlive it. */
void launch_fill_for(struct spawn_request *launch, const struct service_runtime *runtime, const struct fd_map *fd_map,
		     const struct client *client, struct caller *caller);

/* Describes a failed start for the log: "setting user: Operation not permitted", with the place of the option at
 * fault. */
void launch_describe_fault(const struct service *service, const struct fault *fault, struct buf *out);

/* Appends the cause of a failed execve(2) of this program, if its interpreter is the cause: ": its interpreter
 * '/bin/sh\r' …". */
void launch_add_interpreter(const struct service *service, const char *program, const struct fault *fault,
			    struct buf *out);
