/* The entries of superd's store (engine/listener/socket_store): those in the store, and those to store or to remove. */
#pragma once

#include "base/list.h"
#include "engine/core/engine.h"
#include "engine/core/fd_watch.h"
#include "engine/limits/backoff.h"

#define STORE_MOST 4000                 /* listeners in the store; superd takes at most 4096 descriptors at its start */

struct store_s6;

/* A listener that is in the store, or will be. */
struct stored {
	struct list link;
	int fd;                         /* descriptor of the listener, borrowed; -1: closed, to be taken out */
	bool is_in;                     /* the store has it, or may have it */
	bool is_current;                /* a program of s6 runs for it */
	char name[];
};

struct socket_store {
	struct engine *engine;
	struct list todo;               /* struct stored: to be given or taken out */
	struct list done;               /* in the store */
	size_t count, most;             /* entries in both; how many there may be */
	bool is_over;                   /* superd ends, and nothing is taken out any more */
	bool is_full;                   /* a listener had no room, which was logged */
	const char *socket;             /* NOTIFY_SOCKET, or the socket of an s6-fdholderd; borrowed */
	int sender;                     /* for NOTIFY_SOCKET; -1: none */
	struct alarm next;              /* fires when the next work is due */
	struct backoff backoff;
	bool is_logged;                 /* a failure to reach the store was logged */
	struct store_s6 *s6;            /* NULL: the store is systemd's */
};

/* Adds an entry to one of the lists. NULL: out of memory. */
struct stored *stored_add(struct socket_store *store, struct list *list, int fd, const char *name);
void stored_drop(struct socket_store *store, struct stored *stored);

struct stored *stored_find(const struct socket_store *store, int fd);   /* store may be NULL */
bool stored_has_name(const struct socket_store *store, const char *name);

void stored_wake(struct socket_store *store);           /* there is work: begins at once, or when a pause is over */
struct stored *stored_next(struct socket_store *store); /* the next entry to work on; NULL: none */

/* The store has performed the change of the entry. */
void stored_finish(struct socket_store *store, struct stored *stored);

/* The work on this entry has failed: tries again after a growing pause, the others first. */
void stored_try_later(struct socket_store *store, struct stored *stored, const char *why);
