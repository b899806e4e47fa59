/* Restores listeners by exec/worker/restore_async, and decides whose turn it is. superd asks the process about one
 * socket at a time: a process that hangs cannot be ended, and would keep the sockets queued in it open for ever. Each
 * socket has FOREIGN_TIMEOUT in all. superd kills the process when that time is over, or after OTHERS seconds if
 * another socket waits; a new process goes on with the next socket. */
#include "engine/listener/restore.h"

#include <errno.h>
#include <ev.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engine/listener/listeners.h"
#include "exec/worker/restore_async.h"
#include "os/netdiag/foreign_socket.h"

#define IDLE 1.                         /* seconds without work, after which superd ends the process */
#define OTHERS .05                      /* seconds for which one socket may keep the others waiting */

struct restoring {
	struct list link;
	int fd;                         /* -1: cancelled while the process works on it */
	const struct listen *listen;
	const char *service;
	restore_done *done;
	void *context;
	uint64_t number;                /* of its last question */
	double left;                    /* seconds that are left of FOREIGN_TIMEOUT */
	bool slow;                      /* has kept others waiting, and comes behind those that have not */
};

struct restorer {
	struct engine *engine;
	struct restore_async async;
	struct list begun;              /* struct restoring, in the order of their turns */
	bool asked;                     /* the process works on the first of them */
	double since;                   /* time at which it began with that, clock_now() */
	uint64_t number;                /* of the last question */
	ev_io io;                       /* of aside's channel */
	ev_timer timer;                 /* until the first one's turn is over, or IDLE */
};

