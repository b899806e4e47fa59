/* The socket of a service at which its instances say how they are (sd_notify(3)): made for its first start that
 * may, kept for the next ones, and gone once neither the service needs it nor an instance is left that may speak.
 *
 * It is below RUNSTATEDIR/superd/notify, or an abstract one where there can be no such folder or the backend could
 * not see it. */
#pragma once

#include <ev.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/list.h"
#include "engine/engine.h"
#include "engine/instance.h"
#include "model/service.h"

struct notify {
	ev_io io;
	struct engine *engine;
	char *variable;                 /* NOTIFY_SOCKET=…: a path, or "@" and an abstract name */
	char *service;                  /* whose it is, for the log */
	struct list notices;            /* who may speak */
	bool released;                  /* the service needs it no more */
	double complained;              /* when the log was last told of what was dropped, loop time */
	unsigned dropped;               /* since then, in vain */
};

/* Whether its instances may say anything. */
bool notify_is_wanted(const struct service *service);

/* NULL with the reason in why. */
struct notify *notify_open(struct engine *engine, const struct service *service, struct buf *why);

/* One that another superd opened; takes fd over unless it is NULL: out of memory. */
struct notify *notify_resume(struct engine *engine, const char *service, const char *variable, int fd);

/* The service needs it no more. Accepts NULL. */
void notify_release(struct notify *notify);

/* Closes it where that was said and nobody is left who may speak. */
void notify_close_unused(struct notify *notify);
