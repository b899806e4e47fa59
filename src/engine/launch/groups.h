/* The control groups of instances (os/cgroup/cgroup), from their names to their ends. An instance whose row has an allotment gets
 * a group of its own, which its first process makes; with it goes all that the instance has started, wherever it hides. Others
 * that are handed the listeners are in that of their service (engine/service/service_group). */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/list.h"
#include "engine/core/engine.h"
#include "exec/spawn/spawn.h"

/* That of an instance, inside of it. Zeroed, it has none. */
struct group {
	char *path;
	uint32_t files;                 /* what it was given: cgroup_files */
	bool kept;                      /* it is the service's (engine/service/service_group), and outlives the instance */
	bool killed;                    /* as a whole; nobody can be started in it any more (os/proc/spawn_into) */
};

/* One whose instance is gone, in engine->empty_groups. */
struct empty_group {
	struct list link;
	char *path;
};

/* Has a start of this row be in its group; nothing where the row wants none. false with the reason in why. */
bool group_enter(struct group *group, struct engine *engine, const struct service *service, struct launch *launch,
		 struct buf *why);

bool group_holds(const struct group *group);            /* some process of its instance is in it */
bool group_signal(const struct group *group, int signal);       /* all of them; false: there is no group */
void group_kill(struct group *group);

/* Its instance, of this main process, has another row now. */
void group_adopt(struct group *group, struct engine *engine, const struct service *service, pid_t pid);

/* Its instance ends, with this status: the group goes as soon as it is empty. kills: with all that is left in it. */
void group_leave(struct group *group, struct engine *engine, int status, bool kills);

/* The group that a service keeps goes with the service, when it is empty. */
void group_forget(struct engine *engine, const struct service *service);

/* The group of an instance that is gone, whose path is taken over. */
void group_remember(struct engine *engine, char *path);

/* That of a process which is an instance's again: takes it back from those remembered. Nothing when it is not there. */
void group_take_back(struct group *group, struct engine *engine, const char *path);

bool group_is_left(const struct engine *engine, const char *path);      /* its instance is gone, and it is not removed yet */

/* The folder of a superd that is gone: it goes when it is empty. */
void groups_remember_base(struct engine *engine, const char *path);

/* Removes what has become empty. */
void groups_sweep(struct engine *engine);
bool groups_are_left(const struct engine *engine);      /* there is something that may have become so */

/* superd ends. */
void groups_end(struct engine *engine);
