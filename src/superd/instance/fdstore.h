/* The fd store of a service (sd_notify(3), FDSTORE=1): descriptors that a backend has given superd to keep for its
 * next start. superd keeps them over the end of an instance and over reloads, until the service is removed or the
 * other end of the descriptor has gone. Only for accept = no.
 *
 * Owner: struct service_runtime, by start_kit.store; NULL before the first descriptor. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/list.h"
#include "lib/log/log.h"
#include "superd/instance/notify_message.h"
#include "superd/limits/rate_limit.h"
#include "superd/loop/fd_watch.h"
#include "superd/saved/state_field.h"
#include "superd/process/receive_async.h"

struct engine;

struct fdstore {
	struct list kept;               /* struct fdstore_entry, in the order in which they came */
	size_t count, watched;          /* entries of kept; entries whose other end superd watches */
	struct engine *engine;
	char *service;                  /* name of the service, for the log */
	struct log_rate_limit full, refused; /* limit warnings about descriptors that are not kept */
	int hangups;                    /* reports descriptors whose other end has gone; -1: none is watched */
	struct watch watch;             /* of it */
};

struct fdstore_entry {
	struct {                        /* saved */
		int fd;
		uid_t user;             /* user that stored it */
		bool is_watched;        /* superd drops it when its other end has gone */
	};
	struct list link;
	char name[];                    /* FDNAME */
};

/* Saved over an upgrade: one descriptor. */
extern const struct field_table kept_state;

struct fdstore *fdstore_new(struct engine *engine, const char *service); /* NULL: out of memory */

/* Stores the descriptors of a message, up to `most` in the store, and removes them from the received ones. Logs the
 * ones that it does not store. */
void fdstore_take(struct fdstore *store, const struct notify_message *message, struct received *received, uid_t user,
		  int64_t most);

/* Keeps one descriptor, and sets *fd to -1. watched: watches its other end, if that is possible. false: out of
 * memory, and fd stays the caller's. */
bool fdstore_keep(struct fdstore *store, int *fd, struct note_text name, uid_t user, bool watched);

/* The service has this user now: drops descriptors that another user stored. */
void fdstore_keep_own(struct fdstore *store, uid_t user);       /* accepts NULL */

/* The last instance has ended; well: it succeeded. Drops the descriptors that the service does not preserve (enum preserve). */
void fdstore_end_run(struct fdstore *store, unsigned preserve, bool well);

void fdstore_remove(struct fdstore *store, struct note_text name); /* drops all of this name */
void fdstore_empty(struct fdstore *store); /* accepts NULL */
void fdstore_free(struct fdstore *store); /* accepts NULL */

/* Whether two descriptors share one open file description (open(2)), as after dup(2), not merely one file. */

bool open_file_is_same(int a, int b);
