/* A builtin that answers any datagram must not answer another one without end, nor may the targets of two redirects, so
 * the plan of each has the ports of all of them (superd-builtin). They change with every listener that opens or
 * closes. */
#include "superd/instance/prepare_start.h"

#include <stdlib.h>

#include "superd/loop/engine.h"
#include "superd/instance/service_list.h"

/* superd's own echo, chargen and their like, and redirects, whose targets may be such. */
static bool answers_datagrams(const struct service_runtime *runtime, const struct listener *listener)
{
	const struct exec_options *exec = runtime->service->exec;

	return (exec->builtin || exec->redirect) && endpoint_is_datagram(listener->listen->address) &&
		listener_port(listener);
}

/* ports may be NULL: only counts them. */
static size_t collect(const struct service_list *service_list, uint16_t *ports)
{
	size_t count = 0;

	for (size_t n = 0; n < service_list->count; n++) {
		const struct service_runtime *runtime = service_list->runtimes[n];

		for (size_t i = 0; runtime && i < runtime->listener_count; i++) {
			if (!answers_datagrams(runtime, &runtime->listeners[i]))
				continue;
			if (ports)
				ports[count] = (uint16_t)listener_port(&runtime->listeners[i]);
			count++;
		}
	}
	return count;
}

/* Returns a new array of ports, which the caller frees; NULL: the service needs none, there is none, or out of
 * memory. */
static uint16_t *find_datagram_ports(const struct service_runtime *runtime, size_t *count)
{
	const struct service_list *service_list = runtime->engine->service_list;
	bool needs = plan_applies_access_itself(runtime->service) || service_is_relayed(runtime->service);
	uint16_t *ports;

	*count = needs ? collect(service_list, NULL) : 0;
	ports = *count ? calloc(*count, sizeof(*ports)) : NULL;
	if (ports)
		collect(service_list, ports);
	else
		*count = 0;
	return ports;
}

bool runtime_prepare_start(struct service_runtime *runtime, struct buf *why)
{
	struct plan_sockets sockets = { .instance = NULL };
	uint16_t *loops = NULL;
	bool good;

	if (start_kit_needs_plan(&runtime->run->kit, runtime->service))
		loops = find_datagram_ports(runtime, &sockets.loop_count);
	sockets.loop_ports = loops;
	good = start_kit_prepare(&runtime->run->kit, runtime->service, runtime->listeners, &sockets, why);
	free(loops);
	return good;
}

struct plan *runtime_plan_connection(struct service_runtime *runtime, const char *instance, struct buf *why)
{
	struct plan_sockets sockets = { .instance = instance };
	uint16_t *loops = find_datagram_ports(runtime, &sockets.loop_count);
	struct plan *plan;

	sockets.loop_ports = loops;
	plan = start_kit_make_plan(&runtime->run->kit, runtime->service, runtime->listeners, &sockets, why);
	free(loops);
	return plan;
}

struct plan *runtime_plan_relay(struct service_runtime *runtime, const struct account *account, struct buf *why)
{
	struct plan_sockets sockets = { .instance = NULL };
	uint16_t *loops = find_datagram_ports(runtime, &sockets.loop_count);
	struct plan *plan;

	sockets.loop_ports = loops;
	plan = plan_relay(runtime->service, account, &runtime->engine->defaults, &sockets, why);
	free(loops);
	return plan;
}
