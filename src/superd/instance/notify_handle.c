/* Acts on the messages of an instance. They may come at any time; one that comes too late, as READY after STOPPING,
 * or any from an instance that is being stopped, must change nothing. */
#include "superd/instance/notify_state.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/scan.h"
#include "os/proc/pidfd.h"
#include "os/proc/process.h"
#include "os/proc/process_group.h"
#include "os/proc/process_mark.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/forking.h"
#include "superd/instance/notify.h"
#include "superd/loop/fd_watch.h"
#include "superd/process/process_tree.h"
#include "superd/instance/runtime.h"

#define RESET_SECONDS 10.               /* seconds that an instance must have run before RESTART_RESET=1 counts */

/* ---- whose message it is ---- */

/* The kernel vouches for the sender's pid; superd looks for it among main processes and commands, then by session,
 * group and ancestors. If the sender has ended by now, none of these can be looked up, and the socket decides, if its
 * service has a single instance. */
#define ANCESTORS_MOST 32

/* A pid, session or group of the instance: its first process began its session, and the group that it had before its
 * main process moved is still its own. */
static struct notify_state *find_holder(const struct list *notices, pid_t id)
{
	LIST_EACH(link, notices) {
		struct notify_state *notice = container_of(link, struct notify_state, link);
		const struct instance *instance = notice->instance;

		if (id > 1 && (id == instance->pid || id == instance->child.pid || id == instance->groups.group ||
			       id == instance->groups.former || id == instance_command(instance)))
			return notice;
	}
	return NULL;
}

static struct notify_state *find_by_ancestors(const struct list *notices, pid_t pid)
{
	struct process process;
	struct notify_state *notice;

	for (int n = 0; n < ANCESTORS_MOST && pid > 1 && pid != getpid() && process_read(pid, &process); n++) {
		notice = find_holder(notices, process.pid);
		if (!notice)
			notice = find_holder(notices, process.group);
		if (!notice)
			notice = find_holder(notices, process.session);
		if (notice)
			return notice;
		pid = process.parent;
	}
	return NULL;
}

struct notify_state *notify_state_find(const struct list *notices, const struct notification *sender, const char **why)
{
	struct notify_state *notice = NULL;
	unsigned least = NOTIFY_ALL;    /* notify_access that it needs */

	LIST_EACH(link, notices) {
		struct notify_state *other = container_of(link, struct notify_state, link);

		if (other->instance->pid == sender->pid || instance_command(other->instance) == sender->pid) {
			notice = other;
			least = other->instance->pid == sender->pid ? NOTIFY_MAIN : NOTIFY_EXEC;
			break;
		}
	}
	if (!notice)
		notice = find_by_ancestors(notices, sender->pid);
	if (!notice && list_has_one(notices)) {
		notice = container_of(notices->next, struct notify_state, link);
		if (sender->uid != 0 && sender->uid != notice->instance->user)
			notice = NULL;
	}
	*why = notice ? "notify_access does not let it speak" : "it is no process of this service";
	return notice && notice->access >= least ? notice : NULL;
}

/* ---- another main process ---- */

/* MAINPID= and MAINPIDFD=1. It need not be superd's child: while its parent lives, the kernel reports its end to that
 * parent alone, so superd watches its pidfd. */

/* The former group may still have processes. superd may have none of them as a child, so a descriptor stands for the
 * group. */
static void keep_former(struct instance *instance, int fd)
{
	if (instance->groups.former || fd < 0) {
		fd_close(&fd);
		return;
	}
	instance->groups.former = instance->groups.group;
	instance->groups.former_fd = fd;
	list_add(&instance->engine->instances->moved, &instance->notice->moved);
}

/* A stop signals the group of the main process. If superd does not reap that process, the group needs a descriptor. */
static void take_group(struct instance *instance, pid_t pid, bool is_stranger, int former)
{
	pid_t group = instance_find_group(instance, pid);
	int fd;

	if (group && group == instance->groups.group && !is_stranger) {
		fd_close(&former);
		return;
	}
	if (group != instance->groups.group)
		keep_former(instance, former);
	else
		fd_close(&former);
	fd = group && is_stranger ? fd_raise(process_group_open(group), FD_HIGH) : -1;
	instance_set_group(instance, is_stranger && fd < 0 ? 0 : group, fd);
}

