/* The life of one backend after its start. The first process may end while children of its group still serve or
 * hang; a stop is over only when kill(2) finds no process of the group. */
#include "engine/instance/instance.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/scan.h"
#include "engine/core/unreaped.h"
#include "engine/instance/escaped.h"
#include "engine/instance/main_watch.h"
#include "engine/instance/outdated.h"
#include "exec/dirs/private_tmp.h"
#include "os/cgroup/resource_usage.h"
#include "os/proc/pidfd.h"
#include "os/proc/process_group.h"

#define CHANCES 12                      /* times LEFTOVER_SECONDS: processes of a daemon's start move on meanwhile */
#define LINGER_LOOK .2                  /* seconds between two looks at groups whose first process has ended */
#define EXTENSION_MOST 10               /* EXTEND_TIMEOUT_USEC reaches so many times the limit at most */

/* As long as superd follows a process of the group, or has not reaped it, the kernel gives its number to no other. */
static bool is_in_group(const struct instance *instance, pid_t group)
{
	pid_t pid = instance->child.pid;

	return group > 1 && pid > 1 && (pid == group || getpgid(pid) == group);
}

static bool instance_cgroup_has_members(const struct instance *instance, pid_t group, int fd)
{
	if (fd >= 0)
		return process_group_lives(fd);
	return is_in_group(instance, group) && (kill(-group, 0) == 0 || errno == EPERM);
}

bool instance_has_group_left(const struct instance *instance)
{
	return instance_cgroup_has_members(instance, instance->group, instance->group_fd);
}

static bool instance_cgroup_lives(const struct instance *instance)
{
	return instance_has_group_left(instance) ||
		instance_cgroup_has_members(instance, instance->former_group, instance->former_fd) ||
		instance_cgroup_holds(&instance->cgroup) || escaped_live(instance->escaped);
}

static bool signal_group(const struct instance *instance, pid_t group, int fd, int signal)
{
	if (fd >= 0)
		return process_group_signal(fd, signal);
	return is_in_group(instance, group) && kill(-group, signal) == 0;
}

void instance_set_group(struct instance *instance, pid_t group, int fd)
{
	fd_close(&instance->group_fd);
	instance->group = group;
	instance->group_fd = fd;
}

bool instance_signal_main(const struct instance *instance, int signal)
{
	if (instance->main_watch)
		return pidfd_signal(main_watch_fd(instance->main_watch), signal);
	return instance->child.pid > 1 && kill(instance->child.pid, signal) == 0;
}

static bool is_unready(const struct instance *instance)
{
	return instance->starting && service_notifies(instance->service);
}

enum result instance_result(const struct instance *instance)
{
	const char *signs = instance->service->groups->commands->exec_prefix;
	enum result result = result_of_status(instance->service, instance->status);

	if (instance->result)
		return (enum result)instance->result;
	if (instance->is_silent)
		return RESULT_WATCHDOG;
	if (instance->failed || (instance->stopping && instance->killed))
		return RESULT_TIMEOUT;
	if (instance->stopping || (signs && strchr(signs, '-')))
		return RESULT_SUCCESS;
	return result == RESULT_SUCCESS && is_unready(instance) ? RESULT_PROTOCOL : result;
}

/* A control group also counts processes that nobody has waited for. */
static double cpu_used(const struct instance *instance)
{
	const struct instance_cgroup *group = &instance->cgroup;

	if (!group->path || group->kept)
		return instance->child.cpu;
	return fmax(resource_usage_of_cgroup(group->path, false).cpu, instance->child.cpu);
}

void instance_over(struct instance *instance)
{
	double until = instance->gone > 0 ? instance->gone : clock_now();
	struct ending ending = {
		.status = instance->status,
		.lasted = until - instance->since,
		.cpu = cpu_used(instance),
		.stopped = instance->stopping && !instance->failed,
		.unready = is_unready(instance),
		.result = instance_result(instance),
	};

	ev_timer_stop(instance->engine->loop, &instance->timer);
	list_remove(&instance->linger);
	list_remove(&instance->link);
	if (instance->counted)
		source_count_leave(&instance->engine->instances->by_source, instance->gate, instance->source);
	instance->engine->instances->count--;
	instance->on_end(instance, &ending);
}

