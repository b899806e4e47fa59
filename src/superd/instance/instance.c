/* The processes of an instance: which of them live, their signals and their time limit. The first process may end while
 * children of its group still serve or hang; a stop is over only when kill(2) finds no process of the group. */
#include "superd/instance/instance.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "os/proc/pidfd.h"
#include "os/proc/process_group.h"
#include "os/rights/capability.h"
#include "superd/instance/escaped.h"
#include "superd/instance/main_watch.h"
#include "superd/instance/shared_process.h"
#include "superd/loop/unreaped.h"
#include "superd/start/private_tmp.h"

#define EXTENSION_MOST 10               /* EXTEND_TIMEOUT_USEC reaches so many times the limit at most */

/* As long as superd follows a process of the group, or has not reaped it, the kernel gives its number to no other. */
static bool is_in_group(const struct instance *instance, pid_t group)
{
	pid_t pid = instance->child.pid;

	return group > 1 && pid > 1 && (pid == group || getpgid(pid) == group);
}

static bool group_has_members(const struct instance *instance, pid_t group, int fd)
{
	if (fd >= 0)
		return process_group_lives(fd);
	return is_in_group(instance, group) && (kill(-group, 0) == 0 || errno == EPERM);
}

bool instance_has_group_left(const struct instance *instance)
{
	return group_has_members(instance, instance->groups.group, instance->groups.fd);
}

bool instance_has_any_left(const struct instance *instance)
{
	return instance_has_group_left(instance) ||
		group_has_members(instance, instance->groups.former, instance->groups.former_fd) ||
		instance_cgroup_holds(&instance->cgroup) || escaped_live(instance->groups.escaped);
}

static bool signal_group(const struct instance *instance, pid_t group, int fd, int signal)
{
	if (fd >= 0)
		return process_group_signal(fd, signal);
	return is_in_group(instance, group) && kill(-group, signal) == 0;
}

struct process_proof instance_proof(const struct instance *instance)
{
	return (struct process_proof){ instance->cgroup.path, instance->mark, instance->user,
				       capability_kills(instance->service) };
}

void instance_set_group(struct instance *instance, pid_t group, int fd)
{
	fd_close(&instance->groups.fd);
	instance->groups.group = group;
	instance->groups.fd = fd;
}

pid_t instance_find_group(const struct instance *instance, pid_t pid)
{
	const struct process_proof proof = instance_proof(instance);
	pid_t group = getpgid(pid);

	return group == instance->groups.group || process_group_is_proved(&proof, group) ? group : 0;
}

bool instance_signal_main(const struct instance *instance, int signal)
{
	const struct child *child = instance->process ? &instance->process->child : &instance->child;

	if (instance->main_watch)
		return pidfd_signal(main_watch_fd(instance->main_watch), signal);
	return child->pid > 1 && kill(child->pid, signal) == 0;
}

bool instance_is_spared(const struct instance *instance)
{
	return instance->service->groups->lifecycle->kill_mode == KILL_NONE ||
		!instance->service->groups->restart->send_sigkill;
}

/* Not needed with a control group, which has all processes, nor for the start of a daemon
 * (superd/instance/forking_kill). */
static void look_for_escaped(struct instance *instance)
{
	unsigned mode = instance->service->groups->lifecycle->kill_mode;

	if (mode != KILL_PROCESS && mode != KILL_NONE && !instance->cgroup.path && !instance->search &&
	    instance->child.pid > 1)
		escaped_scan(&instance->groups.escaped, instance->child.pid, instance->groups.group);
}

void instance_signal(struct instance *instance, int signal, bool group)
{
	if (group && instance_cgroup_holds(&instance->cgroup) && instance_cgroup_signal(&instance->cgroup, signal))
		return;
	if (group)
		escaped_signal(instance->groups.escaped, signal);
	if (group)
		signal_group(instance, instance->groups.former, instance->groups.former_fd, signal);
	if (group && signal_group(instance, instance->groups.group, instance->groups.fd, signal))
		return;
	instance_signal_main(instance, signal);         /* it may have made a group of its own */
}

/* The process has ended; until it is reaped, it holds the number of its group. superd opens a descriptor of the group
 * now, to signal its other processes later. If that fails, it kills them now. */
static void on_main_ending(struct child *child)
{
	struct instance *instance = container_of(child, struct instance, child);
	unsigned mode = instance->service->groups->lifecycle->kill_mode;

	if (instance->groups.fd >= 0 || !is_in_group(instance, instance->groups.group))
		return;
	instance->groups.fd = fd_raise(process_group_open(instance->groups.group), FD_HIGH);
	if (instance->groups.fd < 0 && instance->facts.stopped && (mode == KILL_GROUP || mode == KILL_MIXED))
		kill(-instance->groups.group, SIGKILL);
}

void instance_see_end(struct instance *instance)
{
	child_table_see_end(&instance->engine->children, &instance->child, on_main_ending);
}

void instances_init(struct engine *engine, struct instances *instances)
{
	engine->instances = instances;
	list_init(&instances->lingering);
	list_init(&instances->forking);
	list_init(&instances->aux_commands);
	list_init(&instances->moved);
	list_init(&instances->bind_strays);
	list_init(&instances->relays);
	list_init(&instances->shared);
}

bool instances_are_full(const struct engine *engine)
{
	const struct instances *instances = engine->instances;

	return instances->limit && instances->made - instances->ahead >= instances->limit;
}

