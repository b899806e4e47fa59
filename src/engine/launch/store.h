/* Descriptors that a backend has given superd to keep (FDSTORE=1), for its next start: over the end of an instance,
 * over reloads, until the service is taken out of the table or what they stand for has gone. accept = no only.
 *
 * A service's means hold it, NULL before the first. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "base/log.h"
#include "engine/core/complaint.h"
#include "engine/launch/notify_message.h"
#include "exec/worker/receive_aside.h"

struct engine;

struct store {
	struct list kept;               /* in the order in which they came */
	size_t count, watched;
	struct engine *engine;
	char *service;                  /* whose it is, for the log */
	struct complaint full, refused; /* what it does not keep */
	ev_io io;                       /* of the descriptor that tells of those whose other end is gone; -1: none yet */
};

struct kept {
	struct list link;
	int fd;
	uid_t user;                     /* who stored it */
	bool is_watched;
	char name[];
};

struct store *store_new(struct engine *engine, const char *service);    /* NULL: out of memory */

/* Keeps the descriptors of a message, `most` of them in all; those it keeps are taken out of the received ones. */
void store_take(struct store *store, const struct notify_message *message, struct received *received, uid_t user,
		int64_t most);

/* One of them, as it is: takes it over where it is kept. false: out of memory. */
bool store_keep(struct store *store, int *fd, const char *name, size_t length, uid_t user, bool watched);

/* Drops those that anybody else stored: the service has another user now. */
void store_keep_own(struct store *store, uid_t user);

void store_remove(struct store *store, struct note_text name);  /* all of this name */
void store_empty(struct store *store);  /* accepts NULL */
void store_free(struct store *store);   /* accepts NULL */
