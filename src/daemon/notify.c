/* sd_notify(3): what instances say at the notify socket of their service, the watchdog, and kept descriptors. */
#include "daemon/daemon.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/number.h"
#include "lib/scan.h"
#include "os/fs/runtime_dir.h"
#include "os/proc/pidfd.h"
#include "os/proc/process.h"
#include "os/socket/notify_dir.h"
#include "os/socket/notify_socket.h"
#include "table/option/option_name.h"

#define MESSAGES 64 /* of one socket in a turn of the loop */
#define ANCESTORS 32
#define DESCRIPTORS 253
#define RESET_SECONDS 10. /* of a run, until RESTART_RESET=1 counts */

static void on_message(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	notify_read(io->data);
}

bool notify_open(struct svc *svc, struct buf *why)
{
	static unsigned number;
	struct buf path = { 0 };

	if (svc->notify >= 0)
		return true;
	number++;
	if (!service_root(svc->row) && notify_dir_make(runtime_dir(), &path)) {
		buf_addf(&path, "/%ld.%u", (long)getpid(), number);
		svc->notify = fd_raise(notify_socket_open(buf_string(&path)), FD_HIGH);
	}
	if (svc->notify < 0) { /* also where the folder is another user's */
		buf_clear(&path);
		buf_addf(&path, "@superd/notify/%ld/%ld.%u", (long)getpid(), (long)getpid(), number);
		svc->notify = fd_raise(notify_socket_open(buf_string(&path)), FD_HIGH);
	}
	if (svc->notify < 0) {
		buf_addf(why, "opening a notify socket: %s", strerror(errno));
	} else if (asprintf(&svc->notify_variable, "NOTIFY_SOCKET=%s", buf_string(&path)) < 0) {
		svc->notify_variable = NULL;
	} else {
		ev_io_init(&svc->notify_io, on_message, svc->notify, EV_READ);
		svc->notify_io.data = svc;
		ev_io_start(superd.loop, &svc->notify_io);
	}
	buf_free(&path);
	return svc->notify >= 0 && svc->notify_variable;
}

void notify_resume(struct svc *svc)
{
	ev_io_init(&svc->notify_io, on_message, svc->notify, EV_READ);
	svc->notify_io.data = svc;
	ev_io_start(superd.loop, &svc->notify_io);
}

void notify_close(struct svc *svc)
{
	char *path = svc->notify_variable ? strchr(svc->notify_variable, '=') + 1 : NULL;

	if (svc->notify < 0)
		return;
	ev_io_stop(superd.loop, &svc->notify_io);
	if (path && *path == '/')
		notify_dir_remove(path);
	close_apart(svc, &svc->notify);
	free(svc->notify_variable);
	svc->notify_variable = NULL;
}

/* ---- kept descriptors ---- */

static void drop(struct stored *stored)
{
	ev_io_stop(superd.loop, &stored->io);
	list_remove(&stored->link);
	stored->svc->stored_count--;
	journal_say("-store #%d\n", stored->fd);
	close_apart(stored->svc, &stored->fd);
	free(stored);
}

static void on_stored_end(struct ev_loop *loop, ev_io *io, int events)
{
	struct stored *stored = io->data;
	struct pollfd look = { .fd = stored->fd };

	(void)loop, (void)events;
	if (poll(&look, 1, 0) < 1 || !(look.revents & (POLLHUP | POLLERR))) {
		ev_io_stop(superd.loop, io); /* it is readable, which is its program's business */
		return;
	}
	svc_say(stored->svc, LEVEL_INFO, "store", "the other end of %s is closed: not kept any longer", stored->name);
	drop(stored);
}

void store_add(struct svc *svc, int fd, const char *name, bool polled)
{
	struct stored *stored = calloc(1, sizeof(*stored));

	if (!stored) {
		close_apart(svc, &fd);
		return;
	}
	stored->fd = fd_raise(fd, FD_HIGH);
	stored->polled = polled;
	stored->svc = svc;
	snprintf(stored->name, sizeof(stored->name), "%s", name);
	ev_io_init(&stored->io, on_stored_end, stored->fd, EV_READ);
	stored->io.data = stored;
	list_add(&svc->stored, &stored->link);
	svc->stored_count++;
	journal_stored(stored);
	if (polled)
		ev_io_start(superd.loop, &stored->io);
}

void store_clear(struct svc *svc)
{
	LIST_EACH(link, &svc->stored)
		drop(container_of(link, struct stored, link));
}