void main_pid_sweep(struct engine *engine)
{
	LIST_EACH(link, &engine->instances->moved) {
		struct notify_state *notice = container_of(link, struct notify_state, moved);

		if (process_group_lives(notice->instance->groups.former_fd))
			continue;
		fd_close(&notice->instance->groups.former_fd);
		notice->instance->groups.former = 0;
		list_remove(link);
	}
}

/* Returns a descriptor of the present group; -1: there is none, or its number may belong to another group by now. */
static int open_group(struct instance *instance)
{
	pid_t before = instance->child.pid, group = instance->groups.group;

	if (instance->groups.fd >= 0)
		return fd_copy(instance->groups.fd, FD_HIGH);
	if (group <= 1 || before <= 1 || (before != group && getpgid(before) != group))
		return -1;
	return fd_raise(process_group_open(group), FD_HIGH);
}

/* false, with errno: the process cannot be followed, and nothing has changed. */
static bool follow_process(struct notify_state *notice, pid_t pid)
{
	struct instance *instance = notice->instance;
	struct child_table *children = &instance->engine->children;
	pid_t before = instance->child.pid;
	bool is_stranger = main_watch_is_needed(pid);
	int pidfd = is_stranger ? fd_raise(pidfd_of(pid), FD_HIGH) : -1, former;

	if (is_stranger && pidfd < 0)
		return false;
	former = open_group(instance);
	child_table_remove(children, &instance->child);
	instance->child.pid = pid;
	child_table_add(children, &instance->child);
	if (is_stranger && !main_watch_begin(&instance->main_watch, instance->engine, &instance->child, pidfd)) {
		child_table_remove(children, &instance->child);
		fd_close(&former);
		instance->child.pid = before;
		if (before > 0)
			child_table_add(children, &instance->child);
		errno = ENOMEM;
		return false;
	}
	if (!is_stranger)
		main_watch_end(&instance->main_watch);
	instance->pid = pid;
	bind_calls_note(instance);
	take_group(instance, pid, is_stranger, former);
	return true;
}

/* Returns the process that the message names, if it has not ended; -1: none. */
static pid_t find_named(const struct notify_message *message, const struct received *received)
{
	int fd;
	bool same;

	if (message->main_fd)
		return received ? received->process : -1;
	if (message->main_pid <= 1 || !message->main_id)
		return (pid_t)message->main_pid;
	fd = pidfd_of((pid_t)message->main_pid);
	same = fd >= 0 && pidfd_has_id(fd, (uint64_t)message->main_id);
	fd_close(&fd);
	return same ? (pid_t)message->main_pid : -1;
}

static const char *refuse_process(const struct notify_state *notice, pid_t pid, bool by_root)
{
	struct process_proof proof = instance_proof(notice->instance);
	const struct notify_state *match;
	struct process process;

	if (pid <= 1 || pid == getpid() || !process_read(pid, &process) || process.ended)
		return "there is no such process";
	if (child_table_find(&notice->instance->engine->children, pid))
		return "it is of another service";
	match = by_root ? notice : find_by_ancestors(&notice->notify->notices, pid);
	return match == notice || (!match && process_is_proved(&proof, pid)) ? NULL : "it is none of this service's";
}

/* Below a daemon of root's another user's session may speak, too, if notify_access = all. As the main process it would
 * have superd answer its calls (worker/bind/caller). */
static bool may_name(const struct instance *instance, const struct notification *sender)
{
	return sender->uid == 0 || sender->uid == instance->user || sender->pid == instance->pid ||
	       process_has_user(instance->pid, sender->uid);
}

/* Follows the process that a message names, if it belongs to the instance, and the sender's user is root, the service's
 * or that of the main process; or if by_root: root sent the message. */
