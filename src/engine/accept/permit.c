/* The gate of a service that does not accept itself. Before the start superd can only see the sender of a datagram;
 * the kernel filters connections (os/bpf/socket_filter), or they wait in the queue until the service may start. */
#include "engine/accept/permit.h"

#include "base/clock.h"
#include "engine/accept/rest.h"
#include "engine/accept/sender.h"
#include "engine/accept/sensor.h"

bool permit_start(struct keeper *keeper, enum happening *instead)
{
	const struct service *service = keeper->service;
	bool counts_senders = service->groups->access->per_source_cpm != UNLIMITED;

	if ((service->access || service->groups->access->access_times || service->groups->access->libwrap ||
	     counts_senders || sensor_has_any(keeper->engine)) &&
	    sender_sift(keeper)) {
		keeper->activity->left = 0;
		*instead = EXITED;              /* back to the queue, without a start */
		return false;
	}
	if (rest_is_due(keeper, NULL) || rest_for_moment(keeper)) {
		keeper->started = false;
		*instead = LIMITED;
		return false;
	}
	if (pace_is_limited(service->groups->access))
		pace_count(&keeper->activity->pace, service->groups->access, clock_now());
	if (counts_senders)
		sender_count(keeper);
	return true;
}
