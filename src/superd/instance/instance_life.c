/* An instance from its making to its end. Its last messages are read before its end counts; the daemon of a forking
 * service goes on when its first process has ended. */
#include "superd/instance/instance.h"

#include <signal.h>
#include <stdlib.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/cleanup.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/forking.h"
#include "superd/instance/notify.h"
#include "superd/instance/notify_state.h"
#include "superd/instance/outdated.h"
#include "superd/instance/ready.h"
#include "superd/instance/relay.h"
#include "superd/instance/shared_process.h"
#include "superd/instance/thaw.h"
#include "superd/instance/runtime.h"

/* The process has ended, and its messages were read. */
static void take_end(struct instance *instance)
{
	if (instance->search && forking_find(instance, instance->facts.status))
		return;
	instance->child.pid = 0;
	bind_calls_take_last(instance);
	ready_take_last(instance);
	instance_take_end(instance);
}

static void on_heard(struct last_words *last)
{
	struct notify_state *notice = container_of(last, struct notify_state, last);
	struct instance *instance = notice->instance;
	pid_t ended = notice->ended;

	notice->ended = 0;
	if (instance->child.pid)
		return;                 /* its last message named another main process */
	instance->child.pid = ended;
	take_end(instance);
}

static void on_ended(struct child *child, int status)
{
	struct instance *instance = container_of(child, struct instance, child);
	struct notify_state *notice = instance->notice;
	pid_t ended = child->pid;

	instance_thaw(instance);
	if (notice && !notify_hear_last(instance, &notice->last)) {
		if (child->pid == ended)
			child->pid = 0;         /* a number that may be another's soon */
		instance->facts.status = status;
		notice->last.heard = on_heard;
		notice->ended = ended;
		return;
	}
	if (child->pid != ended)
		return;                 /* the same */
	instance->facts.status = status;
	take_end(instance);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct instance *instance = timer->data;

	(void)loop, (void)events;
	if (instance->state == INSTANCE_CLEAR && instance_is_spared(instance))
		instance_let_go(instance);
	else
		instance_event(instance, ON_TIMEOUT);
}

struct instance *instance_new(struct engine *engine, const struct service *service)
{
	struct instance *instance = calloc(1, sizeof(*instance));

	if (!instance)
		return NULL;
	engine->instances->made++;
	instance->engine = engine;
	instance->service = service;
	instance->user = service_user(service);
	instance->child.ended = on_ended;
	instance->child.is_main = true;
	instance->groups.fd = instance->groups.former_fd = -1;
	list_init(&instance->link);
	list_init(&instance->linger);
	ev_init(&instance->limit.timer, on_timer);
	instance->limit.timer.data = instance;
	return instance;
}

/* An instance that superd leaves running keeps its control group, and so do processes that superd must not kill. The
 * instance of a refused client has no group, and its configuration may be gone. */
static void leave_group(struct instance *instance)
{
	bool has_ended = instance->facts.gone > 0 || instance->child.pid <= 0;
	bool was_stopped = instance->facts.stopped || instance->facts.cleared;

	if (!instance->cgroup.path)
		return;
	instance_cgroup_leave(&instance->cgroup, instance->engine, instance->facts.status,
			      has_ended && was_stopped && !instance_is_spared(instance) &&
			    instance->service->groups->lifecycle->kill_mode != KILL_PROCESS);
}

void instance_free(struct instance *instance)
{
	if (!instance)
		return;
	ev_timer_stop(instance->engine->loop, &instance->limit.timer);        /* which goes on when it is thawed */
	instance_end_search(instance);
	ready_end(instance);
	relay_retire(instance);
	if (instance->ops && instance->ops->drop)
		instance->ops->drop(instance);
	notify_leave(instance);
	bind_calls_free(instance);
	main_watch_end(&instance->main_watch);
	child_table_remove(&instance->engine->children, &instance->child);
	fd_close(&instance->groups.fd);
	fd_close(&instance->groups.former_fd);
	if (instance->groups.escaped)
		process_tree_free(instance->groups.escaped);
	free(instance->groups.escaped);
	leave_group(instance);
	cleanup_remove_tmp(instance->engine, instance->service->name, instance->private_tmp);
	instance->engine->instances->made--;
	plan_free(instance->plan);
	outdated_free(&instance->outdated);
	free(instance->client.peer);
	free(instance);
}

/* Instances that follow no process for the moment are in the list `forking`, not among the children. The command of a
 * stop is a child; if the hash table grows by it, all entries change their places, and the loop begins anew. */
void instance_each(struct engine *engine, void (*act)(struct instance *instance))
{
	size_t size;

	do {
		size = child_table_chains(&engine->children);
		for (size_t n = 0; n < size && size == child_table_chains(&engine->children); n++) {
			struct child *child = child_table_chain(&engine->children, n);

			for (; child; child = child->next) {
				if (child->is_main)
					act(container_of(child, struct instance, child));
			}
		}
	} while (size != child_table_chains(&engine->children));
	LIST_EACH(link, &engine->instances->shared) {
		struct shared_process *process = container_of(link, struct shared_process, all);

		for (size_t n = 0; n < process->count; n++)
			act(process->clients[n].instance);
	}
	LIST_EACH(link, &engine->instances->forking)
		act(container_of(link, struct forking_search, link)->instance);
}

void instance_stop_all(struct engine *engine)
{
	instance_each(engine, instance_stop);
	LIST_EACH(link, &engine->instances->shared) {
		struct shared_process *process = container_of(link, struct shared_process, all);

		if (!process->count)
			alarm_set(&process->idle, 0.);
	}
	relays_signal(engine, SIGTERM);
}

void instance_kill_all(struct engine *engine)
{
	instance_each(engine, instance_kill);
	LIST_EACH(link, &engine->instances->lingering)
		instance_kill(container_of(link, struct instance, linger));
	relays_signal(engine, SIGKILL);
}

static void on_command_ended(struct child *child, int status)
{
	struct aux_command *command = container_of(child, struct aux_command, child);
	struct instance *instance = command->instance;

	/* Its messages are read while its pid still shows whose they are. */
	aux_command_end(command, status, !instance->notice || notify_hear_last(instance, &command->last));
}

void exec_sequence_load(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance)
{
	exec_sequence_make(sequence, runtime, instance);
	sequence->command.child.ended = on_command_ended;
}

void exec_sequence_init(struct exec_sequence *sequence, struct service_runtime *runtime, struct instance *instance)
{
	exec_sequence_load(sequence, runtime, instance);
	if (runtime->run->kit.plan->tells_unit && spawn_invocation(sequence->invocation))
		sequence->command.invocation = sequence->invocation;
	instance_enter(instance);
}