/* No process of the instance is left. */
static void finish(struct instance *instance)
{
	list_remove(&instance->last.link);
	ev_timer_stop(instance->engine->loop, &instance->timer);
	list_remove(&instance->linger);
	instance->gone = clock_now();
	if (instance->wind_up)
		instance->wind_up(instance);
	else
		instance_over(instance);
}

static bool is_spared(const struct instance *instance)
{
	return instance->service->groups->lifecycle->kill_mode == KILL_NONE ||
		!instance->service->groups->restart->send_sigkill;
}

/* Processes in a control group are found there, and those of a daemon's start by engine/instance/forking_kill. */
static void look_for_escaped(struct instance *instance)
{
	unsigned mode = instance->service->groups->lifecycle->kill_mode;

	if (mode != KILL_PROCESS && mode != KILL_NONE && !instance->cgroup.path && !instance->kin &&
	    instance->child.pid > 1)
		escaped_look(&instance->escaped, instance->child.pid, instance->group);
}

static void signal_instance(struct instance *instance, int signal, bool group)
{
	if (group && instance_cgroup_holds(&instance->cgroup) && instance_cgroup_signal(&instance->cgroup, signal))
		return;
	if (group)
		escaped_signal(instance->escaped, signal);
	if (group)
		signal_group(instance, instance->former_group, instance->former_fd, signal);
	if (group && signal_group(instance, instance->group, instance->group_fd, signal))
		return;
	instance_signal_main(instance, signal);         /* it may have made a group of its own */
}

/* The process has ended; until it is reaped, it holds the number of its group. superd opens a descriptor of the group
 * now, to signal its other processes later. If that fails, it kills them now. */
static void on_ending(struct child *child)
{
	struct instance *instance = container_of(child, struct instance, child);
	unsigned mode = instance->service->groups->lifecycle->kill_mode;

	if (instance->group_fd >= 0 || !is_in_group(instance, instance->group))
		return;
	instance->group_fd = fd_raise(process_group_open(instance->group), FD_HIGH);
	if (instance->group_fd < 0 && instance->stopping && (mode == KILL_GROUP || mode == KILL_MIXED))
		kill(-instance->group, SIGKILL);
}

void instance_see_end(struct instance *instance)
{
	child_table_see_end(&instance->engine->children, &instance->child, on_ending);
}

static void on_linger_look(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct engine *engine = timer->data;

	(void)events;
	instance_sweep(engine);
	if (list_empty(&engine->instances->lingering))
		ev_timer_stop(loop, timer);
}

void instance_linger(struct instance *instance)
{
	struct engine *engine = instance->engine;

	list_add(&engine->instances->lingering, &instance->linger);
	if (ev_is_active(&engine->instances->linger_look))
		return;
	ev_timer_init(&engine->instances->linger_look, on_linger_look, LINGER_LOOK, LINGER_LOOK);
	engine->instances->linger_look.data = engine;
	ev_timer_start(engine->loop, &engine->instances->linger_look);
}

/* The main process has ended by itself: ends the processes that it left behind, where kill_rest asks for that. */
static bool begin_to_clear(struct instance *instance)
{
	unsigned mode = instance->service->groups->lifecycle->kill_mode;

	if (instance->stopping || !instance->service->groups->restart->kill_rest || mode == KILL_PROCESS ||
	    mode == KILL_NONE || !instance_cgroup_lives(instance))
		return false;
	instance->clears = true;
	instance_signal_stop(instance);
	if (mode == KILL_MIXED)
		signal_instance(instance, SIGKILL, true);
	instance_linger(instance);
	return true;
}

/* The process has ended, and its messages were read. */
static void take_end(struct instance *instance)
{
	if (instance->kin && instance->find_daemon(instance, instance->status))
		return;
	instance->child.pid = 0;
	if (begin_to_clear(instance))
		return;
	if (instance->stopping && instance->service->groups->lifecycle->kill_mode != KILL_PROCESS &&
	    instance_cgroup_lives(instance)) {
		if (instance->service->groups->lifecycle->kill_mode == KILL_MIXED)
			instance_kill(instance);
		instance_linger(instance);
		return;
	}
	finish(instance);
}

static void on_heard(struct last_words *last)
{
	struct instance *instance = container_of(last, struct instance, last);
	pid_t ended = instance->ended;

	instance->ended = 0;
	if (instance->child.pid)
		return;                 /* its last message named another main process */
	instance->child.pid = ended;
	take_end(instance);
}

