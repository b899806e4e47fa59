/* Fills the request of a start from the start kit of a service: the descriptors in their order, and the variables of
 * this process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "os/socket/client.h"
#include "superd/instance/fd_map.h"
#include "superd/instance/start_kit.h"
#include "superd/socket/listener.h"
#include "superd/loop/engine.h"
#include "superd/start/spawn.h"

/* Puts the standard streams and sockets in their places as pass says. console: in place of the streams
 * (superd/instance/fd_map); NULL: none. false: that failed; why and errno are set. */
bool launch_wire(struct fd_map *fd_map, struct start_kit *kit, const struct service *service, const int *sockets,
		 size_t socket_count, const struct console *console, struct buf *why);

/* The same for a command beside the main program: it has no input, and prints to the log if the main program's output
 * is a socket. */
bool launch_wire_beside(struct fd_map *fd_map, struct start_kit *kit, const struct service *service,
			const struct console *console, struct buf *why);

/* Both ends of a connection, as text for the environment. */
struct caller {
	char address[128];              /* the client's end; "": it has none */
	char local[128];                /* superd's end, for tcp_environment */
	char names[300];                /* LISTEN_FDNAMES=NAME of the listener it came by */
};

/* Fills the request of a start with the listeners. fd_map must outlive it. */
void launch_fill(struct spawn_request *launch, const struct start_kit *kit, const struct fd_map *fd_map,
		 const struct service *service);

/* Fills the request of a start for a connection. caller and fd_map must outlive it. false: out of memory. */
bool launch_fill_for(struct spawn_request *launch, const struct start_kit *kit, struct fd_map *fd_map,
		     const struct service *service, const struct listener *listener, const struct client *client,
		     struct caller *caller);

/* Describes a failed start for the log: "setting user: Operation not permitted", with the place of the option at
 * fault. */
void launch_describe_fault(const struct service *service, const struct fault *fault, struct buf *out);

/* Appends the cause of a failed execve(2) of this program, if its interpreter is the cause: ": its interpreter
 * '/bin/sh\r' …". */
void launch_add_interpreter(const struct service *service, const char *program, const struct fault *fault,
			    struct buf *out);
