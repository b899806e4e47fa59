/* Freezes and thaws an instance. No process may stay frozen: everything that ends an instance, or parts it from its
 * keeper, calls its `thaw`, and so does everything that ends a freezing half way. No client may be lost: once the
 * state is FROZEN the listeners are watched again, level triggered. */
#include "engine/freeze/frost.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration_text.h"
#include "engine/core/watch.h"
#include "engine/freeze/frost_watch.h"
#include "engine/freeze/reclaim.h"
#include "engine/instance/notice.h"
#include "engine/instance/watchdog.h"
#include "engine/queue/judge.h"
#include "engine/queue/taking.h"
#include "exec/processes/freezer.h"
#include "os/proc/process.h"

/* Seconds. */
#define SOON 0.001                      /* between two looks, at first */
#define LATEST 0.05                     /* between two looks, at most */
#define PATIENCE_FOR_STOP 2.0           /* all processes must stand still by then */
#define NAP 5.                          /* a sleep shorter than this is a nap */
#define FIRST 1.                        /* time awake after the first nap */
#define LONGEST 300.                    /* time awake at most */

struct frost {
	struct instance *instance;
	struct freezer freezer;
	struct process_tree_root root;  /* where the search for its processes starts */
	struct file_id *sockets;        /* sockets of the listeners, for root */
	ev_timer next;                  /* the next look */
	double began, frozen;           /* loop time; frozen 0: not all processes stand still */
	void (*settled)(struct keeper *keeper, bool frozen);
	bool is_under_way;
	bool is_operators;              /* an operator has ordered it (frost_hold) */
	bool is_told;                   /* it was logged that the instance cannot be frozen */
	bool is_memory_told;            /* it was logged that its memory cannot be handed back */
	bool has_failed;                /* the first look has failed */
	double limit;                   /* rest of the instance's time limit, seconds; 0: it had none */
	struct frost_watch *watch;      /* NULL: only the listeners are watched */
	struct reclaim *reclaim;        /* hands its memory back (freeze_reclaim); NULL: nothing does */
};

static struct keeper *keeper_of(const struct frost *frost)
{
	return frost->instance->context;
}

static struct frost *find(const struct keeper *keeper)
{
	return keeper->activity && keeper->activity->current ? keeper->activity->current->frost : NULL;
}

static void pause_limits(struct frost *frost)
{
	struct instance *instance = frost->instance;
	struct ev_loop *loop = instance->engine->loop;

	frost->limit = 0;
	if (ev_is_active(&instance->timer)) {   /* one that is due goes off though it is frozen */
		frost->limit = ev_timer_remaining(loop, &instance->timer);
		ev_timer_stop(loop, &instance->timer);
	}
	if (instance->notice)
		watchdog_rest(instance->notice);
}

/* An instance that is being stopped by now has another limit. */
static void resume_limits(struct frost *frost)
{
	struct instance *instance = frost->instance;

	if (instance->notice)
		watchdog_resume(instance->notice);
	if (frost->limit > 0 && !instance->stopping && instance->child.pid > 0)
		instance_limit(instance, (int64_t)(frost->limit * 1e6) + 1);
}

/* Logs once why its memory was not handed back. */
static void end_page_out(struct frost *frost)
{
	const struct keeper *keeper = keeper_of(frost);
	struct event event = { .name = "memory", .service = keeper->service->name, .pid = frost->instance->pid };
	int error = reclaim_end(frost->reclaim);

	frost->reclaim = NULL;
	if (!error || frost->is_memory_told)
		return;
	frost->is_memory_told = true;
	log_event(keeper->engine->log, LEVEL_WARNING, &event, "freeze_reclaim: its memory was not handed back: %s",
		  strerror(error));
}

static void say(const struct frost *frost, enum level level, const char *name, const char *what)
{
	const struct keeper *keeper = keeper_of(frost);
	struct event event = {
		.name = name, .service = keeper->service->name, .pid = frost->instance->pid, .reason = what,
	};

	log_event(keeper->engine->log, level, &event, "pid %ld %s", (long)event.pid, what);
}