static void on_ended(struct child *child, int status)
{
	struct instance *instance = container_of(child, struct instance, child);
	pid_t ended = child->pid;

	instance_thaw(instance);
	if (instance->notice && !instance->hear(instance, &instance->last)) {
		if (child->pid == ended)
			child->pid = 0;         /* a number that may be another's soon */
		instance->status = status;
		instance->ended = ended;
		return;
	}
	if (child->pid != ended)
		return;                 /* the same */
	instance->status = status;
	take_end(instance);
}

void instance_let_go(struct instance *instance)
{
	instance->private_tmp = 0;      /* it still uses them */
	child_table_remove(&instance->engine->children, &instance->child);
	finish(instance);
}

/* SIGKILL was sent. A process that waits in the kernel for a dead file system does not end by it. */
static void give_up(struct instance *instance)
{
	pid_t pid = instance->child.pid;

	if (instance->kin && instance->chances++ < CHANCES) {
		ev_timer_again(instance->engine->loop, &instance->timer);
		return;
	}
	instance->private_tmp = 0;      /* it still uses them */
	if (instance->kin)
		instance->forget_daemon(instance);
	child_table_remove(&instance->engine->children, &instance->child);
	instance->child.pid = 0;
	if (pid > 0)
		instance->status = SIGKILL;
	unreaped_add(instance->engine, instance->service, pid);
	finish(instance);
}

/* SIGKILL is being sent. The time counts from the first one, as superd sends it again and again at its end. */
static void doom(struct instance *instance)
{
	if (instance->doomed)
		return;
	instance_limit(instance, (int64_t)(LEFTOVER_SECONDS * 1e6));
	instance->timer.repeat = LEFTOVER_SECONDS;
	instance->doomed = true;
}

static void kill_rest(struct instance *instance)
{
	signal_instance(instance, SIGKILL, true);
	doom(instance);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct instance *instance = timer->data;

	(void)loop, (void)events;
	if (instance->doomed)
		give_up(instance);
	else if (instance->clears && is_spared(instance))
		instance_let_go(instance);
	else if (instance->clears)
		kill_rest(instance);
	else
		instance->on_limit(instance);
}

/* Sends final_kill_signal, where it is not SIGKILL; the next signal is SIGKILL. */
static void signal_last(struct instance *instance)
{
	const struct service *service = instance->service;

	instance->killed = true;
	instance_limit(instance,
		       service->groups->lifecycle->timeout_stop ? service->groups->lifecycle->timeout_stop : 1);
	signal_instance(instance, service->groups->restart->final_kill_signal,
			service->groups->lifecycle->kill_mode != KILL_PROCESS);
}

void instance_expire(struct instance *instance)
{
	if (!instance->stopping)
		instance_stop(instance);
	else if (is_spared(instance))
		instance_let_go(instance);    /* it has had its time, and runs on as a stranger */
	else if (instance->service->groups->restart->final_kill_signal != SIGKILL && !instance->killed)
		signal_last(instance);
	else
		instance_kill(instance);
}

void instances_init(struct engine *engine, struct instances *instances)
{
	engine->instances = instances;
	list_init(&instances->lingering);
	list_init(&instances->forking);
	list_init(&instances->aux_commands);
	list_init(&instances->moved);
}

bool instances_are_full(const struct engine *engine)
{
	return engine->instances->limit && engine->instances->made >= engine->instances->limit;
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
	instance->group_fd = instance->former_fd = -1;
	list_init(&instance->link);
	list_init(&instance->linger);
	list_init(&instance->seeking);
	list_init(&instance->last.link);
	instance->last.heard = on_heard;
	ev_init(&instance->timer, on_timer);
	instance->timer.data = instance;
	return instance;
}

void instance_enter(struct instance *instance)
{
	instance->since = clock_now();
	instance->entered = true;
	instance->engine->instances->count++;
}

uint64_t instance_private_tmp(struct instance *instance)
{
	if (!instance->private_tmp)
		instance->private_tmp = private_tmp_new(instance->service);
	return instance->private_tmp;
}

