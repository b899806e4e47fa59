/* sd_notify(3): what instances say at the notify socket of their service, the watchdog, and kept descriptors. */
#include "superd/daemon.h"

#include <sys/epoll.h>
#include <sys/syscall.h>

#define MESSAGES 64 /* of one socket in a turn of the loop */
#define ANCESTORS 32
#define DESCRIPTORS FD_MESSAGE_MOST
#define RECEIVE_SECONDS 1.
#define REMOVE_SECONDS .1 /* a stranger's message, which holds others up */
#define RECEIVERS 8	  /* of a service, the last for its own processes */
#define SUSPENDED 1.	  /* seconds by which a time has come late */

static void on_message(struct io *io)
{
	notify_read(io->data);
}

void notify_resume(struct svc *svc)
{
	io_call(&svc->run->notify_io, svc->run->notify, on_message, svc);
}

/* A process that receives one message with descriptors. Its answer ends its turn: it may hang as it closes them. */
struct receiver {
	struct helper helper;
	struct svc *svc;
};

/* Of `most` places for receivers those that none has. */
static int receivers_left(const struct svc *svc, int most)
{
	for (int n = 0; svc->run->receivers && n < RECEIVERS; n++)
		most -= svc->run->receivers[n].helper.child.pid > 0;
	return most;
}

static void end_receiving(struct svc *svc)
{
	if (svc->run->received <= 0)
		return;
	io_stop(&svc->run->received_io);
	fd_close(&svc->run->received);
	svc->run->receiver = NULL;
}

/* A program of root's may have become another user before it speaks, and with notify_access = all its processes may be
 * any user's: then everybody may send, and the kernel's word on the sender decides alone. */
static bool admit_senders(struct svc *svc)
{
	const char *path = strchr(svc->run->notify_variable, '=') + 1;
	uid_t user = user_of(svc->row);

	return *path != '/' ||
		notify_node_give(path, user,
				 (user == 0 || service_notify_access(svc->row) == NOTIFY_ALL) &&
					 receivers_left(svc, RECEIVERS - 1) > 0);
}

/* Nobody can guess its name, and take that before. One in the folder is reached from another network, too. */
bool notify_open(struct svc *svc, struct buf *why)
{
	const struct sandbox_config *sandbox = service_prepared(svc->row)->sandbox;
	bool has_own_network = sandbox && svc->row->groups->hardening->private_network;
	char name[INVOCATION_ID + 1];
	struct buf path = { 0 };

	if (svc->run->notify > 0) {
		if (!admit_senders(svc))
			svc_say(svc, LEVEL_WARNING, "notification", "%s: who may send is not set anew: %s",
				svc->run->notify_variable, strerror(errno));
		return true;
	}
	if (!spawn_invocation(name)) {
		buf_addf(why, "naming a socket for its notifications: %s", strerror(errno));
		return false;
	}
	if (!service_root(svc->row) && notify_dir_make(runtime_dir(), &path)) {
		buf_addf(&path, "/%s", name);
		svc->run->notify = fd_raise(notify_socket_open(buf_string(&path)), FD_HIGH);
	}
	if (svc->run->notify <= 0 && !has_own_network) { /* also where the folder is another user's */
		buf_clear(&path);
		buf_addf(&path, "@superd/notify/%s", name);
		svc->run->notify = fd_raise(notify_socket_open(buf_string(&path)), FD_HIGH);
	}
	if (svc->run->notify <= 0) {
		buf_text(why, "opening a socket for its notifications");
		if (has_own_network)
			buf_addf(why, " below %s/superd, which must belong to root and be searchable by all",
				 runtime_dir());
		buf_addf(why, ": %s", strerror(errno));
	} else if (path.failed || asprintf(&svc->run->notify_variable, "NOTIFY_SOCKET=%s", buf_string(&path)) < 0) {
		svc->run->notify_variable = NULL;
		if (*buf_string(&path) == '/')
			unlink(buf_string(&path));
		fd_close(&svc->run->notify); /* the next start tries again */
		buf_text(why, "opening a socket for its notifications: out of memory");
	} else if (!admit_senders(svc)) {
		buf_addf(why, "%s: letting its programs send: %s", svc->run->notify_variable, strerror(errno));
		notify_close(svc);
	} else {
		notify_resume(svc);
	}
	buf_free(&path);
	return svc->run->notify > 0 && svc->run->notify_variable;
}

