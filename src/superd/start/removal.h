/* Removing what a service has left, by superd-exec, as it may take long (exec/stages/remove). superd does not wait for
 * it but where a start, or its own end, would come too early. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "lib/buf.h"
#include "superd/saved/state_field.h"

/* Removes base/aside with its contents. If something in it cannot be removed, it becomes at/name again; with NULL it
 * stays aside. These begin a removal; false and errno: it cannot be begun. */
bool removal_of_folder(int base, const char *aside, int at, const char *name);
bool removal_of_tmp(const char *name);          /* the folders of this name in /tmp and /var/tmp */
bool removal_of_ipc(uid_t uid);                 /* the System V and POSIX IPC objects of this user, not root */

/* A process of this user is about to start: nothing that it makes may be removed. If his IPC objects are being removed,
 * returns the process that does it, for whose end a start apart waits; any other start ends it. 0: there is none. */
pid_t removal_make_way(uid_t uid, bool is_apart);

/* Writes those that are under way for the next superd, a section each, and reads one. */
void removal_save(struct state_saver *saver);
void removal_load(struct state_section *section);       /* without memory for it, its end is not heard of */
extern const struct field_table removal_state;

/* To be called for every child that was reaped. If it was a removal that did not remove all, appends what is left. false: it
 * was no removal. */
bool removal_take_end(pid_t pid, int status, struct buf *left);

/* Waits for all at superd's end, ten seconds at most, and then ends them. Appends what is left. */
void removal_end(struct buf *left);
