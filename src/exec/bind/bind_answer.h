/* The answer to one stopped call. For the worker process of exec/bind/bind_worker only: each function may take any
 * time, as the backend likes. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "exec/bind/bind_address.h"
#include "exec/bind/bind_worker.h"

#define REFUSED_MOST 16                 /* threads that were not let accept before the program was ready */

struct user_call;

/* One offer, as the kernel tells of it. */
struct offered {
	struct bind_kind kind;
	struct socket_address own;
	ino_t inode;                    /* of the socket */
	bool given, as_ipv4;
	bool told_given;                /* true: this process has reported that */
};

/* What the process knows and has done. */
struct bind_server {
	struct bind_work work;
	int channel;
	struct offered *offered;
	struct bind_progress *progress;
	unsigned others;                /* foreign addresses reported so far */
	unsigned repeated;              /* reports so far that said what was known */
	bool told_hidden;
	pid_t refused[REFUSED_MOST];    /* threads that were not let accept */
	unsigned refused_count;
	double left;                    /* seconds of processor time that may be used; below 0: it waits */
	double looked, used;            /* at the last look: clock_now(), clock_thread_cpu() */
	unsigned spared;                /* calls that cost nothing: those around an accepted client */
	timer_t timer;                  /* kills the process */
	bool has_timer;
};

/* Asks the kernel about the offers. */
void bind_server_look_at_offers(struct bind_server *server);

/* Answers the call, or lets it go on to the kernel. */
void bind_server_answer(struct bind_server *server, const struct user_call *call);

/* Makes the program look once more for clients that it was not let accept before. */
void bind_server_rouse(struct bind_server *server);
