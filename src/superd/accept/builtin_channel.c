/* Channels between superd and its own programs. superd must not trust the other end,
 * which has read a stranger's data: it only looks up a name by it, and goes on with a copy of the connection that it
 * has kept itself.
 *
 * superd may learn of the end of an instance before its last message; the message is read then. */
#include "superd/accept/builtin_channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/fd.h"
#include "os/fs/memory_file.h"
#include "os/netdiag/socket_id.h"
#include "os/socket/fd_channel.h"
#include "os/socket/scm_rights.h"
#include "superd/accept/service_listing.h"
#include "superd/accept/shared_clients.h"
#include "superd/accept/tcpmux.h"
#include "superd/accept/xinetd_record.h"
#include "superd/health/health.h"
#include "superd/instance/shared_process.h"
#include "superd/loop/close_socket.h"
#include "superd/start/plan.h"

#define QUESTION_MOST 1024              /* bytes of "/NAME", by health */
#define NAME_MOST 256                   /* bytes of a service's name, by tcpmux */
#define PACKETS_MOST 4                  /* packets read at the end: a program has little to send */

/* The program at the other end. */
enum channel_kind { REPORTS, MUX, HEALTH };

struct builtin_channel {
	ev_io io;                       /* superd's end; fd -1: it is closed */
	enum channel_kind kind;         /* the program that was started; a reload may have changed the service since */
	struct service_runtime *runtime;
	struct instance *instance;
	int client;                     /* tcpmux: superd's own copy of the connection; -1: there is none (any more) */
	bool is_answered;               /* tcpmux: superd has acted upon its only packet */
};

/* Sends text by a file in memory, and empties it. If that fails, the channel is shut down, so that the other end need
 * not wait for a timeout. */
static void send_text(struct builtin_channel *channel, struct buf *text)
{
	int file = text->failed ? -1 : memory_file(buf_string(text), text->length);

	if (file < 0 || !fd_channel_send(channel->io.fd, file))
		shutdown(channel->io.fd, SHUT_RDWR);
	fd_close(&file);
	buf_free(text);
}

static void send_mux_names(struct builtin_channel *channel)
{
	struct buf text = { 0 };

	listing_mux_names(channel->runtime->engine, &text);
	send_text(channel, &text);
}

/* "/NAME" asks for one service, which costs the same in any table; "/" asks for all. */
static void send_health(struct builtin_channel *channel, const char *path)
{
	struct engine *engine = channel->runtime->engine;
	struct buf text = { 0 }, reasons = { 0 };

	if (!strcmp(path, "/")) {
		buf_addf(&text, "%s\n", health_name(health_check(engine, &reasons)));
		buf_add(&text, buf_string(&reasons), reasons.length);
		text.failed |= reasons.failed;
	} else if (*path != '/' || !health_write(engine, path + 1, &text)) {
		buf_char(&text, '\n');
	}
	buf_free(&reasons);
	send_text(channel, &text);
}

/* The packet stays in the queue: should superd die before its saved state has the client at another service, the next
 * superd reads it again. false: there is no packet. */
static bool read_packet(struct builtin_channel *channel)
{
	char name[NAME_MOST + 1];
	ssize_t length = channel->is_answered ? 0 : fd_channel_peek(channel->io.fd, name, NAME_MOST);
	int client = channel->client;

	if (length <= 0)
		return false;
	channel->is_answered = true;
	name[length] = '\0';
	if (!strcmp(name, "help")) {
		send_mux_names(channel);
	} else if (client >= 0) {
		channel->client = -1;
		runtime_note_change(channel->runtime);
		tcpmux_serve(channel->runtime, name, client);
	}
	return true;
}

/* Answers one question for each connection; more are ignored. */
static void on_question(struct ev_loop *loop, ev_io *io, int events)
{
	struct builtin_channel *channel = io->data;
	char path[QUESTION_MOST + 1];
	ssize_t length = fd_channel_receive(io->fd, path, QUESTION_MOST);

	(void)events;
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	ev_io_stop(loop, io);
	if (length <= 0)
		return;
	path[length] = '\0';
	send_health(channel, path);
}

static void on_packet(struct ev_loop *loop, ev_io *io, int events)
{
	struct builtin_channel *channel = io->data;

	(void)events;
	errno = 0;                      /* read_packet leaves it as it is after the only packet */
	if (read_packet(channel) || (errno != EAGAIN && errno != EINTR))
		ev_io_stop(loop, io);
}

/* A process that serves one client. false: there are no more packets. */
static bool receive_report(struct builtin_channel *channel)
{
	char text[128];
	struct client_report report;
	ssize_t length = fd_channel_receive(channel->io.fd, text, sizeof(text) - 1);

	if (length <= 0)
		return false;
	text[length] = '\0';
	if (client_report_read(text, &report) && !report.failed)
		xinetd_record_traffic(channel->runtime, report.in, report.out);
	return true;
}

