/* Pauses a service: for cps, for trigger_limit_burst, for access_times, max_load or the limit of all instances. Log
 * watchers know two old lines by heart, xinetd's for cps and inetd's for a server that is "looping", so superd logs
 * both to the letter, whatever table the service is from. */
#include "engine/accept/rest.h"

#include <inttypes.h>
#include <math.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/duration_text.h"
#include "config/access/times.h"
#include "engine/accept/admission.h"
#include "engine/accept/record.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/socket_address.h"

#define LOAD_PAUSE 10.                  /* seconds */
#define FULL_PAUSE 1.
#define TIME_PAUSE_MOST 3600.           /* the clock may be set meanwhile */

static const char *protocol_of(const struct service *service)
{
	const struct endpoint *endpoint = service->socket_count ? service->sockets[0].endpoint : NULL;
	bool ipv6 = endpoint && endpoint->family == FAMILY_IPV6;

	if (!endpoint)
		return "none";
	switch ((enum endpoint_kind)endpoint->kind) {
	case ENDPOINT_TCP:
	case ENDPOINT_RPC_TCP:
	case ENDPOINT_TCPMUX:
		return ipv6 ? "tcp6" : "tcp";
	case ENDPOINT_UDP:
	case ENDPOINT_RPC_UDP:
		return ipv6 ? "udp6" : "udp";
	case ENDPOINT_SCTP:
		return "sctp";
	case ENDPOINT_RAW:
		return "raw";
	default:
		return "unix";
	}
}

size_t rest_inetd_name(const char *name)
{
	static const char *const kinds[] = {
		"-rpc-tcp", "-rpc-udp", "-rpc-tcp6", "-rpc-udp6", "-tcp", "-udp", "-tcp6", "-udp6",
		"-sctp", "-tcpmux", "-unix-dgram", "-unix", "-seqpacket",
	};
	size_t length = strcspn(name, "@");

	for (size_t n = 0; n < sizeof(kinds) / sizeof(*kinds); n++) {
		size_t suffix = strlen(kinds[n]);

		if (length > suffix && !memcmp(name + length - suffix, kinds[n], suffix))
			return length - suffix;
	}
	return length;
}

static enum pace_limit look(const struct keeper *keeper)
{
	const struct access_options *access = keeper->service->groups->access;

	return pace_is_limited(access) ? pace_look(&keeper->activity->pace, access, clock_now()) : WITHIN_LIMITS;
}

static void set_rest(struct keeper *keeper, double seconds, bool deactivated)
{
	keeper->activity->rest = seconds;
	keeper->activity->deactivated = deactivated;
	keeper->activity->closes = false;
	pace_reset(&keeper->activity->pace);
}

/* OpenBSD's inetd: "Cannot close it -- there are thieves on the system." */
static bool keeps_port(const struct keeper *keeper)
{
	for (size_t n = 0; n < keeper->listener_count; n++) {
		struct socket_address address;

		if (listener_has_socket(&keeper->listeners[n]) &&
		    foreign_socket_name(keeper->listeners[n].io.fd, &address) &&
		    address.any.sa_family == AF_INET && socket_address_port(&address) >= IPPORT_RESERVED)
			return true;
	}
	return false;
}

bool rest_turns_away(const struct keeper *keeper)
{
	return keeper->service->groups->access->trigger_limit_action == LIMIT_CLOSE_RESERVED &&
	       look(keeper) == OVER_TRIGGER && keeps_port(keeper);
}

static void rest_for_cps(struct keeper *keeper, const struct client *client)
{
	double seconds = (double)keeper->service->groups->access->cps.pause / 1e6;
	struct event event = { .name = "limited", .service = keeper->service->name, .reason = "cps" };

	set_rest(keeper, seconds, true);
	record_limit(keeper, client);
	event.is_alone = true;
	event.has_duration = true;
	event.duration = seconds;
	keeper_pause(keeper, "more than %" PRId64 " connections in a second",
		     keeper->service->groups->access->cps.number);
	log_event(keeper->engine->log, LEVEL_NOTICE, &event,
		  "Deactivating service %s due to excessive incoming connections.  Restarting in %.15g seconds.",
		  event.service, seconds);
}

