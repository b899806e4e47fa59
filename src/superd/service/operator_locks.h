/* The locks of operators: services that they have held or disabled. A lock lasts until an operator undoes it. It
 * survives reloads and upgrades, and, by a file beside the control socket, also a restart of superd. A file below
 * /run is lost at a reboot.
 *
 * The region admin of a service's state has the effect of a lock. This list has the user and the time, for reports
 * and for the next superd. It also has the locks of services that are left out for the moment and have no runtime,
 * and the hold of a service that is disabled as well. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "superd/loop/fd_watch.h"

struct engine;
struct service_runtime;
struct state_section;

enum lock_kind {
	LOCK_HELD, LOCK_DISABLED,
	LOCK_AT_BOOT,                   /* disabled at each start of superd, by a file of its own (superd/service/boot_locks) */
	LOCK_KINDS
};

struct lock_order {
	int64_t since;                  /* seconds since 1970; 0: no such lock */
	uid_t uid;                      /* user who ordered it; -1: unknown */
};

struct lock {
	char *name;                     /* name of the service; owned */
	struct lock_order orders[LOCK_KINDS];
	unsigned boot_line;             /* line of the file for LOCK_AT_BOOT when superd has read it; 0: none */
};

struct locks {
	struct lock *list;              /* array of locks, sorted by name; owned */
	size_t count, capacity;
	char *path;                     /* path of the file; NULL: none; owned */
	bool is_stale;                  /* true: the file differs from the list */
	bool is_first;                  /* true: the next change is the first of an order, and is written at once */
	struct alarm later;             /* writes the file in the next turn of the loop */
	struct buf flaw;                /* reason why the last write failed; empty: it succeeded */
};

void locks_init(struct locks *locks, struct engine *engine);    /* sets engine->locks */

const char *lock_word(enum lock_kind kind);             /* "held" */

/* Returns the lock of a service; NULL: none. */
const struct lock *locks_find(const struct locks *locks, const char *name);

/* Begins an order for some services. superd writes its first change at once, so that every answer can report whether
 * that succeeded. locks_settle writes the others, or the next turn of the loop. */
void locks_begin_order(struct engine *engine);
void locks_set(struct engine *engine, const char *name, enum lock_kind kind, uid_t uid);
void locks_clear(struct engine *engine, const char *name, enum lock_kind kind);
void locks_settle(struct engine *engine);

/* Whether the list will survive superd; else why gets the reason, "PATH: reason". */
bool locks_outlive(const struct engine *engine, struct buf *why);

/* Uses the file beside the control socket at this path from now on, and writes changes that could not be written
 * before. Only the superd that answers at the socket may call this. A socket in the abstract namespace has no file. */
void locks_keep(struct engine *engine, const char *control);

/* Writes the file again after it was removed. */
void locks_write_again(struct engine *engine);

/* Reads the locks of an earlier superd from that file. An invalid file is logged, and none of its locks is used. The
 * caller passes the locks to existing runtimes by locks_impose. */
void locks_read(struct engine *engine, const char *control);

/* Whether the service is held, or will be as soon as it is enabled. */
bool locks_hold(const struct service_runtime *runtime);

/* Whether each start of superd disables the service. */
bool locks_disable_at_boot(const struct service_runtime *runtime);

/* Sets the region admin by the locks: for a service that comes back. */
void locks_restore(struct service_runtime *runtime);

/* The same for a new runtime, and logs it. A runtime with a state also needs events: locks_impose. */
void locks_apply(struct service_runtime *runtime);
void locks_impose(struct service_runtime *runtime);

/* Notes LOCK_AT_BOOT from line `line` of its file. locks_apply disables the service. */
void locks_note_boot(struct engine *engine, const char *name, const struct lock_order *order, unsigned line);
void locks_forget_boot(struct engine *engine);          /* the opposite, for all services: they stay as they are */

/* Drops and logs the locks of a service that is gone. One that is disabled at boot is disabled if it comes back. */
void locks_drop(struct engine *engine, const char *name);

/* Sections of the state stream, for an upgrade. locks_load notes values out of bounds as a flaw of the stream;
 * false: out of memory. */
void locks_save(const struct locks *locks, struct buf *out);
bool locks_load(struct engine *engine, struct state_section *section);

void locks_free(struct locks *locks);
