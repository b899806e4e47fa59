/* The file of the services that operators have disabled at boot. It is below the state folder, so it outlives the
 * machine's restart, which the file beside the control socket does not (superd/service/operator_locks). superd reads it
 * before it opens sockets, and writes it in a thread, because a disk may block.
 *
 * A line is NAME UID SECONDS: the service, the user who ordered it, and the time since 1970. A number sign begins a
 * comment. The administrator may edit the file while superd does not run. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "superd/loop/worker.h"

struct engine;
struct service_runtime;
struct table;

struct boot_locks {
	struct engine *engine;
	char *path;                     /* path of the file; NULL: none; owned */
	struct worker worker;           /* writes the file */
	struct buf text;                /* text that the worker writes */
	struct buf why;                 /* reason why the worker has failed */
	struct buf flaw;                /* reason why the last write failed; empty: it succeeded */
	uint64_t changes;               /* number of changes so far */
	uint64_t writing, tried;        /* numbers of changes that the last write has, and that the last ended one had */
};

void boot_locks_init(struct boot_locks *boot_locks, struct engine *engine);     /* sets engine->boot_locks */
void boot_locks_end(struct boot_locks *boot_locks);

/* Sets the file by the path of the control socket. */
void boot_locks_keep(struct engine *engine, const char *control);

/* Reads it, before the loop runs. */
void boot_locks_read(struct engine *engine);

/* Logs the names in the file that was read that this first table does not have. */
void boot_locks_log_unknown(const struct engine *engine, const struct table *table);

/* Writes the file again if there is a service in it: the superd before may have failed, or ended meanwhile. */
void boot_locks_write_again(struct engine *engine);

/* Notes that the service is disabled at boot, or is not, and writes that. Returns the number of this change. */
uint64_t boot_locks_change(struct service_runtime *runtime, bool disable, uid_t uid);

/* Whether a write has been tried with this change. */
bool boot_locks_is_tried(const struct engine *engine, uint64_t change);

/* Whether the last write succeeded; else why gets the reason, "cannot write PATH: REASON". */
bool boot_locks_last(const struct engine *engine, struct buf *why);
