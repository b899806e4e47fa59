/* The processes of an instance: which of them live, their signals and their time limit. The first process may end while
 * children of its group still serve or hang; a stop is over only when kill(2) finds no process of the group. */
#include "superd/instance/instance.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sys/types.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/number.h"
#include "lib/scan.h"
#include "os/cgroup/resource_usage.h"
#include "os/proc/pidfd.h"
#include "os/proc/process_group.h"
#include "os/rights/capability.h"
#include "superd/instance/shared_process.h"
#include "superd/loop/unreaped.h"
#include "superd/process/process_tree.h"
#include "superd/start/directories.h"

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

/* Whether one of the processes lives that have left the groups. */
static bool escaped_live(const struct instance *instance)
{
	const struct process_tree *escaped = instance->groups.escaped;

	for (size_t n = 0; escaped && n < escaped->count; n++) {
		if (tree_process_lives(&escaped->list[n]))
			return true;
	}
	return false;
}

bool instance_has_any_left(const struct instance *instance)
{
	return instance_has_group_left(instance) ||
		group_has_members(instance, instance->groups.former, instance->groups.former_fd) ||
		instance_cgroup_holds(&instance->cgroup) || escaped_live(instance);
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

/* Finds descendants of the main process that have left its groups, for example by setsid(2), while it lives: by their
 * parents, and below those that are remembered, as they may have begun others. Each is known by its pid and its start
 * time, so that a pid that is used again is not taken for it. superd does not find a process whose parents have exited
 * before. Not needed with a control group, which has all processes, nor for the start of a daemon
 * (superd/instance/forking). */
static void look_for_escaped(struct instance *instance)
{
	unsigned mode = instance->service->groups->lifecycle->kill_mode;
	struct process_tree *tree = instance->groups.escaped;
	pid_t main = instance->child.pid, group = instance->groups.group;

	if (mode == KILL_PROCESS || mode == KILL_NONE || instance->cgroup.path || instance->search || main <= 1)
		return;
	if (!tree)
		tree = instance->groups.escaped = calloc(1, sizeof(*tree));
	if (!tree)
		return;
	for (size_t n = tree->count; n-- > 0;) {
		if (!tree_process_exists(&tree->list[n]))
			process_tree_drop(tree, n);
	}
	process_tree_scan_below(tree, main);
	for (size_t n = tree->count; n-- > 0;) {
		pid_t pid = tree->list[n].pid;

		if (pid == main || (group > 1 && getpgid(pid) == group))
			process_tree_drop(tree, n);
	}
}

void instance_signal(struct instance *instance, int signal, bool group)
{
	const struct process_tree *escaped = instance->groups.escaped;

	if (group && instance_cgroup_holds(&instance->cgroup) && instance_cgroup_signal(&instance->cgroup, signal))
		return;
	for (size_t n = 0; group && escaped && n < escaped->count; n++)
		tree_process_signal(&escaped->list[n], signal);
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

	return ev_is_active(timer) ? number_max(ev_timer_remaining(instance->engine->loop, timer), 0) : -1;
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

/* ---- a main process that is not superd's child ---- */

/* The kernel reports its status to its parent alone, so superd does not know it, and takes it for a good one. */
struct main_watch {
	ev_io io;
	struct engine *engine;
	struct child *child;
};

bool main_watch_is_needed(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0;
}

/* A process that has become superd's child meanwhile is reaped as any other. */
static void on_gone(struct ev_loop *loop, ev_io *io, int events)
{
	struct main_watch *watch = container_of(io, struct main_watch, io);
	struct child *child = watch->child;

	(void)events;
	ev_io_stop(loop, io);
	if (child->pid <= 0 || !main_watch_is_needed(child->pid))
		return;
	child_table_remove(&watch->engine->children, child);
	child->ended(child, 0);
}

bool main_watch_begin(struct main_watch **watch, struct engine *engine, struct child *child, int pidfd)
{
	struct main_watch *one = calloc(1, sizeof(*one));

	if (!one) {
		fd_close(&pidfd);
		return false;
	}
	main_watch_end(watch);
	one->engine = engine;
	one->child = child;
	ev_io_init(&one->io, on_gone, pidfd, EV_READ);
	ev_set_priority(&one->io, EV_MINPRI);   /* the SIGCHLD handler comes first */
	ev_io_start(engine->loop, &one->io);
	*watch = one;
	return true;
}

void main_watch_end(struct main_watch **watch)
{
	int fd = main_watch_fd(*watch);

	if (!*watch)
		return;
	ev_io_stop((*watch)->engine->loop, &(*watch)->io);
	fd_close(&fd);
	free(*watch);
	*watch = NULL;
}

int main_watch_fd(const struct main_watch *watch)
{
	return watch ? watch->io.fd : -1;
}

/* ---- what they use ---- */

static struct resource_usage usage_of(const struct instance *instance)
{
	struct usage_sum sum = USAGE_SUM;
	struct process_tree tree = { 0 };

	if (instance->cgroup.path)
		return resource_usage_of_cgroup(instance->cgroup.path, instance->cgroup.kept);
	if (instance->process)
		return shared_process_usage(instance->process);
	if (instance->child.pid > 1)
		process_tree_scan_below(&tree, instance->child.pid);
	for (size_t n = 0; n < tree.count && n < SUMMED_MOST; n++)
		usage_sum_add(&sum, tree.list[n].pid);
	process_tree_free(&tree);
	return sum.usage;
}

double instance_cpu(const struct instance *instance)
{
	return usage_of(instance).cpu;
}

int64_t instance_memory(const struct instance *instance)
{
	return usage_of(instance).memory;
}
