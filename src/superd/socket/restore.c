/* Restores listeners by superd/process/restore_async, and decides which one is next. superd asks the process about one
 * socket at a time: a process that hangs cannot be ended, and would keep the sockets queued in it open for ever. Each
 * socket has FOREIGN_TIMEOUT in all, which a machine that stands still does not use up (lib/run_limit). superd kills
 * the process when that time is over, or after TURN seconds if another socket waits; a new process goes on with the
 * next socket. Clients are taken by another process, with a queue of its own: one that is killed may have taken
 * somebody, so each socket has all of its time there, and is not asked for again. */
#include "superd/socket/restore.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>

#include "lib/fd.h"
#include "lib/number.h"
#include "lib/run_limit.h"
#include "os/netdiag/foreign_socket.h"
#include "os/socket/reuseport.h"
#include "superd/socket/listeners.h"
#include "superd/process/restore_async.h"

#define IDLE_MOST 1.                    /* seconds without work, after which superd ends the process */
#define TURN .05                        /* seconds for which one socket may keep the others waiting */

struct restoring {
	struct list link;
	struct buf request;
	int fd;                         /* borrowed; -1: cancelled while the process works on it */
	unsigned work;                  /* restore_task.work */
	uint64_t owner;                 /* worker_owner of the service */
	const char *service;            /* NULL: `done` does not want it */
	restore_done *done;
	void *context;
	double left;                    /* seconds that are left of FOREIGN_TIMEOUT */
	bool slow;                      /* it has kept others waiting, and comes behind those that have not */
};

struct restorer {
	struct engine *engine;
	struct worker_process process;
	enum worker_kind kind;          /* WORKER_RESTORE or WORKER_ACCEPT */
	struct list queue;              /* struct restoring, the first one is next or under way */
	bool busy;                      /* the process works on the first in the queue */
	struct run_limit limit;         /* of that */
	ev_io io;                       /* watches process.channel */
	ev_timer timer;                 /* ends the turn of the first one, or the idle process */
};

