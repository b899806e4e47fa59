/* Lets backends go when memory is short; first those that were started ahead of their clients. */
#include "superd/stop/memory_pressure.h"

#include "lib/clock.h"
#include "lib/log/log.h"
#include "lib/size_text.h"
#include "superd/instance/instance.h"
#include "superd/instance/warm_pool.h"
#include "superd/instance/service_list.h"
#include "superd/instance/start_queue.h"
#include "superd/stop/idle.h"

#define RESERVE_PART 20                 /* part of the memory below which it is short in any case */
#define PAUSE .1                        /* seconds from one backend that goes to the next look */
#define REPORT_PAUSE 1.                 /* the same where the kernel reports that tasks wait, which it does late */
#define LOG_PAUSE 60.                   /* seconds until it may be logged again that memory is short */
#define GOES_MOST 1.                    /* seconds for which starts wait for a backend that goes */

/* A frozen backend keeps its memory, unless that is reclaimed. */
static bool wants_it(const struct service *service)
{
	const struct lifecycle_options *lifecycle = service->groups->lifecycle;
	bool gives_back = lifecycle->idle_action == IDLE_STOP ||
		(lifecycle->idle_action == IDLE_FREEZE && lifecycle->freeze_reclaim);

	return lifecycle->sleep_under_pressure && gives_back && service_idles(service) && !service_is_off(service);
}

static int64_t left_of(const struct memory_room *room)
{
	return room->total - room->used;
}

bool memory_is_short(const struct memory_room *group, const struct memory_room *machine, unsigned starting,
		     size_t instances)
{
	/* What one start needs is known only as an average of those that run. Starts under way may have it already, so
	 * what all of them need says something only where that is little. */
	int64_t each = instances ? group->used / (int64_t)instances : 0, need = (int64_t)starting * each;
	int64_t left = left_of(group), half = group->total / 2;

	if (machine->total > 0 && left_of(machine) < machine->total / RESERVE_PART)
		return true;
	if (group->total <= 0)
		return false;
	return left < group->total / RESERVE_PART || (starting && left < each && each < half) ||
	       (left < need && need < half);
}

struct service_runtime *memory_pressure_choose(const struct engine *engine)
{
	const struct service_list *list = engine->service_list;
	struct service_runtime *first = NULL;
	double longest = 0;

	for (size_t n = 0; n < list->count; n++) {
		struct service_runtime *runtime = list->runtimes[n];
		double since = runtime && wants_it(runtime->service) ? idle_unused_since(runtime) : 0;

		if (since > 0 && (!first || since < longest)) {
			first = runtime;
			longest = since;
		}
	}
	return first;
}

static double part_left(const struct memory_room *room)
{
	return room->total > 0 ? (double)left_of(room) / (double)room->total : 1;
}

static void log_short(const struct engine *engine, const struct memory_room *group, const struct memory_room *machine)
{
	const struct memory_room *room = part_left(group) < part_left(machine) ? group : machine;
	struct memory_pressure *pressure = engine->memory_pressure;
	struct event event = { .name = "memory" };
	char used[SIZE_TEXT_MOST], total[SIZE_TEXT_MOST];
	double now = clock_now();

	if (pressure->logged > 0 && now - pressure->logged < LOG_PAUSE)
		return;
	pressure->logged = now;
	log_event(engine->log, LEVEL_NOTICE, &event, "memory is short: %s of %s are in use",
		  size_write(used, (double)room->used), size_write(total, (double)room->total));
}

static void note_room(struct engine *engine)
{
	alarm_stop(&engine->memory_pressure->alarm);
	start_queue_hold(engine, false);
}

/* Loop time since when it is put to sleep or stopped; 0: it is not. */
static double going_since(const struct service_runtime *runtime)
{
	return runtime->state.run == RUN_STOPPING ? runtime->since : idle_leaving_since(runtime);
}

/* Whether a backend goes just now: its memory still counts as used. A service whose backend takes long over it is not
 * waited for again: it would delay all others. */
