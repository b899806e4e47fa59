/* Freezes and thaws an instance. No process may stay frozen: all code that stops an instance, leaves it to itself, or
 * cancels a freeze calls instance_thaw. No client may be lost: once the state is FROZEN, superd watches the listeners
 * again, level-triggered. */
#include "superd/stop/freeze.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/duration_text.h"
#include "os/proc/process.h"
#include "superd/stop/queue_notes.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/relay.h"
#include "superd/instance/thaw.h"
#include "superd/loop/fd_watch.h"
#include "superd/stop/freeze_fds.h"
#include "superd/stop/reclaim.h"

/* Seconds. */
#define LOOK_FIRST 0.001                /* between two looks, at first */
#define LOOK_LAST 0.05                  /* between two looks, at most */
#define FREEZE_SECONDS 2.0              /* of waiting; all processes must stand still by then */

static struct service_runtime *runtime_of(const struct freeze *freeze)
{
	return freeze->instance->context;
}

static struct freeze *freeze_of_current(const struct service_runtime *runtime)
{
	return runtime_current(runtime) ? runtime_current(runtime)->freeze : NULL;
}

static void pause_limits(struct freeze *freeze)
{
	struct instance *instance = freeze->instance;
	struct ev_loop *loop = instance->engine->loop;

	freeze->limit = 0;
	if (ev_is_active(&instance->limit.timer)) {   /* one that is due goes off though it is frozen */
		freeze->limit = ev_timer_remaining(loop, &instance->limit.timer);
		ev_timer_stop(loop, &instance->limit.timer);
	}
	if (instance->notice)
		watchdog_pause(instance->notice, true);
}

/* Logs once why its memory was not handed back. */
static void end_reclaim(struct freeze *freeze)
{
	const struct service_runtime *runtime = runtime_of(freeze);
	struct event event = { .name = "memory", .service = runtime->service->name, .pid = freeze->instance->pid };
	int error = reclaim_end(freeze->reclaim);

	freeze->reclaim = NULL;
	if (!error || freeze->is_reclaim_logged)
		return;
	freeze->is_reclaim_logged = true;
	log_event(runtime->engine->log, LEVEL_WARNING, &event, "freeze_reclaim: its memory was not handed back: %s",
		  strerror(error));
}

/* Frees what it needed only while it was frozen. */
static void release_freeze(struct freeze *freeze)
{
	freeze->is_operators = false;
	end_reclaim(freeze);
	freeze_fds_free(freeze->watch);
	freeze->watch = NULL;
}

void freeze_release(struct service_runtime *runtime)
{
	LIST_EACH(link, runtime_instances(runtime)) {
		struct freeze *freeze = container_of(link, struct instance, link)->freeze;

		if (freeze && !freeze->is_under_way && freeze->since <= 0)
			release_freeze(freeze);
	}
}

static void thaw_instance(struct instance *instance)
{
	instance_thaw(instance);
	release_freeze(instance->freeze);
}

void freeze_forget(struct instance *instance)
{
	struct freeze *freeze = instance->freeze;

	if (!freeze)
		return;
	thaw_instance(instance);
	ev_timer_stop(instance->engine->loop, &freeze->again);
	instance->freeze = NULL;
	free(freeze->sockets);
	free(freeze);
}

/* A lack of /proc is logged once for all services, any other failure once for this instance. */
static void say_failure(struct freeze *freeze)
{
	bool blind = freeze->freezer.error && !freeze->freezer.group && !process_list_is_possible();
	bool *is_logged = blind ? &freeze->instance->engine->freezes->no_proc_logged : &freeze->is_logged;
	struct buf what = { 0 };
	char limit[DURATION_MOST];

	duration_write(limit, FREEZE_SECONDS);
	if (freeze->freezer.error == E2BIG)
		buf_addf(&what, "cannot be frozen: it has more than %d processes, or starts new ones all the time",
			 PROCESS_TREE_MOST);
	else if (blind)
		buf_text(&what, "cannot be frozen: its processes are found by /proc only, which is not there");
	else if (freeze->freezer.error)
		buf_addf(&what, "cannot be frozen: %s", strerror(freeze->freezer.error));
	else if (freeze->freezer.moving)
		buf_addf(&what, "cannot be frozen: process %ld of it did not stop within %s",
			 (long)freeze->freezer.moving, limit);
	else
		buf_addf(&what, "cannot be frozen: its processes did not stop within %s", limit);
	instance_log_freeze(freeze->instance, *is_logged && !freeze->is_operators ? LEVEL_DEBUG : LEVEL_WARNING,
			    "unfrozen", buf_string(&what));
	*is_logged = true;
	buf_free(&what);
}

