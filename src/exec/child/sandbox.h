/* How a service is confined: namespaces, mounts, seccomp filters. sandbox_make makes the configuration of a service
 * when the table is loaded; services with equal options share it. The child of a start apart applies it.
 *
 * The child makes system calls only, as it runs between fork and exec: every path and list is prepared here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/pool.h"
#include "config/service/service.h"
#include "config/table/table.h"

/* fault.resource in STAGE_NAMESPACES: network_namespace_path could not be entered. */
#define SANDBOX_NETWORK 1

/* fault.resource in STAGE_MOUNTS: root_directory could not be entered. */
#define SANDBOX_ROOT (-2)

struct sock_fprog;
struct job;

/* Content of a mount. If options name two for one path, the first of this list wins. */
enum mount_content {
	CONTENT_INACCESSIBLE,           /* an empty folder, or a device that cannot be opened */
	CONTENT_BIND,                   /* `source`, as it is outside the sandbox */
	CONTENT_PRIVATE_TMP,            /* a folder of the instance's own below `source` */
	CONTENT_DEVICES,                /* a tmpfs with few devices */
	CONTENT_PROC,                   /* a new proc(5) */
	CONTENT_SYS,                    /* a new sysfs(5), which shows the service's network */
	CONTENT_QUEUES,                 /* its own POSIX message queues */
	CONTENT_TEMPORARY,              /* a tmpfs(5) */
	CONTENT_AS_BEFORE,              /* the files there, with other access */
};

/* One mount of a sandbox. */
struct sandbox_mount {
	const char *path;               /* mount point, as the backend sees it */
	const char *option;             /* option that asked for the mount, for messages */
	const char *source, *data;      /* BIND, PRIVATE_TMP: where the tree comes from; PROC, TEMPORARY: data of mount(2) */
	unsigned content;               /* enum mount_content */
	unsigned long flags;            /* TEMPORARY: MS_x */
	unsigned attributes;            /* MOUNT_TREE_x (exec/child/mount_tree) to set, here and in all mounts below */
	unsigned restored;              /* MOUNT_TREE_x that the mount above has and this one lacks; cleared if `before` */
	bool before;                    /* AS_BEFORE: access does not change, regardless of the mount above */
	bool recursive;                 /* BIND: with the mounts below */
	bool foreign;                   /* BIND: other users could redirect the source */
	bool optional;                  /* no error if the path is missing */
	bool closes;                    /* becomes read-only once all mount points exist */
	bool closes_kept;               /* DEVICES: mounts kept from outside, as /dev/shm, become read-only */
	bool in_new_content;            /* a mount above has new content, so this path is not what it was */
};

/* The mapping of the user namespace (private_users, user_namespaces(7)). */
enum user_map { USERS_SHARED, USERS_SELF, USERS_IDENTITY, USERS_FULL };

/* A sandbox, in the table's pool. */
struct sandbox_config {
	unsigned namespaces;            /* CLONE_NEWx to unshare, without CLONE_NEWUSER */
	bool users_first;               /* enter the user namespace first, as it gives the right to the others */
	unsigned users;                 /* enum user_map */
	unsigned long propagation;      /* propagation of its mounts: MS_SHARED, MS_SLAVE or MS_PRIVATE */
	const char *network;            /* path of a network namespace to enter; NULL: none */
	bool has_mounts;                /* it has a mount namespace of its own, maybe without changes in it */
	const char *root;               /* root_directory to enter before the mounts are made; NULL: / */
	const struct sandbox_mount *mounts;             /* sorted: a path comes before those below it */
	size_t mount_count;
	uint64_t dropped;               /* capabilities to drop from the bounding set, bit CAP_x */
	unsigned secure_bits;           /* SECBIT_x; 0: unchanged */
	const char *profile;            /* AppArmor profile; NULL: none */
	const struct sock_fprog *const *filters;        /* seccomp filters, NULL-terminated; NULL: none */
	bool refuses_executable_memory; /* memory_deny_write_execute, by prctl(PR_SET_MDWE) besides the filter */
	bool no_new_privileges;         /* a filter needs it */
	bool private_tmp;               /* it has its own folders for /tmp and /var/tmp */
};

struct sandbox_support;
struct process_defaults;

/* Makes the sandbox of a service whose account is known: service->prepared->sandbox, NULL if no option asks for one. An
 * option that this machine lacks is left out only if the table allows that (warns_of_unsupported); otherwise preflight
 * reports it, and the start fails. filters: as in struct sandbox_config; borrowed. Adds a diagnostic for a failure. */
void sandbox_make(struct service *service, const struct table *table, struct sandbox_support *support,
		  const struct sock_fprog *const *filters, struct diags *diags);

/* Whether the service sees something else at a path than superd does, so that superd cannot judge the path. */
bool sandbox_covers(const struct sandbox_config *sandbox, const char *path);

/* Whether its root_directory is a chroot(2) that the backend can leave, as it is root and superd cannot make mounts. */
bool sandbox_leaves_root(const struct service *service);

/* A service's own folders, which stay accessible in any sandbox. NULL-terminated; the caller frees the list and each
 * path. NULL: out of memory. */
char **sandbox_list_open_paths(const struct service *service, const struct process_defaults *defaults);

/* The path of the mount with this number, and its option in *option; NULL: there is none. */
const char *sandbox_fault_path(const struct sandbox_config *sandbox, int number, const char **option);

/* The child's stages: 0, or -1 and errno. */
int sandbox_namespaces(struct job *job);
int sandbox_mounts(struct job *job);
int sandbox_users(struct job *job);
int sandbox_profile(struct job *job);
int sandbox_system_calls(struct job *job);
bool sandbox_changes_root(const struct job *job);

/* Whether another process must write the maps of its user namespace (userns_map). */
bool sandbox_needs_mapper(const struct job *job);