bool instance_begin(struct instance *instance, pid_t pid, double since)
{
	instance->child.pid = pid;
	instance->pid = instance->group = pid;
	instance->user = service_user(instance->service);
	instance->starting = instance->service->exec->type == TYPE_FORKING || service_notifies(instance->service);
	if (!child_table_add(&instance->engine->children, &instance->child)) {
		kill(-pid, SIGKILL);
		return false;
	}
	if (instance->service->groups->restart->kill_rest || instance->notice || instance->kin)
		instance_see_end(instance);
	if (!instance->entered)
		instance_enter(instance);
	instance->since = since;        /* in a batch its program may have run for a while by now */
	return true;
}

void instance_limit(struct instance *instance, int64_t microseconds)
{
	if (instance->doomed)
		return;
	ev_timer_stop(instance->engine->loop, &instance->timer);
	allowance_begin(&instance->allowance, microseconds);
	if (microseconds <= 0 || microseconds == SCAN_INFINITY)
		return;
	ev_timer_set(&instance->timer, (double)microseconds / 1e6, 0.);
	ev_timer_start(instance->engine->loop, &instance->timer);
}

void allowance_begin(struct allowance *allowance, int64_t microseconds)
{
	bool none = microseconds <= 0 || microseconds == SCAN_INFINITY;

	*allowance = (struct allowance){ .since = clock_now(), .length = none ? 0. : (double)microseconds / 1e6 };
}

int64_t allowance_left(const struct allowance *allowance, int64_t microseconds)
{
	double left = allowance->since + EXTENSION_MOST * allowance->length - clock_now();

	if (left <= 0.)
		return 0;
	return left * 1e6 < (double)microseconds ? (int64_t)(left * 1e6) : microseconds;
}

bool instance_extend(struct instance *instance, int64_t microseconds)
{
	struct ev_loop *loop = instance->engine->loop;
	int64_t left = allowance_left(&instance->allowance, microseconds);

	if (!ev_is_active(&instance->timer))
		return true;
	if (ev_timer_remaining(loop, &instance->timer) < (double)left / 1e6) {
		ev_timer_stop(loop, &instance->timer);
		ev_timer_set(&instance->timer, (double)left / 1e6, 0.);
		ev_timer_start(loop, &instance->timer);
	}
	return left == microseconds;
}

static int stop_signal(const struct instance *instance)
{
	return instance->stop_signal ? instance->stop_signal : instance->service->groups->lifecycle->kill_signal;
}

void instance_signal_stop(struct instance *instance)
{
	const struct lifecycle_options *lifecycle = instance->service->groups->lifecycle;
	const struct restart_options *restart = instance->service->groups->restart;
	bool aborts = instance->is_silent && restart->timeout_abort >= 0;
	int64_t patience = aborts ? restart->timeout_abort : lifecycle->timeout_stop;

	instance_limit(instance, patience ? patience : 1);
	if (lifecycle->kill_mode == KILL_NONE)
		return;
	instance->told = true;
	look_for_escaped(instance);
	signal_instance(instance, stop_signal(instance), lifecycle->kill_mode == KILL_GROUP);
	if (restart->send_sighup)
		signal_instance(instance, SIGHUP, lifecycle->kill_mode == KILL_GROUP);
	signal_instance(instance, SIGCONT,
			lifecycle->kill_mode == KILL_GROUP); /* a stopped process hears nothing else */
}

/* Signals the new main process alone: processes that had the first signal may take a second one for something else. */
static void signal_main_of(struct instance *instance, int signal, bool group)
{
	if (!group || !signal_group(instance, instance->group, instance->group_fd, signal))
		instance_signal_main(instance, signal);
}

void instance_signal_followed(struct instance *instance, bool has_other_group)
{
	const struct restart_options *restart = instance->service->groups->restart;
	unsigned mode = instance->service->groups->lifecycle->kill_mode;
	bool all = has_other_group && (instance->killed ? mode != KILL_PROCESS : mode == KILL_GROUP);

	if (instance->doomed) {
		signal_instance(instance, SIGKILL, mode != KILL_PROCESS);
		return;
	}
	if (!instance->told)
		return;
	signal_main_of(instance, instance->killed ? restart->final_kill_signal : stop_signal(instance), all);
	if (restart->send_sighup && !instance->killed)
		signal_main_of(instance, SIGHUP, all);
	signal_main_of(instance, SIGCONT, all);
}

