/* Probes of a service with accept = yes: superd has accepted them, and closes them. */
#include "superd/stop/health_probes.h"

#include <poll.h>
#include <sys/ioctl.h>

#include "superd/loop/close_socket.h"
#include "table/access/access.h"

static const void *address_of(const struct client *client)
{
	if (client->length && client->peer.any.sa_family == AF_INET)
		return &client->peer.in.sin_addr;
	if (client->length && client->peer.any.sa_family == AF_INET6)
		return &client->peer.in6.sin6_addr;
	return NULL;
}

void health_probes_count(struct service_runtime *runtime, unsigned number)
{
	struct event event = { .name = "probe", .service = runtime->service->name };

	runtime->run->stats.probes += number;
	log_event(runtime->engine->log, LEVEL_DEBUG, &event, "%u probe%s closed", number, number == 1 ? "" : "s");
}

bool health_probes_take(struct service_runtime *runtime, struct client *client)
{
	const void *address = service_prepared(runtime->service)->probes ? address_of(client) : NULL;

	if (!address || !access_lists(service_prepared(runtime->service)->probes, client->peer.any.sa_family, address))
		return false;
	close_socket_client(runtime->engine, runtime->service->name, client);
	client->fd = -1;
	health_probes_count(runtime, 1);
	return true;
}

/* Whether the client has closed its side, or all of it, and there is nothing to read. */
static bool has_closed_silently(int fd)
{
	struct pollfd state = { fd, POLLRDHUP, 0 };
	int unread = 0;

	return poll(&state, 1, 0) > 0 && (ioctl(fd, FIONREAD, &unread) < 0 || !unread);
}

bool health_probes_take_silent(struct service_runtime *runtime, struct client *client)
{
	if (runtime->service->groups->lifecycle->probe != PROBE_SILENT || client->fd < 0 || !address_of(client) ||
	    !has_closed_silently(client->fd))
		return false;
	close_socket_client(runtime->engine, runtime->service->name, client);
	client->fd = -1;
	health_probes_count(runtime, 1);
	return true;
}
