/* Finds the service that a tcpmux client names (RFC 1078). superd takes only the name from the program that read it;
 * the client's address comes from the connection itself, and the service's own rules decide whether it is let in. */
#include "superd/service/tcpmux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/guard/guard_link.h"
#include "os/netdiag/tcp_sent.h"
#include "superd/service/admission_state.h"
#include "superd/service/banner.h"
#include "superd/loop/close_socket.h"
#include "superd/instance/service_list.h"

/* Returns the name of a tcpmux: endpoint, without the + (superd answers for the service); NULL: another endpoint. */
static const char *tcpmux_name(const struct listen *listen)
{
	const char *name = listen->endpoint->kind == ENDPOINT_TCPMUX ? listen->endpoint->address : NULL;

	return name && name[0] == '+' ? name + 1 : name;
}

static struct listener *find_listener(struct service_runtime *runtime, const char *name)
{
	for (size_t n = 0; runtime && n < runtime->listener_count; n++) {
		const char *own = tcpmux_name(runtime->listeners[n].listen);

		if (own && !strcasecmp(own, name))
			return &runtime->listeners[n];
	}
	return NULL;
}

static bool has_name(const struct service_runtime *runtime)
{
	for (size_t n = 0; runtime && n < runtime->listener_count; n++) {
		if (tcpmux_name(runtime->listeners[n].listen))
			return true;
	}
	return false;
}

static size_t collect_runtimes(const struct service_list *service_list, struct service_runtime **out)
{
	size_t count = 0;

	for (size_t n = 0; n < service_list->count; n++) {
		if (!has_name(service_list->runtimes[n]))
			continue;
		if (out)
			out[count] = service_list->runtimes[n];
		count++;
	}
	return count;
}

/* Lists the services with a tcpmux endpoint, once for each table: they are few. */
static void refresh_runtimes(struct tcpmux *mux, const struct service_list *service_list)
{
	struct service_runtime **runtimes;
	size_t count;

	if (mux->table == service_list->generation)
		return;
	count = collect_runtimes(service_list, NULL);
	runtimes = calloc(count + 1, sizeof(*runtimes));
	if (!runtimes)
		return;
	collect_runtimes(service_list, runtimes);
	free(mux->runtimes);
	mux->runtimes = runtimes;
	mux->count = count;
	mux->table = service_list->generation;
}

/* Without memory for the list it looks at all services. */
static struct listener *find_target(struct engine *engine, const char *name)
{
	const struct service_list *all = engine->service_list;
	struct tcpmux *mux = engine->admission->tcpmux;
	bool is_listed;

	refresh_runtimes(mux, all);
	is_listed = mux->table == all->generation;
	for (size_t n = 0; n < (is_listed ? mux->count : all->count); n++) {
		struct service_runtime *runtime = is_listed ? mux->runtimes[n] : all->runtimes[n];
		struct listener *listener = find_listener(runtime, name);

		if (listener)
			return listener;
	}
	return NULL;
}

void tcpmux_init(struct engine *engine, struct tcpmux *mux)
{
	engine->admission->tcpmux = mux;
}

void tcpmux_free(struct engine *engine)
{
	struct tcpmux *mux = engine->admission->tcpmux;

	ev_timer_stop(engine->loop, &mux->timer);
	free(mux->runtimes);
	*mux = (struct tcpmux){ 0 };
}

/* Each service refuses its own clients that have waited too long. */
static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct engine *engine = timer->data;
	struct tcpmux *mux = engine->admission->tcpmux;

	(void)loop, (void)events;
	refresh_runtimes(mux, engine->service_list);
	if (mux->table != engine->service_list->generation) { /* out of memory */
		tcpmux_wait(engine, clock_now() + MUX_PATIENCE);
		return;
	}
	for (size_t n = 0; n < mux->count; n++)
		runtime_post(mux->runtimes[n], HANDED);
}

void tcpmux_wait(struct engine *engine, double until)
{
	ev_timer *timer = &engine->admission->tcpmux->timer;
	double left = until - clock_now();

	if (ev_is_active(timer) && ev_timer_remaining(engine->loop, timer) <= left)
		return;
	ev_timer_stop(engine->loop, timer);
	ev_timer_init(timer, on_timer, left > 0 ? left : 0., 0.);
	timer->data = engine;
	ev_timer_start(engine->loop, timer);
}

/* text: why, with the name that it has asked for at its end. */
static void log_refused(struct service_runtime *by, const struct client *client, const char *reason, const char *text,
			const char *name)
{
	struct event event = { .name = "refused", .service = by->service->name, .reason = reason };
	struct buf visible = { 0 };
	char address[128];

	client_address(client, address, sizeof(address));
	event.peer = address;
	buf_visible(&visible, name, strlen(name));
	log_event(by->engine->log, LEVEL_NOTICE, &event, "refused %s: %s tcpmux:%s",
		  *address ? address : "a local client", text, buf_string(&visible));
	buf_free(&visible);
}

/* A client that has left needs no line. */
static void log_unknown_peer(struct service_runtime *by, int error)
{
	const struct event event = { .name = "refused", .service = by->service->name, .reason = "unknown address" };

	if (error != ENOTCONN)
		log_event(by->engine->log, LEVEL_NOTICE, &event, "refused a client: looking for its address: %s",
			  strerror(error));
}

static bool promise_client(struct listener *target, const struct client *client)
{
	const struct service_runtime *runtime = target->runtime;

	if (guard_pid())
		guard_note_promise(runtime_number(runtime), (unsigned)(target - runtime->listeners), client->fd,
				   tcp_sent(client->fd));
	return listener_park(target, client, ARRIVED, clock_now() + MUX_PATIENCE);
}

void tcpmux_serve(struct service_runtime *by, const char *name, int connection)
{
	struct client client = { .fd = connection, .length = sizeof(client.peer) };
	struct listener *target = find_target(by->engine, name);

	if (getpeername(connection, &client.peer.any, &client.length) < 0) {
		log_unknown_peer(by, errno);
		close_socket_fd(by->engine, by->service->name, &connection);
		return;
	}
	if (target && promise_client(target, &client)) {
		runtime_post(target->runtime, HANDED);
		return;
	}
	if (target)
		log_refused(by, &client, "out of memory", "out of memory: it cannot wait for", name);
	else
		log_refused(by, &client, "unknown service", "no service listens on", name);
	banner_send_unavailable(client.fd);
	client_shut_and_drain(&client);
	close_socket_client(by->engine, by->service->name, &client);
}