static void main_pid_take(struct notify_state *notice, const struct notify_message *message,
		   const struct notification *sender, const struct received *received, bool by_root)
{
	struct instance *instance = notice->instance;
	pid_t pid, group = instance->groups.group;
	const char *why;

	if (message->main_pid == NOTE_UNSET && !message->main_fd)
		return;
	pid = find_named(message, received);
	if (pid > 0 && (pid == instance->child.pid || pid == notice->ended))
		return;
	why = may_name(instance, sender) ? refuse_process(notice, pid, by_root) : "another user has named it";
	if (!why && !follow_process(notice, pid))
		why = strerror(errno);
	if (why) {
		notify_state_say(notice, LEVEL_WARNING, "notification", "pid %ld is not taken for the main process: %s",
				 (long)pid, why);
		return;
	}
	notify_state_say(notice, LEVEL_INFO, "daemon", "main process is pid %ld now", (long)pid);
	instance_signal_followed(instance, instance->groups.group != group);
	if (!instance->search)
		return;
	instance_end_search(instance);  /* type = forking: the message names the daemon */
	if (instance_is_starting(instance))
		instance_be_ready(instance);
}

/* ---- readiness, reloads, texts, limits ---- */

/* It is not ready, nor was before it was stopped. */
static bool is_starting(const struct instance *instance)
{
	return instance_is_starting(instance) || instance->facts.unready;
}

static void stop_limit(struct notify_state *notice)
{
	ev_timer_stop(notice->instance->engine->loop, &notice->limit);
}

static void set_limit(struct notify_state *notice, int64_t microseconds)
{
	stop_limit(notice);
	if (microseconds <= 0 || microseconds == SCAN_INFINITY)
		return;
	ev_timer_set(&notice->limit, (double)microseconds / 1e6, 0.);
	ev_timer_start(notice->instance->engine->loop, &notice->limit);
}

static void start_limit(struct notify_state *notice, int64_t microseconds)
{
	allowance_begin(&notice->allowance, microseconds);
	set_limit(notice, microseconds);
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct notify_state *notice = timer->data;

	(void)loop, (void)events;
	if (notice->instance->facts.stopped)
		return;
	if (notice->stopping) {
		notify_state_fail(notice, notice->instance->facts.stop_signal,
				  "it sent STOPPING=1, and has not ended within timeout_stop");
	} else if (notice->reloading) {
		notice->reloading = false;
		notify_state_say(notice, LEVEL_WARNING, "reloaded",
				 "pid %ld has not sent READY=1 within timeout_start of its RELOADING=1: it runs on",
				 (long)notice->instance->pid);
	}
}

struct notify_state *notify_state_new(struct instance *instance, unsigned access)
{
	struct notify_state *notice = calloc(1, sizeof(*notice));

	if (!notice)
		return NULL;
	notice->instance = instance;
	notice->access = access;
	list_init(&notice->link);
	list_init(&notice->moved);
	list_init(&notice->last.link);
	ev_init(&notice->limit, on_limit);
	notice->limit.data = notice;
	watchdog_init(notice);
	return notice;
}

void notify_state_watch(struct instance *instance)
{
	const struct service *service = instance->service;
	struct notify_state *notice = instance->notice;

	if (!notice || notice->watched || is_starting(instance))
		return;
	notice->watched = true;
	if (notice->every < 0.)
		notice->every = service_has_watchdog(service) ? (double)service->groups->lifecycle->watchdog / 1e6 : 0.;
	watchdog_start(notice, notice->every);
}

void notify_state_free(struct notify_state *notice)
{
	if (!notice)
		return;
	list_remove(&notice->link);
	list_remove(&notice->moved);
	list_remove(&notice->last.link);
	stop_limit(notice);
	watchdog_end(notice);
	main_watch_end(&notice->instance->main_watch);
	free(notice);
}

/* Keeps the first NOTE_TEXT bytes of a text, without control characters. */
static void keep_text(char *out, struct note_text text)
{
	struct buf visible = { 0 };

	buf_visible(&visible, text.at, text.length);
	buf_cut(&visible, NOTE_TEXT);
	snprintf(out, NOTE_TEXT + 1, "%s", buf_string(&visible));
	buf_free(&visible);
}

