/* Finds the daemon of a forking service: a process that superd has adopted, and that the kernel proves to be of this
 * start (superd/process/process_tree.h), as a pid file can name any process. Without a pid file the process that superd
 * adopts when the first one exits may itself exit with 0 and leave another. So a found process is on trial: superd
 * follows it, and looks again if it exits with 0 before SETTLED_SECONDS. */
#include "superd/instance/forking.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "os/host/foreign_file.h"
#include "os/proc/process_mark.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/exec_sequence.h"
#include "superd/process/adopted.h"
#include "superd/process/process_tree.h"
#include "superd/start/worker_process.h"

/* Seconds. superd must not wake longer than there is something to look for, so every wakeup is set anew. */
#define LOOK_AGAIN 0.02                 /* between two looks; five times that after the first second */
#define SEVERAL_SECONDS 0.2             /* by then processes that only pass through are gone */
#define TRIAL_SECONDS 0.1               /* until the found process is announced as the daemon */
#define SETTLED_SECONDS 5.0             /* until it counts as the daemon for good */
#define UNDECIDED_SECONDS 5.0           /* the start fails if no process stands out from the others for so long */

#define SEARCH_NONE 0
#define SEARCH_UNCLEAR (-1)             /* several candidates, or one of which nothing says that it is the daemon */

/* Seconds in this phase. */
static double seconds_waited(const struct forking_search *search)
{
	return clock_now() - search->since;
}

void forking_search_enter(struct forking_search *search, enum phase phase)
{
	search->phase = phase;
	search->since = clock_now();
}

static void wake_in(struct forking_search *search, double seconds)
{
	ev_timer_stop(search->instance->engine->loop, &search->timer);
	ev_timer_set(&search->timer, seconds, 0.);
	ev_timer_start(search->instance->engine->loop, &search->timer);
}

static void look_again(struct forking_search *search)
{
	wake_in(search, seconds_waited(search) < 1. ? LOOK_AGAIN : 5 * LOOK_AGAIN);
}

static bool read_candidate(const struct forking_search *search, pid_t pid, struct process *process)
{
	struct process_proof proof = instance_proof(search->instance);

	return !child_table_find(&search->instance->engine->children, pid) && !spawn_is_worker(pid) &&
	       process_read(pid, process) && !process->ended && process_is_proved(&proof, pid);
}

static int score_process(const struct forking_search *search, const struct process *process)
{
	return (process->session == search->before ? 2 : 0) + (process->session == process->pid ? 1 : 0);
}

/* Returns the number of candidates, and the best of them: in the session of `before`, a session leader, the oldest, in
 * this order.
 *
 * superd answers the bind(2) of the main process whatever its user, as a daemon may have given up root. What the daemon
 * runs for other users, such as a session, can be an orphan of its group, too. */
static size_t find_best(const struct forking_search *search, const pid_t *children, struct process *best)
{
	bool binds = search->service->exec->pass == PASS_BIND;
	struct process process;
	size_t count = 0;

	for (; *children; children++) {
		int more;

		if (!read_candidate(search, *children, &process) ||
		    (binds && !process_has_user(*children, search->instance->user)))
			continue;
		more = count++ ? score_process(search, &process) - score_process(search, best) : 1;
		if (more > 0 || (!more && process.start_time < best->start_time))
			*best = process;
	}
	return count;
}

/* Returns the adopted process of the instance to follow, SEARCH_NONE or SEARCH_UNCLEAR; `last`: there is no time left.
 * Only a control group tells which process is a daemon: without one all are unclear. The kernel's list may miss a
 * process if another one ends while it is read, so "none" needs two looks. */
static pid_t pick_adopted(const struct forking_search *search, bool last)
{
	struct process best = { 0 };
	size_t count = 0;

	for (int tries = 0; tries < 2 && !count; tries++) {
		pid_t *children = adopted_list();

		if (!children)
			return SEARCH_UNCLEAR;
		count = find_best(search, children, &best);
		free(children);
	}
	if (!count)
		return SEARCH_NONE;
	return search->instance->cgroup.path && (count == 1 || last) ? best.pid : SEARCH_UNCLEAR;
}

/* Forgets the instance's group if it has no process, because the kernel may reuse its number. */
static void drop_empty_group(struct forking_search *search)
{
	struct instance *instance = search->instance;

	if (instance->groups.group > 1 && !instance_has_group_left(instance))
		instance_set_group(instance, 0, -1);
}

/* Ends the processes of a start that has brought no daemon. They move meanwhile, out of groups and sessions and to
 * superd as their new parent, so superd looks for all of them again and again, and signals each once. */

static bool is_signalled(const struct forking_search *search, pid_t pid)
{
	if (search->signalled_group && getpgid(pid) == search->signalled_group)
		return true;
	for (size_t n = 0; n < search->signalled_count; n++) {
		if (search->signalled[n] == pid)
			return true;
	}
	return false;
}