void instance_stop(struct instance *instance)
{
	if (instance->stopping || instance->clears)
		return;
	instance->stopping = true;
	instance_see_end(instance);
	if (!instance->wind_down || !instance->wind_down(instance))
		instance_signal_stop(instance);
	instance_thaw(instance);        /* the signal is pending by now */
}

void instance_kill(struct instance *instance)
{
	instance->stopping = instance->killed = true;
	instance_see_end(instance);
	doom(instance);
	look_for_escaped(instance);
	signal_instance(instance, SIGKILL, instance->service->groups->lifecycle->kill_mode != KILL_PROCESS);
	if (instance->service->groups->lifecycle->kill_mode != KILL_PROCESS)
		instance_cgroup_kill(&instance->cgroup);
	instance_signal_main(instance, SIGKILL);
	if (instance->control > 1)
		kill(-instance->control, SIGKILL);
	instance_thaw(instance);        /* for processes that kill_mode spares */
}

/* An instance that superd leaves running keeps its control group, and so do processes that superd must not kill. The
 * instance of a refused guest has no group, and its row may be gone. */
static void leave_group(struct instance *instance)
{
	bool has_ended = instance->gone > 0 || instance->child.pid <= 0;

	if (!instance->cgroup.path)
		return;
	instance_cgroup_leave(&instance->cgroup, instance->engine, instance->status,
			      has_ended && (instance->stopping || instance->clears) && !is_spared(instance) &&
			    instance->service->groups->lifecycle->kill_mode != KILL_PROCESS);
}

void instance_free(struct instance *instance)
{
	if (!instance)
		return;
	list_remove(&instance->last.link);
	ev_timer_stop(instance->engine->loop, &instance->timer);        /* which goes on when it is thawed */
	if (instance->kin)
		instance->forget_daemon(instance);
	if (instance->channel)
		instance->close_channel(instance);
	if (instance->notice)
		instance->leave(instance);
	if (instance->sequence)
		instance->leave_course(instance);
	main_watch_end(&instance->main_watch);
	child_table_remove(&instance->engine->children, &instance->child);
	fd_close(&instance->group_fd);
	fd_close(&instance->former_fd);
	escaped_free(&instance->escaped);
	leave_group(instance);
	if (instance->private_tmp)
		private_tmp_remove(instance->service->name, instance->private_tmp, instance->engine->stopping);
	instance->engine->instances->made--;
	plan_free(instance->plan);
	outdated_free(&instance->outdated);
	free(instance->peer);
	free(instance);
}

void instance_sweep(struct engine *engine)
{
	LIST_EACH(link, &engine->instances->lingering) {
		struct instance *instance = container_of(link, struct instance, linger);

		if (!instance_cgroup_lives(instance))
			finish(instance);
	}
}

/* Instances that follow no process for the moment are in the list `forking`, not among the children. The command of a
 * stop is a child; if the hash table grows by it, all entries change their places, and the loop begins anew. */
static void for_all(struct engine *engine, void (*act)(struct instance *instance))
{
	size_t size;

	do {
		size = engine->children.size;
		for (size_t n = 0; n < size && size == engine->children.size; n++) {
			for (struct child *child = engine->children.buckets[n]; child; child = child->next) {
				if (child->ended == on_ended)
					act(container_of(child, struct instance, child));
			}
		}
	} while (size != engine->children.size);
	LIST_EACH(link, &engine->instances->forking)
		act(container_of(link, struct instance, seeking));
}

void instance_stop_all(struct engine *engine)
{
	for_all(engine, instance_stop);
}

void instance_kill_all(struct engine *engine)
{
	for_all(engine, instance_kill);
	LIST_EACH(link, &engine->instances->lingering)
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
	LIST_EACH(link, &engine->instances->lingering) {
		if (container_of(link, struct instance, linger)->group == group)
			return true;
	}
	return false;
}

void instance_tell_ending(const struct ending *ending, struct event *event)
{
	event->has_duration = true;
	event->duration = ending->lasted;
	event->has_signal = WIFSIGNALED(ending->status);
	event->signal = event->has_signal ? WTERMSIG(ending->status) : 0;
	event->has_status = !event->has_signal;
	event->status = event->has_status ? WEXITSTATUS(ending->status) : 0;
}
