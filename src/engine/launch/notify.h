/* The socket of a service at which its instances say how they are (sd_notify(3)): made for its first start that
 * may, kept for the next ones, and gone once neither the service needs it nor an instance is left that may speak.
 *
 * It is below RUNSTATEDIR/superd/notify, or an abstract one where there can be no such folder or the backend could
 * not see it. What superd takes from it is bounded a second; over that it is not watched for a moment, so senders wait. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/token_bucket.h"
#include "config/option/service.h"
#include "engine/core/complaint.h"
#include "engine/core/engine.h"
#include "engine/core/reception.h"
#include "engine/instance/instance.h"
#include "os/socket/notify_socket.h"

/* A message with descriptors. */
struct carried {
	struct list link;
	struct reception reception;
	struct notify *notify;          /* NULL: that is gone */
	struct notification notification;
	const char *flaw;               /* why the message is not heard; NULL: it is */
};

struct notify {
	ev_io io;
	ev_timer pause;                 /* not watched until then */
	struct engine *engine;
	char *variable;                 /* NOTIFY_SOCKET=…: a path, or "@" and an abstract name */
	char *service;                  /* whose it is, for the log */
	struct list notices;            /* who may speak */
	bool released;                  /* the service needs it no more */
	struct complaint complaint;     /* of what was dropped */
	struct token_bucket messages, bytes, carriers, descriptors;     /* a second, see engine/instance/hearing */
	struct list carried;            /* messages with descriptors (struct carried), until their processes have ended */
	unsigned receiving;             /* how many */
	struct carried *awaited;        /* whose answer is awaited: nothing else is read before it; NULL: none */
	ev_timer hanging;               /* so many of them are there that no more is read, for so long by now */
	struct list unheard;            /* struct last_words */
	ev_timer last;                  /* runs while there are any: they wait no longer */
	bool busy;                      /* in the midst of something: not to be freed */
};

/* Whether its instances may say anything. */
bool notify_is_wanted(const struct service *service);

/* NULL with the reason in why. */
struct notify *notify_open(struct engine *engine, const struct service *service, struct buf *why);

/* One that another superd opened; takes fd over unless it is NULL: out of memory. */
struct notify *notify_resume(struct engine *engine, const char *service, const char *variable, int fd);

/* The service needs it no more. Accepts NULL. */
void notify_release(struct notify *notify);

/* Watches it, unless it is to be left for now. */
void notify_rewatch(struct notify *notify);

/* Whether what was heard last is still on its way to superd. */
bool notify_is_receiving(const struct notify *notify);

/* Closes it where that was said and nobody is left who may speak. */
void notify_close_unused(struct notify *notify);
