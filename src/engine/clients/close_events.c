/* Passes on the kernel's reports of connections that have ended. A new filter for the kernel costs something, and so
 * does each wakeup. A service with ten thousand clients a second hears of one end and is deaf to the rest until it
 * has counted again. A service with few clients stays in the filter, deaf or not, until unwanted reports have cost
 * more than a new filter would. All changes of one turn of the loop go to the kernel as one. */
#include "engine/clients/close_events.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "config/access/access.h"
#include "engine/runtime/runtime.h"
#include "os/netdiag/tcp_destroy.h"

#define PORTS 65536
#define BUCKETS 256
#define PORTS_A_WORD 16                 /* ports in a new filter that cost about as much as one unwanted report */
#define LULL 0.02                       /* seconds between two readings where reports are many: none is urgent */

struct tcp_close_events {
	struct engine *engine;
	ev_io io;                       /* the kernel's reports; io.fd is -1: there are none */
	ev_timer lull;                  /* active: io is not, and reports wait for the end of it */
	double heard;                   /* loop time of the last reading */
	size_t words;                   /* reports read in all */
	ev_prepare prepare;             /* active: the filter has to be made anew */
	struct list waiting[BUCKETS + 1];       /* by the only TCP port; the last list: with several ports, or none */
	uint64_t ports[PORTS / 64];     /* bit set of the ports in the filter */
	size_t told;                    /* ports in the filter */
	size_t needless;                /* unwanted reports since the filter was made */
};

static bool has_port(const struct tcp_close_events *hub, uint16_t port)
{
	return hub->ports[port / 64] >> port % 64 & 1;
}

/* Returns how many of its ports are new. */
static size_t note_ports_of(struct tcp_close_events *hub, const struct close_listener *departed)
{
	size_t count = 0;

	for (size_t n = 0; n < departed->query->count; n++) {
		uint16_t port = departed->query->conns[n].port;

		if (departed->query->conns[n].kind != CONN_TCP || has_port(hub, port))
			continue;
		hub->ports[port / 64] |= UINT64_C(1) << port % 64;
		count++;
	}
	return count;
}

static size_t note_ports(struct tcp_close_events *hub)
{
	size_t count = 0;

	memset(hub->ports, 0, sizeof(hub->ports));
	for (size_t bucket = 0; bucket <= BUCKETS; bucket++) {
		LIST_EACH(link, &hub->waiting[bucket])
			count += note_ports_of(hub, container_of(link, struct close_listener, link));
	}
	return count;
}

/* Makes the filter anew; it wants the ports in their order. */
static bool tell_kernel(struct tcp_close_events *hub)
{
	size_t count = note_ports(hub), next = 0;
	uint16_t *ports = malloc((count + 1) * sizeof(*ports));
	bool good;

	if (!ports)
		return false;
	for (unsigned port = 0; port < PORTS && next < count; port++) {
		if (!hub->ports[port / 64])
			port |= 63;
		else if (has_port(hub, (uint16_t)port))
			ports[next++] = (uint16_t)port;
	}
	good = tcp_destroy_subscribe(hub->io.fd, ports, count) == 0;
	hub->told = count;
	hub->needless = 0;
	free(ports);
	return good;
}

/* All that wait have to look by time from here on. */
static void go_deaf(struct tcp_close_events *hub)
{
	log_warn(hub->engine->log, "the kernel does not tell of connections that end any more: %s: idle services are "
		 "looked for by time", strerror(errno));
	ev_io_stop(hub->engine->loop, &hub->io);
	ev_timer_stop(hub->engine->loop, &hub->lull);
	fd_close(&hub->io.fd);
	for (size_t bucket = 0; bucket <= BUCKETS; bucket++) {
		while (!list_empty(&hub->waiting[bucket])) {
			struct close_listener *departed =
				container_of(hub->waiting[bucket].next, struct close_listener, link);

			list_remove(&departed->link);
			departed->deaf(departed);
		}
	}
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	struct tcp_close_events *hub = prepare->data;

	(void)events;
	ev_prepare_stop(loop, prepare);
	if (hub->io.fd >= 0 && !tell_kernel(hub))
		go_deaf(hub);
}

static bool has_tally(const struct close_listener *departed, uint16_t port)
{
	for (size_t n = 0; n < departed->query->count; n++) {
		if (departed->query->conns[n].kind == CONN_TCP && departed->query->conns[n].port == port)
			return true;
	}
	return false;
}

static void tell_of_change(struct engine *engine)
{
	if (engine->close_events && engine->close_events->io.fd >= 0)
		ev_prepare_start(engine->loop, &engine->close_events->prepare);
}

/* Whether anybody in this list wanted the report. */
static bool tell_those(struct list *waiting, const struct tcp_destroy_event *departure)
{
	bool wanted = false;

	LIST_EACH(link, waiting) {
		struct close_listener *departed = container_of(link, struct close_listener, link);

		if (!has_tally(departed, departure->port))
			continue;
		wanted = true;
		if (!access_lists(departed->query->runtime->service->probes, departure->family, departure->peer))
			departed->gone(departed);
	}
	return wanted;
}

