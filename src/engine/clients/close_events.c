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

struct close_events_hub {
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

static bool has_port(const struct close_events_hub *hall, uint16_t port)
{
	return hall->ports[port / 64] >> port % 64 & 1;
}

/* Returns how many of its ports are new. */
static size_t note_ports_of(struct close_events_hub *hall, const struct close_listener *departed)
{
	size_t count = 0;

	for (size_t n = 0; n < departed->query->count; n++) {
		uint16_t port = departed->query->conns[n].port;

		if (departed->query->conns[n].kind != CONN_TCP || has_port(hall, port))
			continue;
		hall->ports[port / 64] |= UINT64_C(1) << port % 64;
		count++;
	}
	return count;
}

static size_t note_ports(struct close_events_hub *hall)
{
	size_t count = 0;

	memset(hall->ports, 0, sizeof(hall->ports));
	for (size_t bucket = 0; bucket <= BUCKETS; bucket++) {
		LIST_EACH(link, &hall->waiting[bucket])
			count += note_ports_of(hall, container_of(link, struct close_listener, link));
	}
	return count;
}

/* Makes the filter anew; it wants the ports in their order. */
static bool tell_kernel(struct close_events_hub *hall)
{
	size_t count = note_ports(hall), next = 0;
	uint16_t *ports = malloc((count + 1) * sizeof(*ports));
	bool good;

	if (!ports)
		return false;
	for (unsigned port = 0; port < PORTS && next < count; port++) {
		if (!hall->ports[port / 64])
			port |= 63;
		else if (has_port(hall, (uint16_t)port))
			ports[next++] = (uint16_t)port;
	}
	good = tcp_destroy_subscribe(hall->io.fd, ports, count) == 0;
	hall->told = count;
	hall->needless = 0;
	free(ports);
	return good;
}

/* All that wait have to look by time from here on. */
static void go_deaf(struct close_events_hub *hall)
{
	log_warn(hall->engine->log, "the kernel does not tell of connections that end any more: %s: idle services are "
		 "looked for by time", strerror(errno));
	ev_io_stop(hall->engine->loop, &hall->io);
	ev_timer_stop(hall->engine->loop, &hall->lull);
	fd_close(&hall->io.fd);
	for (size_t bucket = 0; bucket <= BUCKETS; bucket++) {
		while (!list_empty(&hall->waiting[bucket])) {
			struct close_listener *departed =
				container_of(hall->waiting[bucket].next, struct close_listener, link);

			list_remove(&departed->link);
			departed->deaf(departed);
		}
	}
}

static void on_prepare(struct ev_loop *loop, ev_prepare *prepare, int events)
{
	struct close_events_hub *hall = prepare->data;

	(void)events;
	ev_prepare_stop(loop, prepare);
	if (hall->io.fd >= 0 && !tell_kernel(hall))
		go_deaf(hall);
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
	if (engine->hall && engine->hall->io.fd >= 0)
		ev_prepare_start(engine->loop, &engine->hall->prepare);
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
	struct close_events_hub *hall = context;
	bool wanted;

	hall->words++;
	if (!has_port(hall, departure->port))
		return;
	wanted = tell_those(&hall->waiting[departure->port % BUCKETS], departure);
	wanted = tell_those(&hall->waiting[BUCKETS], departure) || wanted;
	if (!wanted && ++hall->needless > hall->told / PORTS_A_WORD)
		tell_of_change(hall->engine);
}

static void tell_all(struct close_events_hub *hall)
{
	for (size_t bucket = 0; bucket <= BUCKETS; bucket++) {
		LIST_EACH(link, &hall->waiting[bucket])
			container_of(link, struct close_listener, link)
				->gone(container_of(link, struct close_listener, link));
	}
}

/* Whether there was any report. */
static bool hear(struct close_events_hub *hall)
{
	size_t before = hall->words;
	bool complete = tcp_destroy_read(hall->io.fd, on_gone, hall);

	if (!complete)
		tell_all(hall);
	return !complete || hall->words != before;
}

static void rest(struct close_events_hub *hall)
{
	ev_timer_set(&hall->lull, LULL, 0.);
	ev_timer_start(hall->engine->loop, &hall->lull);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct close_events_hub *hall = io->data;
	double now = clock_now();

	(void)events;
	hear(hall);
	if (now - hall->heard < LULL) {
		ev_io_stop(loop, io);
		rest(hall);
	}
	hall->heard = now;
}

static void on_lull(struct ev_loop *loop, ev_timer *lull, int events)
{
	struct close_events_hub *hall = lull->data;

	(void)events;
	hall->heard = clock_now();
	if (hear(hall))
		rest(hall);
	else
		ev_io_start(loop, &hall->io);
}

void close_events_hear(struct engine *engine)
{
	if (engine->hall && engine->hall->io.fd >= 0)
		hear(engine->hall);
}

static struct close_events_hub *hall_of(struct engine *engine)
{
	struct close_events_hub *hall = engine->hall;
	int fd;

	if (hall)
		return hall;
	hall = engine->hall = calloc(1, sizeof(*hall));
	if (!hall)
		return NULL;
	fd = fd_raise(tcp_destroy_open(), FD_HIGH);
	if (fd < 0)
		log_info(engine->log, "the kernel does not tell of connections that end: %s: idle services are "
			 "looked for by time", strerror(errno));
	hall->engine = engine;
	for (size_t bucket = 0; bucket <= BUCKETS; bucket++)
		list_init(&hall->waiting[bucket]);
	ev_io_init(&hall->io, on_readable, fd, EV_READ);
	hall->io.data = hall;
	ev_init(&hall->lull, on_lull);
	hall->lull.data = hall;
	ev_prepare_init(&hall->prepare, on_prepare);
	hall->prepare.data = hall;
	if (fd >= 0)
		ev_io_start(engine->loop, &hall->io);
	return hall;
}

void close_events_init(struct close_listener *departed, const struct conn_query *query,
		       void (*gone)(struct close_listener *departed), void (*deaf)(struct close_listener *departed))
{
	*departed = (struct close_listener){ .query = query, .gone = gone, .deaf = deaf };
	list_init(&departed->link);
}

bool close_events_is_possible(struct engine *engine)
{
	struct close_events_hub *hall = hall_of(engine);

	return hall && hall->io.fd >= 0;
}

static bool is_told(const struct close_events_hub *hall, const struct close_listener *departed)
{
	for (size_t n = 0; n < departed->query->count; n++) {
		if (departed->query->conns[n].kind == CONN_TCP && !has_port(hall, departed->query->conns[n].port))
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
	list_add(&engine->hall->waiting[bucket_of(departed)], &departed->link);
	if (!is_told(engine->hall, departed))
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
	struct close_events_hub *hall = engine->hall;

	if (!hall)
		return;
	ev_io_stop(engine->loop, &hall->io);
	ev_timer_stop(engine->loop, &hall->lull);
	ev_prepare_stop(engine->loop, &hall->prepare);
	fd_close(&hall->io.fd);
	free(hall);
	engine->hall = NULL;
}
