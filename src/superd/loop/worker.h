/* Runs a piece of work that may take long in a thread, one piece at a time, and reports its end in the loop. */
#pragma once

#include <ev.h>
#include <pthread.h>
#include <stdbool.h>

struct worker {
	ev_async ended;                 /* sent by the thread when it is done */
	struct ev_loop *loop;
	pthread_t thread;
	bool busy;                      /* true: from worker_start until done is called */
	void (*work)(struct worker *worker);    /* in the thread, with all signals blocked */
	void (*done)(struct worker *worker);    /* in the loop; may start the next piece */
};

void worker_init(struct worker *worker, struct ev_loop *loop, void (*work)(struct worker *worker),
		 void (*done)(struct worker *worker));

/* false: no thread could be created. */
bool worker_start(struct worker *worker);

/* Waits for the thread, if it runs; done is not called. */
void worker_end(struct worker *worker);