/* Thaws the processes before anything else. The copies of their sockets may have used up the descriptors, so a spare
 * one is given up where that fails. */
static void thaw(struct instance *instance)
{
	struct frost *frost = instance->frost;

	if (!frost->is_under_way && frost->frozen <= 0)
		return;
	if (!freezer_thaw(&frost->freezer)) {
		engine_drop_spare(instance->engine);
		if (!freezer_thaw(&frost->freezer))
			say(frost, LEVEL_ERROR, "unfrozen", "stands still: its control group can't be told to go on");
		engine_keep_spare(instance->engine);
	}
	freezer_free(&frost->freezer);
	ev_timer_stop(instance->engine->loop, &frost->next);
	frost->is_under_way = frost->is_operators = false;
	frost->frozen = 0;
	frost->settled = NULL;
	end_page_out(frost);
	frost_watch_free(frost->watch);
	frost->watch = NULL;
	resume_limits(frost);
}

void frost_forget(struct instance *instance)
{
	struct frost *frost = instance->frost;

	if (!frost)
		return;
	thaw(instance);
	instance->frost = NULL;
	free(frost->sockets);
	free(frost);
}

/* A lack of /proc is logged once for all services, any other failure once for this instance. */
static void say_failure(struct frost *frost)
{
	bool blind = frost->freezer.error && !frost->freezer.group && !process_list_is_possible();
	bool *is_told = blind ? &frost->instance->engine->blindness_said : &frost->is_told;
	struct buf what = { 0 };

	if (frost->freezer.error == E2BIG)
		buf_addf(&what, "cannot be frozen: it has more than %d processes, or makes them without end",
			 PROCESS_TREE_MOST);
	else if (blind)
		buf_text(&what, "cannot be frozen: its processes are found by /proc only, which is not there");
	else if (frost->freezer.error)
		buf_addf(&what, "cannot be frozen: %s", strerror(frost->freezer.error));
	else if (frost->freezer.moving)
		buf_addf(&what, "cannot be frozen: process %ld of it did not stop within %.0f s",
			 (long)frost->freezer.moving, PATIENCE_FOR_STOP);
	else
		buf_addf(&what, "cannot be frozen: its processes did not stop within %.0f s", PATIENCE_FOR_STOP);
	say(frost, *is_told && !frost->is_operators ? LEVEL_DEBUG : LEVEL_WARNING, "unfrozen", buf_string(&what));
	*is_told = true;
	buf_free(&what);
}

static void give_up(struct frost *frost)
{
	struct keeper *keeper = keeper_of(frost);
	void (*settled)(struct keeper *keeper, bool frozen) = frost->settled;

	say_failure(frost);
	thaw(frost->instance);
	watch_wake_changes(keeper->engine);
	if (settled)
		settled(keeper, false);
}

/* An operator's order counts more than the wish of the caller of frost_begin. */
static void settle(struct frost *frost)
{
	struct keeper *keeper = keeper_of(frost);
	void (*settled)(struct keeper *keeper, bool frozen) = frost->settled;
	bool is_operators = frost->is_operators;

	frost->is_under_way = false;
	frost->frozen = clock_now();
	frost->settled = NULL;
	if (is_operators)
		keeper_post(keeper, STILLED);
	else if (settled)
		settled(keeper, true);
}

static void look_later(struct frost *frost)
{
	double wait = frost->freezer.looks < 5 ? SOON : SOON * (double)(1u << (frost->freezer.looks - 4) % 16);

	ev_timer_set(&frost->next, wait < LATEST ? wait : LATEST, 0.);
	ev_timer_start(frost->instance->engine->loop, &frost->next);
}

