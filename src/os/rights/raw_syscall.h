/* System calls for a child between fork and exec that libc lacks, or wraps with more than the child may do. All are
 * async-signal-safe and return 0, or -1 and errno. Where a Linux feature is missing, the fallback fails with ENOTSUP or
 * ENOSYS. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether a child may inherit ambient or inheritable capabilities from superd; then each child empties both sets
 * itself. own_privileges_clear_inheritable sets it to false once superd's own sets are empty, which saves each start
 * the calls. */
extern bool inheritable_caps_possible;

/* Whether superd's session keyring is its own, empty, and takes no keys, so that a child may keep it. Set by
 * own_privileges_leave_keyring. */
extern bool has_own_keyring;

/* CLOSE_RANGE_UNSHARE: own descriptor table with a copy of those below `from` (close_range(2)). */
int raw_unshare_fds(unsigned from);
/* Makes all permitted capabilities effective in a child, as superd has lowered its own (os/rights/own_privileges). */
void raw_raise_effective(void);
void raw_lower_effective(void);                         /* none is effective */

/* Whether raw_execute_own can hand capabilities on: else superd has some, and a secure bit forbids it. */
bool raw_keeps_capabilities(void);
#define RAW_KEEPS_NONE "superd-exec cannot have superd's capabilities, as the secure bit no-cap-ambient-raise is set " \
	"(capabilities(7)); start superd without it"

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
/* Inode of the caller's own pidfd (Linux 6.9), by which processes know each other; -1: none. */
int raw_pidfd_id(uint64_t *id);
