/* Opening, watching and closing one socket. The hard thing is the number: listeners live above FD_HIGH, so that a
 * child has only few descriptors to unshare however long the table is. */
#include "engine/listener.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "model/diff.h"
#include "sys/bind.h"

void listener_init(struct listener *listener, const struct listen *listen,
		   void (*on_ready)(struct ev_loop *loop, ev_io *io, int events), void *context)
{
	memset(listener, 0, sizeof(*listener));
	ev_io_init(&listener->io, on_ready, -1, EV_READ);
	listener->io.data = context;
	listener->listen = listen;
}

/* An inherited socket fits by its address; where two fit, by its name. It gets the table's options. */
static int take_inherited(struct engine *engine, const struct listen *listen, struct buf *warnings)
{
	struct inherited *found = NULL;

	for (size_t n = 0; n < engine->inheritance.count; n++) {
		struct inherited *one = &engine->inheritance.list[n];

		if (one->fd < 0 || !bind_matches(one->fd, listen))
			continue;
		if (!found || (one->name && !strcmp(one->name, listen->name)))
			found = one;
	}
	if (found) {
		int fd = found->fd;

		found->fd = -1;
		fd_set_nonblocking(fd, true);
		bind_adopt(fd, listen, warnings);
		return fd;
	}
	return -1;
}

static void say_warnings(struct engine *engine, const char *service, struct buf *warnings)
{
	struct event event = { .name = "warning", .service = service };
	const char *at = buf_string(warnings);

	while (*at) {
		size_t length = strcspn(at, "\n");

		log_event(engine->log, LEVEL_WARNING, &event, "%.*s", (int)length, at);
		at += length + (at[length] == '\n');
	}
	buf_free(warnings);
}

bool listener_open(struct listener *listener, struct engine *engine, const char *service, struct buf *why)
{
	struct event event = { .name = "listening", .service = service };
	struct buf warnings = { 0 }, address = { 0 };
	int fd = take_inherited(engine, listener->listen, &warnings);
	bool inherited = fd >= 0;

	if (fd < 0)
		fd = bind_listen(listener->listen, why, &warnings);
	say_warnings(engine, service, &warnings);
	if (fd < 0)
		return false;
	fd = fd_raise(fd, FD_HIGH);
	ev_io_set(&listener->io, fd, EV_READ);
	if (log_wants(engine->log, LEVEL_INFO)) {
		bind_describe(fd, listener->listen, &address);
		log_event(engine->log, LEVEL_INFO, &event, "listening on %s%s", buf_string(&address),
			  inherited ? " (inherited)" : "");
		buf_free(&address);
	}
	return true;
}

static bool differs(const struct listen *a, const struct listen *b)
{
	return a->owner != b->owner || a->owner_group != b->owner_group ||
		!socket_options_equal(a->options, b->options);
}

/* A socket that can't be restricted as the new row asks must not go on without; binding it is then tried again. */
static void close_refused(struct listener *listener, struct engine *engine, const char *service, const char *why)
{
	struct event event = { .name = "bind_error", .service = service, .reason = why };
	struct buf endpoint = { 0 };

	endpoint_format(listener->listen->endpoint, &endpoint);
	log_event(engine->log, LEVEL_ERROR, &event, "%s is closed, as it cannot have its new options: %s",
		  buf_string(&endpoint), why);
	buf_free(&endpoint);
	listener_close(listener, engine);
}

void listener_adopt(struct listener *listener, struct engine *engine, const char *service, const struct listen *listen)
{
	struct buf warnings = { 0 }, why = { 0 };
	bool refused = listener_is_open(listener) && differs(listener->listen, listen) &&
		       bind_adjust(listener->io.fd, listener->listen, listen, &why, &warnings) < 0;

	say_warnings(engine, service, &warnings);
	if (refused)
		close_refused(listener, engine, service, buf_string(&why));
	listener->listen = listen;
	buf_free(&why);
}

void listener_watch(struct listener *listener, struct engine *engine, bool on)
{
	if (!listener_is_open(listener) || on == (bool)ev_is_active(&listener->io))
		return;
	if (on)
		ev_io_start(engine->loop, &listener->io);
	else
		ev_io_stop(engine->loop, &listener->io);
}

void listener_send_away(struct listener *listener, struct engine *engine, const char *service, const char *why)
{
	struct parked *parked = listener->parked;
	struct event event = { .name = "refused", .service = service, .reason = why };
	char address[128];

	while (parked && parked->count) {
		struct client *client = &parked->list[--parked->count];

		client_address(client, address, sizeof(address));
		event.peer = address;
		log_event(engine->log, LEVEL_NOTICE, &event, "refused %s: %s", *address ? address : "a local client",
			  why);
		client_refuse(client);
	}
	free(parked);
	listener->parked = NULL;
}

void listener_close(struct listener *listener, struct engine *engine)
{
	int fd = listener->io.fd;

	listener_send_away(listener, engine, listener->listen->name, "its listener is closed");
	if (fd < 0)
		return;
	ev_io_stop(engine->loop, &listener->io);
	bind_remove(fd, listener->listen);
	fd_close(&fd);
	ev_io_set(&listener->io, -1, EV_READ);
	listener->busy = listener->shared = false;
}
