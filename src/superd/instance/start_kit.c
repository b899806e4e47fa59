/* Keeps and frees start kits. A process that an instance left behind may still write to its pipe. So superd releases
 * a pipe (superd/log/output_pipe) and reads on; it does not close it. */
#include "superd/instance/start_kit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "os/socket/bind.h"
#include "superd/instance/instance_cgroup.h"
#include "superd/instance/start_resources.h"
#include "superd/log/xinetd_log_file.h"
#include "superd/loop/unreaped.h"
#include "superd/start/directories.h"

#define RESTING_MOST 64                 /* services without an instance that keep their kits */

void start_kit_init(struct start_kit *kit, struct engine *engine)
{
	kit->engine = engine;
	list_init(&kit->rest);
	list_init(&kit->shared);
}

void start_kit_wake(struct start_kit *kit)
{
	if (list_empty(&kit->rest))
		return;
	list_remove(&kit->rest);
	kit->engine->launch->resting_count--;
}

void start_kit_note_fault(struct start_kit *kit, const struct fault *fault)
{
	if (fault->error != ETIMEDOUT)
		return;
	kit->hung = true;
	if (kit->plan)
		kit->plan->may_hang = kit->plan->apart = true;
}

void start_kit_await_line(struct start_kit *kit, struct line_wait *waits)
{
	for (int n = 0; n < KIT_READ; n++) {
		if (kit->outputs[n])
			output_await(kit->outputs[n], &waits[n]);
	}
}

void start_kit_drop_notify(struct start_kit *kit)
{
	notify_release(kit->notify);
	kit->notify = NULL;
}

void start_kit_drop(struct start_kit *kit)
{
	LIST_EACH(link, &kit->shared)
		list_remove(link);
	plan_free(kit->plan);
	kit->plan = NULL;
}

void start_kit_free(struct start_kit *kit)
{
	start_kit_wake(kit);
	start_kit_drop(kit);
	start_kit_drop_notify(kit);
	for (int n = 0; n < KIT_OUTPUTS; n++) {
		output_release(kit->outputs[n]);
		kit->outputs[n] = NULL;
	}
}

void start_kit_name(struct start_kit *kit, pid_t pid)
{
	for (int n = 0; n < KIT_READ; n++) {
		if (kit->outputs[n])
			kit->outputs[n]->pid = pid;
	}
}

void start_kit_rest(struct start_kit *kit)
{
	struct start_resources *resources = kit->engine->launch;

	start_kit_name(kit, 0);         /* only processes that were left behind write now */
	if (list_empty(&kit->rest)) {
		list_add(&resources->resting, &kit->rest);
		resources->resting_count++;
	}
	if (resources->resting_count > RESTING_MOST)
		start_kit_free(container_of(resources->resting.next, struct start_kit, rest));
}

void start_kit_free_resting(struct engine *engine)
{
	cgroup_cache_close_all(engine);
	LIST_EACH(link, &engine->launch->resting)
		start_kit_free(container_of(link, struct start_kit, rest));
}

void start_kit_end_all(struct engine *engine)
{
	start_kit_free_resting(engine);
	output_end_all(engine);
}

const char *start_kit_last_line(const struct start_kit *kit)
{
	for (int n = 0; n < KIT_READ; n++) {
		if (kit->outputs[n] && *kit->outputs[n]->last_line)
			return kit->outputs[n]->last_line;
	}
	return "";
}

void start_kit_forget_line(struct start_kit *kit)
{
	for (int n = 0; n < KIT_READ; n++) {
		if (kit->outputs[n])
			*kit->outputs[n]->last_line = '\0';
	}
}

void start_kit_drain(struct start_kit *kit, bool last)
{
	for (int n = 0; n < KIT_READ; n++)
		output_drain(kit->outputs[n], last);
}