static void close_channel(struct builtin_channel *channel)
{
	int fd = channel->io.fd;

	ev_io_stop(channel->runtime->engine->loop, &channel->io);
	channel->io.fd = -1;
	close_socket_own(channel->runtime->engine, channel->instance->service->name, &fd);
}

/* One that an earlier superd has started waits for another client, until the channel closes. */
static void on_report(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	if (receive_report(io->data) || (errno != EAGAIN && errno != EINTR))
		close_channel(io->data);
}

static bool is_builtin(const struct service *service, const char *name)
{
	return service->exec->builtin && !strcmp(service->exec->builtin[0], name);
}

/* For services that have a channel. */
static enum channel_kind kind_of(const struct service *service)
{
	return is_builtin(service, "tcpmux") ? MUX : is_builtin(service, "health") ? HEALTH : REPORTS;
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
	bool more;

	if (!channel)
		return;
	more = channel->io.fd >= 0 && channel->kind == REPORTS;
	for (int n = 0; n < PACKETS_MOST && more; n++)
		more = receive_report(channel);
	errno = 0;
	if (channel->io.fd >= 0 && channel->kind == MUX && !read_packet(channel) && errno)
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

static bool pass_list(struct service_runtime *runtime, struct fd_map *fd_map, struct buf *why)
{
	struct buf text = { 0 };
	int file;

	if (!strcmp(runtime->service->exec->builtin[0], "servers"))
		listing_servers(runtime->engine, &text);
	else
		listing_services(runtime->engine, &text);
	errno = ENOMEM;
	file = text.failed ? -1 : memory_file(buf_string(&text), text.length);
	buf_free(&text);
	if (file < 0) {
		buf_addf(why, "making its list: %s", strerror(errno));
		return false;
	}
	return pass_to_child(fd_map, file, why);
}

/* Passes a connection to the control socket that may only read. */
static bool pass_reader(struct engine *engine, struct fd_map *fd_map, struct buf *why)
{
	int reader = -1;

	if (engine->open_reader)
		reader = engine->open_reader(engine, why);
	else
		buf_text(why, "superd has no control socket, which it needs (--control)");
	return reader >= 0 && pass_to_child(fd_map, reader, why);
}

static struct builtin_channel *builtin_channel_new(struct service_runtime *runtime, struct instance *instance,
						   enum channel_kind kind, int client, int fd)
{
	static void (*const callbacks[])(struct ev_loop *loop, ev_io *io, int events) = {
		[REPORTS] = on_report, [MUX] = on_packet, [HEALTH] = on_question,
	};
	struct builtin_channel *channel = calloc(1, sizeof(*channel));

	if (!channel)
		return NULL;
	channel->runtime = runtime;
	channel->instance = instance;
	channel->client = client;
	channel->kind = kind;
	ev_io_init(&channel->io, callbacks[kind], fd, EV_READ);
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
	enum channel_kind kind = client >= 0 ? MUX : kind_of(runtime->service);
	struct builtin_channel *channel = builtin_channel_new(runtime, instance, kind, client, fd);

	if (!channel)
		return false;
	if (kind == MUX && client < 0) {
		scm_rights_allow(fd, false); /* an older program would pass a descriptor */
		channel->is_answered = true;
	}
	return true;
}

bool builtin_channel_open(struct service_runtime *runtime, struct instance *instance, struct fd_map *fd_map,
			  const struct client *client, struct buf *why)
{
	enum channel_kind kind = kind_of(runtime->service);
	int ends[2], kept = -1;
	bool made;

	if (plan_channel(runtime->service) < 0 || (kind == REPORTS && client->fd < 0))
		return true;
	if (is_builtin(runtime->service, "metrics") || is_builtin(runtime->service, "status"))
		return pass_reader(runtime->engine, fd_map, why);
	if (kind == REPORTS && !runtime->service->exec->redirect && !plan_shares_process(runtime->service))
		return pass_list(runtime, fd_map, why);
	if (fd_channel_pair(ends) < 0) {
		buf_addf(why, "opening a channel: %s", strerror(errno));
		return false;
	}
	ends[0] = fd_raise(ends[0], FD_HIGH);
	if (kind == MUX)
		kept = fd_copy(client->fd, FD_HIGH);
	if (!instance->foreground && plan_shares_process(runtime->service) && socket_id(client->fd))
		made = shared_clients_open(instance, client, ends[0]);
	else
		made = (kind != MUX || kept >= 0) && builtin_channel_new(runtime, instance, kind, kept, ends[0]);
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
