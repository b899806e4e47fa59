/* The life of one backend after its start. The hard thing is its end: the first process may go while children of
 * its group still serve or hang; a stop is over only when kill(2) finds nobody of the group. */
#include "engine/instance.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/scan.h"

static bool group_lives(const struct instance *instance)
{
	return instance->group > 1 && (kill(-instance->group, 0) == 0 || errno == EPERM);
}

static void finish(struct instance *instance)
{
	struct ending ending = {
		.status = instance->status,
		.lasted = ev_now(instance->engine->loop) - instance->since,
		.stopped = instance->stopping && !instance->failed,
	};

	ev_timer_stop(instance->engine->loop, &instance->timer);
	list_remove(&instance->linger);
	list_remove(&instance->link);
	if (instance->counted)
		gate_leave(&instance->engine->sources, instance->gate, instance->source);
	instance->engine->instances--;
	instance->on_end(instance, &ending);
}

static void on_ended(struct child *child, int status)
{
	struct instance *instance = container_of(child, struct instance, child);

	instance->status = status;
	if (instance->kin && instance->find_daemon(instance, status))
		return;
	child->pid = 0;
	if (instance->stopping && instance->service->life->kill_mode != KILL_PROCESS && group_lives(instance)) {
		if (instance->service->life->kill_mode == KILL_MIXED)
			instance_kill(instance);
		list_add(&instance->engine->lingering, &instance->linger);
		return;
	}
	finish(instance);
}

/* kill_mode = none: it has had its time to end, and runs on as a stranger. */
static void let_go(struct instance *instance)
{
	children_remove(&instance->engine->children, &instance->child);
	finish(instance);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct instance *instance = timer->data;

	(void)loop, (void)events;
	instance->on_limit(instance);
}

void instance_expire(struct instance *instance)
{
	if (!instance->stopping)
		instance_stop(instance);
	else if (instance->service->life->kill_mode == KILL_NONE)
		let_go(instance);
	else
		instance_kill(instance);
}

struct instance *instance_new(struct engine *engine, const struct service *service)
{
	struct instance *instance = calloc(1, sizeof(*instance));

	if (!instance)
		return NULL;
	engine->made++;
	instance->engine = engine;
	instance->service = service;
	instance->child.ended = on_ended;
	list_init(&instance->link);
	list_init(&instance->linger);
	list_init(&instance->seeking);
	ev_init(&instance->timer, on_timer);
	instance->timer.data = instance;
	return instance;
}

bool instance_begin(struct instance *instance, pid_t pid)
{
	instance->child.pid = pid;
	instance->pid = instance->group = pid;
	instance->since = ev_now(instance->engine->loop);
	instance->starting = instance->service->what->type == TYPE_FORKING;
	if (!children_add(&instance->engine->children, &instance->child)) {
		kill(-pid, SIGKILL);
		return false;
	}
	instance->engine->instances++;
	return true;
}

void instance_limit(struct instance *instance, int64_t microseconds)
{
	ev_timer_stop(instance->engine->loop, &instance->timer);
	if (microseconds <= 0 || microseconds == SCAN_INFINITY)
		return;
	ev_timer_set(&instance->timer, (double)microseconds / 1e6, 0.);
	ev_timer_start(instance->engine->loop, &instance->timer);
}

static void signal_instance(struct instance *instance, int signal, bool group)
{
	if (group && instance->group > 1 && kill(-instance->group, signal) == 0)
		return;
	if (instance->child.pid > 1)    /* it may have made a group of its own */
		kill(instance->child.pid, signal);
}

void instance_stop(struct instance *instance)
{
	const struct life *life = instance->service->life;

	if (instance->stopping)
		return;
	instance->stopping = true;
	instance_limit(instance, life->timeout_stop ? life->timeout_stop : 1);
	if (life->kill_mode == KILL_NONE)
		return;
	signal_instance(instance, life->kill_signal, life->kill_mode == KILL_GROUP);
	signal_instance(instance, SIGCONT, life->kill_mode == KILL_GROUP); /* a stopped process hears nothing else */
}

void instance_kill(struct instance *instance)
{
	instance->stopping = instance->killed = true;
	ev_timer_stop(instance->engine->loop, &instance->timer);
	signal_instance(instance, SIGKILL, instance->service->life->kill_mode != KILL_PROCESS);
	if (instance->child.pid > 1)
		kill(instance->child.pid, SIGKILL);
}

void instance_free(struct instance *instance)
{
	if (!instance)
		return;
	ev_timer_stop(instance->engine->loop, &instance->timer);
	if (instance->kin)
		instance->forget_daemon(instance);
	if (instance->channel)
		instance->close_channel(instance);
	children_remove(&instance->engine->children, &instance->child);
	instance->engine->made--;
	free(instance);
}

void instance_sweep(struct engine *engine)
{
	LIST_EACH(link, &engine->lingering) {
		struct instance *instance = container_of(link, struct instance, linger);

		if (!group_lives(instance))
			finish(instance);
	}
}

static void for_all(struct engine *engine, void (*act)(struct instance *instance))
{
	for (size_t n = 0; n < engine->children.size; n++) {
		for (struct child *child = engine->children.buckets[n]; child; child = child->next) {
			if (child->ended == on_ended)
				act(container_of(child, struct instance, child));
		}
	}
}

/* Those that follow nobody for the moment are not among the children. */
static void for_all_starting(struct engine *engine, void (*act)(struct instance *instance))
{
	LIST_EACH(link, &engine->starts)
		act(container_of(link, struct instance, seeking));
}

void instance_stop_all(struct engine *engine)
{
	for_all(engine, instance_stop);
	for_all_starting(engine, instance_stop);
}

void instance_kill_all(struct engine *engine)
{
	for_all(engine, instance_kill);
	for_all_starting(engine, instance_kill);
	LIST_EACH(link, &engine->lingering)
		instance_kill(container_of(link, struct instance, linger));
}

bool instance_has_group(const struct engine *engine, pid_t group)
{
	if (group <= 1)
		return false;
	for (size_t n = 0; n < engine->children.size; n++) {
		for (struct child *child = engine->children.buckets[n]; child; child = child->next) {
			if (child->ended == on_ended && container_of(child, struct instance, child)->group == group)
				return true;
		}
	}
	LIST_EACH(link, &engine->lingering) {
		if (container_of(link, struct instance, linger)->group == group)
			return true;
	}
	return false;
}

void instance_describe_status(int status, char *text)
{
	char name[32];

	if (WIFSIGNALED(status))
		snprintf(text, 48, "signal %.20s%s", scan_signal_name(WTERMSIG(status), name),
			 WCOREDUMP(status) ? " (core dumped)" : "");
	else
		snprintf(text, 48, "exit status %d", WEXITSTATUS(status));
}