void notify_close(struct svc *svc)
{
	char *path = svc->run->notify_variable ? strchr(svc->run->notify_variable, '=') + 1 : NULL;

	if (svc->run->notify <= 0)
		return;
	io_stop(&svc->run->notify_io);
	end_receiving(svc);
	for (int n = 0; svc->run->receivers && n < RECEIVERS; n++)
		child_signal(&svc->run->receivers[n].helper.child, SIGKILL);
	if (path && *path == '/')
		notify_dir_remove(path);
	close_apart(svc, &svc->run->notify);
	free(svc->run->notify_variable);
	svc->run->notify_variable = NULL;
}

/* The service is freed. */
void notify_forget(struct svc *svc)
{
	notify_close(svc);
	for (int n = 0; svc->run->receivers && n < RECEIVERS; n++) {
		helper_drop(&svc->run->receivers[n].helper);
		child_forget(&svc->run->receivers[n].helper.child);
	}
	free(svc->run->receivers);
}

/* ---- kept descriptors ---- */

/* Those whose other end closes are kept no longer. They are in a set of their own, which asks for nothing else: that
 * one can be read, too, is its program's business. */
static struct {
	int set; /* of epoll(7); 0: none yet */
	struct io io;
} stored_ends;

static void drop_stored(struct stored *stored)
{
	if (stored->polled && stored_ends.set > 0)
		epoll_ctl(stored_ends.set, EPOLL_CTL_DEL, stored->fd, NULL);
	list_remove(&stored->link);
	stored->svc->run->stored_count--;
	journal_drop("store", stored->fd);
	close_apart(stored->svc, &stored->fd);
	free(stored);
}

static void on_stored_end(struct io *io)
{
	struct epoll_event end;

	if (epoll_wait(io->fd, &end, 1, 0) == 1) {
		struct stored *stored = end.data.ptr;

		svc_echo(stored->svc, LEVEL_INFO, "store", "the other end of %s is closed: not kept any longer",
			 stored->name);
		drop_stored(stored);
	}
}

/* One that cannot be polled, or for which there is no room, is kept. */
static void watch_stored(struct stored *stored)
{
	struct epoll_event end = { .data.ptr = stored };

	if (stored_ends.set <= 0) {
		stored_ends.set = fd_raise(epoll_create1(EPOLL_CLOEXEC), FD_HIGH);
		if (stored_ends.set <= 0)
			return;
		io_call(&stored_ends.io, stored_ends.set, on_stored_end, NULL);
	}
	epoll_ctl(stored_ends.set, EPOLL_CTL_ADD, stored->fd, &end);
}

void stored_add(struct svc *svc, int fd, const char *name, bool polled, uid_t user)
{
	struct stored *stored = calloc(1, sizeof(*stored));

	if (!stored) {
		svc_echo(svc, LEVEL_WARNING, "store", "%s is not kept: out of memory", name);
		close_apart(svc, &fd);
		return;
	}
	stored->fd = fd_raise(fd, FD_HIGH);
	stored->polled = polled;
	stored->user = user;
	stored->svc = svc;
	text_copy(stored->name, sizeof(stored->name), name);
	list_add(&svc->run->stored, &stored->link);
	svc->run->stored_count++;
	journal_stored(stored);
	if (polled)
		watch_stored(stored);
}

void stored_clear(struct svc *svc)
{
	LIST_OF(struct stored, stored, link, &svc->run->stored)
		drop_stored(stored);
}

