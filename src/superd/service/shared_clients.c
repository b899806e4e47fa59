/* superd believes the process, which reads what strangers send, only which of its clients has ended, and what that has
 * sent and got. One that reports anything else is killed.
 *
 * superd alone decides when the process ends, by closing the channel while it has no client: a process that exited by
 * itself might do so while a client is on its way to it. */
#include "superd/service/shared_clients.h"

#include <errno.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/guard/guard_link.h"
#include "os/netdiag/socket_id.h"
#include "os/socket/fd_channel.h"
#include "superd/service/client_report.h"
#include "superd/service/xinetd_record.h"
#include "superd/instance/shared_process.h"
#include "superd/loop/unreaped.h"
#include "table/service/redirect_target.h"

#define IDLE_SECONDS 1.0                /* without a client, until the channel closes and the process ends */
#define END_SECONDS 5.0                 /* that the process may take for its end */
#define NAME_SECONDS 60.0               /* that a process gets clients which has looked up its target's name … */
#define FAILED_SECONDS 10.0             /* … and one that did not reach it, so that not each client brings a lookup */
#define STUCK_SECONDS 5.0               /* that a client waits in the channel, until others get another process */
#define DESCRIPTORS_EACH 6              /* that a client takes: of both connections, and of a pipe for each direction */
#define DESCRIPTORS_BESIDE 20           /* of the process, beside those */
#define REPORTS_MOST 64                 /* read in one turn … */
#define QUESTIONS_MOST 8                /* … of a program that asks: a look at all services may take a millisecond */

/* ---- the process ---- */

static void free_process(struct shared_process *process)
{
	watch_stop(&process->watch);
	alarm_stop(&process->idle);
	fd_close(&process->channel);
	list_remove(&process->link);
	list_remove(&process->all);
	child_table_remove(&process->engine->children, &process->child);
	free(process);
}

static void forget_client(struct shared_process *process, size_t n)
{
	process->clients[n].instance->process = NULL;
	process->clients[n] = process->clients[--process->count];
	if (!process->count)
		alarm_set(&process->idle, process->engine->stopping ? 0. : IDLE_SECONDS);
}

static void end_client(struct shared_process *process, size_t n, int status)
{
	struct instance *instance = process->clients[n].instance;

	forget_client(process, n);
	instance->facts.status = status;
	instance_let_go(instance);
}

/* The client that it reports of may be one that superd has forgotten. false: the process cannot know of what it
 * reports. */
static bool take_report(struct shared_process *process, const struct client_report *report)
{
	for (size_t n = 0; n < process->count; n++) {
		struct shared_client *client = &process->clients[n];

		if (client->socket != report->socket)
			continue;
		if (report->question) {
			if (client->has_asked || process->asks == ASKS_NOTHING)
				return false;
			client->has_asked = true;
			client_report_answer(process->engine, process->asks, process->channel, report);
			return true;
		}
		process->failed |= report->failed;
		if (!report->failed)
			xinetd_record_traffic(client->instance->context, report->in, report->out);
		end_client(process, n, report->failed ? EXIT_FAILURE << 8 : 0); /* as waitpid(2) would have it */
		return true;
	}
	return process->repeats && process->repeats--;
}

/* A question stays in the queue until it is answered: if superd dies before, the next one reads it again. false:
 * there is none, or no more. errno EBADMSG: it is a wrong one. */
static bool receive_report(struct shared_process *process)
{
	char text[CLIENT_REPORT_MOST + 1];
	struct client_report report;
	ssize_t length = process->asks == ASKS_NOTHING ? fd_channel_receive(process->channel, text, CLIENT_REPORT_MOST)
						       : fd_channel_peek(process->channel, text, CLIENT_REPORT_MOST);
	bool good;

	if (length <= 0)
		return false;
	text[length] = '\0';
	process->heard = clock_now();
	good = client_report_read(text, &report) && take_report(process, &report);
	if (good && process->asks != ASKS_NOTHING)
		fd_channel_receive(process->channel, text, CLIENT_REPORT_MOST);
	errno = EBADMSG;
	return good;
}

static void refuse_process(const struct shared_process *process)
{
	const struct event event = {
		.name = "refused", .service = process->count ? process->clients[0].instance->service->name : NULL,
		.pid = process->child.pid, .reason = "wrong report",
	};

	log_event(process->engine->log, LEVEL_ERROR, &event,
		  "superd-builtin, pid %ld, reports what cannot be: superd kills it, with its %zu client%s",
		  (long)process->child.pid, process->count, process->count == 1 ? "" : "s");
	kill(process->child.pid, SIGKILL);
}

static void on_channel(struct watch *watch, bool readable, bool writable)
{
	struct shared_process *process = container_of(watch, struct shared_process, watch);
	unsigned n = 0, most = process->asks == ASKS_NOTHING ? REPORTS_MOST : QUESTIONS_MOST;
	int error;

	(void)readable, (void)writable;
	while (n++ < most && receive_report(process))
		continue;
	error = errno;
	if (n > most || error == EAGAIN || error == EINTR)
		return;
	watch_stop(watch);              /* the end of the process follows */
	list_remove(&process->link);
	if (error == EBADMSG || error == EMSGSIZE || error == EPERM)
		refuse_process(process);
}

/* Its last reports are read first; all other clients end as it has. */
static void on_ended(struct child *child, int status)
{
	struct shared_process *process = container_of(child, struct shared_process, child);

	child->pid = 0;
	list_remove(&process->link);
	while (process->count && process->channel >= 0 && receive_report(process))
		continue;
	while (process->count)
		end_client(process, 0, status);
	free_process(process);
}