static void take_store(struct svc *svc, const struct notify_message *message, int *fds, size_t count)
{
	int64_t most = svc->row->groups->lifecycle->file_descriptor_store_max;
	char name[256] = "stored";

	if (message->name.at)
		snprintf(name, sizeof(name), "%.*s", (int)message->name.length, message->name.at);
	if (message->remove && message->name.at) {
		LIST_EACH(link, &svc->stored) {
			struct stored *stored = container_of(link, struct stored, link);

			if (!strcmp(stored->name, name))
				drop(stored);
		}
		return;
	}
	for (size_t n = 0; message->store && n < count; n++) {
		if (svc->row->exec->accept) {
			svc_say(svc, LEVEL_WARNING, "store", "a descriptor is not kept: that needs accept = no");
			return;
		}
		if ((int64_t)svc->stored_count >= most) {
			svc_say(svc, LEVEL_WARNING, "store",
				"a descriptor is not kept: file_descriptor_store_max is reached (%lld)",
				(long long)most);
			return;
		}
		store_add(svc, fds[n], name, !message->unpolled);
		fds[n] = -1;
	}
}

/* ---- the watchdog and other limits ---- */

static void bark(struct instance *instance, const char *why)
{
	ev_timer_stop(superd.loop, &instance->watchdog);
	svc_say(instance->svc, LEVEL_WARNING, "stopping", "stopping pid %ld: %s", (long)instance->pid, why);
	instance_fail(instance, RESULT_WATCHDOG);
}

static void on_watchdog(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct instance *instance = timer->data;

	(void)loop, (void)events;
	if (!instance->ends && !instance->stopping) {
		char every[32], why[96];

		scan_duration_format((int64_t)(instance->watchdog_every * 1e6), every);
		snprintf(why, sizeof(why), "it has not sent WATCHDOG=1 for %s", every);
		bark(instance, why);
	}
}

static void set_watchdog(struct instance *instance)
{
	ev_timer_stop(superd.loop, &instance->watchdog);
	if (instance->watchdog_every <= 0 || instance->ends || instance->is_frozen)
		return;
	ev_timer_set(&instance->watchdog, instance->watchdog_every, 0);
	ev_timer_start(superd.loop, &instance->watchdog);
}

void notify_watchdog(struct instance *instance)
{
	if (instance->watched)
		return;
	instance->watched = true;
	if (instance->watchdog_every < 0)
		instance->watchdog_every = service_has_watchdog(instance->row)
			? (double)instance->row->groups->lifecycle->watchdog / 1e6
			: 0;
	set_watchdog(instance);
}

static void on_notify_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct instance *instance = timer->data;

	(void)loop, (void)events;
	if (instance->ends)
		return;
	if (instance->stopping) {
		svc_say(instance->svc, LEVEL_NOTICE, "stopping",
			"stopping pid %ld: it sent STOPPING=1, and has not ended within timeout_stop",
			(long)instance->pid);
		instance_fail(instance, RESULT_TIMEOUT);
	} else if (instance->reloading) {
		instance->reloading = false;
		svc_say(instance->svc, LEVEL_WARNING, "reloaded",
			"pid %ld has not sent READY=1 within timeout_start of its RELOADING=1: it runs on",
			(long)instance->pid);
		svc_changed(instance->svc);
	}
}

static void limit(struct instance *instance, int64_t microseconds)
{
	ev_timer_stop(superd.loop, &instance->notify_limit);
	if (microseconds <= 0 || microseconds == SCAN_INFINITY)
		return;
	ev_timer_set(&instance->notify_limit, (double)microseconds / 1e6, 0);
	ev_timer_start(superd.loop, &instance->notify_limit);
}

void notify_begin(struct instance *instance)
{
	ev_init(&instance->watchdog, on_watchdog);
	ev_init(&instance->notify_limit, on_notify_limit);
	ev_init(&instance->main_io, NULL);
	instance->main_io.fd = -1;
	instance->watchdog.data = instance->notify_limit.data = instance->main_io.data = instance;
}

void notify_end(struct instance *instance)
{
	if (!instance->watchdog.data)
		return;
	ev_timer_stop(superd.loop, &instance->watchdog);
	ev_timer_stop(superd.loop, &instance->notify_limit);
	ev_io_stop(superd.loop, &instance->main_io);
	fd_close(&instance->main_io.fd);
}

/* ---- messages ---- */

/* The instance whose process the kernel names as the sender: by the processes themselves, else by group, session and
 * ancestors. */
static struct instance *find_sender(struct svc *svc, pid_t pid, uid_t uid, unsigned *least)
{
	struct process process;