/* As systemd since 262: without a handler for reload_signal the first reload would end the instance. */
static bool survives_reload(struct notify_state *notice)
{
	const struct instance *instance = notice->instance;
	int signal = instance->service->groups->lifecycle->reload_signal;
	char name[32];

	if (instance->service->exec->type != TYPE_NOTIFY_RELOAD || signal == SIGSTOP ||
	    process_survives(instance->pid, signal))
		return true;
	notify_state_say(notice, LEVEL_NOTICE, "stopping",
			 "pid %ld sent READY=1 without a handler of reload_signal, %s", (long)instance->pid,
			 scan_signal_name(signal, name));
	return false;
}

static void take_ready(struct notify_state *notice)
{
	struct instance *instance = notice->instance;

	if (notice->reloading) {
		notice->reloading = false;
		notice->reloads++;
		stop_limit(notice);
		notify_state_say(notice, LEVEL_INFO, "reloaded", "pid %ld has reloaded", (long)instance->pid);
	}
	watch_wake_changes(instance->engine);
	if (!instance_is_starting(instance) || instance->search)
		return;
	if (!survives_reload(notice)) {
		instance->facts.result = RESULT_PROTOCOL;
		notify_state_fail(notice, notice->instance->facts.stop_signal,
				  "its type is notify-reload");
		return;
	}
	notify_state_say(notice, LEVEL_INFO, "ready", "pid %ld is ready", (long)instance->pid);
	instance_be_ready(instance);
}

static void take_reloading(struct notify_state *notice)
{
	const struct instance *instance = notice->instance;

	if (is_starting(instance) || notice->reloading)
		return;
	notice->reloading = true;
	start_limit(notice, instance->service->groups->lifecycle->timeout_start);
	notify_state_say(notice, LEVEL_INFO, "reloading", "pid %ld reloads", (long)instance->pid);
}

/* timeout_stop counts in place of runtime_max, as in systemd; a drained instance keeps the limit of its drain. */
static void take_stopping(struct notify_state *notice)
{
	struct instance *instance = notice->instance;

	notice->stopping = true;
	notice->reloading = false;
	watchdog_end(notice);
	if (instance->facts.stopped)
		return;
	start_limit(notice, instance->service->groups->lifecycle->timeout_stop);
	if (!is_starting(instance) && !instance->retired)
		instance_limit(instance, SCAN_INFINITY);
	notify_state_say(notice, LEVEL_INFO, "stopping", "pid %ld is about to end", (long)instance->pid);
}

/* In one message STOPPING counts alone; RELOADING with READY means a reload that is done already (sd_notify(3)). */
static void take_state(struct notify_state *notice, const struct notify_message *message)
{
	if (notice->stopping) {
		if (message->ready || message->reloading)
			notify_state_say(notice, LEVEL_NOTICE, "notification",
					 "pid %ld sent READY=1 or RELOADING=1 after its STOPPING=1: STOPPING=1 is "
					 "final",
					 (long)notice->instance->pid);
		return;
	}
	if (message->stopping) {
		take_stopping(notice);
		return;
	}
	if (message->reloading)
		take_reloading(notice);
	if (message->ready)
		take_ready(notice);
}

static void take_error_name(struct notify_state *notice, char *kept, struct note_text name, const char *kind)
{
	if (!name.at || (strlen(kept) == name.length && !memcmp(kept, name.at, name.length)))
		return;
	keep_text(kept, name);
	notify_state_say(notice, LEVEL_NOTICE, "error", "pid %ld reports a %s error: %s", (long)notice->sender, kind,
			 kept);
}

static void take_texts(struct notify_state *notice, const struct notify_message *message)
{
	if (message->status.at) {
		keep_text(notice->status, message->status);
		notify_state_say(notice, LEVEL_DEBUG, "status", "pid %ld: %s", (long)notice->sender, notice->status);
	}
	if (message->error > 0 && message->error != notice->error)
		notify_state_say(notice, LEVEL_NOTICE, "error", "pid %ld reports error %d: %s", (long)notice->sender,
				 (int)message->error, strerror((int)message->error));
	if (message->error != NOTE_UNSET)
		notice->error = (int)message->error;
	take_error_name(notice, notice->bus_error, message->bus_error, "D-Bus");
	take_error_name(notice, notice->varlink_error, message->varlink_error, "Varlink");
}

