/* Pauses a service: for cps, for trigger_limit_burst, for access_times, max_load or the limit of all instances. Log
 * watchers know two old lines by heart, xinetd's for cps and inetd's for a server that is "looping", so superd logs
 * both to the letter, whatever table the service is from. */
#include "engine/accept/limit_pause.h"

#include <inttypes.h>
#include <math.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/duration_text.h"
#include "config/access/times.h"
#include "engine/accept/accept_state.h"
#include "engine/accept/admission.h"
#include "engine/accept/admission_state.h"
#include "engine/accept/xinetd_record.h"
#include "os/netdiag/foreign_socket.h"
#include "os/netdiag/socket_address.h"

#define LOAD_PAUSE 10.                  /* seconds */
#define FULL_PAUSE 1.
#define TIME_PAUSE_MOST 3600.           /* the zone may change meanwhile, or begin its summer time */

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

size_t limit_pause_inetd_name(const char *name)
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

static enum rate_limit_exceeded check_limits(const struct service_runtime *runtime)
{
	const struct access_options *access = runtime->service->groups->access;
	const struct accept_state *state = accept_state_find(runtime);

	return state && rate_limit_is_limited(access) ? rate_limit_check(&state->rate, access, clock_now())
						      : WITHIN_LIMITS;
}

static void set_pause(struct service_runtime *runtime, double seconds, bool logs_end)
{
	struct accept_state *state = runtime->run->accept;

	state->pause = seconds;
	state->logs_end = logs_end;
	state->pause_closes = state->awaits_time = false;
	rate_limit_reset(&state->rate);
}

double limit_pause_seconds(const struct service_runtime *runtime)
{
	return accept_state_find(runtime) ? runtime->run->accept->pause : 0;
}

bool limit_pause_closes(const struct service_runtime *runtime)
{
	return accept_state_find(runtime) && runtime->run->accept->pause_closes;
}

/* OpenBSD's inetd: "Cannot close it -- there are thieves on the system." */
static bool keeps_port(const struct service_runtime *runtime)
{
	for (size_t n = 0; n < runtime->listener_count; n++) {
		struct socket_address address;

		if (listener_has_socket(&runtime->listeners[n]) &&
		    foreign_socket_name(runtime->listeners[n].io.fd, &address) &&
		    address.any.sa_family == AF_INET && socket_address_port(&address) >= IPPORT_RESERVED)
			return true;
	}
	return false;
}

bool limit_pause_turns_away(const struct service_runtime *runtime)
{
	return runtime->service->groups->access->trigger_limit_action == LIMIT_CLOSE_RESERVED &&
	       check_limits(runtime) == OVER_TRIGGER && keeps_port(runtime);
}

static void limit_pause_for_cps(struct service_runtime *runtime, const struct client *client)
{
	double seconds = (double)runtime->service->groups->access->cps.pause / 1e6;
	struct event event = { .name = "limited", .service = runtime->service->name, .reason = "cps" };

	set_pause(runtime, seconds, true);
	xinetd_record_limit(runtime, client);
	event.is_alone = true;
	event.has_duration = true;
	event.duration = seconds;
	runtime_pause(runtime, "more than %" PRId64 " connections in a second",
		      runtime->service->groups->access->cps.number);
	log_event(runtime->engine->log, LEVEL_NOTICE, &event,
		  "Deactivating service %s due to excessive incoming connections.  Restarting in %.15g seconds.",
		  event.service, seconds);
}