static void give_up_freezing(struct freeze *freeze)
{
	struct service_runtime *runtime = runtime_of(freeze);

	say_failure(freeze);
	thaw_instance(freeze->instance);
	watch_wake_changes(runtime->engine);
	runtime_post(runtime, SETTLED);
}

/* An operator's order counts more than the wish of the caller of freeze_begin. */
static void finish_freezing(struct freeze *freeze)
{
	freeze->is_under_way = false;
	freeze->since = clock_now();
	runtime_post(runtime_of(freeze), freeze->is_operators ? STILLED : SETTLED);
}

static void look_later(struct freeze *freeze)
{
	unsigned looks = freeze->freezer.looks;
	double wait = looks < 5 ? LOOK_FIRST : looks < 10 ? LOOK_FIRST * (double)(1u << (looks - 4)) : LOOK_LAST;

	freeze->waited += wait;
	ev_timer_set(&freeze->next, wait, 0.);
	ev_timer_start(freeze->instance->engine->loop, &freeze->next);
}

static void on_next(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct freeze *freeze = timer->data;
	enum freezing freezing = freeze->has_failed ? FREEZER_FAILED : freezer_look(&freeze->freezer);

	(void)loop, (void)events;
	if (freezing == FREEZER_STILL)
		finish_freezing(freeze);
	else if (freezing == FREEZER_FAILED || freeze->waited > FREEZE_SECONDS)
		give_up_freezing(freeze);
	else
		look_later(freeze);
}

static struct freeze *make_freeze(struct instance *instance)
{
	struct freeze *freeze = instance->freeze;

	if (freeze)
		return freeze;
	freeze = calloc(1, sizeof(*freeze));
	if (!freeze)
		return NULL;
	freeze->instance = instance;
	ev_init(&freeze->next, on_next);
	freeze->next.data = freeze;
	instance->freeze = freeze;
	return freeze;
}

/* NULL: the current instance can be frozen, as nothing is under way with it. */
static const char *find_obstacle(const struct service_runtime *runtime)
{
	const struct instance *instance = runtime_current(runtime);

	if (runtime_state(runtime) == FROZEN)
		return "it is frozen already";
	if (runtime_state(runtime) == STARTING || runtime_state(runtime) == QUEUED)
		return "it is starting: it can be frozen when it is ready";
	if (runtime_state(runtime) == STOPPING)
		return "it is about to end";
	if (runtime_state(runtime) != RUNNING || !instance || instance->child.pid <= 0)
		return "no process of it runs";
	if (instance->facts.stopped || instance_is_clearing(instance) ||
	    (instance->notice && instance->notice->stopping))
		return "it is about to end";
	if (instance_command(instance) > 0)
		return "a command beside it runs";
	if (instance->notice && instance->notice->reloading)
		return "it reloads";
	return NULL;
}

/* An orphan may belong to any instance. A process that another instance is known by, or that has its group or session,
 * belongs to that one. */
static bool is_others(void *context, pid_t pid)
{
	const struct instance *instance = context;
	const struct child *child = child_table_find(&instance->engine->children, pid);
	pid_t group = getpgid(pid), session = getsid(pid);

	if (child)
		return child != &instance->child;
	if (group == instance->groups.group || session == instance->groups.group)
		return false;
	return instance_has_group(instance->engine, group) || instance_has_group(instance->engine, session);
}

