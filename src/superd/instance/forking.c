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

#include "lib/fd.h"
#include "lib/scan.h"
#include "os/foreign/foreign_path.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/exec_sequence.h"
#include "superd/instance/forking_kill.h"

/* Seconds. */
#define SEVERAL_SECONDS 0.2             /* by then processes that only pass through are gone */
#define TRIAL_SECONDS 0.1               /* until the found process is announced as the daemon */
#define SETTLED_SECONDS 5.0             /* until it counts as the daemon for good */
#define UNDECIDED_SECONDS 5.0           /* the start fails if no process stands out from the others for so long */

static void take_group(struct instance *instance)
{
	instance_set_group(instance, instance_find_group(instance, instance->child.pid), -1);
}

static void log_failure(const struct forking_search *search, const char *what)
{
	struct event event = { .name = "failed", .service = search->instance->service->name, .reason = what };

	log_event(search->instance->engine->log, LEVEL_WARNING, &event, "%s", what);
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

	if (pid <= 1)
		return SEARCH_UNCLEAR;
	if (forking_search_accepts(search, pid))
		return pid;
	if (kill(pid, 0) == 0 || errno != ESRCH)
		return SEARCH_UNCLEAR;
	return forking_search_pick(search, false) == SEARCH_NONE ? SEARCH_NONE : SEARCH_UNCLEAR;
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
		forking_search_free(instance);
	} else {
		forking_search_wake_in(search, TRIAL_SECONDS);
	}
	return true;
}

/* false: no process is left, and the search is over. */
static bool look_for_daemon(struct forking_search *search)
{
	bool by_file = search->service->groups->lifecycle->pid_file;
	pid_t pid = by_file ? pick_named(search)
			    : forking_search_pick(search, forking_search_waited(search) >= SEVERAL_SECONDS);

	if (pid > 0)
		return follow_process(search, pid);
	if (pid == SEARCH_NONE)
		return false;
	if (!by_file && forking_search_waited(search) >= UNDECIDED_SECONDS) {
		log_failure(search, "which of its processes is the daemon is not known, as it has no control group: "
				    "set pid_file");
		return forking_kill_begin(search, START_FAILED);
	}
	forking_search_look_again(search);
	return true;
}

/* The instance is being stopped before its daemon was settled, by its time limit or by an order. */
static bool give_up_search(struct forking_search *search)
{
	const struct instance *instance = search->instance;

	if (instance->facts.failed && search->phase == LOOKING &&
	    search->service->groups->lifecycle->pid_file)
		log_pid_file(search);
	return forking_kill_begin(search, instance->facts.failed ? START_FAILED : 0);
}

static bool continue_search(struct forking_search *search)
{
	if (search->phase == SWEEPING)
		return forking_kill_go_on(search);
	if (search->phase == FOLLOWED) {
		take_group(search->instance);
		forking_search_free(search->instance);
		return true;
	}
	if (search->instance->facts.stopped)
		return give_up_search(search);
	if (search->phase == LOOKING)
		return look_for_daemon(search);
	announce_daemon(search);
	forking_search_enter(search, FOLLOWED);
	forking_search_wake_in(search, SETTLED_SECONDS);
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
	forking_search_drop_empty_group(search);
	forking_search_free(instance);
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
	forking_search_drop_empty_group(search);
	if (!done && !instance->facts.stopped && !status)
		forking_search_enter(search, LOOKING);
	if (done)
		goes_on = false;
	else
		goes_on = search->phase == LOOKING ? look_for_daemon(search) : forking_kill_begin(search, status);
	if (!goes_on && search->phase == SWEEPING)
		instance->facts.status = search->status;
	if (!goes_on)
		forking_search_free(instance);
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