static void limit_pause_for_trigger(struct service_runtime *runtime)
{
	const struct service *service = runtime->service;
	double seconds = (double)service->groups->access->trigger_limit_pause / 1e6;
	unsigned action = service->groups->access->trigger_limit_action;
	bool in_minutes = seconds >= 60 && fmod(seconds, 60) == 0;
	struct event event = { .name = "limited", .service = service->name, .reason = "trigger_limit" };
	char span[DURATION_MOST];

	set_pause(runtime, seconds, false);
	runtime->run->accept->pause_closes =
		action == LIMIT_CLOSE || (action == LIMIT_CLOSE_RESERVED && !keeps_port(runtime));
	event.is_alone = true;
	event.has_duration = true;
	event.duration = seconds;
	runtime_pause(runtime, "more than %" PRId64 " %s in %s", service->groups->access->trigger_limit_burst,
		      service->exec->accept ? "connections" : "starts",
		      duration_write(span, (double)service->groups->access->trigger_limit_interval / 1e6));
	if (service->groups->environment->unit_environment) {
		event.is_alone = false;
		log_event(runtime->engine->log, LEVEL_NOTICE, &event,
			  "%s: it rests for %s, and clients wait", runtime->run->reason,
			  duration_write(span, seconds));
		return;
	}
	log_event(runtime->engine->log, LEVEL_NOTICE, &event,
		  "%.*s/%s server failing (looping), service terminated for %.15g %s",
		  (int)limit_pause_inetd_name(service->name), service->name, protocol_of(service),
		  in_minutes ? seconds / 60 : seconds, in_minutes ? "min" : "s");
}

bool limit_pause_is_near(const struct service_runtime *runtime)
{
	return check_limits(runtime) != WITHIN_LIMITS;
}

bool limit_pause_is_due(struct service_runtime *runtime, const struct client *client)
{
	switch (check_limits(runtime)) {
	case OVER_CPS:
		limit_pause_for_cps(runtime, client);
		return true;
	case OVER_TRIGGER:
		limit_pause_for_trigger(runtime);
		return true;
	case WITHIN_LIMITS:
		break;
	}
	return false;
}

/* Returns the seconds until the first minute that is in one of the spans of access_times, and sets begin to it. */
static double seconds_to_span(struct service_runtime *runtime, unsigned *begin)
{
	struct time_cache *time_cache = &runtime->engine->admission->time_cache;
	double wall = ev_now(runtime->engine->loop);
	unsigned now = time_cache_minute(time_cache, wall);

	for (unsigned n = 1; n < 1440; n++) {
		*begin = (now + n) % 1440;
		if (times_include(runtime->service->groups->access->access_times, *begin))
			return time_cache_seconds_to(time_cache, wall, *begin);
	}
	*begin = now;
	return time_cache_seconds_to(time_cache, wall, now);
}

static void log_pause(struct service_runtime *runtime)
{
	struct event event = { .name = "limited", .service = runtime->service->name,
			       .reason = runtime->run->reason };

	event.has_duration = true;
	event.duration = runtime->run->accept->pause;
	log_event(runtime->engine->log, LEVEL_NOTICE, &event, "its clients wait: %s", event.reason);
}

bool limit_pause_for_moment(struct service_runtime *runtime)
{
	const struct access_options *access = runtime->service->groups->access;
	bool awaits_time = !admission_is_time(runtime);
	double seconds = LOAD_PAUSE;
	unsigned begin;

	if (awaits_time) {
		seconds = fmin(seconds_to_span(runtime, &begin), TIME_PAUSE_MOST);
		runtime_pause(runtime, "no client is allowed before %02u:%02u (access_times)", begin / 60, begin % 60);
	} else if (admission_is_loaded(runtime)) {
		runtime_pause(runtime, "the load is at or above %.15g (max_load)", (double)access->max_load / 1e3);
	} else if (instances_are_full(runtime->engine)) {
		seconds = FULL_PAUSE;
		runtime_pause(runtime, "as many instances of all services run as may");
	} else {
		return false;
	}
	set_pause(runtime, seconds, false);
	runtime->run->accept->awaits_time = awaits_time;
	log_pause(runtime);
	return true;
}

void limit_pause_follow_clock(struct service_runtime *runtime)
{
	const struct accept_state *state = accept_state_find(runtime);

	if (state && state->awaits_time && runtime_state(runtime) == BACKOFF)
		runtime_start_timer(runtime, 0.);
}
