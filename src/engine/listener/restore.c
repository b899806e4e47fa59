/* Those that were begun with, in the order of their answers. The first one's time runs; when it is over its process is
 * killed, and another one goes on with those behind it. */
#include "engine/listener/restore.h"

#include <errno.h>
#include <ev.h>
#include <poll.h>
#include <stdlib.h>

#include "exec/worker/restore_aside.h"
#include "os/netdiag/foreign_socket.h"

#define IDLE 1.                         /* seconds without work, after which the process is ended */

struct restoring {
	struct list link;
	int fd;                         /* -1: cancelled, but it may be the one that hangs */
	const struct listen *listen;
	const char *service;
	restore_done *done;
	void *context;
	uint64_t number;
};

struct restorer {
	struct engine *engine;
	struct restore_aside aside;
	struct list begun;              /* struct restoring, the oldest one first */
	uint64_t number;                /* of the last one */
	ev_io io;                       /* of aside's channel */
	ev_timer timer;                 /* the first one's time, or that without work */
};

static struct restoring *first_of(struct restorer *restorer)
{
	return list_empty(&restorer->begun) ? NULL : container_of(restorer->begun.next, struct restoring, link);
}

static void set_timer(struct restorer *restorer)
{
	ev_timer_stop(restorer->engine->loop, &restorer->timer);
	if (restorer->aside.channel < 0)
		return;
	ev_timer_set(&restorer->timer, first_of(restorer) ? FOREIGN_PATIENCE : IDLE, 0);
	ev_timer_start(restorer->engine->loop, &restorer->timer);
}

static void end_process(struct restorer *restorer)
{
	ev_io_stop(restorer->engine->loop, &restorer->io);
	restore_aside_end(&restorer->aside);
	set_timer(restorer);
}

static bool ask(struct restorer *restorer, struct restoring *restoring)
{
	bool runs = restorer->aside.channel >= 0;

	restoring->number = ++restorer->number;
	if (!restore_aside_ask(&restorer->aside, restoring->fd, restoring->listen, restoring->number))
		return false;
	if (!runs) {
		ev_io_set(&restorer->io, restorer->aside.channel, EV_READ);
		ev_io_start(restorer->engine->loop, &restorer->io);
	}
	return true;
}

static void finish(struct restorer *restorer, struct restoring *restoring, int error)
{
	struct restoring outcome = *restoring;

	list_remove(&restoring->link);
	free(restoring);
	if (outcome.fd >= 0)
		outcome.done(outcome.context, restorer->engine, outcome.service, error);
}

/* All that were begun with, with the errno that there is no process. */
static void give_up(struct restorer *restorer, int error)
{
	end_process(restorer);
	while (first_of(restorer))
		finish(restorer, first_of(restorer), error);
}

/* Those behind one that hangs go on with another process. */
static void ask_again(struct restorer *restorer)
{
	LIST_EACH(link, &restorer->begun) {
		struct restoring *restoring = container_of(link, struct restoring, link);

		if (restoring->fd < 0) {
			finish(restorer, restoring, 0);
		} else if (!ask(restorer, restoring)) {
			give_up(restorer, EAGAIN);
			break;
		}
	}
	set_timer(restorer);
}

static void drop_hanging(struct restorer *restorer)
{
	struct restoring *restoring = first_of(restorer);

	end_process(restorer);
	foreign_socket_rest(restoring->fd);
	finish(restorer, restoring, ETIMEDOUT);
	ask_again(restorer);
}

static void take_answers(struct restorer *restorer)
{
	uint64_t number;
	int error;

	while (restorer->aside.channel >= 0) {
		if (!restore_aside_hear(&restorer->aside, &number, &error)) {
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				give_up(restorer, EAGAIN);
			return;
		}
		if (first_of(restorer) && first_of(restorer)->number == number)
			finish(restorer, first_of(restorer), error);
		set_timer(restorer);
	}
}

static void on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop, (void)events;
	take_answers(io->data);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct restorer *restorer = timer->data;

	(void)loop, (void)events;
	take_answers(restorer);         /* the loop itself may have been away for so long */
	if (ev_is_active(timer))
		return;
	if (first_of(restorer))
		drop_hanging(restorer);
	else
		end_process(restorer);
}

static struct restorer *get(struct engine *engine)
{
	struct restorer *restorer = engine->restorer;

	if (restorer)
		return restorer;
	restorer = calloc(1, sizeof(*restorer));
	if (!restorer)
		return NULL;
	restorer->engine = engine;
	restore_aside_init(&restorer->aside);
	list_init(&restorer->begun);
	ev_io_init(&restorer->io, on_readable, -1, EV_READ);
	ev_timer_init(&restorer->timer, on_timer, 0, 0);
	restorer->io.data = restorer->timer.data = restorer;
	return engine->restorer = restorer;
}

bool restore_begin(struct engine *engine, int fd, const struct listen *listen, const char *service, restore_done *done,
		   void *context)
{
	struct restorer *restorer = get(engine);
	struct restoring *restoring = restorer ? malloc(sizeof(*restoring)) : NULL;

	if (!restoring)
		return false;
	*restoring = (struct restoring){
		.fd = fd, .listen = listen, .service = service, .done = done, .context = context,
	};
	if (!ask(restorer, restoring)) {
		free(restoring);
		return false;
	}
	list_add(&restorer->begun, &restoring->link);
	if (first_of(restorer) == restoring)
		set_timer(restorer);
	return true;
}

static struct restoring *find(struct engine *engine, int fd)
{
	if (!engine->restorer)
		return NULL;
	LIST_EACH(link, &engine->restorer->begun) {
		struct restoring *restoring = container_of(link, struct restoring, link);

		if (restoring->fd == fd)
			return restoring;
	}
	return NULL;
}

/* Waits for the next answer, or until the first one's time is over. */
static void wait_for_one(struct restorer *restorer)
{
	struct pollfd answer = { .fd = restorer->aside.channel, .events = POLLIN };
	double until = engine_clock() + FOREIGN_PATIENCE, left;
	int ready = -1;

	while (ready < 0 && (left = until - engine_clock()) > 0)
		ready = poll(&answer, 1, (int)(left * 1000) + 1);
	if (ready > 0)
		take_answers(restorer);
	else
		drop_hanging(restorer);
}

void restore_finish(struct engine *engine, int fd)
{
	while (find(engine, fd))
		wait_for_one(engine->restorer);
}

void restore_cancel(struct engine *engine, int fd)
{
	struct restoring *restoring = find(engine, fd);

	if (restoring)
		restoring->fd = -1;
}

void restore_end(struct engine *engine)
{
	struct restorer *restorer = engine->restorer;

	if (!restorer || restorer->aside.channel < 0)
		return;
	while (first_of(restorer))
		wait_for_one(restorer);
	end_process(restorer);
}

void restore_free(struct engine *engine)
{
	struct restorer *restorer = engine->restorer;

	if (!restorer)
		return;
	end_process(restorer);
	LIST_EACH(link, &restorer->begun)
		free(container_of(link, struct restoring, link));
	free(restorer);
	engine->restorer = NULL;
}