/* false: out of memory. */
static bool init_freezer(struct freeze *freeze, struct freezer *freezer)
{
	struct instance *instance = freeze->instance;
	struct process_tree_root root = {
		.main = instance->child.pid, .groups = { instance->groups.group, instance->groups.former },
		.proof = instance_proof(instance),
		.is_others = is_others, .context = instance,
	};

	free(freeze->sockets);
	root.sockets = freeze->sockets = runtime_list_sockets(runtime_of(freeze), &root.socket_count);
	if (freeze->sockets)
		freezer_init(freezer, instance->cgroup.path, &root);
	return freeze->sockets;
}

/* Adds the relay to the list: what it has connected to the program is no client of its own. */
static pid_t *add_relay(pid_t *pids, const struct relay_process *relay)
{
	size_t count = 0;
	pid_t *list;

	if (!pids || !relay || !relay->child.pid)
		return pids;
	while (pids[count])
		count++;
	list = reallocarray(pids, count + 2, sizeof(*pids));
	if (!list) {
		free(pids);
		return NULL;
	}
	list[count] = relay->child.pid;
	list[count + 1] = 0;
	return list;
}

pid_t *freeze_list_processes(struct service_runtime *runtime)
{
	struct freeze *freeze = runtime_current(runtime) ? make_freeze(runtime_current(runtime)) : NULL;
	struct freezer freezer;
	pid_t *pids = NULL;

	if (!freeze)
		return NULL;
	if (freeze->is_under_way || freeze->since > 0)
		return add_relay(freezer_list(&freeze->freezer), freeze->instance->relay);
	if (!init_freezer(freeze, &freezer))
		return NULL;
	if (freezer.group || process_tree_scan(&freezer.tree, &freezer.root))
		pids = freezer_list(&freezer);
	freezer_free(&freezer);
	return add_relay(pids, freeze->instance->relay);
}

/* true: the looks have begun. */
static bool begin_freezing(struct service_runtime *runtime)
{
	struct freeze *freeze = make_freeze(runtime_current(runtime));

	if (!freeze || !init_freezer(freeze, &freeze->freezer))
		return false;
	ev_timer_stop(runtime->engine->loop, &freeze->again);
	freeze->waited = 0;
	freeze->is_under_way = true;
	freeze->is_operators = false;
	pause_limits(freeze);
	relay_freeze(freeze->instance, true);
	freeze->has_failed = freezer_look(&freeze->freezer) == FREEZER_FAILED;
	look_later(freeze);
	return true;
}

bool freeze_begin(struct service_runtime *runtime)
{
	const struct freeze *freeze = freeze_of_current(runtime);

	return !(freeze && (freeze->is_under_way || freeze->since > 0)) && !find_obstacle(runtime) &&
	       begin_freezing(runtime);
}

void freeze_thaw(struct service_runtime *runtime)
{
	if (freeze_of_current(runtime))
		thaw_instance(runtime_current(runtime));
}

bool freeze_is_frozen(const struct service_runtime *runtime)
{
	return freeze_of_current(runtime) && freeze_of_current(runtime)->since > 0;
}

double freeze_last_thaw(const struct service_runtime *runtime)
{
	return freeze_of_current(runtime) ? freeze_of_current(runtime)->last_thaw : 0;
}

bool freeze_is_operators(const struct service_runtime *runtime)
{
	return freeze_of_current(runtime) && freeze_of_current(runtime)->is_operators;
}

bool freeze_is_under_way(const struct service_runtime *runtime)
{
	return freeze_of_current(runtime) && freeze_of_current(runtime)->is_under_way;
}

bool freeze_hold(struct service_runtime *runtime, struct buf *why)
{
	const char *obstacle = find_obstacle(runtime);

	if (!obstacle && !freeze_is_under_way(runtime) && !freeze_is_frozen(runtime) && !begin_freezing(runtime))
		obstacle = "out of memory";
	if (obstacle) {
		buf_text(why, obstacle);
		return false;
	}
	freeze_of_current(runtime)->is_operators = true;
	if (freeze_is_frozen(runtime))
		runtime_post(runtime, STILLED);
	return true;
}

