/* Work that may take long, one piece at a time, each in a thread of its own. The loop hears when it is done. */
#pragma once

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>

struct worker {
	ev_async ended;                 /* sent by the thread */
	struct ev_loop *loop;
	pthread_t thread;
	bool busy;                      /* from worker_start until done is called */
	void (*work)(struct worker *worker);    /* in the thread, with all signals blocked */
	void (*done)(struct worker *worker);    /* in the loop; may start the next piece */
};

void worker_init(struct worker *worker, struct ev_loop *loop, void (*work)(struct worker *worker),
		 void (*done)(struct worker *worker));

/* false: there is no thread to be had. */
bool worker_start(struct worker *worker);

/* Waits for the thread, if it runs; done is not called. */
void worker_end(struct worker *worker);