/* The service has another row. */
void stored_check(struct svc *svc)
{
	uid_t user = user_of(svc->row);

	LIST_OF(struct stored, stored, link, &svc->run->stored) {
		if (svc->row->groups->lifecycle->file_descriptor_store_max && stored->user == user)
			continue;
		if (stored->user != user)
			svc_say(svc, LEVEL_NOTICE, "store",
				"%s is not kept any longer: uid %lu stored it, and the service's is %lu now",
				stored->name, (unsigned long)stored->user, (unsigned long)user);
		drop_stored(stored);
	}
}

static void take_store(struct svc *svc, const struct notify_message *message, int *fds, size_t count)
{
	int64_t most = svc->row->groups->lifecycle->file_descriptor_store_max;
	char name[256] = "stored";

	if (message->name.at)
		snprintf(name, sizeof(name), "%.*s", (int)message->name.length, message->name.at);
	if (message->flags & NOTE_REMOVE && message->name.at) {
		LIST_OF(struct stored, stored, link, &svc->run->stored) {
			if (!strcmp(stored->name, name))
				drop_stored(stored);
		}
		return;
	}
	for (size_t n = 0; message->flags & NOTE_STORE && n < count; n++) {
		bool has_it = false;

		if (svc->row->exec->accept) {
			svc_echo(svc, LEVEL_WARNING, "store", "a descriptor is not kept: that needs accept = no");
			return;
		}
		LIST_OF(const struct stored, stored, link, &svc->run->stored)
			has_it |= !syscall(SYS_kcmp, getpid(), getpid(), 0 /* KCMP_FILE */, stored->fd, fds[n]);
		if (has_it)
			continue;
		if ((int64_t)svc->run->stored_count >= most) {
			svc_echo(svc, LEVEL_WARNING, "store",
				 "a descriptor is not kept: file_descriptor_store_max is reached (%lld)",
				 (long long)most);
			return;
		}
		stored_add(svc, fds[n], name, !(message->flags & NOTE_UNPOLLED), user_of(svc->row));
		fds[n] = -1;
	}
}

/* ---- the watchdog ---- */

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
	if (clock_now() - instance->watchdog_at > SUSPENDED) { /* superd stood still, and perhaps all did */
		notify_watchdog(instance);
	} else if (!instance->ends && instance->says != STOPS) {
		char every[32], why[96];

		scan_duration_format((int64_t)(instance->watchdog_every * 1e6), every);
		snprintf(why, sizeof(why), "it has not sent WATCHDOG=1 for %s", every);
		bark(instance, why);
	}
}

/* Its time begins, or begins anew, once it is ready. */
void notify_watchdog(struct instance *instance)
{
	ev_timer_stop(superd.loop, &instance->watchdog);
	if (instance->watchdog_every < 0)
		instance->watchdog_every = service_has_watchdog(instance->row)
			? (double)instance->row->groups->lifecycle->watchdog / 1e6
			: 0;
	if (instance->phase != READY || instance->watchdog_every <= 0 || instance->ends || instance_is_frozen(instance))
		return;
	instance->watchdog_at = clock_now() + instance->watchdog_every;
	timer_call(&instance->watchdog, instance->watchdog_every, on_watchdog, instance);
}

/* ---- messages ---- */

/* A message, as superd or its receiver has received it. */
struct received {
	pid_t pid;
	uid_t uid;
	uint64_t instance; /* its number; 0: it is none's */
	unsigned least;	   /* of notify_access that lets it speak */
	unsigned refused;  /* descriptors that are not kept: the first is such a kind */
	char kind[DESCRIPTOR_NAME];
	bool is_cut; /* it was longer */
	size_t length;
	char text[NOTIFICATION_MOST + 1];
};

/* No other row's processes may speak for this one by their user. A superd that is not root has one user for all, and
 * root may do all that its services may. */
static bool user_tells(const struct svc *svc, uid_t uid)
{
	uid_t user = user_of(svc->row);

	if (uid == 0)
		return true;
	if (uid != user)
		return false;
	for (struct svc *other = geteuid() == 0 ? svc_next(NULL) : NULL; other; other = svc_next(other)) {
		if (other != svc && user_of(other->row) == user)
			return false;
	}
	return true;
}

