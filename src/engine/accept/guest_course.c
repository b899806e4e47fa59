/* Clients whose instance has a course (engine/instance/course). The course has the client until the program runs;
 * from then on only the program has it. By the time a start fails, the client's listener may belong to another
 * keeper. */
#include "engine/accept/guest_course.h"

#include <stdlib.h>

#include "base/fd.h"
#include "engine/accept/refuse.h"
#include "engine/accept/run_say.h"
#include "engine/core/closing.h"
#include "engine/core/leftover.h"
#include "engine/instance/course.h"

struct departure {
	struct course course;
	struct guest guest;             /* its listener NULL: the keeper goes on without the guest */
};

static struct departure *departure_of(struct course *course)
{
	return container_of(course, struct departure, course);
}

bool guest_must_wait(const struct keeper *keeper)
{
	unsigned most = keeper->backoff.failures ? 1 : DEPARTING_MOST;

	return keeper->activity && keeper->activity->unserved >= most;
}

/* One guest less is on its way. */
static void note_arrival(struct keeper *keeper)
{
	keeper->activity->unserved--;
	if (keeper_next_state(keeper) == FULL && !keeper_is_full(keeper) && !keeper->activity->recalling)
		keeper_post(keeper, ROOM);
}

static bool launch(struct course *course, struct spawn_request *launch, struct buf *why)
{
	struct keeper *keeper = course->keeper;
	struct guest *guest = &departure_of(course)->guest;

	if (!means_prepare(&keeper->activity->means, keeper->engine, keeper->service, keeper->listeners, why) ||
	    !guest_equip(keeper, guest, launch, why))
		return false;
	launch->invocation = course->control.invocation;
	launch->checks = course->control.checks && launch->plan->condition_count;
	leftover_start(keeper->engine, launch);
	wiring_close(&guest->wiring);
	if (launch->pid >= 0)
		return true;
	means_note_fault(&keeper->activity->means, &launch->fault);
	launch_describe_fault(keeper->service, &launch->fault, why);
	return false;
}

static void runs(struct course *course)
{
	struct guest *guest = &departure_of(course)->guest;
	bool is_connection = guest->client.fd >= 0;

	closing_client(course->keeper->engine, course->keeper->service->name, &guest->client);
	guest_note_start(course->keeper, guest);
	course->keeper->activity->skips = 0;
	if (is_connection)              /* whether a datagram was read shows at its end */
		backoff_reset(&course->keeper->backoff);
	if (guest->listener)            /* else it was counted off when that went */
		note_arrival(course->keeper);
}

static void ready(struct course *course)
{
	guest_begin_running(course->instance);
}

/* The guest goes back to its listener, or is refused if that has gone. */
static void give_back(struct keeper *keeper, struct guest *guest)
{
	enum refusal refusal;

	guest->instance = NULL;
	if (guest->client.fd < 0)
		return;
	refusal = guest->listener && listener_is_open(guest->listener) ? guest_park(keeper, guest) : REFUSED_CLOSED;
	if (refusal)
		refuse_guest(keeper, guest, refusal);
	guest->client.fd = -1;
}

/* The keeper goes on without the guest. A start that is under way keeps the client. */
static void recall(struct course *course)
{
	struct guest *guest = &departure_of(course)->guest;

	if (!guest->listener)
		return;
	if (course->step != COURSE_LAUNCHED)
		give_back(course->keeper, guest);
	guest->listener = NULL;
	course->keeper->activity->unserved--;
}

static void leave_course(struct instance *instance)
{
	struct departure *departure = departure_of(instance->course);

	course_free(&departure->course);
	closing_client(instance->engine, instance->service->name, &departure->guest.client);
	free(departure);
}

static void on_main_ready(struct instance *instance)
{
	course_main_is_ready(instance->course);
}

void guest_recall(struct keeper *keeper)
{
	LIST_EACH(link, keeper_instances(keeper)) {
		struct course *course = container_of(link, struct instance, link)->course;

		if (course && course->owner->recall && !course->has_run)
			course_retire(course);
	}
}

static void tell_keeper(struct keeper *keeper, const struct client *client, const struct ending *ending,
			const char *why)
{
	if (ending->stopped)
		return;
	if (result_is_good(ending->result)) {
		run_skip(keeper, why);
		keeper_post(keeper, LIMITED);
	} else {
		run_say_failure(keeper, client, why);
		keeper_post(keeper, EXEC_ERROR);
	}
}

