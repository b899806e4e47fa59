/* Lists of services, instances and ports from the roster. If the kernel chose a port, only the socket knows it. */
#include "engine/accept/listing.h"

#include <stdlib.h>

#include "base/clock.h"
#include "engine/instance/instance.h"
#include "engine/runtime/roster.h"
#include "engine/runtime/runtime.h"
#include "exec/plan/plan.h"
#include "os/socket/bind.h"

static unsigned real_port(const struct listener *listener)
{
	struct bound_families reach;

	return listener->io.fd >= 0 && bind_reach(listener->io.fd, &reach) ? reach.port : 0;
}

static void list_socket(const struct keeper *keeper, const struct listener *listener, struct buf *out)
{
	const struct endpoint *endpoint = listener->listen->address;
	struct buf text = { 0 };

	if (endpoint_is_inet(endpoint) && endpoint->kind != ENDPOINT_RAW) {
		buf_addf(out, "%s %s %u\n", keeper->service->name,
			 endpoint->kind == ENDPOINT_TCP		  ? "tcp"
				 : endpoint->kind == ENDPOINT_UDP ? "udp"
								  : "sctp",
			 real_port(listener));
		return;
	}
	endpoint_format(endpoint, &text);
	buf_addf(out, "%s %s\n", keeper->service->name, buf_string(&text));
	buf_free(&text);
}

/* Whether an earlier socket of the service has the same line: one for IPv4 and one for IPv6 are listed once. */
static bool is_listed(const struct keeper *keeper, size_t number)
{
	const struct listener *listener = &keeper->listeners[number];
	const struct endpoint *endpoint = listener->listen->address;

	if (!endpoint_is_inet(endpoint) || endpoint->kind == ENDPOINT_RAW)
		return false;
	for (size_t n = 0; n < number; n++) {
		const struct listener *before = &keeper->listeners[n];

		if (before->listen->address->kind == endpoint->kind && real_port(before) == real_port(listener))
			return true;
	}
	return false;
}

void listing_services(struct engine *engine, struct buf *out)
{
	for (size_t n = 0; n < engine->roster->count; n++) {
		const struct keeper *keeper = engine->roster->keepers[n];

		for (size_t i = 0; keeper && i < keeper->listener_count; i++) {
			if (!is_listed(keeper, i))
				list_socket(keeper, &keeper->listeners[i], out);
		}
	}
}

void listing_servers(struct engine *engine, struct buf *out)
{
	double now = clock_now();

	for (size_t n = 0; n < engine->roster->count; n++) {
		struct keeper *keeper = engine->roster->keepers[n];

		if (!keeper)
			continue;
		LIST_EACH(link, keeper_instances(keeper)) {
			const struct instance *instance = container_of(link, struct instance, link);

			buf_addf(out, "%s %ld %.0f\n", keeper->service->name, (long)instance->pid,
				 now - instance->since);
		}
	}
}

void listing_mux_names(struct engine *engine, struct buf *out)
{
	for (size_t n = 0; n < engine->roster->count; n++) {
		const struct keeper *keeper = engine->roster->keepers[n];

		for (size_t i = 0; keeper && i < keeper->listener_count; i++) {
			const struct endpoint *endpoint = keeper->listeners[i].listen->endpoint;

			if (endpoint->kind == ENDPOINT_TCPMUX && endpoint->address)
				buf_addf(out, "%s\r\n", endpoint->address + (endpoint->address[0] == '+'));
		}
	}
}

/* superd's own echo, chargen and their like. */
static bool answers_datagrams(const struct keeper *keeper, const struct listener *listener)
{
	return keeper->service->exec->builtin && endpoint_is_datagram(listener->listen->address) && real_port(listener);
}

static size_t collect(struct engine *engine, uint16_t *ports)
{
	size_t count = 0;

	for (size_t n = 0; n < engine->roster->count; n++) {
		const struct keeper *keeper = engine->roster->keepers[n];

		for (size_t i = 0; keeper && i < keeper->listener_count; i++) {
			if (!answers_datagrams(keeper, &keeper->listeners[i]))
				continue;
			if (ports)
				ports[count] = (uint16_t)real_port(&keeper->listeners[i]);
			count++;
		}
	}
	return count;
}

uint16_t *listing_loops(struct engine *engine, size_t *count)
{
	uint16_t *ports;

	*count = collect(engine, NULL);
	ports = *count ? calloc(*count, sizeof(*ports)) : NULL;
	if (!ports) {
		*count = 0;
		return NULL;
	}
	collect(engine, ports);
	return ports;
}