static struct restoring *first_of(struct restorer *restorer)
{
	/* clang's analyzer misses that list_remove() changes begun.next: NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	return list_empty(&restorer->queue) ? NULL : container_of(restorer->queue.next, struct restoring, link);
}

/* Whether the next socket in the queue has not kept others waiting yet. */
static bool others_wait(struct restorer *restorer)
{
	struct list *next = restorer->queue.next->next;

	return restorer->kind == WORKER_RESTORE && next != &restorer->queue &&
	       !container_of(next, struct restoring, link)->slow;
}

/* Seconds until the first one has used up its turn or its time. */
static double turn_left(struct restorer *restorer)
{
	double left = run_limit_left(&restorer->limit), turn = TURN - (first_of(restorer)->left - left);

	if (!others_wait(restorer) || turn > left)
		return left;
	return turn > 0 ? turn : 0;
}

static void set_timer(struct restorer *restorer)
{
	struct ev_loop *loop = restorer->engine->loop;

	ev_timer_stop(loop, &restorer->timer);
	if (restorer->process.channel < 0 && !first_of(restorer))
		return;
	ev_now_update(loop);
	if (restorer->busy)
		ev_timer_set(&restorer->timer, number_min(turn_left(restorer), RUN_LIMIT_STEP), 0);
	else
		ev_timer_set(&restorer->timer, first_of(restorer) ? 0 : IDLE_MOST, 0);
	ev_timer_start(loop, &restorer->timer);
}

static void end_process(struct restorer *restorer)
{
	if (restorer->busy) {
		first_of(restorer)->left = run_limit_left(&restorer->limit);
		worker_process_charge(&restorer->process, first_of(restorer)->owner);
	}
	restorer->busy = false;
	ev_io_stop(restorer->engine->loop, &restorer->io);
	worker_process_end(&restorer->process);
}

static bool ask_process(struct restorer *restorer, struct restoring *restoring)
{
	bool runs = restorer->process.channel >= 0;
	bool good = restore_async_ask(&restorer->process, restorer->kind, &restoring->request, restoring->fd);

	if (!runs && restorer->process.channel >= 0) {
		ev_io_set(&restorer->io, restorer->process.channel, EV_READ);
		ev_io_start(restorer->engine->loop, &restorer->io);
	}
	restorer->busy = good;
	run_limit_begin(&restorer->limit, restoring->left);
	return good;
}

static void free_restoring(struct restoring *restoring)
{
	list_remove(&restoring->link);
	buf_free(&restoring->request);
	free(restoring);
}

/* client: -1, or a descriptor that came with the answer. */
static void report_outcome(struct restorer *restorer, struct restoring *restoring, int error, const char *lines,
			   int client)
{
	const struct restoring asked = *restoring;
	struct restore_outcome outcome = { asked.fd, asked.service, error, client, lines };

	free_restoring(restoring);
	/* Who asked may ask again soon, but not after a client who waits there. */
	if (asked.work >= RESTORE_SHUT && !(error == EBUSY && bind_has_queue(asked.fd)))
		foreign_socket_note_shut(asked.fd);
	if (asked.fd < 0 || asked.work != RESTORE_ACCEPT)
		fd_close(&outcome.client);
	if (asked.fd >= 0 && asked.done)
		asked.done(asked.context, restorer->engine, &outcome);
}

/* Reports this errno for all of them, as no process can be started. Who hears of the last one may ask again. */
static void give_up(struct restorer *restorer, int error)
{
	end_process(restorer);
	while (!restorer->busy && first_of(restorer))
		report_outcome(restorer, first_of(restorer), error, "", -1);
}

/* Asks the process to restore the first one, if it is idle. */
static void ask_first(struct restorer *restorer)
{
	while (!restorer->busy && first_of(restorer)) {
		if (first_of(restorer)->fd < 0)
			free_restoring(first_of(restorer));
		else if (worker_owner_hangs(first_of(restorer)->owner))
			report_outcome(restorer, first_of(restorer), ETIMEDOUT, "", -1);
		else if (!ask_process(restorer, first_of(restorer)))
			give_up(restorer, EAGAIN);
	}
	set_timer(restorer);
}

static void drop_hanging(struct restorer *restorer)
{
	struct restoring *restoring = first_of(restorer);

	end_process(restorer);
	foreign_socket_back_off(restoring->fd);
	report_outcome(restorer, restoring, ETIMEDOUT, "", -1);
	ask_first(restorer);
}

/* Puts the first one at the end of the list, and what is asked for the same socket behind it. */
static void yield_turn(struct restorer *restorer)
{
	int fd = first_of(restorer)->fd;
	struct list slow;

	end_process(restorer);
	list_init(&slow);
	LIST_EACH(link, &restorer->queue) {
		struct restoring *restoring = container_of(link, struct restoring, link);

		if (restoring->fd != fd)
			continue;
		restoring->slow = true;
		list_remove(link);
		list_add(&slow, link);
	}
	LIST_EACH(link, &slow) {
		list_remove(link);
		list_add(&restorer->queue, link);
	}
	ask_first(restorer);
}

static void take_answers(struct restorer *restorer)
{
	struct restore_answer answer;
	int client;

	while (restorer->process.channel >= 0) {
		if (!restore_async_hear(&restorer->process, restorer->busy, &answer, &client)) {
			if (errno != EAGAIN)
				give_up(restorer, EAGAIN);
			break;
		}
		restorer->busy = false;
		report_outcome(restorer, first_of(restorer), answer.error, answer.lines, client);
		ask_first(restorer);
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
	take_answers(restorer);         /* superd itself may have been slow: an answer may be there */
	if (ev_is_active(timer))
		return;
	if (restorer->busy && turn_left(restorer) > 0)
		set_timer(restorer);
	else if (restorer->busy && restorer->limit.left > 0)
		yield_turn(restorer);
	else if (restorer->busy)
		drop_hanging(restorer);
	else if (first_of(restorer))
		ask_first(restorer);
	else
		end_process(restorer);
}

static struct restorer *restorer_get(struct engine *engine, const struct restore_task *task)
{
	bool takes = task->drops || task->work == RESTORE_ACCEPT;
	struct restorer *restorer = engine->listeners->restorers[takes];

	if (restorer)
		return restorer;
	restorer = calloc(1, sizeof(*restorer));
	if (!restorer)
		return NULL;
	restorer->engine = engine;
	restorer->kind = takes ? WORKER_ACCEPT : WORKER_RESTORE;
	restorer->process.channel = -1;
	list_init(&restorer->queue);
	ev_io_init(&restorer->io, on_readable, -1, EV_READ);
	ev_timer_init(&restorer->timer, on_timer, 0, 0);
	restorer->io.data = restorer->timer.data = restorer;
	return engine->listeners->restorers[takes] = restorer;
}

/* Returns the first slow one behind the head, which may be slow itself; the list's own link if there is none. */
static struct list *first_slow(struct restorer *restorer)
{
	struct list *link = restorer->queue.next;

	while (link != &restorer->queue &&
	       (link == restorer->queue.next || !container_of(link, struct restoring, link)->slow))
		link = link->next;
	return link;
}

static struct restoring *find_restoring(const struct engine *engine, int fd)
{
	for (int n = 0; fd >= 0 && n < RESTORERS; n++) {
		const struct restorer *restorer = engine->listeners->restorers[n];

		if (!restorer)
			continue;
		LIST_EACH(link, &restorer->queue) {
			struct restoring *restoring = container_of(link, struct restoring, link);

			if (restoring->fd == fd)
				return restoring;
		}
	}
	return NULL;
}

bool restore_begin(struct engine *engine, const struct restore_task *task, const char *service, restore_done *done,
		   void *context)
{
	struct restorer *restorer = restorer_get(engine, task);
	struct restoring *restoring = restorer ? malloc(sizeof(*restoring)) : NULL;
	const struct restoring *earlier = find_restoring(engine, task->fd);
	bool good;

	if (!restoring)
		return false;
	*restoring = (struct restoring){
		.fd = task->fd, .work = task->work,
		.owner = worker_owner(service), .done = done, .context = context,
		.service = task->work >= RESTORE_SHUT ? NULL : service,
		.left = FOREIGN_TIMEOUT, .slow = earlier && earlier->slow,
	};
	good = restore_async_write(&restoring->request, task) &&
	       (first_of(restorer) || worker_owner_hangs(restoring->owner) || ask_process(restorer, restoring));
	list_add(restoring->slow ? &restorer->queue : first_slow(restorer), &restoring->link);
	if (!good)
		free_restoring(restoring);
	set_timer(restorer);
	return good;
}

bool restore_shut(struct engine *engine, const struct restore_task *task, const char *service, restore_done *done,
		  void *context)
{
	int fd = task->fd;

	if (!reuseport_has_other(fd) || foreign_socket_is_backed_off(fd) || foreign_socket_was_shut(fd))
		return false;
	if (foreign_socket_is(fd))
		return restore_begin(engine, task, service, done, context);
	bind_restore(task, NULL);
	return false;
}

bool restore_is_asked(const struct engine *engine, int fd)
{
	return find_restoring(engine, fd);
}

bool restore_is_accepting(const struct engine *engine)
{
	const struct restorer *restorer = engine->listeners->restorers[1];

	return restorer && restorer->busy;
}

static bool works_on(const struct restorer *restorer, const struct restoring *restoring)
{
	return restorer->busy && restorer->queue.next == &restoring->link;
}

static void drop(struct restorer *restorer, int fd, bool keeps_changes)
{
	if (fd < 0 || !restorer)
		return;
	LIST_EACH(link, &restorer->queue) {
		struct restoring *restoring = container_of(link, struct restoring, link);

		if (restoring->fd != fd || (keeps_changes && restoring->work == RESTORE_CHANGE))
			continue;
		restoring->fd = -1;
		if (!works_on(restorer, restoring))
			free_restoring(restoring);
	}
}

void restore_drop(struct engine *engine, int fd)
{
	for (int n = 0; n < RESTORERS; n++)
		drop(engine->listeners->restorers[n], fd, false);
}

void restore_recall(struct engine *engine, int fd)
{
	drop(engine->listeners->restorers[0], fd, true);        /* the other one has none of these */
}

void restore_call_off(struct engine *engine, int fd)
{
	for (int n = 0; fd >= 0 && n < RESTORERS; n++) {
		struct restorer *restorer = engine->listeners->restorers[n];
		bool ends = restorer && restorer->busy && first_of(restorer)->fd == fd;

		if (ends)
			end_process(restorer);
		drop(restorer, fd, false);
		if (restorer)
			set_timer(restorer);
	}
}

bool restore_wait(struct engine *engine)
{
	struct run_limit turn;

	for (int n = 0; n < RESTORERS; n++) {
		struct restorer *restorer = engine->listeners->restorers[n];

		if (!restorer || !restorer->busy || first_of(restorer)->fd >= 0)
			continue;
		run_limit_begin(&turn, number_min(TURN, restorer->limit.left));
		return run_limit_wait(&turn, restorer->process.channel);
	}
	return false;
}

void restore_adopt(struct engine *engine, int fd, const char *service, void *context)
{
	for (int n = 0; n < RESTORERS; n++) {
		struct restorer *restorer = engine->listeners->restorers[n];

		if (!restorer)
			continue;
		LIST_EACH(link, &restorer->queue) {
			struct restoring *restoring = container_of(link, struct restoring, link);

			if (restoring->fd != fd)
				continue;
			restoring->service = service;
			restoring->context = context;
		}
	}
}

void restore_free(struct engine *engine)
{
	for (int n = 0; n < RESTORERS; n++) {
		struct restorer *restorer = engine->listeners->restorers[n];

		if (!restorer)
			continue;
		end_process(restorer);
		ev_timer_stop(engine->loop, &restorer->timer);
		LIST_EACH(link, &restorer->queue)
			free_restoring(container_of(link, struct restoring, link));
		free(restorer);
		engine->listeners->restorers[n] = NULL;
	}
}
