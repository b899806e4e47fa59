/* Follows another main process (MAINPID of sd_notify(3)). It need not be superd's child: while its parent lives, the
 * kernel reports its end to that parent alone, so superd watches its pidfd (superd/instance/main_watch). */
#include "superd/instance/main_pid.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/fd.h"
#include "os/proc/pidfd.h"
#include "os/proc/process.h"
#include "os/proc/process_group.h"
#include "os/proc/process_mark.h"
#include "superd/instance/bind_calls.h"
#include "superd/instance/forking_search.h"
#include "superd/instance/main_watch.h"
#include "superd/instance/notify_sender.h"
#include "superd/launch/notify.h"

void main_pid_init(struct notify_state *notice)
{
	list_init(&notice->moved);
}

void main_pid_forget(struct notify_state *notice)
{
	main_watch_end(&notice->instance->main_watch);
	list_remove(&notice->moved);
}

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

/* type = forking: the message names the daemon, so the search for it ends. */
static void end_daemon_search(struct instance *instance)
{
	if (!instance->search)
		return;
	forking_search_free(instance);
	if (instance_is_starting(instance))
		instance_be_ready(instance);
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
	same = fd >= 0 && pidfd_has_id(fd, message->main_id);
	fd_close(&fd);
	return same ? (pid_t)message->main_pid : -1;
}

static const char *refuse_process(const struct notify_state *notice, pid_t pid, bool by_root)
{
	struct process process;

	if (pid <= 1 || pid == getpid() || !process_read(pid, &process) || process.ended)
		return "there is no such process";
	if (child_table_find(&notice->instance->engine->children, pid))
		return "it is of another service";
	return by_root || notify_sender_is_of(&notice->notify->notices, notice, pid) ? NULL
										     : "it is none of this service's";
}

/* Below a daemon of root's another user's session may speak, too, if notify_access = all. As the main process it would
 * have superd answer its calls (worker/bind/caller). */
static bool may_name(const struct instance *instance, const struct notification *sender)
{
	return sender->uid == 0 || sender->uid == instance->user || sender->pid == instance->pid ||
	       process_has_user(instance->pid, sender->uid);
}

void main_pid_take(struct notify_state *notice, const struct notify_message *message,
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
	end_daemon_search(instance);
}
