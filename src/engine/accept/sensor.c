/* The addresses that have touched a sensor. A client has a whole network of IPv6 addresses, so superd keeps the
 * network by the sensor's per_source_prefix, and looks for every length that was ever used. */
#include "engine/accept/sensor.h"

#include <math.h>

#include "base/clock.h"
#include "base/scan.h"
#include "engine/accept/guest.h"
#include "engine/accept/record.h"
#include "engine/accept/refuse.h"
#include "engine/core/closing.h"

static bool has_address(const struct client *client)
{
	return client->length && (client->peer.any.sa_family == AF_INET || client->peer.any.sa_family == AF_INET6);
}

/* A second touch never shortens the time that the first one set. */
static double deny_until(struct keeper *keeper, const unsigned char *source, int64_t time)
{
	const struct sighting *before = recent_find(&keeper->engine->denied, 0, source, clock_now());
	double until = time == SCAN_INFINITY ? INFINITY : clock_now() + (double)time / 1e6;

	return before && before->until > until ? before->until : until;
}

static void deny(struct keeper *keeper, const struct client *client, int64_t time)
{
	struct engine *engine = keeper->engine;
	unsigned prefix = (unsigned)keeper->service->groups->access->per_source_prefix;
	unsigned char source[SOURCE_SIZE];

	if (client_source(client, prefix, source) &&
	    recent_note(&engine->denied, 0, source, clock_now(), deny_until(keeper, source, time)))
		engine->denied_prefixes[prefix] = true;
	else
		log_error(engine->log, "%s: an address cannot be kept out: out of memory", keeper->service->name);
}

static void say_touch(struct keeper *keeper, const struct client *client)
{
	struct event event = { .name = "sensor", .service = keeper->service->name };
	char address[128];

	client_address(client, address, sizeof(address));
	event.peer = address;
	log_event(keeper->engine->log, LEVEL_NOTICE, &event, "touched by %s", *address ? address : "a local client");
}

static void tell(struct keeper *keeper, const struct client *client, int64_t time)
{
	if (time)
		record_sensor(keeper, client, time);
	else
		say_touch(keeper, client);
	record_refusal(keeper, client, REFUSED_ADDRESS);
}

static int64_t deny_time(const struct keeper *keeper, const struct client *client)
{
	return has_address(client) ? keeper->service->groups->access->deny_time : 0;
}

/* Whether the client's network is denied already, by a sensor with the same per_source_prefix. */
static bool is_denied(const struct keeper *keeper, const struct client *client)
{
	unsigned char source[SOURCE_SIZE];

	return client_source(client, (unsigned)keeper->service->groups->access->per_source_prefix, source) &&
	       recent_find(&keeper->engine->denied, 0, source, clock_now());
}

void sensor_touch(struct keeper *keeper, const struct client *client)
{
	int64_t time = deny_time(keeper, client);

	tell(keeper, client, time);
	if (time)
		deny(keeper, client, time);
}

void sensor_touch_unproven(struct keeper *keeper, const struct client *client)
{
	int64_t time = deny_time(keeper, client);

	if (time && !is_denied(keeper, client) && !recent_has_room(&keeper->engine->denied, clock_now()))
		time = 0;
	if (refuse_may_tell(keeper))
		tell(keeper, client, time);
	if (time)
		deny(keeper, client, time);
}

bool sensor_feel(struct keeper *keeper, struct guest *guest)
{
	if (!sensor_is(keeper->service))
		return false;
	guest_dismiss(keeper, guest);
	sensor_touch(keeper, &guest->client);
	closing_client(keeper->engine, keeper->service->name, &guest->client);
	return true;
}

void sensor_feel_parked(struct keeper *keeper, struct listener *listener)
{
	struct parked *parked = listener->parked;

	while (parked && parked->count) {
		struct guest guest = { .client = parked->list[--parked->count].client, .listener = listener };

		sensor_feel(keeper, &guest);
	}
	listener_forget_parked(listener);
}

static bool denies(struct engine *engine, const struct client *client, unsigned prefix)
{
	unsigned char source[SOURCE_SIZE];

	return client_source(client, prefix, source) && recent_find(&engine->denied, 0, source, clock_now());
}

bool sensor_denies(struct engine *engine, const struct client *client)
{
	if (!engine->denied.count || !has_address(client))
		return false;
	if (client->peer.any.sa_family == AF_INET)
		return denies(engine, client, 128);
	for (unsigned prefix = 0; prefix <= 128; prefix++) {
		if (engine->denied_prefixes[prefix] && denies(engine, client, prefix))
			return true;
	}
	return false;
}
