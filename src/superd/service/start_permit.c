/* Decides whether a service that does not accept itself may start. Before the start superd can only see the sender
 * of a datagram. The kernel filters connections (os/bpf/socket_filter), or they wait in the accept queue. */
#include "superd/service/start_permit.h"

#include "lib/clock.h"
#include "superd/accept/accept_state.h"
#include "superd/accept/datagram_sender.h"
#include "superd/accept/limit_pause.h"
#include "superd/accept/sensor.h"
#include "superd/accept/socket_rest.h"
#include "superd/health/queue_notes.h"

static bool has_address_rules(const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (listen_prepared(&service->sockets[n])->access)
			return true;
	}
	return false;
}

static bool has_limited_socket(const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (service->sockets[n].options->trigger_limit_burst != UNLIMITED)
			return true;
	}
	return false;
}

/* Whether the service may start for a client of one of its sockets, or starts without one. Counts the start for all
 * sockets with clients. */
static bool sockets_permit(struct service_runtime *runtime)
{
	bool may = runtime_start_due(runtime) > 0, any_waits = false;

	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct listener *listener = &runtime->listeners[n];

		if (!listener_has_socket(listener) || !client_waits(listener->fd))
			continue;
		any_waits = true;
		if (socket_rest_left(runtime, listener) > 0)
			continue;
		if (socket_rest_is_due(runtime, listener)) {
			socket_rest_begin(runtime, listener);
			continue;
		}
		socket_rest_count(runtime, listener);
		may = true;
	}
	return may || !any_waits;
}

bool start_permit(struct service_runtime *runtime, enum service_event *instead)
{
	const struct service *service = runtime->service;
	bool counts_senders = service->groups->access->per_source_cpm != UNLIMITED;

	if ((has_address_rules(service) || service->groups->access->access_times ||
	     service->groups->access->libwrap || counts_senders || sensor_has_any(runtime->engine)) &&
	    datagram_sender_sift(runtime)) {
		runtime->run->notes->queued_at_end = 0;
		*instead = EXITED;              /* watch the socket again, without a start */
		return false;
	}
	if (limit_pause_begin(runtime, NULL, NULL) || limit_pause_for_moment(runtime)) {
		runtime->started = false;
		*instead = LIMITED;
		return false;
	}
	if (has_limited_socket(service) && !sockets_permit(runtime)) {
		runtime->run->notes->queued_at_end = 0;
		*instead = limit_pause_for_rests(runtime) ? LIMITED : EXITED;
		return false;
	}
	rate_limit_count(&runtime->run->accept->rate, 1., clock_now());
	if (counts_senders)
		datagram_sender_count(runtime);
	return true;
}
