/* Lists of services, instances and ports. If the kernel chose a port, only the socket knows it. */
#include "superd/service/service_listing.h"

#include "lib/clock.h"
#include "superd/instance/instance.h"
#include "superd/instance/runtime.h"
#include "superd/instance/service_list.h"

static void list_socket(const struct service_runtime *runtime, const struct listener *listener, struct buf *out)
{
	const struct endpoint *endpoint = listener->listen->address;
	struct buf text = { 0 };

	if (endpoint_is_inet(endpoint) && endpoint->kind != ENDPOINT_RAW) {
		buf_addf(out, "%s %s %u\n", runtime->service->name,
			 endpoint->kind == ENDPOINT_TCP		  ? "tcp"
				 : endpoint->kind == ENDPOINT_UDP ? "udp"
								  : "sctp",
			 listener_port(listener));
		return;
	}
	endpoint_format(endpoint, &text);
	buf_addf(out, "%s %s\n", runtime->service->name, buf_string(&text));
	buf_free(&text);
}

/* Whether an earlier socket of the service has the same line: one for IPv4 and one for IPv6 are listed once. */
static bool is_listed(const struct service_runtime *runtime, size_t number)
{
	const struct listener *listener = &runtime->listeners[number];
	const struct endpoint *endpoint = listener->listen->address;

	if (!endpoint_is_inet(endpoint) || endpoint->kind == ENDPOINT_RAW)
		return false;
	for (size_t n = 0; n < number; n++) {
		const struct listener *before = &runtime->listeners[n];

		if (before->listen->address->kind == endpoint->kind && listener_port(before) == listener_port(listener))
			return true;
	}
	return false;
}

void listing_services(struct engine *engine, struct buf *out)
{
	for (size_t n = 0; n < engine->service_list->count; n++) {
		const struct service_runtime *runtime = engine->service_list->runtimes[n];

		for (size_t i = 0; runtime && i < runtime->listener_count; i++) {
			if (!is_listed(runtime, i))
				list_socket(runtime, &runtime->listeners[i], out);
		}
	}
}

void listing_servers(struct engine *engine, struct buf *out)
{
	double now = clock_now();

	for (size_t n = 0; n < engine->service_list->count; n++) {
		struct service_runtime *runtime = engine->service_list->runtimes[n];

		if (!runtime)
			continue;
		LIST_EACH(link, runtime_instances(runtime)) {
			const struct instance *instance = container_of(link, struct instance, link);

			buf_addf(out, "%s %ld %.0f\n", runtime->service->name, (long)instance->pid,
				 now - instance->since);
		}
	}
}

void listing_mux_names(struct engine *engine, struct buf *out)
{
	for (size_t n = 0; n < engine->service_list->count; n++) {
		const struct service_runtime *runtime = engine->service_list->runtimes[n];

		for (size_t i = 0; runtime && i < runtime->listener_count; i++) {
			const struct endpoint *endpoint = runtime->listeners[i].listen->endpoint;

			if (endpoint->kind == ENDPOINT_TCPMUX && endpoint->address)
				buf_addf(out, "%s\r\n", endpoint->address + (endpoint->address[0] == '+'));
		}
	}
}
