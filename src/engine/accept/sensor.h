/* Services with deny_time: they run nothing, and an address that connects to one is kept out of all whose clients
 * superd sees, that is those with accept = yes and starts by datagrams, over reloads too. A datagram's sender is, too, as
 * xinetd has it, though anybody can write any sender on one. */
#pragma once

#include "engine/core/recent.h"
#include "engine/service/keeper.h"

struct guest;

#define SENSOR_MOST 10240               /* addresses kept out at once */

static inline bool sensor_is(const struct service *service)
{
	return service->terms->gate->deny_time >= 0;
}

/* A client of the sensor's: remembers its address and says so. The caller closes it. */
void sensor_touch(struct keeper *keeper, const struct client *client);

/* The same for a datagram, whose sender may be forged: it never lets in again an address that is kept out, though there
 * is no room for more, and is logged as refused datagrams are, a few a second. */
void sensor_touch_unproven(struct keeper *keeper, const struct client *client);

/* Whoever comes to a sensor, however late: a reload may have made it one. false: it is none. */
bool sensor_feel(struct keeper *keeper, struct guest *guest);
void sensor_feel_parked(struct keeper *keeper, struct listener *listener);      /* of a sensor */

static inline bool sensor_has_any(const struct engine *engine)
{
	return engine->denied.count;
}

/* Whether the client's address has touched one lately. Free while none has. */
bool sensor_denies(struct engine *engine, const struct client *client);