static void end_unserved(struct instance *instance, const struct ending *ending)
{
	struct course *course = instance->course;
	struct keeper *keeper = course->keeper;
	struct guest *guest = &departure_of(course)->guest;
	struct client client = guest->client;
	struct buf why = course->why;
	bool retired = instance->retired || !guest->listener;

	course->why = (struct buf){ 0 };
	if (instance->busy)
		instance->busy->busy = false;
	give_back(keeper, guest);
	if (!retired)
		keeper->activity->unserved--;
	if (!instance->retired)
		keeper->instance_count--;
	instance_free(instance);
	if (!retired) {
		tell_keeper(keeper, &client, ending, buf_string(&why));
		if (!keeper_is_full(keeper))
			keeper_post(keeper, ROOM);
	}
	buf_free(&why);
}

/* The commands of the course get the client's address and port. */
static void tell_client(struct departure *departure)
{
	struct guest *guest = &departure->guest;

	client_address(&guest->client, guest->caller.address, sizeof(guest->caller.address));
	departure->course.control.remote_address = guest->caller.address;
	departure->course.control.remote_port = client_port(&guest->client);
}

static const struct course_owner guest_owner = { launch, runs, ready, recall, end_unserved };

struct course *guest_resume_course(struct keeper *keeper, struct instance *instance, const struct guest *guest,
				   bool has_run)
{
	struct departure *departure = calloc(1, sizeof(*departure));

	if (!departure)
		return NULL;
	departure->guest = *guest;
	departure->guest.instance = instance;
	departure->guest.wiring.wanted = departure->guest.wiring.small;
	course_resume(&departure->course, keeper, instance, &guest_owner);
	instance->leave_course = leave_course;
	instance->on_ready = on_main_ready;
	tell_client(departure);
	keeper->activity->unserved += !has_run && guest->listener;
	return &departure->course;
}

void guest_resume_plan(struct course *course)
{
	struct keeper *keeper = course->keeper;
	struct event event = { .name = "upgraded", .service = keeper->service->name };
	struct guest *guest = course->owner == &guest_owner ? &departure_of(course)->guest : NULL;
	struct buf why = { 0 };

	if (guest && *guest->name &&
	    (!means_prepare(&keeper->activity->means, keeper->engine, keeper->service, keeper->listeners, &why) ||
	     !guest_plan(keeper, guest, &why)))
		log_event(keeper->engine->log, LEVEL_ERROR, &event, "an instance has lost its name: %s",
			  why.length ? buf_string(&why) : "out of memory");
	buf_free(&why);
}

const struct guest *guest_of_course(struct course *course)
{
	return course->owner == &guest_owner ? &departure_of(course)->guest : NULL;
}

bool guest_depart(struct keeper *keeper, struct guest *guest, struct buf *why)
{
	struct departure *departure = calloc(1, sizeof(*departure));
	struct instance *instance = guest->instance;

	if (!departure || !guest_plan(keeper, guest, why)) {
		free(departure);
		if (!why->length)
			buf_text(why, "out of memory");
		guest_dismiss(keeper, guest);
		give_back(keeper, guest);
		return false;
	}
	if (guest->client.fd >= 0)
		guest->client.fd = fd_raise(guest->client.fd, FD_HIGH);
	departure->guest = *guest;
	departure->guest.wiring.wanted = departure->guest.wiring.small;
	guest->client.fd = -1;
	guest->instance = NULL;
	instance->service = keeper->service;
	instance->leave_course = leave_course;
	instance->on_ready = on_main_ready;
	course_init(&departure->course, keeper, instance, &guest_owner);
	tell_client(departure);
	list_add(&keeper->activity->instances, &instance->link);
	keeper->activity->unserved++;
	course_begin(&departure->course);
	return true;
}

bool guest_depart_all(struct keeper *keeper, struct guest *guests, size_t count)
{
	struct client failed = { .fd = -1 };            /* the first who could not be sent on */
	struct buf why = { 0 };
	bool good = true;

	for (size_t n = 0; n < count; n++) {
		struct client client = guests[n].client;

		if (guest_depart(keeper, &guests[n], &why))
			continue;
		if (good)
			failed = client;
		good = false;
	}
	if (!good)
		run_say_failure(keeper, &failed, buf_string(&why));
	buf_free(&why);
	return good;
}