/* Nothing else has told, of root or the service's user. Where the kernel knows the sender's control group, and the
 * instance has one, that decides. Else the user of one that has ended does: systemd-notify(1) and its like do not wait
 * to be heard. */
static struct instance *find_by_group_or_user(struct svc *svc, pid_t pid, uid_t uid, bool is_first, bool has_ended)
{
	uint64_t group = 0;
	int watch = -1;

	if (is_first && receivers_left(svc, RECEIVERS) == RECEIVERS) {
		group = notify_sender_cgroup(svc->run->notify);
	} else if ((watch = pidfd_of(pid)) >= 0) {
		group = pidfd_cgroup(watch);
		close(watch);
	}
	LIST_OF(struct instance, instance, link, &svc->run->instances) {
		bool is_user = uid == user_of(svc->row), is_admitted = uid == 0 || is_user;

		if (instance->cgroup && group)
			is_admitted = is_admitted && cgroup_has_id(instance->cgroup, group);
		else
			is_admitted = has_ended && list_has_one(&svc->run->instances) &&
				(user_tells(svc, uid) || (is_user && pid == instance->pid));
		if (is_admitted)
			return instance;
	}
	return NULL;
}

/* The process is in the group or session of an instance. While its leader is not reaped nobody else gets that number;
 * after that its user or control group must tell, too. */
static bool is_grouped(const struct instance *instance, const struct process *process)
{
	pid_t leader = instance->group, command = instance->commands.child.pid, parent;
	uid_t user = user_of(instance->row), users[3];

	if (command > 0 && process->session == command)
		return true;
	if (leader <= 1 || (process->group != leader && process->session != leader))
		return false;
	if (instance->main.pid == leader)
		return true;
	return process->start_time >= instance->born &&
		((instance->cgroup && cgroup_holds(instance->cgroup, process->pid)) ||
		 (process_read_users(process->pid, &parent, users) && users[0] == user && users[1] == user &&
		  users[2] == user));
}

/* The instance whose process the kernel names as the sender: by the processes themselves, else by group, session and
 * ancestors. Numbers count while they cannot be another's: of what superd has not reaped. is_first: the message is the
 * first of the queue, and has no descriptors. */
static struct instance *find_sender(struct svc *svc, pid_t pid, uid_t uid, bool is_first, unsigned *least)
{
	struct instance *found = NULL;
	struct process process;
	bool is_gone, has_ended;
	pid_t at = pid;

	*least = NOTIFY_ALL;
	if (pid <= 0) /* it is in a pid namespace that superd does not see */
		return NULL;
	LIST_OF(struct instance, instance, link, &svc->run->instances) {
		if (instance->main.pid == pid || instance->commands.child.pid == pid) {
			*least = instance->main.pid == pid ? NOTIFY_MAIN : NOTIFY_EXEC;
			return instance;
		}
	}
	is_gone = !process_read(pid, &process);
	has_ended = is_gone || process.ended;
	for (int n = 0; n < ANCESTORS && at > 1 && at != getpid() && process_read(at, &process);
	     n++, at = process.parent) {
		LIST_OF(struct instance, instance, link, &svc->run->instances) {
			if (instance->main.pid == process.pid || instance->commands.child.pid == process.pid ||
			    is_grouped(instance, &process))
				return instance;
		}
	}
	/* A main process that was reaped a moment ago, and what it has said is read now. */
	LIST_OF(struct instance, instance, link, &svc->run->instances) {
		if (is_gone && instance->end_is_judged && instance->pid == pid)
			found = instance;
	}
	if (!found)
		found = find_by_group_or_user(svc, pid, uid, is_first, has_ended);
	if (found && is_gone && found->pid == pid)
		*least = NOTIFY_MAIN; /* what it has said last is behind what it has sent with descriptors */
	return found;
}

