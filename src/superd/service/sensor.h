/* Sensors: services with deny_time, which start nothing. If an address connects to a sensor, superd refuses it at all
 * services whose clients it sees: those with accept = yes, and starts by datagrams. Reloads do not change that. The
 * sender of a datagram counts, too, as with xinetd, though a sender is easily forged. */
#pragma once

#include "superd/service/admission_state.h"
#include "superd/limits/address_lru.h"
#include "superd/instance/runtime.h"

struct pending_client;

#define SENSOR_MOST 10240               /* denied addresses at once, at most */

static inline bool sensor_is(const struct service *service)
{
	return service->groups->access->deny_time >= 0;
}

/* A client has connected to the sensor: denies its address and logs that. The caller closes the connection. */
void sensor_touch(struct service_runtime *runtime, const struct client *client);

/* The same for a datagram, whose sender may be forged: a new address never displaces a denied one, and superd logs
 * only a few a second, as it does for refused datagrams. */
void sensor_touch_unproven(struct service_runtime *runtime, const struct client *client);

/* Handles and closes a client of a sensor. Also called for clients of before a reload that made the service a sensor.
 * false: it is no sensor. */
bool sensor_take_client(struct service_runtime *runtime, struct pending_client *pending);
void sensor_take_parked(struct service_runtime *runtime, struct listener *listener); /* the same for all parked clients */

static inline bool sensor_has_any(const struct engine *engine)
{
	return engine->admission->denied.count;
}

/* Whether the client's address is denied. Costs one comparison while no address is. */
bool sensor_denies(struct engine *engine, const struct client *client);
