/* The control groups of superd's instances: a folder of its own below superd's group, made when the first instance wants one, and
 * in it a group an instance. What an instance's group is given is done by its child (exec/child/cgroup_join). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "exec/resources/allotment.h"

struct cgroups {
	const char *identity;           /* by which the next superd knows whose groups these are; the caller's. NULL: none */
	char *own;                      /* superd's own group; NULL: nothing was made yet */
	char *base;                     /* the folder below it that groups are in */
	bool moved;                     /* superd is in a group below base, so that base can have controllers */
	unsigned enabled;               /* enum controller: what groups in base have */
	unsigned passed;                /* those that superd's own group did not pass on before */
	uint64_t made;
	unsigned kept;                  /* groups of services, whether anything is in them or not */
	bool sought;                    /* whether groups can be kept was looked for, */
	bool keeps;                     /* and they can: processes are started right in them */
};

/* Whether services can keep a group, for rows that ask for none. At the first time it is tried, and made ready. */
bool cgroups_seek(struct cgroups *cgroups);

/* Makes what an allotment needs. false with the reason in why: "tasks_max: ...". */
bool cgroups_prepare(struct cgroups *cgroups, const struct service *service, struct buf *why);

/* A path for a further group, malloc'ed; nothing is made yet. NULL: out of memory. */
char *cgroups_name(struct cgroups *cgroups, const struct service *service);

void cgroup_add_stem(struct buf *path, const char *service);   /* its name without the number at its end */

/* The path of the group that a service keeps from instance to instance, malloc'ed. NULL: its name is too long, or out of memory. */
char *cgroups_name_kept(const struct cgroups *cgroups, const char *service);

/* Whether a group of this name, without its folder, is one that a service of that name has, or an instance of it had. */
bool cgroup_is_of(const char *group, const char *service);

/* Whether a process can be started in a fresh group. */
bool cgroups_try(const struct cgroups *cgroups);

/* Opens such a group, for spawn alone; makes it where it isn't there. -1 and errno. */
int cgroup_take(const char *path, bool *fresh);
/* The same in place of one that was taken away: fd is the new one's, if this is true. */
bool cgroup_take_again(const char *path, int fd);

/* Of an open group, where it says whether anybody is in it or in one below; -1 and errno. */
int cgroup_open_events(int folder);
int cgroup_read_events(int events);             /* 1, 0, or -1 and errno: ENODEV when the group was taken away */

/* Takes all back as far as it is empty. */
void cgroups_end(struct cgroups *cgroups);

bool cgroup_is_populated(const char *path);     /* false also where there is none */
void cgroup_signal(const char *path, int signal);       /* to each of its processes, those in groups below it too */
void cgroup_kill(const char *path);             /* all of them, also what they start meanwhile */
void cgroup_thaw(const char *path);             /* whoever is in it or below, and who will be */
bool cgroup_remove(const char *path);           /* with groups below it; true: it is gone */

/* Gives a group that is in use what the row has now, and takes back what it has no more: `had` is what it was given, bits by
 * the places of its files. Adds what went wrong to why, one sentence a line. */
void cgroup_change(const char *path, const struct service *service, uint32_t *had, struct buf *why);
uint32_t cgroup_files(const struct service *service);   /* those bits of a row */
