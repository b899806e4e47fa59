/* How a service is confined: namespaces, mounts, filters of system calls. sandbox_make makes it of a row when the table
 * is loaded; equal rows share it. The child of a start apart carries it out.
 *
 * The child's part is raw system calls, as it runs between fork and exec: every path and list stands here
 * ready-made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/pool.h"
#include "config/service/service.h"
#include "config/table/table.h"

/* A fault's resource in STAGE_NAMESPACES: network_namespace_path could not be entered. */
#define SANDBOX_NETWORK 1

/* A fault's resource in STAGE_MOUNTS: root_directory could not be entered. */
#define SANDBOX_ROOT (-2)

struct sock_fprog;
struct job;

/* Content of a mount. If options name two for one path, the first in this list wins. */
enum mount_content {
	CONTENT_INACCESSIBLE,
	CONTENT_BIND,                   /* source, as it is outside the sandbox */
	CONTENT_PRIVATE_TMP,            /* a folder of the instance's own below source */
	CONTENT_DEVICES,
	CONTENT_PROC,
	CONTENT_SYS,                    /* a new sysfs, which shows the service's network */
	CONTENT_QUEUES,                 /* POSIX message queues of its own */
	CONTENT_TEMPORARY,
	CONTENT_AS_BEFORE,              /* what was there before, with other access */
};

struct sandbox_mount {
	const char *path;               /* as the backend sees it */
	const char *option;             /* option that asked for the mount, for messages */
	const char *source, *data;      /* of BIND; of PRIVATE_TMP; mount(2)'s data of PROC and TEMPORARY */
	unsigned content;               /* enum mount_content */
	unsigned long flags;            /* MS_x of TEMPORARY */
	unsigned attributes;            /* MOUNT_TREE_x (exec/child/mount_tree) to set, here and in all below */
	unsigned restored;              /* MOUNT_TREE_x that the place above has and this one lacks; cleared if before */
	bool before;                    /* AS_BEFORE: a right stays as it was, whatever the place above has */
	bool recursive;                 /* of BIND: with what is mounted below */
	bool foreign;                   /* of BIND: others could lead source elsewhere */
	bool optional;                  /* no error if the path is missing */
	bool closes;                    /* read-only itself once all have their places */
	bool closes_kept;               /* of DEVICES: mounts kept from outside, as /dev/shm, become read-only */
	bool fresh;                     /* a place above has new content, so this path is not what it was */
};

/* Who the backend sees as a user (private_users). */
enum user_map { USERS_SHARED, USERS_SELF, USERS_IDENTITY, USERS_FULL };

struct sandbox_config {
	unsigned namespaces;            /* CLONE_NEWx to unshare, without CLONE_NEWUSER */
	bool users_first;               /* a user namespace gives the right to the others */
	unsigned users;                 /* enum user_map */
	unsigned long propagation;      /* MS_SHARED, MS_SLAVE, MS_PRIVATE, of its mounts */
	const char *network;            /* a network namespace to enter; NULL: none */
	bool has_mounts;                /* a mount namespace of its own, maybe without changes in it */
	const char *root;               /* root_directory, which is entered for good where there are mounts; NULL: / */
	const struct sandbox_mount *mounts;             /* sorted: a path comes before those below it */
	size_t mount_count;
	uint64_t dropped;               /* capabilities to drop from the bounding set, bit CAP_x */
	unsigned secure_bits;
	const char *profile;            /* AppArmor's; NULL: none */
	const struct sock_fprog *const *filters;        /* NULL-terminated, kept; NULL: none */
	bool refuses_executable_memory; /* memory_deny_write_execute, by the kernel itself beside the filter */
	bool no_new_privileges;         /* a filter needs it */
	bool private_tmp;               /* it has folders of its own for /tmp and /var/tmp */
};

struct sandbox_support;
struct process_defaults;

/* Makes it of a row that has its account, NULL where nothing is asked for. What this machine lacks is left out
 * only where the table says so (warns_of_unsupported); else the preflight tells of it, and the start fails. Adds
 * an error for the name of a system call that can't be denied as nobody knows it, and for whatever else fails. */
void sandbox_make(struct service *service, const struct table *table, struct sandbox_support *support,
		  struct diags *diags);

/* Whether the service sees something else at a path than superd does, so that nothing can be said of it here. */
bool sandbox_covers(const struct sandbox_config *sandbox, const char *path);

/* Whether its root_directory is a chroot(2) that the backend can leave: it is root's, and superd may make no mounts. */
bool sandbox_leaves_root(const struct service *service);

/* A service's own folders, which are there for it whatever is closed or covered around them: one block a path, and
 * one for the list, NULL-terminated. NULL: out of memory. */
char **sandbox_list_open_paths(const struct service *service, const struct process_defaults *defaults);

/* The path of the mount at fault, and in *option who asked for it; NULL: none is. */
const char *sandbox_fault_path(const struct sandbox_config *sandbox, int number, const char **option);

/* The child's stages: 0, or -1 and errno. */
int sandbox_namespaces(struct job *job);
int sandbox_mounts(struct job *job);
int sandbox_users(struct job *job);
int sandbox_profile(struct job *job);
int sandbox_system_calls(struct job *job);
bool sandbox_changes_root(const struct job *job);

/* Whether its user namespace is mapped from outside. */
bool sandbox_needs_mapper(const struct job *job);
