/* Writes the instances of a service: their processes, and the sockets for their messages.
 *
 * These are the service's present notify socket and older ones, which instances from before a reload still have.
 * Each instance names its own by its place among them. The plan of an instance is not written: only a start needs
 * it. */
#include "engine/upgrade/save.h"

#include <stdlib.h>
#include <string.h>

#include "engine/accept/builtin_channel.h"
#include "engine/accept/pending_start.h"
#include "engine/drain/drain.h"
#include "engine/instance/forking.h"
#include "engine/instance/forking_search.h"
#include "engine/instance/instance_event.h"
#include "engine/instance/instance_state.h"
#include "engine/instance/main_watch.h"
#include "engine/instance/notify_state.h"
#include "engine/instance/outdated.h"
#include "engine/launch/notify.h"
#include "engine/service/runtime_event.h"
#include "engine/service/shared_run.h"

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

static void save_notifies(struct state_saver *carry, struct service_runtime *runtime, struct speaking *speaking)
{
	if (runtime->run->kit.notify)
		place_of(speaking, runtime->run->kit.notify);
	LIST_EACH(link, &runtime->run->instances) {
		const struct instance *instance = container_of(link, struct instance, link);

		if (instance->notice)
			place_of(speaking, instance->notice->notify);
	}
	for (int n = 0; n < speaking->count; n++)
		state_save(carry, &notify_state, speaking->list[n]);
}

static void save_notice(struct state_saver *carry, struct notify_state *notice, int place)
{
	state_save(carry, &notice_state, notice);
	state_add_number(&carry->text, "socket", place);
}

/* Writes what the instance has of an earlier row, which is in no table any more. */
static void save_outdated(struct state_saver *carry, const struct outdated *outdated)
{
	state_open_section(&carry->text, "outdated");
	for (size_t n = 0; n < outdated->count; n++)
		buf_addf(&carry->text, "option=%llx %s\n", (unsigned long long)outdated->options[n].was,
			 outdated->options[n].name);
	save_text(carry, "sockets", buf_string(&outdated->sockets));
}

static void save_instance(struct state_saver *carry, struct service_runtime *runtime, struct instance *instance)
{
	bool runs_on = runtime_is_removed(runtime) && runtime_runs_on(runtime);
	int client, channel = builtin_channel_descriptor(instance, &client);

	state_save(carry, &instance_state, instance);
	save_number(carry, "guest", !shared_run_owns(instance));
	save_number(carry, "current", runtime_current(runtime) == instance && !runs_on);
	if (runs_on && !instance->retired)
		save_number(carry, "retired", 1);
	save_fd(carry, "main_fd", main_watch_fd(instance->main_watch));
	save_number(carry, "lingers", !list_empty(&instance->linger));
	if (instance->client.busy)
		state_add_number(&carry->text, "busy", instance->client.busy->io.fd);
	save_fd(carry, "channel", channel);
	save_fd(carry, "channel_client", client);
}

/* A client whose program does not run yet still belongs to its course and its listener. */
static void save_guest(struct state_saver *carry, const struct pending_client *guest, bool has_run)
{
	struct pending_client gone = { .client = guest->client, .progress = ADMISSION_PASSED };

	if (!has_run) {
		state_save(carry, &pending_state, guest);
		if (guest->listener) {
			state_add_number(&carry->text, "of", guest->listener->io.fd);
			save_text(carry, "at", guest->listener->listen->name);
		}
		return;
	}
	gone.client.fd = -1;
	memcpy(gone.name, guest->name, sizeof(gone.name));
	state_save(carry, &pending_state, &gone);
}

/* A command that runs goes over as the child it is, with the rest of its time and the commands after it. If a program
 * does not run yet, the upgrade waits for its start (engine/upgrade/upgrade_quiesce), as only this superd gets the
 * report of its child. */
static void save_course(struct state_saver *carry, struct exec_sequence *sequence)
{
	const struct pending_client *guest = pending_of_sequence(sequence);

	state_save(carry, &sequence_state, sequence);
	if (guest)
		save_guest(carry, guest, sequence->has_run);
	if (aux_command_is_busy(&sequence->command))
		state_save(carry, &command_state, &sequence->command);
}

void save_instances(struct state_saver *carry, struct service_runtime *runtime)
{
	struct speaking speaking = { .count = 0 };

	save_notifies(carry, runtime, &speaking);
	LIST_EACH(link, &runtime->run->instances) {
		struct instance *instance = container_of(link, struct instance, link);
		struct notify_state *notice = instance->notice;

		save_instance(carry, runtime, instance);
		if (instance->outdated)
			save_outdated(carry, instance->outdated);
		if (notice && place_of(&speaking, notice->notify) >= 0)
			save_notice(carry, notice, place_of(&speaking, notice->notify));
		if (instance->sequence)
			save_course(carry, instance->sequence);
		if (forking_search(instance))
			state_save(carry, &search_state, forking_search(instance));
		if (instance->drain)
			state_save(carry, &drain_state, instance->drain);
	}
}
