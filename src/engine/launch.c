/* Preparing a start. The hard thing is where descriptors lie: whatever a child needs is brought to a low number
 * first, as the child unshares all numbers up to the highest it needs (sys/spawn). */
#include "engine/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "model/type.h"

/* Never waits: a fifo without a reader fails, and what blocks later is the backend's own affair. */
static int open_stream(const struct stream *stream, bool input)
{
	int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd;

	if (input)
		flags |= O_RDONLY;
	else
		flags |= O_WRONLY | O_CREAT | (stream->kind == STREAM_APPEND ? O_APPEND : 0);
	fd = open(stream->path, flags, 0640);
	if (fd >= 0)
		fd_set_nonblocking(fd, false);
	return fd;
}

static int own(struct wiring *wiring, int fd)
{
	if (fd >= 0)
		wiring->own[wiring->own_count++] = fd;
	return fd;
}

/* The same file at a low number. */
static int low(struct wiring *wiring, int fd)
{
	return fd < FD_HIGH ? fd : own(wiring, fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

static int stream_source(struct wiring *wiring, struct means *means, const struct engine *engine,
			 const struct stream *stream, int number, int socket)
{
	switch ((enum stream_kind)stream->kind) {
	case STREAM_LOG:
		return low(wiring, means->log->write_end);
	case STREAM_SYSLOG:
		return low(wiring, means->syslog->write_end);
	case STREAM_FILE:
	case STREAM_APPEND:
		return own(wiring, open_stream(stream, number == STDIN_FILENO));
	case STREAM_INHERIT:
		return number;
	case STREAM_SOCKET:
		return socket;
	case STREAM_NULL:
		break;
	}
	return number == STDIN_FILENO ? engine->null_input : engine->null_output;
}

static bool same_stream(const struct stream *a, const struct stream *b)
{
	return a->kind == b->kind && a->path && b->path && !strcmp(a->path, b->path);
}

static void say_stream(const struct service *service, const struct stream *stream, int number, int error,
		       struct buf *why)
{
	static const char *const names[] = { "input", "output", "error" };

	buf_addf(why, "%s: %s%s%s", names[number], stream->path ? stream->path : "", stream->path ? ": " : "",
		 strerror(error));
	origin_cite(service_origin(service, names[number]), why);
}

static bool place_streams(struct wiring *wiring, struct means *means, struct engine *engine,
			  const struct service *service, int socket, struct buf *why)
{
	const struct stream *streams[] = { &service->streams->input, &service->streams->output,
					   plan_error_stream(service) };

	for (int n = 0; n < 3; n++) {
		if (n == 2 && same_stream(streams[1], streams[2]))
			wiring->wanted[n] = wiring->wanted[1];
		else if (n < 2 && service->what->pass == PASS_INETD)
			wiring->wanted[n] = socket;
		else
			wiring->wanted[n] = stream_source(wiring, means, engine, streams[n], n, socket);
		if (wiring->wanted[n] < 0) {
			say_stream(service, streams[n], n, errno, why);
			return false;
		}
	}
	return true;
}

static bool wiring_room(struct wiring *wiring, size_t sockets)
{
	size_t most = sockets + 6;

	memset(wiring, 0, sizeof(*wiring));
	wiring->wanted = wiring->small;
	wiring->own = wiring->own_small;
	if (most <= WIRING_SMALL)
		return true;
	wiring->wanted = calloc(2 * most, sizeof(int));
	wiring->own = wiring->wanted ? wiring->wanted + most : NULL;
	return wiring->wanted;
}

bool wiring_make(struct wiring *wiring, struct means *means, struct engine *engine, const struct service *service,
		 const int *sockets, size_t socket_count, struct buf *why)
{
	int socket = -1;

	if (!wiring_room(wiring, socket_count)) {
		buf_text(why, "out of memory");
		errno = ENOMEM;
		return false;
	}
	wiring->count = 3;
	for (size_t n = 0; n < socket_count; n++) {
		int fd = low(wiring, sockets[n]);

		if (fd < 0) {
			buf_addf(why, "passing sockets: %s", strerror(errno));
			return false;
		}
		if (n == 0)
			socket = fd;
		if (service->what->pass == PASS_SYSTEMD)
			wiring->wanted[wiring->count++] = fd;
	}
	return place_streams(wiring, means, engine, service, socket, why);
}

bool wiring_add(struct wiring *wiring, int fd)
{
	int at = low(wiring, own(wiring, fd));

	if (at < 0)
		return false;
	wiring->wanted[wiring->count++] = at;
	wiring->others++;
	return true;
}

void wiring_close(struct wiring *wiring)
{
	for (int n = 0; n < wiring->own_count; n++)
		close(wiring->own[n]);
	wiring->own_count = 0;
	if (wiring->wanted != wiring->small)
		free(wiring->wanted);
	wiring->wanted = wiring->small;
}

void launch_fill(struct launch *launch, const struct means *means, const struct wiring *wiring,
		 const struct service *service)
{
	*launch = (struct launch){
		.plan = means->plan, .wanted = wiring->wanted, .wanted_count = wiring->count,
		.remote_port = -1, .remote_host = service->what->pass == PASS_INETD, .pid = -1,
	};
	if (service->what->pass == PASS_SYSTEMD && wiring->count - wiring->others > 3) {
		launch->listen_count = (unsigned)(wiring->count - wiring->others) - 3;
		launch->names = means->names;
	}
}

void launch_fill_for(struct launch *launch, const struct means *means, const struct wiring *wiring,
		     const struct service *service, const struct listener *listener, const struct client *client,
		     struct caller *caller)
{
	launch_fill(launch, means, wiring, service);
	client_address(client, caller->address, sizeof(caller->address));
	launch->remote_address = caller->address;
	launch->remote_port = client_port(client);
	if (service->surroundings->tcp_environment &&
	    client_local(client, caller->local, sizeof(caller->local), &launch->local_port))
		launch->local_address = caller->local;
	if (!launch->listen_count)
		return;
	snprintf(caller->names, sizeof(caller->names), "LISTEN_FDNAMES=%s", listener->listen->name);
	launch->names = caller->names;
}

/* The options a stage obeys, for its place in the table: the first that the service's own text set counts. */
static const char *const stage_options[STAGES][4] = {
	[STAGE_NICE] = { "nice" },
	[STAGE_OOM_SCORE] = { "oom_score_adjust" },
	[STAGE_CPUS] = { "cpu_affinity" },
	[STAGE_IO_PRIORITY] = { "io_scheduling" },
	[STAGE_ROOT] = { "root_directory" },
	[STAGE_BOUNDING] = { "capability_bounding_set" },
	[STAGE_GROUPS] = { "supplementary_groups", "groups", "group", "user" },
	[STAGE_USER] = { "user" },
	[STAGE_IDENTITY] = { "user" },
	[STAGE_AMBIENT] = { "ambient_capabilities" },
	[STAGE_NO_NEW_PRIVILEGES] = { "no_new_privileges" },
	[STAGE_DIRECTORY] = { "working_directory" },
	[STAGE_EXEC] = { "exec" },
};

static struct origin stage_origin(const struct service *service, enum stage stage)
{
	for (size_t n = 0; n < 4 && stage_options[stage][n]; n++) {
		if (service_mark(service, stage_options[stage][n]))
			return service_origin(service, stage_options[stage][n]);
	}
	return service->at;
}

void launch_describe_fault(const struct service *service, const struct fault *fault, struct buf *out)
{
	const char *limit = fault->stage == STAGE_LIMITS ? limit_option(fault->resource) : NULL;

	buf_text(out, stage_name(fault->stage));
	if (fault->stage == STAGE_EXEC)
		buf_addf(out, ": %s", service->what->exec ? service->what->exec[0] : PLAN_BUILTIN);
	else if (limit)
		buf_addf(out, ": %s", limit);
	buf_addf(out, ": %s", strerror(fault->error));
	origin_cite(limit ? service_origin(service, limit) : stage_origin(service, fault->stage), out);
}