static void signal_process(struct forking_search *search, const struct tree_process *member)
{
	const struct lifecycle_options *lifecycle = search->instance->service->groups->lifecycle;

	if (lifecycle->kill_mode == KILL_NONE)
		return;
	if (search->instance->facts.killed) {
		tree_process_signal(member, SIGKILL);
		return;
	}
	if (is_signalled(search, member->pid))
		return;
	tree_process_signal(member, lifecycle->kill_signal);
	tree_process_signal(member, SIGCONT);  /* a stopped process hears nothing else */
	if (search->signalled_count < SIGNALLED_MOST)
		search->signalled[search->signalled_count++] = member->pid;
}

/* Stops the instance as at the end of its time, as its runtime must know that it is stopping. */
static void stop_instance(struct forking_search *search, size_t count)
{
	struct instance *instance = search->instance;
	struct event event = { .name = "stopping", .service = instance->service->name };

	log_event(instance->engine->log, LEVEL_NOTICE, &event, "stopping %zu process%s that a failed start has left",
		  count, count == 1 ? "" : "es");
	instance->facts.failed = true;
	instance->ops->limit(instance);
}

/* Finds all processes of the instance, wherever they are, that have not ended; returns their number. */
static size_t find_members(const struct forking_search *search, struct process_tree *tree)
{
	const struct process_tree_root root = { .main = search->instance->child.pid,
						.proof = instance_proof(search->instance) };

	process_tree_scan(tree, &root);
	for (size_t n = tree->count; n-- > 0;) {
		if (!tree_process_lives(&tree->list[n]))
			process_tree_drop(tree, n);
	}
	return tree->count;
}

/* false: no process is left. One look may miss a process that changes its parent just then, as the last of a double
 * fork does. */
static bool go_on_with_sweep(struct forking_search *search)
{
	bool was_clear = search->clear;
	struct process_tree tree = { 0 };
	size_t count = find_members(search, &tree);

	for (size_t n = 0; n < count; n++)
		signal_process(search, &tree.list[n]);
	process_tree_free(&tree);
	if (count && !search->instance->facts.stopped)
		stop_instance(search, count); /* the first look has missed it */
	search->clear = !count && !search->instance->child.pid;
	if (search->clear && was_clear)
		return false;
	look_again(search);
	return true;
}

/* Begins when the start has failed or is being stopped. status: wait status with which the instance ends. false: no
 * process of the start is left. */
static bool begin_sweep(struct forking_search *search, int status)
{
	struct instance *instance = search->instance;
	struct process_tree tree = { 0 };
	size_t count;

	forking_search_enter(search, SWEEPING);
	search->status = status;
	drop_empty_group(search);
	count = find_members(search, &tree);
	process_tree_free(&tree);
	if (count && !instance->facts.stopped)
		stop_instance(search, count);
	search->signalled_group =
		instance->service->groups->lifecycle->kill_mode == KILL_GROUP ? instance->groups.group : 0;
	search->signalled[search->signalled_count++] = instance->child.pid;
	return go_on_with_sweep(search);
}

static void take_group(struct instance *instance)
{
	instance_set_group(instance, instance_find_group(instance, instance->child.pid), -1);
}

/* Returns the pid in the pid file; 0: there is none. */
static pid_t read_pid_file(const struct forking_search *search)
{
	size_t length;
	const struct service *service = search->service;
	char *text = foreign_read_file(service->groups->lifecycle->pid_file, service->account, 64, &length);
	int64_t pid = 0;

	if (!text)
		return 0;
	text[strcspn(text, " \t\r\n")] = '\0';
	if (scan_count(text, &pid) || pid < 1 || pid > INT32_MAX)
		pid = 0;
	free(text);
	return (pid_t)pid;
}

/* Returns the process that the pid file names. SEARCH_UNCLEAR: the file names none yet. SEARCH_NONE: that process and
 * all others of this start have ended. */
static pid_t pick_named(struct forking_search *search)
{
	pid_t pid = read_pid_file(search);
	struct process process;

	if (pid <= 1)
		return SEARCH_UNCLEAR;
	if (adopted_lives(pid) && read_candidate(search, pid, &process))
		return pid;
	if (kill(pid, 0) == 0 || errno != ESRCH)
		return SEARCH_UNCLEAR;
	return pick_adopted(search, false) == SEARCH_NONE ? SEARCH_NONE : SEARCH_UNCLEAR;
}

static void log_pid_file(const struct forking_search *search)
{
	const char *path = search->service->groups->lifecycle->pid_file;
	struct event event = { .name = "failed", .service = search->instance->service->name };
	pid_t pid = read_pid_file(search);

	if (pid)
		log_event(search->instance->engine->log, LEVEL_WARNING, &event,
			  "pid_file %s names pid %ld: that is no process of this start", path, (long)pid);
	else
		log_event(search->instance->engine->log, LEVEL_WARNING, &event,
			  "pid_file %s: the daemon has not written its pid there", path);
}