static void on_idle(struct alarm *alarm)
{
	struct shared_process *process = container_of(alarm, struct shared_process, idle);

	watch_stop(&process->watch);
	list_remove(&process->link);
	if (process->channel < 0) {
		kill(process->child.pid, SIGKILL);
		return;
	}
	fd_close(&process->channel);
	alarm_set(&process->idle, END_SECONDS);
}

static struct shared_process *new_process(struct instance *instance, int channel)
{
	struct engine *engine = instance->engine;
	struct shared_process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	process->engine = engine;
	process->asks = client_report_asks(instance->service);
	process->channel = channel;
	process->child.ended = on_ended;
	list_init(&process->link);
	list_add(&engine->instances->shared, &process->all);
	watch_init(&process->watch, engine, on_channel);
	alarm_init(&process->idle, engine, on_idle);
	return process;
}

static void add_client(struct shared_process *process, struct instance *instance, uint64_t socket)
{
	alarm_stop(&process->idle);
	process->clients[process->count++] = (struct shared_client){ .socket = socket, .instance = instance };
	instance->process = process;
}

/* ---- its clients ---- */

bool shared_clients_open(struct instance *instance, const struct client *client, int channel)
{
	struct shared_process *process = new_process(instance, channel);

	if (process)
		add_client(process, instance, socket_id(client->fd));
	return process;
}

void shared_clients_begin(struct instance *instance, pid_t pid)
{
	struct shared_process *process = instance->process;

	if (!process)
		return;
	process->child.pid = pid;
	child_table_add(&process->engine->children, &process->child);
	watch_set(&process->watch, process->channel, true, false);
}

void shared_clients_welcome(struct instance *instance)
{
	struct service_runtime *runtime = instance->context;

	if (!instance->process || instance->retired)
		return;
	instance->process->heard = clock_now();
	instance->process->looked_up = service_redirects_by_name(instance->service) ? clock_now() : 0;
	list_add(&runtime->run->kit.shared, &instance->process->link);
}

/* A process that is stopped, or hangs, leaves its clients in the channel. One looks a name up only at its start, where
 * no client but those that need it wait for the answer. */
static bool takes_clients(struct shared_process *process)
{
	double now = clock_now(), fresh = process->failed ? FAILED_SECONDS : NAME_SECONDS;
	int unread = 0;

	if (ioctl(process->channel, SIOCOUTQ, &unread) < 0 || !unread)
		process->heard = now;
	return now < process->heard + STUCK_SECONDS && (process->looked_up <= 0 || now < process->looked_up + fresh);
}

/* If superd dies in between, the next one gives the client again (superd/reload/saved_state). */
static bool give_client(const struct service_runtime *runtime, const struct shared_process *process, int client)
{
	const struct start_note note = {
		.owner = runtime_number(runtime), .pid = process->child.pid, .client = guard_noted_fd(client),
		.channel = guard_noted_fd(process->channel),
	};
	int32_t *noted = unreaped_note_handover(runtime->engine, &note, process->channel);

	if (fd_channel_send(process->channel, client))
		return true;
	guard_forget_start(noted);
	return false;
}

/* The process raises its limit to the hard one. Without room for a client's descriptor the kernel would drop it. A
 * question of each client, and the report of its end, must fit into the channel: while superd hangs, the process would
 * wait for it, and tell no client of that. */
static size_t clients_most(const struct shared_process *process)
{
	size_t shared = process->asks == ASKS_NOTHING ? SHARED_MOST : SHARED_MOST / 2;
	struct rlimit limit;
	rlim_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max == RLIM_INFINITY)
		return shared;
	most = limit.rlim_max > DESCRIPTORS_BESIDE ? (limit.rlim_max - DESCRIPTORS_BESIDE) / DESCRIPTORS_EACH : 0;
	return most < shared ? (size_t)most : shared;
}

bool shared_clients_give(struct service_runtime *runtime, struct instance *instance, const struct client *client,
			 pid_t *pid)
{
	uint64_t socket = socket_id(client->fd);

	LIST_EACH(link, &runtime->run->kit.shared) {
		struct shared_process *process = container_of(link, struct shared_process, link);

		if (process->count >= clients_most(process) || !socket)
			continue;
		if (takes_clients(process) && give_client(runtime, process, client->fd)) {
			add_client(process, instance, socket);
			*pid = process->child.pid;
			return true;
		}
		list_remove(&process->link);
	}
	return false;
}

void shared_clients_leave(struct instance *instance)
{
	struct shared_process *process = instance->process;

	for (size_t n = 0; process && n < process->count; n++) {
		if (process->clients[n].instance != instance)
			continue;
		forget_client(process, n);
		process->repeats += 2;  /* its question, and the report of its end */
		if (!process->child.pid)
			free_process(process);
		return;
	}
}

/* A superd that was killed may have read the report of the client's end, and not saved that. */
static void ask_for_end(const struct shared_process *process, uint64_t socket)
{
	if (guard_cause() == GUARD_RESTARTS && process->channel >= 0)
		send(process->channel, &socket, sizeof(socket), MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool shared_clients_load(struct instance *instance, const struct child *child, uint64_t socket, int channel)
{
	struct engine *engine = instance->engine;
	struct shared_process *process = shared_process_find(&engine->instances->shared, child->pid);

	if (!process) {
		process = new_process(instance, channel);
		if (!process)
			return false;
		process->child.pid = child->pid;
		process->child.born = child->born;
		child_table_resume(&engine->children, &process->child);
		if (channel >= 0)
			watch_set(&process->watch, channel, true, false);
	}
	if (process->count < SHARED_MOST)
		add_client(process, instance, socket);
	ask_for_end(process, socket);
	/* The answer; the question and the report of a client that was given twice. */
	process->repeats += 3;
	return true;
}
