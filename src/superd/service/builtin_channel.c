/* Channels between superd and its own programs. superd must not trust the other end,
 * which has read a stranger's data: it only looks up a name by it, and goes on with a copy of the connection that it
 * has kept itself.
 *
 * superd may learn of the end of an instance before its last message; the message is read then. */
#include "superd/service/builtin_channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/fd.h"
#include "lib/scm_rights.h"
#include "os/netdiag/socket_id.h"
#include "os/socket/fd_channel.h"
#include "superd/service/client_report.h"
#include "superd/service/shared_clients.h"
#include "superd/service/tcpmux.h"
#include "superd/service/xinetd_record.h"
#include "superd/instance/shared_process.h"
#include "superd/loop/close_socket.h"
#include "superd/start/plan.h"
#include "table/words/builtin.h"

struct builtin_channel {
	ev_io io;                       /* superd's end; fd -1: it is closed */
	enum builtin_question asks;     /* of the program as it was started: a reload may have changed the service */
	struct service_runtime *runtime;
	struct instance *instance;
	int client;                     /* tcpmux: superd's own copy of the connection; -1: there is none (any more) */
	bool is_answered;               /* superd has acted upon its only question */
};

/* A question stays in the queue until it is answered: if superd dies before, the next one reads it again. One of
 * tcpmux stays longer, until the saved state has the client at another service. false: there is no packet. */
static bool read_packet(struct builtin_channel *channel)
{
	char text[CLIENT_REPORT_MOST + 1];
	ssize_t length = channel->is_answered ? 0 : fd_channel_peek(channel->io.fd, text, CLIENT_REPORT_MOST);
	int client = channel->client;
	struct client_report report;

	if (length <= 0)
		return false;
	text[length] = '\0';
	if (!client_report_read(text, &report))
		report = (struct client_report){ .question = text };    /* of an older program */
	if (report.question && channel->asks == ASKS_MUX && strcmp(report.question, "help") != 0) {
		channel->client = -1;
		if (client >= 0) {
			runtime_note_change(channel->runtime);
			tcpmux_serve(channel->runtime, report.question, client);
		}
	} else if (report.question && channel->asks != ASKS_NOTHING) {
		client_report_answer(channel->runtime->engine, channel->asks, channel->io.fd, &report);
	} else if (!report.question && !report.failed) {
		xinetd_record_traffic(channel->runtime, report.in, report.out);
	}
	channel->is_answered = true;
	if (channel->asks != ASKS_MUX)
		fd_channel_receive(channel->io.fd, text, CLIENT_REPORT_MOST);
	return true;
}

static void close_channel(struct builtin_channel *channel)
{
	int fd = channel->io.fd;

	ev_io_stop(channel->runtime->engine->loop, &channel->io);
	channel->io.fd = -1;
	close_socket_own(channel->runtime->engine, channel->instance->service->name, &fd);
}

/* The only packet that counts of a program with one client: its question, or the report of one that asks nothing. A
 * redirect that an earlier superd has started waits for another client, until the channel closes. */
static void on_packet(struct ev_loop *loop, ev_io *io, int events)
{
	struct builtin_channel *channel = io->data;

	(void)events;
	errno = 0;                      /* read_packet leaves it as it is after the only packet */
	if (!read_packet(channel) && (errno == EAGAIN || errno == EINTR))
		return;
	if (channel->asks == ASKS_NOTHING)
		close_channel(channel);
	else
		ev_io_stop(loop, io);
}

static bool is_builtin(const struct service *service, const char *name)
{
	return service->exec->builtin && !strcmp(service->exec->builtin[0], name);
}

void builtin_channel_free(struct instance *instance)
{
	struct builtin_channel *channel = instance->client.channel;

	if (!channel)
		return;
	close_channel(channel);
	close_socket_fd(instance->engine, instance->service->name, &channel->client);
	free(channel);
	instance->client.channel = NULL;
}

/* The process has passed on what its client wants, and nobody else has read it. */
static void log_lost_name(const struct builtin_channel *channel, int error)
{
	const struct service_runtime *runtime = channel->runtime;
	const struct event event = {
		.name = "refused", .service = runtime->service->name, .reason = "unreadable name",
	};

	if (channel->client >= 0)
		log_event(runtime->engine->log, LEVEL_NOTICE, &event,
			  "refused a client: reading which service it wants: %s", strerror(error));
}

