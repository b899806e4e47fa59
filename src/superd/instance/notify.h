/* The notify socket of a service (sd_notify(3)). superd opens it for the first start that may use it, keeps it for
 * the next ones, and closes it when the service does not need it any more and no instance is left that may send.
 * Owner: struct start_kit, until notify_release; then itself.
 *
 * Its path is below RUNSTATEDIR/superd/notify. If that folder is impossible, or the backend could not see it, the
 * socket is abstract (unix(7)). superd reads a bounded amount a second; beyond that it does not watch the socket for
 * a moment, so senders block in send(2). */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "lib/buf.h"
#include "lib/list.h"
#include "os/socket/notify_socket.h"
#include "superd/limits/rate_limit.h"
#include "superd/loop/engine.h"
#include "superd/loop/fd_receive.h"
#include "superd/saved/state_field.h"
#include "table/service/service.h"

/* A message with descriptors, which another process receives (superd/loop/fd_receive). */
struct carried {
	struct fd_receive reception;
	struct notify *notify;
	struct notification notification;
	const char *flaw;               /* why superd drops the message; NULL: it accepts it */
};

struct notify {
	struct {                        /* saved */
		ev_io io;               /* watches the socket; fd -1: not open */
		char *variable;         /* NOTIFY_SOCKET=…: a path, or "@" and an abstract name */
		bool released;          /* the service does not need it any more */
	};
	ev_timer pause;                 /* active: superd does not watch the socket until it fires */
	struct engine *engine;
	char *service;                  /* name of the service, for the log */
	struct list notices;            /* struct notify_state of the instances that may send */
	struct log_rate_limit complaint; /* limits the warnings about dropped messages */
	struct token_bucket messages, bytes, carriers, descriptors;     /* limits a second, see superd/instance/notify_receive */
	struct carried *awaited;        /* message whose descriptors are being received: nothing else is read before; NULL: none */
	ev_timer hanging;               /* active: too many processes hang, so superd reads no more; its end ends their instances */
	struct list unheard;            /* struct last_words: instances whose end waits until their last messages are read */
	ev_timer last;                  /* active while unheard has entries; ends their wait when it fires */
	bool busy;                      /* a call uses the struct: it must not be freed */
};

extern const struct field_table notify_state;   /* saved over an upgrade */

/* Whether the service's instances may send messages (notify_access). */
bool notify_is_wanted(const struct service *service);

/* Opens the socket. NULL: that failed, for the reason in why. */
struct notify *notify_open(struct engine *engine, const struct service *service, struct buf *why);

/* Takes over the socket fd of another superd. NULL: out of memory, and fd stays the caller's. */
struct notify *notify_resume(struct engine *engine, const char *service, const char *variable, int fd);

/* The service does not need the socket any more: closes it once no instance is left that may send. Accepts NULL. */
void notify_release(struct notify *notify);

/* Watches the socket, or stops while superd must not read it. */
void notify_rewatch(struct notify *notify);

/* Whether the descriptors of the last message are still being received. */
bool notify_is_receiving(const struct notify *notify);

/* Closes the socket if it was released and no instance is left that may send. */
void notify_close_unused(struct notify *notify);
