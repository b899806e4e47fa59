/* Descriptors that a backend has given superd to keep (FDSTORE=1), for its next start: over the end of an instance,
 * over reloads, until the service is taken out of the table or what they stand for has gone. accept = no only.
 *
 * A service's means hold it, NULL before the first. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "base/log/log.h"
#include "engine/core/log_rate_limit.h"
#include "engine/launch/notify_message.h"
#include "engine/serialize/state_field.h"
#include "exec/worker/receive_async.h"

struct engine;

struct fdstore {
	struct list kept;               /* struct fdstore_entry, in the order in which they came */
	size_t count, watched;
	struct engine *engine;
	char *service;                  /* name of the service, for the log */
	struct log_rate_limit full, refused; /* limit the warnings about descriptors that are not kept */
	ev_io io;                       /* reports descriptors whose other end is gone; fd -1: none is watched */
};

struct fdstore_entry {
	struct list link;
	int fd;
	uid_t user;                     /* user that stored it */
	bool is_watched;
	char name[];
};

/* Over an upgrade: one descriptor. */
extern const struct field_table kept_state;

struct fdstore *fdstore_new(struct engine *engine, const char *service); /* NULL: out of memory */

/* Keeps the descriptors of a message, `most` of them in all; those it keeps are taken out of the received ones. */
void fdstore_take(struct fdstore *store, const struct notify_message *message, struct received *received, uid_t user,
		  int64_t most);

/* Keeps one descriptor, and sets *fd to -1. false: out of memory. */
bool fdstore_keep(struct fdstore *store, int *fd, const char *name, size_t length, uid_t user, bool watched);

/* Drops descriptors that another user stored: the service has this user now. */
void fdstore_keep_own(struct fdstore *store, uid_t user);

void fdstore_remove(struct fdstore *store, struct note_text name); /* drops all of this name */
void fdstore_empty(struct fdstore *store); /* accepts NULL */
void fdstore_free(struct fdstore *store); /* accepts NULL */
