/* Makes a start from the means of a service: the descriptors in their order, the variables of this one process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "engine/core/engine.h"
#include "engine/launch/fd_map.h"
#include "engine/launch/start_kit.h"
#include "engine/listener/listener.h"
#include "exec/spawn/spawn.h"
#include "os/socket/client.h"

/* Puts the standard streams and sockets in their places as pass says. false: that failed; why and errno are set. */
bool launch_wire(struct fd_map *fd_map, struct start_kit *kit, struct engine *engine, const struct service *service,
		 const int *sockets, size_t socket_count, struct buf *why);

/* The streams of a command beside the main one: no input, and the log where the main one's is a socket. The same. */
bool launch_wire_beside(struct fd_map *fd_map, struct start_kit *kit, struct engine *engine,
			const struct service *service, struct buf *why);

/* Both ends of a connection, as text for the environment. */
struct caller {
	char address[128];
	char local[128];                /* superd's end, for tcp_environment */
	char names[300];                /* LISTEN_FDNAMES=NAME of the listener it came by */
};

/* Fills the launch of a start by these means with the wiring's descriptors: the listeners', */
void launch_fill(struct spawn_request *launch, const struct start_kit *kit, const struct fd_map *fd_map,
		 const struct service *service);

/* or a connection's; caller and wiring must outlive it. false: out of memory. */
bool launch_fill_for(struct spawn_request *launch, const struct start_kit *kit, struct fd_map *fd_map,
		     const struct service *service, const struct listener *listener, const struct client *client,
		     struct caller *caller);

/* "setting user: Operation not permitted" with the place of the option at fault, for the log. */
void launch_describe_fault(const struct service *service, const struct fault *fault, struct buf *out);

/* Behind the reason of a failed exec of this program: ": its interpreter '/bin/sh\r' …", where that is why. */
void launch_add_interpreter(const struct service *service, const char *program, const struct fault *fault,
			    struct buf *out);
