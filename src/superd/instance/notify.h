/* The notify socket of a service (sd_notify(3)). superd opens it for the first start that may use it, keeps it for
 * the next ones, and closes it when the service does not need it any more and no instance is left that may send.
 * Owner: struct start_kit, until notify_release; then itself.
 *
 * Its path is below RUNSTATEDIR/superd/notify. If that folder is impossible, or the backend could not see it, the
 * socket is abstract (unix(7)). superd finds the instance that sent each message, and passes it to that instance's
 * notify_state. It reads a bounded amount a second; beyond that it does not watch the socket for a moment, so senders
 * block in send(2). */
#pragma once

#include <stdbool.h>

#include "lib/buf.h"
#include "lib/list.h"
#include "os/socket/notify_socket.h"
#include "superd/limits/rate_limit.h"
#include "superd/loop/fd_receive.h"
#include "superd/loop/fd_watch.h"
#include "superd/saved/state_field.h"
#include "table/service/service.h"

struct instance;
struct last_words;

/* A message with descriptors, which another process receives (superd/loop/fd_receive). */
struct carried {
	struct fd_receive reception;
	struct notify *notify;
	struct notification notification;
	const char *flaw;               /* why superd drops the message; NULL: it accepts it */
};

enum { NOTIFY_MESSAGES, NOTIFY_BYTES, NOTIFY_CARRIERS, NOTIFY_DESCRIPTORS, NOTIFY_COUNTS };

struct notify {
	struct {                        /* saved */
		int fd;                 /* -1: not open */
		char *variable;         /* NOTIFY_SOCKET=…: a path, or "@" and an abstract name */
		bool released;          /* the service does not need it any more */
	};
	struct watch watch;             /* of fd, while superd reads */
	struct alarm pause;             /* set: superd does not watch the socket until it rings */
	struct engine *engine;
	char *service;                  /* name of the service, for the log */
	struct list notices;            /* struct notify_state of the instances that may send */
	struct log_rate_limit complaint; /* limits the warnings about dropped messages */
	struct token_bucket counts[NOTIFY_COUNTS];      /* what it has read, against limits a second */
	struct carried *awaited;        /* message whose descriptors are being received: nothing else is read before; NULL: none */
	struct alarm hanging;           /* set: too many processes hang, so superd reads no more; then it ends their instances */
	struct list unheard;            /* struct last_words: instances whose end waits until their last messages are read */
	struct alarm last;              /* set while unheard has entries; ends their wait when it rings */
	bool busy;                      /* a call uses the struct: it must not be freed */
};

extern const struct field_table notify_state;   /* saved over an upgrade */

/* Opens the socket. NULL: that failed, for the reason in why. */
struct notify *notify_open(struct engine *engine, const struct service *service, struct buf *why);

/* Takes over the socket of the superd before. NULL: there is none, or out of memory. */
struct notify *notify_load(struct engine *engine, const char *service, struct state_section *section);

/* The service does not need the socket any more: closes it once no instance is left that may send. Accepts NULL. */
void notify_release(struct notify *notify);

/* Closes the socket if it was released and no instance is left that may send. */
void notify_close_unused(struct notify *notify);

/* Whether the descriptors of the last message are still being received. Accepts NULL. */
bool notify_is_receiving(const struct notify *notify);

/* Lets the instance send messages, if notify is not NULL. false: out of memory. */
bool notify_join(struct notify *notify, struct instance *instance);
void notify_leave(struct instance *instance);   /* accepts an instance that has not joined */

/* Reads the last messages of a process that has ended, before superd handles that end. false: some could not be read
 * yet; last->heard follows. */
bool notify_hear_last(struct instance *instance, struct last_words *last);
