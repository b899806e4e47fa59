/* Stops orphans by SIGTERM, then by SIGKILL. superd is not their parent and gets no SIGCHLD, so a timer checks them
 * while any is being stopped. */
#include "engine/orphans/orphan_end.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/scan.h"
#include "engine/core/fd_watch.h"
#include "engine/launch/instance_cgroup.h"
#include "engine/runtime/service_list.h"
#include "os/cgroup/cgroup.h"

#define CHECK_INTERVAL .05              /* seconds between two checks */
#define DEFAULT_TIMEOUT 10.             /* seconds from SIGTERM to SIGKILL if there is no entry */
#define KILL_TIMEOUT 5.                 /* seconds from SIGKILL until superd gives up */

void orphan_log(struct engine *engine, enum level level, const char *service, pid_t pid, const char *what)
{
	struct event event = { .name = "orphan", .service = service, .pid = pid };

	if (pid)
		log_event(engine->log, level, &event, "pid %ld, left by a superd that was killed, %s", (long)pid, what);
	else
		log_event(engine->log, level, &event, "a process left by a superd that was killed %s", what);
}

/* Lets services that wait for an address try again. */
static void retry_binding(struct engine *engine)
{
	struct service_list *service_list = engine->service_list;

	for (size_t n = 0; n < service_list->count; n++) {
		if (service_list->runtimes[n] && runtime_state(service_list->runtimes[n]) == BINDING)
			runtime_post(service_list->runtimes[n], TIMER);
	}
}

/* Checks an orphan. true: superd has finished with it: it has ended, or cannot be killed. */
static bool check_end(struct engine *engine, struct orphan *orphan)
{
	const char *service = orphan->service ? orphan->service : orphan->wanted_by;

	if (!cgroup_is_populated(orphan->group)) {
		cgroup_remove(orphan->group);
		orphan_log(engine, LEVEL_NOTICE, service, orphan->pid, "has ended");
		orphan_free(orphan);
		return true;
	}
	if (clock_now() < orphan->until)
		return false;
	if (orphan->killed) {
		orphan_log(engine, LEVEL_ERROR, service, orphan->pid, "was killed and does not end");
		orphan->ends = orphan->killed = false;
		return true;
	}
	orphan_log(engine, LEVEL_WARNING, service, orphan->pid, "has not ended in time: killed");
	cgroup_kill(orphan->group);
	orphan->killed = true;
	orphan->until = clock_now() + KILL_TIMEOUT;
	return false;
}

static void on_check_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct engine *engine = timer->data;
	bool any_left = false, any_ended = false;

	(void)events;
	LIST_EACH(link, &engine->orphans->list) {
		struct orphan *orphan = container_of(link, struct orphan, link);

		if (!orphan->ends)
			continue;
		if (check_end(engine, orphan))
			any_ended = true;
		else
			any_left = true;
	}
	if (!any_left)
		ev_timer_stop(loop, timer);
	if (!any_ended)
		return;
	instance_cgroups_sweep(engine);
	if (!engine->stopping)
		retry_binding(engine);
	watch_wake_changes(engine);     /* the operator who waits may see all sockets open already */
}

void orphan_end(struct engine *engine, struct orphan *orphan, const struct service *entry, const char *wanted_by)
{
	const struct lifecycle_options *lifecycle = entry ? entry->groups->lifecycle : NULL;
	bool has_limit = lifecycle && lifecycle->timeout_stop != SCAN_INFINITY;

	free(orphan->wanted_by);
	orphan->wanted_by = strdup(wanted_by);
	orphan->ends = true;
	orphan->killed = false;
	orphan->until = clock_now() + (has_limit ? (double)lifecycle->timeout_stop / 1e6 : DEFAULT_TIMEOUT);
	cgroup_signal(orphan->group, lifecycle ? lifecycle->kill_signal : SIGTERM);
	cgroup_signal(orphan->group, SIGCONT);
	cgroup_thaw(orphan->group);     /* a frozen group gets the signal only when it is thawed */
	if (ev_is_active(&engine->orphans->check_timer))
		return;
	ev_timer_init(&engine->orphans->check_timer, on_check_timer, CHECK_INTERVAL, CHECK_INTERVAL);
	engine->orphans->check_timer.data = engine;
	ev_timer_start(engine->loop, &engine->orphans->check_timer);
}

bool orphans_are_ending(const struct service_runtime *runtime)
{
	LIST_EACH(link, &runtime->engine->orphans->list) {
		const struct orphan *orphan = container_of(link, struct orphan, link);

		if (orphan->ends && orphan->wanted_by && !strcmp(orphan->wanted_by, runtime->service->name))
			return true;
	}
	return false;
}

void orphans_free(struct engine *engine)
{
	ev_timer_stop(engine->loop, &engine->orphans->check_timer);
	LIST_EACH(link, &engine->orphans->list)
		orphan_free(container_of(link, struct orphan, link));
}