static bool is_any_going(const struct engine *engine)
{
	const struct service_list *list = engine->service_list;
	bool found = false;

	for (size_t n = 0; n < list->count; n++) {
		const struct service_runtime *runtime = list->runtimes[n];
		double since = runtime && runtime->run ? going_since(runtime) : 0;

		if (since > 0 && clock_now() - since >= GOES_MOST)
			runtime->run->goes_late = true;
		found |= since > 0 && !runtime->run->goes_late;
	}
	return found;
}

/* Tells backends to go, until superd waits for one. false: there is none to wait for. */
static bool make_room(struct engine *engine, double pause)
{
	struct memory_pressure *pressure = engine->memory_pressure;
	struct service_runtime *runtime;

	if (clock_now() - pressure->last_hurry < pause || is_any_going(engine))
		return true;            /* what it gives back does not show yet */
	pressure->last_hurry = clock_now();
	if (warm_pools_end(engine))
		return true;
	while ((runtime = memory_pressure_choose(engine))) {
		idle_hurry(runtime);
		if (!runtime->run->goes_late)
			return true;
	}
	pressure->last_hurry = 0;
	return false;
}

/* reported: by the kernel; starts: before a start. Starts wait while a backend goes. */
static void look(struct engine *engine, bool reported, bool starts)
{
	struct memory_pressure *pressure = engine->memory_pressure;
	struct memory_room group, machine;
	unsigned starting = engine->start_queue->running_count + (starts || engine->start_queue->waiting_count > 0);
	bool goes;

	memory_sensor_read(&pressure->sensor, &group, &machine);
	if (!reported && !memory_is_short(&group, &machine, starting, engine->instances->count)) {
		note_room(engine);
		return;
	}
	log_short(engine, &group, &machine);
	goes = make_room(engine, reported ? REPORT_PAUSE : PAUSE);
	if (goes)
		alarm_set(&pressure->alarm, PAUSE);
	start_queue_hold(engine, goes);
}

void memory_pressure_look(struct engine *engine)
{
	if (engine->memory_pressure->sensor.is_open && !engine->stopping)
		look(engine, false, true);
}

bool memory_pressure_lasts(const struct engine *engine)
{
	struct memory_room group, machine;

	if (!engine->memory_pressure->sensor.is_open)
		return false;
	memory_sensor_read(&engine->memory_pressure->sensor, &group, &machine);
	return memory_is_short(&group, &machine, engine->start_queue->running_count, engine->instances->count);
}

static void on_alarm(struct alarm *alarm)
{
	if (!alarm->engine->stopping)
		look(alarm->engine, false, false);
}

static void on_event(struct watch *watch, bool readable, bool writable)
{
	bool waits = memory_sensor_hear(&watch->engine->memory_pressure->sensor);

	(void)readable, (void)writable;
	if (!watch->engine->stopping)
		look(watch->engine, waits, false);
}

void memory_pressure_init(struct engine *engine, struct memory_pressure *pressure)
{
	engine->memory_pressure = pressure;
	watch_init(&pressure->watch, engine, on_event);
	alarm_init(&pressure->alarm, engine, on_alarm);
}

void memory_pressure_free(struct engine *engine)
{
	watch_stop(&engine->memory_pressure->watch);
	alarm_stop(&engine->memory_pressure->alarm);
	memory_sensor_close(&engine->memory_pressure->sensor);
}

void memory_pressure_follow(struct engine *engine, const struct table *table)
{
	struct memory_pressure *pressure = engine->memory_pressure;
	bool wanted = false;

	for (size_t n = 0; n < table->count && !wanted; n++)
		wanted = wants_it(&table->services[n]) || table->services[n].groups->access->warm;
	if (!wanted && pressure->sensor.is_open) {
		note_room(engine);
		memory_pressure_free(engine);
	}
	if (!wanted || pressure->sensor.is_open)
		return;
	memory_sensor_open(&pressure->sensor);
	if (pressure->sensor.events >= 0)
		watch_set(&pressure->watch, pressure->sensor.events, true, false);
}
