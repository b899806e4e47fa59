/* The answer to one stopped call. Each function may take any time, as the backend likes. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "os/proc/user_notif.h"
#include "worker/bind/address.h"
#include "worker/bind/caller.h"
#include "worker/record/bind_request.h"

/* One offer, as the kernel reports it. */
struct offered {
	struct bind_kind kind;
	struct socket_address own;
	ino_t inode;                    /* of the socket */
	bool given;
	bool told_given;                /* true: this process has reported that */
};

/* The knowledge and the actions of the process. */
struct bind_server {
	struct bind_request request;
	int notif;                      /* the filter's descriptor */
	int channel;
	struct offered *offered;
	struct bind_progress *progress;
	unsigned others;                /* foreign addresses reported so far */
	unsigned repeated;              /* reports so far without news */
	bool told_hidden, told_stranger;
	struct caller_place own;        /* where this process is, and superd */
	timer_t timer;                  /* kills the process */
	bool has_timer;
};

/* Asks the kernel about the offers and this process. */
void bind_server_begin(struct bind_server *server);

/* Answers the call, or passes it on to the kernel. */
void bind_server_answer(struct bind_server *server, const struct user_call *call);
