/* Pauses a service: for cps, for access_times, max_load or the limit of all instances, or because all of its sockets
 * rest. Log watchers know xinetd's line for cps by heart, so superd logs it to the letter, whatever table the service
 * is from. */
#include "superd/service/limit_pause.h"

#include <inttypes.h>

#include "lib/clock.h"
#include "lib/number.h"
#include "superd/service/accept_state.h"
#include "superd/service/admission.h"
#include "superd/service/admission_state.h"
#include "superd/service/socket_rest.h"
#include "superd/service/xinetd_record.h"
#include "table/access/times.h"

#define LOAD_PAUSE 10.                  /* seconds */
#define FULL_PAUSE 1.
#define TIME_PAUSE_MOST 3600.           /* the zone may change meanwhile, or begin its summer time */

static bool is_over_cps(const struct service_runtime *runtime)
{
	const struct accept_state *state = accept_state_find(runtime);

	return state && rate_limit_is_reached(&state->rate, runtime->service->groups->access->cps.number, 1.,
					      clock_now());
}

static void set_pause(struct service_runtime *runtime, double seconds, bool logs_end)
{
	struct accept_state *state = runtime->run->accept;

	state->pause = seconds;
	state->logs_end = logs_end;
	state->awaits_time = false;
	state->rate = (struct rate_limit){ 0 };
}

double limit_pause_seconds(const struct service_runtime *runtime)
{
	return accept_state_find(runtime) ? runtime->run->accept->pause : 0;
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

bool limit_pause_for_rests(struct service_runtime *runtime)
{
	double left = socket_rest_of_all(runtime);

	if (left > 0)
		set_pause(runtime, left, false);
	return left > 0;
}

bool limit_pause_is_near(const struct service_runtime *runtime, const struct listener *listener)
{
	return is_over_cps(runtime) || (listener && socket_rest_is_due(runtime, listener));
}

enum limit_pause limit_pause_begin(struct service_runtime *runtime, struct listener *listener,
				   const struct client *client)
{
	if (is_over_cps(runtime)) {
		limit_pause_for_cps(runtime, client);
		return PAUSES_SERVICE;
	}
	if (!listener || !socket_rest_is_due(runtime, listener))
		return PAUSES_NOTHING;
	socket_rest_begin(runtime, listener);
	return limit_pause_for_rests(runtime) ? PAUSES_SERVICE : PAUSES_SOCKET;
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
		seconds = number_min(seconds_to_span(runtime, &begin), TIME_PAUSE_MOST);
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