static struct restoring *first_of(struct restorer *restorer)
{
	/* clang's analyzer misses that list_remove() changes begun.next: NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	return list_empty(&restorer->begun) ? NULL : container_of(restorer->begun.next, struct restoring, link);
}

static double time_left(struct restorer *restorer)
{
	double left = restorer->since + first_of(restorer)->left - clock_now();

	return left > 0 ? left : 0;
}

/* Whether a socket that has not kept others waiting stands behind the first one. */
static bool is_awaited(struct restorer *restorer)
{
	struct list *next = restorer->begun.next->next;

	return next != &restorer->begun && !container_of(next, struct restoring, link)->slow;
}

/* Seconds until the first one's time or turn is over. */
static double turn_left(struct restorer *restorer)
{
	double turn = restorer->since + OTHERS - clock_now(), left = time_left(restorer);

	if (!is_awaited(restorer) || turn > left)
		return left;
	return turn > 0 ? turn : 0;
}

static void set_timer(struct restorer *restorer)
{
	struct ev_loop *loop = restorer->engine->loop;

	ev_timer_stop(loop, &restorer->timer);
	if (restorer->async.channel < 0 && !first_of(restorer))
		return;
	ev_now_update(loop);
	if (restorer->asked)
		ev_timer_set(&restorer->timer, turn_left(restorer), 0);
	else
		ev_timer_set(&restorer->timer, first_of(restorer) ? 0 : IDLE, 0);
	ev_timer_start(loop, &restorer->timer);
}

static void end_process(struct restorer *restorer)
{
	if (restorer->asked)
		first_of(restorer)->left = time_left(restorer);
	restorer->asked = false;
	ev_io_stop(restorer->engine->loop, &restorer->io);
	restore_async_end(&restorer->async);
}

static bool ask(struct restorer *restorer, struct restoring *restoring)
{
	bool runs = restorer->async.channel >= 0;
	bool good;

	restoring->number = ++restorer->number;
	good = restore_async_ask(&restorer->async, restoring->fd, restoring->listen, restoring->number);
	if (!runs && restorer->async.channel >= 0) {
		ev_io_set(&restorer->io, restorer->async.channel, EV_READ);
		ev_io_start(restorer->engine->loop, &restorer->io);
	}
	restorer->asked = good;
	restorer->since = clock_now();
	return good;
}

static void finish(struct restorer *restorer, struct restoring *restoring, int error)
{
	struct restoring outcome = *restoring;

	list_remove(&restoring->link);
	free(restoring);
	if (outcome.fd >= 0)
		outcome.done(outcome.context, restorer->engine, outcome.service, error);
}

/* Ends all of them with this errno, as no process can be started. */
static void give_up(struct restorer *restorer, int error)
{
	end_process(restorer);
	while (first_of(restorer))
		finish(restorer, first_of(restorer), error);
}

/* Asks about the first one if the process is idle. */
static void go_on(struct restorer *restorer)
{
	while (!restorer->asked && first_of(restorer)) {
		if (first_of(restorer)->fd < 0)
			finish(restorer, first_of(restorer), 0);
		else if (!ask(restorer, first_of(restorer)))
			give_up(restorer, EAGAIN);
	}
	set_timer(restorer);
}

static void drop_hanging(struct restorer *restorer)
{
	struct restoring *restoring = first_of(restorer);

	end_process(restorer);
	foreign_socket_back_off(restoring->fd);
	finish(restorer, restoring, ETIMEDOUT);
	go_on(restorer);
}

/* Puts the first one at the end of the list. */
static void give_way(struct restorer *restorer)
{
	struct restoring *restoring = first_of(restorer);

	end_process(restorer);
	restoring->slow = true;
	list_remove(&restoring->link);
	list_add(&restorer->begun, &restoring->link);
	go_on(restorer);
}

static void take_answers(struct restorer *restorer)
{
	uint64_t number;
	int error;

	while (restorer->async.channel >= 0) {
		if (!restore_async_hear(&restorer->async, &number, &error)) {
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				give_up(restorer, EAGAIN);
			break;
		}
		if (!restorer->asked || first_of(restorer)->number != number)
			continue;
		restorer->asked = false;
		finish(restorer, first_of(restorer), error);
		go_on(restorer);
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
	if (restorer->asked && is_awaited(restorer) && time_left(restorer) > 0)
		give_way(restorer);
	else if (restorer->asked)
		drop_hanging(restorer);
	else if (first_of(restorer))
		go_on(restorer);
	else
		end_process(restorer);
}

static struct restorer *get(struct engine *engine)
{
	struct restorer *restorer = engine->listeners->restorer;

	if (restorer)
		return restorer;
	restorer = calloc(1, sizeof(*restorer));
	if (!restorer)
		return NULL;
	restorer->engine = engine;
	restore_async_init(&restorer->async);
	list_init(&restorer->begun);
	ev_io_init(&restorer->io, on_readable, -1, EV_READ);
	ev_timer_init(&restorer->timer, on_timer, 0, 0);
	restorer->io.data = restorer->timer.data = restorer;
	return engine->listeners->restorer = restorer;
}

/* The first slow one behind the head of the list, which may be slow itself; the list if there is none. */
static struct list *first_slow(struct restorer *restorer)
{
	struct list *link = restorer->begun.next;

	while (link != &restorer->begun &&
	       (link == restorer->begun.next || !container_of(link, struct restoring, link)->slow))
		link = link->next;
	return link;
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
		.left = FOREIGN_TIMEOUT,
	};
	if (!first_of(restorer) && !ask(restorer, restoring)) {
		free(restoring);
		set_timer(restorer);
		return false;
	}
	list_add(first_slow(restorer), &restoring->link);
	set_timer(restorer);
	return true;
}

static struct restoring *find(struct engine *engine, int fd)
{
	if (!engine->listeners->restorer)
		return NULL;
	LIST_EACH(link, &engine->listeners->restorer->begun) {
		struct restoring *restoring = container_of(link, struct restoring, link);

		if (restoring->fd == fd)
			return restoring;
	}
	return NULL;
}

/* Whether an answer comes within so many seconds. */
static bool is_answered(struct restorer *restorer, double patience)
{
	struct pollfd answer = { .fd = restorer->async.channel, .events = POLLIN };
	double until = clock_now() + patience, left = patience;
	int ready;

	do
		ready = poll(&answer, 1, (int)(left * 1000) + 1);
	while (ready < 0 && (left = until - clock_now()) > 0);
	return ready > 0;
}

static void wait_for_first(struct restorer *restorer)
{
	go_on(restorer);
	if (!restorer->asked)
		return;
	if (is_answered(restorer, time_left(restorer)))
		take_answers(restorer);
	else
		drop_hanging(restorer);
}

static void put_behind(struct list *before, struct restoring *restoring)
{
	list_remove(&restoring->link);
	list_add(before->next, &restoring->link);
}

/* Makes it the next one. A socket that hangs loses its turn and gets it back later, with the rest of its time. */
static void prefer(struct restorer *restorer, struct restoring *restoring)
{
	if (!restorer->asked) {
		put_behind(&restorer->begun, restoring);
	} else if (first_of(restorer) != restoring) {
		put_behind(&first_of(restorer)->link, restoring);
		if (is_answered(restorer, OTHERS))
			return;
		end_process(restorer);
		first_of(restorer)->slow = true;
		put_behind(&restorer->begun, restoring);
	}
}

void restore_finish(struct engine *engine, int fd)
{
	struct restoring *restoring = find(engine, fd);

	if (restoring)
		prefer(engine->listeners->restorer, restoring);
	while (find(engine, fd))
		wait_for_first(engine->listeners->restorer);
}

void restore_cancel(struct engine *engine, int fd)
{
	struct restoring *restoring = find(engine, fd);

	if (!restoring)
		return;
	restoring->fd = -1;
	if (!engine->listeners->restorer->asked || first_of(engine->listeners->restorer) != restoring)
		finish(engine->listeners->restorer, restoring, 0);
}

void restore_adopt(struct engine *engine, int fd, const struct listen *listen, const char *service)
{
	struct restoring *restoring = find(engine, fd);

	if (!restoring)
		return;
	restoring->listen = listen;
	restoring->service = service;
}

void restore_end(struct engine *engine)
{
	struct restorer *restorer = engine->listeners->restorer;

	if (!restorer || restorer->async.channel < 0)
		return;
	take_answers(restorer);
	end_process(restorer);
	set_timer(restorer);
}

void restore_free(struct engine *engine)
{
	struct restorer *restorer = engine->listeners->restorer;

	if (!restorer)
		return;
	end_process(restorer);
	ev_timer_stop(engine->loop, &restorer->timer);
	LIST_EACH(link, &restorer->begun)
		free(container_of(link, struct restoring, link));
	free(restorer);
	engine->listeners->restorer = NULL;
}