static void announce_daemon(struct forking_search *search)
{
	struct instance *instance = search->instance;
	struct event event = { .name = "daemon", .service = instance->service->name, .pid = instance->pid };

	take_group(instance);
	log_event(instance->engine->log, LEVEL_INFO, &event, "daemon is pid %ld", (long)instance->pid);
	if (instance_is_starting(instance))
		instance_be_ready(instance);
}

/* The daemon is named by its file; or it is neither the leader of its session nor in the session of the first process,
 * which is how the second of two forks ends up. */
static bool is_settled(const struct forking_search *search)
{
	pid_t pid = search->instance->pid, session = getsid(pid);

	return search->service->groups->lifecycle->pid_file ||
		(session > 0 && session != pid && session != search->first);
}

static bool follow_process(struct forking_search *search, pid_t pid)
{
	struct instance *instance = search->instance;

	instance->child.pid = instance->pid = pid;
	bind_calls_note(instance);
	take_group(instance);
	child_table_add(&instance->engine->children, &instance->child);
	if (instance_is_starting(instance))
		ev_timer_stop(instance->engine->loop, &instance->limit.timer);
	forking_search_enter(search, ON_TRIAL);
	if (is_settled(search)) {
		announce_daemon(search);
		instance_end_search(instance);
	} else {
		wake_in(search, TRIAL_SECONDS);
	}
	return true;
}

/* false: no process is left, and the search is over. */
static bool look_for_daemon(struct forking_search *search)
{
	bool by_file = search->service->groups->lifecycle->pid_file;
	pid_t pid = by_file ? pick_named(search)
			    : pick_adopted(search, seconds_waited(search) >= SEVERAL_SECONDS);
	struct event event = {
		.name = "failed", .service = search->instance->service->name,
		.reason = "which of its processes is the daemon is not known, as it has no control group: set pid_file",
	};

	if (pid > 0)
		return follow_process(search, pid);
	if (pid == SEARCH_NONE)
		return false;
	if (!by_file && seconds_waited(search) >= UNDECIDED_SECONDS) {
		log_event(search->instance->engine->log, LEVEL_WARNING, &event, "%s", event.reason);
		return begin_sweep(search, START_FAILED);
	}
	look_again(search);
	return true;
}

static bool continue_search(struct forking_search *search)
{
	struct instance *instance = search->instance;

	if (search->phase == SWEEPING)
		return go_on_with_sweep(search);
	if (search->phase == FOLLOWED) {
		take_group(instance);
		instance_end_search(instance);
		return true;
	}
	if (instance->facts.stopped) { /* before its daemon was settled, by its time limit or by an order */
		if (instance->facts.failed && search->phase == LOOKING && search->service->groups->lifecycle->pid_file)
			log_pid_file(search);
		return begin_sweep(search, instance->facts.failed ? START_FAILED : 0);
	}
	if (search->phase == LOOKING)
		return look_for_daemon(search);
	announce_daemon(search);
	forking_search_enter(search, FOLLOWED);
	wake_in(search, SETTLED_SECONDS);
	return true;
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct forking_search *search = container_of(timer, struct forking_search, timer);
	struct instance *instance = search->instance;
	int status;

	(void)loop, (void)events;
	if (continue_search(search))
		return;
	status = search->status;
	drop_empty_group(search);
	instance_end_search(instance);
	instance->child.ended(&instance->child, status);
}

bool forking_find(struct instance *instance, int status)
{
	struct forking_search *search = instance->search;
	pid_t ended = instance->child.pid;
	bool done = search->phase == FOLLOWED && (instance->facts.stopped || status), goes_on;

	if (search->phase == FIRST)
		search->first = ended;
	instance->child.pid = 0;
	/* The first process may have ended before superd has read that its program runs. */
	if (instance->sequence)
		exec_status_settle(&instance->sequence->exec_status, !instance_is_doomed(instance));
	if (search->phase == SWEEPING)
		return true;
	search->before = ended;
	drop_empty_group(search);
	if (!done && !instance->facts.stopped && !status)
		forking_search_enter(search, LOOKING);
	if (done)
		goes_on = false;
	else
		goes_on = search->phase == LOOKING ? look_for_daemon(search) : begin_sweep(search, status);
	if (!goes_on && search->phase == SWEEPING)
		instance->facts.status = search->status;
	if (!goes_on)
		instance_end_search(instance);
	return goes_on;
}

struct forking_search *forking_load(struct instance *instance, struct table *table)
{
	struct forking_search *search = calloc(1, sizeof(*search));

	if (!search)
		return NULL;
	search->instance = instance;
	search->service = instance->service;
	search->table = table;
	table->users++;
	ev_init(&search->timer, on_timer);
	instance->search = search;
	instance_see_end(instance);
	list_add(&instance->engine->instances->forking, &search->link);
	return search;
}

bool forking_expect(struct instance *instance, struct table *table)
{
	const char *pid_file = instance->service->groups->lifecycle->pid_file;

	if (instance->service->exec->type != TYPE_FORKING)
		return true;
	if (!forking_load(instance, table))
		return false;
	if (pid_file)
		foreign_unlink(pid_file);
	return true;
}