void instance_limit(struct instance *instance, int64_t microseconds)
{
	if (instance_is_doomed(instance))
		return;
	ev_timer_stop(instance->engine->loop, &instance->limit.timer);
	allowance_begin(&instance->limit.allowance, microseconds);
	if (microseconds <= 0 || microseconds == SCAN_INFINITY)
		return;
	ev_timer_set(&instance->limit.timer, (double)microseconds / 1e6, 0.);
	ev_timer_start(instance->engine->loop, &instance->limit.timer);
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

double instance_limit_left(struct instance *instance)
{
	ev_timer *timer = &instance->limit.timer;

	return ev_is_active(timer) ? fmax(ev_timer_remaining(instance->engine->loop, timer), 0) : -1;
}

bool instance_extend(struct instance *instance, int64_t microseconds)
{
	struct ev_loop *loop = instance->engine->loop;
	int64_t left = allowance_left(&instance->limit.allowance, microseconds);

	if (!ev_is_active(&instance->limit.timer))
		return true;
	if (ev_timer_remaining(loop, &instance->limit.timer) < (double)left / 1e6) {
		ev_timer_stop(loop, &instance->limit.timer);
		ev_timer_set(&instance->limit.timer, (double)left / 1e6, 0.);
		ev_timer_start(loop, &instance->limit.timer);
	}
	return left == microseconds;
}

static int stop_signal(const struct instance *instance)
{
	return instance->facts.stop_signal ? instance->facts.stop_signal
					   : instance->service->groups->lifecycle->kill_signal;
}

void instance_signal_stop(struct instance *instance)
{
	const struct lifecycle_options *lifecycle = instance->service->groups->lifecycle;
	const struct restart_options *restart = instance->service->groups->restart;
	bool aborts = instance->facts.result == RESULT_WATCHDOG && restart->timeout_abort >= 0;
	int64_t timeout = aborts ? restart->timeout_abort : lifecycle->timeout_stop;

	instance_limit(instance, timeout ? timeout : 1);
	if (lifecycle->kill_mode == KILL_NONE)
		return;
	look_for_escaped(instance);
	instance_signal(instance, stop_signal(instance), lifecycle->kill_mode == KILL_GROUP);
	if (restart->send_sighup)
		instance_signal(instance, SIGHUP, lifecycle->kill_mode == KILL_GROUP);
	instance_signal(instance, SIGCONT,
			lifecycle->kill_mode == KILL_GROUP); /* a stopped process hears nothing else */
}

void instance_signal_final(struct instance *instance)
{
	const struct service *service = instance->service;

	instance_limit(instance,
		       service->groups->lifecycle->timeout_stop ? service->groups->lifecycle->timeout_stop : 1);
	instance_signal(instance, service->groups->restart->final_kill_signal,
			service->groups->lifecycle->kill_mode != KILL_PROCESS);
}

void instance_doom(struct instance *instance)
{
	ev_timer *timer = &instance->limit.timer;

	if (ev_is_active(timer) && timer->repeat > 0.)
		return;         /* superd sends it again and again at its end */
	ev_timer_stop(instance->engine->loop, timer);
	allowance_begin(&instance->limit.allowance, (int64_t)(LEFTOVER_SECONDS * 1e6));
	ev_timer_set(timer, LEFTOVER_SECONDS, LEFTOVER_SECONDS);
	ev_timer_start(instance->engine->loop, timer);
}

void instance_signal_kill(struct instance *instance)
{
	bool group = instance->service->groups->lifecycle->kill_mode != KILL_PROCESS;

	look_for_escaped(instance);
	instance_signal(instance, SIGKILL, group);
	if (group)
		instance_cgroup_kill(&instance->cgroup);
	instance_signal_main(instance, SIGKILL);
}

/* Signals the new main process alone: processes that had the first signal may take a second one for something else. */
static void signal_main_of(struct instance *instance, int signal, bool group)
{
	if (!group || !signal_group(instance, instance->groups.group, instance->groups.fd, signal))
		instance_signal_main(instance, signal);
}

void instance_signal_followed(struct instance *instance, bool has_other_group)
{
	const struct restart_options *restart = instance->service->groups->restart;
	unsigned mode = instance->service->groups->lifecycle->kill_mode;
	bool is_final = instance->state == INSTANCE_FINAL;
	bool is_told = is_final || instance->state == INSTANCE_TERM || instance->state == INSTANCE_CLEAR;
	bool all = has_other_group && (is_final ? mode != KILL_PROCESS : mode == KILL_GROUP);

	if (instance_is_doomed(instance)) {
		instance_signal(instance, SIGKILL, mode != KILL_PROCESS);
		return;
	}
	if (!is_told || mode == KILL_NONE)
		return;
	signal_main_of(instance, is_final ? restart->final_kill_signal : stop_signal(instance), all);
	if (restart->send_sighup && !is_final)
		signal_main_of(instance, SIGHUP, all);
	signal_main_of(instance, SIGCONT, all);
}

uint64_t instance_private_tmp(struct instance *instance)
{
	if (!instance->private_tmp)
		instance->private_tmp = private_tmp_new(instance->service);
	return instance->private_tmp;
}

bool instance_has_group(const struct engine *engine, pid_t group)
{
	if (group <= 1)
		return false;
	for (size_t n = 0; n < child_table_chains(&engine->children); n++) {
		for (struct child *child = child_table_chain(&engine->children, n); child; child = child->next) {
			if (child->is_main && container_of(child, struct instance, child)->groups.group == group)
				return true;
		}
	}
	LIST_EACH(link, &engine->instances->lingering) {
		if (container_of(link, struct instance, linger)->groups.group == group)
			return true;
	}
	return false;
}
