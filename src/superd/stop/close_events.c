/* Passes on the kernel's reports of connections that have ended. A new filter for the kernel costs something, and so
 * does each wakeup. For a service with ten thousand clients a second superd handles a few closes and then stops
 * listening until it has counted again. A service with few clients stays in the filter, listened for or not, until
 * unwanted reports have cost more than a new filter would. All changes of one turn of the loop go to the kernel as
 * one. */
#include "superd/stop/close_events.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/fd.h"
#include "os/netdiag/tcp_destroy.h"
#include "superd/instance/runtime.h"
#include "table/access/access.h"

#define PORTS 65536
#define BUCKETS 256
#define PORTS_A_WORD 16                 /* ports in a new filter that cost about as much as one unwanted report */
#define PAUSE 0.02                      /* seconds between two readings where reports are many: none is urgent */

struct tcp_close_events {
	struct engine *engine;
	ev_io io;                       /* the kernel's reports; io.fd is -1: there are none */
	ev_timer pause;                 /* active: io is not, and reports wait for the end of it */
	double last_read;               /* loop time of the last reading */
	size_t reports;                 /* reports read in all */
	ev_prepare prepare;             /* active: the filter has to be made anew */
	struct list waiting[BUCKETS + 1];       /* by the only TCP port; the last list: with several ports, or none */
	uint64_t ports[PORTS / 64];     /* bit set of the ports in the filter */
	size_t filter_ports;            /* ports in the filter */
	size_t unwanted;                /* unwanted reports since the filter was made */
};

static bool has_port(const struct tcp_close_events *close_events, uint16_t port)
{
	return close_events->ports[port / 64] >> port % 64 & 1;
}

/* Returns how many of its ports are new. */
static size_t note_ports_of(struct tcp_close_events *close_events, const struct close_listener *listener)
{
	size_t count = 0;

	for (size_t n = 0; n < listener->query->count; n++) {
		uint16_t port = listener->query->conns[n].port;

		if (listener->query->conns[n].kind != CONN_TCP || has_port(close_events, port))
			continue;
		close_events->ports[port / 64] |= UINT64_C(1) << port % 64;
		count++;
	}
	return count;
}

static size_t note_ports(struct tcp_close_events *close_events)
{
	size_t count = 0;

	memset(close_events->ports, 0, sizeof(close_events->ports));
	for (size_t bucket = 0; bucket <= BUCKETS; bucket++) {
		LIST_EACH(link, &close_events->waiting[bucket])
			count += note_ports_of(close_events, container_of(link, struct close_listener, link));
	}
	return count;
}

/* Makes the filter anew; it wants the ports in their order. */
static bool set_filter(struct tcp_close_events *close_events)
{
	size_t count = note_ports(close_events), next = 0;
	uint16_t *ports = malloc((count + 1) * sizeof(*ports));
	bool good;

	if (!ports)
		return false;
	for (unsigned port = 0; port < PORTS && next < count; port++) {
		if (!close_events->ports[port / 64])
			port |= 63;
		else if (has_port(close_events, (uint16_t)port))
			ports[next++] = (uint16_t)port;
	}
	good = tcp_destroy_subscribe(close_events->io.fd, ports, count) == 0;
	close_events->filter_ports = count;
	close_events->unwanted = 0;
	free(ports);
	return good;
}

/* The kernel reports no more: all listeners have to poll from now on. */
static void stop_listening(struct tcp_close_events *close_events)
{
	log_warn(close_events->engine->log,
		 "the kernel no longer reports ended connections: %s: superd looks for idle services at intervals",
		 strerror(errno));
	ev_io_stop(close_events->engine->loop, &close_events->io);
	ev_timer_stop(close_events->engine->loop, &close_events->pause);
	fd_close(&close_events->io.fd);
	for (size_t bucket = 0; bucket <= BUCKETS; bucket++) {
		while (!list_empty(&close_events->waiting[bucket])) {
			struct close_listener *listener =
				container_of(close_events->waiting[bucket].next, struct close_listener, link);

			list_remove(&listener->link);
			listener->deaf(listener);
		}
	}
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	struct tcp_close_events *close_events = prepare->data;

	(void)events;
	ev_prepare_stop(loop, prepare);
	if (close_events->io.fd >= 0 && !set_filter(close_events))
		stop_listening(close_events);
}

static bool wants_port(const struct close_listener *listener, uint16_t port)
{
	for (size_t n = 0; n < listener->query->count; n++) {
		if (listener->query->conns[n].kind == CONN_TCP && listener->query->conns[n].port == port)
			return true;
	}
	return false;
}

static void update_filter_later(struct engine *engine)
{
	if (engine->close_events && engine->close_events->io.fd >= 0)
		ev_prepare_start(engine->loop, &engine->close_events->prepare);
}

/* Whether anybody in this list wanted the report. */
static bool report_to_list(struct list *waiting, const struct tcp_destroy_event *event)
{
	bool wanted = false;

	LIST_EACH(link, waiting) {
		struct close_listener *listener = container_of(link, struct close_listener, link);
		const struct service *service;

		if (!wants_port(listener, event->port))
			continue;
		wanted = true;
		service = listener->query->runtime->service;
		if (!access_lists(service_prepared(service)->probes, event->family, event->peer))
			listener->gone(listener,
				       event->silent && service->groups->lifecycle->probe == PROBE_SILENT);
	}
	return wanted;
}

