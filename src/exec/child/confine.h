/* What a backend is kept from: namespaces, mounts, filters of system calls. Made of a row when the table is loaded
 * (confine_make), shared by rows alike, obeyed by the child of a start apart.
 *
 * The child's part is raw system calls, as it runs between fork and exec: every path and list stands here
 * ready-made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/pool.h"
#include "config/option/service.h"
#include "config/table/table.h"

/* Of a fault in making namespaces: it was the one to enter. */
#define CONFINE_NETWORK 1

/* Of a fault in mounting: it was the root to enter. */
#define CONFINE_ROOT (-2)

struct sock_fprog;
struct job;

/* What is seen at a path. Where two are said of one path, the first counts. */
enum content {
	CONTENT_INACCESSIBLE,
	CONTENT_BIND,                   /* what source has outside of all this */
	CONTENT_PRIVATE_TMP,            /* a folder of the instance's own below source */
	CONTENT_DEVICES,
	CONTENT_PROC,
	CONTENT_SYS,                    /* the kernel's, as its own network has it */
	CONTENT_QUEUES,                 /* POSIX message queues of its own */
	CONTENT_TEMPORARY,
	CONTENT_AS_BEFORE,              /* the same, but for its access */
};

struct confine_mount {
	const char *path;               /* as the backend sees it */
	const char *option;             /* that asked for it, for messages */
	const char *source, *data;      /* of BIND; of PRIVATE_TMP; mount(2)'s data of PROC and TEMPORARY */
	unsigned content;               /* enum content */
	unsigned long flags;            /* MS_x of TEMPORARY */
	unsigned attributes;            /* TREE_x (exec/child/confine_tree) to set, here and in all below */
	unsigned restored;              /* those that are above it, and not here: it is as it was before */
	bool before;                    /* AS_BEFORE: as it was, whatever is above it */
	bool recursive;                 /* of BIND: with what is mounted below */
	bool foreign;                   /* of BIND: others could lead source elsewhere */
	bool optional;                  /* left out where the path is missing */
	bool closes;                    /* read-only itself once all have their places */
	bool closes_kept;               /* of DEVICES: read-only is also what it has from outside, as /dev/shm */
	bool fresh;                     /* something above it is not what was there before, so neither is this */
};

/* Who the backend sees as a user (private_users). */
enum user_map { USERS_SHARED, USERS_SELF, USERS_IDENTITY, USERS_FULL };

struct confinement {
	unsigned namespaces;            /* CLONE_NEWx to unshare, but for users */
	bool users_first;               /* a user namespace gives the right to the others */
	unsigned users;                 /* enum user_map */
	unsigned long propagation;      /* MS_SHARED, MS_SLAVE, MS_PRIVATE, of its mounts */
	const char *network;            /* a network namespace to enter; NULL: none */
	bool has_mounts;                /* a mount namespace, though it may be as it is */
	const char *root;               /* root_directory, which is entered for good where there are mounts; NULL: / */
	const struct confine_mount *mounts;             /* by path, what is above in front */
	size_t mount_count;
	uint64_t dropped;               /* capabilities out of the bounding set, bit CAP_x */
	unsigned secure_bits;
	const char *profile;            /* AppArmor's; NULL: none */
	const struct sock_fprog *const *filters;        /* NULL-terminated, kept; NULL: none */
	bool refuses_executable_memory; /* memory_deny_write_execute, by the kernel itself beside the filter */
	bool no_new_privileges;         /* a filter needs it */
	bool private_tmp;               /* it has folders of its own that are made for it */
};

struct abilities;
struct heritage;

/* Makes it of a row that has its account, NULL where nothing is asked for. What this machine lacks is left out
 * only where the table says so (warns_of_unsupported); else the preflight tells of it, and the start fails. Adds
 * an error for the name of a system call that can't be denied as nobody knows it, and for whatever else fails. */
void confine_make(struct service *service, const struct table *table, struct abilities *abilities, struct diags *diags);

/* Whether the service sees something else at a path than superd does, so that nothing can be said of it here. */
bool confine_covers(const struct confinement *confinement, const char *path);

/* Whether its root_directory is a chroot(2) that the backend can leave: it is root's, and superd may make no mounts. */
bool confine_leaves_root(const struct service *service);

/* A service's own folders, which are there for it whatever is closed or covered around them: one block a path, and
 * one for the list, NULL-terminated. NULL: out of memory. */
char **confine_list_open_paths(const struct service *service, const struct heritage *heritage);

/* The path of the mount at fault, and in *option who asked for it; NULL: none is. */
const char *confine_fault_path(const struct confinement *confinement, int number, const char **option);

/* The child's stages: 0, or -1 and errno. */
int confine_namespaces(struct job *job);
int confine_mounts(struct job *job);
int confine_users(struct job *job);
int confine_profile(struct job *job);
int confine_system_calls(struct job *job);
bool confine_changes_root(const struct job *job);

/* Whether its user namespace is mapped from outside. */
bool confine_needs_mapper(const struct job *job);