/* The kernel tells the end of a process to its parent alone, which may be neither superd nor the guard. */
static bool has_strange_parent(const struct process *process)
{
	return !process->parent || (process->parent != getpid() && process->parent != guard->pid);
}

/* Its parent may have ended before it, so that superd or the guard reaps it: that tells how it has ended. */
static void on_stranger_end(struct io *io)
{
	struct instance *instance = io->data;
	struct process process;

	io_stop(io);
	if (process_read(instance->main.pid, &process) && !has_strange_parent(&process))
		return;
	child_forget(&instance->main);
	journal_instance(instance);
	instance->main.ended(&instance->main, 0, NULL);
}

/* A main process that a superd before has been told of. */
void notify_resume_main(struct instance *instance)
{
	struct process process;
	int watch = -1;

	if (process_read(instance->main.pid, &process) && has_strange_parent(&process))
		watch = pidfd_of(instance->main.pid);
	if (watch >= 0)
		io_call(&instance->main_io, watch, on_stranger_end, instance);
}

static void take_main_pid(struct instance *instance, const struct notify_message *message, pid_t sender, uid_t uid)
{
	pid_t pid = (pid_t)message->main_pid;
	struct process process;
	const char *why = NULL;
	unsigned least;
	int watch = -1;

	if (message->main_pid == NOTE_UNSET || pid == instance->main.pid)
		return;
	if (instance->phase < LAUNCHED || instance->phase > KILLED ||
	    (instance->phase == LAUNCHED && !instance->main.pid && !instance->end_is_judged))
		why = "the program does not run";
	else if (uid != 0 && uid != user_of(instance->row) && sender != instance->main.pid)
		why = "another user has named it";
	else if (pid <= 1 || pid == getpid() || !process_read(pid, &process) || process.ended)
		why = "there is no such process";
	else if (child_is_watched(pid))
		why = "superd has started it for something else";
	else if ((uid != 0 || !capability_kills(instance->row)) &&
		 find_sender(instance->svc, pid, (uid_t)-1, false, &least) != instance)
		why = "it is none of this service's";
	else if (has_strange_parent(&process) && (watch = pidfd_of(pid)) < 0)
		why = strerror(errno);
	if (why) {
		svc_echo(instance->svc, LEVEL_WARNING, "notification", "pid %ld is not taken for the main process: %s",
			 (long)pid, why);
		return;
	}
	instance_follow(instance, pid);
	if (watch >= 0)
		io_call(&instance->main_io, watch, on_stranger_end, instance);
	svc_echo(instance->svc, LEVEL_INFO, "daemon", "main process is pid %ld now", (long)pid);
	if (instance->row->exec->type == TYPE_FORKING)
		instance_be_ready(instance);
	if (instance->phase >= TERMINATED && instance->row->groups->lifecycle->kill_mode != KILL_NONE)
		kill(pid, instance->phase == KILLED ? SIGKILL : instance->row->groups->lifecycle->kill_signal);
}

static void drop_message(struct svc *svc, pid_t pid, const char *flaw)
{
	char more[LOG_RATE_LIMIT_MORE];

	if (log_rate_limit_is_due(&svc->run->note_limit, more))
		svc_say(svc, LEVEL_WARNING, "notification", "dropped a notification of pid %ld: %s%s", (long)pid, flaw,
			more);
}