static void on_next(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct frost *frost = timer->data;
	enum freezing freezing = frost->has_failed ? FREEZER_FAILED : freezer_look(&frost->freezer);

	(void)loop, (void)events;
	if (freezing == FREEZER_STILL)
		settle(frost);
	else if (freezing == FREEZER_FAILED || clock_now() - frost->began > PATIENCE_FOR_STOP)
		give_up(frost);
	else
		look_later(frost);
}

static struct frost *make(struct instance *instance)
{
	struct frost *frost = instance->frost;

	if (frost)
		return frost;
	frost = calloc(1, sizeof(*frost));
	if (!frost)
		return NULL;
	frost->instance = instance;
	ev_init(&frost->next, on_next);
	frost->next.data = frost;
	instance->frost = frost;
	instance->thaw = thaw;
	return frost;
}

/* NULL: the current instance can be frozen, as nothing is under way with it. */
static const char *find_obstacle(const struct keeper *keeper)
{
	const struct instance *instance = keeper->activity ? keeper->activity->current : NULL;

	if (keeper->state == FROZEN)
		return "it is frozen already";
	if (keeper->state != RUNNING || !instance || instance->child.pid <= 0)
		return "nothing of it runs";
	if (instance->stopping || instance->clears || (instance->notice && instance->notice->stopping))
		return "it is about to end";
	if (instance->control > 0)
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
	const struct child *child = children_find(&instance->engine->children, pid);
	pid_t group = getpgid(pid), session = getsid(pid);

	if (child)
		return child != &instance->child;
	if (group == instance->group || session == instance->group)
		return false;
	return instance_has_group(instance->engine, group) || instance_has_group(instance->engine, session);
}

static bool take_sockets(struct frost *frost)
{
	const struct keeper *keeper = keeper_of(frost);
	struct stat status;
	size_t count = 0;

	free(frost->sockets);
	frost->sockets = calloc(keeper->listener_count + 1, sizeof(*frost->sockets));
	for (size_t n = 0; frost->sockets && n < keeper->listener_count; n++) {
		if (listener_is_open(&keeper->listeners[n]) && fstat(keeper->listeners[n].io.fd, &status) == 0)
			frost->sockets[count++] = (struct file_id){ status.st_dev, status.st_ino };
	}
	frost->root.sockets = frost->sockets;
	frost->root.socket_count = count;
	return frost->sockets;
}

static bool find_processes(struct frost *frost)
{
	struct instance *instance = frost->instance;

	frost->root = (struct process_tree_root){
		.main = instance->child.pid, .groups = { instance->group, instance->former_group },
		.first = instance->service->exec->pass == PASS_SYSTEMD ? instance->pid : 0,
		.is_others = is_others, .context = instance,
	};
	return take_sockets(frost);
}

/* true: the looks have begun. */
static bool begin(struct keeper *keeper)
{
	struct frost *frost = make(keeper->activity->current);

	if (!frost || !find_processes(frost))
		return false;
	freezer_init(&frost->freezer, frost->instance->cgroup.path, &frost->root);
	frost->began = clock_now();
	frost->is_under_way = true;
	frost->is_operators = false;
	frost->settled = NULL;
	pause_limits(frost);
	frost->has_failed = freezer_look(&frost->freezer) == FREEZER_FAILED;
	look_later(frost);
	return true;
}

bool frost_begin(struct keeper *keeper, void (*settled)(struct keeper *keeper, bool frozen))
{
	struct frost *frost = find(keeper);

	if ((frost && (frost->is_under_way || frost->frozen > 0)) || find_obstacle(keeper) || !begin(keeper))
		return false;
	find(keeper)->settled = settled;
	return true;
}

void frost_thaw(struct keeper *keeper)
{
	if (find(keeper))
		thaw(keeper->activity->current);
}

bool frost_is_frozen(const struct keeper *keeper)
{
	return find(keeper) && find(keeper)->frozen > 0;
}

bool frost_is_under_way(const struct keeper *keeper)
{
	return find(keeper) && find(keeper)->is_under_way;
}