	*least = NOTIFY_ALL;
	LIST_EACH(link, &svc->instances) {
		struct instance *instance = container_of(link, struct instance, link);

		if (instance->pid == pid || instance->command.pid == pid) {
			*least = instance->pid == pid ? NOTIFY_MAIN : NOTIFY_EXEC;
			return instance;
		}
	}
	for (int n = 0; n < ANCESTORS && pid > 1 && pid != getpid() && process_read(pid, &process);
	     n++, pid = process.parent) {
		LIST_EACH(link, &svc->instances) {
			struct instance *instance = container_of(link, struct instance, link);

			if (instance->pid == process.pid || instance->group == process.group ||
			    instance->group == process.session ||
			    (instance->command.pid &&
			     (instance->command.pid == process.pid || instance->command.pid == process.session)))
				return instance;
		}
	}
	if (list_has_one(&svc->instances) && !process_read(pid, &process)) {
		struct instance *only = container_of(svc->instances.next, struct instance, link);

		return uid == 0 || uid == instance_user(only) ? only : NULL; /* it has ended by now */
	}
	return NULL;
}

static void on_stranger_end(struct ev_loop *loop, ev_io *io, int events)
{
	struct instance *instance = io->data;

	(void)events;
	ev_io_stop(loop, io);
	instance->main.ended(&instance->main, 0, NULL);
}

static void take_main_pid(struct instance *instance, const struct notify_message *message, pid_t sender, uid_t uid,
			  const int *fds, size_t count)
{
	pid_t pid = message->main_fd ? (count ? pidfd_pid(fds[0]) : -1) : (pid_t)message->main_pid;
	struct process process;
	const char *why = NULL;
	unsigned least;

	if ((message->main_pid == NOTE_UNSET && !message->main_fd) || pid == instance->main.pid)
		return;
	if (uid != 0 && uid != instance_user(instance) && sender != instance->pid)
		why = "another user has named it";
	else if (pid <= 1 || pid == getpid() || !process_read(pid, &process) || process.ended)
		why = "there is no such process";
	else if (uid != 0 && find_sender(instance->svc, pid, (uid_t)-1, &least) != instance)
		why = "it is none of this service's";
	if (why) {
		svc_say(instance->svc, LEVEL_WARNING, "notification", "pid %ld is not taken for the main process: %s",
			(long)pid, why);
		return;
	}
	instance_follow(instance, pid);
	if (process.parent != getpid()) { /* the kernel tells its end to its parent alone */
		fd_close(&instance->main_io.fd);
		ev_io_init(&instance->main_io, on_stranger_end, pidfd_of(pid), EV_READ);
		instance->main_io.data = instance;
		if (instance->main_io.fd >= 0)
			ev_io_start(superd.loop, &instance->main_io);
	}
	svc_say(instance->svc, LEVEL_INFO, "daemon", "main process is pid %ld now", (long)pid);
	if (instance->row->exec->type == TYPE_FORKING)
		instance_be_ready(instance);
}

static void take(struct instance *instance, const struct notify_message *message, pid_t sender, uid_t uid, int *fds,
		 size_t count)
{
	struct svc *svc = instance->svc;
	const struct lifecycle_options *lifecycle = instance->row->groups->lifecycle;
	struct buf visible = { 0 };

	take_main_pid(instance, message, sender, uid, fds, count);
	if (message->status.at) {
		buf_visible(&visible, message->status.at, message->status.length);
		buf_cut(&visible, NOTE_TEXT);
		snprintf(instance->status_text, sizeof(instance->status_text), "%s", buf_string(&visible));
		buf_free(&visible);
		svc_changed(svc);
	}
	take_store(svc, message, fds, count);
	if (message->access != NOTE_UNSET)
		instance->access = (unsigned)message->access;
	if (message->extend != NOTE_UNSET) {
		if (instance->reloading || instance->stopping)
			limit(instance, message->extend);
		else if (ev_is_active(&instance->limit) &&
			 ev_timer_remaining(superd.loop, &instance->limit) < (double)message->extend / 1e6)
			instance_limit(instance, message->extend);
	}
	if (message->reset && instance->phase == READY && clock_now() - instance->since >= RESET_SECONDS)
		backoff_reset(&svc->backoff);
	if (message->watchdog_every != NOTE_UNSET)
		instance->watchdog_every = (double)message->watchdog_every / 1e6;
	if ((message->watchdog || message->watchdog_every != NOTE_UNSET) && instance->watched)
		set_watchdog(instance);
	if (message->trigger)
		bark(instance, "it sent WATCHDOG=trigger");
	if (message->error > 0 && message->error != NOTE_UNSET)
		svc_say(svc, LEVEL_NOTICE, "error", "pid %ld reports error %d: %s", (long)sender, (int)message->error,
			strerror((int)message->error));
	for (int n = 0; n < 2; n++) {
		const struct note_text *error = n ? &message->varlink_error : &message->bus_error;

		if (error->at)
			svc_say(svc, LEVEL_NOTICE, "error", "pid %ld reports a %s error: %.*s", (long)sender,
				n ? "Varlink" : "D-Bus", (int)error->length, error->at);
	}
	if (instance->stopping || instance->ends)
		return;
	if (message->stopping) {
		instance->stopping = true;
		instance->reloading = false;
		ev_timer_stop(superd.loop, &instance->watchdog);
		limit(instance, lifecycle->timeout_stop);
		if (instance->phase == READY)
			instance_limit(instance, 0);
		svc_say(svc, LEVEL_INFO, "stopping", "pid %ld is about to end", (long)instance->pid);
		return;
	}
	if (message->reloading && instance->phase == READY && !instance->reloading) {
		instance->reloading = true;
		limit(instance, lifecycle->timeout_start);
		svc_say(svc, LEVEL_INFO, "reloading", "pid %ld reloads", (long)instance->pid);
	}
	if (message->ready && instance->reloading) {
		instance->reloading = false;
		instance->reloads++;
		limit(instance, 0);
		svc_say(svc, LEVEL_INFO, "reloaded", "pid %ld has reloaded", (long)instance->pid);
		svc_changed(svc);
	} else if (message->ready && (instance->phase == STARTED || instance->phase == LAUNCHED)) {
		char name[32];

		if (instance->phase == LAUNCHED)
			instance->report_io.cb(superd.loop, &instance->report_io, 0);
		if (instance->row->exec->type == TYPE_NOTIFY_RELOAD &&
		    !process_survives(instance->pid, lifecycle->reload_signal)) {
			svc_say(svc, LEVEL_NOTICE, "stopping",
				"pid %ld sent READY=1 without a handler of reload_signal, %s", (long)instance->pid,
				scan_signal_name(lifecycle->reload_signal, name));
			svc_say(svc, LEVEL_NOTICE, "stopping", "stopping pid %ld: its type is notify-reload",
				(long)instance->pid);
			instance_fail(instance, RESULT_PROTOCOL);
			return;
		}
		if (instance->phase != STARTED)
			return;
		svc_say(svc, LEVEL_INFO, "ready", "pid %ld is ready", (long)instance->pid);
		instance_be_ready(instance);
	}
}

