/* A thread for each piece of work: between two of them none stands idle. */
#include "superd/loop/worker.h"

#include "lib/list.h"
#include "lib/thread.h"

static void *run_work(void *context)
{
	struct worker *worker = context;

	worker->work(worker);
	ev_async_send(worker->loop, &worker->ended);
	return NULL;
}

static void on_ended(struct ev_loop *loop, ev_async *ended, int events)
{
	struct worker *worker = container_of(ended, struct worker, ended);

	(void)loop, (void)events;
	pthread_join(worker->thread, NULL);
	worker->busy = false;
	worker->done(worker);
}

void worker_init(struct worker *worker, struct ev_loop *loop, void (*work)(struct worker *worker),
		 void (*done)(struct worker *worker))
{
	*worker = (struct worker){ .loop = loop, .work = work, .done = done };
	ev_async_init(&worker->ended, on_ended);
	ev_async_start(loop, &worker->ended);
}

bool worker_start(struct worker *worker)
{
	worker->busy = thread_start(&worker->thread, 0, run_work, worker) == 0;
	return worker->busy;
}

void worker_end(struct worker *worker)
{
	if (worker->busy)
		pthread_join(worker->thread, NULL);
	worker->busy = false;
	ev_async_stop(worker->loop, &worker->ended);
}