bool frost_hold(struct keeper *keeper, struct buf *why)
{
	const char *obstacle = find_obstacle(keeper);

	if (!obstacle && !frost_is_under_way(keeper) && !frost_is_frozen(keeper) && !begin(keeper))
		obstacle = "out of memory";
	if (obstacle) {
		buf_text(why, obstacle);
		return false;
	}
	find(keeper)->is_operators = true;
	if (!keeper->freezes)
		keeper->activity->frozen = 0;
	if (frost_is_frozen(keeper))
		keeper_post(keeper, STILLED);
	return true;
}

static void on_data(struct keeper *keeper)
{
	keeper_post(keeper, ACTIVITY);
}

/* Both look at all that the backend has, so they are done once, and only when it really sleeps. */
static void watch_and_page_out(struct frost *frost)
{
	struct keeper *keeper = keeper_of(frost);
	pid_t *pids = freezer_list(&frost->freezer);

	if (!pids)
		return;
	frost->watch = frost_watch_new(keeper, pids, on_data);
	if (keeper->service->groups->lifecycle->freeze_reclaim)
		frost->reclaim = reclaim_begin(keeper->engine, pids, frost->freezer.group);
	free(pids);
}

bool frost_sleep(struct keeper *keeper)
{
	struct frost *frost = find(keeper);

	if (!frost || frost->frozen <= 0)
		return false;
	if (keeper->activity->frozen > 0)
		frost->frozen = keeper->since = keeper->activity->frozen;
	else
		keeper->activity->freezes++;
	keeper->activity->frozen = 0;
	taking_end(keeper);
	say(frost, frost->is_operators ? LEVEL_NOTICE : LEVEL_INFO, "frozen",
	    frost->is_operators ? "is frozen" : "is frozen until somebody comes");
	watch_and_page_out(frost);
	return true;
}

static void say_wake(const struct keeper *keeper, pid_t pid, double slept)
{
	struct event event = {
		.name = "thawed", .service = keeper->service->name, .pid = pid, .has_duration = true,
		.duration = slept,
	};
	char span[DURATION_MOST];

	log_event(keeper->engine->log, LEVEL_INFO, &event, "pid %ld goes on after %s", (long)pid,
		  duration_write(span, slept));
}

/* Damps the freezing of a backend that flaps. After a short sleep (a nap) the backend is kept awake, each time for
 * twice as long; a sleep is short if it lasted less than NAP or less than the time the backend was kept awake before
 * it. */
void frost_note_sleep(struct activity *activity, double slept)
{
	bool is_nap = slept < NAP || slept < activity->wakeful;
	double longer = activity->wakeful > 0 ? 2 * activity->wakeful : FIRST;

	activity->wakeful = !is_nap ? 0 : longer < LONGEST ? longer : LONGEST;
	activity->woken = clock_now();
}

double frost_rested(const struct activity *activity)
{
	return activity->wakeful > 0 ? activity->woken + activity->wakeful : 0;
}

void frost_wake(struct keeper *keeper)
{
	struct frost *frost = find(keeper);
	double now = clock_now(), slept;
	bool awaited;

	if (!frost || frost->frozen <= 0)
		return;
	slept = now - frost->frozen;
	awaited = judge_sees_clients(keeper);
	thaw(frost->instance);
	keeper->activity->wakes++;
	frost_note_sleep(keeper->activity, slept);
	say_wake(keeper, frost->instance->pid, slept);
	if (awaited)
		taking_begin_thawed(keeper, now);
}

/* If an idle_timeout had frozen the backend, engine/idle/idle looks for clients once more and freezes it again. */
bool frost_set_aside(struct keeper *keeper)
{
	const struct frost *frost = find(keeper);

	if (!frost || (frost->frozen <= 0 && !frost->is_under_way))
		return false;
	keeper->freezes = frost->is_operators;
	keeper->activity->frozen = keeper->state == FROZEN ? frost->frozen : 0;
	return true;
}
