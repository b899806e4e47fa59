/* The locks of operators, until they undo them: services that they hold, and those that they have disabled. A lock
 * stays over reloads and upgrades, and by a file beside the control socket over an end of superd as well, until that
 * file goes: below /run, with the machine.
 *
 * The region admin of a service's state says what it does. The list says who wanted it and since when, for those who
 * wonder and for the next superd; it also has locks of services that are left out for the moment, and so have no
 * runtime, and the hold of a service that is disabled, too. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "engine/core/fd_watch.h"

struct engine;
struct service_runtime;
struct state_section;

enum lock_kind { LOCK_HELD, LOCK_DISABLED, LOCK_KINDS };

struct lock_order {
	int64_t since;                  /* seconds since 1970; 0: no such lock */
	uid_t uid;                      /* user that ordered it; -1: unknown */
};

struct lock {
	char *name;                     /* name of the service */
	struct lock_order orders[LOCK_KINDS];
};

struct locks {
	struct lock *list;              /* in the order of their names */
	size_t count, capacity;
	char *path;                     /* path of the file; NULL: none */
	bool is_stale;                  /* the file differs from the list */
	bool is_first;                  /* the next change is the first of an order, and is written at once */
	struct alarm later;             /* writes a stale file */
	struct buf flaw;                /* why the last writing failed; empty: it did not */
};

void locks_init(struct locks *locks, struct engine *engine);    /* engine->locks from now on */

const char *lock_word(enum lock_kind kind);             /* "held" */

/* NULL: it is not locked. */
const struct lock *locks_find(const struct locks *locks, const char *name);

/* An order for some services begins. Its first change is written at once, so that each answer can tell what came of
 * that; the rest is by locks_settle, before anybody is told, or in the next turn of the loop. */
void locks_begin_order(struct engine *engine);
void locks_set(struct engine *engine, const char *name, enum lock_kind kind, uid_t uid);
void locks_clear(struct engine *engine, const char *name, enum lock_kind kind);
void locks_settle(struct engine *engine);

/* Whether the list will outlive superd; else why gets the reason, "PATH: reason". */
bool locks_outlive(const struct engine *engine, struct buf *why);

/* The file beside the control socket at this path is superd's own: nobody else answers there. A name of the abstract
 * namespace has no place beside it. What could be written only now is. */
void locks_keep(struct engine *engine, const char *control);

/* Takes over what an earlier superd has left in that file. A file that cannot be believed is logged, and none of its
 * locks are taken. The runtimes that there are already hear of them by locks_impose. */
void locks_read(struct engine *engine, const char *control);

/* Whether the service is held, or will be as soon as it is enabled. */
bool locks_hold(const struct service_runtime *runtime);

/* Gives the region admin what the lock says: for a service that comes back. */
void locks_restore(struct service_runtime *runtime);

/* The same for a new runtime, which is logged. One that runs needs an event, too: locks_impose. */
void locks_apply(struct service_runtime *runtime);
void locks_impose(struct service_runtime *runtime);

/* A service is gone: drops its locks, which is logged. */
void locks_drop(struct engine *engine, const char *name);

/* For an upgrade: sections of a ledger. What is out of bounds is noted as the ledger's flaw; false: out of memory. */
void locks_save(const struct locks *locks, struct buf *out);
bool locks_load(struct engine *engine, struct state_section *section);

void locks_free(struct locks *locks);