static void rest_for_trigger(struct keeper *keeper)
{
	const struct service *service = keeper->service;
	double seconds = (double)service->groups->access->trigger_limit_pause / 1e6;
	unsigned action = service->groups->access->trigger_limit_action;
	bool in_minutes = seconds >= 60 && fmod(seconds, 60) == 0;
	struct event event = { .name = "limited", .service = service->name, .reason = "trigger_limit" };
	char span[DURATION_MOST];

	set_rest(keeper, seconds, false);
	keeper->activity->closes = action == LIMIT_CLOSE || (action == LIMIT_CLOSE_RESERVED && !keeps_port(keeper));
	event.is_alone = true;
	event.has_duration = true;
	event.duration = seconds;
	keeper_pause(keeper, "more than %" PRId64 " %s in %s", service->groups->access->trigger_limit_burst,
		     service->exec->accept ? "connections" : "starts",
		     duration_write(span, (double)service->groups->access->trigger_limit_interval / 1e6));
	if (service->groups->environment->unit_environment) {
		event.is_alone = false;
		log_event(keeper->engine->log, LEVEL_NOTICE, &event,
			  "%s: it rests for %s, and clients wait", keeper->activity->reason,
			  duration_write(span, seconds));
		return;
	}
	log_event(keeper->engine->log, LEVEL_NOTICE, &event,
		  "%.*s/%s server failing (looping), service terminated for %.15g %s",
		  (int)rest_inetd_name(service->name), service->name, protocol_of(service),
		  in_minutes ? seconds / 60 : seconds, in_minutes ? "min" : "s");
}

bool rest_is_near(const struct keeper *keeper)
{
	return look(keeper) != WITHIN_LIMITS;
}

bool rest_is_due(struct keeper *keeper, const struct client *client)
{
	switch (look(keeper)) {
	case OVER_CPS:
		rest_for_cps(keeper, client);
		return true;
	case OVER_TRIGGER:
		rest_for_trigger(keeper);
		return true;
	case WITHIN_LIMITS:
		break;
	}
	return false;
}

/* Returns the seconds until the first minute that is in one of the spans of access_times, and sets begin to it. */
static double seconds_to_span(struct keeper *keeper, unsigned *begin)
{
	struct moment *moment = &keeper->engine->moment;
	double wall = ev_now(keeper->engine->loop);
	unsigned now = moment_minute(moment, wall);

	for (unsigned n = 1; n < 1440; n++) {
		*begin = (now + n) % 1440;
		if (times_include(keeper->service->groups->access->access_times, *begin))
			return moment_seconds_to(moment, wall, *begin);
	}
	*begin = now;
	return moment_seconds_to(moment, wall, now);
}

static void say_rest(struct keeper *keeper)
{
	struct event event = { .name = "limited", .service = keeper->service->name,
			       .reason = keeper->activity->reason };

	event.has_duration = true;
	event.duration = keeper->activity->rest;
	log_event(keeper->engine->log, LEVEL_NOTICE, &event, "its clients wait: %s", event.reason);
}

bool rest_for_moment(struct keeper *keeper)
{
	const struct access_options *access = keeper->service->groups->access;
	double seconds = LOAD_PAUSE;
	unsigned begin;

	if (!admission_is_time(keeper)) {
		seconds = fmin(seconds_to_span(keeper, &begin), TIME_PAUSE_MOST);
		keeper_pause(keeper, "no client is let in before %02u:%02u (access_times)", begin / 60, begin % 60);
	} else if (admission_is_loaded(keeper)) {
		keeper_pause(keeper, "the load is at or above %.15g (max_load)", (double)access->max_load / 1e3);
	} else if (engine_is_full(keeper->engine)) {
		seconds = FULL_PAUSE;
		keeper_pause(keeper, "as many instances of all services run as may");
	} else {
		return false;
	}
	set_rest(keeper, seconds, false);
	say_rest(keeper);
	return true;
}
