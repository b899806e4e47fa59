/* Writes the instances of a service: their processes, and the sockets for their messages.
 *
 * These are the service's present notify socket and older ones, which instances from before a reload still have.
 * Each instance names its own by its place among them. The plan of an instance is not written: only a start needs
 * it. */
#include "engine/upgrade/carry.h"

#include <stdlib.h>
#include <string.h>

#include "engine/accept/channel.h"
#include "engine/accept/guest_course.h"
#include "engine/drain/drain.h"
#include "engine/instance/course.h"
#include "engine/instance/daemon.h"
#include "engine/instance/instance_state.h"
#include "engine/instance/main_watch.h"
#include "engine/instance/notice.h"
#include "engine/instance/outdated.h"
#include "engine/instance/search.h"
#include "engine/launch/notify.h"
#include "engine/service/keeper.h"
#include "engine/service/run.h"

#define SOCKETS_MOST 64                 /* notify sockets: a reload adds one at most, and each has an instance */

struct speaking {
	struct notify *list[SOCKETS_MOST];
	int count;
};

/* Returns the place of a notify socket; -1: the list is full. */
static int place_of(struct speaking *speaking, struct notify *notify)
{
	int n = 0;

	while (n < speaking->count && speaking->list[n] != notify)
		n++;
	if (n == SOCKETS_MOST)
		return -1;
	if (n == speaking->count)
		speaking->list[speaking->count++] = notify;
	return n;
}

static void carry_notifies(struct carry *carry, struct keeper *keeper, struct speaking *speaking)
{
	if (keeper->activity->means.notify)
		place_of(speaking, keeper->activity->means.notify);
	LIST_EACH(link, &keeper->activity->instances) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (instance->notice)
			place_of(speaking, instance->notice->notify);
	}
	for (int n = 0; n < speaking->count; n++)
		state_save(carry, &notify_state, speaking->list[n]);
}

static void carry_notice(struct carry *carry, struct notice *notice, int place)
{
	state_save(carry, &notice_state, notice);
	state_add_number(&carry->text, "socket", place);
}

/* Writes what the instance has of an earlier row, which is in no table any more. */
static void carry_outdated(struct carry *carry, const struct outdated *outdated)
{
	state_open_section(&carry->text, "outdated");
	for (size_t n = 0; n < outdated->count; n++)
		buf_addf(&carry->text, "option=%llx %s\n", (unsigned long long)outdated->options[n].was,
			 outdated->options[n].name);
	carry_text(carry, "sockets", buf_string(&outdated->sockets));
}

static void carry_instance(struct carry *carry, struct keeper *keeper, struct instance *instance)
{
	bool runs_on = keeper->removed && keeper_runs_on(keeper);
	int client, channel = channel_descriptor(instance, &client);

	state_save(carry, &instance_state, instance);
	carry_number(carry, "guest", !run_owns(instance));
	carry_number(carry, "current", keeper->activity->current == instance && !runs_on);
	if (runs_on && !instance->retired)
		carry_number(carry, "retired", 1);
	carry_fd(carry, "main_fd", main_watch_fd(instance->main_watch));
	carry_number(carry, "lingers", !list_empty(&instance->linger));
	if (instance->busy)
		state_add_number(&carry->text, "busy", instance->busy->io.fd);
	carry_fd(carry, "channel", channel);
	carry_fd(carry, "channel_client", client);
}

/* A client whose program does not run yet still belongs to its course and its listener. */
static void carry_guest(struct carry *carry, const struct guest *guest, bool has_run)
{
	struct guest gone = { .client = guest->client, .progress = PASSED };

	if (!has_run) {
		state_save(carry, &guest_state, guest);
		if (guest->listener) {
			state_add_number(&carry->text, "of", guest->listener->io.fd);
			carry_text(carry, "at", guest->listener->listen->name);
		}
		return;
	}
	gone.client.fd = -1;
	memcpy(gone.name, guest->name, sizeof(gone.name));
	state_save(carry, &guest_state, &gone);
}

/* A command that runs goes over as the child it is, with the rest of its time and the commands after it. If a program
 * does not run yet, the upgrade waits for its start (engine/upgrade/upgrade_rest), as only this superd gets the
 * report of its child. */
static void carry_course(struct carry *carry, struct course *course)
{
	const struct guest *guest = guest_of_course(course);

	state_save(carry, &course_state, course);
	if (guest)
		carry_guest(carry, guest, course->has_run);
	if (control_is_busy(&course->control))
		state_save(carry, &control_state, &course->control);
}

void carry_instances(struct carry *carry, struct keeper *keeper)
{
	struct speaking speaking = { .count = 0 };

	carry_notifies(carry, keeper, &speaking);
	LIST_EACH(link, &keeper->activity->instances) {
		struct instance *instance = container_of(link, struct instance, link);
		struct notice *notice = instance->notice;

		carry_instance(carry, keeper, instance);
		if (instance->outdated)
			carry_outdated(carry, instance->outdated);
		if (notice && place_of(&speaking, notice->notify) >= 0)
			carry_notice(carry, notice, place_of(&speaking, notice->notify));
		if (instance->course)
			carry_course(carry, instance->course);
		if (daemon_search(instance))
			state_save(carry, &search_state, daemon_search(instance));
		if (instance->drain)
			state_save(carry, &drain_state, instance->drain);
	}
}