static void obey_message(struct instance *instance, const struct notify_message *message,
			 const struct received *received, int *fds, size_t count)
{
	struct svc *svc = instance->svc;
	const struct lifecycle_options *lifecycle = instance->row->groups->lifecycle;
	struct buf visible = { 0 };
	char more[LOG_RATE_LIMIT_MORE] = "";

	if (message->wrong.at)
		svc_echo(svc, LEVEL_WARNING, "notification", "pid %ld: passed over: %.*s", (long)received->pid,
			 message->wrong.length < 80 ? (int)message->wrong.length : 80, message->wrong.at);
	take_main_pid(instance, message, received->pid, received->uid);
	if (message->status.at) {
		buf_visible(&visible, message->status.at, message->status.length);
		buf_cut(&visible, NOTE_TEXT);
		text_copy(instance->status_text, sizeof(instance->status_text), buf_string(&visible));
		buf_free(&visible);
		svc_changed(svc);
		journal_instance(instance);
	}
	if (received->refused)
		svc_echo(
			svc, LEVEL_WARNING, "store",
			"%u descriptor%s not kept: %s, where sockets, pipes, memfds, eventfds, timerfds and pidfds are",
			received->refused, received->refused == 1 ? " is" : "s are", received->kind);
	take_store(svc, message, fds, count);
	if (message->extend != NOTE_UNSET)
		timer_extend(&instance->limit, instance->limit_most, message->extend);
	if (message->extend != NOTE_UNSET || message->watchdog_every != NOTE_UNSET ||
	    message->flags & (NOTE_READY | NOTE_RELOADING))
		journal_instance(instance);
	if (message->watchdog_every != NOTE_UNSET)
		instance->watchdog_every = (double)message->watchdog_every / 1e6;
	if (message->flags & NOTE_WATCHDOG || message->watchdog_every != NOTE_UNSET)
		notify_watchdog(instance);
	if (message->flags & NOTE_TRIGGER && !instance->ends && instance->phase <= READY)
		bark(instance, "it sent WATCHDOG=trigger");
	if (instance->says == STOPS && message->flags & (NOTE_READY | NOTE_RELOADING))
		drop_message(svc, received->pid,
			     "it sent READY=1 or RELOADING=1 after STOPPING=1: STOPPING=1 is final");
	if (instance->says == STOPS || instance->ends)
		return;
	if (message->flags & NOTE_STOPPING) {
		instance->says = STOPS;
		ev_timer_stop(superd.loop, &instance->watchdog);
		instance_limit(instance, lifecycle->timeout_stop);
		svc_say(svc, LEVEL_INFO, "stopping", "pid %ld is about to end", (long)instance->pid);
		return;
	}
	if (message->flags & NOTE_RELOADING && instance->phase == READY && instance->says != RELOADS) {
		instance->says = RELOADS;
		svc_echo(svc, LEVEL_INFO, "reloading", "pid %ld reloads", (long)instance->pid);
	}
	if (message->flags & NOTE_READY && instance->says == RELOADS) {
		instance->says = SAYS_NOTHING;
		instance->reloads++;
		svc_echo(svc, LEVEL_INFO, "reloaded", "pid %ld has reloaded", (long)instance->pid);
		svc_changed(svc);
	} else if (message->flags & NOTE_READY && (instance->phase == STARTED || instance->phase == LAUNCHED)) {
		char name[32];

		if (instance->phase == LAUNCHED)
			instance->report_io.ready(&instance->report_io);
		if (instance->row->exec->type == TYPE_NOTIFY_RELOAD && lifecycle->reload_signal != SIGSTOP &&
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
		if (!instance->socket || svc_line_is_due(svc, LINE_READY, clock_now(), more))
			svc_say(svc, LEVEL_INFO, "ready", "pid %ld is ready%s", (long)instance->pid, more);
		instance_be_ready(instance);
	}
}

static void take_message(struct svc *svc, struct received *received, int *fds, size_t count)
{
	struct instance *instance = NULL;
	struct notify_message message;

	LIST_OF(struct instance, each, link, &svc->run->instances) {
		if (each->number == received->instance)
			instance = each;
	}
	if (received->is_cut)
		drop_message(svc, received->pid, "it is longer than 4096 bytes");
	else if (memchr(received->text, 0, received->length))
		drop_message(svc, received->pid, "it has a NUL byte");
	else if (!notify_message_parse(received->text, received->length, &message))
		drop_message(svc, received->pid, "BARRIER=1 stands among other lines");
	else if (!received->instance)
		drop_message(svc, received->pid, "it is no process of this service");
	else if (service_notify_access(instance ? instance->row : svc->row) < received->least)
		drop_message(svc, received->pid, "notify_access does not let it speak");
	else if (instance)
		obey_message(instance, &message, received, fds, count);
	for (size_t n = 0; n < count; n++)
		close_apart(svc, &fds[n]);
}

/* The receiver: it looks at descriptors without a call to their file systems, and passes on those for which superd has
 * a use and whose close does not hang. Those of strangers it does not open, so that few kinds can hang it. */
static _Noreturn void receive_apart(struct received *received, int from, int to)
{
	struct notify_message message;
	int fds[DESCRIPTORS];
	size_t count = DESCRIPTORS, kept = 0;
	ssize_t got;

	if (!received->instance)
		_exit(recv(from, received->text, NOTIFICATION_MOST, MSG_DONTWAIT) < 0 ||
		      !fd_message_send(to, received, sizeof(*received), NULL, 0, 0));
	got = fd_message_receive(from, received->text, NOTIFICATION_MOST, fds, &count, MSG_DONTWAIT);
	if (got < 0)
		_exit(1);
	if (!notify_message_parse(received->text, received->length, &message) || !(message.flags & NOTE_STORE))
		count = 0;
	for (size_t n = 0; n < count; n++) {
		char kind[DESCRIPTOR_NAME];

		if (descriptor_is_plain(fds[n], kind))
			fds[kept++] = fds[n];
		else if (!received->refused++)
			snprintf(received->kind, sizeof(kind), "%s",
				 *kind == '/'	 ? "a file"
					 : *kind ? kind
						 : "a kind that is unknown without /proc");
	}
	_exit(!fd_message_send(to, received, sizeof(*received), fds, kept, 0));
}

/* The receiver has answered, or will not: then its message is lost. */
static void take_answer(struct svc *svc, const char *flaw)
{
	struct received received;
	int fds[DESCRIPTORS];
	size_t count = DESCRIPTORS;

	if (fd_message_receive(svc->run->received, &received, sizeof(received), fds, &count, MSG_DONTWAIT) ==
		    (ssize_t)sizeof(received) &&
	    received.length <= NOTIFICATION_MOST)
		take_message(svc, &received, fds, count);
	else
		drop_message(svc, 0, flaw);
	end_receiving(svc);
	if (svc->run->notify > 0)
		io_watch(&svc->run->notify_io, EV_READ);
	notify_read(svc); /* of the same program, too */
	if (svc->run->received > 0)
		return;
	control_wake(); /* an upgrade may wait for it */
	/* An end has waited for what is kept, or a start for what a command before it has sent. */
	LIST_OF(struct instance, instance, link, &svc->run->instances) {
		if (instance->phase == OVER)
			ev_feed_event(superd.loop, &instance->look, EV_TIMER);
		else if (instance->phase == LAUNCHED)
			instance_go_on(instance);
	}
}

static const char has_ended[] = "its receiver has ended";

static void on_answer(struct io *io)
{
	take_answer(io->data, has_ended);
}

/* It has ended, or hangs; or there was none, and it is tried again. */
static void on_receiver(struct helper *helper, int status)
{
	struct receiver *receiver = container_of(helper, struct receiver, helper);
	struct svc *svc = receiver->svc;

	if (svc->run->receiver == receiver)
		take_answer(svc, status == HELPER_LATE ? "receiving its descriptors does not end" : has_ended);
	else if (svc->run->notify > 0 && svc->run->received <= 0)
		io_watch(&svc->run->notify_io, EV_READ);
}

/* Strangers have all receivers hang but the last: their messages stay where they are, and the service's user and root,
 * and nobody else, may send to a new socket at the same path. */
static void shut_out_strangers(struct svc *svc)
{
	const char *path = strchr(svc->run->notify_variable, '=') + 1;

	if (!notify_node_is_open(path))
		return;
	svc_say(svc, LEVEL_WARNING, "notification",
		"%d processes hang that have received descriptors of others: uid %lu and root alone may send it "
		"notifications now, and what is in the queue is lost",
		RECEIVERS - 1, (unsigned long)user_of(svc->row));
	io_stop(&svc->run->notify_io);
	unlink(path);
	close_apart(svc, &svc->run->notify);
	svc->run->notify = fd_raise(notify_socket_open(path), FD_HIGH);
	if (svc->run->notify > 0) {
		notify_node_give(path, user_of(svc->row), false);
		notify_resume(svc);
	} else {
		svc_say(svc, LEVEL_WARNING, "notification", "%s: %s: it is not heard until its next start", path,
			strerror(errno));
		svc->run->notify = 0;
		free(svc->run->notify_variable);
		svc->run->notify_variable = NULL;
	}
	journal_service(svc);
}

static void begin_receiving(struct svc *svc, struct received *received)
{
	struct run *run = svc_run(svc);
	struct receiver *receiver = NULL;
	int ends[2], late = 0;
	pid_t pid;

	if (!run->receivers && !(run->receivers = calloc(RECEIVERS, sizeof(*run->receivers)))) {
		loop_rest(ENOMEM);
		return;
	}
	io_stop(&run->notify_io);
	for (int n = 0; n < RECEIVERS; n++) {
		struct helper *helper = &run->receivers[n].helper;

		late += helper->child.pid && !ev_is_active(&helper->limit);
		if (!helper->child.pid)
			receiver = &run->receivers[n];
	}
	/* The end of one starts the watching again, and so does the time limit of one. */
	if (receivers_left(svc, received->instance ? RECEIVERS : RECEIVERS - 1) <= 0) {
		if (!received->instance && late >= RECEIVERS - 1)
			shut_out_strangers(svc);
		return;
	}
	receiver->svc = svc;
	journal_flush(); /* all before a barrier outlives superd when that ends */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0) {
		pid = helper_begin(&receiver->helper, received->instance ? RECEIVE_SECONDS : REMOVE_SECONDS,
				   on_receiver, (int[]){ run->notify, ends[1] }, 2);
		if (pid == 0)
			receive_apart(received, run->notify, ends[1]);
		close(ends[1]);
		if (pid > 0) {
			run->receiver = receiver;
			run->received = fd_raise(ends[0], FD_HIGH);
			io_call(&run->received_io, run->received, on_answer, svc);
			return;
		}
		close(ends[0]);
	}
	helper_limit(&receiver->helper, RECEIVE_SECONDS, on_receiver); /* then it is tried again */
}

