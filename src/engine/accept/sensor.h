/* Sensors: services with deny_time, which run nothing. superd refuses an address that connects to one at all services
 * whose clients it sees, that is with accept = yes and for starts by datagrams, over reloads too. That holds for a
 * datagram's sender, too, as with xinetd, though a sender is easily forged. */
#pragma once

#include "engine/accept/admission_state.h"
#include "engine/limits/address_lru.h"
#include "engine/runtime/runtime.h"

struct pending_client;

#define SENSOR_MOST 10240               /* addresses kept out at once */

static inline bool sensor_is(const struct service *service)
{
	return service->groups->access->deny_time >= 0;
}

/* A client has touched the sensor: remembers its address and logs that. The caller closes it. */
void sensor_touch(struct service_runtime *runtime, const struct client *client);

/* The same for a datagram, whose sender may be forged: a new address never displaces one that is kept out, and it is
 * logged as refused datagrams are, a few a second. */
void sensor_touch_unproven(struct service_runtime *runtime, const struct client *client);

/* Takes a client of a sensor, even late, as a reload may have made the service one. false: it is no sensor. */
bool sensor_feel(struct service_runtime *runtime, struct pending_client *guest);
void sensor_feel_parked(struct service_runtime *runtime, struct listener *listener); /* parked clients of a sensor */

static inline bool sensor_has_any(const struct engine *engine)
{
	return engine->admission->denied.count;
}

/* Whether the client's address has touched a sensor lately. Costs nothing while none has. */
bool sensor_denies(struct engine *engine, const struct client *client);