bool freeze_watches_all(const struct service_runtime *runtime)
{
	return !freeze_of_current(runtime) || !freeze_of_current(runtime)->is_unwatched;
}

/* Some connections are not watched, so the instance goes on, and from now on quiet ones keep it awake, too. */
static void on_missed(struct service_runtime *runtime)
{
	struct event event = { .name = "unwatched", .service = runtime->service->name };

	if (!freeze_is_frozen(runtime))
		return;
	freeze_of_current(runtime)->is_unwatched = true;
	event.pid = runtime_current(runtime)->pid;
	log_event(runtime->engine->log, LEVEL_WARNING, &event,
		  "pid %ld stays awake while any client is connected: superd cannot watch its quiet connections",
		  (long)event.pid);
	runtime_post(runtime, ACTIVITY);
}

/* Clients whose connections were quiet are still connected. */
static bool sleeps_with_clients(const struct freeze *freeze)
{
	const struct lifecycle_options *lifecycle = runtime_of(freeze)->service->groups->lifecycle;

	return !freeze->is_operators && lifecycle->idle_means == IDLE_MEANS_QUIET &&
	       lifecycle->idle_action == IDLE_FREEZE;
}

/* Both look at all that the backend has, so they are done once, and only when it really sleeps. */
static void watch_and_reclaim(struct freeze *freeze)
{
	struct service_runtime *runtime = runtime_of(freeze);
	pid_t *pids = freezer_list(&freeze->freezer);

	if (!pids)
		return;
	freeze->watch = freeze_fds_new(runtime, pids, sleeps_with_clients(freeze) ? on_missed : NULL);
	if (!freeze->watch && sleeps_with_clients(freeze))
		on_missed(runtime);
	if (runtime->service->groups->lifecycle->freeze_reclaim)
		freeze->reclaim = reclaim_begin(runtime, pids, freeze->freezer.group);
	free(pids);
}

bool freeze_sleep(struct service_runtime *runtime)
{
	struct freeze *freeze = freeze_of_current(runtime);

	if (!freeze || freeze->since <= 0)
		return false;
	runtime->run->stats.freezes++;
	accept_latency_end(runtime, runtime->run->standby_sockets ? UINT_MAX : queue_notes_count(runtime));
	instance_log_freeze(freeze->instance, freeze->is_operators ? LEVEL_NOTICE : LEVEL_INFO, "frozen",
			    freeze->is_operators ? "is frozen" : "is frozen until a client connects");
	watch_and_reclaim(freeze);
	return true;
}

static void say_wake(struct service_runtime *runtime, pid_t pid, double slept)
{
	char *by = runtime->run->start_by;
	struct event event = {
		.name = "thawed", .service = runtime->service->name, .pid = pid, .has_duration = true,
		.duration = slept,
	};
	char span[DURATION_MOST];

	log_event(runtime->engine->log, LEVEL_INFO, &event, "pid %ld thawed after %s%s%s", (long)pid,
		  duration_write(span, slept), *by ? ", by " : "", by);
	*by = '\0';
}

void freeze_wake(struct service_runtime *runtime)
{
	struct freeze *freeze = freeze_of_current(runtime);
	double now = clock_now(), slept;
	bool awaited;

	if (!freeze || freeze->since <= 0)
		return;
	slept = now - freeze->since;
	awaited = queue_notes_sees_clients(runtime);
	thaw_instance(freeze->instance);
	if (!runtime->engine->quiet) {  /* an upgrade is no wake */
		struct history_wake wake = { .at = now, .delay = -1, .thawed = true, .slept = (float)slept };

		memcpy(wake.by, runtime->run->start_by, sizeof(wake.by));
		history_add_wake(&runtime->run->history, &wake);
		runtime->run->stats.wakes++;
		freeze->last_thaw = now;
	}
	say_wake(runtime, freeze->instance->pid, slept);
	if (awaited)
		accept_latency_begin_thawed(runtime, now);
}
