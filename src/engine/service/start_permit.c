/* Decides whether a service that does not accept itself may start. Before the start superd can only see the sender
 * of a datagram. The kernel filters connections (os/bpf/socket_filter), or they wait in the accept queue. */
#include "engine/service/start_permit.h"

#include "base/clock.h"
#include "engine/accept/accept_state.h"
#include "engine/accept/datagram_sender.h"
#include "engine/accept/limit_pause.h"
#include "engine/accept/sensor.h"
#include "engine/health/queue_guard.h"

static bool has_address_rules(const struct service *service)
{
	for (size_t n = 0; n < service->socket_count; n++) {
		if (service->sockets[n].access)
			return true;
	}
	return false;
}

bool start_permit(struct service_runtime *runtime, enum service_event *instead)
{
	const struct service *service = runtime->service;
	bool counts_senders = service->groups->access->per_source_cpm != UNLIMITED;

	if ((has_address_rules(service) || service->groups->access->access_times ||
	     service->groups->access->libwrap || counts_senders || sensor_has_any(runtime->engine)) &&
	    datagram_sender_sift(runtime)) {
		runtime->run->guard->queued_at_end = 0;
		*instead = EXITED;              /* watch the socket again, without a start */
		return false;
	}
	if (limit_pause_is_due(runtime, NULL) || limit_pause_for_moment(runtime)) {
		runtime->started = false;
		*instead = LIMITED;
		return false;
	}
	if (rate_limit_is_limited(service->groups->access))
		rate_limit_count(&runtime->run->accept->rate, service->groups->access, clock_now());
	if (counts_senders)
		datagram_sender_count(runtime);
	return true;
}
