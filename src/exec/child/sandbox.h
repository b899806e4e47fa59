/* How a service is confined: namespaces, mounts, seccomp filters. sandbox_make makes the configuration of a service
 * when the table is loaded; services with equal options share it.
 *
 * superd prepares every path and list, and superd-exec makes the system calls (src/exec/stages). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/diag.h"
#include "lib/pool.h"
#include "table/service/service.h"
#include "table/services/table.h"

/* fault.resource in STAGE_MOUNTS: root_directory could not be entered. */
#define SANDBOX_ROOT (-2)

#define SANDBOX_MOUNTS_MOST 512         /* mounts of one service; superd-exec has a descriptor for each on its stack */
#define OPEN_PATHS_MOST 64              /* folders that superd provides for it, likewise */

/* The kernel's MOUNT_ATTR_x, which older headers lack. */
enum { MOUNT_TREE_READ_ONLY = 0x1, MOUNT_TREE_NO_SUID = 0x2, MOUNT_TREE_NO_DEVICES = 0x4, MOUNT_TREE_NO_EXEC = 0x8 };

struct sock_fprog;

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
	unsigned attributes;            /* MOUNT_TREE_x to set, here and in all mounts below */
	unsigned restored;              /* MOUNT_TREE_x that the mount above has and this one lacks; cleared if `before` */
	bool before;                    /* AS_BEFORE: access does not change, regardless of the mount above */
	bool recursive;                 /* BIND: with the mounts below */
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
	bool has_mounts;                /* it has a mount namespace of its own, maybe without changes in it */
	const char *root;               /* root_directory to enter before the mounts are made; NULL: / */
	const struct sandbox_mount *mounts;             /* sorted: a path comes before those below it */
	size_t mount_count;
	uint64_t dropped;               /* capabilities to drop from the bounding set, bit CAP_x */
	const char *profile;            /* AppArmor profile; NULL: none */
	const struct sock_fprog *const *filters;        /* seccomp filters, NULL-terminated; NULL: none */
	bool refuses_executable_memory; /* memory_deny_write_execute, by prctl(PR_SET_MDWE) besides the filter */
	bool no_new_privileges;         /* a filter needs it */
	bool private_tmp;               /* it has its own folders for /tmp and /var/tmp */
};

/* What superd-exec --probe answers: means that the machine lacks, as bits. */
enum sandbox_need {
	SANDBOX_NEEDS_MOUNTS = 1 << 0,          /* a mount namespace, and mount_setattr(2) */
	SANDBOX_NEEDS_NETWORK = 1 << 1,         /* a network namespace */
	SANDBOX_NEEDS_QUEUES = 1 << 2,          /* an IPC namespace */
	SANDBOX_NEEDS_NAME = 1 << 3,            /* a UTS namespace */
	SANDBOX_NEEDS_USERS = 1 << 4,           /* a user namespace */
	SANDBOX_PROBED = (1 << 5) - 1,          /* the bits above; superd finds out about those below */
	SANDBOX_NEEDS_FILTER = 1 << 5,          /* seccomp filters */
	SANDBOX_NEEDS_PROFILE = 1 << 6,         /* AppArmor */
	SANDBOX_NEEDS_CONTEXT = 1 << 7,         /* SELinux; never available */
	SANDBOX_NEEDS_ALL_USERS = 1 << 8,       /* mapping all users */
	SANDBOX_NEEDS_PROC = 1 << 9,            /* mounting a new /proc */
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