static void drop_message(struct svc *svc, pid_t pid, const char *flaw)
{
	char more[LOG_RATE_LIMIT_MORE];

	if (log_rate_limit_is_due(&svc->note_limit, more))
		svc_say(svc, LEVEL_WARNING, "notification", "dropped a notification of pid %ld: %s%s", (long)pid, flaw,
			more);
}

/* Descriptors that come along are received by superd itself: what nobody keeps is closed at once. */
void notify_read(struct svc *svc)
{
	for (int n = 0; n < MESSAGES && svc->notify >= 0; n++) {
		char text[NOTIFICATION_MOST + 1],
			control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(DESCRIPTORS * sizeof(int))];
		struct iovec part = { text, sizeof(text) - 1 };
		struct msghdr header = {
			.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
		};
		struct ucred who = { 0, (uid_t)-1, (gid_t)-1 };
		int fds[DESCRIPTORS];
		size_t count = 0;
		struct notify_message message;
		struct instance *instance;
		unsigned least;
		ssize_t got = recvmsg(svc->notify, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (got < 0)
			return;
		for (struct cmsghdr *part_of = CMSG_FIRSTHDR(&header); part_of;
		     part_of = CMSG_NXTHDR(&header, part_of)) {
			if (part_of->cmsg_level != SOL_SOCKET)
				continue;
			if (part_of->cmsg_type == SCM_CREDENTIALS)
				memcpy(&who, CMSG_DATA(part_of), sizeof(who));
			if (part_of->cmsg_type == SCM_RIGHTS) {
				count = (part_of->cmsg_len - CMSG_LEN(0)) / sizeof(int);
				memcpy(fds, CMSG_DATA(part_of), count * sizeof(int));
			}
		}
		text[got] = '\0';
		instance = find_sender(svc, who.pid, who.uid, &least);
		if (header.msg_flags & MSG_TRUNC)
			drop_message(svc, who.pid, "it is longer than 4096 bytes");
		else if (memchr(text, 0, (size_t)got))
			drop_message(svc, who.pid, "it has a NUL byte");
		else if (!notify_message_parse(text, (size_t)got, &message))
			drop_message(svc, who.pid, "BARRIER=1 stands among other lines");
		else if (!instance)
			drop_message(svc, who.pid, "it is no process of this service");
		else if (instance->access < least)
			drop_message(svc, who.pid, "notify_access does not let it speak");
		else if (!message.barrier)
			take(instance, &message, who.pid, who.uid, fds, count);
		else
			journal_flush(); /* all before it outlives superd when the barrier ends */
		for (size_t i = 0; i < count; i++)
			close_apart(svc, &fds[i]);
	}
}