static void on_gone(void *context, const struct tcp_destroy_event *departure)
{
	struct tcp_close_events *hub = context;
	bool wanted;

	hub->words++;
	if (!has_port(hub, departure->port))
		return;
	wanted = tell_those(&hub->waiting[departure->port % BUCKETS], departure);
	wanted = tell_those(&hub->waiting[BUCKETS], departure) || wanted;
	if (!wanted && ++hub->needless > hub->told / PORTS_A_WORD)
		tell_of_change(hub->engine);
}

static void tell_all(struct tcp_close_events *hub)
{
	for (size_t bucket = 0; bucket <= BUCKETS; bucket++) {
		LIST_EACH(link, &hub->waiting[bucket])
			container_of(link, struct close_listener, link)
				->gone(container_of(link, struct close_listener, link));
	}
}

/* Whether there was any report. */
static bool hear(struct tcp_close_events *hub)
{
	size_t before = hub->words;
	bool complete = tcp_destroy_read(hub->io.fd, on_gone, hub);

	if (!complete)
		tell_all(hub);
	return !complete || hub->words != before;
}

static void rest(struct tcp_close_events *hub)
{
	ev_timer_set(&hub->lull, LULL, 0.);
	ev_timer_start(hub->engine->loop, &hub->lull);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct tcp_close_events *hub = io->data;
	double now = clock_now();

	(void)events;
	hear(hub);
	if (now - hub->heard < LULL) {
		ev_io_stop(loop, io);
		rest(hub);
	}
	hub->heard = now;
}

static void on_lull(struct ev_loop *loop, ev_timer *lull, int events)
{
	struct tcp_close_events *hub = lull->data;

	(void)events;
	hub->heard = clock_now();
	if (hear(hub))
		rest(hub);
	else
		ev_io_start(loop, &hub->io);
}

void close_events_hear(struct engine *engine)
{
	if (engine->close_events && engine->close_events->io.fd >= 0)
		hear(engine->close_events);
}

static struct tcp_close_events *close_events_of(struct engine *engine)
{
	struct tcp_close_events *hub = engine->close_events;
	int fd;

	if (hub)
		return hub;
	hub = engine->close_events = calloc(1, sizeof(*hub));
	if (!hub)
		return NULL;
	fd = fd_raise(tcp_destroy_open(), FD_HIGH);
	if (fd < 0)
		log_info(engine->log, "the kernel does not tell of connections that end: %s: idle services are "
			 "looked for by time", strerror(errno));
	hub->engine = engine;
	for (size_t bucket = 0; bucket <= BUCKETS; bucket++)
		list_init(&hub->waiting[bucket]);
	ev_io_init(&hub->io, on_readable, fd, EV_READ);
	hub->io.data = hub;
	ev_init(&hub->lull, on_lull);
	hub->lull.data = hub;
	ev_prepare_init(&hub->prepare, on_prepare);
	hub->prepare.data = hub;
	if (fd >= 0)
		ev_io_start(engine->loop, &hub->io);
	return hub;
}

void close_events_init(struct close_listener *departed, const struct conn_query *query,
		       void (*gone)(struct close_listener *departed), void (*deaf)(struct close_listener *departed))
{
	*departed = (struct close_listener){ .query = query, .gone = gone, .deaf = deaf };
	list_init(&departed->link);
}

bool close_events_is_possible(struct engine *engine)
{
	struct tcp_close_events *hub = close_events_of(engine);

	return hub && hub->io.fd >= 0;
}

static bool is_told(const struct tcp_close_events *hub, const struct close_listener *departed)
{
	for (size_t n = 0; n < departed->query->count; n++) {
		if (departed->query->conns[n].kind == CONN_TCP && !has_port(hub, departed->query->conns[n].port))
			return false;
	}
	return true;
}

static size_t bucket_of(const struct close_listener *departed)
{
	size_t found = BUCKETS;

	for (size_t n = 0; n < departed->query->count; n++) {
		if (departed->query->conns[n].kind != CONN_TCP)
			continue;
		if (found != BUCKETS)
			return BUCKETS;
		found = departed->query->conns[n].port % BUCKETS;
	}
	return found;
}

/* Its ports may have changed since an earlier close_events_begin. */
void close_events_begin(struct close_listener *departed, struct engine *engine)
{
	if (!close_events_is_possible(engine))
		return;
	list_remove(&departed->link);
	list_add(&engine->close_events->waiting[bucket_of(departed)], &departed->link);
	if (!is_told(engine->close_events, departed))
		tell_of_change(engine);
}

void close_events_end(struct close_listener *departed, struct engine *engine, bool at_once)
{
	if (list_empty(&departed->link))
		return;
	list_remove(&departed->link);
	if (at_once)
		tell_of_change(engine);
}

void close_events_free(struct engine *engine)
{
	struct tcp_close_events *hub = engine->close_events;

	if (!hub)
		return;
	ev_io_stop(engine->loop, &hub->io);
	ev_timer_stop(engine->loop, &hub->lull);
	ev_prepare_stop(engine->loop, &hub->prepare);
	fd_close(&hub->io.fd);
	free(hub);
	engine->close_events = NULL;
}
