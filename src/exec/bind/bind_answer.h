/* The answer to one stopped call. For the worker process of exec/bind/bind_worker only: each function may take any
 * time, as the backend likes. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "exec/bind/bind_address.h"
#include "exec/bind/bind_worker.h"
#include "exec/bind/user_notif.h"

#define REFUSED_MOST 16                 /* threads that were not let accept before the program was ready */

/* One offer, as the kernel reports it. */
struct offered {
	struct bind_kind kind;
	struct socket_address own;
	ino_t inode;                    /* of the socket */
	bool given, as_ipv4;
	bool told_given;                /* true: this process has reported that */
};

/* A call of accept(2) that waits until the program is ready, or for a moment. */
struct held_call {
	struct user_call call;
	int64_t until;                  /* clock_ms() at which that is over */
	int error;                      /* of its answer then */
};

/* The knowledge and the actions of the process. */
struct bind_server {
	struct bind_work work;
	int channel;
	struct offered *offered;
	struct bind_progress *progress;
	unsigned others;                /* foreign addresses reported so far */
	unsigned repeated;              /* reports so far without news */
	bool told_hidden;
	pid_t refused[REFUSED_MOST];    /* threads that were not let accept */
	unsigned refused_count;
	struct held_call held[BIND_HELD_MOST];          /* a ring; their numbers are in progress->held */
	unsigned held_first, held_count;
	int64_t first_hold;             /* clock_ms() at the first hold; 0: none yet */
	double left;                    /* seconds of processor time that may be used; below 0: it waits */
	double looked, used;            /* at the last look: clock_now(), clock_thread_cpu() */
	unsigned spared;                /* calls that cost nothing: those around an accepted client */
	timer_t timer;                  /* kills the process */
	bool has_timer;
};

/* Asks the kernel about the offers. */
void bind_server_look_at_offers(struct bind_server *server);

/* Answers the call, passes it on to the kernel, or holds it. */
void bind_server_answer(struct bind_server *server, const struct user_call *call);

/* The call that has been held the longest; NULL: none is. */
const struct held_call *bind_server_held(const struct bind_server *server);

/* Takes that one out: it has been answered. */
void bind_server_drop_held(struct bind_server *server);

/* Answers the held calls whose time is over by now (clock_ms()). Returns the milliseconds until the next one's is; -1:
 * none is held. */
int bind_server_end_holds(struct bind_server *server, int64_t now);

/* Makes the program look once more for clients that it was not let accept before. */
void bind_server_rouse(struct bind_server *server);