static void on_gone(void *context, const struct tcp_destroy_event *event)
{
	struct tcp_close_events *close_events = context;
	bool wanted;

	close_events->reports++;
	if (!has_port(close_events, event->port))
		return;
	wanted = report_to_list(&close_events->waiting[event->port % BUCKETS], event);
	wanted = report_to_list(&close_events->waiting[BUCKETS], event) || wanted;
	if (!wanted && ++close_events->unwanted > close_events->filter_ports / PORTS_A_WORD)
		update_filter_later(close_events->engine);
}

static void report_to_all(struct tcp_close_events *close_events)
{
	for (size_t bucket = 0; bucket <= BUCKETS; bucket++) {
		LIST_EACH(link, &close_events->waiting[bucket])
			container_of(link, struct close_listener, link)
				->gone(container_of(link, struct close_listener, link), false);
	}
}

/* Whether there was any report. */
static bool read_reports(struct tcp_close_events *close_events)
{
	size_t before = close_events->reports;
	bool complete = tcp_destroy_read(close_events->io.fd, on_gone, close_events);

	if (!complete)
		report_to_all(close_events);
	return !complete || close_events->reports != before;
}

static void pause_reading(struct tcp_close_events *close_events)
{
	ev_timer_set(&close_events->pause, PAUSE, 0.);
	ev_timer_start(close_events->engine->loop, &close_events->pause);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct tcp_close_events *close_events = io->data;
	double now = clock_now();

	(void)events;
	read_reports(close_events);
	if (now - close_events->last_read < PAUSE) {
		ev_io_stop(loop, io);
		pause_reading(close_events);
	}
	close_events->last_read = now;
}

static void on_pause(struct ev_loop *loop, ev_timer *pause, int events)
{
	struct tcp_close_events *close_events = pause->data;

	(void)events;
	close_events->last_read = clock_now();
	if (read_reports(close_events))
		pause_reading(close_events);
	else
		ev_io_start(loop, &close_events->io);
}

void close_events_read(struct engine *engine)
{
	if (engine->close_events && engine->close_events->io.fd >= 0)
		read_reports(engine->close_events);
}

static struct tcp_close_events *close_events_of(struct engine *engine)
{
	struct tcp_close_events *close_events = engine->close_events;
	int fd;

	if (close_events)
		return close_events;
	close_events = engine->close_events = calloc(1, sizeof(*close_events));
	if (!close_events)
		return NULL;
	fd = fd_raise(tcp_destroy_open(), FD_HIGH);
	if (fd < 0)
		log_info(engine->log, "the kernel does not report ended connections: %s: superd looks for idle "
				      "services at intervals", strerror(errno));
	close_events->engine = engine;
	for (size_t bucket = 0; bucket <= BUCKETS; bucket++)
		list_init(&close_events->waiting[bucket]);
	ev_io_init(&close_events->io, on_readable, fd, EV_READ);
	close_events->io.data = close_events;
	ev_init(&close_events->pause, on_pause);
	close_events->pause.data = close_events;
	ev_prepare_init(&close_events->prepare, on_prepare);
	close_events->prepare.data = close_events;
	if (fd >= 0)
		ev_io_start(engine->loop, &close_events->io);
	return close_events;
}

void close_events_init(struct close_listener *listener, const struct conn_query *query,
		       void (*gone)(struct close_listener *listener, bool silent),
		       void (*deaf)(struct close_listener *listener))
{
	*listener = (struct close_listener){ .query = query, .gone = gone, .deaf = deaf };
	list_init(&listener->link);
}

bool close_events_is_possible(struct engine *engine)
{
	struct tcp_close_events *close_events = close_events_of(engine);

	return close_events && close_events->io.fd >= 0;
}

static bool is_in_filter(const struct tcp_close_events *close_events, const struct close_listener *listener)
{
	for (size_t n = 0; n < listener->query->count; n++) {
		if (listener->query->conns[n].kind == CONN_TCP &&
		    !has_port(close_events, listener->query->conns[n].port))
			return false;
	}
	return true;
}

static size_t bucket_of(const struct close_listener *listener)
{
	size_t found = BUCKETS;

	for (size_t n = 0; n < listener->query->count; n++) {
		if (listener->query->conns[n].kind != CONN_TCP)
			continue;
		if (found != BUCKETS)
			return BUCKETS;
		found = listener->query->conns[n].port % BUCKETS;
	}
	return found;
}

/* Its ports may have changed since an earlier close_events_begin. */
void close_events_begin(struct close_listener *listener, struct engine *engine)
{
	if (!close_events_is_possible(engine))
		return;
	list_remove(&listener->link);
	list_add(&engine->close_events->waiting[bucket_of(listener)], &listener->link);
	if (!is_in_filter(engine->close_events, listener))
		update_filter_later(engine);
}

void close_events_end(struct close_listener *listener, struct engine *engine, bool at_once)
{
	if (list_empty(&listener->link))
		return;
	list_remove(&listener->link);
	if (at_once)
		update_filter_later(engine);
}

void close_events_free(struct engine *engine)
{
	struct tcp_close_events *close_events = engine->close_events;

	if (!close_events)
		return;
	ev_io_stop(engine->loop, &close_events->io);
	ev_timer_stop(engine->loop, &close_events->pause);
	ev_prepare_stop(engine->loop, &close_events->prepare);
	fd_close(&close_events->io.fd);
	free(close_events);
	engine->close_events = NULL;
}
