/* The addresses that have touched a sensor. A client has a whole network of IPv6 addresses, so superd keeps the
 * network by the sensor's per_source_prefix, and looks for every length that was ever used. */
#include "superd/service/sensor.h"

#include <math.h>

#include "lib/clock.h"
#include "lib/scan.h"
#include "superd/service/admission_state.h"
#include "superd/service/pending.h"
#include "superd/service/refuse.h"
#include "superd/service/xinetd_record.h"
#include "superd/loop/close_socket.h"

static bool has_address(const struct client *client)
{
	return client->length && (client->peer.any.sa_family == AF_INET || client->peer.any.sa_family == AF_INET6);
}

/* A second touch never shortens the time that the first one set. */
static double deny_until(struct service_runtime *runtime, const unsigned char *source, int64_t time)
{
	struct address_lru *denied = &runtime->engine->admission->denied;
	const struct address_entry *before = address_lru_find(denied, 0, source, clock_now());
	double until = time == SCAN_INFINITY ? INFINITY : clock_now() + (double)time / 1e6;

	return before && before->until > until ? before->until : until;
}

static void deny_address(struct service_runtime *runtime, const struct client *client, int64_t time)
{
	struct engine *engine = runtime->engine;
	unsigned prefix = (unsigned)runtime->service->groups->access->per_source_prefix;
	unsigned char source[SOURCE_SIZE];

	if (client_source(client, prefix, source) &&
	    address_lru_note(&engine->admission->denied, 0, source, clock_now(), deny_until(runtime, source, time)))
		engine->admission->denied_prefixes[prefix] = true;
	else
		log_error(engine->log, "%s: an address cannot be kept out: out of memory", runtime->service->name);
}

static void log_plain_touch(struct service_runtime *runtime, const struct client *client)
{
	struct event event = { .name = "sensor", .service = runtime->service->name };
	char address[128];

	client_address(client, address, sizeof(address));
	event.peer = address;
	log_event(runtime->engine->log, LEVEL_NOTICE, &event, "touched by %s", *address ? address : "a local client");
}

static void log_touch(struct service_runtime *runtime, const struct client *client, int64_t time)
{
	if (time)
		xinetd_record_sensor(runtime, client, time);
	else
		log_plain_touch(runtime, client);
	xinetd_record_refusal(runtime, client, REFUSED_ADDRESS);
}

static int64_t deny_time(const struct service_runtime *runtime, const struct client *client)
{
	return has_address(client) ? runtime->service->groups->access->deny_time : 0;
}

/* Whether the client's network is denied already, by a sensor with the same per_source_prefix. */
static bool is_denied(const struct service_runtime *runtime, const struct client *client)
{
	unsigned char source[SOURCE_SIZE];

	return client_source(client, (unsigned)runtime->service->groups->access->per_source_prefix, source) &&
	       address_lru_find(&runtime->engine->admission->denied, 0, source, clock_now());
}

void sensor_touch(struct service_runtime *runtime, const struct client *client)
{
	int64_t time = deny_time(runtime, client);

	log_touch(runtime, client, time);
	if (time)
		deny_address(runtime, client, time);
}

void sensor_touch_unproven(struct service_runtime *runtime, const struct client *client)
{
	struct address_lru *denied = &runtime->engine->admission->denied;
	int64_t time = deny_time(runtime, client);

	if (time && !is_denied(runtime, client) && !address_lru_has_room(denied, clock_now()))
		time = 0;
	if (refuse_may_log(runtime))
		log_touch(runtime, client, time);
	if (time)
		deny_address(runtime, client, time);
}

bool sensor_take_client(struct service_runtime *runtime, struct pending_client *pending)
{
	if (!sensor_is(runtime->service))
		return false;
	pending_dismiss(runtime, pending);
	sensor_touch(runtime, &pending->client);
	close_socket_client(runtime->engine, runtime->service->name, &pending->client);
	return true;
}

void sensor_take_parked(struct service_runtime *runtime, struct listener *listener)
{
	struct parked *parked = listener->parked;

	while (parked && parked->count) {
		struct pending_client pending = {
			.client = parked->list[--parked->count].client, .listener = listener,
		};

		sensor_take_client(runtime, &pending);
	}
	listener_forget_parked(listener);
}

static bool denies_prefix(struct engine *engine, const struct client *client, unsigned prefix)
{
	unsigned char source[SOURCE_SIZE];

	return client_source(client, prefix, source) &&
	       address_lru_find(&engine->admission->denied, 0, source, clock_now());
}

bool sensor_denies(struct engine *engine, const struct client *client)
{
	if (!engine->admission->denied.count || !has_address(client))
		return false;
	if (client->peer.any.sa_family == AF_INET)
		return denies_prefix(engine, client, 128);
	for (unsigned prefix = 0; prefix <= 128; prefix++) {
		if (engine->admission->denied_prefixes[prefix] && denies_prefix(engine, client, prefix))
			return true;
	}
	return false;
}