/* Extends the present time limit, of the start, the run or the stop, and the watchdog. */
static void take_extend(struct notify_state *notice, int64_t microseconds)
{
	struct ev_loop *loop = notice->instance->engine->loop;
	bool patient = ev_is_active(&notice->limit);
	int64_t left = patient ? allowance_left(&notice->allowance, microseconds) : microseconds;
	bool granted = instance_extend(notice->instance, microseconds) && left == microseconds;

	if (ev_is_active(&notice->watchdog) && ev_timer_remaining(loop, &notice->watchdog) < (double)microseconds / 1e6)
		watchdog_start(notice, (double)microseconds / 1e6);
	if (patient && ev_timer_remaining(loop, &notice->limit) < (double)left / 1e6)
		set_limit(notice, left);
	if (granted || notice->extension_refused)
		return;
	notice->extension_refused = true;
	notify_state_say(notice, LEVEL_NOTICE, "notification",
			 "pid %ld requests more than ten times its limit by EXTEND_TIMEOUT_USEC: the limit is not "
			 "extended",
			 (long)notice->sender);
}

/* From an instance that has not run well for a while it would only keep the pauses between failures short. */
static void take_reset(struct notify_state *notice)
{
	struct service_runtime *runtime = notice->instance->context;
	double lasted = clock_now() - notice->instance->since;

	if (!is_starting(notice->instance) && lasted >= RESET_SECONDS)
		backoff_reset(&runtime->backoff);
	else
		notify_state_say(notice, LEVEL_DEBUG, "notification",
				 "pid %ld sent RESTART_RESET=1 within its first 10 s", (long)notice->sender);
}

static void log_not_kept(const struct service_runtime *runtime, enum level level, const char *why)
{
	struct event event = { .name = "store", .service = runtime->service->name };

	log_event(runtime->engine->log, level, &event, "a descriptor is not kept: %s", why);
}

/* Stores or removes descriptors. A reload may change whether the service may store any, so that is read each time. */
static void take_store(const struct notify_state *notice, const struct notify_message *message,
		       struct received *received)
{
	struct service_runtime *runtime = notice->instance->context;
	struct fdstore **store;

	if (!message->store && !message->remove)
		return;
	if (runtime->service->exec->accept) {
		log_not_kept(runtime, LEVEL_WARNING, "that needs accept = no");
		return;
	}
	store = &runtime->run->kit.store;
	if (!*store)
		*store = fdstore_new(runtime->engine, runtime->service->name);
	if (!*store)
		log_not_kept(runtime, LEVEL_ERROR, "out of memory");
	else if (message->remove && message->name.at)
		fdstore_remove(*store, message->name);
	else if (message->store && !message->remove && received)
		fdstore_take(*store, message, received, notice->instance->user,
			     runtime->service->groups->lifecycle->file_descriptor_store_max);
}

void notify_state_take(struct notify_state *notice, const struct notify_message *message,
		       const struct notification *notification, struct received *received, bool by_root)
{
	static const char *const access_names[] = { "none", "main", "exec", "all" };

	notice->sender = notification->pid;
	if (message->wrong.at)
		notify_state_say(notice, LEVEL_WARNING, "notification", "pid %ld: passed over: %.*s",
				 (long)notification->pid, message->wrong.length < 80 ? (int)message->wrong.length : 80,
				 message->wrong.at);
	main_pid_take(notice, message, notification, received, by_root);
	if (message->extend != NOTE_UNSET)
		take_extend(notice, message->extend);
	take_texts(notice, message);
	take_store(notice, message, received);
	if (message->access != NOTE_UNSET) {
		notice->access = (unsigned)message->access;
		notify_state_say(notice, LEVEL_INFO, "notification", "pid %ld: notify_access is %s until it ends",
				 (long)notice->sender, access_names[notice->access]);
	}
	if (message->reset)
		take_reset(notice);
	if (message->watchdog_every != NOTE_UNSET)
		notice->every = (double)message->watchdog_every / 1e6;
	if (message->watchdog || message->watchdog_every != NOTE_UNSET)
		watchdog_start(notice, notice->every);
	if (message->trigger)
		watchdog_bark(notice, "it sent WATCHDOG=trigger");
	take_state(notice, message);
	runtime_note_change(notice->instance->context);
}
