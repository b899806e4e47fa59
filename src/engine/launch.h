/* From the means of a service to a start: the descriptors in their order, the variables of this one process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "engine/listener.h"
#include "engine/means.h"
#include "sys/client.h"
#include "sys/spawn.h"

#define WIRING_SMALL 8

/* The descriptors of one start. Those that had to be opened or copied for it are closed by wiring_close. */
struct wiring {
	int *wanted;
	int count;
	int others;                     /* of them, behind the sockets, that are none */
	int small[WIRING_SMALL];
	int *own;
	int own_count;
	int own_small[WIRING_SMALL];
};

/* Puts the standard streams and sockets in their places as pass says. false with the reason in why and errno. */
bool wiring_make(struct wiring *wiring, struct means *means, struct engine *engine, const struct service *service,
		 const int *sockets, size_t socket_count, struct buf *why);
void wiring_close(struct wiring *wiring);

/* One descriptor more for the child, which is no socket; taken over also on failure. false and errno. */
bool wiring_add(struct wiring *wiring, int fd);

/* Who is at the other end of a connection, as text for the environment. */
struct caller {
	char address[128];
	char local[128];                /* our end, for tcp_environment */
	char names[300];                /* LISTEN_FDNAMES=NAME of the listener it came by */
};

/* Fills the launch of a start by these means with the wiring's descriptors: the listeners', */
void launch_fill(struct launch *launch, const struct means *means, const struct wiring *wiring,
		 const struct service *service);

/* or a connection's; caller must outlive it. */
void launch_fill_for(struct launch *launch, const struct means *means, const struct wiring *wiring,
		     const struct service *service, const struct listener *listener, const struct client *client,
		     struct caller *caller);

/* "setting user: Operation not permitted" with the place of the option at fault, for the log. */
void launch_describe_fault(const struct service *service, const struct fault *fault, struct buf *out);
