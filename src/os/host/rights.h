/* superd's own capabilities (capabilities(7)), as the kernel reports them: root may lack some, and another user may
 * have some. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "table/service/service.h"

/* The sets of the calling thread, bit CAP_x, by the raw system calls: async-signal-safe. false and errno. */
struct capability_sets {
	uint64_t effective, permitted, inheritable;
};

bool capabilities_read(struct capability_sets *sets);
bool capabilities_write(const struct capability_sets *sets);

/* Whether superd has this capability (CAP_x of <linux/capability.h>) in its permitted set, so that superd or a child
 * can raise it, or a backend can be given it. */
bool capability_held(int capability);

/* Whether the service runs as root and may signal any process. If it does not, superd must not signal a pid that the
 * service reports. */
bool capability_kills(const struct service *service);

/* The lowest port that needs no privilege: net.ipv4.ip_unprivileged_port_start (ip(7)); 1024 if that cannot be read. */
int capability_port_start(void);

/* superd's own privileges: its capabilities, those that its children would inherit, and whether other processes of its
 * user may trace it. Source: capabilities(7).
 *
 * A child inherits its parent's ambient and inheritable sets, and an exec adds from both. superd empties both when it
 * starts, before it has threads. Then its children inherit nothing, and no start pays a system call for it. superd
 * remembers both sets for programs that take its own place: its successor in an upgrade, and the main command (process
 * defaults). */

/* Empties the ambient and the inheritable set. To be called first, while there is one thread. Returns the former
 * ambient set, bit CAP_x. If the kernel refuses, each child empties them itself, or its start fails
 * (os/host/raw_syscall). */
uint64_t own_privileges_clear_inheritable(void);

/* Replaces the session keyring that superd was started with by an empty one that takes no keys (keyctl(2),
 * session-keyring(7)): backends must not reach the keys of the user who started superd, nor share keys with each other.
 * Does nothing if superd may not change users: then all backends have superd's user anyway. */
void own_privileges_leave_keyring(void);

/* Keeps other processes of superd's user from tracing it, from its files in /proc, and from its core files
 * (PR_SET_DUMPABLE, prctl(2)). */
void own_privileges_hide_process(void);

/* The effective set of the loop's thread. Capabilities that only children use (namespaces, mounts, changes of the user)
 * stay permitted, and each child raises them again (raw_raise_effective). The bounding set stays as it is, as a later
 * table may have a backend of root's that keeps all of it.
 *
 * A thread inherits the set of the thread that creates it. Threads that live on call own_privileges_use themselves. */
void own_privileges_use(uint64_t capabilities); /* bit CAP_x; capabilities that are not permitted are ignored */
void own_privileges_use_all(void);

/* Makes all permitted capabilities effective. Returns the former effective set, for own_privileges_use. */
uint64_t own_privileges_raise(void);

/* Drops all capabilities but these (bit CAP_x) for good: for processes beside superd. */
void own_privileges_drop_others(uint64_t capabilities);

/* For superd's own exec: the first restores both sets as superd found them, the second empties them again if the exec
 * failed. */
void own_privileges_restore_inheritable(void);
void own_privileges_clear_inheritable_again(void);

/* The ids of superd's user namespace (user_namespaces(7)). A process cannot change to an id that is not mapped there:
 * setresuid(2), setresgid(2) and setgroups(2) fail with EINVAL. */

/* Whether one line of the map contains all `count` ids from `first`; true without /proc. */
bool id_map_has_uids(unsigned first, unsigned count);
bool id_map_has_gids(unsigned first, unsigned count);

/* System calls for a child between fork and exec that libc lacks, or wraps with more than the child may do. All are
 * async-signal-safe and return 0, or -1 and errno. Where a Linux feature is missing, the fallback fails with ENOTSUP or
 * ENOSYS. */

/* Whether a child may inherit ambient or inheritable capabilities from superd; then each child empties both sets
 * itself. own_privileges_clear_inheritable sets it to false once superd's own sets are empty, which saves each start
 * the calls. */
extern bool inheritable_caps_possible;

/* Whether superd's session keyring is its own, empty, and takes no keys, so that a child may keep it. Set by
 * own_privileges_leave_keyring. */
extern bool has_own_keyring;

/* CLOSE_RANGE_UNSHARE: own descriptor table with a copy of those below `from` (close_range(2)). */
int raw_unshare_fds(unsigned from);
/* Makes all permitted capabilities effective in a child, as superd has lowered its own (os/host/rights). */
void raw_raise_effective(void);

/* Executes one of superd's own programs, given by its descriptor, with superd's rights, also if superd is not root (the
 * ambient set of capabilities(7)), and with superd's environment, without what steers the loader (ld.so(8)). Returns -1
 * and errno. */
int raw_execute_own(int program, char *const *argv);
/* The same with this environment, for a child in superd's memory. */
int raw_execute_own_with(int program, char *const *argv, char *const *environment);

/* SIGKILL for the calling process, unless it has executed a program by then; it ends one that is stopped, too. */
int raw_kill_unless_executed(unsigned seconds);

/* Makes the child dumpable (PR_SET_DUMPABLE, prctl(2)): its user then owns the files in /proc/self that the child may
 * have to write. */
void raw_set_dumpable(void);

/* As setgroups(2), setresgid(2) and setresuid(2), but for the calling thread only, and a process whose memory was not
 * dumpable stays so. */
int raw_set_groups(size_t count, const gid_t *groups);
int raw_set_gid(gid_t gid);                             /* real, effective and saved */
int raw_set_egid(gid_t gid);                            /* effective only */
int raw_set_uid(uid_t uid);
int raw_set_euid(uid_t uid);                            /* effective only */
/* Executes the file that this descriptor leads to, which is close-on-exec: a program, and no script (execveat(2)). */
int raw_execute(int fd, char *const *argv, char *const *environment);