void builtin_channel_finish(struct instance *instance)
{
	struct builtin_channel *channel = instance->client.channel;

	if (!channel)
		return;
	errno = 0;
	if (channel->io.fd >= 0 && !read_packet(channel) && errno)
		log_lost_name(channel, errno);
	builtin_channel_free(instance);
}

/* Passes the child's end, which comes behind the sockets. */
static bool pass_to_child(struct fd_map *fd_map, int fd, struct buf *why)
{
	if (fd_map_add(fd_map, fd))
		return true;
	buf_addf(why, "passing a channel: %s", strerror(errno));
	return false;
}

/* Whether clients may see logs, commands and configuration: the row says so, or they come by a unix socket whose mode
 * says who may; an abstract one has none. */
static bool shows_details(const struct service *service, const struct client *client)
{
	struct sockaddr_un own = { 0 };
	socklen_t size = sizeof(own);
	struct builtin_options options;
	const char *bad;

	return (!builtin_read_options(service->exec->builtin, &options, &bad) && options.log) ||
	       (getsockname(client->fd, (struct sockaddr *)&own, &size) == 0 && own.sun_family == AF_UNIX &&
		*own.sun_path);
}

/* Passes a connection to the control socket that may only read. */
static bool pass_reader(struct service_runtime *runtime, const struct client *client, struct fd_map *fd_map,
			struct buf *why)
{
	struct engine *engine = runtime->engine;
	const struct service *service = runtime->service;
	int reader = -1;

	if (engine->open_reader)
		reader = engine->open_reader(engine, service->name, shows_details(service, client), why);
	else
		buf_text(why, "superd has no control socket, which it needs (--control)");
	return reader >= 0 && pass_to_child(fd_map, reader, why);
}

static struct builtin_channel *builtin_channel_new(struct service_runtime *runtime, struct instance *instance,
						   enum builtin_question asks, int client, int fd)
{
	struct builtin_channel *channel = calloc(1, sizeof(*channel));

	if (!channel)
		return NULL;
	channel->runtime = runtime;
	channel->instance = instance;
	channel->client = client;
	channel->asks = asks;
	ev_io_init(&channel->io, on_packet, fd, EV_READ);
	channel->io.data = channel;
	ev_io_start(runtime->engine->loop, &channel->io);
	instance->client.channel = channel;
	return channel;
}

int builtin_channel_descriptor(const struct instance *instance, int *client)
{
	*client = instance->client.channel ? instance->client.channel->client : -1;
	if (instance->process)
		return instance->process->channel;
	return instance->client.channel ? instance->client.channel->io.fd : -1;
}

bool builtin_channel_resume(struct service_runtime *runtime, struct instance *instance, int fd, int client)
{
	enum builtin_question asks = client >= 0 ? ASKS_MUX : client_report_asks(runtime->service);
	struct builtin_channel *channel = builtin_channel_new(runtime, instance, asks, client, fd);

	if (!channel)
		return false;
	if (asks == ASKS_MUX && client < 0) {
		scm_rights_allow(fd, false); /* an older program would pass a descriptor */
		channel->is_answered = true;
	}
	return true;
}

bool builtin_channel_open(struct service_runtime *runtime, struct instance *instance, struct fd_map *fd_map,
			  const struct client *client, struct buf *why)
{
	enum builtin_question asks = client_report_asks(runtime->service);
	int ends[2], kept = -1;
	bool made;

	if (plan_channel(runtime->service) < 0 || (asks == ASKS_NOTHING && client->fd < 0))
		return true;
	if (is_builtin(runtime->service, "metrics") || is_builtin(runtime->service, "status"))
		return pass_reader(runtime, client, fd_map, why);
	if (fd_channel_pair(ends) < 0) {
		buf_addf(why, "opening a channel: %s", strerror(errno));
		return false;
	}
	ends[0] = fd_raise(ends[0], FD_HIGH);
	if (asks == ASKS_MUX)
		kept = fd_copy(client->fd, FD_HIGH);
	if (plan_shares_process(runtime->service) && socket_id(client->fd))
		made = shared_clients_open(instance, client, ends[0]);
	else
		made = (asks != ASKS_MUX || kept >= 0) && builtin_channel_new(runtime, instance, asks, kept, ends[0]);
	if (!made) {
		buf_addf(why, "opening a channel: %s", strerror(errno));
		fd_close(&kept);
		fd_close(&ends[0]);
		fd_close(&ends[1]);
		return false;
	}
	if (pass_to_child(fd_map, ends[1], why))
		return true;
	builtin_channel_free(instance);
	shared_clients_leave(instance);
	return false;
}