/* Descriptors that come along may be those of a file system that never answers when they are closed: a process apart
 * receives these messages. Until it has answered the socket is not read, and no instance is concluded. */
void notify_read(struct svc *svc)
{
	for (int n = 0; n < MESSAGES && svc->run->notify > 0 && svc->run->received <= 0; n++) {
		char control[CMSG_SPACE(sizeof(struct ucred))];
		struct received received = { .uid = (uid_t)-1 };
		struct iovec part = { received.text, NOTIFICATION_MOST };
		struct msghdr header = {
			.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
		};
		ssize_t got = recvmsg(svc->run->notify, &header, MSG_DONTWAIT | MSG_PEEK);
		struct cmsghdr *credentials = got < 0 ? NULL : CMSG_FIRSTHDR(&header);
		struct instance *instance;

		if (got < 0) {
			loop_rest(errno);
			return;
		}
		if (credentials && credentials->cmsg_type == SCM_CREDENTIALS) {
			struct ucred who;

			memcpy(&who, CMSG_DATA(credentials), sizeof(who));
			received.pid = who.pid;
			received.uid = who.uid;
		}
		received.length = (size_t)got;
		received.is_cut = header.msg_flags & MSG_TRUNC;
		instance =
			find_sender(svc, received.pid, received.uid, !(header.msg_flags & MSG_CTRUNC), &received.least);
		received.instance = instance ? instance->number : 0;
		if (header.msg_flags & MSG_CTRUNC) {
			begin_receiving(svc, &received);
			return;
		}
		recv(svc->run->notify, received.text, 0, MSG_DONTWAIT);
		take_message(svc, &received, NULL, 0);
	}
}
