/* Who has touched a sensor. The hard thing is IPv6, where a client has a whole network of addresses: what is kept is
 * the network by the sensor's own per_source_prefix, so each length that was ever used is looked for. */
#include "engine/sensor.h"

#include <math.h>

#include "base/scan.h"
#include "engine/closing.h"
#include "engine/guest.h"
#include "engine/record.h"

static bool has_address(const struct client *client)
{
	return client->length && (client->peer.any.sa_family == AF_INET || client->peer.any.sa_family == AF_INET6);
}

static void deny(struct keeper *keeper, const struct client *client, int64_t time)
{
	struct engine *engine = keeper->engine;
	unsigned prefix = (unsigned)keeper->service->terms->gate->per_source_prefix;
	double now = engine_clock();
	unsigned char source[SOURCE_SIZE];

	if (client_source(client, prefix, source) &&
	    recent_note(&engine->denied, 0, source, now, time == SCAN_INFINITY ? INFINITY : now + (double)time / 1e6))
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

void sensor_touch(struct keeper *keeper, const struct client *client, bool can_be_forged)
{
	int64_t time = can_be_forged || !has_address(client) ? 0 : keeper->service->terms->gate->deny_time;

	if (time)
		record_sensor(keeper, client, time);
	else
		say_touch(keeper, client);
	record_refusal(keeper, client, REFUSED_ADDRESS);
	if (time)
		deny(keeper, client, time);
}

bool sensor_feel(struct keeper *keeper, struct guest *guest)
{
	if (!sensor_is(keeper->service))
		return false;
	guest_dismiss(keeper, guest);
	sensor_touch(keeper, &guest->client, false);
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

	return client_source(client, prefix, source) && recent_find(&engine->denied, 0, source, engine_clock());
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
